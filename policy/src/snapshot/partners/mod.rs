//! Partner documents by tenant.

mod book;
mod page;
mod pool;
mod table;

pub use book::{Kept, PartnerBook};

use self::table::Table;
use super::list::List;
use super::partner::PartnerSettings;
use crate::ids::TenantId;

/// Partner documents by tenant, few or a million.
///
/// A look-up among a million waits for memory and for nothing else, so the table is laid out for it: the keys of three
/// partners stand in one cache line with the numbers of their settings, and the settings, of which there are few, in a
/// list beside it. A clone shares all of both; a [`PartnerBook`] makes the next one.
#[derive(Clone, Debug, Default)]
pub struct Partners {
    tenants: Table,
    settings: List<PartnerSettings>,
}

impl Partners {
    /// What holds for a tenant, where it has a document.
    #[must_use]
    pub fn get(&self, tenant: TenantId) -> Option<&PartnerSettings> {
        self.settings.get(self.tenants.get(tenant)?)
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

    /// Every partner, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (TenantId, &PartnerSettings)> {
        self.tenants
            .entries()
            .filter_map(|(tenant, number)| Some((tenant, self.settings.get(number)?)))
    }

    /// Changes all settings, each for all partners that share it.
    pub fn each_settings_mut(&mut self, with: impl FnMut(&mut PartnerSettings)) {
        self.settings.each_mut(with);
    }
}

impl FromIterator<(TenantId, PartnerSettings)> for Partners {
    fn from_iter<I: IntoIterator<Item = (TenantId, PartnerSettings)>>(partners: I) -> Self {
        let mut book = PartnerBook::default();
        for (tenant, settings) in partners {
            book.put(tenant, settings);
        }
        book.partners()
    }
}
