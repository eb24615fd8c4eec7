//! A SAML 2.0 `Assertion` that is known to be genuine: whether it is for us, and what it says (SAML 2.0 Core, section 2).

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::Node;

use super::fault::SamlFault;
use super::time::{instant, within};
use crate::signed_xml::{LARGEST, XmlFault, child, children, text};

/// Who signed in, in the words of the provider.
#[derive(Clone, Eq, PartialEq)]
pub struct Assertion {
    /// Its `ID`. Whoever remembers it until [`Self::not_on_or_after`] and [`super::SKEW`] have passed sees it used once.
    pub id: String,
    /// `NameID`.
    pub name_id: String,
    /// The `Format` of that.
    pub name_id_format: Option<String>,
    /// The provider's name for the session.
    pub session_index: Option<String>,
    /// What is said of the person, by attribute name. What is no plain text is left out.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// How the person signed in: `AuthnContextClassRef`, or the `AuthenticationMethod` of SAML 1.1.
    pub authn_context: Option<String>,
    /// When the person signed in, in seconds.
    pub authn_instant: u64,
    /// When this must no longer be taken, in seconds.
    pub not_on_or_after: u64,
    /// When the provider wants the session to end, in seconds.
    pub session_not_on_or_after: Option<u64>,
}

impl std::fmt::Debug for Assertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assertion")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What an assertion has to be.
pub(crate) struct Terms<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) confirmed: Confirmed<'a>,
    pub(crate) now: u64,
}

/// What ties whoever brings it to the sign-in.
#[derive(Clone, Copy)]
pub(crate) enum Confirmed<'a> {
    /// It answers a request, and says so.
    Answer {
        acs_url: &'a str,
        request_id: &'a str,
    },
    /// It answers a request that it does not know of: WS-Federation's context does that.
    Passive { reply: &'a str },
}

/// The namespace of assertions.
pub const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// XML, or base64 of it.
pub(crate) fn decode(message: &str) -> Result<Cow<'_, str>, XmlFault> {
    // Base64 takes four for three, and lines.
    if message.len() > LARGEST * 3 / 2 {
        return Err(XmlFault::TooLarge);
    }
    let message = message.trim_start_matches('\u{feff}').trim();
    if message.starts_with('<') {
        return Ok(Cow::Borrowed(message));
    }
    let packed: String = message.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(packed).map_err(|_| XmlFault::NotXml)?;
    let source = String::from_utf8(bytes).map_err(|_| XmlFault::NotXml)?;
    Ok(Cow::Owned(
        source.trim_start_matches('\u{feff}').trim().to_owned(),
    ))
}

pub(crate) fn read(assertion: Node<'_, '_>, terms: &Terms<'_>) -> Result<Assertion, SamlFault> {
    expect(assertion, "Version", "2.0", SamlFault::NotAnAnswer)?;
    let issuer = child(assertion, SAML, "Issuer").and_then(text);
    if issuer != Some(terms.issuer) {
        return Err(SamlFault::WrongIssuer);
    }
    let issued = instant(assertion.attribute("IssueInstant"))?.ok_or(SamlFault::Time)?;
    within(terms.now, Some(issued), None)?;
    let subject = child(assertion, SAML, "Subject").ok_or(SamlFault::NoNameId)?;
    if child(subject, SAML, "EncryptedID").is_some() {
        return Err(SamlFault::Encrypted);
    }
    let name_id = child(subject, SAML, "NameID").ok_or(SamlFault::NoNameId)?;
    let confirmed_until = confirm(subject, terms)?;
    let holds_until = conditions(assertion, terms)?;
    let ends = [confirmed_until, holds_until].into_iter().flatten();
    let not_on_or_after = ends.min().ok_or(SamlFault::Time)?;
    let statement = single(children(assertion, SAML, "AuthnStatement"))?;
    let statement = statement.ok_or(SamlFault::NoSignIn)?;
    let authn_instant = instant(statement.attribute("AuthnInstant"))?.ok_or(SamlFault::NoSignIn)?;
    let session_not_on_or_after = instant(statement.attribute("SessionNotOnOrAfter"))?;
    within(terms.now, Some(authn_instant), session_not_on_or_after)?;
    let context = child(statement, SAML, "AuthnContext").ok_or(SamlFault::NoSignIn)?;
    let class = child(context, SAML, "AuthnContextClassRef").and_then(text);
    Ok(Assertion {
        id: owned(assertion.attribute("ID")).ok_or(SamlFault::Malformed)?,
        name_id: owned(text(name_id)).ok_or(SamlFault::NoNameId)?,
        name_id_format: owned(name_id.attribute("Format")),
        session_index: owned(statement.attribute("SessionIndex")),
        attributes: attributes(assertion)?,
        authn_context: class.map(|class| class.trim().to_owned()),
        authn_instant,
        not_on_or_after,
        session_not_on_or_after,
    })
}

