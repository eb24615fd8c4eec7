#!/usr/bin/env python3
"""One worker, two, and two with a listening socket each, of bare pingora: workers.py OUTPUT [ROUNDS]

Both cores have everything: proxies, load generator and upstream. So figures mean something beside each other only.
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import types

from processes import LOAD_CORE, PROXY_CORE, Failed, Process, until
from stage import ROOT, Stage, free_port, reachable

SECONDS = 3
CORES = f'{PROXY_CORE},{LOAD_CORE}'
# How each listens: options of its processes, and how many there are.
WAYS = {
    'one worker': (('--threads', 1), 1),
    'two workers, one socket': (('--threads', 2), 1),
    'two workers, a socket each': (('--threads', 1, '--reuse-port'), 2),
}
CONNECTIONS = {'kept': (), 'new for each request': ('-H', 'Connection: close')}


def main(output, rounds=5):
    program = ROOT / os.environ.get('CARGO_TARGET_DIR', 'target') / 'release/crossgate-bare'
    options = types.SimpleNamespace(partners=1, guests=1, tokens=1, bad_tokens=1)
    found = {(way, kind): [] for way in WAYS for kind in CONNECTIONS}
    with tempfile.TemporaryDirectory(prefix='crossgate-workers-') as folder:
        os.chmod(folder, 0o755)
        stage = Stage(folder, program.parent, options)
        started = [stage.start_upstream()]
        try:
            running = {}
            for way, (arguments, processes) in WAYS.items():
                port = free_port()
                command = [program, '--no-work-stealing', *arguments, f'127.0.0.1:{port}', stage.upstream]
                ours = [Process(command, CORES, f'{folder}/log') for _ in range(processes)]
                started += ours
                for process in ours:
                    until(lambda: reachable(port), process, way)
                running[way] = port, ours
            # One that is reachable says nothing of another on the same port.
            time.sleep(1)
            for number in range(int(rounds)):
                for way, kind in list(found)[:: 1 if number % 2 else -1]:
                    found[way, kind].append(_measure(*running[way], CONNECTIONS[kind]))
        finally:
            for process in started:
                process.stop()
    result = [{'way': way, 'connections': kind, 'rounds': rows,
               **{what: statistics.median(row[what] for row in rows) for what in rows[0]}} for (way, kind), rows in found.items()]
    pathlib.Path(output).write_text(json.dumps(result, indent=1) + '\n')
    for row in result:
        print(f'{row["way"]:28} connections {row["connections"]:22} {row["requests_per_second"]:9,.0f}/s  p99 {row["p99_ms"]:7.2f} ms'
              f'  {row["cpu_us"]:6.1f} us of CPU')


def _measure(port, processes, headers):
    cpu = sum(process.cpu_ns() for process in processes)
    done = subprocess.run(['taskset', '-c', CORES, 'wrk', '-t1', '-c64', f'-d{SECONDS}s', '--latency', *headers, f'http://127.0.0.1:{port}/'],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    cpu = sum(process.cpu_ns() for process in processes) - cpu
    said = re.search(r'99%\s+([\d.]+)(us|ms|s)\s+(\d+) requests in ([\d.]+)s', done.stdout)
    if not said:
        raise Failed(f'wrk says: {done.stdout}{done.stderr}')
    requests = int(said[3])
    return {'requests_per_second': requests / float(said[4]), 'p99_ms': float(said[1]) * {'us': 0.001, 'ms': 1, 's': 1000}[said[2]],
            'cpu_us': cpu / 1000 / requests}


if __name__ == '__main__':
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Failed as failure:
        sys.exit(f'workers.py: {failure}')
