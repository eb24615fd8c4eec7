"""Who is compared: the gateway, bare pingora and the peers."""
import subprocess

import peers
from contender import Contender
from stage import ROOT, free_port


class Crossgate(Contender):
    work = 'token looked up or verified, home tenant, partner rule and guest record decided, identity headers and signed assertion, event'

    def __init__(self, programs, name='crossgate', title='Crossgate', options=(), tls=False, site='site'):
        self.program, self.stage_program = programs / 'crossgate', programs / 'crossgate-stage'
        self.name, self.title, self.options, self.tls, self.site = name, title, options, tls, site
        if '--no-token-cache' in options:
            self.work = self.work.replace('looked up or verified', 'verified each time')

    def _configuration(self, stage, port):
        config = f'{self.name}.toml'
        self.metrics_port = free_port()
        done = subprocess.run(
            [self.stage_program, stage.folder / self.site, '--keep', '--config', config, '--listen', f'127.0.0.1:{port}',
             '--admin', f'127.0.0.1:{free_port()}', '--metrics', f'127.0.0.1:{self.metrics_port}', '--upstream', f'http://{stage.upstream}',
             '--sink', f'file:{stage.own_folder(self.name)}/sign-ins.jsonl', *(['--tls'] if self.tls else []), *self.options],
            capture_output=True, text=True)
        done.check_returncode()
        return stage.folder / self.site / config

    def unsupported(self, stage):
        config = self._configuration(stage, free_port())
        done = subprocess.run([self.program, 'check', '--config', config], capture_output=True, text=True)
        return None if done.returncode == 0 else (done.stderr or done.stdout).splitlines()[0].removeprefix(f'{config}:')

    def command(self, stage, folder, port):
        return [self.program, 'run', '--config', self._configuration(stage, port)], {'CROSSGATE_LOG': 'warn'}


class Built(Crossgate):
    """The same program, built in another way."""

    def __init__(self, programs, name, title, program, by, **options):
        super().__init__(programs, name, title, **options)
        self.program, self.by = ROOT / program, by

    def unsupported(self, stage):
        if not self.program.exists():
            return f'build it with {self.by}'
        return super().unsupported(stage)


class Bare(Contender):
    checks = False
    work = 'forwarded, nothing checked'

    def __init__(self, programs, name='bare', title='bare pingora', options=(), tls=False, program=None):
        self.program = ROOT / program if program else programs / 'crossgate-bare'
        self.name, self.title, self.options, self.tls = name, title, options, tls

    def unsupported(self, stage):
        return None if self.program.exists() else 'build it with loadtest/choices'

    def command(self, stage, folder, port):
        tls = [stage.site / 'tls' / 'cert.pem', stage.site / 'tls' / 'key.pem'] if self.tls else []
        return [self.program, *self.options, f'127.0.0.1:{port}', stage.upstream, *tls], {}


def table(programs, tools):
    """Every contender, by name."""
    off = ('--no-token-cache',)
    guided = ('target/profile-guided/crossgate', 'scripts/profile-guided')
    busy = ('--sign-ins', 'every-request', '--jwks-refresh', '1s', '--jwks-min-refresh', '1s')
    every = [
        Crossgate(programs),
        Crossgate(programs, 'crossgate-off', 'Crossgate, token cache off', off),
        Crossgate(programs, 'crossgate-tls', 'Crossgate, TLS', tls=True),
        Crossgate(programs, 'crossgate-tls-off', 'Crossgate, TLS, token cache off', off, tls=True),
        Built(programs, 'crossgate-pgo', 'Crossgate, profile-guided build', *guided),
        Built(programs, 'crossgate-off-pgo', 'Crossgate, token cache off, profile-guided build', *guided, options=off),
        Built(programs, 'crossgate-tls-pgo', 'Crossgate, TLS, profile-guided build', *guided, tls=True),
        Built(programs, 'crossgate-fat', 'Crossgate, fat LTO, one unit', 'target/choices/fat/release/crossgate', 'loadtest/choices'),
        Built(programs, 'crossgate-native', "Crossgate, this machine's instructions", 'target/choices/native/release/crossgate',
              'loadtest/choices'),
        Crossgate(programs, 'crossgate-busy', 'Crossgate, everything at once', busy, site='busy'),
        Built(programs, 'crossgate-busy-pgo', 'Crossgate, everything at once, profile-guided build', *guided, options=busy, site='busy-pgo'),
        Crossgate(programs, 'crossgate-apps', 'Crossgate, 1,000 apps', ('--apps', '1000')),
        Bare(programs),
        Bare(programs, 'bare-plain', 'bare pingora, no work stealing', ('--no-work-stealing',)),
        Bare(programs, 'bare-pool', 'bare pingora, 1,024 pooled connections', ('--pool', '1024')),
        Bare(programs, 'bare-system', "bare pingora, the system's allocator", program='target/choices/system/release/crossgate-bare'),
        Bare(programs, 'bare-tls', 'bare pingora, TLS', tls=True),
        *peers.table(tools),
    ]
    return {contender.name: contender for contender in every}
