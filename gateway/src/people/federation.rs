//! Somebody comes back from another organisation's provider with a signed assertion, by SAML 2.0 or WS-Federation.

use std::borrow::Cow;
use std::sync::Arc;

use crossgate_config::{Federation, FederationProtocol};
use crossgate_policy::ids::Id;
use crossgate_portal::attempt::Attempt;
use crossgate_portal::pages::FailedWhy;
use crossgate_portal::saml::{self, Assertion, SamlFault, ServiceProvider};
use crossgate_portal::signed_xml::Certificate;
use crossgate_portal::store::IdToken;
use crossgate_portal::wsfed;
use http::Method;

use super::People;
use super::call::{Call, Reply};
use super::forms::one;
use super::guests::Acquaintance;
use super::provider::{Kind, Provider, SpeaksFor};
use super::send::MFA;
use super::vouched::Told;
use super::welcome::{Arrived, Failed, tampered};
use crate::request::respond;

/// An assertion as it came, and what it has to be.
struct Brought {
    protocol: FederationProtocol,
    message: String,
    issuer: String,
    certificates: Vec<Certificate>,
    here: String,
    request_id: String,
    now: u64,
}

impl Brought {
    fn read(&self) -> Result<Assertion, SamlFault> {
        match self.protocol {
            FederationProtocol::Saml => saml::read_response(
                &self.message,
                &saml::Expected {
                    idp_entity_id: &self.issuer,
                    idp_certificates: &self.certificates,
                    sp_entity_id: &self.here,
                    acs_url: &self.here,
                    request_id: &self.request_id,
                    now: self.now,
                },
            ),
            FederationProtocol::WsFed => wsfed::read_result(
                &self.message,
                &wsfed::Expected {
                    issuer: &self.issuer,
                    certificates: &self.certificates,
                    realm: &self.here,
                    reply: &self.here,
                    now: self.now,
                },
            ),
        }
    }
}

impl People {
    /// `/.crossgate/saml/<provider>` and `/.crossgate/ws-fed/<provider>`: an assertion is brought. By GET, what the
    /// provider's administrator has to know of us.
    pub(super) async fn federated(
        &self,
        call: &Call<'_>,
        protocol: FederationProtocol,
        provider: &str,
    ) -> Reply {
        let (state, answer) = match protocol {
            FederationProtocol::Saml => ("RelayState", "SAMLResponse"),
            FederationProtocol::WsFed => ("wctx", "wresult"),
        };
        if call.method != Method::POST {
            return Reply::of(match protocol {
                FederationProtocol::Saml if speaks(call, protocol, provider) => {
                    let here = call.federation_uri(protocol, provider);
                    respond::saml_metadata(&saml::metadata(&ServiceProvider {
                        entity_id: &here,
                        acs_url: &here,
                    }))
                }
                FederationProtocol::Saml | FederationProtocol::WsFed => call.nowhere(),
            });
        }
        let state = one(&call.form, state);
        let welcome = async {
            let (attempt, provider) = self.resumed(call, provider, state)?;
            let message = one(&call.form, answer).ok_or(tampered("no_assertion"))?;
            let arrived = self
                .by_assertion(call, protocol, provider, &attempt, message)
                .await?;
            self.let_in(call, provider, attempt, arrived).await
        };
        self.once(call, state, welcome).await
    }

