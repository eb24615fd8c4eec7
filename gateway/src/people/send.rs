//! Sending a browser to a provider.

use crossgate_config::{FacebookClient, Federation, FederationProtocol};
use crossgate_portal::attempt::{self, Attempt};
use crossgate_portal::oidc::{self, Endpoints, Registration, Wanted};
use crossgate_portal::pages::Page;
use crossgate_portal::return_path::ReturnPath;
use crossgate_portal::seal::NoRandom;
use crossgate_portal::{cookies, facebook, saml, wsfed};
use http::Method;
use url::Url;

use super::call::{Call, Reply};
use super::provider::{Kind, Oidc, Provider};
use super::sign_in::unable;
use super::{People, place};
use crate::request::respond::{self, Answer, Shown};

/// What a browser is sent with.
pub(super) struct Sent {
    pub(super) return_to: ReturnPath,
    pub(super) asked: Vec<String>,
    pub(super) kept: Option<String>,
    pub(super) wanted: Wanted,
}

impl Sent {
    /// What a person wants who asked for no more than to sign in.
    pub(super) fn to(return_to: &str) -> Self {
        // A form that was kept is returned to by its id.
        let kept = match place::place(return_to) {
            Some(place::Place::Resume(id)) => Some(id),
            Some(_) | None => None,
        };
        Self {
            return_to: ReturnPath::read(return_to),
            asked: Vec::new(),
            kept,
            wanted: Wanted::default(),
        }
    }

    /// Where the person goes afterwards; a form is found again by the page that is shown then.
    pub(super) fn back(&self) -> String {
        let resumed = self.kept.as_deref().map(place::resume);
        resumed.unwrap_or_else(|| self.return_to.as_str().to_owned())
    }
}

impl People {
    /// Sends the browser to a provider.
    pub(super) async fn send(&self, call: &Call<'_>, provider: &Provider, sent: Sent) -> Reply {
        if let Kind::Passcode = provider.kind {
            // Where to it is mailed is not known yet.
            return Reply::of(self.choose(call, &sent.back(), None, None));
        }
        let wanted = sent.wanted.clone();
        let Ok(attempt) = self.attempt(call, provider, sent, None) else {
            return unable(call, Some(provider), "no_random_numbers");
        };
        let url = match &provider.kind {
            Kind::Oidc(oidc) => self.authorization(call, oidc, &attempt, &wanted).await,
            Kind::Facebook(client) => authorization_at_facebook(call, client, &attempt, &wanted),
            Kind::Federation(federation) => passive_request(call, federation, &attempt, &wanted),
            Kind::Passcode => None,
        };
        let Some(url) = url else {
            return unable(call, Some(provider), "provider_unreachable");
        };
        let mut answer = if call.method == Method::POST {
            respond::go(url.as_str())
        } else {
            respond::go_to_sign_in(url.as_str())
        };
        if !self.set_attempt(call, provider, &attempt, &mut answer) {
            return unable(call, Some(provider), "no_random_numbers");
        }
        // The console's pages let their forms lead nowhere else.
        Reply::of(if call.of_console && call.method == Method::POST {
            onward(call, provider, answer)
        } else {
            answer
        })
    }

    /// A sign-in that begins.
    pub(super) fn attempt(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        sent: Sent,
        address: Option<String>,
    ) -> Result<Attempt, NoRandom> {
        Attempt::begin(attempt::Begin {
            provider: provider.name.clone(),
            host: call.host.to_owned(),
            return_to: sent.return_to,
            now: call.now(),
            asked: sent.asked,
            again: sent.wanted.again,
            kept: sent.kept,
            address,
            before: call.session.as_ref().map(|session| session.id.to_bytes()),
        })
    }

    /// Gives the browser what it comes back with; whether that could be done.
    #[must_use]
    pub(super) fn set_attempt(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        attempt: &Attempt,
        answer: &mut Answer,
    ) -> bool {
        let (Ok(sealed), Some(cookie)) =
            (attempt.seal(&self.sealer), Attempt::cookie(&attempt.state))
        else {
            return false;
        };
        let age = Some(attempt.longest());
        answer.set_cookie(&match provider.kind {
            // An assertion comes with a form that another site sends.
            Kind::Federation(_) => cookies::set_for_other_sites(&cookie, &sealed, age),
            Kind::Oidc(_) | Kind::Facebook(_) | Kind::Passcode => {
                cookies::set(&cookie, &sealed, age)
            }
        });
        for old in oldest_attempts(call, &self.sealer) {
            answer.set_cookie(&cookies::clear(&old));
        }
        true
    }

