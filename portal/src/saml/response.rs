//! A `Response` as a browser posts it (SAML 2.0 Profiles, sections 4.1.4.2 to 4.1.4.5).

use roxmltree::Node;

use super::assertion::{self, Assertion, Confirmed, SAML, Terms, decode, expect, single};
use super::fault::{SamlFault, Status};
use super::time::{instant, within};
use crate::signed_xml::{Certificate, DSIG, Xml, child, children, signature_of, text, verify};

/// What an answer has to be, to be one to us.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider's `entityID`.
    pub idp_entity_id: &'a str,
    /// One of these has signed.
    pub idp_certificates: &'a [Certificate],
    /// Our `entityID`.
    pub sp_entity_id: &'a str,
    /// Where it was posted to.
    pub acs_url: &'a str,
    /// The `ID` of the request that it answers.
    pub request_id: &'a str,
    /// The time, in seconds.
    pub now: u64,
}

/// The namespace of responses.
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// Who signed in, by the form field `SAMLResponse` or the XML in it.
///
/// The response or the assertion has to be signed; a signature that is there has to be right even where the other would do.
/// How long ago the person signed in is the caller's to judge, by [`Assertion::authn_instant`].
///
/// # Errors
/// Nobody signed in, or it cannot be believed.
pub fn read_response(message: &str, expected: &Expected<'_>) -> Result<Assertion, SamlFault> {
    let source = decode(message)?;
    let xml = Xml::read(&source)?;
    let response = xml.root();
    if !response.has_tag_name((PROTOCOL, "Response")) {
        return Err(SamlFault::NotAnAnswer);
    }
    // A refusal is seldom signed. All that a false one does is to refuse.
    refuse_failure(response)?;
    let assertion = the_assertion(&xml)?;
    let certificates = expected.idp_certificates;
    let signed = |element: Node<'_, '_>| {
        signature_of(element)?
            .map(|_| verify(&xml, element, id(element), certificates))
            .transpose()
    };
    let (whole, part) = (signed(response)?, signed(assertion)?);
    match &whole {
        Some(whole) => check(whole.xml()?.root(), expected, true)?,
        None => check(response, expected, false)?,
    }
    let believed = part.or(whole).ok_or(SamlFault::NotSigned)?;
    let believed = believed.xml()?;
    let root = believed.root();
    let assertion = if root.has_tag_name((SAML, "Assertion")) {
        root
    } else if root.has_tag_name((PROTOCOL, "Response")) {
        child(root, SAML, "Assertion").ok_or(SamlFault::NoAssertion)?
    } else {
        return Err(SamlFault::NotAnAnswer);
    };
    let terms = Terms {
        issuer: expected.idp_entity_id,
        audience: expected.sp_entity_id,
        confirmed: Confirmed::Answer {
            acs_url: expected.acs_url,
            request_id: expected.request_id,
        },
        now: expected.now,
    };
    assertion::read(assertion, &terms)
}

fn refuse_failure(response: Node<'_, '_>) -> Result<(), SamlFault> {
    let code = child(response, PROTOCOL, "Status")
        .and_then(|status| child(status, PROTOCOL, "StatusCode"))
        .ok_or(SamlFault::Malformed)?;
    let value = code.attribute("Value");
    if value == Some(SUCCESS) {
        return Ok(());
    }
    let more = child(code, PROTOCOL, "StatusCode").and_then(|more| more.attribute("Value"));
    Err(SamlFault::NotSuccess(Status::read(value, more)))
}

/// The one assertion, where it and every signature stand where they belong.
fn the_assertion<'n, 'a>(xml: &'n Xml<'a>) -> Result<Node<'n, 'a>, SamlFault> {
    if xml.all(SAML, "EncryptedAssertion").next().is_some() {
        return Err(SamlFault::Encrypted);
    }
    let response = xml.root();
    let assertion = single(xml.all(SAML, "Assertion"))?.ok_or(SamlFault::NoAssertion)?;
    let is_plain = xml.all(PROTOCOL, "Response").count() == 1
        && assertion.parent() == Some(response)
        && xml
            .all(DSIG, "Signature")
            .all(|signature| [Some(response), Some(assertion)].contains(&signature.parent()));
    is_plain
        .then_some(assertion)
        .ok_or(SamlFault::SeveralAssertions)
}

fn check(
    response: Node<'_, '_>,
    expected: &Expected<'_>,
    is_signed: bool,
) -> Result<(), SamlFault> {
    refuse_failure(response)?;
    expect(response, "Version", "2.0", SamlFault::NotAnAnswer)?;
    expect(
        response,
        "InResponseTo",
        expected.request_id,
        SamlFault::WrongRequest,
    )?;
    // SAML 2.0 Bindings, section 3.5.5.2: who signs it says where it goes.
    if is_signed || response.has_attribute("Destination") {
        let address = expected.acs_url;
        expect(
            response,
            "Destination",
            address,
            SamlFault::WrongDestination,
        )?;
    }
    if let Some(issuer) = single(children(response, SAML, "Issuer"))?
        && text(issuer) != Some(expected.idp_entity_id)
    {
        return Err(SamlFault::WrongIssuer);
    }
    let issued = instant(response.attribute("IssueInstant"))?.ok_or(SamlFault::Time)?;
    within(expected.now, Some(issued), None)
}

fn id<'n>(element: Node<'n, '_>) -> &'n str {
    element.attribute("ID").unwrap_or_default()
}
