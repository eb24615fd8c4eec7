//! `[limits]`: how much and how long one connection may take.

use std::time::Duration;

use crate::reader::Section;
use crate::units::{positive_duration, positive_size, size_or_zero};

/// What a connection may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of a request's line and headers together.
    pub max_request_head: u64,
    /// Bytes of a request's body.
    pub max_request_body: BodyLimit,
    /// Client connections open at a time.
    pub max_connections: usize,
    /// From the first byte of a request to the end of its headers.
    pub request_head_timeout: Duration,
    /// A kept-open client connection without a request is closed after this long.
    pub idle_timeout: Duration,
    /// To reach an upstream, TLS included.
    pub upstream_connect_timeout: Duration,
    /// Between two reads from an upstream.
    pub upstream_read_timeout: Duration,
    /// Between two writes to an upstream.
    pub upstream_write_timeout: Duration,
}

/// How large a request's body may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyLimit {
    /// Any size; written `"0"`.
    Unlimited,
    /// This many bytes.
    Bytes(u64),
}

impl Limits {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let max_request_body = match size_or_zero(section, "max_request_body", DEFAULT_BODY) {
            0 => BodyLimit::Unlimited,
            bytes => BodyLimit::Bytes(bytes),
        };
        Self {
            max_request_head: positive_size(section, "max_request_head", DEFAULT_HEAD),
            max_request_body,
            max_connections: section.positive_number("max_connections", DEFAULT_CONNECTIONS),
            request_head_timeout: positive_duration(
                section,
                "request_head_timeout",
                DEFAULT_HEAD_TIMEOUT,
            ),
            idle_timeout: positive_duration(section, "idle_timeout", DEFAULT_IDLE_TIMEOUT),
            upstream_connect_timeout: positive_duration(
                section,
                "upstream_connect_timeout",
                DEFAULT_CONNECT_TIMEOUT,
            ),
            upstream_read_timeout: positive_duration(
                section,
                "upstream_read_timeout",
                DEFAULT_UPSTREAM_TIMEOUT,
            ),
            upstream_write_timeout: positive_duration(
                section,
                "upstream_write_timeout",
                DEFAULT_UPSTREAM_TIMEOUT,
            ),
        }
    }
}

/// Four times the largest token (16 KiB): room for cookies beside it.
const DEFAULT_HEAD: u64 = 64 << 10;

/// No limit: how large an upload may be is the app's to say.
const DEFAULT_BODY: u64 = 0;

/// Below the file descriptors a service manager usually grants, upstream connections included.
const DEFAULT_CONNECTIONS: usize = 16_384;

/// Headers fit into a few packets; whoever needs longer holds connections open on purpose.
const DEFAULT_HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Longer than the 60 s of common load balancers, so that they close first and never send into a closed connection.
const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// Upstreams are near; one that does not answer by then is down, and another may be tried.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What reverse proxies commonly grant an app before it counts as stuck.
const DEFAULT_UPSTREAM_TIMEOUT: Duration = Duration::from_secs(60);
