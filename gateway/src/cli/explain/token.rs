//! Verifies the token, with the keys of whoever says to have signed it.

use crossgate_policy::decision::TokenRefusal;
use crossgate_token::{Issuers, Jws, Verified, verify};
use http::HeaderMap;

use super::keys;
use crate::cli::ending::Failure;
use crate::load::Loaded;
use crate::request::credential::Credential;
use crate::request::subject::refusal;

/// A token that is not genuine.
pub(super) struct Refused {
    /// As a decision tells it.
    pub(super) refusal: TokenRefusal,
    /// The rule that is broken, in words.
    pub(super) rule: Option<String>,
}

/// Verifies the credential of a request.
pub(super) fn read(
    headers: &HeaderMap,
    loaded: &Loaded,
) -> Result<Result<Verified, Refused>, Failure> {
    let token = match Credential::read(headers) {
        Credential::Bearer(token) => token.token(),
        Credential::Unacceptable(refusal) => Err(refusal),
        Credential::None => return Err(Failure::Unusable("--token: there is none".to_owned())),
    };
    let token = match token {
        Ok(token) => token.expose(),
        Err(refusal) => {
            let rule = None;
            return Ok(Err(Refused { refusal, rule }));
        }
    };
    let signers = signers(token, &loaded.issuers);
    let (sets, missing) = keys::fetch(
        loaded
            .settings
            .issuers
            .iter()
            .filter(|issuer| signers.contains(&issuer.name.as_str())),
    )?;
    match verify(token, &loaded.issuers, |name| sets.get(name)) {
        Ok(verified) => Ok(Ok(verified)),
        Err(unverified) => match unverified.fault() {
            Some(fault) => Ok(Err(Refused {
                refusal: refusal(fault),
                rule: Some(fault.to_string()),
            })),
            // Without keys the token is neither good nor bad.
            None => Err(Failure::Unusable(missing.join("\n"))),
        },
    }
}

/// The names of the issuers that may have signed the token; none where it does not even say.
fn signers<'i>(token: &str, issuers: &'i Issuers) -> Vec<&'i str> {
    let payload = Jws::parse(token).and_then(|jws| jws.claims());
    let payload = payload.unwrap_or_default();
    let issuer = payload.get("iss").and_then(serde_json::Value::as_str);
    issuer
        .map(|iss| issuers.candidates(iss))
        .unwrap_or_default()
        .iter()
        .map(|issuer| &*issuer.name)
        .collect()
}
