//! Facebook's dialect of OAuth 2.0: a code for a token, and the token for a profile. There is no ID token, no nonce, and
//! nothing that tells when somebody signed in.

use std::future::Future;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use http::header::{ACCEPT, AUTHORIZATION};
use http::{Method, StatusCode};
use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _, TokenUrl,
};
use serde::Deserialize;
use url::Url;

use crate::attempt::Attempt;
use crate::oidc::{Endpoints, ExchangeFault, Registration, not_exchanged};

/// Who Facebook says signed in.
#[derive(Clone, Deserialize)]
pub struct Profile {
    /// The person's id, for this app only.
    pub id: String,
    /// What people call them.
    pub name: Option<String>,
    /// Their address, where they have one that is confirmed and let us know it.
    pub email: Option<String>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").finish_non_exhaustive()
    }
}

type Provider =
    BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

fn provider(
    endpoints: &Endpoints,
    registration: &Registration<'_>,
) -> Result<Provider, oauth2::url::ParseError> {
    let client = BasicClient::new(ClientId::new(registration.client_id.to_owned()))
        .set_auth_uri(AuthUrl::from_url(endpoints.authorization.clone()))
        .set_token_uri(TokenUrl::from_url(endpoints.token.clone()))
        .set_redirect_uri(RedirectUrl::new(registration.redirect_uri.to_owned())?)
        // The secret goes with the form: there is no other way.
        .set_auth_type(oauth2::AuthType::RequestBody);
    Ok(match registration.client_secret {
        Some(secret) => client.set_client_secret(ClientSecret::new(secret.to_owned())),
        None => client,
    })
}

/// Where the browser goes to sign in; `again`, where a sign-in from before does not do.
///
/// # Errors
/// An address cannot be used.
pub fn authorization_url(
    endpoints: &Endpoints,
    registration: &Registration<'_>,
    attempt: &Attempt,
    again: bool,
) -> Result<Url, oauth2::url::ParseError> {
    let provider = provider(endpoints, registration)?;
    let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
    let state = attempt.state.clone();
    let mut request = provider
        .authorize_url(move || CsrfToken::new(state))
        .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    if again {
        request = request.add_extra_param("auth_type", "reauthenticate");
    }
    Ok(request.url().0)
}

/// Gives the code back, and takes the profile of whoever it is for.
///
/// # Errors
/// There is none.
pub async fn profile<F, E>(
    endpoints: &Endpoints,
    profile_url: &Url,
    registration: &Registration<'_>,
    attempt: &Attempt,
    code: String,
    send: impl Fn(http::Request<Vec<u8>>) -> F + Sync,
) -> Result<Profile, ExchangeFault>
where
    F: Future<Output = Result<http::Response<Vec<u8>>, E>> + Send,
    E: std::error::Error + 'static,
{
    let answer = provider(endpoints, registration)?
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
        .request_async(&send)
        .await
        .map_err(not_exchanged)?;
    let token = answer.access_token().secret();
    let mut url = profile_url.clone();
    url.query_pairs_mut().append_pair("fields", FIELDS);
    if let Some(secret) = registration.client_secret {
        // Whoever steals a token has not the app's secret.
        url.query_pairs_mut()
            .append_pair("appsecret_proof", &proof(secret, token));
    }
    let no_answer = |why: String| ExchangeFault::NoAnswer(why);
    let request = http::Request::builder()
        .method(Method::GET)
        .uri(url.as_str())
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|_| no_answer("its profile cannot be asked for".to_owned()))?;
    let answer = send(request).await;
    let answer = answer.map_err(|error| no_answer(error.to_string()))?;
    if answer.status() != StatusCode::OK {
        let status = answer.status().as_u16();
        return Err(ExchangeFault::Refused(format!("its profile: {status}")));
    }
    let profile: Profile = serde_json::from_slice(answer.body())
        .map_err(|_| no_answer("its profile is none".to_owned()))?;
    if profile.id.is_empty() {
        return Err(no_answer("its profile is nobody's".to_owned()));
    }
    Ok(profile)
}

/// `appsecret_proof`.
fn proof(secret: &str, token: &str) -> String {
    let key = hmac::Key::new(HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, token.as_bytes());
    tag.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

const SCOPES: [&str; 2] = ["public_profile", "email"];

const FIELDS: &str = "id,name,email";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_the_tokens_hmac_by_the_apps_secret() {
        // RFC 4231, section 4.3.
        assert_eq!(
            proof("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
