"""Programs that are started for a comparison, on a core of their own: what they take, and their end."""
import os
import pathlib
import signal
import subprocess
import time

# The first two that may be used; where there is only one, it is both.
PROXY_CORE, LOAD_CORE = (sorted(os.sched_getaffinity(0)) * 2)[:2]


class Failed(Exception):
    """What went wrong, for the person at the terminal."""


class Process:
    """A program with all the processes it starts."""

    def __init__(self, command, core, log, cwd=None, env=None):
        self.log = log
        with open(log, 'wb') as out:
            self.process = subprocess.Popen(
                ['taskset', '-c', str(core), *map(str, command)], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, cwd=cwd, env={**os.environ, **(env or {})}, start_new_session=True)
        self.pid = self.process.pid

    def ended(self):
        return self.process.poll() is not None

    def tail(self):
        lines = pathlib.Path(self.log).read_text(errors='replace').splitlines()
        return '\n'.join(lines[-8:])

    def stop(self):
        """Asks it to end, and ends what is left of it."""
        if not self.ended():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                pass
        try:
            # Its own session: nobody else is in the group.
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(timeout=5)

    def pids(self):
        found, waiting = [], [self.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            for children in pathlib.Path(f'/proc/{pid}/task').glob('*/children'):
                try:
                    waiting += map(int, children.read_text().split())
                except OSError:
                    pass
        return found

    def cpu_ns(self):
        """Time that the scheduler let its threads run."""
        total = 0
        for pid in self.pids():
            for thread in pathlib.Path(f'/proc/{pid}/task').glob('*/schedstat'):
                try:
                    total += int(thread.read_text().split()[0])
                except OSError:
                    pass
        return total

    def memory_kib(self):
        """Resident memory; a page that several processes share counts in parts."""
        total = 0
        for pid in self.pids():
            try:
                for line in pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines():
                    if line.startswith('Pss:'):
                        total += int(line.split()[1])
            except OSError:
                pass
        return total


def until(condition, process, what, seconds=20):
    """Waits until the condition holds, for as long as the process lives."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        if process.ended():
            raise Failed(f'{what} ended:\n{process.tail()}')
        time.sleep(0.05)
    raise Failed(f'{what} is not ready after {seconds} s:\n{process.tail()}')
