//! The writer's side of the partners.

use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;

use super::Partners;
use super::pool::{Key, Pool};
use super::table::Table;
use crate::ids::{Guid, TenantId};
use crate::snapshot::partner::PartnerSettings;
use crate::snapshot::setting::Setting;
use crate::snapshot::tables::Hashing;

/// Partner documents as they are changed: what makes one [`Partners`] after another.
///
/// Keeps equal settings once, and counts who uses them, so that what nobody uses is given up. What a change costs grows
/// with the change; a clone shares everything, so that a change can be tried on one and thrown away.
#[derive(Clone, Debug, Default)]
pub struct PartnerBook {
    tenants: Table,
    whole: Pool<PartnerSettings>,
    parts: Pool<Part>,
    hashing: [Hashing; 2],
}

type Part = Option<Arc<Setting>>;

/// Settings that a [`PartnerBook`] keeps.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Kept(u32);

impl PartnerBook {
    /// No partners, and room for some.
    #[must_use]
    pub fn with_capacity(partners: usize) -> Self {
        Self {
            tenants: Table::with_capacity(partners),
            ..Self::default()
        }
    }

    /// What requests read.
    #[must_use]
    pub fn partners(&self) -> Partners {
        Partners {
            tenants: self.tenants.clone(),
            settings: self.whole.values().clone(),
        }
    }

    /// Number of partners.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.tenants.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many different [`Setting`]s partners have.
    #[must_use]
    pub const fn distinct_settings(&self) -> usize {
        self.parts.len()
    }

    /// Whether some partner has this setting.
    #[must_use]
    pub fn has_setting(&self, setting: &Arc<Setting>) -> bool {
        let key = self.key(setting);
        self.parts.find(key, &Some(Arc::clone(setting))).is_some()
    }

    /// What holds for a tenant.
    #[must_use]
    pub fn get(&self, tenant: TenantId) -> Option<&PartnerSettings> {
        self.whole.values().get(self.tenants.get(tenant)?)
    }

    /// Every partner with what it has, in no order.
    pub fn tenants(&self) -> impl Iterator<Item = (TenantId, Kept)> {
        let tenants = self.tenants.entries();
        tenants.map(|(tenant, number)| (tenant, Kept(number)))
    }

    /// All different partner settings, in no order.
    pub fn settings(&self) -> impl Iterator<Item = (Kept, &PartnerSettings)> {
        let settings = self.whole.iter();
        settings.map(|(number, settings)| (Kept(number), settings))
    }

    /// Adds a partner, or gives it other settings; whether it is new.
    pub fn put(&mut self, tenant: TenantId, settings: PartnerSettings) -> bool {
        let kept = self.keep(settings);
        let new = self.put_kept(tenant, kept);
        self.let_go(kept);
        new
    }

    /// Keeps settings for any number of partners, until they are [let go](Self::let_go).
    pub fn keep(&mut self, mut settings: PartnerSettings) -> Kept {
        for part in parts_mut(&mut settings) {
            self.share(part);
        }
        let key = self.key(&pointers(&settings));
        if let Some(number) = self.whole.find(key, &settings) {
            self.let_parts_go(&settings);
            self.whole.count(number);
            return Kept(number);
        }
        Kept(self.whole.keep(key, settings))
    }

    /// Adds a partner with settings that were kept, or gives it these; whether it is new.
    pub fn put_kept(&mut self, tenant: TenantId, settings: Kept) -> bool {
        self.whole.count(settings.0);
        let before = self.tenants.put(tenant, settings.0);
        if let Some(before) = before {
            self.let_go(Kept(before));
        }
        before.is_none()
    }

    /// Gives up what was kept; partners that have it go on having it.
    pub fn let_go(&mut self, settings: Kept) {
        let Self { whole, hashing, .. } = self;
        let gone = whole.let_go(settings.0, |settings| key(hashing, &pointers(settings)));
        if let Some(settings) = gone {
            self.let_parts_go(&settings);
        }
    }

    /// Removes a partner; whether there was one.
    pub fn remove(&mut self, tenant: TenantId) -> bool {
        let before = self.tenants.remove(tenant);
        if let Some(before) = before {
            self.let_go(Kept(before));
        }
        before.is_some()
    }

    /// Gives all partners that have these settings others; no partner may have equal ones.
    pub fn replace(&mut self, before: Kept, mut settings: PartnerSettings) {
        let Some(old) = self.whole.values().get(before.0).cloned() else {
            return;
        };
        for part in parts_mut(&mut settings) {
            self.share(part);
        }
        let [old_key, key] = [&old, &settings].map(|settings| self.key(&pointers(settings)));
        self.whole.replace(before.0, old_key, key, settings);
        self.let_parts_go(&old);
    }

    /// Uses the one copy of a setting once more.
    fn share(&mut self, part: &mut Part) {
        let Some(setting) = part else {
            return;
        };
        let key = self.key(setting);
        let number = self.parts.keep(key, part.take());
        *part = self.parts.values().get(number).cloned().flatten();
    }

    fn let_parts_go(&mut self, settings: &PartnerSettings) {
        for part in parts(settings) {
            let Some(key) = part.as_ref().map(|setting| self.key(setting)) else {
                continue;
            };
            if let Some(number) = self.parts.find(key, part) {
                self.parts.let_go(number, |_| key);
            }
        }
    }

    fn key(&self, value: &impl Hash) -> Key {
        key(&self.hashing, value)
    }
}

/// Two hashes, so long together that no two values have the same.
fn key([high, low]: &[Hashing; 2], value: &impl Hash) -> Key {
    let half = |hashing: &Hashing| u128::from(hashing.hash_one(value));
    TenantId(Guid::from_u128(half(high) << 64 | half(low)))
}

