"""The page of results, with nothing in it that was not measured."""
import chart
import measure

PANELS = (('CPU us per request', 'cpu', '{:.1f}'), ('requests/s', 'requests_per_second', '{:,.0f}'), ('p99, us', 'p99', '{:,.0f}'))


def write(result, folder):
    """Writes README.md and a chart for each scenario."""
    parts = [_head(result), _bars(result)]
    for scenario in result['scenarios']:
        if scenario['contenders']:
            parts.append(_scenario(scenario, result, folder))
    parts += [_work(result), _versions(result)]
    (folder / 'README.md').write_text('\n\n'.join(parts) + '\n')


def _head(result):
    options = result['options']
    return f'''# What the gateway costs beside its peers

Written by `loadtest/compare` on {result['date']}, of commit {result['commit']}; [comparison.json](comparison.json) has every round.

{result['cpu']}, {result['cores']} cores, {result['system']}, Linux {result['kernel']}. The proxy, with all its processes,
has one core; load generator and upstream (nginx, 1 KiB) have another; all on loopback. {options['rounds']} rounds of
{options['seconds']} s, of {measure.far_seconds(options['seconds'])} s for contenders that are far off; they take turns, and another
one begins each round. {options['warm_up']} s of load before each round, and at first every token once. Tokens are RS256
of 2048 bits, 2.3 KiB, with twelve groups, of guests of {options['partners']:,} partners with {options['guests']:,} guest
records; {options['tokens']:,} distinct good ones and {options['bad_tokens']:,} bad ones (a quarter each:
bad signature, expired, wrong audience, wrong issuer).

Each figure is the median of the rounds, with the range; a bar's ratio is the median of the ratios within each round, for a shared
machine drifts from round to round by more than contenders differ. CPU is scheduler run time of the contender's processes for each request;
*core* is how much of its core a contender used: below 100 % something else was the limit, and CPU says more than requests/s.
Ratios travel, absolute figures do not. Crossgate with its token cache always stands beside Crossgate without.'''


def _bars(result):
    rows = ['## Bars', '', '| ratio | bar | measured | met |', '|---|---|---|---|']
    for bar in result['bars']:
        ratio = '' if bar['ratio'] is None else f'{bar["ratio"]:.3f}'
        rows.append(f'| {bar["what"]} | {bar["bar"]} | {ratio} | {bar["met"]} |')
    return '\n'.join(rows)


def _scenario(scenario, result, folder):
    found = sorted(scenario['contenders'], key=lambda row: row['cpu']['median'])
    picture = f'{scenario["name"]}.svg'
    (folder / picture).write_text(chart.draw(scenario['title'], found, PANELS))
    base = next((row for row in found if row['name'] in ('bare', 'bare-tls')), None)
    rows = [f'## {scenario["title"]}', '', f'![{scenario["title"]}]({picture})', '',
            '| | requests/s | of bare | p50 us | p99 us | CPU us/request | of bare | core | MiB |', '|---|---|---|---|---|---|---|---|---|']
    for row in found:
        ratios = [f'{row[figure]["median"] / base[figure]["median"]:.2f}' if base else '' for figure in ('requests_per_second', 'cpu')]
        rows.append(f'| {row["title"]} | {_span(row["requests_per_second"], "{:,.0f}")} | {ratios[0]} | {row["p50"]["median"]:,.0f} '
                    f'| {_span(row["p99"], "{:,.0f}")} | {_span(row["cpu"], "{:.1f}")} | {ratios[1]} | {row["busy"]["median"]:.0%} '
                    f'| {row["memory"]["median"]:.1f} |')
    for name, why in {**scenario['absent'], **scenario['failed']}.items():
        rows += ['', f'Left out: {name}: {why.splitlines()[0]}.']
    for row in found:
        if changes := [one['policy_changes'] for one in row['rounds'] if 'policy_changes' in one]:
            told = ', '.join(f'{change["made"]} and {change["in_force"]}' for change in changes)
            rows += ['', f'{row["title"]}: changes of policy in each round, made and taken up: {told}.']
    return '\n'.join(rows)


def _span(values, form):
    return f'{form.format(values["median"])} ({form.format(values["least"])}–{form.format(values["most"])})'


def _work(result):
    works = {row['title']: row['work'] for scenario in result['scenarios'] for row in scenario['contenders']}
    rows = ['## What each does for a request', '', '| | work |', '|---|---|', *(f'| {title} | {work} |' for title, work in works.items())]
    return '\n'.join(rows)


def _versions(result):
    return '## Versions\n\n' + ', '.join(f'{name} {version}' for name, version in result['versions'].items()) + '.'
