//! What the framework costs by itself: a proxy whose hooks do nothing but write what upstreams are told, from values
//! that are there already, in the cheapest way that the framework has.

use async_trait::async_trait;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use pingora::Result;
use pingora::http::RequestHeader;
use pingora::proxy::{ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;

/// Forwards everything, with these changes to its head.
pub struct Bare {
    removed: Vec<HeaderName>,
    written: Vec<(HeaderName, HeaderValue)>,
}

impl Bare {
    /// Makes of one head the other.
    pub fn rewriting(before: &HeaderMap, after: &HeaderMap) -> Self {
        let removed = before.keys().filter(|name| !after.contains_key(*name));
        let written = after
            .iter()
            .filter(|(name, value)| before.get(*name) != Some(*value));
        Self {
            removed: removed.cloned().collect(),
            written: written
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        }
    }
}

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn request_filter(&self, _: &mut Session, (): &mut ()) -> Result<bool> {
        Ok(false)
    }

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> Result<Box<HttpPeer>> {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
        Ok(Box::new(HttpPeer::new(address, false, String::new())))
    }

    async fn upstream_request_filter(
        &self,
        _: &mut Session,
        request: &mut RequestHeader,
        (): &mut (),
    ) -> Result<()> {
        let nothing = http::Request::new(()).into_parts().0;
        let mut parts: Parts = std::mem::replace(request, nothing.into()).into();
        for name in &self.removed {
            parts.headers.remove(name);
        }
        parts.headers.reserve(self.written.len());
        for (name, value) in &self.written {
            parts.headers.insert(name, value.clone());
        }
        *request = parts.into();
        Ok(())
    }
}
