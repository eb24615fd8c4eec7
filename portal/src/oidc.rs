//! The code flow with PKCE: where a browser is sent, and what its answer is worth (RFC 6749, 7636, 9207; OpenID Connect
//! Core 1.0).
//!
//! Nothing here goes over the network by itself, and no token is believed here.

use std::future::Future;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::attempt::Attempt;

/// Where a provider is asked for what (OpenID Connect Discovery 1.0, section 3; RP-Initiated Logout 1.0, section 2.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoints {
    /// `authorization_endpoint`.
    pub authorization: Url,
    /// `token_endpoint`.
    pub token: Url,
    /// `end_session_endpoint`.
    pub end_session: Option<Url>,
    /// It says that it names itself in its answers (RFC 9207, section 3).
    pub names_itself: bool,
}

/// What this gateway is to a provider.
#[derive(Clone, Copy, Debug)]
pub struct Registration<'a> {
    /// `client_id`.
    pub client_id: &'a str,
    /// `client_secret`.
    pub client_secret: Option<&'a str>,
    /// `redirect_uri`.
    pub redirect_uri: &'a str,
    /// Besides `openid`.
    pub scopes: &'a [String],
}

/// What is asked of the sign-in beside who it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wanted {
    /// `claims` (OpenID Connect Core 1.0, section 5.5).
    pub claims: Option<String>,
    /// `acr_values`.
    pub acr_values: Option<String>,
    /// A sign-in from before does not do.
    pub again: bool,
    /// Who it will be.
    pub login_hint: Option<String>,
}

/// Why no one signed in.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeFault {
    /// The provider's addresses or ours cannot be used.
    #[error("an address cannot be used: {0}")]
    Address(#[from] oauth2::url::ParseError),
    /// The provider was not reached, or its answer was no answer to this.
    #[error("the token endpoint gives no usable answer: {0}")]
    NoAnswer(String),
    /// The provider refuses the code.
    #[error("the token endpoint refuses: {0}")]
    Refused(String),
    /// The provider refuses us (RFC 6749, section 5.2), whatever the code.
    #[error("the token endpoint refuses this client: {0}; look at `client_id` and its secret")]
    ClientRefused(String),
    /// It gave a token, and none that tells who signed in.
    #[error("the answer has no `id_token`")]
    NoIdToken,
}

#[derive(Debug, Deserialize, Serialize)]
struct IdTokenField {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

type Answer = StandardTokenResponse<IdTokenField, BasicTokenType>;

type Provider = Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

fn provider(
    endpoints: &Endpoints,
    registration: &Registration<'_>,
) -> Result<Provider, oauth2::url::ParseError> {
    let client = Client::<
        BasicErrorResponse,
        Answer,
        BasicTokenIntrospectionResponse,
        StandardRevocableToken,
        BasicRevocationErrorResponse,
    >::new(ClientId::new(registration.client_id.to_owned()))
    .set_auth_uri(AuthUrl::from_url(endpoints.authorization.clone()))
    .set_token_uri(TokenUrl::from_url(endpoints.token.clone()))
    .set_redirect_uri(RedirectUrl::new(registration.redirect_uri.to_owned())?);
    Ok(match registration.client_secret {
        Some(secret) => client.set_client_secret(ClientSecret::new(secret.to_owned())),
        None => client,
    })
}

/// Where the browser goes to sign in.
///
/// # Errors
/// An address cannot be used.
pub fn authorization_url(
    endpoints: &Endpoints,
    registration: &Registration<'_>,
    attempt: &Attempt,
    wanted: &Wanted,
) -> Result<Url, oauth2::url::ParseError> {
    let provider = provider(endpoints, registration)?;
    let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
    let state = attempt.state.clone();
    let mut request = provider
        .authorize_url(move || CsrfToken::new(state))
        .add_scope(Scope::new("openid".to_owned()))
        .add_scopes(registration.scopes.iter().cloned().map(Scope::new))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_extra_param("nonce", attempt.nonce.clone());
    // Asked for in any case, so that the answer tells when the person signed in (OpenID Connect Core 1.0, section 3.1.2.1).
    let max_age = if wanted.again { "0" } else { OLDEST_SIGN_IN };
    request = request.add_extra_param("max_age", max_age);
    if wanted.again {
        request = request.add_extra_param("prompt", "login");
    }
    let told = [
        ("claims", &wanted.claims),
        ("acr_values", &wanted.acr_values),
        ("login_hint", &wanted.login_hint),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            request = request.add_extra_param(name, value.clone());
        }
    }
    Ok(request.url().0)
}

