//! Who calls the admin API: a token of the own tenant, verified like any other and decided by the same policy, or one of two secrets.

use std::net::IpAddr;
use std::sync::Arc;

use crossgate_config::{AppSettings, Clients, Enforcement, ResourceTenant, Settings};
use crossgate_control::administrator::{Administrator, Credential as Shown};
use crossgate_control::api::error::ApiError;
use crossgate_control::ledger::Ledger;
use crossgate_control::secret::{Fingerprint, Purpose};
use crossgate_policy::decision::{Outcome, Refusal};
use crossgate_policy::ids::ResourceTenant as Resource;
use crossgate_policy::subject::Subject;
use crossgate_policy::target::Target;
use crossgate_policy::{Decision, Reason};
use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use jiff::Timestamp;

use crate::live::Live;
use crate::ops::Metrics;
use crate::request::admit::{Addressee, Brought, Moment, admit, unix_time};
use crate::request::credential::Credential;
use crate::request::respond;
use crate::request::restriction::restriction_values;
use crate::request::route::target;
use crate::request::token::KnownToken;
use crate::request::tokens::Tokens;

/// Finds out who calls.
#[derive(Debug)]
pub(super) struct Callers {
    pub(super) live: Arc<Live>,
    pub(super) tokens: Arc<Tokens>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) ledger: Arc<Ledger>,
}

/// The admin API as policies see it: an app of the own tenant.
#[must_use]
pub fn admin_target(settings: &Settings) -> Target {
    target(&admin_app(settings))
}

/// The same as the configuration would have it.
#[must_use]
pub fn admin_app(settings: &Settings) -> AppSettings {
    AppSettings {
        id: settings.admin.app.clone(),
        name: "Crossgate".to_owned(),
        hosts: Vec::new(),
        paths: Vec::new(),
        audiences: settings.admin.audiences.clone(),
        upstreams: Vec::new(),
        resource_tenant: ResourceTenant::Own,
        // Trying policy out must not open the way to changing it.
        enforcement: Enforcement::Enforce,
        cors_preflight: false,
        sign_in: false,
        anonymous: false,
        require_restriction_claim: false,
        forward_authorization: false,
        auth_contexts: Vec::new(),
        clients: Clients::Any,
        app_clients: Vec::new(),
        scopes: Vec::new(),
        roles: Vec::new(),
        assignment_required: false,
        assigned: Vec::new(),
    }
}

impl Callers {
    /// The caller of a request with these headers.
    ///
    /// # Errors
    /// Nobody, for the reason that is to be told. May read a file.
    pub(super) fn identify(
        &self,
        headers: &HeaderMap,
        address: Option<IpAddr>,
    ) -> Result<Administrator, ApiError> {
        let settings = self.ledger.enforcer().settings();
        if let Credential::Bearer(presented) = Credential::read(headers)
            && let Ok(token) = presented.token()
            && let Some(purpose) = Purpose::of(token.expose())
        {
            return self.secret(purpose, token.expose(), &settings, address);
        }
        let in_force = self.live.in_force();
        let now = Timestamp::now();
        let moment = Moment {
            // Never by what is staged: whoever stages a draft can return it.
            snapshot: &in_force.snapshot,
            staged: None,
            issuers: &in_force.issuers,
            keys: |issuer: &str| in_force.keys.get(issuer),
            basis: in_force.basis(),
        };
        let target = admin_target(&settings);
        let audiences: Vec<Box<str>> = settings
            .admin
            .audiences
            .iter()
            .map(|audience| audience.as_str().into())
            .collect();
        let addressee = Addressee {
            target: &target,
            resource: Resource(settings.tenant.id),
            audiences: &audiences,
        };
        let restriction = restriction_values(headers);
        let brought = Brought {
            now: unix_time(now),
            headers,
            restriction: restriction.as_deref(),
            client_ip: address,
            session: None,
            terms_accepted: &[],
        };
        let admission = admit(&moment, addressee, brought, &self.tokens, &self.metrics);
        for issuer in &admission.outdated {
            self.live.request_refresh(issuer);
        }
        // Whatever policy says of others: nobody but our own has business here.
        let foreign = |token: &Arc<KnownToken>| token.subject.issuer.0 != settings.tenant.id;
        if admission.token.as_ref().is_some_and(foreign) {
            return Err(foreigner());
        }
        let Ok(decision) = admission.verdict else {
            return Err(ApiError::unavailable(
                "no keys of the token's issuer are known yet",
            ));
        };
        let token = match (&decision.outcome, decision.permit(), admission.token) {
            (Ok(()), Some(_), Some(token)) => token,
            (Err(refusal), _, _) => return Err(refused(refusal, now)),
            (Ok(()), _, _) => return Err(nobody()),
        };
        Ok(administrator(&token, Shown::Token))
    }

