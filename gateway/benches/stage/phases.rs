//! One request through the hooks of a proxy, in the order in which the framework calls them.

use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::{ProxyHttp, Session};

use super::wire::now;

/// Sees each phase, and must run it once.
pub trait Watch {
    fn phase<T>(&mut self, name: &'static str, run: impl FnOnce() -> T) -> T;
}

/// Lets phases run.
pub struct Unwatched;

impl Watch for Unwatched {
    fn phase<T>(&mut self, _: &'static str, run: impl FnOnce() -> T) -> T {
        run()
    }
}

/// What the app answers.
pub fn response() -> ResponseHeader {
    let mut response = ResponseHeader::build(200, None).unwrap();
    for (name, value) in [
        ("Server", "payroll"),
        ("Date", "Fri, 20 Nov 2026 12:00:00 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Length", "1024"),
        ("Connection", "keep-alive"),
    ] {
        response.append_header(name, value).unwrap();
    }
    response
}

/// Serves the request that this session has read. Answers with the head that upstreams get; none where the proxy answered
/// itself.
///
/// What the framework does between the hooks is done outside of what is watched.
pub fn serve<P: ProxyHttp + Sync>(
    proxy: &P,
    session: &mut Session,
    mut response: ResponseHeader,
    watch: &mut impl Watch,
) -> Option<RequestHeader>
where
    P::CTX: Send + Sync,
{
    let mut ctx = watch.phase("new_ctx", || proxy.new_ctx());
    let answered = watch.phase("request_filter", || {
        now(proxy.early_request_filter(session, &mut ctx)).unwrap();
        now(proxy.request_filter(session, &mut ctx)).unwrap()
    });
    let mut head = None;
    if !answered {
        let peer = watch.phase("upstream_peer", || {
            assert!(now(proxy.proxy_upstream_filter(session, &mut ctx)).unwrap());
            now(proxy.upstream_peer(session, &mut ctx)).unwrap()
        });
        let mut request = session.req_header().clone();
        watch.phase("upstream_request_filter", || {
            now(proxy.upstream_request_filter(session, &mut request, &mut ctx)).unwrap();
        });
        watch.phase("request_body_filter", || {
            now(proxy.request_body_filter(session, &mut None, true, &mut ctx)).unwrap();
        });
        watch.phase("response", || {
            now(proxy.upstream_response_filter(session, &mut response, &mut ctx)).unwrap();
            now(proxy.response_filter(session, &mut response, &mut ctx)).unwrap();
        });
        drop(peer);
        head = Some(request);
    }
    watch.phase("logging", || now(proxy.logging(session, None, &mut ctx)));
    watch.phase("drop", || drop(ctx));
    head
}
