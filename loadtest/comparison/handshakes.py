#!/usr/bin/env python3
"""TLS handshakes a second that the gateway makes on one core, whole and resumed: handshakes.py OUTPUT [ROUNDS]"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import types

import contenders
from processes import LOAD_CORE, Failed
from stage import ROOT, Stage

SECONDS = 4


def main(output, rounds=5):
    programs = ROOT / os.environ.get('CARGO_TARGET_DIR', 'target') / 'release'
    options = types.SimpleNamespace(partners=1, guests=1, tokens=1, bad_tokens=1)
    found = {'new': [], 'reuse': []}
    with tempfile.TemporaryDirectory(prefix='crossgate-handshakes-') as folder:
        gateway = contenders.Crossgate(programs, tls=True).start(Stage(folder, programs, options))
        try:
            for _ in range(int(rounds)):
                for how, rows in found.items():
                    rows.append(_measure(how, gateway))
        finally:
            gateway.process.stop()
    result = {how: {'handshakes_per_second': statistics.median(row[0] for row in rows), 'cpu_us': statistics.median(row[1] for row in rows),
                    'rounds': rows} for how, rows in found.items()}
    pathlib.Path(output).write_text(json.dumps(result, indent=1) + '\n')
    for how, row in result.items():
        print(f'{how:6} {row["handshakes_per_second"]:7,.0f}/s {row["cpu_us"]:7.1f} us of CPU')


def _measure(how, gateway):
    cpu = gateway.process.cpu_ns()
    done = subprocess.run(['taskset', '-c', str(LOAD_CORE), 'openssl', 's_time', f'-{how}', '-tls1_2', '-connect',
                           f'127.0.0.1:{gateway.target.port}', '-time', str(SECONDS)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    cpu = gateway.process.cpu_ns() - cpu
    count = re.search(r'(\d+) connections in (\d+) real seconds', done.stdout)
    if not count:
        raise Failed(f'openssl says: {done.stdout}{done.stderr}')
    connections, seconds = map(int, count.groups())
    return connections / seconds, cpu / 1000 / connections


if __name__ == '__main__':
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Failed as failure:
        sys.exit(f'handshakes.py: {failure}')
