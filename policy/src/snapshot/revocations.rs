//! What was revoked, and since when.

use std::collections::HashMap;

use super::tables::Hashing;
use crate::ids::{Id, UnixTime};

/// One line of `revocations.jsonl`.
#[derive(Clone, Debug, PartialEq)]
pub struct Revocation {
    /// What is revoked.
    pub kind: RevocationKind,
    /// Its id.
    pub id: Id,
    /// Sign-ins earlier than this no longer count.
    pub not_before: UnixTime,
}

/// What a revocation names.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RevocationKind {
    /// A user, by home id or own id.
    User,
    /// A guest record, by its `id`.
    Guest,
    /// A session (`sid`).
    Session,
    /// One token (`uti` or `jti`).
    Token,
    /// Everybody of a home tenant.
    Tenant,
}

impl RevocationKind {
    /// The name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Guest => "guest",
            Self::Session => "session",
            Self::Token => "token",
            Self::Tenant => "tenant",
        }
    }

    /// Reads the name in documents.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::User,
            Self::Guest,
            Self::Session,
            Self::Token,
            Self::Tenant,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

/// All revocations, the latest of each thing.
#[derive(Debug, Default)]
pub struct Revocations {
    users: Latest,
    guests: Latest,
    sessions: Latest,
    tokens: Latest,
    tenants: Latest,
}

type Latest = HashMap<Id, UnixTime, Hashing>;

impl Revocations {
    /// Indexes a list.
    #[must_use]
    pub fn new(list: Vec<Revocation>) -> Self {
        let mut revocations = Self::default();
        for Revocation {
            kind,
            id,
            not_before,
        } in list
        {
            let slot = revocations.latest_mut(kind).entry(id).or_insert(not_before);
            if *slot < not_before {
                *slot = not_before;
            }
        }
        revocations
    }

    /// Whether nothing is revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let kinds = [
            &self.users,
            &self.guests,
            &self.sessions,
            &self.tokens,
            &self.tenants,
        ];
        kinds.iter().all(|latest| latest.is_empty())
    }

    /// The latest revocation of this thing.
    #[must_use]
    pub fn of(&self, kind: RevocationKind, id: &Id) -> Option<UnixTime> {
        let latest = match kind {
            RevocationKind::User => &self.users,
            RevocationKind::Guest => &self.guests,
            RevocationKind::Session => &self.sessions,
            RevocationKind::Token => &self.tokens,
            RevocationKind::Tenant => &self.tenants,
        };
        latest.get(id).copied()
    }

    const fn latest_mut(&mut self, kind: RevocationKind) -> &mut Latest {
        match kind {
            RevocationKind::User => &mut self.users,
            RevocationKind::Guest => &mut self.guests,
            RevocationKind::Session => &mut self.sessions,
            RevocationKind::Token => &mut self.tokens,
            RevocationKind::Tenant => &mut self.tenants,
        }
    }
}
