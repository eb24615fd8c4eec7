//! The own directory's guest records.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::sign_in::{BySignIn, SignInNames, Witness};
use super::tables::Hashing;
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
    /// How the guest is known where no tenant speaks for them, and their address; `None` where nothing is told.
    pub sign_in: Option<Box<SignInNames>>,
}

impl Guest {
    /// The home identity, if the record says it whole.
    #[must_use]
    pub fn home(&self) -> Option<(TenantId, &Id)> {
        Some((self.home_tenant?, self.home_user_id.as_ref()?))
    }
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

/// Guest records, found by own id or by home identity.
///
/// The tables hold places in the list: the keys stand there already.
#[derive(Debug, Default)]
pub struct GuestRecords {
    list: Vec<Guest>,
    by_id: HashTable<u32>,
    by_home: HashTable<u32>,
    by_sign_in: BySignIn,
    hashing: Hashing,
}

/// Two records, by their places, that bear one key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SameGuest {
    /// The own id.
    Id(usize, usize),
    /// The home identity, and neither is deleted.
    Home(usize, usize),
}

impl GuestRecords {
    /// Indexes records. Of two for one home identity the one that is not deleted holds; what `clashes` is given must not
    /// be put in force.
    #[must_use]
    pub fn new(list: Vec<Guest>, mut clashes: impl FnMut(SameGuest)) -> Self {
        let hashing = Hashing::default();
        let id = |place: &u32| at(&list, *place).map(|record| &record.id);
        let home = |place: &u32| at(&list, *place).and_then(Guest::home);
        let with_home = list.iter().filter(|record| record.home().is_some());
        let mut by_home = HashTable::with_capacity(with_home.count());
        let mut by_id = HashTable::with_capacity(list.len());
        for (index, record) in list.iter().enumerate() {
            // More would not fit into memory.
            let Ok(place) = u32::try_from(index) else {
                break;
            };
            let hash = |place: &u32| id(place).map_or(0, |id| hashing.hash_one(id));
            let same = |other: &u32| id(other) == Some(&record.id);
            match by_id.entry(hash(&place), same, hash) {
                Entry::Vacant(slot) => {
                    slot.insert(place);
                }
                Entry::Occupied(mut slot) => {
                    let before = std::mem::replace(slot.get_mut(), place);
                    clashes(SameGuest::Id(index_of(before), index));
                }
            }
            if record.home().is_none() {
                continue;
            }
            let hash = |place: &u32| home(place).map_or(0, |home| hashing.hash_one(home));
            let same = |other: &u32| home(other) == record.home();
            match by_home.entry(hash(&place), same, hash) {
                Entry::Vacant(slot) => {
                    slot.insert(place);
                }
                Entry::Occupied(_) if record.deleted => {}
                Entry::Occupied(mut slot) => {
                    let before = std::mem::replace(slot.get_mut(), place);
                    if at(&list, before).is_some_and(|before| !before.deleted) {
                        clashes(SameGuest::Home(index_of(before), index));
                    }
                }
            }
        }
        Self {
            by_sign_in: BySignIn::new(&list),
            list,
            by_id,
            by_home,
            hashing,
        }
    }

    /// Records with this address (`mail`), those that were deleted too.
    pub fn with_mail<'r>(&'r self, mail: &str) -> impl Iterator<Item = &'r Guest> {
        self.by_sign_in.with_mail(mail, &self.list)
    }

    /// The records in their order.
    #[must_use]
    pub fn list(&self) -> &[Guest] {
        &self.list
    }

    fn by_id(&self, id: &Id) -> Option<&Guest> {
        let same = |place: &u32| at(&self.list, *place).is_some_and(|record| record.id == *id);
        at(
            &self.list,
            *self.by_id.find(self.hashing.hash_one(id), same)?,
        )
    }

    fn by_home(&self, home: (TenantId, &Id)) -> Option<&Guest> {
        let same = |place: &u32| at(&self.list, *place).and_then(Guest::home) == Some(home);
        at(
            &self.list,
            *self.by_home.find(self.hashing.hash_one(home), same)?,
        )
    }
}

fn at(list: &[Guest], place: u32) -> Option<&Guest> {
    list.get(index_of(place))
}

const fn index_of(place: u32) -> usize {
    place as usize
}

/// The guest records, and how they are used.
#[derive(Debug)]
pub struct GuestDirectory {
    mode: DirectoryMode,
    records: Arc<GuestRecords>,
}

impl GuestDirectory {
    /// A directory of these records.
    #[must_use]
    pub const fn new(mode: DirectoryMode, records: Arc<GuestRecords>) -> Self {
        Self { mode, records }
    }

    /// A directory without records.
    #[must_use]
    pub fn empty(mode: DirectoryMode) -> Self {
        Self::new(mode, Arc::default())
    }

    /// How the directory is used.
    #[must_use]
    pub const fn mode(&self) -> DirectoryMode {
        self.mode
    }

    /// The record with this own id; none where the directory is off.
    #[must_use]
    pub fn by_id(&self, id: &Id) -> Option<&Guest> {
        self.used()?.by_id(id)
    }

    /// The record of this home identity; none where the directory is off.
    #[must_use]
    pub fn by_home(&self, tenant: TenantId, user: &Id) -> Option<&Guest> {
        self.used()?.by_home((tenant, user))
    }

    /// Records with this address; none where the directory is off.
    pub fn with_mail<'r>(&'r self, mail: &str) -> impl Iterator<Item = &'r Guest> {
        let records = self.used();
        records
            .into_iter()
            .flat_map(move |records| records.with_mail(mail))
    }

    /// The one record of somebody for whom no tenant speaks; none where there are several that are not deleted, or the
    /// directory is off.
    #[must_use]
    pub fn by_sign_in(&self, who: &Witness<'_>) -> Option<&Guest> {
        let records = self.used()?;
        records.by_sign_in.find(who, &records.list)
    }

    fn used(&self) -> Option<&GuestRecords> {
        match self.mode {
            DirectoryMode::Off => None,
            // Where there are no guests, who calls need not be hashed.
            DirectoryMode::Optional | DirectoryMode::Required => {
                Some(&*self.records).filter(|records| !records.list.is_empty())
            }
        }
    }
}
