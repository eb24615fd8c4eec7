"""oauth2-proxy, which takes bearer tokens of its provider."""
from contender import Contender


class Oauth2Proxy(Contender):
    name, title = 'oauth2-proxy', 'oauth2-proxy'
    work = 'signature, exp, iss and aud checked each time, a session made of the claims'

    def __init__(self, tools):
        self.program = tools / 'oauth2-proxy'
        self.needs = ((self.program, 'oauth2-proxy (loadtest/compare --install)'),)

    def command(self, stage, folder, port):
        return [
            self.program, f'--http-address=127.0.0.1:{port}', f'--upstream=http://{stage.upstream}/', '--provider=oidc',
            f'--oidc-issuer-url={stage.issuer}', '--skip-oidc-discovery=true', f'--oidc-jwks-url=http://{stage.upstream}/keys',
            f'--login-url=http://{stage.upstream}/login', f'--redeem-url=http://{stage.upstream}/redeem',
            f'--client-id={stage.audience}', '--client-secret=not-used', '--cookie-secret=0123456789abcdef', '--email-domain=*',
            '--skip-jwt-bearer-tokens=true', '--insecure-oidc-allow-unverified-email=true', '--api-route=.*',
            '--request-logging=false', '--auth-logging=false', '--standard-logging=false',
        ], {'GOMAXPROCS': '1'}
