//! A browser comes back from its provider: who it says signed in, and whether that is to be believed.

use std::time::{Duration, Instant};

use crossgate_config::{ClientSecret, FacebookClient};
use crossgate_policy::ids::{Id, ResourceTenant, UnixTime};
use crossgate_portal::attempt::Attempt;
use crossgate_portal::facebook;
use crossgate_portal::oidc::{self, ExchangeFault, Registration};
use crossgate_portal::pages::FailedWhy;
use crossgate_portal::store::IdToken;
use crossgate_token::{
    CLOCK_SKEW_SECONDS, ExpectedSignIn, Nonce, TokenFault, Unverified, Verified, verify_id_token,
};
use url::Url;

use super::call::{Call, Reply};
use super::forms::one;
use super::guests::Acquaintance;
use super::provider::{Kind, Oidc, Provider, SpeaksFor};
use super::send::facebook_endpoints;
use super::welcome::{Arrived, Failed, tampered};
use super::{People, social};

impl People {
    /// `/.crossgate/callback/<provider>`.
    pub(super) async fn callback(&self, call: &Call<'_>, provider: &str) -> Reply {
        let query = call.query();
        let state = one(&query, "state");
        let welcome = self.by_code(call, provider, &query, state);
        self.once(call, state, welcome).await
    }

    async fn by_code(
        &self,
        call: &Call<'_>,
        provider: &str,
        query: &[(String, String)],
        state: Option<&str>,
    ) -> Result<Reply, Failed> {
        let (attempt, provider) = self.resumed(call, provider, state)?;
        let arrived = match &provider.kind {
            Kind::Oidc(oidc) => {
                self.by_id_token(call, provider, oidc, &attempt, query)
                    .await?
            }
            Kind::Facebook(client) => {
                self.by_profile(call, provider, client, &attempt, query)
                    .await?
            }
            Kind::Federation(_) | Kind::Passcode => return Err(tampered("provider_unknown")),
        };
        self.let_in(call, provider, attempt, arrived).await
    }

    /// Somebody comes back from an OpenID provider.
    async fn by_id_token(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        oidc: &Oidc,
        attempt: &Attempt,
        query: &[(String, String)],
    ) -> Result<Arrived, Failed> {
        let endpoints = self.endpoints.of(oidc).await.map_err(|fault| {
            tracing::warn!(
                provider = provider.name,
                correlation_id = call.correlation_id,
                "nobody can sign in: {fault}"
            );
            Failed::unable("provider_unreachable")
        })?;
        // RFC 9207: another provider's answer is told by its name.
        let is_its_own = match one(query, "iss") {
            Some(named) => {
                let issuers = oidc.issuers(&call.in_force.issuers);
                let own = issuers.named(&oidc.client.issuer);
                own.is_some_and(|own| own.admits(named))
            }
            None => !endpoints.names_itself,
        };
        if !is_its_own {
            return Err(tampered("answer_of_another_issuer"));
        }
        let code = code_of(call, provider, query)?;
        let secret = secret_of(call, provider, &oidc.client.client_secret).await?;
        let redirect_uri = call.redirect_uri(&provider.name);
        let registration = Registration {
            client_id: &oidc.client.client_id,
            client_secret: secret.as_deref(),
            redirect_uri: &redirect_uri,
            scopes: &oidc.client.scopes,
        };
        let send = self.endpoints.sender();
        let id_token = oidc::exchange(&endpoints, &registration, attempt, code, send)
            .await
            .map_err(|fault| not_exchanged(provider, &fault, &call.correlation_id))?;
        let verified = self.verified(call, oidc, &id_token, attempt).await?;
        match &provider.speaks_for {
            SpeaksFor::Guests(voucher) => {
                let who = social::profile(&verified, &id_token);
                self.guest(call, provider, voucher, attempt, &who).await
            }
            SpeaksFor::Tenant(_) | SpeaksFor::Asserted(_) => Ok(Arrived {
                verified,
                issuer: oidc.client.issuer.clone(),
                kept: IdToken(id_token),
                longest: None,
            }),
        }
    }

