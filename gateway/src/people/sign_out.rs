//! The end of a session: by its person, or by the provider.

use std::sync::Arc;
use std::time::Instant;

use crossgate_policy::ids::{Id, UnixTime};
use crossgate_portal::cookies;
use crossgate_portal::oidc;
use crossgate_portal::pages::Page;
use crossgate_portal::sessions::SessionId;
use crossgate_portal::store::IdToken;
use crossgate_token::{ExpectedLogout, Issuers, TokenFault, verify_logout};
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, Method};

use super::call::{Call, Reply, Told};
use super::callback::{BETWEEN_LOOKS, LONGEST_WAIT};
use super::forms::one;
use super::provider::{Provider, SpeaksFor};
use super::send::onward;
use super::welcome::tampered;
use super::{People, PersonSession, place};
use crate::request::respond::{self, Answer, Shown};
use crate::request::subject::refusal;

impl People {
    /// `/.crossgate/sign-out`: a question, or the end.
    pub(super) async fn sign_out(&self, call: &Call<'_>) -> Reply {
        let sent = call.method == Method::POST;
        if !sent || !self.is_ours(call) {
            // Another site may lead here, but only the person's own click ends anything.
            let question = self.with_form_token(call, |csrf| {
                let page = Page::SignOut {
                    action: place::SIGN_OUT,
                    csrf,
                    return_to: "/",
                };
                respond::page(Shown::Asked, &call.render(&page))
            });
            return if sent {
                Reply::to_another_site(question)
            } else {
                Reply::of(question)
            };
        }
        let mut answer = match &call.session {
            Some(session) => {
                let id_token = self.id_token(session.id).await;
                // Before anybody else is asked: an end does not wait for a provider.
                self.end(&[session.id]).await;
                let elsewhere = self
                    .end_session_page(call, id_token, &session.provider)
                    .await;
                elsewhere.unwrap_or_else(|| respond::go(place::SIGNED_OUT))
            }
            None => respond::go(place::SIGNED_OUT),
        };
        answer.set_cookie(&cookies::clear(cookies::SESSION));
        answer.set_cookie(&cookies::clear(cookies::REALM));
        Reply::of(answer)
    }

    /// On to the provider, so that its session ends too (RP-Initiated Logout 1.0).
    async fn end_session_page(
        &self,
        call: &Call<'_>,
        id_token: Option<IdToken>,
        provider: &str,
    ) -> Option<Answer> {
        let provider = call.settings.provider(provider)?;
        let oidc = provider.oidc()?;
        let endpoints = self.endpoints.of(oidc).await.ok()?;
        // Other than of a tenant's people, what is kept is a statement of ours, which is nothing to tell a stranger.
        let id_token = match &provider.speaks_for {
            SpeaksFor::Tenant(_) => id_token,
            SpeaksFor::Asserted(_) | SpeaksFor::Guests(_) => None,
        };
        let url = oidc::end_session_url(
            &endpoints,
            &oidc.client.client_id,
            id_token.as_ref().map(|token| &*token.0),
            &format!("{}{}", call.origin, place::SIGNED_OUT),
        )?;
        Some(onward(call, provider, respond::go(url.as_str())))
    }

    async fn id_token(&self, session: SessionId) -> Option<IdToken> {
        let store = Arc::clone(&self.store);
        let kept = tokio::task::spawn_blocking(move || store.id_token(session)).await;
        kept.ok().and_then(Result::ok).flatten()
    }

    /// `/.crossgate/signed-out`.
    pub(super) fn signed_out(&self, call: &Call<'_>) -> Reply {
        let page = Page::SignedOut { sign_in_href: "/" };
        Reply::of(respond::page(Shown::Asked, &call.render(&page)))
    }

    /// The provider tells by a frame in a browser that a session of its own is over. The frame brings no cookies of ours, so
    /// the session is told by its id at the provider, which nobody else knows.
    pub(super) async fn front_channel(&self, call: &Call<'_>, provider: &str) -> Reply {
        let query = call.query();
        let mut told = Told::Nothing;
        let mut answer = match (
            call.settings.provider(provider),
            one(&query, "iss"),
            one(&query, "sid"),
        ) {
            (Some(provider), Some(issuer), Some(sid)) if !sid.is_empty() => {
                // Found without a look at all: whoever sends a browser here need not be the provider.
                let theirs = self.sessions.of_provider(&provider.name, &Id::new(sid));
                let over = theirs
                    .iter()
                    .filter(|session| is_of(session, provider, issuer, &call.in_force.issuers));
                let over: Vec<SessionId> = over.map(|session| session.id).collect();
                self.end(&over).await;
                self.signed_out(call).answer
            }
            (Some(_) | None, Some(_) | None, Some(_) | None) => {
                told = tampered("logout_of_no_session").told();
                let page = Page::SignedOut { sign_in_href: "/" };
                respond::page(Shown::NoGood, &call.render(&page))
            }
        };
        // Nothing can be done on this page, so it may stand in anybody's frame.
        for (name, value) in &mut answer.headers {
            let framed = (*name == CONTENT_SECURITY_POLICY)
                .then(|| value.to_str().ok())
                .flatten()
                .map(|policy| policy.replace("frame-ancestors 'none'", "frame-ancestors *"))
                .and_then(|policy| HeaderValue::try_from(policy).ok());
            if let Some(framed) = framed {
                *value = framed;
            }
        }
        Reply { answer, told }
    }

