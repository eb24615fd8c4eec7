//! Every answer of our own. The only place where a status of ours is written.
//!
//! What is told is what the caller may know: never which user, group or document decided. That stands in the sign-in
//! event under the same correlation id.

mod beside;
mod challenge;
mod page;
mod scim;
mod set;

pub use beside::{asks_to_sign_in, goes_on, in_two_words};
pub use challenge::{METADATA_PATH, acr_values, sign_in_claims};
pub use page::{
    AsPage, Shown, go, go_to_sign_in, heard, helps, not_heard, page, saml_metadata, why,
};
pub use scim::{ScimTrouble, scim_answer, scim_trouble};
pub use set::{NotTaken, set_not_taken, set_taken};

use bytes::Bytes;
use crossgate_policy::decision::{Outcome, Reason, Refusal, Step};
use crossgate_portal::pages::Why;
use http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, ORIGIN, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

/// An answer that is ready to be sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, without those about length and connection.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Whether a person reads it.
    #[must_use]
    pub fn is_page(&self) -> bool {
        let mut headers = self.headers.iter();
        headers.any(|(name, value)| {
            *name == CONTENT_TYPE && value.as_bytes().starts_with(b"text/html")
        })
    }
}

/// Who is answered.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// What to quote.
    pub correlation_id: String,
    /// When.
    pub at: Timestamp,
    /// `https://host` as the caller named it; `None` where that is not known.
    pub origin: Option<String>,
    /// The path under which the app is found, empty for `/`.
    pub prefix: &'a str,
    /// A person with a browser asks, who is shown a page.
    pub page: Option<AsPage<'a>>,
    /// The token's issuer is Entra, whose clients understand claims challenges.
    pub entra: bool,
}

/// What went wrong where no decision refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// The head is not one clear request. Holds the rule it breaks.
    Malformed(&'static str),
    /// The head is larger than the limit.
    HeadTooLarge,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The method is not passed on for anybody.
    MethodRefused,
    /// What is needed to decide is not there yet. Holds what.
    NotReady(&'static str),
    /// No upstream of the app answers.
    NoUpstream,
    /// The upstream failed.
    BadGateway,
    /// The upstream took too long.
    GatewayTimeout,
    /// The client's request broke off, or broke the protocol.
    ClientFailed,
    /// The client paused for too long within its body.
    ClientTooSlow,
    /// A fault of ours.
    Internal,
}

impl Trouble {
    /// The status it is answered with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed(_) | Self::ClientFailed => 400,
            Self::ClientTooSlow => 408,
            Self::HeadTooLarge => 431,
            Self::BodyTooLarge => 413,
            Self::MethodRefused => 405,
            Self::NotReady(_) | Self::NoUpstream => 503,
            Self::BadGateway => 502,
            Self::GatewayTimeout => 504,
            Self::Internal => 500,
        }
    }

    /// The rule, as events name it.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Malformed(rule) | Self::NotReady(rule) => rule,
            Self::HeadTooLarge => "head_too_large",
            Self::BodyTooLarge => "body_too_large",
            Self::MethodRefused => "method_refused",
            Self::NoUpstream => "no_upstream",
            Self::BadGateway => "bad_gateway",
            Self::GatewayTimeout => "gateway_timeout",
            Self::ClientFailed => "client_failed",
            Self::ClientTooSlow => "client_too_slow",
            Self::Internal => "internal",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::ClientFailed => "The request is malformed",
            Self::HeadTooLarge => "The request's headers are too large",
            Self::BodyTooLarge => "The request's body is too large",
            Self::MethodRefused => "The method is not allowed",
            Self::NotReady(_) => "Access cannot be decided at the moment",
            Self::NoUpstream | Self::BadGateway => "The application does not answer",
            Self::GatewayTimeout => "The application took too long to answer",
            Self::ClientTooSlow => "The request took too long to arrive",
            Self::Internal => "The gateway failed",
        }
    }
}

/// The answer to a refused request.
#[must_use]
pub fn refusal(refusal: &Refusal, asked: &Asked<'_>) -> Answer {
    let status = refusal.reason.status();
    let code = refusal.reason.code();
    // RFC 6750 says what a client may know of its token; the rule it broke stands in the event.
    let told = match refusal.step {
        Some(Step::Token) => None,
        _ => Some(code),
    };
    let title = match refusal.reason.outcome() {
        Outcome::Unauthenticated => "Sign-in is required",
        Outcome::StepUp => "More is needed to sign in",
        Outcome::Redeem => "The invitation has not been redeemed",
        Outcome::Consent => "Consent has not been given",
        Outcome::BadRequest => "The request is malformed",
        Outcome::NotFound => "There is no such application",
        Outcome::Block | Outcome::Allow => "Access is blocked by your organisation or by this one",
    };
    let mut answer = tell(status, title, why(refusal), told, asked);
    for value in challenge::challenges(refusal, asked) {
        answer.add(WWW_AUTHENTICATE, &value);
    }
    if refusal.reason == Reason::RestrictionClaimMissing {
        answer.add(HeaderName::from_static("restrict-access-confirm"), "1");
        answer.add(HeaderName::from_static("x-ms-diagnostics"), DIAGNOSTICS);
    }
    answer
}

/// The reason that the last frame of a WebSocket gives. What a refused request is told, in fewer words.
#[must_use]
pub fn farewell(refusal: &Refusal) -> String {
    match refusal.step {
        Some(Step::Token) => "sign-in has ended".to_owned(),
        _ => format!("AADSTS{}: access has ended", refusal.reason.code()),
    }
}

/// The code of that frame: policy violation (RFC 6455, section 7.4.1).
pub const POLICY_VIOLATION: u16 = 1008;

