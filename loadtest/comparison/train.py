"""Shows an instrumented gateway the loads that a profile-guided build is arranged for: train.py PROGRAM PROGRAMS PROFILES"""
import os
import pathlib
import sys
import tempfile
import types

import contenders
import load
from load import Load
from processes import Failed
from stage import Stage

# What most gateways see: known tokens over kept connections, some new ones, some bad ones, with TLS and without.
PLAIN = (Load(), Load('many'), Load('bad'), Load(connections=256))
TLS = (Load(tls=True), Load(connections=8, tls=True, streams=8))
GATEWAYS = (
    ('plain', PLAIN, {}),
    ('tls', TLS, {'tls': True}),
    # What is rarer is arranged too: an event for each request, and a signature for each.
    ('events', (Load('bad'),), {'options': ('--sign-ins', 'every-request')}),
    ('verifying', (Load(),), {'options': ('--no-token-cache',)}),
)
SECONDS = 5


def main(program, programs, profiles):
    program, programs = pathlib.Path(program), pathlib.Path(programs).resolve()
    os.environ['LLVM_PROFILE_FILE'] = str(pathlib.Path(profiles).resolve() / '%p.profraw')
    options = types.SimpleNamespace(partners=1000, guests=10000, tokens=10000, bad_tokens=1000)
    with tempfile.TemporaryDirectory(prefix='crossgate-train-') as folder:
        os.chmod(folder, 0o755)
        stage = Stage(folder, programs, options)
        upstream = stage.start_upstream()
        try:
            for name, loads, settings in GATEWAYS:
                gateway = contenders.Crossgate(programs, name, name, **settings)
                gateway.program = program
                running = gateway.start(stage)
                try:
                    for what in loads:
                        said = load.run(what, stage, running.target, SECONDS)
                        print(f'{name}: {said["requests"]:,} requests of {what}', flush=True)
                        if said['broken'] or not said['requests']:
                            raise Failed(f'{name}: {said["broken"]} requests broke off, of {said["requests"]}')
                finally:
                    running.process.stop()
                # A profile is written when its program ends by itself.
                if status := running.process.process.returncode:
                    raise Failed(f'{name} ended with {status}, and so without a profile:\n{running.process.tail()}')
        finally:
            upstream.stop()


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Failed as failure:
        sys.exit(f'train.py: {failure}')
