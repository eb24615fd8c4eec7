//! What whoever pushes a security event token is told (RFC 8935, sections 2.2 to 2.4).

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use serde_json::json;

use super::Answer;

/// Why a token is not taken, as far as HTTP knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotTaken {
    /// The token, or what it came in, breaks a rule; the same again will too.
    Wrong,
    /// Nobody pushes there.
    NotFound,
    /// Not by POST.
    Method,
    /// The sender did not show who it is.
    Sender,
    /// More than any token has.
    TooLarge,
    /// Not now; the same again may be.
    Later,
}

/// It was taken.
#[must_use]
pub fn set_taken() -> Answer {
    let mut answer = Answer {
        status: 202,
        headers: Vec::with_capacity(1),
        body: Bytes::new(),
    };
    answer.add(CACHE_CONTROL, "no-store");
    answer
}

/// It was not, with `err` and words for whoever looks after the sender.
#[must_use]
pub fn set_not_taken(why: NotTaken, err: &str, description: &str) -> Answer {
    let (status, more) = match why {
        NotTaken::Wrong => (400, None),
        NotTaken::NotFound => (404, None),
        NotTaken::Method => (405, Some((ALLOW, "POST"))),
        // RFC 9110, section 11.6.1: it names a way, whatever it is that was agreed.
        NotTaken::Sender => (401, Some((WWW_AUTHENTICATE, "Bearer realm=\"signals\""))),
        NotTaken::TooLarge => (413, None),
        NotTaken::Later => (503, Some((RETRY_AFTER, super::RETRY_SOON))),
    };
    let mut answer = Answer {
        status,
        headers: Vec::with_capacity(4),
        body: json!({ "err": err, "description": description })
            .to_string()
            .into(),
    };
    answer.add(CACHE_CONTROL, "no-store");
    answer.add(CONTENT_TYPE, "application/json");
    answer.add(CONTENT_LANGUAGE, "en");
    if let Some((name, value)) = more {
        answer.add(name, value);
    }
    answer
}
