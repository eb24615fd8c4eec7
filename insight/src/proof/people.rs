//! User ids by what a decision can tell apart.

use std::collections::{BTreeSet, HashSet};

use crossgate_policy::decision::Direction;
use crossgate_policy::ids::{Id, TenantId, UnixTime};
use crossgate_policy::snapshot::{Guest, Redemption, RevocationKind, Snapshot, UserType};
use crossgate_policy::subject::SubjectKind;
use crossgate_policy::target::Target;

use super::atoms::Atoms;
use super::tenants::Skeleton;
use super::unions::{Column, Lists};

/// What tells ids apart: those with equal marks are decided alike.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Marks(Vec<u8>);

impl Marks {
    fn flag(&mut self, flag: bool) {
        self.0.push(u8::from(flag));
    }

    fn column(&mut self, column: Option<Column>) {
        // The length is the same for all of them.
        self.flag(column.is_some());
        for flag in column.into_iter().flatten() {
            self.flag(flag);
        }
    }
}

/// What people are looked at for.
pub(super) struct People<'s, 'a> {
    pub(super) sides: &'s [&'a Snapshot],
    pub(super) target: &'a Target,
    pub(super) skeleton: &'s Skeleton,
    pub(super) atoms: &'s Atoms<'a>,
    /// Ids whose records differ between the sides.
    pub(super) changed: &'s [Id],
    /// When everybody signed in.
    pub(super) signed_in: UnixTime,
    pub(super) now: UnixTime,
}

impl People<'_, '_> {
    /// One user id of the token for each class, none and one that nothing names among them.
    pub(super) fn users(&self) -> Vec<Option<Id>> {
        let mut candidates: BTreeSet<Id> = self.atoms.users.named().into_iter().cloned().collect();
        for side in self.sides {
            if self.has_records() {
                for record in side.guests.iter() {
                    candidates.extend(self.found_by(side, record).cloned());
                }
            }
            // A record of somebody else keeps out whoever comes by its id, so that it goes may let them in.
            if self.is_own_issued(side) && self.has_records() {
                candidates.extend(self.changed.iter().cloned());
            }
            if self.is_own_issued(side) && self.target.assignment_required {
                candidates.extend(side.assignments.users().cloned());
            }
        }
        let fresh = unnamed(&candidates);
        let mut seen = HashSet::new();
        let ids = candidates.into_iter().chain([fresh]);
        let classes = ids.filter(|id| seen.insert(self.marks(id)));
        std::iter::once(None).chain(classes.map(Some)).collect()
    }

    /// One home user id for each class, where the token's issuer is not the home tenant.
    pub(super) fn home_users(&self) -> Vec<Option<Id>> {
        let lists = &self.atoms.home_users;
        let named = lists.representatives();
        if self.skeleton.is_home_issued() || named.is_empty() {
            return vec![None];
        }
        let fresh = unnamed(&lists.named().into_iter().cloned().collect());
        let all = named.into_iter().cloned().chain([fresh]);
        std::iter::once(None).chain(all.map(Some)).collect()
    }

    /// The classes of those whom the home tenant's records are of.
    pub(super) fn recorded(&self, records: &[&Guest]) -> BTreeSet<Marks> {
        let sides = self.sides.iter();
        let ids = sides.flat_map(|side| {
            let found = records
                .iter()
                .map(move |record| self.found_by(side, record));
            found.flatten()
        });
        ids.map(|id| self.marks(id)).collect()
    }

    fn has_records(&self) -> bool {
        self.skeleton.direction == Direction::Inbound && self.skeleton.kind == SubjectKind::User
    }

    fn is_own_issued(&self, side: &Snapshot) -> bool {
        self.skeleton.issuer == side.own.id
    }

