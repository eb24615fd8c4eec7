"""nginx: without a check, with Lua that verifies each request, and with Lua that keeps verified tokens."""
import pathlib

from contender import Contender

VERIFY = pathlib.Path(__file__).with_name('verify.lua')
LUA = (('/usr/lib/nginx/modules/ngx_http_lua_module.so', 'libnginx-mod-http-lua'),
       ('/usr/share/lua/5.1/resty/lrucache.lua', 'lua-resty-lrucache'),
       ('/usr/lib/x86_64-linux-gnu/lua/5.1/cjson.so', 'lua-cjson'))
KINDS = {
    'none': ('nginx', 'nginx, no check', 'forwarded, nothing checked'),
    'each': ('nginx-lua', 'nginx + Lua, verifies each request', 'signature, exp, nbf, iss and aud checked each time, key parsed once'),
    'cache': ('nginx-lua-cache', 'nginx + Lua, cache of verified tokens',
              'whole token looked up in an LRU of 200,000, exp checked again; no policy, no headers, no event'),
}


class Nginx(Contender):
    def __init__(self, kind):
        self.kind = kind
        self.checks = kind != 'none'
        self.name, self.title, self.work = KINDS[kind]
        self.needs = (('nginx', 'nginx'), *(LUA if self.checks else ()))

    def command(self, stage, folder, port):
        modules = start = access = ''
        if self.checks:
            modules, access = MODULES, ACCESS
            start = START.format(verify=VERIFY.parent, key=stage.key('first.pem'), issuer=stage.issuer, audience=stage.audience,
                                 cache='true' if self.kind == 'cache' else 'false')
        (folder / 'nginx.conf').write_text(CONFIGURATION.format(
            folder=folder, port=port, upstream=stage.upstream, modules=modules, start=start, access=access))
        return ['nginx', '-p', folder, '-e', folder / 'error.log', '-c', folder / 'nginx.conf'], {}


MODULES = '''load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
'''

START = '''  lua_package_path "{verify}/?.lua;;";
  init_worker_by_lua_block {{ verify = require("verify").new("{key}", "{issuer}", "{audience}", {cache}) }}
'''

ACCESS = 'access_by_lua_block { if not verify(ngx.var.http_authorization) then return ngx.exit(401) end }'

CONFIGURATION = '''daemon off; pid {folder}/pid; worker_processes 1;
{modules}events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; large_client_header_buffers 8 64k;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{start}  upstream back {{ server {upstream}; keepalive 512; keepalive_requests 1000000000; keepalive_timeout 600s; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      {access}
      proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    }}
  }}
}}
'''
