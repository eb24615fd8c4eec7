//! What an OpenID provider that speaks for no tenant tells of a person.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossgate_token::Verified;
use serde::Deserialize;
use serde_json::Value;

use super::guests::Acquaintance;

/// OpenID Connect Core 1.0, section 5.1.
#[derive(Default, Deserialize)]
struct Address {
    email: Option<String>,
    email_verified: Option<Value>,
}

/// Who an ID token tells of, which was verified. An address counts where the provider says that it is confirmed.
pub(super) fn profile(verified: &Verified, id_token: &str) -> Acquaintance {
    let claims = verified.claims();
    let payload = id_token.split('.').nth(1).unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    let address: Address = serde_json::from_slice(&payload).unwrap_or_default();
    let is_confirmed = match &address.email_verified {
        Some(Value::Bool(confirmed)) => *confirmed,
        // Some write all their claims as text.
        Some(Value::String(text)) => text == "true",
        Some(Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_)) | None => false,
    };
    Acquaintance {
        id: claims.subject.as_ref().map(ToString::to_string),
        mail: address.email.filter(|_| is_confirmed),
        session: claims.session.as_ref().map(ToString::to_string),
        name: claims.names.name.as_deref().map(str::to_owned),
        proven: claims.authenticated_at.map(|at| at.seconds() as u64),
        signed_in: claims
            .earliest_sign_in()
            .map_or(0, |at| at.seconds() as u64),
        amr: Vec::new(),
    }
}
