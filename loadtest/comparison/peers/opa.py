"""OPA's decision, asked as Envoy asks it: one call for each request, the token in the input."""
import json

from contender import Contender, Target


class Opa(Contender):
    name, title = 'opa', 'OPA, decision only'
    work = ('asked over HTTP: signature, exp, nbf, iss, aud checked and the partner rule decided each time; '
            'forwards nothing, so its cost comes on top of a proxy')
    decides = True

    def __init__(self, tools):
        self.program = tools / 'opa'
        self.needs = ((self.program, 'opa (loadtest/compare --install)'),)

    def target(self, port):
        body = {'input': {'attributes': {'request': {'http': {'method': 'GET', 'path': '/', 'host': 'app1.localhost',
                                                              'headers': {'authorization': 'Bearer %s'}}}}}}
        return Target(port, 'POST', '/v1/data/crossgate/allow', json.dumps(body))

    def command(self, stage, folder, port):
        (folder / 'policy.rego').write_text(POLICY)
        partners = {}
        for line in (stage.site / 'policy' / 'partners.jsonl').read_text().splitlines():
            partner = json.loads(line)
            partners[partner.pop('tenantId')] = partner
        (folder / 'data.json').write_text(json.dumps({
            'partners': partners, 'issuer': stage.issuer, 'audience': stage.audience,
            'jwks': stage.key('published.json').read_text()}))
        return [self.program, 'run', '--server', '--addr', f'127.0.0.1:{port}', '--log-level', 'error', '--disable-telemetry',
                folder / 'policy.rego', folder / 'data.json'], {'GOMAXPROCS': '1'}


POLICY = '''package crossgate

default allow := false

token := substring(input.attributes.request.http.headers.authorization, 7, -1)

verified := io.jwt.decode_verify(token, {"cert": data.jwks, "alg": "RS256", "iss": data.issuer, "aud": data.audience})

claims := verified[2] if verified[0]

home := split(claims.idp, "/")[3]

blocked if data.partners[home].b2bCollaborationInbound.usersAndGroups.accessType == "blocked"

allow if {
    claims
    not blocked
}
'''
