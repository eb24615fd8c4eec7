//! A SAML 1.1 `Assertion` that is known to be genuine: whether it is for us, and what it says (SAML 1.1 Core, section 2).

use std::collections::BTreeMap;

use roxmltree::Node;

use crate::saml::{Assertion, SamlFault, Terms, expect, instant, single, within};
use crate::signed_xml::{child, children, text};

/// The namespace of assertions, which kept its number.
pub(super) const SAML11: &str = "urn:oasis:names:tc:SAML:1.0:assertion";

const BEARER: &str = "urn:oasis:names:tc:SAML:1.0:cm:bearer";

pub(super) fn read(assertion: Node<'_, '_>, terms: &Terms<'_>) -> Result<Assertion, SamlFault> {
    expect(assertion, "MajorVersion", "1", SamlFault::NotAnAnswer)?;
    expect(assertion, "MinorVersion", "1", SamlFault::NotAnAnswer)?;
    expect(assertion, "Issuer", terms.issuer, SamlFault::WrongIssuer)?;
    let issued = instant(assertion.attribute("IssueInstant"))?.ok_or(SamlFault::Time)?;
    within(terms.now, Some(issued), None)?;
    let not_on_or_after = conditions(assertion, terms)?;
    let statement = single(children(assertion, SAML11, "AuthenticationStatement"))?;
    let statement = statement.ok_or(SamlFault::NoSignIn)?;
    let authn_instant = instant(statement.attribute("AuthenticationInstant"))?;
    // Auth0 writes when the assertion ends there. Nobody signs in after they are said to have.
    let authn_instant = authn_instant.ok_or(SamlFault::NoSignIn)?.min(issued);
    let subject = child(statement, SAML11, "Subject").ok_or(SamlFault::NoNameId)?;
    let (name_id, name_id_format) = name_of(subject).ok_or(SamlFault::NoNameId)?;
    confirm(subject)?;
    let method = statement.attribute("AuthenticationMethod");
    Ok(Assertion {
        id: assertion
            .attribute("AssertionID")
            .ok_or(SamlFault::Malformed)?
            .to_owned(),
        name_id: name_id.to_owned(),
        name_id_format: name_id_format.map(str::to_owned),
        session_index: None,
        attributes: attributes(assertion, (name_id, name_id_format))?,
        authn_context: method.map(str::to_owned),
        authn_instant,
        not_on_or_after,
        session_not_on_or_after: None,
    })
}

fn name_of<'n>(subject: Node<'n, '_>) -> Option<(&'n str, Option<&'n str>)> {
    let name = child(subject, SAML11, "NameIdentifier")?;
    Some((text(name)?, name.attribute("Format")))
}

fn confirm(subject: Node<'_, '_>) -> Result<(), SamlFault> {
    let is_bearer = child(subject, SAML11, "SubjectConfirmation").is_some_and(|confirmation| {
        children(confirmation, SAML11, "ConfirmationMethod")
            .any(|method| text(method).is_some_and(|method| method.trim() == BEARER))
    });
    is_bearer.then_some(()).ok_or(SamlFault::NotConfirmed)
}

/// Until when it holds (SAML 1.1 Core, section 2.3.2).
fn conditions(assertion: Node<'_, '_>, terms: &Terms<'_>) -> Result<u64, SamlFault> {
    let conditions = child(assertion, SAML11, "Conditions").ok_or(SamlFault::WrongAudience)?;
    let until = instant(conditions.attribute("NotOnOrAfter"))?.ok_or(SamlFault::Time)?;
    let from = instant(conditions.attribute("NotBefore"))?;
    within(terms.now, from, Some(until))?;
    let mut is_restricted = false;
    for condition in conditions.children().filter(Node::is_element) {
        match (
            condition.tag_name().namespace(),
            condition.tag_name().name(),
        ) {
            (Some(SAML11), "AudienceRestrictionCondition") => {
                is_restricted = true;
                let is_ours = children(condition, SAML11, "Audience")
                    .any(|audience| text(audience).is_some_and(|it| it.trim() == terms.audience));
                if !is_ours {
                    return Err(SamlFault::WrongAudience);
                }
            }
            (Some(SAML11), "DoNotCacheCondition") => {}
            _ => return Err(SamlFault::UnknownCondition),
        }
    }
    is_restricted
        .then_some(until)
        .ok_or(SamlFault::WrongAudience)
}

/// What is said of the one who signed in. Each statement has a subject of its own here, and it has to be that one.
fn attributes(
    assertion: Node<'_, '_>,
    of: (&str, Option<&str>),
) -> Result<BTreeMap<String, Vec<String>>, SamlFault> {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for statement in children(assertion, SAML11, "AttributeStatement") {
        if child(statement, SAML11, "Subject").and_then(name_of) != Some(of) {
            return Err(SamlFault::NoNameId);
        }
        for attribute in children(statement, SAML11, "Attribute") {
            let told = |name| attribute.attribute(name).ok_or(SamlFault::Malformed);
            let (namespace, name) = (told("AttributeNamespace")?, told("AttributeName")?);
            let values = children(attribute, SAML11, "AttributeValue");
            said.entry(format!("{namespace}/{name}"))
                .or_default()
                .extend(values.filter_map(text).map(str::to_owned));
        }
    }
    Ok(said)
}
