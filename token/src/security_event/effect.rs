//! What an event means here.

use std::slice::from_ref;

use crossgate_policy::ids::{Id, TenantId, UnixTime};

use super::authority::Authority;
use super::{
    Assurance, ChangeType, ComplexSubject, Compliance, Event, EventKind, Subject, SubjectId,
};
use crate::IssuerKind;

/// What an event means here.
///
/// **An id is one of its tenant's directory only**: another tenant may use the same for somebody else, or copy it on
/// purpose. Whoever carries an effect out must compare the tenant too.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The user's sign-ins before that time count no more.
    RevokeUser {
        /// Whose directory the id is of.
        tenant: TenantId,
        /// The user's id there.
        id: Id,
        /// Sign-ins earlier than this count no more.
        not_before: UnixTime,
    },
    /// The same for one session (`sid`).
    RevokeSession {
        /// Whose session it is.
        tenant: TenantId,
        /// Its id.
        id: Id,
        /// Sign-ins earlier than this count no more.
        not_before: UnixTime,
    },
    /// The same for one token.
    RevokeToken {
        /// Who issued it.
        tenant: TenantId,
        /// Its `jti`.
        jti: Id,
        /// Sign-ins earlier than this count no more.
        not_before: UnixTime,
    },
    /// The same for everybody of the transmitter's own tenant.
    RevokeTenant {
        /// That tenant.
        tenant: TenantId,
        /// Sign-ins earlier than this count no more.
        not_before: UnixTime,
    },
    /// The stream works, if this is what the receiver asked the transmitter to say (SSF 1.0, section 8.1.4).
    Verified {
        /// What it says.
        state: Option<Box<str>>,
    },
    /// Nothing is to be done, for this reason.
    Nothing(Why),
}

/// Why an event has no effect.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Why {
    /// The event is none of those known.
    #[error("the event type is not known")]
    UnknownEvent,
    /// The event is about the stream.
    #[error("the event is about the stream, not about a user")]
    StreamUpdated,
    /// A credential was added.
    #[error("a credential was added, none lost")]
    CredentialCreated,
    /// A device complies.
    #[error("the device complies")]
    DeviceCompliant,
    /// Assurance rose.
    #[error("the assurance level rose")]
    AssuranceIncreased,
    /// The user is named, in no way that tells the id in the issuer's directory.
    #[error("the subject tells no id of the issuer's directory")]
    NoIdOfTheDirectory,
    /// No user, session or token is named, nor a tenant alone whose sessions were revoked.
    #[error("the subject names no user, session or token")]
    NoUser,
}

impl Why {
    /// Its name in events and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownEvent => "unknown_event",
            Self::StreamUpdated => "stream_updated",
            Self::CredentialCreated => "credential_created",
            Self::DeviceCompliant => "device_compliant",
            Self::AssuranceIncreased => "assurance_increased",
            Self::NoIdOfTheDirectory => "no_id_of_the_directory",
            Self::NoUser => "no_user",
        }
    }
}

/// What is known of how the issuer names its users.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Directory {
    pub(super) tenant: TenantId,
    /// Ids are object ids, which are GUIDs: Entra's.
    guids_only: bool,
    /// The users' ids are addresses, by the issuer's claim map.
    by_address: bool,
}

/// What becomes of one kind of event.
enum Meaning {
    /// This session, if the subject tells one.
    SessionEnded,
    /// The user, with all tokens and sessions so far.
    UserEnded,
}

impl Directory {
    pub(super) fn of<A>(authority: &Authority<'_, A>) -> Self {
        let issuer = authority.issuer;
        let user = &issuer.claims.user;
        let mut addresses = ["email", "preferred_username", "upn"].into_iter();
        Self {
            tenant: authority.tenant,
            guids_only: matches!(issuer.kind, IssuerKind::Entra { .. }),
            by_address: addresses.any(|claim| user.is_claim(claim)),
        }
    }

    pub(super) fn effect(self, event: &Event, not_before: UnixTime) -> Vec<Effect> {
        let nothing = |why| vec![Effect::Nothing(why)];
        let meaning = match &event.kind {
            EventKind::SessionRevoked => Meaning::SessionEnded,
            EventKind::CredentialChange { change, .. } => match change {
                ChangeType::Create => return nothing(Why::CredentialCreated),
                ChangeType::Revoke | ChangeType::Update | ChangeType::Delete => Meaning::UserEnded,
            },
            EventKind::DeviceComplianceChange { current, .. } => match current {
                Compliance::Compliant => return nothing(Why::DeviceCompliant),
                Compliance::NotCompliant => Meaning::UserEnded,
            },
            EventKind::AssuranceLevelChange { direction, .. } => match direction {
                Some(Assurance::Increase) => return nothing(Why::AssuranceIncreased),
                // A direction not told may be down.
                Some(Assurance::Decrease) | None => Meaning::UserEnded,
            },
            EventKind::TokenClaimsChange { .. }
            | EventKind::AccountCredentialChangeRequired
            | EventKind::AccountPurged
            | EventKind::AccountDisabled { .. }
            | EventKind::SessionsRevoked => Meaning::UserEnded,
            EventKind::Verification { state } => {
                return vec![Effect::Verified {
                    state: state.clone(),
                }];
            }
            EventKind::StreamUpdated { .. } => return nothing(Why::StreamUpdated),
            EventKind::Unknown(_) => return nothing(Why::UnknownEvent),
        };
        let revoker = Revoker {
            directory: self,
            not_before,
        };
        match &event.subject {
            None => nothing(Why::NoUser),
            Some(Subject::Simple(id)) => revoker.simple(id, &meaning),
            Some(Subject::Complex(complex)) => revoker.complex(complex, &meaning),
        }
    }
}