    /// The provider tells us itself that a session of its own, or all of a person's, are over.
    pub(super) async fn back_channel(&self, call: &Call<'_>, provider: &str) -> Reply {
        match self.told_to_end(call, provider).await {
            Ok(over) => {
                self.end(&over).await;
                Reply::of(respond::heard())
            }
            Err(fault) => Reply {
                answer: respond::not_heard(fault.reason()),
                told: Told::Refused(refusal(fault)),
            },
        }
    }

    async fn told_to_end(
        &self,
        call: &Call<'_>,
        provider: &str,
    ) -> Result<Vec<SessionId>, TokenFault> {
        let provider = call.settings.provider(provider);
        let provider = provider.ok_or(TokenFault::UnknownIssuer)?;
        let oidc = provider.oidc().ok_or(TokenFault::UnknownIssuer)?;
        let client = &oidc.client;
        let token = one(&call.form, "logout_token").ok_or(TokenFault::Missing("logout_token"))?;
        let (begun, mut place) = (Instant::now(), None);
        let logout = loop {
            let in_force = call.live.in_force();
            let issuer = oidc.issuers(&in_force.issuers).named(&client.issuer);
            let expected = ExpectedLogout {
                issuer: issuer.ok_or(TokenFault::UnknownIssuer)?,
                client_id: &client.client_id,
                now: UnixTime::new(call.at.as_duration().as_secs_f64())
                    .unwrap_or(UnixTime::from_secs(u32::MAX)),
            };
            let keys = in_force.keys.get(&client.issuer);
            let told = keys.map_or(Err(TokenFault::UnknownKey), |keys| {
                verify_logout(token, &expected, keys)
            });
            match told {
                Err(TokenFault::UnknownKey) if begun.elapsed() < LONGEST_WAIT => {
                    if place.is_none() {
                        place = self.waiting.try_acquire().ok();
                    }
                    // Anybody can invent a key: those who wait for one take no place from people.
                    if place.is_none() {
                        return Err(TokenFault::UnknownKey);
                    }
                    call.live.request_refresh(&client.issuer);
                    tokio::time::sleep(BETWEEN_LOOKS).await;
                }
                told => break told?,
            }
        };
        let over = self.sessions.filter(|session| {
            let who = session.subject.who();
            let is_over = match (&logout.session, &logout.subject) {
                (Some(ended), _) => who.session.as_ref() == Some(ended),
                (None, ended) => ended.is_some() && who.subject == *ended,
            };
            is_over && is_of(session, provider, &logout.issuer, &call.in_force.issuers)
        });
        Ok(over.iter().map(|session| session.id).collect())
    }

    /// Ends sessions at once, and for good.
    pub(super) async fn end(&self, sessions: &[SessionId]) {
        if sessions.is_empty() {
            return;
        }
        for session in sessions {
            self.sessions.end(*session);
        }
        // What they have open goes with them.
        self.connections.look_again();
        let (store, over) = (Arc::clone(&self.store), sessions.to_vec());
        let ended = tokio::task::spawn_blocking(move || store.end(&over)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::error!(
                "[portal] store: sessions that were ended would come back after a restart"
            );
        }
    }
}

/// Whether a session is one of those that an issuer may end by this provider. What is kept of a guest names this gateway in the
/// issuer's place: there the provider's name tells, whose issuer it has to be.
fn is_of(session: &PersonSession, provider: &Provider, issuer: &str, issuers: &Issuers) -> bool {
    match &provider.speaks_for {
        SpeaksFor::Guests(_) => {
            *session.provider == *provider.name
                && provider.oidc().is_some_and(|oidc| {
                    let own = oidc.issuers(issuers).named(&oidc.client.issuer);
                    own.is_some_and(|own| own.admits(issuer))
                })
        }
        SpeaksFor::Tenant(_) | SpeaksFor::Asserted(_) => *session.subject.who().issuer == *issuer,
    }
}

/// Logout tokens that wait at a time for a key that is not known yet.
pub(super) const MOST_WAITING: usize = 4;
