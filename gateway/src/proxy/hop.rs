//! What an upstream says to its own connection only (RFC 9110, section 7.6.1).

use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, StatusCode};
use pingora::Result;
use pingora::http::ResponseHeader;

use crate::request::names;

/// Removes it. The framework says what holds for the client's connection, and needs the framing to do so.
pub(super) fn strip(response: &mut ResponseHeader) -> Result<()> {
    // A handshake is made of such headers.
    if response.status == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(());
    }
    let (mut connection, mut others) = (false, false);
    for name in response.headers.keys() {
        if *name == CONNECTION {
            connection = true;
        } else {
            others |= concerns_a_connection(name);
        }
    }
    if connection {
        for name in named(&response.headers) {
            response.remove_header(&name);
        }
        response.remove_header(&CONNECTION);
    }
    if !others {
        return Ok(());
    }
    for name in [&names::KEEP_ALIVE, &names::PROXY_CONNECTION, &TE] {
        response.remove_header(name);
    }
    // 426 must name what to upgrade to, and that is for the client.
    if response.status != StatusCode::UPGRADE_REQUIRED {
        response.remove_header(&UPGRADE);
    }
    Ok(())
}

/// The headers that the upstream says are for its connection, but for those that the framework needs or that have their own rule.
fn named(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(CONNECTION).iter();
    values
        // What almost every server says, and what names no header that stays.
        .filter(|value| !(**value == "keep-alive" || **value == "close"))
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .filter(|name| *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING && *name != UPGRADE)
        .collect()
}

fn concerns_a_connection(name: &HeaderName) -> bool {
    *name == UPGRADE
        || *name == TE
        || *name == names::KEEP_ALIVE
        || *name == names::PROXY_CONNECTION
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(status: u16, headers: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut response = ResponseHeader::build(status, None).unwrap();
        for (name, value) in headers {
            response.append_header(*name, *value).unwrap();
        }
        strip(&mut response).unwrap();
        response.headers.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn what_concerns_the_upstreams_connection_stays_there() {
        let headers = [
            ("connection", "keep-alive, X-Hop, content-length"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("x-hop", "1"),
            ("upgrade", "h2c"),
            ("content-length", "3"),
            ("x-kept", "1"),
        ];
        assert_eq!(left(200, &headers), ["content-length", "x-kept"]);
        for alone in ["keep-alive", "proxy-connection", "te", "upgrade"] {
            assert_eq!(left(200, &[(alone, "x")]), [""; 0], "{alone}");
        }
        let handshake = [("connection", "upgrade"), ("upgrade", "websocket")];
        assert_eq!(left(101, &handshake), ["connection", "upgrade"]);
        assert_eq!(left(426, &handshake), ["upgrade"]);
    }
}