    async fn authorization(
        &self,
        call: &Call<'_>,
        oidc: &Oidc,
        attempt: &Attempt,
        wanted: &Wanted,
    ) -> Option<Url> {
        let endpoints = match self.endpoints.of(oidc).await {
            Ok(endpoints) => endpoints,
            Err(fault) => {
                tracing::warn!(
                    provider = attempt.provider,
                    correlation_id = call.correlation_id,
                    "nobody can sign in: {fault}"
                );
                return None;
            }
        };
        let redirect_uri = call.redirect_uri(&attempt.provider);
        let registration = Registration {
            client_id: &oidc.client.client_id,
            client_secret: None,
            redirect_uri: &redirect_uri,
            scopes: &oidc.client.scopes,
        };
        oidc::authorization_url(&endpoints, &registration, attempt, wanted).ok()
    }
}

fn authorization_at_facebook(
    call: &Call<'_>,
    client: &FacebookClient,
    attempt: &Attempt,
    wanted: &Wanted,
) -> Option<Url> {
    let redirect_uri = call.redirect_uri(&attempt.provider);
    let endpoints = facebook_endpoints(client)?;
    let registration = Registration {
        client_id: &client.client_id,
        client_secret: None,
        redirect_uri: &redirect_uri,
        scopes: &[],
    };
    facebook::authorization_url(&endpoints, &registration, attempt, wanted.again).ok()
}

/// Where Facebook is asked for what.
pub(super) fn facebook_endpoints(client: &FacebookClient) -> Option<Endpoints> {
    Some(Endpoints {
        authorization: Url::parse(&client.authorization_url).ok()?,
        token: Url::parse(&client.token_url).ok()?,
        end_session: None,
        names_itself: false,
    })
}

fn passive_request(
    call: &Call<'_>,
    federation: &Federation,
    attempt: &Attempt,
    wanted: &Wanted,
) -> Option<Url> {
    let destination = Url::parse(&federation.passive_sign_in_uri).ok()?;
    let here = call.federation_uri(federation.protocol, &attempt.provider);
    let wants_mfa = wanted.claims.is_some() || wanted.acr_values.is_some();
    match federation.protocol {
        FederationProtocol::Saml => {
            let id = saml::request_id(&attempt.state);
            let contexts = [MFA.to_owned()];
            let request = saml::Request {
                id: &id,
                issuer: &here,
                destination: &destination,
                acs_url: &here,
                force_authn: wanted.again,
                requested_context: if wants_mfa { &contexts } else { &[] },
                now: call.now(),
            };
            saml::authn_request(&request, &attempt.state).ok()
        }
        FederationProtocol::WsFed => Some(wsfed::sign_in_url(&wsfed::Request {
            endpoint: &destination,
            realm: &here,
            reply: &here,
            context: &attempt.state,
            home_realm: None,
            authentication: wants_mfa.then_some(MFA),
            fresh: wanted.again.then_some(0),
        })),
    }
}

/// Browsers hold a form's policy against a redirect that answers it, so the next page leads on.
pub(super) fn onward(call: &Call<'_>, provider: &Provider, answer: Answer) -> Answer {
    let location = answer
        .headers
        .iter()
        .find(|(name, _)| *name == http::header::LOCATION);
    let Some(href) = location.and_then(|(_, value)| value.to_str().ok()) else {
        return answer;
    };
    let page = Page::Onward {
        name: &provider.label,
        href,
    };
    let mut page = respond::page(Shown::Asked, &call.render(&page));
    let cookies = answer
        .headers
        .iter()
        .filter(|(name, _)| *name == http::header::SET_COOKIE);
    for (_, cookie) in cookies {
        page.set_cookie(cookie.to_str().unwrap_or_default());
    }
    page
}

/// Sign-ins of other tabs are left alone while there are few: a browser sends all of them with every request.
fn oldest_attempts(call: &Call<'_>, sealer: &crossgate_portal::seal::Sealer) -> Vec<String> {
    let mut attempts: Vec<(u64, String)> = cookies::all(call.headers)
        .filter(|(name, _)| name.starts_with(cookies::ATTEMPT))
        .map(|(name, sealed)| {
            let attempt = Attempt::open(sealer, sealed, call.now());
            (attempt.map_or(0, |attempt| attempt.begun), name.to_owned())
        })
        .collect();
    attempts.sort();
    let surplus = attempts.len().saturating_sub(MOST_ATTEMPTS - 1);
    attempts.truncate(surplus);
    attempts
        .into_iter()
        .map(|(_, name)| name)
        .filter(|name| {
            let state = name.strip_prefix(cookies::ATTEMPT).unwrap_or_default();
            Attempt::cookie(state).is_some()
        })
        .collect()
}

/// Tabs that sign in at once.
const MOST_ATTEMPTS: usize = 5;

/// What Entra and AD FS call a sign-in with several factors.
pub(super) const MFA: &str = "http://schemas.microsoft.com/claims/multipleauthn";