    /// The id in the token that this record is found by, and that it does not contradict.
    fn found_by<'g>(&self, side: &Snapshot, record: &'g Guest) -> Option<&'g Id> {
        let home = self.skeleton.home.recorded_tenant();
        if self.is_own_issued(side) {
            let fits = record.home_tenant.is_none() || record.home_tenant == home;
            return fits.then_some(&record.id);
        }
        let fits = record.home_tenant == home && self.skeleton.is_home_issued();
        record.home_user_id.as_ref().filter(|_| fits)
    }

    fn marks(&self, id: &Id) -> Marks {
        let mut marks = Marks::default();
        marks.column(Some(self.atoms.users.column(id)));
        for side in self.sides {
            let record = if !self.has_records() {
                None
            } else if self.is_own_issued(side) {
                side.guests.by_id(id)
            } else {
                let home = self.skeleton.home.recorded_tenant();
                home.and_then(|home| side.guests.by_home(home, id))
            };
            self.record(side, record, &mut marks);
            marks.flag(side.assignments.of(id, &self.target.id).is_some());
            marks.flag(self.is_late(side, RevocationKind::User, id));
        }
        marks
    }

    fn record(&self, side: &Snapshot, record: Option<&Guest>, marks: &mut Marks) {
        marks.flag(record.is_some());
        let Some(record) = record else {
            return;
        };
        let contradicts = record.home_tenant.is_some()
            && record.home_tenant != self.skeleton.home.recorded_tenant();
        marks.flag(contradicts);
        marks.flag(record.is_active(self.now));
        marks.flag(record.redemption == Redemption::Accepted);
        marks.flag(record.consent_given);
        marks.flag(record.user_type == UserType::Member);
        marks.column(Some(self.atoms.record_ids.column(&record.id)));
        marks.flag(side.assignments.of(&record.id, &self.target.id).is_some());
        marks.flag(self.is_late(side, RevocationKind::Guest, &record.id));
        marks.flag(self.is_late(side, RevocationKind::User, &record.id));
        let lists = &self.atoms.record_users;
        let home_user = record.home_user_id.as_ref();
        marks.column(home_user.map(|id| lists.column(id)));
        marks.flag(home_user.is_some_and(|id| self.is_late(side, RevocationKind::User, id)));
        let groups = record.home_groups.as_deref();
        marks.column(groups.map(|groups| self.atoms.record_groups.column_of(groups)));
        marks.flag(record.home_groups_complete);
    }

    /// Whether a revocation that is dated later than the latest sign-in binds.
    fn is_late(&self, side: &Snapshot, kind: RevocationKind, id: &Id) -> bool {
        let home = self.skeleton.home.recorded_tenant();
        let tenants = [None, Some(side.own.id), home];
        tenants.into_iter().any(|tenant| {
            let latest = side.revocations.of(kind, id, tenant);
            latest.is_some_and(|not_before| not_before > self.signed_in)
        })
    }
}

/// An id that stands nowhere.
fn unnamed(named: &BTreeSet<Id>) -> Id {
    (1_u128..)
        .map(|number| {
            let guid = crossgate_policy::ids::Guid::from_u128(SOMEBODY + number);
            Id::Guid(guid)
        })
        .find(|id| !named.contains(id))
        .unwrap_or_else(|| Id::new("somebody"))
}

/// A client that stands in no list.
pub(super) fn unnamed_in(lists: &Lists<'_>) -> Id {
    unnamed(&lists.named().into_iter().cloned().collect())
}

/// A tenant that nothing is written about.
pub(super) fn unnamed_tenant(named: &BTreeSet<TenantId>) -> TenantId {
    let named: BTreeSet<Id> = named.iter().map(|tenant| Id::Guid(tenant.0)).collect();
    match unnamed(&named) {
        Id::Guid(guid) => TenantId(guid),
        Id::Text(_) => TenantId(crossgate_policy::ids::Guid::from_u128(SOMEBODY)),
    }
}

/// `50eb0d1e-…`.
const SOMEBODY: u128 = 0x50eb_0d1e_0000_4000_8000_0000_0000_0000;