    async fn by_assertion(
        &self,
        call: &Call<'_>,
        protocol: FederationProtocol,
        provider: &Provider,
        attempt: &Attempt,
        message: &str,
    ) -> Result<Arrived, Failed> {
        let federation = match &provider.kind {
            Kind::Federation(federation) if federation.protocol == protocol => federation,
            Kind::Federation(_) | Kind::Oidc(_) | Kind::Facebook(_) | Kind::Passcode => {
                return Err(tampered("provider_unknown"));
            }
        };
        let certificates = certificates(federation).await.map_err(|why| {
            tracing::error!(
                provider = provider.name,
                "[[provider]] signing_certificates: {why}"
            );
            Failed::unable("no_signing_certificate")
        })?;
        let now = call.now();
        let brought = Brought {
            protocol,
            message: message.to_owned(),
            issuer: federation.issuer_uri.clone(),
            certificates,
            here: call.federation_uri(protocol, &provider.name),
            request_id: saml::request_id(&attempt.state),
            now,
        };
        // Whoever begins a sign-in may bring a large one: it takes no worker's time, and only few are read at a time.
        let place = Arc::clone(&self.reading).acquire_owned().await;
        let read = tokio::task::spawn_blocking(move || {
            let _place = place;
            brought.read()
        });
        let read = read.await.map_err(|_| tampered("assertion_not_read"))?;
        let assertion = read.map_err(|fault| {
            tracing::warn!(
                provider = provider.name,
                correlation_id = call.correlation_id,
                "an assertion is not believed: {fault}"
            );
            not_believed(fault)
        })?;
        if attempt.again && assertion.authn_instant.saturating_add(saml::SKEW) < attempt.begun {
            return Err(Failed::from_before());
        }
        self.use_up(provider, &assertion, now).await?;
        let mut arrived = match &provider.speaks_for {
            SpeaksFor::Guests(voucher) => {
                let who = guest(provider, &assertion)?;
                self.guest(call, provider, voucher, attempt, &who).await?
            }
            SpeaksFor::Asserted(voucher) => {
                let statement = voucher.statement(&member(&assertion)?);
                Arrived {
                    verified: voucher.read(&statement, &call.in_force.issuers)?,
                    issuer: provider.name.clone(),
                    kept: IdToken(statement),
                    longest: None,
                }
            }
            SpeaksFor::Tenant(_) => return Err(tampered("provider_unknown")),
        };
        let ends = assertion.session_not_on_or_after;
        arrived.longest = ends.map(|ends| ends.saturating_sub(now));
        Ok(arrived)
    }

    async fn use_up(
        &self,
        provider: &Provider,
        assertion: &Assertion,
        now: u64,
    ) -> Result<(), Failed> {
        let store = Arc::clone(&self.store);
        let (provider, id) = (provider.name.clone(), assertion.id.clone());
        let until = assertion.not_on_or_after.saturating_add(saml::SKEW);
        let used = tokio::task::spawn_blocking(move || store.use_up(&provider, &id, until, now));
        match used.await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(refused(INVALID_ASSERTION, "assertion_used_before")),
            Ok(Err(_)) | Err(_) => {
                tracing::error!("[portal] store: nobody can sign in by an assertion");
                Err(Failed::unable("session_not_stored"))
            }
        }
    }
}

fn speaks(call: &Call<'_>, protocol: FederationProtocol, provider: &str) -> bool {
    let provider = call.settings.provider(provider);
    provider.is_some_and(|provider| match &provider.kind {
        Kind::Federation(federation) => federation.protocol == protocol,
        Kind::Oidc(_) | Kind::Facebook(_) | Kind::Passcode => false,
    })
}

/// Read when they are used, so that a file that was replaced counts at once.
async fn certificates(federation: &Federation) -> Result<Vec<Certificate>, String> {
    let mut certificates = Vec::new();
    for file in &federation.signing_certificates {
        let text = tokio::fs::read_to_string(file)
            .await
            .map_err(|why| format!("{}: {why}", file.display()))?;
        let read = Certificate::all_from_text(&text)
            .map_err(|why| format!("{}: {why}", file.display()))?;
        certificates.extend(read);
    }
    Ok(certificates)
}

fn not_believed(fault: SamlFault) -> Failed {
    match fault {
        SamlFault::NotSuccess(saml::Status::AuthnFailed | saml::Status::RequestDenied) => {
            Failed::denied()
        }
        SamlFault::NotSuccess(_) => Failed::provider_error(),
        SamlFault::Xml(_)
        | SamlFault::Signature(_)
        | SamlFault::NotAnAnswer
        | SamlFault::NoAssertion
        | SamlFault::SeveralAssertions
        | SamlFault::Encrypted
        | SamlFault::NotSigned
        | SamlFault::WrongRequest
        | SamlFault::WrongDestination
        | SamlFault::WrongIssuer
        | SamlFault::WrongAudience
        | SamlFault::NotConfirmed
        | SamlFault::NotYet
        | SamlFault::Expired
        | SamlFault::Time
        | SamlFault::UnknownCondition
        | SamlFault::NoNameId
        | SamlFault::NoSignIn
        | SamlFault::Malformed => refused(INVALID_ASSERTION, "assertion_not_believed"),
    }
}

