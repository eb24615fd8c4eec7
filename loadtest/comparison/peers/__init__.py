"""The peers, a file each."""
from .apache import Apache
from .haproxy import Haproxy
from .nginx import Nginx
from .oauth2_proxy import Oauth2Proxy
from .opa import Opa


def table(tools):
    return [
        Haproxy(verifies=False),
        Haproxy(verifies=True),
        Nginx('none'),
        Nginx('each'),
        Nginx('cache'),
        Apache(),
        Oauth2Proxy(tools),
        Opa(tools),
    ]
