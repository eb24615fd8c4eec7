//! What the framework costs by itself: a proxy whose hooks do nothing but write what upstreams are told, from values
//! that are there already.

use async_trait::async_trait;
use bytes::Bytes;
use pingora::Result;
use pingora::http::RequestHeader;
use pingora::proxy::{ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;

use http::{HeaderName, HeaderValue};

/// Forwards everything, with these changes to its head.
pub struct Bare {
    removed: Vec<HeaderName>,
    written: Vec<(Bytes, HeaderValue)>,
}

impl Bare {
    /// Makes of one head the other.
    pub fn rewriting(before: &RequestHeader, after: &RequestHeader) -> Self {
        let removed = before.headers.keys();
        let removed = removed.filter(|name| !after.headers.contains_key(*name));
        let written = after.case_header_iter().filter(|(name, value)| {
            let name = std::str::from_utf8(name.as_slice()).unwrap();
            before.headers.get(name) != Some(*value)
        });
        Self {
            removed: removed.cloned().collect(),
            written: written
                .map(|(name, value)| {
                    let name = Bytes::copy_from_slice(name.as_slice());
                    // Bytes become shared, so that a later copy asks for no memory, when they are copied first.
                    drop(name.clone());
                    (name, value.clone())
                })
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
        for name in &self.removed {
            request.remove_header(name);
        }
        for (name, value) in &self.written {
            request.insert_header(name.clone(), value.clone())?;
        }
        Ok(())
    }
}