#[derive(Clone, Copy)]
struct Revoker {
    directory: Directory,
    not_before: UnixTime,
}

impl Revoker {
    fn simple(self, id: &SubjectId, meaning: &Meaning) -> Vec<Effect> {
        let mut effects = match meaning {
            // An opaque id may be the session's (CAEP 1.0, section 3.1.2) or the user's: it is taken for both.
            Meaning::SessionEnded => each(id, |id| {
                let SubjectId::Opaque { id } = id else {
                    return None;
                };
                Some(self.session(id))
            }),
            Meaning::UserEnded => Vec::new(),
        };
        effects.extend(each(id, |id| self.user(id)));
        or_nothing(effects, Why::NoIdOfTheDirectory)
    }

    fn complex(self, subject: &ComplexSubject, meaning: &Meaning) -> Vec<Effect> {
        let (user, session) = (subject.user.as_ref(), subject.session.as_ref());
        let user = user.map_or_else(Vec::new, |id| each(id, |id| self.user(id)));
        let sessions = session.map_or_else(Vec::new, |id| each(id, |id| self.named_session(id)));
        let is_session = |effect: &Effect| matches!(effect, Effect::RevokeSession { .. });
        let is_user = |effect: &Effect| matches!(effect, Effect::RevokeUser { .. });
        match meaning {
            Meaning::SessionEnded if sessions.iter().any(is_session) => sessions,
            Meaning::SessionEnded if subject.is_tenant_alone() => {
                vec![Effect::RevokeTenant {
                    tenant: self.directory.tenant,
                    not_before: self.not_before,
                }]
            }
            Meaning::UserEnded if user.iter().any(is_user) => user,
            // A session or user told by one of their tokens only, or in no known way, is ended by whatever else is told.
            Meaning::SessionEnded | Meaning::UserEnded => {
                or_nothing([user, sessions].concat(), why(subject))
            }
        }
    }

    /// The user that an identifier tells, or the token.
    fn user(self, id: &SubjectId) -> Option<Effect> {
        match id {
            // `sub` is the user's id wherever the claim map finds it in tokens: transmitters write their directory's.
            SubjectId::IssSub { sub: id, .. } | SubjectId::Opaque { id } => {
                let id = Id::new(id);
                // Entra's `sub` differs from application to application unless it is an object id.
                let is_known = !self.directory.guids_only || matches!(id, Id::Guid(_));
                is_known.then(|| self.user_of(id))
            }
            // An address that is no id is one that anybody may be given next.
            SubjectId::Email { email } => self
                .directory
                .by_address
                .then(|| self.user_of(Id::new(email))),
            SubjectId::JwtId { jti, .. } => Some(self.token(jti)),
            SubjectId::Account { .. }
            | SubjectId::PhoneNumber { .. }
            | SubjectId::Did { .. }
            | SubjectId::Uri { .. }
            | SubjectId::Aliases(_)
            | SubjectId::Unknown { .. } => None,
        }
    }

    /// What stands under `session`.
    fn named_session(self, id: &SubjectId) -> Option<Effect> {
        match id {
            SubjectId::IssSub { sub: id, .. } | SubjectId::Opaque { id } => Some(self.session(id)),
            SubjectId::JwtId { jti, .. } => Some(self.token(jti)),
            SubjectId::Email { .. }
            | SubjectId::Account { .. }
            | SubjectId::PhoneNumber { .. }
            | SubjectId::Did { .. }
            | SubjectId::Uri { .. }
            | SubjectId::Aliases(_)
            | SubjectId::Unknown { .. } => None,
        }
    }

    const fn user_of(self, id: Id) -> Effect {
        Effect::RevokeUser {
            tenant: self.directory.tenant,
            id,
            not_before: self.not_before,
        }
    }

    fn session(self, id: &str) -> Effect {
        Effect::RevokeSession {
            tenant: self.directory.tenant,
            id: Id::new(id),
            not_before: self.not_before,
        }
    }

    fn token(self, jti: &str) -> Effect {
        Effect::RevokeToken {
            tenant: self.directory.tenant,
            jti: Id::new(jti),
            not_before: self.not_before,
        }
    }
}

/// The effects of an identifier, or of each alias (RFC 9493, section 3.2.8): all name the same, so all are revoked.
fn each(id: &SubjectId, effect: impl Fn(&SubjectId) -> Option<Effect>) -> Vec<Effect> {
    let all = if let SubjectId::Aliases(all) = id {
        all
    } else {
        from_ref(id)
    };
    all.iter().filter_map(effect).collect()
}

fn or_nothing(effects: Vec<Effect>, why: Why) -> Vec<Effect> {
    if effects.is_empty() {
        vec![Effect::Nothing(why)]
    } else {
        effects
    }
}

const fn why(subject: &ComplexSubject) -> Why {
    if subject.user.is_some() || subject.session.is_some() {
        Why::NoIdOfTheDirectory
    } else {
        Why::NoUser
    }
}
