//! What comes to one of our own paths, and what goes back.

use std::net::IpAddr;
use std::sync::Arc;

use crossgate_config::FederationProtocol;
use crossgate_policy::Decision;
use crossgate_policy::decision::TokenRefusal;
use crossgate_portal::pages::{Language, Page, Pages, Rendered, Why};
use http::header::ACCEPT_LANGUAGE;
use http::{HeaderMap, Method};
use jiff::Timestamp;

use super::welcome::tampered;
use super::{PeopleSettings, PersonSession};
use crate::live::{Held, Live};
use crate::request::respond::{self, Answer, Shown};
use crate::request::route::App;

/// A request to one of our own paths, or one that cannot go on without a sign-in.
pub struct Call<'a> {
    /// What is in force for it.
    pub in_force: &'a Held,
    /// Where newer keys are asked for.
    pub live: &'a Live,
    /// Where people sign in.
    pub settings: &'a Arc<PeopleSettings>,
    /// The caller's address.
    pub client_ip: Option<IpAddr>,
    /// What people are shown.
    pub pages: &'a Arc<Pages>,
    /// The app that was called, or to which our paths at this host belong.
    pub app: &'a App,
    /// The method.
    pub method: Method,
    /// The path with its query, as an app would get it.
    pub target: String,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The fields of a form that came; empty where none did.
    pub form: Vec<(String, String)>,
    /// The host in its one form.
    pub host: &'a str,
    /// `https://host`, as the browser knows us.
    pub origin: String,
    /// The time.
    pub at: Timestamp,
    /// What the person may quote.
    pub correlation_id: String,
    /// Who is signed in.
    pub session: Option<Arc<PersonSession>>,
    /// It came to the console, and not to an app's host.
    pub of_console: bool,
}

/// What goes back.
pub struct Reply {
    /// To the browser.
    pub answer: Answer,
    /// To the record.
    pub told: Told,
}

/// What the record of a call says besides its status.
pub enum Told {
    /// Nothing more: what was decided stays.
    Nothing,
    /// What an app's request would be answered with.
    Decided(Decision),
    /// What a person wants is refused.
    Refused(TokenRefusal),
    /// Nobody can be given what was wanted, for now.
    NotReady {
        /// Why.
        reason: &'static str,
        /// The provider at which somebody wanted to sign in.
        provider: Option<Arc<str>>,
    },
    /// Somebody signed in.
    SignedIn(Arc<PersonSession>),
}

impl Reply {
    /// An answer, and nothing for the record.
    #[must_use]
    pub const fn of(answer: Answer) -> Self {
        Self {
            answer,
            told: Told::Nothing,
        }
    }

    /// The answer to a form that no page of ours had this browser send: nothing was done by it.
    #[must_use]
    pub(super) fn to_another_site(answer: Answer) -> Self {
        Self {
            answer,
            told: tampered("form_of_another_site").told(),
        }
    }
}

impl Call<'_> {
    /// The time in seconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        u64::try_from(self.at.as_second()).unwrap_or_default()
    }

    /// The fields of the query.
    #[must_use]
    pub fn query(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        super::forms::fields(query.as_bytes())
    }

    /// A page in the person's language.
    #[must_use]
    pub fn render(&self, page: &Page<'_>) -> Rendered {
        let rendered = self.pages.render(page, &self.language());
        if let Some(fault) = &rendered.fault {
            tracing::warn!("[portal] pages: {fault}");
        }
        rendered
    }

    /// There is no such page.
    pub(super) fn nowhere(&self) -> Answer {
        let page = Page::Refused {
            why: Why::NotFound,
            code: None,
            correlation_id: &self.correlation_id,
            at: &self.at.to_string(),
            who: None,
            actions: &[],
        };
        respond::page(Shown::NotThere, &self.render(&page))
    }

    pub(super) fn language(&self) -> Language {
        let wanted = self.headers.get(ACCEPT_LANGUAGE);
        self.pages
            .negotiate(wanted.and_then(|wanted| wanted.to_str().ok()))
    }

    /// Where the provider has browsers bring assertions to; what we are called there.
    #[must_use]
    pub fn federation_uri(&self, protocol: FederationProtocol, provider: &str) -> String {
        let name = match protocol {
            FederationProtocol::Saml => "saml",
            FederationProtocol::WsFed => "ws-fed",
        };
        format!("{}/.crossgate/{name}/{provider}", self.origin)
    }

    /// Where the provider sends browsers back to.
    #[must_use]
    pub fn redirect_uri(&self, provider: &str) -> String {
        format!("{}/.crossgate/callback/{provider}", self.origin)
    }
}

/// A time as pages show it.
pub(super) fn told_time(seconds: u64) -> String {
    let at = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.unwrap_or_default().to_string()
}