/// The answer where something other than a decision is in the way.
#[must_use]
pub fn trouble(trouble: Trouble, asked: &Asked<'_>) -> Answer {
    let why = page::why_not_served(trouble);
    let mut answer = tell(trouble.status(), trouble.title(), why, Some(0), asked);
    match trouble {
        Trouble::NotReady(_) | Trouble::NoUpstream => answer.add(RETRY_AFTER, RETRY_SOON),
        Trouble::MethodRefused => answer.add(ALLOW, ALLOWED),
        Trouble::Malformed(_)
        | Trouble::HeadTooLarge
        | Trouble::BodyTooLarge
        | Trouble::BadGateway
        | Trouble::GatewayTimeout
        | Trouble::ClientFailed
        | Trouble::ClientTooSlow
        | Trouble::Internal => {}
    }
    answer
}

/// The metadata of a protected resource (RFC 9728).
#[must_use]
pub fn resource_metadata(asked: &Asked<'_>, authorization_servers: &[Box<str>]) -> Answer {
    let origin = asked.origin.as_deref().unwrap_or_default();
    let document = json!({
        "resource": format!("{origin}{}", asked.prefix),
        "authorization_servers": authorization_servers,
        "bearer_methods_supported": ["header"],
    });
    document_of(document.to_string())
}

/// The key set that assertions are verified with.
#[must_use]
pub fn jwks(document: &str) -> Answer {
    document_of(document.to_owned())
}

/// Our side of the settings between us and a partner, for its gateway.
#[must_use]
pub fn cross_tenant(document: String) -> Answer {
    let mut answer = Answer {
        status: 200,
        headers: Vec::with_capacity(3),
        body: document.into(),
    };
    answer.add(CONTENT_TYPE, "application/jwt");
    answer.add(CACHE_CONTROL, "no-store");
    answer.add(HeaderName::from_static("x-content-type-options"), "nosniff");
    answer
}

/// The answer to a CORS preflight: what was asked for, without credentials.
#[must_use]
pub fn preflight(headers: &HeaderMap) -> Answer {
    let mut answer = Answer {
        status: 204,
        headers: Vec::with_capacity(5),
        body: Bytes::new(),
    };
    let pairs = [
        (ORIGIN, "access-control-allow-origin"),
        (
            HeaderName::from_static(REQUEST_METHOD),
            "access-control-allow-methods",
        ),
        (
            HeaderName::from_static("access-control-request-headers"),
            "access-control-allow-headers",
        ),
    ];
    for (asked, told) in pairs {
        if let Some(value) = headers.get(asked) {
            let told = (HeaderName::from_static(told), value.clone());
            answer.headers.push(told);
        }
    }
    answer.add(
        VARY,
        "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    );
    answer.add(CACHE_CONTROL, "no-store");
    answer
}

/// Whether a request is a CORS preflight (Fetch standard).
#[must_use]
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(REQUEST_METHOD)
}

/// Whether the caller would rather have a page than a document for programs.
#[must_use]
pub fn prefers_html(headers: &HeaderMap) -> bool {
    let mut html = 0.0_f32;
    let mut json = 0.0_f32;
    let values = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    for range in values.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        match kind.as_str() {
            "text/html" | "application/xhtml+xml" => html = html.max(weight),
            "application/json" | "application/problem+json" => json = json.max(weight),
            _ => {}
        }
    }
    html > json
}

impl Answer {
    fn add(&mut self, name: HeaderName, value: &str) {
        // What cannot stand in a header is left out; the status alone is an answer.
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
    }
}

/// What went wrong, for programs (RFC 9457).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    correlation_id: &'a str,
    timestamp: String,
}

fn tell(status: u16, title: &str, why: Why, code: Option<u32>, asked: &Asked<'_>) -> Answer {
    let code = code.map(|code| match code {
        0 => "0".to_owned(),
        code => format!("AADSTS{code}"),
    });
    if let Some(as_page) = asked.page {
        let rendered = page::refused(why, code.as_deref(), asked, as_page);
        return page::with_page(status, &rendered);
    }
    let mut answer = Answer {
        status,
        headers: Vec::with_capacity(6),
        body: Bytes::new(),
    };
    answer.add(CACHE_CONTROL, "no-store");
    answer.add(HeaderName::from_static("x-content-type-options"), "nosniff");
    answer.add(CONTENT_TYPE, "application/problem+json");
    let problem = Problem {
        kind: format!("urn:crossgate:problem:{status}"),
        title,
        status,
        code,
        correlation_id: &asked.correlation_id,
        timestamp: time(asked.at),
    };
    // Only texts and a number: nothing in it can fail to be written.
    answer.body = serde_json::to_vec(&problem).unwrap_or_default().into();
    answer
}

fn document_of(document: String) -> Answer {
    let mut answer = Answer {
        status: 200,
        headers: Vec::with_capacity(3),
        body: document.into(),
    };
    answer.add(CONTENT_TYPE, "application/json");
    answer.add(CACHE_CONTROL, "public, max-age=300");
    answer.add(HeaderName::from_static("x-content-type-options"), "nosniff");
    answer
}

fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

const REQUEST_METHOD: &str = "access-control-request-method";

/// Seconds until another try makes sense: keys and policies are fetched within moments, or not for long.
const RETRY_SOON: &str = "5";

/// `TRACE` echoes credentials, `CONNECT` makes tunnels that nobody decides about; all others are the app's business.
const ALLOWED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// As Entra's own services write it.
const DIAGNOSTICS: &str = "2000020;reason=\"xms_trpid claim was not present but sec-tenant-restriction-access-policy header was in requires\";error_category=\"insufficient_claims\"";

#[cfg(test)]
mod tests;
