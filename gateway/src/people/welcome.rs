//! Somebody comes back from where they were sent: whether this browser began that sign-in, and its session where they are
//! believed.

use std::sync::Arc;

use crossgate_policy::decision::TokenRefusal;
use crossgate_portal::attempt::Attempt;
use crossgate_portal::cookies;
use crossgate_portal::pages::{Action, Does, FailedWhy, Page, Why};
use crossgate_portal::seal::NoRandom;
use crossgate_portal::sessions::{Grant, Session, SessionId};
use crossgate_portal::store::{IdToken, KeptSession};
use crossgate_token::{NotAccepted, TokenFault, Verified};
use http::Method;

use super::call::{Call, Reply, Told};
use super::provider::Provider;
use super::sign_in::failed;
use super::sign_up::Stranger;
use super::{People, SignedIn, Standing, Who, place};
use crate::request::respond::{self, Answer, Shown};
use crate::request::subject::refusal;

/// Somebody who is believed.
pub(super) struct Arrived {
    /// Who it is.
    pub(super) verified: Verified,
    /// The name of whoever says so.
    pub(super) issuer: String,
    /// What is kept of it: an ID token, or a statement of our own.
    pub(super) kept: IdToken,
    /// The longest session, in seconds, where it is bounded by more than the settings.
    pub(super) longest: Option<u64>,
}

/// Why nobody is let in.
pub(super) struct Failed {
    shows: Shows,
    because: Because,
    /// Whom no record knows, and who may sign up.
    stranger: Option<Box<Stranger>>,
}

/// What the record says of it.
#[derive(Clone, Copy)]
enum Because {
    Refused(TokenRefusal),
    /// Nothing is wrong with the sign-in.
    NotReady(&'static str),
}

/// What the person is told.
enum Shows {
    Failed(FailedWhy),
    NotInvited,
}

impl Failed {
    pub(super) const fn new(why: FailedWhy, code: u32, reason: &'static str) -> Self {
        Self {
            shows: Shows::Failed(why),
            because: Because::Refused(TokenRefusal { code, reason }),
            stranger: None,
        }
    }

    /// Who signed in cannot be found out, for now.
    pub(super) const fn unable(reason: &'static str) -> Self {
        Self {
            shows: Shows::Failed(FailedWhy::Unreachable),
            because: Because::NotReady(reason),
            stranger: None,
        }
    }

    /// The provider was asked to sign somebody in anew, and did not.
    pub(super) const fn from_before() -> Self {
        Self::new(FailedWhy::NotAccepted, NOT_FRESH, "sign_in_from_before")
    }

    /// The person, or the provider, did not want it.
    pub(super) const fn denied() -> Self {
        Self::new(FailedWhy::Denied, DENIED, "sign_in_denied")
    }

    /// The provider says that something is wrong.
    pub(super) const fn provider_error() -> Self {
        Self::new(FailedWhy::ProviderError, DENIED, "provider_error")
    }

    /// For the record.
    pub(super) const fn told(&self) -> Told {
        match self.because {
            Because::Refused(refusal) => Told::Refused(refusal),
            Because::NotReady(reason) => Told::NotReady {
                reason,
                provider: None,
            },
        }
    }

    /// Nobody whom the directory knows as a guest.
    pub(super) const fn not_invited() -> Self {
        Self {
            shows: Shows::NotInvited,
            because: Because::Refused(TokenRefusal {
                code: NO_GUEST,
                reason: "not_a_guest",
            }),
            stranger: None,
        }
    }

    /// The same, of somebody who may sign up.
    pub(super) fn not_known(stranger: Stranger) -> Self {
        Self {
            stranger: Some(Box::new(stranger)),
            ..Self::not_invited()
        }
    }

    pub(super) fn page(&self, call: &Call<'_>) -> Answer {
        match self.shows {
            Shows::Failed(why) => failed(call, why),
            Shows::NotInvited => {
                let page = Page::Refused {
                    why: Why::NotInvited,
                    code: Some(&format!("AADSTS{NO_GUEST}")),
                    correlation_id: &call.correlation_id,
                    at: &call.at.to_string(),
                    who: None,
                    actions: &[Action {
                        does: Does::UseAnotherAccount,
                        href: place::SIGN_IN,
                    }],
                };
                respond::page(Shown::Forbidden, &call.render(&page))
            }
        }
    }
}

impl From<TokenFault> for Failed {
    fn from(fault: TokenFault) -> Self {
        Self {
            shows: Shows::Failed(FailedWhy::NotAccepted),
            because: Because::Refused(refusal(fault)),
            stranger: None,
        }
    }
}

impl From<NotAccepted> for Failed {
    fn from(fault: NotAccepted) -> Self {
        match fault {
            NotAccepted::Refused(fault) => fault.into(),
            NotAccepted::NoSuchIssuer => TokenFault::UnknownIssuer.into(),
        }
    }
}

impl From<NoRandom> for Failed {
    fn from(_: NoRandom) -> Self {
        Self::unable("no_random_numbers")
    }
}

/// It is not what this browser began.
pub(super) const fn tampered(reason: &'static str) -> Failed {
    Failed::new(FailedWhy::Tampered, NOT_BELIEVED, reason)
}

impl People {
    /// Answers a sign-in that came back. It answers once, whatever came of it.
    pub(super) async fn once(
        &self,
        call: &Call<'_>,
        state: Option<&str>,
        welcome: impl Future<Output = Result<Reply, Failed>>,
    ) -> Reply {
        let mut reply = match welcome.await {
            Ok(reply) => reply,
            Err(mut why) => match why.stranger.take() {
                Some(stranger) => self.stranger(call, *stranger, why).await,
                None => Reply {
                    answer: why.page(call),
                    told: why.told(),
                },
            },
        };
        if let Some(cookie) = state.and_then(Attempt::cookie) {
            reply.answer.set_cookie(&cookies::clear(&cookie));
        }
        reply
    }

