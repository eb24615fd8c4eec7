//! Guest records, and what they are found by.

use std::hash::BuildHasher as _;
use std::iter;

use super::{Guest, Numbered};
use crate::ids::{Guid, Id, TenantId};
use crate::snapshot::index::{Hashes, Index};
use crate::snapshot::sign_in::{BySignIn, Witness};
use crate::snapshot::tables::Hashing;

/// Guest records, found by own id, by home identity or by how their guests sign in.
///
/// What is looked up holds numbers of records: the keys stand there already. A clone shares everything; a change copies the
/// few records beside the one that changes, and as small a part of what is looked up.
#[derive(Clone, Debug, Default)]
pub struct GuestRecords {
    records: Numbered,
    by_id: Index,
    /// All that name a home identity, deleted ones beside the one that is not.
    by_home: Index,
    by_sign_in: BySignIn,
    hashing: Hashing,
}

/// Two records, by their numbers, that bear one key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SameGuest {
    /// The own id.
    Id(usize, usize),
    /// The home identity, and neither is deleted.
    Home(usize, usize),
}

/// So many that what is known of them while they are indexed stays in a processor's near caches.
const AT_ONCE: usize = 1 << 16;

impl GuestRecords {
    /// Indexes records. They are numbered from 0 in their order; what `clashes` is given, in no order, must not be put in force.
    #[must_use]
    pub fn new(list: Vec<Guest>, clashes: impl FnMut(SameGuest)) -> Self {
        let mut records = Self::default();
        records.extend(vec![list], clashes);
        records
    }

    /// Adds the records of some lists, one after the other. What `clashes` is given, in no order, must not be put in force:
    /// who has the key already, and the new one, which has it from then on.
    pub fn extend(&mut self, lists: Vec<Vec<Guest>>, mut clashes: impl FnMut(SameGuest)) {
        let count: usize = lists.iter().map(Vec::len).sum();
        if count > self.len() / 8 {
            self.reserve(&lists);
        }
        for list in lists {
            let mut list = list.into_iter();
            while list.len() > 0 {
                self.add(list.by_ref().take(AT_ONCE), &mut clashes);
            }
        }
    }

    /// Adds as many as are indexed at once.
    fn add(
        &mut self,
        list: impl ExactSizeIterator<Item = Guest>,
        clashes: &mut impl FnMut(SameGuest),
    ) {
        let (mut ids, mut homes, mut names) = (Vec::new(), Vec::new(), Vec::new());
        self.records.extend(list, |number, record| {
            ids.push((self.hashing.hash_one(&record.id), number));
            let home = record.home().map(|home| self.hashing.hash_one(home));
            homes.extend(home.map(|home| (home, number)));
            let of_names = self.by_sign_in.hashes(record);
            names.extend(of_names.map(|hash| (hash, number)));
        });
        let (records, hashing) = (&self.records, &self.hashing);
        let pair = |new, before| records.get(new).zip(records.get(before));
        let same_id = |new, before| {
            let same = pair(new, before).is_some_and(|(new, before)| new.id == before.id);
            if same {
                clashes(SameGuest::Id(before as usize, new as usize));
            }
            same
        };
        self.by_id.put(&ids, same_id, ids_of(records, hashing));
        let same_home = |new, before| {
            let same = pair(new, before).is_some_and(|(new, before)| {
                !new.deleted && !before.deleted && new.home() == before.home()
            });
            if same {
                clashes(SameGuest::Home(before as usize, new as usize));
            }
            same
        };
        self.by_home
            .put(&homes, same_home, homes_of(records, hashing));
        self.by_sign_in.put(&names, records);
    }

    /// Makes room for records, once for all.
    fn reserve(&mut self, lists: &[Vec<Guest>]) {
        let (mut ids, mut homes, mut keys) = (0, 0, 0);
        for record in lists.iter().flatten() {
            ids += 1;
            homes += usize::from(record.home().is_some());
            keys += BySignIn::count_keys(record);
        }
        let (records, hashing) = (&self.records, &self.hashing);
        self.by_id.reserve(ids, ids_of(records, hashing));
        self.by_home.reserve(homes, homes_of(records, hashing));
        self.by_sign_in.reserve(keys, records);
    }

