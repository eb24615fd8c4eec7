"""Installs load generators and peers: Debian's packages, and two programs as Go modules."""
import os
import pathlib
import shutil
import subprocess

from processes import Failed

PACKAGES = ('nginx-light', 'wrk', 'nghttp2-client', 'haproxy', 'apache2', 'libapache2-mod-auth-openidc', 'libnginx-mod-http-lua',
            'lua-resty-lrucache', 'lua-cjson')
MODULES = {
    'oauth2-proxy': 'github.com/oauth2-proxy/oauth2-proxy/v7@latest',
    'opa': 'github.com/open-policy-agent/opa@latest',
}
# Packages of servers would start them, which nobody asked for.
POLICY = pathlib.Path('/usr/sbin/policy-rc.d')


def packages():
    if os.geteuid() or not shutil.which('apt-get'):
        raise Failed('needs root and Debian; install these: ' + ' '.join(PACKAGES))
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text('#!/bin/sh\nexit 101\n')
        POLICY.chmod(0o755)
    try:
        _run(['apt-get', 'update', '-qq'])
        _run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', *PACKAGES])
    finally:
        if ours:
            POLICY.unlink()


def modules(tools):
    if not shutil.which('go'):
        raise Failed('install Go first: oauth2-proxy and opa are built with it')
    tools.mkdir(parents=True, exist_ok=True)
    for program, module in MODULES.items():
        if not (tools / program).exists():
            _run(['go', 'install', module], GOBIN=str(tools.resolve()))


def _run(command, **env):
    if subprocess.run(command, env={**os.environ, 'DEBIAN_FRONTEND': 'noninteractive', **env}).returncode:
        raise Failed(f'{" ".join(command)} failed')
