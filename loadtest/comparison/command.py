"""The command line of `loadtest/compare`."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import bars
import contenders
import install
import measure
import page
import scenarios
import versions
from processes import LOAD_CORE, PROXY_CORE, Failed
from stage import ROOT, Stage


def main(description):
    options = _options(description)
    try:
        return _run(options)
    except Failed as failure:
        print(f'loadtest/compare: {failure}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('loadtest/compare: stopped', file=sys.stderr)
        return 130


def _options(description):
    names = [scenario.name for scenario in scenarios.ALL]
    every = names + [scenario.name for scenario in scenarios.CHOICES]
    parser = argparse.ArgumentParser(prog='loadtest/compare', description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--quick', action='store_true', help='2 rounds of 2 s, to see whether all works')
    parser.add_argument('--rounds', type=int, help='rounds of each scenario [12]')
    parser.add_argument('--seconds', type=int, help='seconds of a round; contenders that are far off have three tenths [4]')
    parser.add_argument('--warm-up', type=int, default=1, help='seconds before each round [1]')
    parser.add_argument('--first-warm-up', type=int, default=2, help='seconds before the first round [2]')
    parser.add_argument('--scenarios', nargs='+', metavar='NAME', choices=every, default=names, help=', '.join(every))
    parser.add_argument('--contenders', nargs='+', metavar='NAME', help='only these; --list names them')
    parser.add_argument('--install', action='store_true', help='install load generators and peers first: as root, on Debian, with Go')
    parser.add_argument('--page', action='store_true', help='write the page anew from comparison.json, and end')
    parser.add_argument('--list', action='store_true', help='name contenders and what is missing, and end')
    parser.add_argument('--programs', type=pathlib.Path,
                        help='folder of crossgate, crossgate-bare and crossgate-stage, built already [built, target/release]')
    parser.add_argument('--tools', type=pathlib.Path, default=pathlib.Path(os.environ.get('CROSSGATE_TOOLS', ROOT / 'target/tools')),
                        help='folder of oauth2-proxy and opa [target/tools]')
    parser.add_argument('--output', type=pathlib.Path, help='[loadtest/results; with --quick or a choice: target/comparison]')
    parser.add_argument('--partners', type=int, default=1000, help='in the policy [1000]')
    parser.add_argument('--guests', type=int, default=10000, help='in the policy [10000]')
    parser.add_argument('--tokens', type=int, default=10000, help='distinct good ones [10000]')
    parser.add_argument('--bad-tokens', type=int, default=1000, help='distinct bad ones [1000]')
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 12)
    options.seconds = options.seconds or (2 if options.quick else 4)
    chosen = options.quick or options.contenders or options.scenarios != names
    options.output = options.output or ROOT / ('target/comparison' if chosen else 'loadtest/results')
    return options


def _run(options):
    if options.page:
        _publish(json.loads((options.output / 'comparison.json').read_text()), options)
        return 0
    if options.install:
        install.packages()
        install.modules(options.tools)
    if missing := [program for program in ('nginx', 'wrk', 'h2load', 'taskset') if not shutil.which(program)]:
        raise Failed('install first: ' + ', '.join(missing))
    if PROXY_CORE == LOAD_CORE:
        raise Failed('needs two cores: one for the proxy, one for the load')
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.default_int_handler)
    programs = options.programs or _build()
    every = contenders.table(programs.resolve(), options.tools)
    if options.contenders:
        if unknown := set(options.contenders) - set(every):
            raise Failed(f'no contender {", ".join(sorted(unknown))}; there are {", ".join(every)}')
        every = {name: every[name] for name in options.contenders}
    if options.list:
        for name, contender in every.items():
            missing = contender.missing()
            print(f'{name:18} {contender.title}' + (f': install {", ".join(missing)}' if missing else ''))
        return 0
    os.sched_setaffinity(0, {LOAD_CORE})
    with tempfile.TemporaryDirectory(prefix='crossgate-compare-') as folder:
        # Peers that are started as root give that up, and read keys all the same.
        os.chmod(folder, 0o755)
        stage = Stage(folder, programs.resolve(), options)
        for site in {contender.site for contender in every.values() if isinstance(contender, contenders.Crossgate)} - {stage.site.name}:
            stage.copy(site)
        upstream = stage.start_upstream()
        try:
            result = _measure(options, every, stage)
        finally:
            upstream.stop()
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / 'comparison.json').write_text(json.dumps(result, indent=1) + '\n')
    _publish(result, options)
    # What is not installed was not asked for; what does not do its work is a fault.
    return 1 if any(scenario['failed'] for scenario in result['scenarios']) else 0


def _publish(result, options):
    result['bars'] = bars.judge(result)
    page.write(result, options.output)
    print('\n'.join(bars.lines(result['bars'])))


def _measure(options, every, stage):
    result = versions.machine(options.tools)
    result['options'] = {name: getattr(options, name) for name in (
        'rounds', 'seconds', 'warm_up', 'first_warm_up', 'partners', 'guests', 'tokens', 'bad_tokens')}
    result['scenarios'] = []
    for scenario in scenarios.ALL + scenarios.CHOICES:
        if scenario.name not in options.scenarios or not set(scenario.contenders()) & set(every):
            continue
        print(scenario.title.format(tokens=options.tokens), flush=True)
        measured = measure.scenario(scenario, every, stage, options, lambda line: print(line, flush=True))
        result['scenarios'].append(measured)
    return result


def _build():
    command = ['cargo', 'build', '--release', '--locked', '--package', 'crossgate', '--bin', 'crossgate',
               '--package', 'crossgate-bare', '--package', 'crossgate-stage', '--bin', 'crossgate-bare', '--bin', 'crossgate-stage']
    if subprocess.run(command, cwd=ROOT).returncode:
        raise Failed('the programs do not build')
    return ROOT / os.environ.get('CARGO_TARGET_DIR', 'target') / 'release'