    fn secret(
        &self,
        purpose: Purpose,
        secret: &str,
        settings: &Settings,
        address: Option<IpAddr>,
    ) -> Result<Administrator, ApiError> {
        let (fingerprint, credential) = match purpose {
            Purpose::Bootstrap => (self.ledger.bootstrap_secret()?, Shown::Bootstrap),
            Purpose::BreakGlass => {
                let file = settings.admin.break_glass_file.as_deref();
                let text = file.and_then(|file| std::fs::read_to_string(file).ok());
                (
                    text.and_then(|text| Fingerprint::parse(&text)),
                    Shown::BreakGlass,
                )
            }
        };
        let address = address.map(|address| address.to_string());
        if !fingerprint.is_some_and(|fingerprint| fingerprint.fits(secret)) {
            self.metrics.admin.secret(purpose.name(), false);
            tracing::warn!(
                secret = purpose.name(),
                address,
                "a secret of the admin API was refused"
            );
            return Err(ApiError::unauthenticated(
                "the secret is not, or no longer, one of this gateway",
                None,
            ));
        }
        self.metrics.admin.secret(purpose.name(), true);
        tracing::warn!(
            secret = purpose.name(),
            address,
            "a secret of the admin API is used"
        );
        Ok(Administrator {
            credential,
            display_name: None,
            user_principal_name: None,
            terms_accepted: Arc::default(),
        })
    }
}

/// Somebody whose token, or ID token, was verified and let in.
pub(super) fn administrator(
    token: &KnownToken,
    shown: impl FnOnce(Arc<Subject>) -> Shown,
) -> Administrator {
    Administrator {
        credential: shown(Arc::clone(&token.subject)),
        display_name: token.facts.display_name.clone(),
        user_principal_name: token.facts.user_principal_name.clone(),
        terms_accepted: Arc::default(),
    }
}

fn foreigner() -> ApiError {
    ApiError::unauthenticated(
        "the token is not of this organization's own tenant",
        Some("Bearer error=\"invalid_token\"".to_owned()),
    )
}

fn nobody() -> ApiError {
    ApiError::unauthenticated("Access token is empty.", None)
}

/// A refusal of policy, in the words of Graph.
fn refused(refusal: &Refusal, at: Timestamp) -> ApiError {
    let answer = respond::refusal(
        refusal,
        &respond::Asked {
            correlation_id: String::new(),
            at,
            // The metadata that a challenge would name is at the doors of apps alone.
            origin: None,
            prefix: "",
            page: None,
            entra: true,
        },
    );
    let challenge = answer
        .headers
        .iter()
        .find(|(name, _)| *name == WWW_AUTHENTICATE)
        .and_then(|(_, value)| value.to_str().ok().map(ToOwned::to_owned));
    let code = refusal.reason.code();
    match refusal.reason.outcome() {
        Outcome::Unauthenticated => {
            let message = if refusal.reason == Reason::NoToken {
                "Access token is empty.".to_owned()
            } else {
                let reason = refusal.reason.name();
                format!("the access token is not accepted: {reason}")
            };
            ApiError::unauthenticated(message, challenge)
        }
        Outcome::StepUp => ApiError::unauthenticated(
            format!("AADSTS{code}: more is needed to sign in"),
            challenge,
        ),
        Outcome::Allow
        | Outcome::Block
        | Outcome::Redeem
        | Outcome::Consent
        | Outcome::BadRequest
        | Outcome::NotFound => ApiError::denied(format!(
            "AADSTS{code}: the organization's own policy does not let you call the admin API"
        )),
    }
}

/// Why an administrator could not go on, where a decision refuses.
#[must_use]
pub(super) fn reason(decision: &Decision) -> Option<String> {
    let refusal = decision.outcome.as_ref().err()?;
    Some(format!(
        "AADSTS{}, {}",
        refusal.reason.code(),
        refusal.reason.name()
    ))
}
