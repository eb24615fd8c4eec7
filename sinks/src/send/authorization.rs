//! Bearer tokens: from the settings, from a file, or from an authorization server.

use std::time::{Duration, Instant};

use bytes::Bytes;
use crossgate_config::{ClientSecret, HttpAuthorization};
use serde::Deserialize;
use url::form_urlencoded;

use super::http::{Client, Response};
use super::{Failure, secret};

/// A token that is there.
pub(crate) struct Bearer(ClientSecret);

impl Bearer {
    pub(super) fn fixed(token: &ClientSecret) -> Result<Self, Failure> {
        // Told at once where it cannot be read.
        secret::read(token)?;
        Ok(Self(token.clone()))
    }

    /// The value of `Authorization`, read again each time.
    pub(super) fn header(&self) -> Result<Option<String>, Failure> {
        Ok(secret::read(&self.0)?.map(|token| format!("Bearer {token}")))
    }
}

/// Whatever the settings say.
pub(super) enum Authorization {
    None,
    Fixed(Bearer),
    Granted(Box<Granted>),
}

impl Authorization {
    pub(super) fn new(settings: &HttpAuthorization) -> Result<Self, Failure> {
        Ok(match settings {
            HttpAuthorization::None => Self::None,
            HttpAuthorization::Bearer(token) => Self::Fixed(Bearer::fixed(token)?),
            HttpAuthorization::ClientCredentials {
                token_url,
                client_id,
                client_secret,
                scope,
            } => Self::Granted(Box::new(Granted {
                // Whom the system believes: the receiver's authorities are not the token's.
                client: Client::new(
                    token_url,
                    &[],
                    FORM,
                    &crossgate_config::ClientTlsFiles::default(),
                )?
                .for_secrets(),
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
                scope: scope.clone(),
                held: None,
            })),
        })
    }

    /// The value of `Authorization`.
    pub(super) async fn header(&mut self) -> Result<Option<String>, Failure> {
        match self {
            Self::None => Ok(None),
            Self::Fixed(bearer) => bearer.header(),
            Self::Granted(granted) => granted.header().await.map(Some),
        }
    }
}

/// A token got with OAuth's client credentials, as long as it counts.
pub(super) struct Granted {
    client: Client,
    client_id: String,
    client_secret: ClientSecret,
    scope: String,
    held: Option<Held>,
}

struct Held {
    header: String,
    until: Instant,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    /// Seconds.
    expires_in: Option<u64>,
}

impl Granted {
    async fn header(&mut self) -> Result<String, Failure> {
        if let Some(held) = &self.held
            && held.until > Instant::now()
        {
            return Ok(held.header.clone());
        }
        let secret = secret::read(&self.client_secret)?.unwrap_or_default();
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", &secret)
            .append_pair("scope", &self.scope)
            .finish();
        let asked = Instant::now();
        let body: Bytes = match self.client.post(form.into_bytes(), None).await? {
            Response::Taken(body) => body,
            // Somebody may put the client right.
            Response::Refused(reason) => return Err(Failure::new(format!("no token: {reason}"))),
        };
        let token: Token = serde_json::from_slice(&body)
            .map_err(|error| Failure::of("the answer of the token endpoint", &error))?;
        let header = format!("Bearer {}", token.access_token);
        self.held = Some(Held {
            header: header.clone(),
            until: until(asked, token.expires_in),
        });
        Ok(header)
    }
}

/// How long a token is used that was asked for at this time.
fn until(asked: Instant, expires_in: Option<u64>) -> Instant {
    let lifetime = Duration::from_secs(expires_in.unwrap_or(0)).min(LONGEST);
    asked + lifetime.saturating_sub(EARLY)
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A token is not used that may end on its way.
const EARLY: Duration = Duration::from_secs(60);

/// Whatever its server says: it may be withdrawn meanwhile, and a number may be any.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_a_day_at_most_whatever_its_server_says() {
        let asked = Instant::now();
        assert_eq!(until(asked, None), asked);
        assert_eq!(
            until(asked, Some(3_600)),
            asked + Duration::from_secs(3_540)
        );
        assert!(until(asked, Some(u64::MAX)) < asked + LONGEST);
    }
}