fn parts_mut(settings: &mut PartnerSettings) -> [&mut Part; 5] {
    let PartnerSettings {
        collaboration_inbound,
        collaboration_outbound,
        direct_connect_inbound,
        direct_connect_outbound,
        tenant_restrictions,
        ..
    } = settings;
    [
        collaboration_inbound,
        collaboration_outbound,
        direct_connect_inbound,
        direct_connect_outbound,
        tenant_restrictions,
    ]
}

const fn parts(settings: &PartnerSettings) -> [&Part; 5] {
    [
        &settings.collaboration_inbound,
        &settings.collaboration_outbound,
        &settings.direct_connect_inbound,
        &settings.direct_connect_outbound,
        &settings.tenant_restrictions,
    ]
}

/// What tells settings of shared parts apart without looking into the parts.
fn pointers(settings: &PartnerSettings) -> impl Hash + use<> {
    let parts =
        parts(settings).map(|part| part.as_ref().map_or(0, |part| Arc::as_ptr(part) as usize));
    let PartnerSettings {
        trust,
        automatic_consent_inbound,
        automatic_consent_outbound,
        is_service_provider,
        ..
    } = settings;
    (
        parts,
        *trust,
        *automatic_consent_inbound,
        *automatic_consent_outbound,
        *is_service_provider,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::snapshot::partner::TrustOverrides;
    use crate::snapshot::setting::{Access, AppTargets, Origin, UserTargets};

    fn tenant(number: u64) -> TenantId {
        TenantId(Guid::from_u128(u128::from(number) << 64 | 7))
    }

    fn setting(number: u64) -> Arc<Setting> {
        let user = crate::ids::Id::Guid(Guid::from_u128(u128::from(number)));
        Arc::new(Setting {
            users: UserTargets::new(Access::Allowed, false, vec![user], vec![], Origin::Written),
            apps: AppTargets::new(Access::Allowed, true, vec![], Origin::Written),
        })
    }

    /// One of about a hundred settings, of about ten parts.
    fn settings(number: u64) -> PartnerSettings {
        PartnerSettings {
            collaboration_inbound: (!number.is_multiple_of(3)).then(|| setting(number % 10)),
            tenant_restrictions: (number % 5 > 1).then(|| setting(number % 7)),
            trust: TrustOverrides {
                mfa: Some(number.is_multiple_of(2)),
                ..TrustOverrides::default()
            },
            ..PartnerSettings::default()
        }
    }

    fn dice() -> impl FnMut(u64) -> u64 {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        }
    }

    #[test]
    fn partners_have_what_they_were_given_last_and_old_partners_what_they_had() {
        let (mut dice, mut book) = (dice(), PartnerBook::default());
        let (mut map, mut taken) = (HashMap::new(), Vec::new());
        for round in 0..20_000_u64 {
            let tenant = tenant(dice(700));
            if dice(3) == 0 {
                assert_eq!(book.remove(tenant), map.remove(&tenant).is_some());
            } else {
                let settings = settings(dice(1_000));
                let new = book.put(tenant, settings.clone());
                assert_eq!(new, map.insert(tenant, settings).is_none());
            }
            if round % 1_000 == 0 {
                taken.push((book.partners(), map.clone()));
            }
        }
        let distinct: HashSet<_> = map.values().collect();
        assert_eq!(book.settings().count(), distinct.len());
        let used = map.values().flat_map(parts).flatten();
        assert_eq!(book.distinct_settings(), used.collect::<HashSet<_>>().len());
        taken.push((book.partners(), map));
        for (partners, map) in taken {
            assert_eq!(partners.len(), map.len());
            for number in 0..710 {
                let tenant = tenant(number);
                assert_eq!(partners.get(tenant), map.get(&tenant));
            }
            let all: HashMap<_, _> = partners
                .iter()
                .map(|(id, held)| (id, held.clone()))
                .collect();
            assert_eq!(all, map);
        }
    }

    #[test]
    fn numbers_that_nobody_uses_are_used_again() {
        let mut book = PartnerBook::default();
        for number in 0..5_000 {
            let mut settings = settings(number);
            settings.direct_connect_inbound = Some(setting(number));
            book.put(tenant(number % 10), settings);
        }
        let most = book.settings().map(|(Kept(number), _)| number).max();
        assert!(most < Some(12), "{most:?}");
        (0..10).for_each(|number| assert!(book.remove(tenant(number))));
        assert_eq!((book.settings().count(), book.distinct_settings()), (0, 0));
    }

    #[test]
    fn all_partners_that_share_settings_are_given_others_at_once() {
        let mut book = PartnerBook::default();
        for number in 0..100 {
            book.put(tenant(number), settings(number % 4));
        }
        let before = book.partners();
        let kept: Vec<_> = book
            .settings()
            .map(|(kept, old)| (kept, old.clone()))
            .collect();
        for (kept, old) in kept {
            let more = PartnerSettings {
                is_service_provider: true,
                ..old
            };
            book.replace(kept, more);
        }
        let after = book.partners();
        for number in 0..100 {
            let expected = PartnerSettings {
                is_service_provider: true,
                ..settings(number % 4)
            };
            assert_eq!(after.get(tenant(number)), Some(&expected));
            assert_eq!(before.get(tenant(number)), Some(&settings(number % 4)));
        }
        (0..100).for_each(|number| assert!(book.remove(tenant(number))));
        assert_eq!((book.settings().count(), book.distinct_settings()), (0, 0));
    }
}
