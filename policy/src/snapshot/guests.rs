//! The own directory's guest records.

use std::collections::HashMap;

use crate::ids::{Id, TenantId};

/// How the directory is used (`[guests] directory`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DirectoryMode {
    /// A record counts where there is one.
    Optional,
    /// A guest that our own service vouches for needs a record.
    Required,
    /// There are no records.
    Off,
}

/// One guest record.
#[derive(Clone, Debug, PartialEq)]
pub struct Guest {
    /// Own user id.
    pub id: Id,
    /// Where the account lives, if the record says.
    pub home_tenant: Option<TenantId>,
    /// The user id there.
    pub home_user_id: Option<Id>,
    /// The home tenant's groups, complete; `None` where they are not known from here. INVARIANT: sorted.
    pub home_groups: Option<Box<[Id]>>,
    /// `userType`.
    pub user_type: UserType,
    /// `deletedDateTime` is set.
    pub deleted: bool,
    /// `accountEnabled` is not false.
    pub enabled: bool,
    /// `externalUserState`.
    pub redemption: Redemption,
    /// The guest agreed to the organisation's use of their data.
    pub consent_given: bool,
}

/// `userType`; a record without one is a guest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UserType {
    /// `Guest`.
    Guest,
    /// `Member`.
    Member,
}

/// `externalUserState`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Redemption {
    /// `PendingAcceptance`.
    Pending,
    /// `Accepted`, or none needed.
    Accepted,
}

/// All guest records, found by own id or by home identity.
#[derive(Debug)]
pub struct GuestDirectory {
    mode: DirectoryMode,
    records: Vec<Guest>,
    by_id: HashMap<Id, usize>,
    by_home: HashMap<TenantId, HashMap<Id, usize>>,
}

impl GuestDirectory {
    /// Indexes the records. Of two for one home identity the one that is not deleted holds; ids are distinct.
    #[must_use]
    pub fn new(mode: DirectoryMode, records: Vec<Guest>) -> Self {
        let mut by_id = HashMap::with_capacity(records.len());
        let mut by_home: HashMap<TenantId, HashMap<Id, usize>> = HashMap::new();
        for (index, record) in records.iter().enumerate() {
            by_id.insert(record.id.clone(), index);
            if let (Some(tenant), Some(user)) = (record.home_tenant, &record.home_user_id) {
                let users = by_home.entry(tenant).or_default();
                let slot = users.entry(user.clone()).or_insert(index);
                if !record.deleted {
                    *slot = index;
                }
            }
        }
        Self {
            mode,
            records,
            by_id,
            by_home,
        }
    }

    /// A directory without records.
    #[must_use]
    pub fn empty(mode: DirectoryMode) -> Self {
        Self::new(mode, Vec::new())
    }

    /// How the directory is used.
    #[must_use]
    pub const fn mode(&self) -> DirectoryMode {
        self.mode
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The record with this own id; none where the directory is off.
    #[must_use]
    pub fn by_id(&self, id: &Id) -> Option<&Guest> {
        self.at(self.by_id.get(id))
    }

    /// The record of this home identity; none where the directory is off.
    #[must_use]
    pub fn by_home(&self, tenant: TenantId, user: &Id) -> Option<&Guest> {
        self.at(self.by_home.get(&tenant)?.get(user))
    }

    fn at(&self, index: Option<&usize>) -> Option<&Guest> {
        match self.mode {
            DirectoryMode::Off => None,
            DirectoryMode::Optional | DirectoryMode::Required => self.records.get(*index?),
        }
    }
}
