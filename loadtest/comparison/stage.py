"""The folder with everything that contenders and load generators need."""
import json
import pathlib
import shutil
import socket
import subprocess

from processes import LOAD_CORE, Failed, Process, until

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    """Below the range that systems hand out by themselves."""
    free_port.next = getattr(free_port, 'next', 20000)
    while free_port.next < 32000:
        free_port.next += 1
        with socket.socket() as attempt:
            try:
                attempt.bind(('127.0.0.1', free_port.next))
                return free_port.next
            except OSError:
                continue
    raise Failed('no free port')


def reachable(port):
    with socket.socket() as attempt:
        attempt.settimeout(1)
        return attempt.connect_ex(('127.0.0.1', port)) == 0


class Stage:
    """Keys, tokens, policy and an upstream that answers 200 with 1 KiB."""

    def __init__(self, folder, programs, options):
        self.folder, self.program = pathlib.Path(folder), programs / 'crossgate-stage'
        self.site = self.folder / 'site'
        self.upstream_port = free_port()
        self.write('--partners', options.partners, '--guests', options.guests, '--tokens', options.tokens,
                   '--bad-tokens', options.bad_tokens)
        facts = json.loads((self.site / 'stage.json').read_text())
        self.key_id = json.loads(self.key('first.json').read_text())['keys'][0]['kid']
        self.host, self.issuer, self.audience = facts['hosts'][0], facts['issuer'], facts['audience']

    @property
    def upstream(self):
        return f'127.0.0.1:{self.upstream_port}'

    def write(self, *options):
        done = subprocess.run([self.program, self.site, *map(str, options)], capture_output=True, text=True)
        if done.returncode:
            raise Failed(done.stderr.strip())

    def copy(self, name):
        """A second site, which may be changed while others run."""
        site = self.folder / name
        shutil.copytree(self.site, site)
        return site

    def tokens(self, kind):
        return self.site / 'tokens' / kind

    def first(self, kind):
        return self.some(kind, 1)[0]

    def some(self, kind, count):
        with open(self.tokens(kind)) as lines:
            return [line.strip() for _, line in zip(range(count), lines)]

    def key(self, name):
        return self.site / 'keys' / name

    def own_folder(self, name):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def start_upstream(self):
        """An nginx on the load generator's core; it has the JWKS too, for those who fetch it."""
        folder = self.own_folder('upstream')
        (folder / 'nginx.conf').write_text(UPSTREAM.format(
            folder=folder, port=self.upstream_port, body='x' * 1024, keys=self.key('published.json')))
        process = Process(['nginx', '-p', folder, '-e', folder / 'error.log', '-c', folder / 'nginx.conf'],
                          LOAD_CORE, folder / 'log')
        until(lambda: reachable(self.upstream_port), process, 'the upstream')
        return process


UPSTREAM = '''daemon off; pid {folder}/pid; worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; large_client_header_buffers 8 64k;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /keys {{ default_type application/json; alias {keys}; }}
    location / {{ default_type text/plain; return 200 "{body}"; }}
  }}
}}
'''
