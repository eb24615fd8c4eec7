//! A browser comes back from its provider: who it says signed in, and whether that is to be believed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossgate_config::ClientSecret;
use crossgate_policy::decision::TokenRefusal;
use crossgate_policy::ids::{ResourceTenant, UnixTime};
use crossgate_portal::attempt::Attempt;
use crossgate_portal::cookies;
use crossgate_portal::oidc::{self, ExchangeFault, Registration};
use crossgate_portal::pages::FailedWhy;
use crossgate_portal::seal::NoRandom;
use crossgate_portal::sessions::{Grant, Session, SessionId};
use crossgate_portal::store::{IdToken, KeptSession};
use crossgate_token::{
    CLOCK_SKEW_SECONDS, ExpectedSignIn, Nonce, TokenFault, Unverified, Verified, verify_id_token,
};

use super::call::{Call, Reply, Told};
use super::forms::one;
use super::settings::Provider;
use super::sign_in::failed;
use super::{People, SignedIn, Standing, Who, place, stands};
use crate::request::respond;
use crate::request::subject::refusal;

/// Why nobody is let in.
struct Failed {
    why: FailedWhy,
    refusal: TokenRefusal,
}

impl Failed {
    const fn new(why: FailedWhy, reason: &'static str) -> Self {
        Self {
            why,
            refusal: TokenRefusal {
                code: NOT_BELIEVED,
                reason,
            },
        }
    }
}

impl From<TokenFault> for Failed {
    fn from(fault: TokenFault) -> Self {
        Self {
            why: FailedWhy::NotAccepted,
            refusal: refusal(fault),
        }
    }
}

impl From<NoRandom> for Failed {
    fn from(_: NoRandom) -> Self {
        Self::new(FailedWhy::Unreachable, "no_random_numbers")
    }
}

impl People {
    /// `/.crossgate/callback/<provider>`.
    pub(super) async fn callback(&self, call: &Call<'_>, provider: &str) -> Reply {
        let query = call.query();
        let state = one(&query, "state");
        let attempt_cookie = state.and_then(Attempt::cookie);
        let mut reply = match self
            .welcome(call, provider, &query, attempt_cookie.as_deref())
            .await
        {
            Ok(reply) => reply,
            Err(Failed { why, refusal }) => Reply {
                answer: failed(call, why),
                told: Told::Refused(refusal),
            },
        };
        // It answers once, whatever came of it.
        if let Some(cookie) = attempt_cookie {
            reply.answer.set_cookie(&cookies::clear(&cookie));
        }
        reply
    }

