//! `WWW-Authenticate`: what a client can do about a 401 (RFC 6750, 9470 and 9728, and Entra's claims challenge).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossgate_policy::decision::{Outcome, Reason, Refusal, Requirement};
use crossgate_policy::snapshot::Strength;
use serde_json::{Map, Value, json};

use super::Asked;

/// Where RFC 9728 puts the metadata of a resource.
pub const METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

/// One value for each way to say it; none where signing in would not help.
pub(super) fn challenges(refusal: &Refusal, asked: &Asked<'_>) -> Vec<String> {
    let metadata = asked.origin.as_deref().map(|origin| {
        let prefix = asked.prefix;
        (
            "resource_metadata",
            format!("{origin}{METADATA_PATH}{prefix}"),
        )
    });
    let outcome = refusal.reason.outcome();
    match outcome {
        // Nothing was sent, so nothing is wrong (RFC 6750, section 3.1).
        Outcome::Unauthenticated if refusal.reason == Reason::NoToken => {
            vec![bearer(metadata.into_iter())]
        }
        Outcome::Unauthenticated => {
            let error = ("error", "invalid_token".to_owned());
            vec![bearer([error].into_iter().chain(metadata))]
        }
        Outcome::StepUp => {
            let claims = STANDARD.encode(claims(refusal, asked).to_string());
            let error = ("error", "insufficient_claims".to_owned());
            let entra = bearer(
                [error, ("claims", claims)]
                    .into_iter()
                    .chain(metadata.clone()),
            );
            if asked.entra || refusal.reason == Reason::RestrictionClaimMissing {
                return vec![entra];
            }
            let error = ("error", "insufficient_user_authentication".to_owned());
            let values = [
                error,
                ("acr_values", acr_values(refusal)),
                ("max_age", MAX_AGE.to_owned()),
            ];
            vec![bearer(values.into_iter().chain(metadata)), entra]
        }
        Outcome::Allow
        | Outcome::Block
        | Outcome::Redeem
        | Outcome::Consent
        | Outcome::BadRequest
        | Outcome::NotFound => Vec::new(),
    }
}

fn bearer(parameters: impl Iterator<Item = (&'static str, String)>) -> String {
    let mut value = "Bearer".to_owned();
    for (number, (name, text)) in parameters.enumerate() {
        value.push_str(if number == 0 { " " } else { ", " });
        value.push_str(name);
        value.push_str("=\"");
        // Values are ours, base64, or a checked host; a quote could only be an attempt at a second parameter.
        value.extend(text.chars().filter(|letter| !matches!(letter, '"' | '\\')));
        value.push('"');
    }
    value
}

/// Entra's claims request. Contexts have a form of their own. MFA and strengths are asked for by the methods that show
/// them, never by a policy's id, and terms of use by a newer token: the client signs in again and meets them there.
fn claims(refusal: &Refusal, asked: &Asked<'_>) -> Value {
    let mut wanted = wanted(refusal);
    if refusal.requirements.contains(&Requirement::TermsOfUse) {
        let now = asked.at.as_second().to_string();
        wanted.insert("nbf".to_owned(), json!({ "essential": true, "value": now }));
    }
    json!({ "access_token": wanted })
}

/// The same for a browser, whose sign-in gives an ID token (OpenID Connect Core 1.0, section 5.5.1).
#[must_use]
pub fn sign_in_claims(refusal: &Refusal) -> Option<String> {
    let wanted = wanted(refusal);
    (!wanted.is_empty()).then(|| json!({ "id_token": wanted }).to_string())
}

fn wanted(refusal: &Refusal) -> Map<String, Value> {
    let mut wanted = Map::new();
    let contexts = contexts(refusal);
    match contexts.as_slice() {
        [] => {}
        [context] => {
            wanted.insert(
                "acrs".to_owned(),
                json!({ "essential": true, "value": context }),
            );
        }
        contexts => {
            wanted.insert(
                "acrs".to_owned(),
                json!({ "essential": true, "values": contexts }),
            );
        }
    }
    for requirement in &refusal.requirements {
        match requirement {
            Requirement::Mfa | Requirement::AuthStrength(_) => {
                wanted.insert(
                    "amr".to_owned(),
                    json!({ "essential": true, "values": ["mfa"] }),
                );
            }
            Requirement::RestrictionClaim => {
                wanted.insert("xms_trpid".to_owned(), json!({ "essential": true }));
            }
            Requirement::TermsOfUse
            | Requirement::AuthContext(_)
            | Requirement::CompliantDevice
            | Requirement::HybridJoinedDevice => {}
        }
    }
    wanted
}

fn contexts<'r>(refusal: &'r Refusal) -> Vec<&'r str> {
    let context = |requirement: &'r Requirement| match requirement {
        Requirement::AuthContext(context) => Some(&**context),
        Requirement::Mfa
        | Requirement::AuthStrength(_)
        | Requirement::TermsOfUse
        | Requirement::CompliantDevice
        | Requirement::HybridJoinedDevice
        | Requirement::RestrictionClaim => None,
    };
    refusal.requirements.iter().filter_map(context).collect()
}

/// Contexts under their own names, strengths and MFA under those that OpenID providers know.
#[must_use]
pub fn acr_values(refusal: &Refusal) -> String {
    let mut values = contexts(refusal);
    for requirement in &refusal.requirements {
        let value = match requirement {
            Requirement::AuthStrength(Strength::PhishingResistant | Strength::Passwordless) => {
                "phr"
            }
            Requirement::AuthStrength(Strength::Multifactor) | Requirement::Mfa => MULTI_FACTOR,
            Requirement::AuthContext(_)
            | Requirement::TermsOfUse
            | Requirement::CompliantDevice
            | Requirement::HybridJoinedDevice
            | Requirement::RestrictionClaim => continue,
        };
        if !values.contains(&value) {
            values.push(value);
        }
    }
    if values.is_empty() {
        // RFC 9470 has no word for terms of use; a fresh sign-in is where they are shown.
        return MULTI_FACTOR.to_owned();
    }
    values.join(" ")
}

/// OpenID's name for more than one factor (PAPE), which providers still list.
const MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

/// Seconds since the sign-in: the one that lacked something is not to be used again.
const MAX_AGE: &str = "300";