/// Until when one of its confirmations holds (SAML 2.0 Profiles, section 4.1.4.2).
fn confirm(subject: Node<'_, '_>, terms: &Terms<'_>) -> Result<Option<u64>, SamlFault> {
    let mut fault = SamlFault::NotConfirmed;
    for confirmation in children(subject, SAML, "SubjectConfirmation") {
        if confirmation.attribute("Method") == Some(BEARER) {
            match confirm_bearer(confirmation, terms) {
                Ok(until) => return Ok(until),
                Err(why) => fault = why,
            }
        }
    }
    Err(fault)
}

fn confirm_bearer(confirmation: Node<'_, '_>, terms: &Terms<'_>) -> Result<Option<u64>, SamlFault> {
    let data = single(children(confirmation, SAML, "SubjectConfirmationData"))?;
    let told = |name: &str| data.and_then(|data| data.attribute(name));
    let until = instant(told("NotOnOrAfter"))?;
    within(terms.now, instant(told("NotBefore"))?, until)?;
    match terms.confirmed {
        Confirmed::Answer {
            acs_url,
            request_id,
        } => {
            if told("Recipient") != Some(acs_url) {
                return Err(SamlFault::WrongDestination);
            }
            if told("InResponseTo") != Some(request_id) {
                return Err(SamlFault::WrongRequest);
            }
            until.ok_or(SamlFault::Time).map(Some)
        }
        Confirmed::Passive { reply } => {
            if told("Recipient").is_some_and(|recipient| recipient != reply) {
                return Err(SamlFault::WrongDestination);
            }
            // Then it answers a request of another protocol.
            if told("InResponseTo").is_some() {
                return Err(SamlFault::WrongRequest);
            }
            Ok(until)
        }
    }
}

/// Until when it holds (SAML 2.0 Core, section 2.5).
fn conditions(assertion: Node<'_, '_>, terms: &Terms<'_>) -> Result<Option<u64>, SamlFault> {
    let conditions = child(assertion, SAML, "Conditions").ok_or(SamlFault::WrongAudience)?;
    let until = instant(conditions.attribute("NotOnOrAfter"))?;
    within(
        terms.now,
        instant(conditions.attribute("NotBefore"))?,
        until,
    )?;
    let mut is_restricted = false;
    for condition in conditions.children().filter(Node::is_element) {
        match (
            condition.tag_name().namespace(),
            condition.tag_name().name(),
        ) {
            (Some(SAML), "AudienceRestriction") => {
                is_restricted = true;
                let is_ours = children(condition, SAML, "Audience")
                    .any(|audience| text(audience).is_some_and(|it| it.trim() == terms.audience));
                if !is_ours {
                    return Err(SamlFault::WrongAudience);
                }
            }
            // Used once at most, and not to make others of: neither happens anyway.
            (Some(SAML), "OneTimeUse" | "ProxyRestriction") => {}
            _ => return Err(SamlFault::UnknownCondition),
        }
    }
    is_restricted
        .then_some(until)
        .ok_or(SamlFault::WrongAudience)
}

fn attributes(assertion: Node<'_, '_>) -> Result<BTreeMap<String, Vec<String>>, SamlFault> {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for statement in children(assertion, SAML, "AttributeStatement") {
        if children(statement, SAML, "EncryptedAttribute")
            .next()
            .is_some()
        {
            return Err(SamlFault::Encrypted);
        }
        for attribute in children(statement, SAML, "Attribute") {
            let name = attribute.attribute("Name").ok_or(SamlFault::Malformed)?;
            let values = children(attribute, SAML, "AttributeValue");
            said.entry(name.to_owned())
                .or_default()
                .extend(values.filter_map(text).map(str::to_owned));
        }
    }
    Ok(said)
}

/// The only one there is, if any.
pub(crate) fn single<'n, 'a>(
    mut nodes: impl Iterator<Item = Node<'n, 'a>>,
) -> Result<Option<Node<'n, 'a>>, SamlFault> {
    let only = nodes.next();
    if nodes.next().is_some() {
        return Err(SamlFault::SeveralAssertions);
    }
    Ok(only)
}

pub(crate) fn expect(
    element: Node<'_, '_>,
    name: &str,
    value: &str,
    fault: SamlFault,
) -> Result<(), SamlFault> {
    (element.attribute(name) == Some(value))
        .then_some(())
        .ok_or(fault)
}

fn owned(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}