/// Gives the code back, and takes the ID token for it.
///
/// # Errors
/// There is none.
pub async fn exchange<F, E>(
    endpoints: &Endpoints,
    registration: &Registration<'_>,
    attempt: &Attempt,
    code: String,
    send: impl Fn(http::Request<Vec<u8>>) -> F + Sync,
) -> Result<String, ExchangeFault>
where
    F: Future<Output = Result<http::Response<Vec<u8>>, E>> + Send,
    E: std::error::Error + 'static,
{
    let provider = provider(endpoints, registration)?;
    let answer = provider
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
        .request_async(&send)
        .await
        .map_err(not_exchanged)?;
    answer
        .extra_fields()
        .id_token
        .clone()
        .ok_or(ExchangeFault::NoIdToken)
}

/// Why a code was not taken.
pub(crate) fn not_exchanged<E: std::error::Error + 'static>(
    error: RequestTokenError<E, BasicErrorResponse>,
) -> ExchangeFault {
    match error {
        RequestTokenError::ServerResponse(refused) => {
            let told = refused.error().to_string();
            match told.as_str() {
                "invalid_client" | "unauthorized_client" => ExchangeFault::ClientRefused(told),
                _ => ExchangeFault::Refused(told),
            }
        }
        RequestTokenError::Request(error) => ExchangeFault::NoAnswer(error.to_string()),
        // What could not be read may hold a token.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            ExchangeFault::NoAnswer("it is not what RFC 6749 describes".to_owned())
        }
    }
}

/// Where the browser goes to sign out (RP-Initiated Logout 1.0, section 2).
#[must_use]
pub fn end_session_url(
    endpoints: &Endpoints,
    client_id: &str,
    id_token: Option<&str>,
    return_to: &str,
) -> Option<Url> {
    let mut url = endpoints.end_session.clone()?;
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("client_id", client_id);
        query.append_pair("post_logout_redirect_uri", return_to);
        if let Some(id_token) = id_token {
            query.append_pair("id_token_hint", id_token);
        }
    }
    Some(url)
}

/// Seconds: a sign-in at the provider that is older than any session of ours may be.
const OLDEST_SIGN_IN: &str = "2592000";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::Begin;
    use crate::return_path::ReturnPath;

    fn endpoints() -> Endpoints {
        let url = |path: &str| Url::parse(&format!("https://id.example{path}")).unwrap();
        Endpoints {
            authorization: url("/authorize?tenant=a"),
            token: url("/token"),
            end_session: Some(url("/logout")),
            names_itself: false,
        }
    }

    const REGISTRATION: Registration<'static> = Registration {
        client_id: "crossgate",
        client_secret: Some("secret"),
        redirect_uri: "https://payroll.example/.crossgate/callback/contoso",
        scopes: &[],
    };

    fn attempt() -> Attempt {
        Attempt::begin(Begin {
            provider: "contoso".to_owned(),
            host: "payroll.example".to_owned(),
            return_to: ReturnPath::read("/"),
            now: 0,
            asked: Vec::new(),
            again: false,
            kept: None,
            address: None,
            before: None,
        })
        .unwrap()
    }

    #[test]
    fn a_browser_is_sent_with_state_nonce_and_a_challenge_and_without_the_verifier() {
        let attempt = attempt();
        let wanted = Wanted {
            again: true,
            acr_values: Some("c1".to_owned()),
            ..Wanted::default()
        };
        let url = authorization_url(&endpoints(), &REGISTRATION, &attempt, &wanted).unwrap();
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let told = |name: &str| {
            let mut values = query.iter().filter(|(other, _)| other == name);
            let value = values.next().map(|(_, value)| value.as_str());
            assert!(values.next().is_none(), "{name} twice");
            value
        };
        assert_eq!(told("tenant"), Some("a"));
        assert_eq!(told("response_type"), Some("code"));
        assert_eq!(told("code_challenge_method"), Some("S256"));
        assert_eq!(told("state"), Some(&*attempt.state));
        assert_eq!(told("nonce"), Some(&*attempt.nonce));
        assert_eq!(told("scope"), Some("openid"));
        assert_eq!(
            (told("prompt"), told("max_age")),
            (Some("login"), Some("0"))
        );
        assert_eq!(told("acr_values"), Some("c1"));
        assert!(!url.as_str().contains(&attempt.verifier));
        assert!(!url.as_str().contains("secret"));
    }

    #[test]
    fn signing_out_names_the_client_and_where_to_go_back() {
        let url = end_session_url(
            &endpoints(),
            "crossgate",
            Some("a.b.c"),
            "https://payroll.example/x",
        )
        .unwrap();
        assert_eq!(
            url.as_str(),
            "https://id.example/logout?client_id=crossgate&post_logout_redirect_uri=https%3A%2F%2Fpayroll.example%2Fx&id_token_hint=a.b.c"
        );
    }
}
