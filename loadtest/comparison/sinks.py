#!/usr/bin/env python3
"""What receivers of sign-in events cost requests: sinks.py OUTPUT [ROUNDS] [MODE…]

The gateway with one of each kind of receiver beside the same gateway with its file alone, taking turns, another one first each round. A core has the
gateway with its couriers, another one the load, the upstream and the receivers. MODE is first-then-count, the default, or every-request.
Rates are by the clock, `cpu` is microseconds of a core that the gateway took for a request, couriers and all: other programs of the machine hardly change that.
Needs scripts/graph-sdk --with-otlp, nats-server, rsyslog, nginx and wrk.
"""
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import types
import urllib.request

import load
from processes import LOAD_CORE, PROXY_CORE, Failed, Process, until
from stage import ROOT, Stage, free_port, reachable

SECONDS = 3
LOADS = {'one token': load.Load(), '10,000 tokens': load.Load('many')}
MODES = ('first-then-count', 'every-request')


def main(output, rounds=15, *modes):
    programs = ROOT / os.environ.get('CARGO_TARGET_DIR', 'target') / 'release'
    options = types.SimpleNamespace(partners=100, guests=10_000, tokens=10_000, bad_tokens=1)
    result = []
    with tempfile.TemporaryDirectory(prefix='crossgate-sinks-') as folder:
        os.chmod(folder, 0o755)
        stage = Stage(folder, programs, options)
        started = [stage.start_upstream()]
        try:
            receivers = Receivers(pathlib.Path(folder), started)
            for mode in modes or MODES[:1]:
                result += compare(stage, programs, receivers, mode, int(rounds))
        finally:
            for process in started:
                process.stop()
    pathlib.Path(output).write_text(json.dumps(result, indent=1) + '\n')
    for row in result:
        print(f'{row["mode"]:17} {row["load"]:14} {row["without"]:9,.0f}/s without, {row["with"]:9,.0f}/s with: ratio {row["ratio"]:.3f}'
              f' ({row["least"]:.3f} to {row["most"]:.3f}); cpu {row["cpu_without"]:.1f} and {row["cpu_with"]:.1f} us: ratio {row["cpu_ratio"]:.3f}; p99 {row["p99_without"]:,} and {row["p99_with"]:,} us; sent {row["delivered"]:,}')


class Receivers:
    """One of each kind, on the load's core."""

    def __init__(self, folder, started):
        self.folder, self.started = folder, started
        self.authority = folder / 'receiver.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost', '-addext',
                        'subjectAltName=DNS:localhost', '-keyout', folder / 'receiver.key', '-out', self.authority, '-days', '2'],
                       check=True, capture_output=True)
        self.nats, self.syslog, self.http, self.grpc = (free_port() for _ in range(4))
        (folder / 'nats.conf').write_text(f'listen: "127.0.0.1:{self.nats}"\njetstream {{ store_dir: "{folder}/nats" }}\n')
        self._start('nats', ['/usr/sbin/nats-server', '-c', folder / 'nats.conf'], self.nats)
        self._make_stream()
        (folder / 'rsyslog.conf').write_text(RSYSLOG.format(folder=folder, port=self.syslog))
        self._start('rsyslog', ['/usr/sbin/rsyslogd', '-n', '-f', folder / 'rsyslog.conf', '-i', folder / 'rsyslog.id'], self.syslog)
        settings = {'http': self.http, 'grpc': self.grpc, 'file': '/dev/null', 'control': f'{folder}/control', 'tls': None}
        python = ROOT / 'testkit/python'
        self._start('receivers', [python / '.venv/bin/python', python / 'receivers.py', json.dumps(settings)], self.http)

    def _start(self, name, command, port):
        process = Process(command, LOAD_CORE, self.folder / f'{name}.log', self.folder)
        self.started.append(process)
        until(lambda: reachable(port), process, name)

    def _make_stream(self):
        with socket.create_connection(('127.0.0.1', self.nats)) as connection:
            stream = json.dumps({'name': 'SIGN_INS', 'subjects': ['crossgate.sign-ins'], 'max_bytes': 1 << 28, 'discard': 'old'})
            connection.sendall(f'CONNECT {{"verbose":false}}\r\nPUB $JS.API.STREAM.CREATE.SIGN_INS {len(stream)}\r\n{stream}\r\nPING\r\n'.encode())
            time.sleep(0.5)

    def entries(self, spool):
        azure = f'http://127.0.0.1:{self.http}'
        addresses = {
            'nats': (f'nats://127.0.0.1:{self.nats}', 'graph', ''),
            'syslog': (f'tls://localhost:{self.syslog}', 'ocsf', f'ca_file = "{self.authority}"\n'),
            'otlp-grpc': (f'http://127.0.0.1:{self.grpc}', 'asim', ''),
            'otlp-http': (f'http://127.0.0.1:{self.http}/v1/logs', 'graph', ''),
            'http': (f'{azure}/dataCollectionRules/dcr/streams/s?api-version=2023-01-01', 'entra', 'token = "granted"\n'),
        }
        return ''.join(f'[[sign_ins.sink]]\nname = "{kind}-sink"\nkind = "{kind}"\naddress = "{address}"\nform = "{form}"\n'
                       f'spool = "{spool}/{kind}"\nspool_size = "8GiB"\n{more}' for kind, (address, form, more) in addresses.items())


