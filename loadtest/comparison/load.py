"""Puts a contender under load, and reads what the load generator says."""
import dataclasses
import json
import pathlib
import re
import subprocess
import tempfile

from processes import LOAD_CORE, Failed

SCRIPT = pathlib.Path(__file__).with_name('load.lua')


@dataclasses.dataclass(frozen=True)
class Load:
    """What is sent."""
    tokens: str = 'one'  # one, each, many, bad
    connections: int = 64
    tls: bool = False
    streams: int = 0  # for each connection, over HTTP/2; 0: HTTP/1.1


def run(load, stage, target, seconds):
    """Sends for some seconds. Answers counts and latencies in microseconds."""
    if load.streams:
        return _h2load(load, stage, target, seconds)
    return _wrk(load, stage, target, seconds)


def _wrk(load, stage, target, seconds):
    scheme = 'https' if load.tls else 'http'
    script = [load.tokens, stage.host, target.method, target.path, stage.tokens('good'), stage.tokens('bad')]
    command = ['wrk', '-t1', f'-c{load.connections}', f'-d{seconds}s', '--timeout', '10s', '-s', SCRIPT,
               f'{scheme}://127.0.0.1:{target.port}', '--', *script, *([target.body] if target.body else [])]
    for line in _output(command, seconds).splitlines():
        if line.startswith('JSON '):
            said = json.loads(line[5:])
            said['seconds'] = said.pop('microseconds') / 1e6
            return said
    raise Failed('wrk says nothing')


def _h2load(load, stage, target, seconds):
    # The log has a line for each request: start, status, microseconds.
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, 'log')
        said = _output(['h2load', '-t1', f'-c{load.connections}', f'-m{load.streams}', '-D', seconds, f'--log-file={log}',
                        '-H', f'authorization: Bearer {stage.first("good")}', '-H', f':authority: {stage.host}',
                        f'https://127.0.0.1:{target.port}{target.path}'], seconds)
        rows = [line.split() for line in log.read_text().splitlines()]
    times = sorted(int(row[2]) for row in rows)
    if not times:
        raise Failed(f'h2load had no answer:\n{said}')
    broken = sum(map(int, re.search(r'(\d+) failed, (\d+) errored, (\d+) timeout', said).groups()))
    refused = sum(1 for row in rows if not row[1].startswith('2'))
    return {'requests': len(times), 'seconds': float(seconds), 'p50': times[len(times) // 2],
            'p99': times[min(len(times) - 1, len(times) * 99 // 100)], 'refused': refused, 'broken': max(0, broken - refused), 'bad': 0}


def _output(command, seconds):
    command = ['taskset', '-c', str(LOAD_CORE), *map(str, command)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 60)
    except subprocess.TimeoutExpired:
        raise Failed(f'{command[3]} does not end') from None
    if done.returncode:
        raise Failed(f'{command[3]} failed: {done.stderr or done.stdout}')
    return done.stdout
