"""What ran where."""
import datetime
import os
import pathlib
import platform
import re
import subprocess

from stage import ROOT

ASKED = {
    'nginx': ['nginx', '-v'],
    'HAProxy': ['haproxy', '-v'],
    'Apache': ['apache2', '-v'],
    'mod_auth_openidc': ['dpkg-query', '-W', '-f', '${Version}', 'libapache2-mod-auth-openidc'],
    'nginx Lua module': ['dpkg-query', '-W', '-f', '${Version}', 'libnginx-mod-http-lua'],
    'wrk': ['wrk', '-v'],
    'h2load': ['h2load', '--version'],
    'OpenSSL': ['openssl', 'version'],
    'rustc': ['rustc', '--version'],
}


def machine(tools):
    cpu = re.search(r'model name\s*: (.*)', pathlib.Path('/proc/cpuinfo').read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path('/etc/os-release').read_text())
    lock = (ROOT / 'Cargo.lock').read_text()
    pingora = re.search(r'name = "pingora-core"\nversion = "(.*)"', lock)
    said = {name: _version(command) for name, command in ASKED.items()}
    for name, program in (('oauth2-proxy', 'oauth2-proxy'), ('OPA', 'opa')):
        module = re.search(r'\tmod\t\S+\tv(\S+)', _said(['go', 'version', '-m', tools / program]))
        said[name] = module[1] if module else None
    said['pingora'] = pingora[1] if pingora else None
    return {
        'date': datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d'),
        'commit': _said(['git', '-C', str(ROOT), 'describe', '--always', '--dirty']).strip(),
        'cpu': cpu[1] if cpu else platform.machine(),
        'cores': os.cpu_count(),
        'system': system[1] if system else platform.system(),
        'kernel': platform.release(),
        'versions': {name: version for name, version in said.items() if version},
    }


def _version(command):
    found = re.search(r'\d+(\.\d+)+\S*', _said(command))
    return found[0] if found else None


def _said(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return done.stdout + done.stderr