def compare(stage, programs, receivers, mode, rounds):
    running = []
    try:
        for name, entries in (('without', ''), ('with', receivers.entries(stage.own_folder(f'spool-{mode}')))):
            running.append(Gateway(stage, programs, f'{name}-{mode}', mode, entries))
        for gateway in running:
            for what in (load.Load('each'), *LOADS.values()):
                load.run(what, stage, gateway, 2)
        rows = {(kind, gateway.name): [] for kind in LOADS for gateway in running}
        pairs, spent = {kind: [] for kind in LOADS}, {kind: [] for kind in LOADS}
        for number in range(rounds):
            for kind, what in LOADS.items():
                rates, costs = {}, {}
                for gateway in running[:: 1 if number % 2 else -1]:
                    before = gateway.process.cpu_ns()
                    said = load.run(what, stage, gateway, SECONDS)
                    if said['refused'] or said['broken'] or not said['requests']:
                        raise Failed(f'{gateway.name}: {said}')
                    rates[gateway.name] = said['requests'] / said['seconds']
                    costs[gateway.name] = 1e-3 * (gateway.process.cpu_ns() - before) / said['requests']
                    rows[kind, gateway.name].append((rates[gateway.name], said['p99'], costs[gateway.name]))
                pairs[kind].append(rates[running[1].name] / rates[running[0].name])
                spent[kind].append(costs[running[0].name] / costs[running[1].name])
        delivered = running[1].delivered()
    finally:
        for gateway in running:
            gateway.process.stop()
    middle = lambda kind, gateway, at: statistics.median(row[at] for row in rows[kind, gateway.name])
    return [{'mode': mode, 'load': kind, 'without': middle(kind, running[0], 0), 'with': middle(kind, running[1], 0), 'p99_without': middle(kind, running[0], 1),
             'p99_with': middle(kind, running[1], 1), 'ratio': statistics.median(pairs[kind]), 'least': min(pairs[kind]), 'most': max(pairs[kind]),
             'cpu_without': middle(kind, running[0], 2), 'cpu_with': middle(kind, running[1], 2), 'cpu_ratio': statistics.median(spent[kind]),
             'delivered': delivered} for kind in LOADS]


class Gateway:
    """A running gateway, which the load generator takes for its target."""
    method, path, body = 'GET', '/', ''

    def __init__(self, stage, programs, name, mode, entries):
        self.name, self.port, self.metrics = name, free_port(), free_port()
        config = stage.site / f'{name}.toml'
        subprocess.run([programs / 'crossgate-stage', stage.site, '--keep', '--config', config.name, '--listen', f'127.0.0.1:{self.port}', '--admin',
                        f'127.0.0.1:{free_port()}', '--metrics', f'127.0.0.1:{self.metrics}', '--upstream', f'http://{stage.upstream}', '--sink',
                        f'file:{stage.own_folder(name)}/sign-ins.jsonl', '--sign-ins', mode], check=True, capture_output=True)
        config.write_text(config.read_text() + entries)
        self.process = Process([programs / 'crossgate', 'run', '--config', config], PROXY_CORE, stage.own_folder(name) / 'log', stage.site,
                               {'CROSSGATE_LOG': 'warn'})
        until(lambda: reachable(self.port), self.process, name)

    def delivered(self):
        """What the receivers have, waited for a while."""
        end = time.monotonic() + 60
        while True:
            with urllib.request.urlopen(f'http://127.0.0.1:{self.metrics}/metrics', timeout=5) as answer:
                lines = answer.read().decode().splitlines()
            count = lambda start, *labels: sum(int(float(line.split()[-1])) for line in lines
                                               if line.startswith(start) and all(label in line for label in labels))
            if not count('crossgate_sign_in_spool_events{') or time.monotonic() > end:
                return count('crossgate_sign_in_events_total{', 'result="delivered"')
            time.sleep(0.5)


RSYSLOG = '''global(workDirectory="{folder}" maxMessageSize="256k" net.enableDNS="off" defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="{folder}/receiver.pem" defaultNetstreamDriverCertFile="{folder}/receiver.pem" defaultNetstreamDriverKeyFile="{folder}/receiver.key")
main_queue(queue.type="Direct")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imtcp" address="127.0.0.1" port="{port}")
action(type="omfile" file="/dev/null")
'''

if __name__ == '__main__':
    if len(sys.argv) < 2 or not set(sys.argv[3:]) <= set(MODES):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Failed as failure:
        sys.exit(f'sinks.py: {failure}')
