"""Before anything is measured: does a contender do what it is said to do?"""
import http.client
import json
import ssl

from processes import Failed

REFUSED = (401, 403)


def check(running, stage):
    """Good tokens must pass, each kind of bad one must be refused, and so must no token at all."""
    contender = running.contender
    for number, token in enumerate(stage.some('good', 3)):
        _expect(running, stage, token, True, f'good token {number + 1}')
    for number, token in enumerate(stage.some('bad', 4)):
        _expect(running, stage, token, not contender.checks, f'bad token {number + 1}')
    _expect(running, stage, None, not contender.checks, 'no token')


def _expect(running, stage, token, passes, what):
    status, body = _ask(running, stage, token)
    title = running.contender.title
    if running.contender.decides:
        if (status, json.loads(body).get('result')) != (200, passes):
            raise Failed(f'{title}: {what} is answered {status} {body[:200]!r}, not 200 {passes}')
        return
    good = status == 200 and len(body) == 1024
    if passes and not good:
        raise Failed(f'{title}: {what} is answered {status} with {len(body)} bytes, not 200 with 1024')
    if not passes and status not in REFUSED:
        raise Failed(f'{title}: {what} is answered {status}, not 401 or 403')


def _ask(running, stage, token):
    target = running.target
    if running.contender.tls:
        context = ssl.create_default_context(cafile=str(stage.site / 'tls' / 'cert.pem'))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        connection = http.client.HTTPSConnection('127.0.0.1', target.port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection('127.0.0.1', target.port, timeout=10)
    headers = {'Host': stage.host}
    body = None
    if target.body:
        headers['Content-Type'] = 'application/json'
        body = target.body.replace('%s', token or '')
    elif token:
        headers['Authorization'] = f'Bearer {token}'
    try:
        connection.request(target.method, target.path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
