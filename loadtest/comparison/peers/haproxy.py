"""HAProxy, with and without jwt_verify."""
from contender import Contender


class Haproxy(Contender):
    needs = (('haproxy', 'haproxy'),)

    def __init__(self, verifies):
        self.checks = verifies
        self.name = 'haproxy-jwt' if verifies else 'haproxy'
        self.title = 'HAProxy, jwt_verify' if verifies else 'HAProxy, no check'
        self.work = 'signature, exp, nbf, iss and aud checked each time, key parsed once' if verifies else 'forwarded, nothing checked'

    def command(self, stage, folder, port):
        rules = RULES.format(key=stage.key('first.pem'), issuer=stage.issuer, audience=stage.audience) if self.checks else ''
        (folder / 'haproxy.cfg').write_text(CONFIGURATION.format(port=port, rules=rules, upstream=stage.upstream))
        return ['haproxy', '-db', '-f', folder / 'haproxy.cfg'], {}


CONFIGURATION = '''global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 60s
  timeout http-keep-alive 600s
frontend front
  bind 127.0.0.1:{port}
{rules}  default_backend back
backend back
  http-reuse always
  server one {upstream}
'''

RULES = '''  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
  http-request set-var(txn.iss) var(txn.token),jwt_payload_query('$.iss')
  http-request set-var(txn.aud) var(txn.token),jwt_payload_query('$.aud')
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
  http-request set-var(txn.nbf) var(txn.token),jwt_payload_query('$.nbf','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless {{ var(txn.alg) -m str RS256 }}
  http-request deny deny_status 401 unless {{ var(txn.iss) -m str {issuer} }}
  http-request deny deny_status 401 unless {{ var(txn.aud) -m str {audience} }}
  http-request deny deny_status 401 unless {{ var(txn.exp),sub(txn.now) -m int gt 0 }}
  http-request deny deny_status 401 unless {{ var(txn.nbf),sub(txn.now) -m int le 0 }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_verify(txn.alg,"{key}") -m int 1 }}
'''
