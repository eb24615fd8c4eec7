//! What was revoked, and since when.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::HashTable;

use super::tables::Hashing;
use crate::ids::{Id, TenantId, UnixTime};

/// One line of `revocations.jsonl`.
#[derive(Clone, Debug, PartialEq)]
pub struct Revocation {
    /// What is revoked.
    pub kind: RevocationKind,
    /// Its id.
    pub id: Id,
    /// Whose directory the id is of, for a user; whose service issued it, for a session or a token. `None`: anybody's. Others
    /// are of no directory but the one their kind says.
    pub tenant: Option<TenantId>,
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

impl Revocation {
    /// What documents and explanations call it: `user/ID`, and of one tenant `user@TENANT/ID`.
    ///
    /// No kind has a `@` or a `/` in its name, so that one thing's name is never another's.
    #[must_use]
    pub fn name_of(kind: RevocationKind, id: &Id, tenant: Option<TenantId>) -> String {
        match tenant {
            Some(tenant) => format!("{}@{tenant}/{id}", kind.name()),
            None => format!("{}/{id}", kind.name()),
        }
    }

    /// The name of what it revokes, as [`Revocation::name_of`] has it.
    #[must_use]
    pub fn name(&self) -> String {
        Self::name_of(self.kind, &self.id, self.tenant)
    }
}

/// All revocations. A clone shares them; a change copies a small part.
#[derive(Clone, Debug, Default)]
pub struct Revocations {
    users: Times,
    guests: Times,
    sessions: Times,
    tokens: Times,
    tenants: Times,
}

impl Revocations {
    /// Indexes a list.
    #[must_use]
    pub fn new(list: Vec<Revocation>) -> Self {
        let mut revocations = Self::default();
        list.into_iter().for_each(|one| revocations.add(one));
        revocations
    }

    /// Adds one; a thing may be revoked several times.
    pub fn add(&mut self, revocation: Revocation) {
        let Revocation {
            kind,
            id,
            tenant,
            not_before,
        } = revocation;
        self.times_mut(kind).add(Thing { id, tenant }, not_before);
    }

    /// Removes one that is equal; whether there was one.
    pub fn remove(&mut self, revocation: &Revocation) -> bool {
        let Revocation {
            kind,
            id,
            tenant,
            not_before,
        } = revocation;
        self.times_mut(*kind).remove((id, *tenant), *not_before)
    }

    /// Whether nothing is revoked.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many revocations there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.users.count
            + self.guests.count
            + self.sessions.count
            + self.tokens.count
            + self.tenants.count
    }

    /// The latest revocation of this thing: of the one in the tenant, or `None` of the one in any.
    #[must_use]
    pub fn of(&self, kind: RevocationKind, id: &Id, tenant: Option<TenantId>) -> Option<UnixTime> {
        let times = match kind {
            RevocationKind::User => &self.users,
            RevocationKind::Guest => &self.guests,
            RevocationKind::Session => &self.sessions,
            RevocationKind::Token => &self.tokens,
            RevocationKind::Tenant => &self.tenants,
        };
        times.latest((id, tenant))
    }

    const fn times_mut(&mut self, kind: RevocationKind) -> &mut Times {
        match kind {
            RevocationKind::User => &mut self.users,
            RevocationKind::Guest => &mut self.guests,
            RevocationKind::Session => &mut self.sessions,
            RevocationKind::Token => &mut self.tokens,
            RevocationKind::Tenant => &mut self.tenants,
        }
    }
}

/// When things of one kind were revoked, in shares that are copied when they change.
#[derive(Clone, Debug, Default)]
struct Times {
    /// None, or [`SHARES`].
    shares: Vec<Arc<HashTable<Entry>>>,
    count: usize,
    /// Those of one tenant among them: where all or none are, half the looking is spared.
    bound: usize,
    hashing: Hashing,
}

#[derive(Clone, Debug)]
struct Thing {
    id: Id,
    tenant: Option<TenantId>,
}

/// A thing as it is looked for; hashed and compared in this form alone.
type Sought<'a> = (&'a Id, Option<TenantId>);

impl Thing {
    const fn sought(&self) -> Sought<'_> {
        (&self.id, self.tenant)
    }
}

#[derive(Clone, Debug)]
struct Entry {
    thing: Thing,
    latest: UnixTime,
    /// Other times, in order. Rarely is anything revoked twice.
    earlier: Vec<UnixTime>,
}

const SHARES: usize = 256;

impl Times {
    fn latest(&self, sought: Sought<'_>) -> Option<UnixTime> {
        let (_, tenant) = sought;
        let such = match tenant {
            Some(_) => self.bound,
            None => self.count - self.bound,
        };
        if such == 0 {
            return None;
        }
        let hash = self.hashing.hash_one(sought);
        let found = self
            .shares
            .get(share(hash))?
            .find(hash, |entry| entry.thing.sought() == sought);
        found.map(|entry| entry.latest)
    }

    fn add(&mut self, thing: Thing, time: UnixTime) {
        if self.shares.is_empty() {
            self.shares = vec![Arc::default(); SHARES];
        }
        let hash = self.hashing.hash_one(thing.sought());
        let Some(share) = self.shares.get_mut(share(hash)).map(Arc::make_mut) else {
            return;
        };
        self.count += 1;
        self.bound += usize::from(thing.tenant.is_some());
        let same = |entry: &Entry| entry.thing.sought() == thing.sought();
        if let Some(Entry {
            latest, earlier, ..
        }) = share.find_mut(hash, same)
        {
            let before = if *latest < time {
                std::mem::replace(latest, time)
            } else {
                time
            };
            let place = earlier.partition_point(|other| *other < before);
            earlier.insert(place, before);
            return;
        }
        let entry = Entry {
            thing,
            latest: time,
            earlier: Vec::new(),
        };
        share.insert_unique(hash, entry, |entry| {
            self.hashing.hash_one(entry.thing.sought())
        });
    }

