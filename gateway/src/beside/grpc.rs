//! One call of gRPC with one message each way, as HTTP/2 carries it.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use pingora::Result;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::ServerSession;
use prost::Message;

/// The one method that there is.
const CHECK: &[u8] = b"/envoy.service.auth.v3.Authorization/Check";

/// Whether this is a call of it.
pub(super) fn is_check(request: &RequestHeader) -> bool {
    request.method == Method::POST && request.raw_path() == CHECK
}

/// The one message of a call; `None` where it is no whole one, compressed, or too large.
pub(super) async fn read(session: &mut ServerSession) -> Option<Bytes> {
    let mut read = BytesMut::new();
    while let Some(part) = session.read_request_body().await.ok()? {
        if read.len() + part.len() > MOST {
            return None;
        }
        read.extend_from_slice(&part);
    }
    message_of(read.freeze())
}

fn message_of(mut body: Bytes) -> Option<Bytes> {
    let [compressed, a, b, c, d] = *body.first_chunk::<PREFIX>()?;
    let message = body.split_off(PREFIX);
    let whole = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()? == message.len();
    (compressed == 0 && whole).then_some(message)
}

/// Answers a call.
pub(super) async fn write(session: &mut ServerSession, message: &impl Message) -> Result<()> {
    let mut head = ResponseHeader::build(200, Some(1))?;
    head.insert_header(CONTENT_TYPE, "application/grpc")?;
    session.write_response_header(Box::new(head)).await?;
    let length = message.encoded_len();
    let mut body = BytesMut::with_capacity(PREFIX + length);
    body.put_u8(0);
    body.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    // There is room.
    let _ = message.encode(&mut body);
    session.write_response_body(body.freeze(), false).await?;
    let mut trailers = HeaderMap::with_capacity(1);
    let ok = HeaderValue::from_static("0");
    trailers.insert(HeaderName::from_static("grpc-status"), ok);
    session.write_response_trailers(trailers).await
}

/// Whether it is compressed, and its length.
const PREFIX: usize = 5;

/// Envoy sends heads; of the bodies that it could be told to send too, none is looked at.
const MOST: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_whole_and_plain_or_none() {
        let read = |body: &[u8]| message_of(Bytes::copy_from_slice(body));
        assert_eq!(read(b"\0\0\0\0\x02ab").as_deref(), Some(&b"ab"[..]));
        assert_eq!(read(b"\0\0\0\0\0").as_deref(), Some(&b""[..]));
        for body in [
            &b""[..],
            b"\0\0\0\0",
            b"\0\0\0\0\x02a",
            b"\0\0\0\0\x02abc",
            b"\x01\0\0\0\x02ab",
            b"\0\xff\xff\xff\xffab",
        ] {
            assert_eq!(read(body), None, "{body:?}");
        }
    }
}