    async fn welcome(
        &self,
        call: &Call<'_>,
        provider: &str,
        query: &[(String, String)],
        attempt_cookie: Option<&str>,
    ) -> Result<Reply, Failed> {
        let tampered = |reason| Failed::new(FailedWhy::Tampered, reason);
        let sealed = attempt_cookie.and_then(|name| cookies::one(call.headers, name));
        let sealed = sealed.ok_or(tampered("sign_in_of_another_browser"))?;
        let attempt = Attempt::open(&self.sealer, sealed, call.now())
            .ok_or(Failed::new(FailedWhy::Expired, "sign_in_took_too_long"))?;
        if Some(&*attempt.state) != one(query, "state")
            || attempt.provider != provider
            || attempt.host != call.host
        {
            return Err(tampered("sign_in_mixed_up"));
        }
        let settings = call.settings.provider(provider);
        let provider = settings.ok_or(tampered("provider_unknown"))?;
        let endpoints = self.endpoints.of(provider).await.map_err(|fault| {
            tracing::warn!(
                provider = provider.settings.name,
                "nobody can sign in: {fault}"
            );
            Failed::new(FailedWhy::Unreachable, "provider_unreachable")
        })?;
        // RFC 9207: another provider's answer is told by its name.
        match (one(query, "iss"), &endpoints.answers_as) {
            (Some(named), Some(expected)) if named == *expected => {}
            (Some(named), None) if named == provider.issuer.issuer => {}
            (None, None) => {}
            (Some(_) | None, Some(_)) | (Some(_), None) => {
                return Err(tampered("answer_of_another_issuer"));
            }
        }
        if let Some(error) = one(query, "error") {
            let denied = error == "access_denied";
            tracing::info!(
                provider = provider.settings.name,
                denied,
                correlation_id = call.correlation_id,
                "a provider let nobody in"
            );
            return Err(if denied {
                Failed::new(FailedWhy::Denied, "sign_in_denied")
            } else {
                Failed::new(FailedWhy::ProviderError, "provider_error")
            });
        }
        let code = one(query, "code").ok_or(tampered("no_code"))?;
        let secret = client_secret(&provider.settings.client_secret)
            .await
            .map_err(|why| {
                tracing::error!(
                    provider = provider.settings.name,
                    "[[provider]] client_secret_file: {why}"
                );
                Failed::new(FailedWhy::Unreachable, "no_client_secret")
            })?;
        let redirect_uri = call.redirect_uri(&provider.settings.name);
        let registration = Registration {
            client_id: &provider.settings.client_id,
            client_secret: secret.as_deref(),
            redirect_uri: &redirect_uri,
            scopes: &provider.settings.scopes,
        };
        let send = self.endpoints.sender();
        let id_token = oidc::exchange(&endpoints, &registration, &attempt, code.to_owned(), send)
            .await
            .map_err(|fault| not_exchanged(provider, &fault, &call.correlation_id))?;
        let verified = self.verified(call, provider, &id_token, &attempt).await?;
        self.let_in(call, provider, attempt, verified, id_token)
            .await
    }

    /// The ID token, where it is genuine, for us and for this sign-in. A key that is new is waited for.
    async fn verified(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        id_token: &str,
        attempt: &Attempt,
    ) -> Result<Verified, Failed> {
        let begun = Instant::now();
        let mut in_force = call.live.in_force();
        let verified = loop {
            let found = verify_id_token(
                id_token,
                &in_force.issuers,
                |issuer| in_force.keys.get(issuer),
                Nonce(&attempt.nonce),
            );
            match found {
                Ok(verified) => break verified,
                Err(Unverified::Refused { fault, .. }) => return Err(fault.into()),
                Err(Unverified::UnknownKey {
                    not_in,
                    without_keys,
                    ..
                }) => {
                    if begun.elapsed() > LONGEST_WAIT {
                        return Err(TokenFault::UnknownKey.into());
                    }
                    for issuer in not_in.iter().chain(&without_keys) {
                        call.live.request_refresh(issuer);
                    }
                    tokio::time::sleep(BETWEEN_LOOKS).await;
                    in_force = call.live.in_force();
                }
            }
        };
        let now =
            UnixTime::new(call.at.as_duration().as_secs_f64() + begun.elapsed().as_secs_f64());
        verified.check_sign_in(&ExpectedSignIn {
            issuer: &provider.settings.issuer,
            resource: ResourceTenant(in_force.snapshot.own.id),
            client_id: &provider.settings.client_id,
            now: now.unwrap_or(UnixTime::from_secs(u32::MAX)),
        })?;
        if attempt.again && !is_anew(verified.claims().authenticated_at, attempt.begun) {
            return Err(Failed::new(FailedWhy::NotAccepted, "sign_in_from_before"));
        }
        Ok(verified)
    }

