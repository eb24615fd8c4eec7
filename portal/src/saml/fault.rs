//! Why no one signed in.

use crate::signed_xml::{SignatureFault, XmlFault};

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SamlFault {
    /// It is not plain XML.
    #[error("the answer is not read: {0}")]
    Xml(#[from] XmlFault),
    /// It is not signed as it has to be.
    #[error("the answer is not believed: {0}")]
    Signature(#[from] SignatureFault),
    /// It is something else, or of another version.
    #[error("it is not the answer to a sign-in")]
    NotAnAnswer,
    /// The provider says that nobody signed in.
    #[error("the provider says: {0}")]
    NotSuccess(Status),
    /// There is no assertion where one belongs.
    #[error("there is no assertion")]
    NoAssertion,
    /// There is more than one assertion, response or signature than there should be, or one at another place.
    #[error("there is more than one assertion, or a signature where none belongs")]
    SeveralAssertions,
    /// Something is encrypted, which no key here opens.
    #[error("the assertion is encrypted; the provider has to send it signed and not encrypted")]
    Encrypted,
    /// Neither the response nor the assertion is signed.
    #[error("neither the response nor the assertion is signed")]
    NotSigned,
    /// It answers another request, or none.
    #[error("it answers another request, or none")]
    WrongRequest,
    /// It was sent to another address.
    #[error("it was sent to another address")]
    WrongDestination,
    /// Another provider issued it.
    #[error("another provider issued it")]
    WrongIssuer,
    /// It is for other services.
    #[error("it is for another service")]
    WrongAudience,
    /// Whoever brings it may not be the one it is about.
    #[error("it is not for whoever brings it here")]
    NotConfirmed,
    /// It does not hold yet.
    #[error("it does not hold yet")]
    NotYet,
    /// It no longer holds.
    #[error("it no longer holds")]
    Expired,
    /// A time is missing or cannot be read.
    #[error("a time in it is missing or cannot be read")]
    Time,
    /// It holds on a condition that is not understood here.
    #[error("it holds on a condition that is not understood")]
    UnknownCondition,
    /// It does not name who signed in, or names several.
    #[error("it does not name one who signed in")]
    NoNameId,
    /// It says of nobody that they signed in.
    #[error("it does not say when and how anyone signed in")]
    NoSignIn,
    /// Something in it is not as SAML has it.
    #[error("something in it is not as SAML has it")]
    Malformed,
}

/// What a provider says where nobody signed in (SAML 2.0 Core, section 3.2.2.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Status {
    /// The person could not sign in, or went away.
    #[error("AuthnFailed")]
    AuthnFailed,
    /// Not in the way that was asked for.
    #[error("NoAuthnContext")]
    NoAuthnContext,
    /// Not without asking the person.
    #[error("NoPassive")]
    NoPassive,
    /// The provider will not.
    #[error("RequestDenied")]
    RequestDenied,
    /// The provider knows no such person.
    #[error("UnknownPrincipal")]
    UnknownPrincipal,
    /// The name that was asked for cannot be given.
    #[error("InvalidNameIDPolicy")]
    InvalidNameIdPolicy,
    /// The request was wrong.
    #[error("Requester")]
    Requester,
    /// The provider has a fault.
    #[error("Responder")]
    Responder,
    /// Anything else.
    #[error("an unknown status")]
    Other,
}

impl Status {
    pub(super) fn read(code: Option<&str>, more: Option<&str>) -> Self {
        const PREFIX: &str = "urn:oasis:names:tc:SAML:2.0:status:";
        let name = |code: Option<&str>| {
            Some(match code?.strip_prefix(PREFIX)? {
                "AuthnFailed" => Self::AuthnFailed,
                "NoAuthnContext" => Self::NoAuthnContext,
                "NoPassive" => Self::NoPassive,
                "RequestDenied" => Self::RequestDenied,
                "UnknownPrincipal" => Self::UnknownPrincipal,
                "InvalidNameIDPolicy" => Self::InvalidNameIdPolicy,
                "Requester" => Self::Requester,
                "Responder" => Self::Responder,
                _ => return None,
            })
        };
        name(more).or_else(|| name(code)).unwrap_or(Self::Other)
    }
}