    /// The sign-in that this browser began, with the provider that it was sent to.
    pub(super) fn resumed<'c>(
        &self,
        call: &'c Call<'_>,
        provider: &str,
        state: Option<&str>,
    ) -> Result<(Attempt, &'c Provider), Failed> {
        let cookie = state.and_then(Attempt::cookie);
        let sealed = cookie.and_then(|name| cookies::one(call.headers, &name));
        let sealed = sealed.ok_or(tampered("sign_in_of_another_browser"))?;
        let attempt = Attempt::open(&self.sealer, sealed, call.now()).ok_or(Failed::new(
            FailedWhy::Expired,
            TOO_LATE,
            "sign_in_took_too_long",
        ))?;
        if Some(&*attempt.state) != state
            || attempt.provider != provider
            || attempt.host != call.host
        {
            return Err(tampered("sign_in_mixed_up"));
        }
        let order = &call.in_force.snapshot.redemption;
        let provider = call.settings.provider_by(provider, order);
        Ok((attempt, provider.ok_or(tampered("provider_unknown"))?))
    }

    /// Begins a session for whoever is believed.
    pub(super) async fn let_in(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        attempt: Attempt,
        arrived: Arrived,
    ) -> Result<Reply, Failed> {
        // Never one that the browser brought: whoever could choose it could go on with it.
        let id = SessionId::new()?;
        let cookie = id.seal(&self.sealer)?;
        let now = call.now();
        let lifetime = call.settings.lifetime;
        let lifetime = arrived.longest.map_or(lifetime, |most| lifetime.min(most));
        let until = now.saturating_add(lifetime);
        let kept = KeptSession {
            id,
            host: call.host.to_owned(),
            provider: provider.name.clone(),
            issuer: arrived.issuer,
            id_token: arrived.kept,
            begun: now,
            until,
            seen: now,
            asked: attempt.asked.join(" "),
        };
        let store = Arc::clone(&self.store);
        let stored = tokio::task::spawn_blocking(move || store.begin(&kept)).await;
        if !matches!(stored, Ok(Ok(()))) {
            if let Ok(Err(fault)) = stored {
                tracing::error!("[portal] store: nobody can sign in: {fault}");
            }
            return Err(Failed::unable("session_not_stored"));
        }
        let issuers = call.live.in_force();
        let person = Who::of(&arrived.verified, &self.names).key();
        let standing = Standing::new(&self.accepted(person).await);
        let grant = Grant {
            id,
            host: self.names.shared(call.host),
            provider: self.names.shared(&provider.name),
            begun: now,
            until,
            asked: attempt.asked.into(),
            subject: SignedIn::new(
                &arrived.verified,
                &issuers.issuers,
                &self.names,
                self.tokens.digest_of_session(&id.to_bytes()),
                standing,
            ),
        };
        let session = Arc::new(Session::new(grant, now));
        self.sessions.begin(Arc::clone(&session));
        let before = attempt.before.map(SessionId::from_bytes);
        let here = call.session.as_ref().map(|session| session.id);
        let before: Vec<SessionId> = before.into_iter().chain(here).collect();
        self.end(&before).await;
        let location = match &attempt.kept {
            Some(kept) => place::resume(kept),
            None => attempt.return_to.as_str().to_owned(),
        };
        let mut answer = if call.method == Method::GET {
            respond::go_to_sign_in(&location)
        } else {
            respond::go(&location)
        };
        answer.set_cookie(&cookies::set(cookies::SESSION, &cookie, Some(lifetime)));
        answer.set_cookie(&cookies::set(
            cookies::REALM,
            &provider.name,
            Some(REMEMBERED),
        ));
        Ok(Reply {
            answer,
            told: Told::SignedIn(session),
        })
    }

    /// What somebody who signs in accepted before. Who cannot be looked up is asked again.
    async fn accepted(&self, person: Option<String>) -> Vec<(String, String)> {
        let Some(person) = person else {
            return Vec::new();
        };
        let store = Arc::clone(&self.store);
        let kept = tokio::task::spawn_blocking(move || store.accepted(&person)).await;
        kept.ok().and_then(Result::ok).unwrap_or_default()
    }
}

/// Issuer, contradictions: a sign-in that is not what it says (decision.md, section 12).
const NOT_BELIEVED: u32 = 50_013;

/// A sign-in that took too long: what it began with has expired.
const TOO_LATE: u32 = 70_008;

/// What somebody shows is from before it was asked for.
const NOT_FRESH: u32 = 50_173;

/// The provider gives nobody.
const DENIED: u32 = 90_123;

/// Whom no record of the directory names.
const NO_GUEST: u32 = 50_020;

/// Seconds for which a browser is sent where its person signed in last.
const REMEMBERED: u64 = 90 * 24 * 60 * 60;
