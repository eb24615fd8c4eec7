//! Why a security event token is refused.

use crate::TokenFault;

/// The rule that a security event token breaks. Says nothing of what is in the token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum SetFault {
    /// A rule of every signed token: structure, JSON, algorithm, key, signature, time.
    #[error(transparent)]
    Token(TokenFault),
    /// `typ` is not `secevent+jwt` (RFC 8417, section 2.3; required by SSF 1.0, section 4.1.1).
    #[error("the token's `typ` is not `secevent+jwt`")]
    NotASecurityEvent,
    /// `kid` is not in the transmitter's key set, which may be out of date: the caller may have it fetched again.
    #[error("the token is signed with a key the transmitter does not publish")]
    UnknownKey,
    /// `iss` is not the transmitter's (SSF 1.0, section 4.1.6).
    #[error("the token's issuer is not the transmitter")]
    WrongIssuer,
    /// `aud` does not name this receiver (RFC 8417, section 2.2).
    #[error("the token is for another receiver")]
    WrongAudience,
    /// `exp` is there (SSF 1.0, section 4.1.7; RFC 8417, section 4.5).
    #[error("a security event has no `exp`")]
    HasExpiry,
    /// `sub` is there (SSF 1.0, section 4.1.2): the subject is `sub_id`.
    #[error("a security event has no `sub`")]
    HasSubject,
    /// `jti` is empty or longer than 256 characters.
    #[error("`jti` is not of 1 to 256 characters")]
    JwtIdLength,
    /// `events` is empty (RFC 8417, section 2.2).
    #[error("the token has no event")]
    NoEvent,
    /// More than 8 events.
    #[error("the token has more than 8 events")]
    TooManyEvents,
    /// An event that is about someone does not say whom (SSF 1.0, section 3.1).
    #[error("the event has no subject")]
    NoSubject,
    /// `sub_id` and the event's own `subject` differ.
    #[error("`sub_id` and the event's `subject` differ")]
    SubjectsDiffer,
    /// A complex subject or `aliases` without a member.
    #[error("the subject is empty")]
    EmptySubject,
    /// `aliases` or a complex subject inside another (RFC 9493, section 3.2.8; SSF 1.0, section 3.3).
    #[error("a subject is nested in another")]
    NestedSubject,
    /// More than 16 `aliases`.
    #[error("the subject has more than 16 aliases")]
    TooManyAliases,
    /// An identifier is not written as its format must be (RFC 9493, section 3.2).
    #[error("an identifier is not written as the format `{0}` must be")]
    MalformedSubject(&'static str),
    /// A member that must say something is empty.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// A member has a value that is not one of its closed list.
    #[error("`{0}` has a value that is not defined")]
    UnknownValue(&'static str),
    /// `event_timestamp` is still to come.
    #[error("the event is in the future")]
    EventInTheFuture,
    /// A user, session or token of another issuer: nobody speaks for those but that issuer.
    #[error("the subject is another issuer's")]
    SubjectOfAnotherIssuer,
    /// An address outside the domains of the transmitter's tenant.
    #[error("the subject is in a domain that is not the transmitter's")]
    SubjectInAnotherDomain,
    /// Another tenant than the transmitter's own.
    #[error("the subject is in another tenant")]
    AnotherTenant,
}

impl SetFault {
    /// The error code to answer with (RFC 8935, section 2.4).
    ///
    /// A wrong signature means that whoever pushed the token did not show to be the transmitter.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Token(TokenFault::Missing("iss")) | Self::WrongIssuer => "invalid_issuer",
            Self::Token(TokenFault::Missing("aud")) | Self::WrongAudience => "invalid_audience",
            Self::UnknownKey => "invalid_key",
            // The groups of `TokenFault`.
            Self::Token(fault) => match fault.code() {
                50003 => "invalid_key",
                50006 => "authentication_failed",
                50013 => "invalid_issuer",
                50010 => "invalid_audience",
                _ => "invalid_request",
            },
            Self::SubjectOfAnotherIssuer | Self::SubjectInAnotherDomain | Self::AnotherTenant => {
                "access_denied"
            }
            Self::NotASecurityEvent
            | Self::HasExpiry
            | Self::HasSubject
            | Self::JwtIdLength
            | Self::NoEvent
            | Self::TooManyEvents
            | Self::NoSubject
            | Self::SubjectsDiffer
            | Self::EmptySubject
            | Self::NestedSubject
            | Self::TooManyAliases
            | Self::MalformedSubject(_)
            | Self::Empty(_)
            | Self::UnknownValue(_)
            | Self::EventInTheFuture => "invalid_request",
        }
    }

    /// The rule's name in events and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Token(fault) => fault.reason(),
            Self::NotASecurityEvent => "not_a_security_event",
            Self::UnknownKey => "unknown_key",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::HasExpiry => "exp_present",
            Self::HasSubject => "sub_present",
            Self::JwtIdLength => "jti_length",
            Self::NoEvent => "no_event",
            Self::TooManyEvents => "too_many_events",
            Self::NoSubject => "no_subject",
            Self::SubjectsDiffer => "subjects_differ",
            Self::EmptySubject => "empty_subject",
            Self::NestedSubject => "nested_subject",
            Self::TooManyAliases => "too_many_aliases",
            Self::MalformedSubject(_) => "malformed_subject",
            Self::Empty(_) => "empty_member",
            Self::UnknownValue(_) => "unknown_value",
            Self::EventInTheFuture => "event_in_the_future",
            Self::SubjectOfAnotherIssuer => "subject_of_another_issuer",
            Self::SubjectInAnotherDomain => "subject_in_another_domain",
            Self::AnotherTenant => "another_tenant",
        }
    }

    /// The member or the identifier's format at fault, where the rule is about any of several.
    #[must_use]
    pub const fn member(self) -> Option<&'static str> {
        if let Self::MalformedSubject(name) | Self::Empty(name) | Self::UnknownValue(name) = self {
            Some(name)
        } else if let Self::Token(fault) = self {
            fault.claim()
        } else {
            None
        }
    }
}

impl From<TokenFault> for SetFault {
    fn from(fault: TokenFault) -> Self {
        if fault == TokenFault::UnacceptableType {
            Self::NotASecurityEvent
        } else if fault == TokenFault::UnknownKey {
            Self::UnknownKey
        } else {
            Self::Token(fault)
        }
    }
}