    fn remove(&mut self, sought: Sought<'_>, time: UnixTime) -> bool {
        let hash = self.hashing.hash_one(sought);
        let Some(share) = self.shares.get_mut(share(hash)) else {
            return false;
        };
        let same = |entry: &Entry| entry.thing.sought() == sought;
        let Ok(mut found) = Arc::make_mut(share).find_entry(hash, same) else {
            return false;
        };
        let Entry {
            latest, earlier, ..
        } = found.get_mut();
        if *latest != time {
            let Some(place) = earlier.iter().position(|other| *other == time) else {
                return false;
            };
            earlier.remove(place);
        } else if let Some(before) = earlier.pop() {
            *latest = before;
        } else {
            found.remove();
        }
        let (_, tenant) = sought;
        self.count -= 1;
        self.bound -= usize::from(tenant.is_some());
        true
    }
}

/// The share for a hash; what tells entries of one share apart are the bits that are left.
const fn share(hash: u64) -> usize {
    (hash >> 32) as usize % SHARES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(id: u32, second: u32) -> Revocation {
        Revocation {
            kind: RevocationKind::User,
            id: Id::new(&format!("user {id}")),
            tenant: None,
            not_before: UnixTime::from_secs(second),
        }
    }

    #[test]
    fn of_several_revocations_of_one_thing_the_latest_that_is_left_holds() {
        let mut revocations = Revocations::new(vec![at(1, 5), at(1, 9), at(1, 5), at(2, 1)]);
        let old = revocations.clone();
        let of = |revocations: &Revocations, id| {
            let time = revocations.of(RevocationKind::User, &at(id, 0).id, None);
            time.map(UnixTime::seconds)
        };
        assert_eq!(of(&revocations, 1), Some(9.0));
        assert_eq!(
            revocations.of(RevocationKind::Guest, &at(1, 0).id, None),
            None
        );
        assert!(!revocations.remove(&at(1, 8)), "no such time");
        assert!(!revocations.remove(&at(3, 5)), "no such user");
        for (gone, left) in [(5, Some(9.0)), (9, Some(5.0)), (5, None)] {
            assert!(revocations.remove(&at(1, gone)));
            assert_eq!(of(&revocations, 1), left);
        }
        assert_eq!((revocations.len(), of(&revocations, 2)), (1, Some(1.0)));
        assert!(revocations.remove(&at(2, 1)) && revocations.is_empty());
        assert_eq!(
            (old.len(), of(&old, 1), of(&old, 2)),
            (4, Some(9.0), Some(1.0))
        );
    }

    #[test]
    fn what_is_revoked_in_one_tenant_is_not_in_another_nor_in_any() {
        let tenant = |last: u128| TenantId(crate::ids::Guid::from_u128(last));
        let (here, there) = (tenant(1), tenant(2));
        let bound = |tenant, second| Revocation {
            tenant: Some(tenant),
            ..at(1, second)
        };
        let mut revocations =
            Revocations::new(vec![bound(here, 5), bound(there, 6), bound(here, 7)]);
        let of = |revocations: &Revocations, tenant| {
            let time = revocations.of(RevocationKind::User, &at(1, 0).id, tenant);
            time.map(UnixTime::seconds)
        };
        let all = |revocations: &Revocations| {
            [Some(here), Some(there), None].map(|at| of(revocations, at))
        };
        assert_eq!(all(&revocations), [Some(7.0), Some(6.0), None]);
        revocations.add(at(1, 9));
        assert_eq!(all(&revocations), [Some(7.0), Some(6.0), Some(9.0)]);
        assert!(!revocations.remove(&at(1, 7)), "that is of one tenant");
        assert!(
            !revocations.remove(&bound(there, 7)),
            "that is of the other"
        );
        assert!(revocations.remove(&bound(here, 7)) && revocations.remove(&bound(there, 6)));
        assert_eq!(all(&revocations), [Some(5.0), None, Some(9.0)]);
        assert!(revocations.remove(&bound(here, 5)) && revocations.remove(&at(1, 9)));
        assert_eq!(
            (all(&revocations), revocations.is_empty()),
            ([None; 3], true)
        );
    }

    #[test]
    fn a_name_tells_a_thing_of_one_tenant_from_every_other() {
        let tenant = TenantId(crate::ids::Guid::from_u128(1));
        let name =
            |id: &str, tenant| Revocation::name_of(RevocationKind::User, &Id::new(id), tenant);
        assert_eq!(name("ada", None), "user/ada");
        assert_eq!(name("ada", Some(tenant)), format!("user@{tenant}/ada"));
        assert_ne!(
            name(&format!("@{tenant}/ada"), None),
            name("ada", Some(tenant))
        );
    }

    #[test]
    fn a_change_among_many_leaves_nearly_all_of_them_shared() {
        let mut revocations = Revocations::new((0..10_000).map(|id| at(id, 1)).collect());
        let old = revocations.clone();
        revocations.add(at(77, 2));
        let shares = |revocations: &Revocations| -> Vec<_> {
            revocations.users.shares.iter().map(Arc::as_ptr).collect()
        };
        let pairs = shares(&old).into_iter().zip(shares(&revocations));
        assert_eq!(pairs.filter(|(old, now)| old != now).count(), 1);
        for id in 0..10_000 {
            let expected = if id == 77 { 2.0 } else { 1.0 };
            let found = revocations.of(RevocationKind::User, &at(id, 0).id, None);
            assert_eq!(found.map(UnixTime::seconds), Some(expected));
        }
    }
}
