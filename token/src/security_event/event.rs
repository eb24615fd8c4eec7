//! What happened (CAEP 1.0, sections 2 and 3; SSF 1.0, section 8; RISC 1.0, section 2).

use crossgate_policy::ids::UnixTime;

use super::authority::Authority;
use super::{SetFault, Subject, is_ahead};
use crate::TokenFault;
use crate::claims::read::{object, text, time};
use crate::json::{Members, Node};

/// One event of a security event token.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// To whom: `sub_id`, or as drafts had it the event's own `subject`. Always there where something is to be revoked.
    pub subject: Option<Subject>,
    /// `event_timestamp` (CAEP 1.0, section 2): when, in seconds.
    pub timestamp: Option<UnixTime>,
    /// `initiating_entity` (CAEP 1.0, section 2).
    pub initiator: Option<Initiator>,
    /// `reason_admin` (CAEP 1.0, section 2), for records.
    pub reason_admin: Option<Reason>,
    /// `reason_user` (CAEP 1.0, section 2), for the user to read.
    pub reason_user: Option<Reason>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// CAEP 1.0, section 3.1.
    SessionRevoked,
    /// CAEP 1.0, section 3.2.
    TokenClaimsChange {
        /// The names of the claims that changed; their values say too much of a person to be kept.
        claims: Box<[Box<str>]>,
    },
    /// CAEP 1.0, section 3.3.
    CredentialChange {
        /// What was done to it.
        change: ChangeType,
        /// What kind it is of, of an open list.
        credential_type: Box<str>,
    },
    /// CAEP 1.0, section 3.4.
    AssuranceLevelChange {
        /// Whose levels these are.
        namespace: Box<str>,
        /// The level now.
        current_level: Box<str>,
        /// The level before.
        previous_level: Option<Box<str>>,
        /// Up or down, where told.
        direction: Option<Assurance>,
    },
    /// CAEP 1.0, section 3.5.
    DeviceComplianceChange {
        /// Before.
        previous: Compliance,
        /// Now.
        current: Compliance,
    },
    /// SSF 1.0, section 8.1.4: the transmitter shows that the stream works.
    Verification {
        /// What the receiver asked it to say.
        state: Option<Box<str>>,
    },
    /// SSF 1.0, section 8.1.5: the transmitter changed the stream.
    StreamUpdated {
        /// To what.
        status: StreamStatus,
        /// Why.
        reason: Option<Box<str>>,
    },
    /// RISC 1.0, section 2.1.
    AccountCredentialChangeRequired,
    /// RISC 1.0, section 2.2.
    AccountPurged,
    /// RISC 1.0, section 2.3.
    AccountDisabled {
        /// `hijacking` or `bulk-account`, of an open list.
        reason: Option<Box<str>>,
    },
    /// RISC 1.0, section 2.11: every session of the account.
    SessionsRevoked,
    /// Any other event, by its URI: to be acknowledged and recorded. Nothing inside it is read.
    Unknown(Box<str>),
}

/// Who set an event off (CAEP 1.0, section 2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are CAEP 1.0's")]
pub enum Initiator {
    Admin,
    User,
    Policy,
    System,
}

/// What was done to a credential (CAEP 1.0, section 3.3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are CAEP 1.0's")]
pub enum ChangeType {
    Create,
    Revoke,
    Update,
    Delete,
}

/// Where assurance went (CAEP 1.0, section 3.4.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are CAEP 1.0's")]
pub enum Assurance {
    Increase,
    Decrease,
}

/// How a device stands to its organisation's rules (CAEP 1.0, section 3.5.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are CAEP 1.0's")]
pub enum Compliance {
    Compliant,
    NotCompliant,
}

/// How a stream stands (SSF 1.0, section 8.1.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are SSF 1.0's")]
pub enum StreamStatus {
    Enabled,
    Paused,
    Disabled,
}

