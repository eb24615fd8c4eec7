//! What was revoked, and since when.

use std::collections::HashMap;

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
    latest: HashMap<RevocationKind, HashMap<Id, UnixTime>>,
}

impl Revocations {
    /// Indexes a list.
    #[must_use]
    pub fn new(list: Vec<Revocation>) -> Self {
        let mut latest: HashMap<RevocationKind, HashMap<Id, UnixTime>> = HashMap::new();
        for Revocation {
            kind,
            id,
            not_before,
        } in list
        {
            let slot = latest
                .entry(kind)
                .or_default()
                .entry(id)
                .or_insert(not_before);
            if *slot < not_before {
                *slot = not_before;
            }
        }
        Self { latest }
    }

    /// The latest revocation of this thing.
    #[must_use]
    pub fn of(&self, kind: RevocationKind, id: &Id) -> Option<UnixTime> {
        self.latest.get(&kind)?.get(id).copied()
    }
}
