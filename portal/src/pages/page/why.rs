//! Why somebody is not let on.

use serde::{Serialize, Serializer};

/// Why a request was refused or not served, in the words of the person who made it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Why {
    /// Nobody is signed in.
    SignInNeeded,
    /// Signed in, but not well enough for this.
    MoreNeeded(Need),
    /// More was asked for, and the sign-in came back without it.
    MoreNeededNotGiven,
    /// A policy of either side does not admit.
    Blocked,
    /// The device must be compliant.
    DeviceNotCompliant,
    /// The device must be joined.
    DeviceNotJoined,
    /// There is no guest.
    NotInvited,
    /// The guest has not redeemed the invitation.
    InvitationPending,
    /// The guest is disabled.
    Disabled,
    /// The session was ended.
    Revoked,
    /// The application is not the person's.
    NotAssigned,
    /// The person may not invite guests.
    MayNotInvite,
    /// Guests may not leave by themselves.
    MayNotLeave,
    /// There is no such application.
    NotFound,
    /// The request cannot be read, or is not allowed.
    BadRequest,
    /// What is needed to decide is not there yet.
    NotReady,
    /// The application does not answer.
    UpstreamDown,
    /// A fault of ours.
    Internal,
}

/// What more is needed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// A second factor.
    Mfa,
    /// An authentication strength.
    Strength,
    /// An authentication context.
    Context,
    /// Terms of use are not accepted.
    Terms,
}

impl Why {
    /// Every one there is.
    pub const ALL: [Self; 21] = [
        Self::SignInNeeded,
        Self::MoreNeeded(Need::Mfa),
        Self::MoreNeeded(Need::Strength),
        Self::MoreNeeded(Need::Context),
        Self::MoreNeeded(Need::Terms),
        Self::MoreNeededNotGiven,
        Self::Blocked,
        Self::DeviceNotCompliant,
        Self::DeviceNotJoined,
        Self::NotInvited,
        Self::InvitationPending,
        Self::Disabled,
        Self::Revoked,
        Self::NotAssigned,
        Self::MayNotInvite,
        Self::MayNotLeave,
        Self::NotFound,
        Self::BadRequest,
        Self::NotReady,
        Self::UpstreamDown,
        Self::Internal,
    ];

    /// Its name in templates and language files.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::SignInNeeded => "sign-in-needed",
            Self::MoreNeeded(Need::Mfa) => "more-needed-mfa",
            Self::MoreNeeded(Need::Strength) => "more-needed-strength",
            Self::MoreNeeded(Need::Context) => "more-needed-context",
            Self::MoreNeeded(Need::Terms) => "more-needed-terms",
            Self::MoreNeededNotGiven => "more-needed-not-given",
            Self::Blocked => "blocked",
            Self::DeviceNotCompliant => "device-not-compliant",
            Self::DeviceNotJoined => "device-not-joined",
            Self::NotInvited => "not-invited",
            Self::InvitationPending => "invitation-pending",
            Self::Disabled => "disabled",
            Self::Revoked => "revoked",
            Self::NotAssigned => "not-assigned",
            Self::MayNotInvite => "may-not-invite",
            Self::MayNotLeave => "may-not-leave",
            Self::NotFound => "not-found",
            Self::BadRequest => "bad-request",
            Self::NotReady => "not-ready",
            Self::UpstreamDown => "upstream-down",
            Self::Internal => "internal",
        }
    }
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}
