"""Apache with mod_auth_openidc as a resource server, with the key on disk."""
from contender import Contender

MODULES = '/usr/lib/apache2/modules'


class Apache(Contender):
    name, title = 'apache', 'Apache, mod_auth_openidc'
    work = 'signature, exp, iss and aud checked each time, claims set as headers'
    needs = (('apache2', 'apache2'), (f'{MODULES}/mod_auth_openidc.so', 'libapache2-mod-auth-openidc'))

    def command(self, stage, folder, port):
        (folder / 'apache.conf').write_text(CONFIGURATION.format(
            folder=folder, port=port, upstream=stage.upstream, modules=MODULES, jwks=f'http://{stage.upstream}/keys',
            key=stage.key('first.pem'), key_id=stage.key_id, issuer=stage.issuer, audience=stage.audience))
        return ['apache2', '-d', folder, '-f', folder / 'apache.conf', '-DFOREGROUND'], {}


CONFIGURATION = '''PidFile {folder}/pid
DefaultRuntimeDir {folder}
Mutex file:{folder}
ErrorLog {folder}/error.log
LogLevel error
Listen 127.0.0.1:{port}
ServerName app1.localhost
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
StartServers 1
ServerLimit 1
ThreadsPerChild 320
ThreadLimit 320
MaxRequestWorkers 320
MaxSpareThreads 320
MaxConnectionsPerChild 0
AsyncRequestWorkerFactor 8
KeepAlive On
KeepAliveTimeout 600
MaxKeepAliveRequests 0
LimitRequestFieldSize 65536
OIDCOAuthVerifyCertFiles "{key_id}#{key}"
OIDCOAuthRemoteUserClaim oid
<Location "/">
  AuthType oauth20
  <RequireAll>
    Require claim "iss:{issuer}"
    Require claim "aud:{audience}"
  </RequireAll>
  ProxyPass "http://{upstream}/" max=256 keepalive=On
</Location>
'''
