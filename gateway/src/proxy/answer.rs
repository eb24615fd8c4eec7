//! Answers of our own on their way to the client.

use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode, Version};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;
use pingora::{Error, ErrorSource, ErrorType, Result};

use super::door::under_way;
use crate::ctx::RequestCtx;
use crate::request::forwarded::Client;
use crate::request::respond::{self, Answer, AsPage, Asked, Trouble};

/// Whether this head is the answer, rather than news before it.
pub(super) fn is_final(response: &ResponseHeader) -> bool {
    !response.status.is_informational() || response.status == StatusCode::SWITCHING_PROTOCOLS
}

/// Whether what follows this head goes on for as long as both sides like.
pub(super) fn streams(response: &ResponseHeader) -> bool {
    is_of(&response.headers, &[EVENTS, GRPC])
}

/// Whether a request is a call of gRPC, which there is over HTTP/2 only.
pub(super) fn is_grpc(request: &RequestHeader) -> bool {
    request.version == Version::HTTP_2 && is_of(&request.headers, &[GRPC])
}

fn is_of(headers: &HeaderMap, kinds: &[&[u8]]) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        let begins = |kind: &[u8]| {
            let start = value.as_bytes().get(..kind.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(kind))
        };
        kinds.iter().any(|kind| begins(kind))
    })
}

const EVENTS: &[u8] = b"text/event-stream";
const GRPC: &[u8] = b"application/grpc";

/// Whether the head of an answer has gone out.
pub(super) fn was_written(session: &Session) -> bool {
    session.response_written().is_some_and(is_final)
}

/// What to answer where the framework failed; nothing where the client is gone.
pub(super) fn trouble_of(error: &Error) -> Option<Trouble> {
    let timed_out = matches!(
        error.etype(),
        ErrorType::ConnectTimedout
            | ErrorType::TLSHandshakeTimedout
            | ErrorType::ReadTimedout
            | ErrorType::WriteTimedout
    );
    let client_gone = matches!(
        error.etype(),
        ErrorType::WriteError
            | ErrorType::WriteTimedout
            | ErrorType::ReadError
            | ErrorType::ConnectionClosed
    );
    match error.esource() {
        ErrorSource::Upstream if timed_out => Some(Trouble::GatewayTimeout),
        ErrorSource::Upstream => Some(Trouble::BadGateway),
        ErrorSource::Downstream if *error.etype() == ErrorType::ReadTimedout => {
            Some(Trouble::ClientTooSlow)
        }
        ErrorSource::Downstream => (!client_gone).then_some(Trouble::ClientFailed),
        ErrorSource::Internal | ErrorSource::Unset => Some(Trouble::Internal),
    }
}

/// Who is answered.
pub(super) fn asked<'a>(request: &'a RequestHeader, ctx: &'a RequestCtx) -> Asked<'a> {
    let headers = &request.headers;
    let languages = headers.get(ACCEPT_LANGUAGE);
    Asked {
        page: (!ctx.without_pages && respond::prefers_html(headers)).then(|| AsPage {
            pages: &ctx.in_force.pages,
            languages: languages.and_then(|languages| languages.to_str().ok()),
            signs_in: ctx.app().is_some_and(|app| app.sign_in),
        }),
        ..asked_by_a_program(ctx)
    }
}

/// The same, where nobody reads pages.
pub(super) fn asked_by_a_program(ctx: &RequestCtx) -> Asked<'_> {
    Asked {
        correlation_id: ctx.correlation_id.to_string(),
        at: ctx.arrived,
        origin: ctx.client.as_ref().and_then(Client::origin),
        prefix: ctx.mount().map_or("", |mount| &mount.prefix),
        page: None,
        entra: ctx.token.as_ref().is_none_or(|token| token.facts.entra),
    }
}

/// Writes an answer to a request that has failed, after which the connection carries no other.
pub(super) async fn last(session: &mut Session, answer: Answer) {
    under_way::answered();
    session.set_keepalive(None);
    if let Err(error) = Box::pin(write(session, answer)).await {
        tracing::debug!(%error, "client left before its answer");
    }
}

/// An answer as it goes over HTTP/1.1, on a connection that carries no other.
pub(super) fn written(answer: Answer) -> Vec<u8> {
    let Answer {
        status,
        headers,
        body,
    } = answer;
    let reason = StatusCode::from_u16(status).ok();
    let reason = reason.and_then(|status| status.canonical_reason());
    let mut written = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or_default()).into_bytes();
    for (name, value) in &headers {
        written.extend(name.as_str().as_bytes());
        written.extend(b": ");
        written.extend(value.as_bytes());
        written.extend(b"\r\n");
    }
    let length = body.len();
    written.extend(format!("content-length: {length}\r\nconnection: close\r\n\r\n").as_bytes());
    written.extend(body);
    written
}

pub(super) async fn write(session: &mut Session, answer: Answer) -> Result<()> {
    let mut response = ResponseHeader::build(answer.status, Some(answer.headers.len() + 2))?;
    for (name, value) in answer.headers {
        response.append_header(name, value)?;
    }
    let head_only = session.req_header().method == Method::HEAD;
    // 204 has no body, and must not say how long it is (RFC 9110, section 8.6).
    if answer.status != NO_CONTENT {
        response.set_content_length(answer.body.len())?;
    }
    // What the client still sends will not be read; a connection with unread bytes is no place for a next request.
    if !session.as_downstream_mut().is_body_done() {
        session.set_keepalive(None);
    }
    let empty = head_only || answer.body.is_empty();
    session
        .write_response_header(Box::new(response), empty)
        .await?;
    if !empty {
        session.write_response_body(Some(answer.body), true).await?;
    }
    Ok(())
}

const NO_CONTENT: u16 = 204;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_client_is_told_so_and_one_that_left_nothing() {
        for (kind, trouble) in [
            (ErrorType::ReadTimedout, Some(Trouble::ClientTooSlow)),
            (ErrorType::InvalidHTTPHeader, Some(Trouble::ClientFailed)),
            (ErrorType::WriteTimedout, None),
            (ErrorType::ConnectionClosed, None),
        ] {
            let error = Error::new_down(kind);
            assert_eq!(trouble_of(&error), trouble, "{error}");
        }
        let error = Error::new_up(ErrorType::ReadTimedout);
        assert_eq!(trouble_of(&error), Some(Trouble::GatewayTimeout));
    }

    #[test]
    fn an_answer_is_written_as_http_has_it() {
        let answer = Answer {
            status: 401,
            headers: vec![(CONTENT_TYPE, "text/plain".parse().unwrap())],
            body: "no".into(),
        };
        let expected = "HTTP/1.1 401 Unauthorized\r\ncontent-type: text/plain\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno";
        assert_eq!(String::from_utf8(written(answer)).unwrap(), expected);
    }

    #[test]
    fn event_streams_and_grpc_go_on_whatever_stands_behind_their_names() {
        for (kind, goes_on) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("application/grpc+proto", true),
            ("text/html", false),
            ("", false),
        ] {
            let mut response = ResponseHeader::build(200, None).unwrap();
            response.append_header(CONTENT_TYPE, kind).unwrap();
            assert_eq!(streams(&response), goes_on, "{kind}");
        }
    }

    #[test]
    fn news_before_an_answer_is_no_answer() {
        for (status, answer) in [
            (100, false),
            (103, false),
            (101, true),
            (200, true),
            (502, true),
        ] {
            let response = ResponseHeader::build(status, None).unwrap();
            assert_eq!(is_final(&response), answer, "{status}");
        }
    }
}
