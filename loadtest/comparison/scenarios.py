"""What is measured: the load of each scenario, and who takes part."""
import dataclasses

from load import Load


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    load: Load
    near: tuple  # measured for the whole time
    far: tuple = ()  # much slower or faster: measured for less
    loads: dict = dataclasses.field(default_factory=dict)  # by contender, where it is not `load`

    def contenders(self):
        return (*self.near, *self.far)

    def load_of(self, contender):
        return self.loads.get(contender, self.load)


ALL = (
    Scenario('one-token', 'One token, 64 connections', Load(),
             ('crossgate', 'bare', 'crossgate-pgo', 'haproxy-jwt', 'crossgate-off', 'nginx-lua-cache'),
             ('bare-plain', 'haproxy', 'nginx', 'nginx-lua', 'apache', 'oauth2-proxy', 'opa')),
    Scenario('connections', 'One token, 256 connections', Load(connections=256),
             ('crossgate', 'bare', 'crossgate-pgo'), ('crossgate-off', 'haproxy-jwt', 'nginx-lua-cache')),
    Scenario('tokens', '{tokens:,} distinct tokens, seen before, 64 connections', Load('many'),
             ('crossgate', 'bare', 'crossgate-pgo'), ('crossgate-off', 'haproxy-jwt', 'nginx-lua-cache', 'nginx-lua')),
    Scenario('bad', '{tokens:,} distinct tokens, 10 % of requests with a bad one, 64 connections', Load('bad'),
             ('crossgate', 'bare', 'crossgate-pgo'), ('crossgate-off', 'haproxy-jwt', 'nginx-lua-cache')),
    Scenario('tls', 'One token, TLS 1.3 in front, 64 connections', Load(tls=True),
             ('crossgate-tls', 'bare-tls', 'crossgate-tls-pgo'), ('crossgate-tls-off',)),
    Scenario('http2', 'One token, HTTP/2 over TLS 1.3, 8 connections of 8 streams', Load(connections=8, tls=True, streams=8),
             ('crossgate-tls', 'bare-tls', 'crossgate-tls-pgo'), ('crossgate-tls-off',)),
    Scenario('everything', 'Everything at once, against a quiet run', Load('many'),
             ('crossgate', 'crossgate-busy', 'crossgate-pgo', 'crossgate-busy-pgo'), ('crossgate-off',),
             {'crossgate-busy': Load('bad'), 'crossgate-busy-pgo': Load('bad')}),
)

# Not run unless named: what they compare is built by `loadtest/choices`.
CHOICES = (
    Scenario('verify', 'Each request verified: one token, 64 connections', Load(),
             ('crossgate-off', 'crossgate-off-pgo', 'haproxy-jwt', 'bare')),
    Scenario('build', 'Choices of build and runtime: one token, 64 connections', Load(),
             ('crossgate', 'crossgate-pgo', 'crossgate-fat', 'crossgate-native', 'bare', 'bare-plain', 'bare-system')),
    Scenario('growth', 'One app and a thousand: one token, 64 connections', Load(), ('crossgate', 'crossgate-apps')),
    Scenario('pool', 'Choices of the upstream pool: one token, 256 connections', Load(connections=256), ('bare', 'bare-pool')),
)