/// A reason in words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// In a language not told, as drafts had it.
    Text(Box<str>),
    /// By language tag (BCP 47, as CAEP 1.0, section 2, has it); never empty.
    ByLanguage(Box<[(Box<str>, Box<str>)]>),
}

impl Event {
    /// Reads one; `sub_id` is the token's.
    pub(super) fn read<A: AsRef<str>>(
        uri: &str,
        event: &Members<'_>,
        sub_id: Option<&Subject>,
        authority: &Authority<'_, A>,
        now: UnixTime,
    ) -> Result<Self, SetFault> {
        let kind = EventKind::read(uri, event)?;
        if matches!(kind, EventKind::Unknown(_)) {
            return Ok(Self {
                kind,
                subject: sub_id.cloned(),
                timestamp: None,
                initiator: None,
                reason_admin: None,
                reason_user: None,
            });
        }
        let own = object(event, "subject")?
            .map(|subject| Subject::read_draft(subject, authority))
            .transpose()?;
        let subject = match (sub_id, own) {
            // Two subjects, of which two readers could each take another, are none.
            (Some(subject), Some(own)) if *subject != own => return Err(SetFault::SubjectsDiffer),
            (subject, own) => own.or_else(|| subject.cloned()),
        };
        let is_about_someone = match kind {
            // Drafts had these without a subject, which would be the stream.
            EventKind::Verification { .. }
            | EventKind::StreamUpdated { .. }
            | EventKind::Unknown(_) => false,
            EventKind::SessionRevoked
            | EventKind::TokenClaimsChange { .. }
            | EventKind::CredentialChange { .. }
            | EventKind::AssuranceLevelChange { .. }
            | EventKind::DeviceComplianceChange { .. }
            | EventKind::AccountCredentialChangeRequired
            | EventKind::AccountPurged
            | EventKind::AccountDisabled { .. }
            | EventKind::SessionsRevoked => true,
        };
        if is_about_someone && subject.is_none() {
            return Err(SetFault::NoSubject);
        }
        // Seconds (CAEP 1.0, section 2). The milliseconds of drafts are tens of thousands of years ahead, and refused.
        let timestamp = time(event, "event_timestamp")?;
        if timestamp.is_some_and(|timestamp| is_ahead(timestamp, now)) {
            return Err(SetFault::EventInTheFuture);
        }
        Ok(Self {
            kind,
            subject,
            timestamp,
            initiator: named(event, "initiating_entity", |name| match name {
                "admin" => Some(Initiator::Admin),
                "user" => Some(Initiator::User),
                "policy" => Some(Initiator::Policy),
                "system" => Some(Initiator::System),
                _ => None,
            })?,
            reason_admin: Reason::read(event, "reason_admin")?,
            reason_user: Reason::read(event, "reason_user")?,
        })
    }
}

impl EventKind {
    fn read(uri: &str, event: &Members<'_>) -> Result<Self, SetFault> {
        let Some(name) = uri.strip_prefix("https://schemas.openid.net/secevent/") else {
            return Ok(Self::Unknown(uri.into()));
        };
        Ok(match name {
            "caep/event-type/session-revoked" => Self::SessionRevoked,
            "caep/event-type/token-claims-change" => Self::TokenClaimsChange {
                claims: changed_claims(event)?,
            },
            "caep/event-type/credential-change" => Self::CredentialChange {
                change: required(
                    named(event, "change_type", ChangeType::named)?,
                    "change_type",
                )?,
                credential_type: words(event, "credential_type")?,
            },
            "caep/event-type/assurance-level-change" => Self::AssuranceLevelChange {
                namespace: words(event, "namespace")?,
                current_level: words(event, "current_level")?,
                previous_level: text(event, "previous_level")?.map(Box::from),
                direction: named(event, "change_direction", Assurance::named)?,
            },
            "caep/event-type/device-compliance-change" => {
                let status = |name| required(named(event, name, Compliance::named)?, name);
                Self::DeviceComplianceChange {
                    previous: status("previous_status")?,
                    current: status("current_status")?,
                }
            }
            "ssf/event-type/verification" => Self::Verification {
                state: text(event, "state")?.map(Box::from),
            },
            "ssf/event-type/stream-updated" => Self::StreamUpdated {
                status: required(named(event, "status", StreamStatus::named)?, "status")?,
                reason: text(event, "reason")?.map(Box::from),
            },
            "risc/event-type/account-credential-change-required" => {
                Self::AccountCredentialChangeRequired
            }
            "risc/event-type/account-purged" => Self::AccountPurged,
            "risc/event-type/account-disabled" => Self::AccountDisabled {
                reason: text(event, "reason")?.map(Box::from),
            },
            "risc/event-type/sessions-revoked" => Self::SessionsRevoked,
            _ => Self::Unknown(uri.into()),
        })
    }
}

