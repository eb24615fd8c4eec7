//! `wresult` as a browser posts it: a `RequestSecurityTokenResponse` with an assertion in it (WS-Federation 1.2, section
//! 13.2.2; WS-Trust 1.3, section 4.4, and the draft of February 2005 that most still send).

use roxmltree::Node;

use super::assertion11::{self, SAML11};
use crate::saml::{Assertion, Confirmed, SAML, SamlFault, Terms, decode, read_assertion, single};
use crate::signed_xml::{Certificate, DSIG, Xml, child, signature_of, verify};

/// What an answer has to be, to be one to us.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who issued the assertion.
    pub issuer: &'a str,
    /// One of these has signed it.
    pub certificates: &'a [Certificate],
    /// Our `wtrealm`.
    pub realm: &'a str,
    /// Our `wreply`.
    pub reply: &'a str,
    /// The time, in seconds.
    pub now: u64,
}

const TRUST: [&str; 2] = [
    "http://schemas.xmlsoap.org/ws/2005/02/trust",
    "http://docs.oasis-open.org/ws-sx/ws-trust/200512",
];

/// Who signed in, by the form field `wresult`.
///
/// The assertion itself has to be signed. Attributes of SAML 1.1 are named by their namespace, a `/` and their name, as the
/// claims of Microsoft's products are.
///
/// # Errors
/// Nobody signed in, or it cannot be believed.
pub fn read_result(wresult: &str, expected: &Expected<'_>) -> Result<Assertion, SamlFault> {
    let source = decode(wresult)?;
    let xml = Xml::read(&source)?;
    let (assertion, id) = the_assertion(&xml)?;
    if signature_of(assertion)?.is_none() {
        return Err(SamlFault::NotSigned);
    }
    let id = assertion.attribute(id).unwrap_or_default();
    let signed = verify(&xml, assertion, id, expected.certificates)?;
    let believed = signed.xml()?;
    let assertion = believed.root();
    let terms = Terms {
        issuer: expected.issuer,
        audience: expected.realm,
        confirmed: Confirmed::Passive {
            reply: expected.reply,
        },
        now: expected.now,
    };
    match assertion.tag_name().namespace() {
        Some(SAML) => read_assertion(assertion, &terms),
        Some(SAML11) => assertion11::read(assertion, &terms),
        _ => Err(SamlFault::NoAssertion),
    }
}

/// The one assertion, where it and its signature stand where they belong, and what its id is called.
fn the_assertion<'n, 'a>(xml: &'n Xml<'a>) -> Result<(Node<'n, 'a>, &'static str), SamlFault> {
    let (trust, response) = token_response(xml.root())?;
    let requested =
        child(response, trust, "RequestedSecurityToken").ok_or(SamlFault::NoAssertion)?;
    let is_encrypted = |node: Node<'_, '_>| {
        ["EncryptedAssertion", "EncryptedData"].contains(&node.tag_name().name())
    };
    if requested.descendants().any(is_encrypted) {
        return Err(SamlFault::Encrypted);
    }
    let both = xml
        .all(SAML, "Assertion")
        .chain(xml.all(SAML11, "Assertion"));
    let assertion = single(both)?.ok_or(SamlFault::NoAssertion)?;
    let tokens = requested.children().filter(Node::is_element).count();
    let is_plain = assertion.parent() == Some(requested)
        && tokens == 1
        && xml
            .all(DSIG, "Signature")
            .all(|signature| signature.parent() == Some(assertion));
    if !is_plain {
        return Err(SamlFault::SeveralAssertions);
    }
    let id = if assertion.has_tag_name((SAML, "Assertion")) {
        "ID"
    } else {
        "AssertionID"
    };
    Ok((assertion, id))
}

fn token_response<'n, 'a>(root: Node<'n, 'a>) -> Result<(&'static str, Node<'n, 'a>), SamlFault> {
    for trust in TRUST {
        if root.has_tag_name((trust, "RequestSecurityTokenResponse")) {
            return Ok((trust, root));
        }
        if root.has_tag_name((trust, "RequestSecurityTokenResponseCollection")) {
            let only = child(root, trust, "RequestSecurityTokenResponse");
            return Ok((trust, only.ok_or(SamlFault::SeveralAssertions)?));
        }
    }
    Err(SamlFault::NotAnAnswer)
}
