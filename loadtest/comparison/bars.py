"""The bars, and whether a run clears them."""
import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Bar:
    what: str
    scenario: str
    ours: str
    theirs: str
    figure: str
    at_least: float = 0.0
    at_most: float = 0.0


RATE, CPU, P99 = 'requests_per_second', 'cpu', 'p99'
ALL = (
    Bar('one token, requests/s, of bare pingora', 'one-token', 'crossgate', 'bare', RATE, at_least=0.97),
    Bar('one token, CPU, of bare pingora', 'one-token', 'crossgate', 'bare', CPU, at_most=1.04),
    Bar('10,000 tokens, requests/s, of bare pingora', 'tokens', 'crossgate', 'bare', RATE, at_least=0.93),
    Bar('10 % bad, requests/s, of bare pingora', 'bad', 'crossgate', 'bare', RATE, at_least=0.88),
    Bar('TLS 1.3, requests/s, of bare pingora with TLS', 'tls', 'crossgate-tls', 'bare-tls', RATE, at_least=0.97),
    Bar('HTTP/2, requests/s, of bare pingora with HTTP/2', 'http2', 'crossgate-tls', 'bare-tls', RATE, at_least=0.97),
    Bar('one token, CPU, of HAProxy jwt_verify', 'one-token', 'crossgate', 'haproxy-jwt', CPU, at_most=0.36),
    Bar('one token, token cache off, CPU, of HAProxy jwt_verify', 'one-token', 'crossgate-off', 'haproxy-jwt', CPU, at_most=0.85),
    Bar('one token, requests/s, of nginx + Lua with a cache', 'one-token', 'crossgate', 'nginx-lua-cache', RATE),
    Bar('one token, CPU, of nginx + Lua with a cache', 'one-token', 'crossgate', 'nginx-lua-cache', CPU),
    Bar('10,000 tokens, requests/s, of nginx + Lua with a cache', 'tokens', 'crossgate', 'nginx-lua-cache', RATE),
    Bar('10,000 tokens, CPU, of nginx + Lua with a cache', 'tokens', 'crossgate', 'nginx-lua-cache', CPU),
    Bar('everything at once, requests/s, of the quiet run', 'everything', 'crossgate-busy', 'crossgate', RATE, at_least=0.93),
    Bar('everything at once, p99, of the quiet run', 'everything', 'crossgate-busy', 'crossgate', P99, at_most=1.5),
    Bar('profile-guided build: one token, requests/s, of bare pingora', 'one-token', 'crossgate-pgo', 'bare', RATE, at_least=0.97),
    Bar('profile-guided build: one token, CPU, of bare pingora', 'one-token', 'crossgate-pgo', 'bare', CPU, at_most=1.04),
    Bar('profile-guided build: 10,000 tokens, requests/s, of bare pingora', 'tokens', 'crossgate-pgo', 'bare', RATE, at_least=0.93),
    Bar('profile-guided build: 10 % bad, requests/s, of bare pingora', 'bad', 'crossgate-pgo', 'bare', RATE, at_least=0.88),
    Bar('profile-guided build: TLS 1.3, requests/s, of bare pingora with TLS', 'tls', 'crossgate-tls-pgo', 'bare-tls', RATE, at_least=0.97),
    Bar('profile-guided build: HTTP/2, requests/s, of bare pingora with HTTP/2', 'http2', 'crossgate-tls-pgo', 'bare-tls', RATE, at_least=0.97),
    Bar('profile-guided build: one token, CPU, of HAProxy jwt_verify', 'one-token', 'crossgate-pgo', 'haproxy-jwt', CPU, at_most=0.36),
    Bar('profile-guided build: token cache off, CPU, of HAProxy jwt_verify', 'verify', 'crossgate-off-pgo', 'haproxy-jwt', CPU, at_most=0.85),
    Bar('token cache off, CPU, of HAProxy jwt_verify', 'verify', 'crossgate-off', 'haproxy-jwt', CPU, at_most=0.85),
    Bar('profile-guided build: everything at once, requests/s, of the quiet run', 'everything', 'crossgate-busy-pgo', 'crossgate-pgo', RATE,
        at_least=0.93),
    Bar('profile-guided build: everything at once, p99, of the quiet run', 'everything', 'crossgate-busy-pgo', 'crossgate-pgo', P99,
        at_most=1.5),
    Bar('profile-guided build: one token, CPU, of nginx + Lua with a cache', 'one-token', 'crossgate-pgo', 'nginx-lua-cache', CPU),
)


def judge(result):
    """The bars of the scenarios and contenders that were asked for: each with its ratio, or None where a contender was left out.

    The ratio is the median of those within each round: a shared machine drifts by more from round to round than contenders differ.
    """
    asked = {(scenario['name'], name) for scenario in result['scenarios']
             for name in [*scenario['absent'], *scenario['failed'], *(row['name'] for row in scenario['contenders'])]}
    found = {(scenario['name'], row['name']): row for scenario in result['scenarios'] for row in scenario['contenders']}
    judged = []
    for bar in ALL:
        if not {(bar.scenario, bar.ours), (bar.scenario, bar.theirs)} <= asked:
            continue
        ours, theirs = found.get((bar.scenario, bar.ours)), found.get((bar.scenario, bar.theirs))
        ratio = _ratio(bar.figure, ours['rounds'], theirs['rounds']) if ours and theirs else None
        judged.append({'what': bar.what, 'bar': demand(bar), 'ratio': ratio, 'met': _met(bar, ratio)})
    return judged


def _ratio(figure, ours, theirs):
    return statistics.median(one[figure] / other[figure] for one, other in zip(ours, theirs))


def demand(bar):
    if bar.at_least:
        return f'≥ {bar.at_least:.2f}'
    return f'≤ {bar.at_most:.2f}' if bar.at_most else 'shown'


def _met(bar, ratio):
    if ratio is None:
        return 'not measured'
    if bar.at_least:
        return 'yes' if ratio >= bar.at_least else 'no'
    if bar.at_most:
        return 'yes' if ratio <= bar.at_most else 'no'
    return '–'


def lines(judged):
    for bar in judged:
        ratio = '' if bar['ratio'] is None else f'{bar["ratio"]:.3f}'
        yield f'{bar["what"]:72} {bar["bar"]:>7} {ratio:>7}  {bar["met"]}'
