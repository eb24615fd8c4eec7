//! What whoever synchronises users is told (RFC 7644, sections 3.1 and 3.12).

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::Answer;

/// Why a call is not looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ScimTrouble {
    /// Nobody pushes there.
    NotFound,
    /// Not over HTTPS.
    NotSecure,
    /// Not with the token that was agreed.
    Sender,
    /// The body is not JSON.
    MediaType,
    /// More than any call has.
    TooLarge,
    /// The body did not come, or not in time.
    BodyBroken,
    /// Too many at a time.
    Busy,
    /// The token cannot be read, or a fault of ours.
    Unable,
}

impl ScimTrouble {
    /// `result` of the metric, and `reason` of the event and of the audit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "unknown_partner",
            Self::NotSecure => "not_over_https",
            Self::Sender => "wrong_token",
            Self::MediaType => "wrong_content_type",
            Self::TooLarge => "body_too_large",
            Self::BodyBroken => "body_broken",
            Self::Busy => "too_many_calls",
            Self::Unable => "unable",
        }
    }

    /// For whoever looks after the caller.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::NotFound => "no partner synchronizes here",
            Self::NotSecure => "users are synchronized over HTTPS",
            Self::Sender => "the bearer token is not the one that was agreed",
            Self::MediaType => "expected Content-Type: application/scim+json",
            Self::TooLarge => "the body has more than 1 MiB",
            Self::BodyBroken => "the body did not come, or not in time",
            Self::Busy => "too many calls at a time",
            Self::Unable => "the call cannot be answered at the moment",
        }
    }

    const fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::NotSecure | Self::BodyBroken => 400,
            Self::Sender => 401,
            Self::MediaType => 415,
            Self::TooLarge => 413,
            Self::Busy => 429,
            Self::Unable => 503,
        }
    }
}

/// A call is not looked at.
#[must_use]
pub fn scim_trouble(trouble: ScimTrouble) -> Answer {
    let status = trouble.status();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.to_string(),
        "detail": trouble.told(),
    });
    let mut answer = scim_answer(status, None, None, Some(&body));
    match trouble {
        ScimTrouble::Sender => answer.add(WWW_AUTHENTICATE, "Bearer realm=\"synchronization\""),
        ScimTrouble::Busy | ScimTrouble::Unable => answer.add(RETRY_AFTER, super::RETRY_SOON),
        ScimTrouble::NotFound
        | ScimTrouble::NotSecure
        | ScimTrouble::MediaType
        | ScimTrouble::TooLarge
        | ScimTrouble::BodyBroken => {}
    }
    answer
}

/// A call was answered.
#[must_use]
pub fn scim_answer(
    status: u16,
    version: Option<String>,
    location: Option<String>,
    body: Option<&Value>,
) -> Answer {
    let mut answer = Answer {
        status,
        headers: Vec::with_capacity(4),
        body: body.map_or_else(Bytes::new, |body| body.to_string().into()),
    };
    answer.add(CACHE_CONTROL, "no-store");
    if body.is_some() {
        answer.add(CONTENT_TYPE, "application/scim+json");
    }
    let told: [(HeaderName, Option<String>); 2] = [(ETAG, version), (LOCATION, location)];
    for (name, value) in told {
        let value = value.and_then(|value| HeaderValue::try_from(value).ok());
        answer.headers.extend(value.map(|value| (name, value)));
    }
    answer
}
