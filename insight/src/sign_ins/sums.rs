//! How many came, from where and for what, between two times.

use super::column::Column;
use super::event::Facts;
use super::rollup::{Rollup, Sum};
use super::tally::{Tallies, Tally};

/// What is to be summed up.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// From this time on, itself included; in milliseconds since 1970.
    pub from: i64,
    /// Until before this time.
    pub to: i64,
    /// Also by who asked, which is more to read.
    pub who: bool,
}

/// Into what a time is divided (UTC).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Hours: what is summed up by them is read; by who asked it is not, and events are.
    Hour,
    /// Days.
    Day,
}

impl Step {
    pub(super) const fn milliseconds(self) -> i64 {
        match self {
            Self::Hour => HOUR,
            Self::Day => 24 * HOUR,
        }
    }
}

/// An hour, in milliseconds.
pub(super) const HOUR: i64 = 60 * 60 * 1000;

/// Sums of events.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    what: Rollup<{ WHAT.len() }>,
    who: Rollup<{ WHO.len() }>,
    /// INVARIANT: those of lines stand here, those of a store above, and never are there both.
    lines: Tallies,
}

impl Sums {
    pub(super) fn of(what: Rollup<{ WHAT.len() }>, who: Rollup<{ WHO.len() }>) -> Self {
        let lines = Tallies::default();
        Self { what, who, lines }
    }

    pub(crate) fn add(&mut self, facts: &Facts) {
        self.lines.add(facts);
    }

    /// By what was asked for.
    pub fn what(&self) -> impl Iterator<Item = What<'_>> {
        let rows = self.what.rows().chain(self.lines.what.rows());
        rows.map(|(key, sum)| What::of(key, sum))
    }

    /// By who asked; nothing where that was not summed up.
    pub fn who(&self) -> impl Iterator<Item = Who<'_>> {
        let rows = self.who.rows().chain(self.lines.who.rows());
        rows.map(|(key, sum)| Who::of(key, sum))
    }

    /// By which way and how it ended, whatever the app: few rows.
    #[must_use]
    pub fn ways(&self) -> Ways {
        let mut tally = Tally::default();
        for what in self.what() {
            let way = [
                what.home_tenant_id,
                what.resource_tenant_id,
                what.cross_tenant_access_type,
                what.error_code,
            ];
            tally.add(way, what.sum);
        }
        Ways(tally.rollup())
    }

    /// All.
    #[must_use]
    pub fn total(&self) -> Sum {
        let mut total = self.what.total();
        for (_, sum) in self.lines.what.rows() {
            total.add(sum);
        }
        total
    }
}

/// [`Sums`] with less told apart, and so of a size to be kept in memory.
#[derive(Clone, Debug, Default)]
pub struct Ways(Rollup<4>);

impl Ways {
    /// By which way and how it ended.
    pub fn rows(&self) -> impl Iterator<Item = Way<'_>> {
        self.0
            .rows()
            .map(|([home, resource, access, code], sum)| Way {
                home_tenant_id: home,
                resource_tenant_id: resource,
                cross_tenant_access_type: access,
                error_code: code,
                sum,
            })
    }
}

/// Events that agree in which way they went and how they ended. `None` is `null`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    missing_docs,
    reason = "each is the property of its name in Graph's `signIn`"
)]
pub struct Way<'s> {
    pub home_tenant_id: Option<&'s str>,
    pub resource_tenant_id: Option<&'s str>,
    pub cross_tenant_access_type: Option<&'s str>,
    pub error_code: Option<&'s str>,
    /// How many.
    pub sum: Sum,
}

/// A row of sums, and the columns that it is of.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident, $columns:ident: [$count:literal] $($field:ident = $column:ident,)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[expect(missing_docs, reason = "each is the property of its name in Graph's `signIn`")]
        pub struct $name<'s> {
            $(pub $field: Option<&'s str>,)+
            /// How many.
            pub sum: Sum,
        }

        // INVARIANT (files): the order is that of the rollups that were written.
        pub(super) const $columns: [Column; $count] = [$(Column::$column),+];

        impl<'s> $name<'s> {
            fn of([$($field),+]: [Option<&'s str>; $count], sum: Sum) -> Self {
                Self { $($field,)+ sum }
            }
        }
    };
}

row! {
    /// Events that agree in what was asked for. `None` is `null`.
    What, WHAT: [8]
    home_tenant_id = HomeTenantId,
    resource_tenant_id = ResourceTenantId,
    cross_tenant_access_type = CrossTenantAccessType,
    resource_id = ResourceId,
    resource_display_name = ResourceDisplayName,
    error_code = ErrorCode,
    outcome = Outcome,
    reason = Reason,
}

row! {
    /// Events that agree in who asked. `None` is `null`.
    Who, WHO: [5]
    home_tenant_id = HomeTenantId,
    resource_tenant_id = ResourceTenantId,
    cross_tenant_access_type = CrossTenantAccessType,
    user_id = UserId,
    user_principal_name = UserPrincipalName,
}