impl ChangeType {
    fn named(name: &str) -> Option<Self> {
        match name {
            "create" => Some(Self::Create),
            "revoke" => Some(Self::Revoke),
            "update" => Some(Self::Update),
            "delete" => Some(Self::Delete),
            _ => None,
        }
    }
}

impl Assurance {
    fn named(name: &str) -> Option<Self> {
        match name {
            "increase" => Some(Self::Increase),
            "decrease" => Some(Self::Decrease),
            _ => None,
        }
    }
}

impl Compliance {
    fn named(name: &str) -> Option<Self> {
        match name {
            "compliant" => Some(Self::Compliant),
            "not-compliant" => Some(Self::NotCompliant),
            _ => None,
        }
    }
}

impl StreamStatus {
    fn named(name: &str) -> Option<Self> {
        match name {
            "enabled" => Some(Self::Enabled),
            "paused" => Some(Self::Paused),
            "disabled" => Some(Self::Disabled),
            _ => None,
        }
    }
}

impl Reason {
    fn read(event: &Members<'_>, name: &'static str) -> Result<Option<Self>, SetFault> {
        let wrong = || SetFault::from(TokenFault::WrongType(name));
        match event.get(name) {
            None => Ok(None),
            Some(Node::String(text)) => Ok(Some(Self::Text((&**text).into()))),
            Some(Node::Object(languages)) => {
                let languages: Box<[_]> = languages
                    .iter()
                    .map(|(language, text)| {
                        let text = text.as_str().ok_or_else(wrong)?;
                        Ok((language.into(), text.into()))
                    })
                    .collect::<Result<_, SetFault>>()?;
                if languages.is_empty() {
                    return Err(SetFault::Empty(name));
                }
                Ok(Some(Self::ByLanguage(languages)))
            }
            Some(Node::Null | Node::Bool(_) | Node::Number(_) | Node::Array(_)) => Err(wrong()),
        }
    }
}

/// CAEP 1.0, section 3.2.1: one or more.
fn changed_claims(event: &Members<'_>) -> Result<Box<[Box<str>]>, SetFault> {
    let claims = required(object(event, "claims")?, "claims")?;
    let names: Box<[Box<str>]> = claims.iter().map(|(name, _)| name.into()).collect();
    if names.is_empty() {
        return Err(SetFault::Empty("claims"));
    }
    Ok(names)
}

/// A word of a closed list. One that is not on it is a fault: what it means must not be guessed.
fn named<T>(
    event: &Members<'_>,
    name: &'static str,
    word: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, SetFault> {
    text(event, name)?
        .map(|text| word(text).ok_or(SetFault::UnknownValue(name)))
        .transpose()
}

fn words(event: &Members<'_>, name: &'static str) -> Result<Box<str>, SetFault> {
    required(text(event, name)?, name).map(Box::from)
}

fn required<T>(value: Option<T>, name: &'static str) -> Result<T, SetFault> {
    value.ok_or_else(|| TokenFault::Missing(name).into())
}
