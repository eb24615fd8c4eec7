//! What a visit is answered with.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION, REFERRER_POLICY,
    VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

/// An answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A page.
    Page {
        /// Its status.
        status: StatusCode,
        /// The document.
        html: String,
    },
    /// What a script asked for: JSON.
    Data(String),
    /// The browser is to fetch this path.
    Go(String),
    /// A style or a script, which never changes under its address.
    Asset {
        /// Its type.
        content_type: &'static str,
        /// Its text.
        text: &'static str,
    },
    /// What was wanted takes a sign-in with more than there was: the authentication context of protected actions.
    MoreNeeded,
}

/// The same for a socket.
#[derive(Clone, Debug)]
pub struct HttpReply {
    /// The status.
    pub status: StatusCode,
    /// The headers, without those about length and connection.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A page that was asked for.
    pub(crate) const fn page(html: String) -> Self {
        Self::Page {
            status: StatusCode::OK,
            html,
        }
    }

    /// With status, headers and body.
    #[must_use]
    pub fn into_http(self) -> HttpReply {
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        let (status, body) = match self {
            Self::Page { status, html } => {
                set(CONTENT_TYPE, "text/html; charset=utf-8");
                set(CONTENT_SECURITY_POLICY, POLICY);
                set(VARY, "Accept-Language, Cookie");
                (status, html.into_bytes())
            }
            Self::Data(json) => {
                set(CONTENT_TYPE, "application/json");
                (StatusCode::OK, json.into_bytes())
            }
            Self::Go(location) => {
                set(LOCATION, &location);
                // Whatever the method was, the next is a GET.
                (StatusCode::SEE_OTHER, Vec::new())
            }
            Self::Asset { content_type, text } => {
                set(CONTENT_TYPE, content_type);
                set(CACHE_CONTROL, "public, max-age=31536000, immutable");
                let body = text.as_bytes().to_vec();
                return HttpReply {
                    status: StatusCode::OK,
                    headers,
                    body,
                };
            }
            // Whoever asks by a script can only show the page anew.
            Self::MoreNeeded => (StatusCode::UNAUTHORIZED, Vec::new()),
        };
        set(CACHE_CONTROL, "no-store");
        set(REFERRER_POLICY, "same-origin");
        HttpReply {
            status,
            headers,
            body,
        }
    }
}

/// Nothing is loaded but the console's own style and script, and nothing of a page runs.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