    async fn let_in(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        attempt: Attempt,
        verified: Verified,
        id_token: String,
    ) -> Result<Reply, Failed> {
        // Never one that the browser brought: whoever could choose it could go on with it.
        let id = SessionId::new()?;
        let cookie = id.seal(&self.sealer)?;
        let now = call.now();
        let until = now.saturating_add(call.settings.lifetime);
        let kept = KeptSession {
            id,
            host: call.host.to_owned(),
            provider: provider.settings.name.clone(),
            issuer: provider.settings.issuer.clone(),
            id_token: IdToken(id_token),
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
            return Err(Failed::new(FailedWhy::Unreachable, "session_not_stored"));
        }
        let issuers = call.live.in_force();
        let person = Who::of(&verified, &self.names).key();
        let standing = Standing::new(&self.accepted(person).await);
        let grant = Grant {
            id,
            host: self.names.shared(call.host),
            provider: self.names.shared(&provider.settings.name),
            begun: now,
            until,
            asked: attempt.asked.into(),
            subject: SignedIn::new(
                &verified,
                &issuers.issuers,
                &self.names,
                self.tokens.digest_of_session(&id.to_bytes()),
                standing,
            ),
        };
        let session = Arc::new(Session::new(grant, now));
        stands(&session, call.settings, &call.in_force.issuers);
        self.sessions.begin(Arc::clone(&session));
        if let Some(before) = &call.session {
            self.end(&[before.id]).await;
        }
        let location = match &attempt.kept {
            Some(kept) => place::resume(kept),
            None => attempt.return_to.as_str().to_owned(),
        };
        let mut answer = respond::go_to_sign_in(&location);
        let lifetime = call.settings.lifetime;
        answer.set_cookie(&cookies::set(cookies::SESSION, &cookie, Some(lifetime)));
        answer.set_cookie(&cookies::set(
            cookies::REALM,
            &provider.settings.name,
            Some(REMEMBERED),
        ));
        Ok(Reply {
            answer,
            told: Told::SignedIn(session),
        })
    }
}

impl People {
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

/// Whether somebody signed in since they were asked to: the provider's own session was not to do. Clocks may differ.
fn is_anew(signed_in: Option<UnixTime>, asked: u64) -> bool {
    let asked = UnixTime::from_secs(u32::try_from(asked).unwrap_or(u32::MAX));
    signed_in.is_some_and(|at| at.plus(CLOCK_SKEW_SECONDS) >= asked)
}

fn not_exchanged(provider: &Provider, fault: &ExchangeFault, correlation_id: &str) -> Failed {
    tracing::warn!(
        provider = provider.settings.name,
        correlation_id,
        "a sign-in came to nothing: {fault}"
    );
    match fault {
        ExchangeFault::Refused(_) => Failed::new(FailedWhy::NotAccepted, "code_refused"),
        ExchangeFault::NoIdToken => Failed::new(FailedWhy::ProviderError, "no_id_token"),
        ExchangeFault::Address(_) | ExchangeFault::NoAnswer(_) => {
            Failed::new(FailedWhy::Unreachable, "provider_unreachable")
        }
    }
}

/// Read when it is used, so that a file that was replaced counts at once.
async fn client_secret(secret: &ClientSecret) -> std::io::Result<Option<String>> {
    Ok(match secret {
        ClientSecret::None => None,
        ClientSecret::Given(secret) => Some(secret.expose().to_owned()),
        ClientSecret::File(file) => {
            let text = tokio::fs::read_to_string(file).await?;
            Some(text.lines().next().unwrap_or_default().trim().to_owned())
        }
    })
}

/// Issuer, contradictions: a sign-in that is not what it says (decision.md, section 12).
const NOT_BELIEVED: u32 = 50_013;

/// A provider publishes a key before it signs with it; one that did not is given this long.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(5);

pub(super) const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Seconds for which a browser is sent where its person signed in last.
const REMEMBERED: u64 = 90 * 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_from_before_is_not_taken_for_one_that_was_asked_for() {
        let at = |seconds| Some(UnixTime::from_secs(seconds));
        assert!(is_anew(at(1000), 1000) && is_anew(at(940), 1000));
        assert!(!is_anew(at(939), 1000));
        assert!(!is_anew(None, 1000), "a provider that does not say");
    }
}