    /// Somebody comes back from Facebook.
    async fn by_profile(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        client: &FacebookClient,
        attempt: &Attempt,
        query: &[(String, String)],
    ) -> Result<Arrived, Failed> {
        if attempt.again {
            // It does not tell when somebody signed in.
            return Err(Failed::from_before());
        }
        let code = code_of(call, provider, query)?;
        let secret = secret_of(call, provider, &client.client_secret).await?;
        let redirect_uri = call.redirect_uri(&provider.name);
        let registration = Registration {
            client_id: &client.client_id,
            client_secret: secret.as_deref(),
            redirect_uri: &redirect_uri,
            scopes: &[],
        };
        let unusable = || Failed::unable("provider_unreachable");
        let endpoints = facebook_endpoints(client).ok_or_else(unusable)?;
        let profile_url = Url::parse(&client.profile_url).map_err(|_| unusable())?;
        let send = self.endpoints.sender();
        let asked = facebook::profile(&endpoints, &profile_url, &registration, attempt, code, send);
        let profile = asked
            .await
            .map_err(|fault| not_exchanged(provider, &fault, &call.correlation_id))?;
        let who = Acquaintance {
            id: Some(Id::new(&profile.id).to_string()),
            mail: profile.email,
            session: None,
            name: profile.name,
            signed_in: call.now(),
            proven: None,
            amr: Vec::new(),
        };
        let SpeaksFor::Guests(voucher) = &provider.speaks_for else {
            return Err(tampered("provider_unknown"));
        };
        self.guest(call, provider, voucher, attempt, &who).await
    }

    /// The ID token, where it is genuine, for us and for this sign-in. A key that is new is waited for.
    async fn verified(
        &self,
        call: &Call<'_>,
        oidc: &Oidc,
        id_token: &str,
        attempt: &Attempt,
    ) -> Result<Verified, Failed> {
        let begun = Instant::now();
        let mut in_force = call.live.in_force();
        let verified = loop {
            let found = verify_id_token(
                id_token,
                oidc.issuers(&in_force.issuers),
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
            issuer: &oidc.client.issuer,
            resource: ResourceTenant(in_force.snapshot.own.id),
            client_id: &oidc.client.client_id,
            now: now.unwrap_or(UnixTime::from_secs(u32::MAX)),
        })?;
        if attempt.again && !is_anew(verified.claims().authenticated_at, attempt.begun) {
            return Err(Failed::from_before());
        }
        Ok(verified)
    }
}

/// Whether somebody signed in since they were asked to: the provider's own session was not to do. Clocks may differ.
fn is_anew(signed_in: Option<UnixTime>, asked: u64) -> bool {
    let asked = UnixTime::from_secs(u32::try_from(asked).unwrap_or(u32::MAX));
    signed_in.is_some_and(|at| at.plus(CLOCK_SKEW_SECONDS) >= asked)
}

fn not_exchanged(provider: &Provider, fault: &ExchangeFault, correlation_id: &str) -> Failed {
    tracing::warn!(
        provider = provider.name,
        correlation_id,
        "a sign-in came to nothing: {fault}"
    );
    match fault {
        ExchangeFault::Refused(_) => {
            Failed::new(FailedWhy::NotAccepted, CODE_REFUSED, "code_refused")
        }
        ExchangeFault::ClientRefused(_) => Failed::unable("client_refused"),
        ExchangeFault::NoIdToken => Failed::new(FailedWhy::ProviderError, UNUSABLE, "no_id_token"),
        ExchangeFault::Address(_) | ExchangeFault::NoAnswer(_) => {
            Failed::unable("provider_unreachable")
        }
    }
}

/// The code that a provider sends a browser back with.
fn code_of(
    call: &Call<'_>,
    provider: &Provider,
    query: &[(String, String)],
) -> Result<String, Failed> {
    if let Some(error) = one(query, "error") {
        let denied = error == "access_denied";
        tracing::info!(
            provider = provider.name,
            denied,
            correlation_id = call.correlation_id,
            "a provider let nobody in"
        );
        return Err(if denied {
            Failed::denied()
        } else {
            Failed::provider_error()
        });
    }
    let code = one(query, "code").ok_or(tampered("no_code"))?;
    Ok(code.to_owned())
}

async fn secret_of(
    call: &Call<'_>,
    provider: &Provider,
    secret: &ClientSecret,
) -> Result<Option<String>, Failed> {
    client_secret(secret).await.map_err(|why| {
        tracing::error!(
            provider = provider.name,
            correlation_id = call.correlation_id,
            "[[provider]] client_secret_file: {why}"
        );
        Failed::unable("no_client_secret")
    })
}

/// Read when it is used, so that a file that was replaced counts at once.
pub(super) async fn client_secret(secret: &ClientSecret) -> std::io::Result<Option<String>> {
    Ok(match secret {
        ClientSecret::None => None,
        ClientSecret::Given(secret) => Some(secret.expose().to_owned()),
        ClientSecret::File(file) => {
            let named = |why: std::io::Error| {
                std::io::Error::new(why.kind(), format!("`{}`: {why}", file.display()))
            };
            let text = tokio::fs::read_to_string(file).await.map_err(named)?;
            Some(text.lines().next().unwrap_or_default().trim().to_owned())
        }
    })
}

/// A grant that does not count.
const CODE_REFUSED: u32 = 70_000;

/// No ID token to speak of.
const UNUSABLE: u32 = 50_027;

/// A provider publishes a key before it signs with it; one that did not is given this long.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(5);

pub(super) const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

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
