"""Rounds: contenders take turns, and another one begins each time."""
import contextlib
import dataclasses
import statistics
import time

import busy
import load
import probe
from processes import Failed

MEASURED = ('requests_per_second', 'p50', 'p99', 'cpu', 'busy', 'memory')


def far_seconds(seconds):
    """How long a round of contenders takes that are far off, so that all fits into three quarters of an hour."""
    return max(2, seconds * 3 // 10)


def scenario(scenario, contenders, stage, options, say):
    """Runs one scenario; answers its raw rounds and medians, and who was left out and why."""
    absent, failed = {}, {}
    with contextlib.ExitStack() as stack:
        running = []
        for name in scenario.contenders():
            if name not in contenders:
                continue
            contender = contenders[name]
            if missing := contender.missing():
                absent[name] = 'install ' + ', '.join(missing)
                continue
            try:
                if why := contender.unsupported(stage):
                    absent[name] = why
                    continue
                one = contender.start(stage)
                stack.callback(one.process.stop)
                probe.check(one, stage)
                _warm_up(scenario.load_of(name), stage, one, options)
                running.append(one)
            except Failed as failure:
                failed[name] = str(failure)
        rounds = {one.contender.name: [] for one in running}
        for number in range(options.rounds):
            first = number % len(running) if running else 0
            for one in running[first:] + running[:first]:
                name = one.contender.name
                if name in failed:
                    continue
                seconds = options.seconds if name in scenario.near else far_seconds(options.seconds)
                try:
                    row = _round(scenario.load_of(name), one, stage, options, seconds)
                except Failed as failure:
                    failed[name] = str(failure)
                    continue
                rounds[name].append(row)
                say(f'  {number + 1} {name:18} {row["requests_per_second"]:9,.0f}/s  p50 {row["p50"]:6,}  p99 {row["p99"]:7,} us'
                    f'  cpu {row["cpu"]:6.1f} us  core {row["busy"]:4.0%}  {row["memory"]:6.1f} MiB')
    for name, why in {**absent, **failed}.items():
        say(f'  {name} is left out: {why}')
    return {
        'name': scenario.name,
        'title': scenario.title.format(tokens=options.tokens),
        'absent': absent,
        'failed': failed,
        'contenders': [_summary(contenders[name], rows) for name, rows in rounds.items() if name not in failed],
    }


def _warm_up(what, stage, one, options):
    """Every token has been seen then, and every pool is filled."""
    seconds = options.first_warm_up
    if what.tokens == 'one':
        load.run(what, stage, one.target, seconds)
        return
    what = dataclasses.replace(what, tokens='each')
    while load.run(what, stage, one.target, seconds)['requests'] < options.tokens:
        seconds *= 2
        if seconds > 60:
            raise Failed(f'{one.contender.title} takes too long to see every token once')


def _round(what, one, stage, options, seconds):
    with _changes(one, stage) as changes:
        if options.warm_up:
            load.run(what, stage, one.target, options.warm_up)
        before = (changes.made, changes.taken_up()) if changes else None
        cpu, begun = one.process.cpu_ns(), time.monotonic()
        said = load.run(what, stage, one.target, seconds)
        cpu, wall = one.process.cpu_ns() - cpu, time.monotonic() - begun
        after = (changes.made, changes.taken_up()) if changes else None
    _believe(what, one, said)
    row = {
        'requests': said['requests'],
        'requests_per_second': said['requests'] / said['seconds'],
        'p50': said['p50'],
        'p99': said['p99'],
        'cpu': cpu / 1000 / said['requests'],
        'busy': cpu / 1e9 / wall,
        'memory': one.process.memory_kib() / 1024,
        'refused': said['refused'],
        'bad': said['bad'],
        'seconds': said['seconds'],
    }
    if changes:
        row['policy_changes'] = {'made': after[0] - before[0], 'in_force': after[1] - before[1]}
    return row


def _changes(one, stage):
    """Changes are made only while their contender has its turn."""
    if not one.contender.name.startswith('crossgate-busy'):
        return contextlib.nullcontext()
    return busy.Changes(stage.folder / one.contender.site, one.contender.metrics_port)


def _believe(what, one, said):
    """A figure counts only if every answer was the right one."""
    title = one.contender.title
    if not said['requests']:
        raise Failed(f'{title}: no answers')
    if said['broken']:
        raise Failed(f'{title}: {said["broken"]} requests broke off')
    expected = said['bad'] if one.contender.checks else 0
    # Requests under way at the end were sent and not answered.
    if abs(said['refused'] - expected) > (what.connections if expected else 0):
        raise Failed(f'{title}: {said["refused"]} of {said["requests"]} requests were refused, and {expected} should have been')


def _summary(contender, rows):
    def spread(what):
        values = [row[what] for row in rows]
        return {'median': statistics.median(values), 'least': min(values), 'most': max(values)}

    return {'name': contender.name, 'title': contender.title, 'work': contender.work, 'rounds': rows,
            **{what: spread(what) for what in MEASURED}}
