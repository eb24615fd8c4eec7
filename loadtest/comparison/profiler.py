"""Samples contenders under load, and adds up what they did by part."""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import types

import contenders
import load
from load import Load
from processes import LOAD_CORE, Failed
from stage import ROOT, Stage

# The first that fits counts.
PARTS = (
    ('kernel', re.compile(r'^\[k\]')),
    ('copying and comparing memory', re.compile(r'mem(cpy|move|set|cmp)')),
    ('allocator', re.compile(r'\bmi_|_mi_|malloc|\bfree\b|ngx_p?alloc|ngx_destroy_pool|lj_alloc')),
    ('clock', re.compile(r'clock_gettime|Timespec|gettimeofday')),
    ('ours', re.compile(r'crossgate')),
    ('framework: pingora', re.compile(r'pingora')),
    ('framework: runtime', re.compile(r'tokio|mio::|futures')),
    ('framework: HTTP', re.compile(r'\bhttp::|httparse|\bbytes::|\bh2::')),
    ('Lua', re.compile(r'lj_|lua_|luaV|^\[\.\] 0x|ngx_http_lua')),
    ('nginx', re.compile(r'ngx_')),
)
OTHER = 'other'


def main(description):
    parser = argparse.ArgumentParser(prog='loadtest/profile', description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', default=['crossgate', 'bare', 'nginx-lua-cache'])
    parser.add_argument('--rounds', type=int, default=4)
    parser.add_argument('--seconds', type=int, default=4, help='of a round')
    parser.add_argument('--functions', type=int, default=25, help='to name, of each')
    parser.add_argument('--output', type=pathlib.Path, help='a file for all of it, as JSON')
    options = parser.parse_args()
    try:
        found = _measure(options)
    except Failed as failure:
        print(f'loadtest/profile: {failure}', file=sys.stderr)
        return 1
    if options.output:
        options.output.write_text(json.dumps(found, indent=1) + '\n')
    _tell(found)
    return 0


def _measure(options):
    if missing := [program for program in ('perf', 'nginx', 'wrk', 'taskset') if not shutil.which(program)]:
        raise Failed('install first: ' + ', '.join(missing))
    programs = ROOT / os.environ.get('CARGO_TARGET_DIR', 'target') / 'release'
    every = contenders.table(programs, ROOT / 'target/tools')
    if unknown := set(options.names) - set(every):
        raise Failed(f'no contender {", ".join(unknown)}; there are {", ".join(every)}')
    os.sched_setaffinity(0, {LOAD_CORE})
    sizes = types.SimpleNamespace(partners=1000, guests=10000, tokens=100, bad_tokens=10)
    with tempfile.TemporaryDirectory(prefix='crossgate-profile-') as folder:
        os.chmod(folder, 0o755)
        stage = Stage(folder, programs, sizes)
        upstream, running = stage.start_upstream(), []
        try:
            for name in options.names:
                if why := every[name].missing() or every[name].unsupported(stage):
                    raise Failed(f'{name}: {why}')
                running.append(every[name].start(stage))
                load.run(Load(), stage, running[-1].target, 2)
            sums = {name: [0, 0.0, collections.Counter()] for name in options.names}
            for _ in range(options.rounds):
                for one in running:
                    total = sums[one.contender.name]
                    for place, more in enumerate(_sample(one, stage, options.seconds, pathlib.Path(folder, 'perf.data'))):
                        total[place] += more
        finally:
            for one in running:
                one.process.stop()
            upstream.stop()
    return {name: _parts(*sums[name], options.functions) for name in options.names}


def _sample(one, stage, seconds, data):
    pids = ','.join(map(str, one.process.pids()))
    recording = subprocess.Popen(['perf', 'record', '-q', '-F', '4000', '-e', 'cpu-clock', '-p', pids, '-o', data],
                                 stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        cpu = one.process.cpu_ns()
        requests = load.run(Load(), stage, one.target, seconds)['requests']
        cpu = one.process.cpu_ns() - cpu
    finally:
        recording.send_signal(signal.SIGINT)
        recording.wait(timeout=60)
    report = subprocess.run(['perf', 'report', '-i', data, '--sort', 'symbol', '--stdio', '-n', '--no-children', '-q'],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    samples = collections.Counter()
    for line in report.splitlines():
        if row := re.match(r'\s*[\d.]+%\s+(\d+)\s+(\[.\] .*)', line):
            samples[row[2].strip()] += int(row[1])
    if not samples:
        raise Failed(f'perf saw nothing of {one.contender.title}')
    return requests, cpu / 1000, samples


def _parts(requests, cpu, samples, functions):
    each = cpu / requests / sum(samples.values())
    parts = collections.Counter()
    for name, count in samples.items():
        parts[next((part for part, form in PARTS if form.search(name)), OTHER)] += count * each
    most = {name: count * each for name, count in samples.most_common(functions)}
    return {'cpu_us': cpu / requests, 'parts_us': dict(parts.most_common()), 'functions_us': most}


def _tell(found):
    names = list(found)
    print(f'{"CPU us a request":32}' + ''.join(f'{name:>18}' for name in names))
    print(f'{"all":32}' + ''.join(f'{found[name]["cpu_us"]:18.2f}' for name in names))
    for part in [part for part, _ in PARTS] + [OTHER]:
        figures = [found[name]['parts_us'].get(part, 0) for name in names]
        if any(figures):
            print(f'{part:32}' + ''.join(f'{figure:18.2f}' for figure in figures))
    for name in names:
        print(f'\n{name}')
        for function, figure in found[name]['functions_us'].items():
            print(f'{figure:8.2f}  {function[:120]}')
