//! One provider for all tests, and what they change of its answers.

use std::sync::LazyLock;
use std::time::SystemTime;

use crossgate_portal::saml::{Assertion, Expected, SamlFault, read_response};
use crossgate_portal::signed_xml::Certificate;
pub(crate) use crossgate_testkit::saml::wrapping::{cut, replaced};
use crossgate_testkit::saml::{SamlProvider, Signer};
use serde_json::{Value, json};

pub(crate) const US: &str = "https://payroll.example/";
pub(crate) const ACS: &str = "https://payroll.example/.crossgate/saml/contoso";
pub(crate) const REQUEST: &str = "_request";

pub(crate) struct Stage {
    pub(crate) provider: SamlProvider,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) stranger: Signer,
}

pub(crate) static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let provider = SamlProvider::start();
    provider.account(&json!({
        "sub": "ada", "email": "ada@contoso.example",
        "attributes": { "mail": "ada@contoso.example", "groups": ["staff", "R&D <1>"] },
    }));
    // Two, as while a provider changes its key.
    let stranger = Signer::rsa();
    let other = Certificate::from_text(&Signer::p256().certificate).unwrap();
    let own = Certificate::from_text(provider.certificate()).unwrap();
    Stage {
        provider,
        certificates: vec![other, own],
        stranger,
    }
});

pub(crate) fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

pub(crate) fn expected() -> Expected<'static> {
    Expected {
        idp_entity_id: STAGE.provider.issuer(),
        idp_certificates: &STAGE.certificates,
        sp_entity_id: US,
        acs_url: ACS,
        request_id: REQUEST,
        now: now(),
    }
}

pub(crate) fn read(message: &str) -> Result<Assertion, SamlFault> {
    read_response(message, &expected())
}

/// A response about Ada, with members of the control call beside.
pub(crate) fn response(more: Value) -> String {
    let asked =
        json!({ "login": "ada", "audience": US, "acs_url": ACS, "in_response_to": REQUEST });
    STAGE.provider.response(&with(asked, more))
}

pub(crate) const ASSERTION: &str = "//*[local-name(.)='Assertion']";
pub(crate) const RESPONSE: &str = "//*[local-name(.)='Response']";

/// Signs an element of it, with members of the control call beside.
pub(crate) fn sign(xml: &str, element: &str, more: Value) -> String {
    let after = format!("{element}/*[local-name(.)='Issuer']");
    let asked = json!({ "xml": xml, "element": element, "after": after });
    STAGE.provider.sign(&with(asked, more))
}

/// A response whose assertion was changed before it was signed.
pub(crate) fn signed_with(from: &str, to: &str) -> String {
    let plain = replaced(&response(json!({ "sign": "none" })), from, to);
    sign(&plain, ASSERTION, json!({}))
}

fn with(mut asked: Value, more: Value) -> Value {
    let members = asked.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    asked
}
