//! Partner documents by tenant.

use std::hash::BuildHasher as _;

use super::partner::PartnerSettings;
use super::tables::Hashing;
use crate::ids::TenantId;

/// Partner documents by tenant, few or a million.
///
/// A look-up among a million waits for memory and for nothing else, so the table is laid out for it: the keys of three
/// partners stand in one cache line with the numbers of their settings, and the settings, of which there are few, in a
/// list beside it.
#[derive(Clone, Debug, Default)]
pub struct Partners {
    lines: Vec<Line>,
    count: usize,
    settings: Vec<PartnerSettings>,
    hashing: Hashing,
}

/// Settings that were kept for several partners.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Kept(u32);

/// INVARIANT: no place is taken behind an empty one.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line {
    tenants: [TenantId; 3],
    settings: [u32; 3],
}

/// The number of no settings.
const EMPTY: u32 = u32::MAX;

const EMPTY_LINE: Line = Line {
    tenants: [TenantId::MICROSOFT_ACCOUNTS; 3],
    settings: [EMPTY; 3],
};

impl Partners {
    /// No partners, and room for some.
    #[must_use]
    pub fn with_capacity(partners: usize) -> Self {
        // Four places of five are taken: then few partners are looked for in a second line.
        let lines = (partners * 5).div_ceil(3 * 4);
        Self {
            lines: vec![EMPTY_LINE; lines],
            ..Self::default()
        }
    }

    /// Keeps settings for any number of partners.
    pub fn keep(&mut self, settings: PartnerSettings) -> Kept {
        // So many do not fit into memory.
        let number = u32::try_from(self.settings.len()).unwrap_or(EMPTY);
        self.settings.push(settings);
        Kept(number)
    }

    /// Adds a partner; false where it is there already, and stays as it is.
    pub fn insert(&mut self, tenant: TenantId, settings: Kept) -> bool {
        if (self.count + 1) * 5 > self.lines.len() * 3 * 4 {
            self.grow();
        }
        for at in self.places_of(tenant) {
            let Some(line) = self.lines.get_mut(at) else {
                return false;
            };
            for (key, number) in line.tenants.iter_mut().zip(&mut line.settings) {
                if *number == EMPTY {
                    (*key, *number) = (tenant, settings.0);
                    self.count += 1;
                    return true;
                }
                if *key == tenant {
                    return false;
                }
            }
        }
        false
    }

    /// What holds for a tenant, where it has a document.
    #[must_use]
    pub fn get(&self, tenant: TenantId) -> Option<&PartnerSettings> {
        for at in self.places_of(tenant) {
            let line = self.lines.get(at)?;
            for (key, number) in line.tenants.iter().zip(line.settings) {
                if number == EMPTY {
                    return None;
                }
                if *key == tenant {
                    return self.settings.get(number as usize);
                }
            }
        }
        None
    }

    /// Number of partners.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Every partner, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (TenantId, &PartnerSettings)> {
        self.entries().filter_map(|(tenant, Kept(number))| {
            Some((tenant, self.settings.get(number as usize)?))
        })
    }

    /// Everything kept, to be changed for all partners that share it.
    pub fn kept_mut(&mut self) -> impl Iterator<Item = &mut PartnerSettings> {
        self.settings.iter_mut()
    }

    fn entries(&self) -> impl Iterator<Item = (TenantId, Kept)> {
        self.lines
            .iter()
            .flat_map(|line| line.tenants.into_iter().zip(line.settings))
            .filter(|(_, number)| *number != EMPTY)
            .map(|(tenant, number)| (tenant, Kept(number)))
    }

    /// The lines to look in, the likeliest first.
    fn places_of(&self, tenant: TenantId) -> impl Iterator<Item = usize> + use<> {
        let lines = self.lines.len();
        let scaled = (u128::from(self.hashing.hash_one(tenant)) * lines as u128) >> 64;
        let first = usize::try_from(scaled).unwrap_or(0);
        (first..lines).chain(0..first)
    }

    fn grow(&mut self) {
        let mut larger = Self::with_capacity((self.count + 1) * 2);
        for (tenant, settings) in self.entries() {
            larger.insert(tenant, settings);
        }
        larger.settings = std::mem::take(&mut self.settings);
        *self = larger;
    }
}

impl FromIterator<(TenantId, PartnerSettings)> for Partners {
    fn from_iter<I: IntoIterator<Item = (TenantId, PartnerSettings)>>(partners: I) -> Self {
        let mut table = Self::default();
        for (tenant, settings) in partners {
            let settings = table.keep(settings);
            table.insert(tenant, settings);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Guid;

    fn tenant(number: u128) -> TenantId {
        TenantId(Guid::from_u128(number << 100 | number))
    }

    fn provider(is_service_provider: bool) -> PartnerSettings {
        PartnerSettings {
            is_service_provider,
            ..PartnerSettings::default()
        }
    }

    #[test]
    fn every_partner_is_found_and_nobody_else_at_every_size() {
        assert!(Partners::default().get(tenant(0)).is_none());
        let mut grown = Partners::default();
        let kept = [false, true].map(|is| grown.keep(provider(is)));
        for count in 1..2_000 {
            let settings = kept[usize::from(count % 3 == 0)];
            assert!(grown.insert(tenant(count), settings));
            assert!(!grown.insert(tenant(count), kept[0]), "a second time");
            if count > 50 && count % 97 != 0 {
                continue;
            }
            for number in 1..=count {
                let found = grown
                    .get(tenant(number))
                    .map(|found| found.is_service_provider);
                assert_eq!(found, Some(number % 3 == 0), "{number} of {count}");
            }
            for stranger in [0, count + 1, count + 1_000_000] {
                assert!(
                    grown.get(tenant(stranger)).is_none(),
                    "{stranger} of {count}"
                );
            }
        }
        assert_eq!((grown.len(), grown.iter().count()), (1_999, 1_999));
    }

    #[test]
    fn a_table_that_was_given_room_does_not_grow_and_leaves_a_fifth_empty() {
        for count in 1..200 {
            let mut partners = Partners::with_capacity(count);
            let lines = partners.lines.len();
            let settings = partners.keep(provider(false));
            (0..count).for_each(|n| assert!(partners.insert(tenant(n as u128), settings)));
            assert_eq!(partners.lines.len(), lines, "{count}");
            assert!(count * 5 <= lines * 12, "{count}");
        }
    }
}
