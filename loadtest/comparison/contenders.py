"""Who is compared: the gateway, bare pingora and the peers."""
import subprocess

import peers
from contender import Contender
from stage import free_port


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


class Bare(Contender):
    checks = False
    work = 'forwarded, nothing checked'

    def __init__(self, programs, name='bare', title='bare pingora', options=(), tls=False):
        self.program = programs / 'crossgate-bare'
        self.name, self.title, self.options, self.tls = name, title, options, tls

    def command(self, stage, folder, port):
        tls = [stage.site / 'tls' / 'cert.pem', stage.site / 'tls' / 'key.pem'] if self.tls else []
        return [self.program, *self.options, f'127.0.0.1:{port}', stage.upstream, *tls], {}


def table(programs, tools):
    """Every contender, by name."""
    off = ('--no-token-cache',)
    busy = ('--sign-ins', 'every-request', '--jwks-refresh', '1s', '--jwks-min-refresh', '1s')
    every = [
        Crossgate(programs),
        Crossgate(programs, 'crossgate-off', 'Crossgate, token cache off', off),
        Crossgate(programs, 'crossgate-tls', 'Crossgate, TLS', tls=True),
        Crossgate(programs, 'crossgate-tls-off', 'Crossgate, TLS, token cache off', off, tls=True),
        Crossgate(programs, 'crossgate-busy', 'Crossgate, everything at once', busy, site='busy'),
        Bare(programs),
        Bare(programs, 'bare-plain', 'bare pingora, no work stealing', ('--no-work-stealing',)),
        Bare(programs, 'bare-tls', 'bare pingora, TLS', tls=True),
        *peers.table(tools),
    ]
    return {contender.name: contender for contender in every}