    /// Removes the record with this own id; whether there was one.
    pub fn remove(&mut self, id: &Id) -> bool {
        let found = self.find_id(id).map(|(number, _)| number);
        let Some((number, record)) =
            found.and_then(|number| Some((number, self.records.get(number)?)))
        else {
            return false;
        };
        let home = record.home().map(|home| self.hashing.hash_one(home));
        self.by_sign_in.remove(number, record);
        self.by_id
            .remove(number, iter::once(self.hashing.hash_one(id)));
        if let Some(home) = home {
            self.by_home.remove(number, iter::once(home));
        }
        self.records.remove(number);
        if self.is_empty() {
            // What those who were there took is kept for others who come, but not for ever.
            *self = Self::default();
        }
        true
    }

    /// Number of records.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every record, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Guest> {
        self.records.iter()
    }

    /// The record with a number.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&Guest> {
        self.records.get(u32::try_from(number).ok()?)
    }

    // Nearly all ids are GUIDs: what finds these calls nothing and keeps all it needs in registers.

    #[inline]
    pub(super) fn by_id(&self, id: &Id) -> Option<&Guest> {
        let Id::Guid(guid) = id else {
            return self.by_any_id(id);
        };
        self.by_id.find(self.hashing.hash_one(guid), |number| {
            let record = self.records.get(number)?;
            is_guid(&record.id, *guid).then_some(record)
        })
    }

    #[inline(never)]
    fn by_any_id(&self, id: &Id) -> Option<&Guest> {
        let (_, record) = self.find_id(id)?;
        Some(record)
    }

    /// The record of a home identity that is not deleted; else the deleted one whose own id comes first, in whatever order
    /// they were added.
    #[inline]
    #[must_use]
    pub fn by_home(&self, tenant: TenantId, user: &Id) -> Option<&Guest> {
        let Id::Guid(guid) = user else {
            return self.by_any_home(tenant, user);
        };
        let found = self
            .by_home
            .find(self.hashing.hash_one((tenant, guid)), |number| {
                let record = self.records.get(number)?;
                let user = record.home_user_id.as_ref()?;
                let same = is_guid(user, *guid) && record.home_tenant == Some(tenant);
                same.then_some(record)
            })?;
        if found.deleted {
            return self.by_any_home(tenant, user);
        }
        Some(found)
    }

    #[inline(never)]
    fn by_any_home(&self, tenant: TenantId, user: &Id) -> Option<&Guest> {
        let home = (tenant, user);
        let mut deleted: Option<&Guest> = None;
        let alive = self.by_home.find(self.hashing.hash_one(home), |number| {
            let record = self.records.get(number)?;
            let same = record.home() == Some(home);
            if same && record.deleted {
                deleted = deleted
                    .filter(|before| before.id < record.id)
                    .or(Some(record));
            }
            (same && !record.deleted).then_some(record)
        });
        alive.or(deleted)
    }

    pub(super) fn by_sign_in(&self, who: &Witness<'_>) -> Option<&Guest> {
        self.by_sign_in.find(who, &self.records)
    }

    /// Records with this address in any letter case, whatever their guests sign in with, deleted ones too.
    #[must_use]
    pub fn with_mail(&self, mail: &str) -> Vec<&Guest> {
        self.by_sign_in.with_mail(mail, &self.records)
    }

    /// Records that name this account, those of guests who were deleted too.
    #[must_use]
    pub fn with_account(&self, issuer: &str, id: &str) -> Vec<&Guest> {
        self.by_sign_in.with_account(issuer, id, &self.records)
    }

    fn find_id(&self, id: &Id) -> Option<(u32, &Guest)> {
        self.by_id.find(self.hashing.hash_one(id), |number| {
            let record = self.records.get(number)?;
            (record.id == *id).then_some((number, record))
        })
    }
}

#[inline]
fn is_guid(id: &Id, guid: Guid) -> bool {
    match id {
        Id::Guid(other) => *other == guid,
        Id::Text(_) => false,
    }
}

/// Hashes of own ids by number.
fn ids_of(records: &Numbered, hashing: &Hashing) -> impl Hashes {
    move |number, with: &mut dyn FnMut(u64)| {
        if let Some(record) = records.get(number) {
            with(hashing.hash_one(&record.id));
        }
    }
}

/// Hashes of home identities by number.
fn homes_of(records: &Numbered, hashing: &Hashing) -> impl Hashes {
    move |number, with: &mut dyn FnMut(u64)| {
        if let Some(home) = records.get(number).and_then(Guest::home) {
            with(hashing.hash_one(home));
        }
    }
}