const fn refused(code: u32, reason: &'static str) -> Failed {
    Failed::new(FailedWhy::NotAccepted, code, reason)
}

/// Somebody without a tenant: known by an address, which must be of a domain that the provider may speak for.
fn guest(provider: &Provider, assertion: &Assertion) -> Result<Acquaintance, Failed> {
    let mail = mail(assertion).filter(|mail| provider.owns(mail));
    let mail = mail.ok_or(refused(NO_USABLE_ADDRESS, "address_of_another_domain"))?;
    let format = assertion.name_id_format.as_deref();
    let lasts = format != Some(TRANSIENT) && format != Some(EMAIL_ADDRESS);
    Ok(Acquaintance {
        id: lasts.then(|| Id::new(&assertion.name_id).to_string()),
        mail: Some(mail.to_owned()),
        session: None,
        name: first(assertion, &NAMES).map(str::to_owned),
        signed_in: assertion.authn_instant,
        proven: Some(assertion.authn_instant),
        amr: methods(assertion),
    })
}

/// Somebody of the provider's own tenant: known by the name that it has for them, which must last.
fn member(assertion: &Assertion) -> Result<Told, Failed> {
    if assertion.name_id_format.as_deref() == Some(TRANSIENT) {
        return Err(refused(INVALID_ASSERTION, "name_id_is_transient"));
    }
    let mail = mail(assertion).map(str::to_owned);
    let groups = GROUPS
        .iter()
        .find_map(|name| assertion.attributes.get(*name));
    Ok(Told {
        sub: assertion.name_id.clone(),
        name: first(assertion, &NAMES).map(str::to_owned),
        preferred_username: mail.clone(),
        email: mail,
        auth_time: assertion.authn_instant,
        amr: methods(assertion),
        groups: groups.cloned().unwrap_or_default(),
        sid: assertion.session_index.clone(),
        home_oid: None,
    })
}

fn mail(assertion: &Assertion) -> Option<&str> {
    let is_address = assertion.name_id_format.as_deref() == Some(EMAIL_ADDRESS);
    first(assertion, &ADDRESSES).or_else(|| is_address.then_some(assertion.name_id.as_str()))
}

/// In the words of ID tokens (RFC 8176).
fn methods(assertion: &Assertion) -> Vec<Cow<'static, str>> {
    let told = assertion.attributes.get(METHODS).into_iter().flatten();
    let context = assertion.authn_context.iter();
    let mfa = |method: &String| [MFA, REFEDS_MFA].contains(&method.as_str());
    if told.chain(context).any(mfa) {
        vec!["mfa".into()]
    } else {
        Vec::new()
    }
}

/// The one value of the first of these attributes that is there.
fn first<'a>(assertion: &'a Assertion, names: &[&str]) -> Option<&'a str> {
    let values = names
        .iter()
        .find_map(|name| assertion.attributes.get(*name))?;
    match values.as_slice() {
        [only] => Some(only.trim()).filter(|value| !value.is_empty()),
        _ => None,
    }
}

/// The claims of Entra and AD FS, then those of the InCommon and eduGAIN federations, then what others write.
const ADDRESSES: [&str; 4] = [
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "mail",
    "email",
];
const NAMES: [&str; 4] = [
    "http://schemas.microsoft.com/identity/claims/displayname",
    "urn:oid:2.16.840.1.113730.3.1.241",
    "displayName",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
];
const GROUPS: [&str; 2] = [
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
    "groups",
];
const METHODS: &str = "http://schemas.microsoft.com/claims/authnmethodsreferences";

const REFEDS_MFA: &str = "https://refeds.org/profile/mfa";

const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
const EMAIL_ADDRESS: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

/// `InvalidSamlToken`.
const INVALID_ASSERTION: u32 = 50_008;
/// `InvalidSamlTokenEmailMissingOrInvalid`.
const NO_USABLE_ADDRESS: u32 = 5_000_819;

/// Assertions that are read at a time.
pub(super) const MOST_READ: usize = 2;
