"""Gateways on stores of their own, their administrators, and which cores they run on."""
import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import threading
import time
import urllib.request

from processes import LOAD_CORE, PROXY_CORE, Failed, Process, until
from stage import free_port

CHANGES_PER_SECOND = 100
SECRET = 'cgx_' + 'x' * 43


class Admin:
    """An administrator's connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
        self.headers = {'Authorization': f'Bearer {SECRET}', 'Content-Type': 'application/json'}

    def call(self, method, path, body=None):
        """Status and body of the answer, and how long it took, in seconds."""
        body = None if body is None else json.dumps(body)
        begun = time.perf_counter()
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        said = answer.read()
        return answer.status, said, time.perf_counter() - begun

    def change(self, method, path, body, good=(204,)):
        """The same of a change that has to succeed; answers how long that took."""
        status, said, took = self.call(method, path, body)
        if status not in good:
            raise Failed(f'{method} {path} answers {status}: {said.decode()}')
        return took


class Changer(threading.Thread):
    """Makes a hundred changes a second until it is stopped. `change` makes the one of a number, and answers how long it took."""

    def __init__(self, change):
        super().__init__(daemon=True)
        self.change, self.stopped, self.took, self.failure = change, threading.Event(), [], None

    def run(self):
        due = time.monotonic()
        try:
            while not self.stopped.is_set():
                self.took.append(self.change(len(self.took)))
                due += 1 / CHANGES_PER_SECOND
                time.sleep(max(0, due - time.monotonic()))
        except Exception as failure:  # told by who waits for it
            self.failure = failure

    def stop(self):
        self.stopped.set()
        self.join()
        if self.failure:
            raise self.failure
        return self.took


def configure(stage, program, name):
    """A gateway on the store `name`.db."""
    ports = {name: free_port() for name in ('listen', 'admin', 'metrics')}
    config = stage.site / f'{name}.toml'
    run(program.parent / 'crossgate-stage', stage.site, '--keep', '--config', config.name,
         *(part for door, port in ports.items() for part in (f'--{door}', f'127.0.0.1:{port}')),
         '--upstream', f'http://{stage.upstream}', '--sink', f'file:{stage.own_folder(name)}/sign-ins.jsonl')
    text = config.read_text().replace('source = "dir:policy"', f'source = "sqlite:{name}.db"')
    config.write_text(f'{text}\n[admin]\nbreak_glass_file = "break-glass"\n')
    (stage.site / 'break-glass').write_text(f'sha256:{hashlib.sha256(SECRET.encode()).hexdigest()}\n')
    return config, ports


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f'{command[0]} failed: {done.stderr or done.stdout}')


def start(program, config, ports, folder, started):
    """The gateway, and the time until it is ready."""
    begun = time.monotonic()
    process = Process([program, 'run', '--config', config], f'{PROXY_CORE},{LOAD_CORE}', f'{folder}/log', env={'CROSSGATE_LOG': 'warn'})
    started.append(process)

    def ready():
        try:
            return urllib.request.urlopen(f'http://127.0.0.1:{ports["metrics"]}/readyz', timeout=1).status == 200
        except OSError:
            return False

    until(ready, process, 'the gateway', seconds=60)
    return process, time.monotonic() - begun


def _threads(gateway):
    """Each thread's folder, and whether it serves requests."""
    for task in pathlib.Path(f'/proc/{gateway.process.pid}/task').iterdir():
        yield task, (task / 'comm').read_text().strip() == 'proxy'


def onto(gateway, serving, others):
    """Puts the thread that serves requests on a core, and those that make changes on one."""
    for task, serves in _threads(gateway):
        os.sched_setaffinity(int(task.name), {serving if serves else others})


def cpu_ns(gateway):
    """What the thread that serves requests has taken so far, and what the others have."""
    taken = [0, 0]
    for task, serves in _threads(gateway):
        taken[not serves] += int((task / 'schedstat').read_text().split()[0])
    return taken


def percentiles(took):
    """Of times in seconds, in milliseconds."""
    took = sorted(took)
    return {'p50': took[len(took) // 2] * 1e3, 'p99': took[len(took) * 99 // 100] * 1e3, 'worst': took[-1] * 1e3}
