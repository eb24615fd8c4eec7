//! Who crossed the organisation's border, which way and for what: the activity that Microsoft's `Get-MsIdCrossTenantAccessActivity` reports.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::sign_ins::{Answer, Column, Condition, Facts, Query, Store, StoreError, Sums};

/// Which way.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Direction {
    /// Users of others came to the own apps.
    Inbound,
    /// Somebody went to another organisation.
    Outbound,
}

impl Direction {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "Inbound",
            Self::Outbound => "Outbound",
        }
    }
}

/// What of it is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The own tenant.
    pub own: String,
    /// One way only.
    pub direction: Option<Direction>,
    /// One other tenant only.
    pub external: Option<String>,
    /// From this time on, itself included; in milliseconds since 1970.
    pub from: i64,
    /// Until before this time.
    pub to: i64,
}

/// An event that crossed the border.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Crossing<'t> {
    /// Which way.
    pub direction: Direction,
    /// The other tenant.
    pub external: &'t str,
}

/// One external tenant, one way, added up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Summary {
    /// The other tenant.
    pub external: String,
    /// Which way.
    pub direction: Direction,
    /// Events.
    pub sign_ins: u64,
    /// Those of them that were let in.
    pub success: u64,
    /// Those that were not.
    pub failed: u64,
    /// Different users; workloads are none.
    pub unique_users: u64,
    /// Different apps.
    pub unique_resources: u64,
    /// Requests that the events stand for.
    pub requests: u64,
}

impl Asked {
    /// Whether tenants and access type of an event are of a crossing that is asked for. Where nobody is known to have crossed, or nobody is known at
    /// all, there is none. Who crossed from one foreign tenant to another went out of the own network.
    #[must_use]
    pub fn crossing<'t>(
        &self,
        home: Option<&'t str>,
        resource: Option<&'t str>,
        access: Option<&str>,
    ) -> Option<Crossing<'t>> {
        let foreign = |tenant: Option<&'t str>| tenant.filter(|tenant| !same(tenant, &self.own));
        if access? == "none" {
            return None;
        }
        let crossing = match (foreign(resource), foreign(home)) {
            (Some(external), _) => Crossing {
                direction: Direction::Outbound,
                external,
            },
            (None, Some(external)) => Crossing {
                direction: Direction::Inbound,
                external,
            },
            (None, None) => return None,
        };
        let wanted = self.direction.is_none_or(|own| own == crossing.direction)
            && self
                .external
                .as_deref()
                .is_none_or(|own| same(own, crossing.external));
        wanted.then_some(crossing)
    }

    /// Goes through the events of a store that crossed, the latest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn walk(
        &self,
        store: &Store,
        take: &mut dyn FnMut(Crossing<'_>, &Value) -> bool,
    ) -> Result<(), StoreError> {
        let own = || Some(self.own.as_str().into());
        let mut conditions = vec![
            Condition::IsNot(Column::CrossTenantAccessType, None),
            Condition::IsNot(Column::CrossTenantAccessType, Some("none".into())),
        ];
        if let Some(external) = &self.external {
            let is = |column| Condition::Is(column, Some(external.as_str().into()));
            conditions.push(Condition::Any(vec![
                is(Column::HomeTenantId),
                is(Column::ResourceTenantId),
            ]));
        }
        match self.direction {
            Some(Direction::Inbound) => conditions.push(Condition::Any(vec![
                Condition::Is(Column::ResourceTenantId, own()),
                Condition::Is(Column::ResourceTenantId, None),
            ])),
            Some(Direction::Outbound) => {
                conditions.push(Condition::IsNot(Column::ResourceTenantId, own()));
            }
            None => {}
        }
        let query = Query {
            from: Some(self.from),
            to: Some(self.to.saturating_sub(1)),
            descending: true,
            after: None,
            condition: Condition::All(conditions),
            patience: None,
        };
        store.walk(&query, &mut |found| {
            let event: Value = serde_json::from_str(found.line).unwrap_or_default();
            match self.crossing_of(&event) {
                None => Answer::Miss,
                Some(crossing) if take(crossing, &event) => Answer::Hit,
                Some(_) => Answer::Enough,
            }
        })?;
        Ok(())
    }

    /// The crossing of an event, by the event itself.
    #[must_use]
    pub fn crossing_of<'e>(&self, event: &'e Value) -> Option<Crossing<'e>> {
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        self.crossing(
            text("homeTenantId"),
            text("resourceTenantId"),
            text("crossTenantAccessType"),
        )
    }

    /// Adds a line of a file of events to sums, where its time is one that is asked for. `None`: it is no event.
    #[must_use]
    pub fn add_line(&self, line: &str, sums: &mut Sums) -> Option<bool> {
        let facts = Facts::of(line)?;
        let wanted = (self.from..self.to).contains(&facts.at);
        if wanted {
            sums.add(&facts);
        }
        Some(wanted)
    }

    /// Whether a line of a file of events is of a time that is asked for. `None`: it is no event.
    #[must_use]
    pub fn is_in_time(&self, line: &str) -> Option<bool> {
        let facts = Facts::of(line)?;
        Some((self.from..self.to).contains(&facts.at))
    }

    /// What sums say of each external tenant: those with the most events first, of both ways those of one tenant together.
    #[must_use]
    pub fn summaries(&self, sums: &Sums) -> Vec<Summary> {
        let mut found: BTreeMap<(String, Direction), Tally<'_>> = BTreeMap::new();
        for what in sums.what() {
            let crossing = self.crossing(
                what.home_tenant_id,
                what.resource_tenant_id,
                what.cross_tenant_access_type,
            );
            let Some(crossing) = crossing else {
                continue;
            };
            let tally = found.entry(key(crossing)).or_default();
            tally.sign_ins += what.sum.events;
            tally.requests += what.sum.requests;
            if what.error_code == Some("0") {
                tally.success += what.sum.events;
            }
            tally.resources.extend(what.resource_id);
        }
        for who in sums.who() {
            let crossing = self.crossing(
                who.home_tenant_id,
                who.resource_tenant_id,
                who.cross_tenant_access_type,
            );
            if let Some(crossing) = crossing {
                let user = who.user_id.filter(|user| !user.is_empty());
                found.entry(key(crossing)).or_default().users.extend(user);
            }
        }
        let summaries = found
            .into_iter()
            .map(|((external, direction), tally)| Summary {
                external,
                direction,
                sign_ins: tally.sign_ins,
                success: tally.success,
                failed: tally.sign_ins - tally.success,
                unique_users: tally.users.len() as u64,
                unique_resources: tally.resources.len() as u64,
                requests: tally.requests,
            });
        let mut summaries: Vec<_> = summaries.collect();
        if self.direction.is_some() {
            summaries.sort_by_key(|summary| std::cmp::Reverse(summary.sign_ins));
        }
        summaries
    }
}

#[derive(Default)]
struct Tally<'s> {
    sign_ins: u64,
    success: u64,
    requests: u64,
    users: HashSet<&'s str>,
    resources: HashSet<&'s str>,
}

/// Ids of tenants may be written in any letter case.
fn key(crossing: Crossing<'_>) -> (String, Direction) {
    (crossing.external.to_ascii_lowercase(), crossing.direction)
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(direction: Option<Direction>, external: Option<&str>) -> Asked {
        Asked {
            own: "own".to_owned(),
            direction,
            external: external.map(ToOwned::to_owned),
            from: i64::MIN,
            to: i64::MAX,
        }
    }

    #[test]
    fn who_crosses_the_border_goes_in_or_out() {
        use Direction::{Inbound, Outbound};

        let guest = Some("b2bCollaboration");
        for (home, resource, access, expected) in [
            (
                Some("theirs"),
                Some("own"),
                guest,
                Some((Inbound, "theirs")),
            ),
            (
                Some("OWN"),
                Some("theirs"),
                guest,
                Some((Outbound, "theirs")),
            ),
            (
                Some("theirs"),
                Some("others"),
                guest,
                Some((Outbound, "others")),
            ),
            (Some("own"), Some("own"), Some("none"), None),
            (Some("theirs"), Some("own"), Some("none"), None),
            (None, Some("theirs"), None, None),
            (None, Some("own"), guest, None),
        ] {
            let found = asked(None, None).crossing(home, resource, access);
            let found = found.map(|crossing| (crossing.direction, crossing.external));
            assert_eq!(found, expected, "{home:?} {resource:?} {access:?}");
        }
    }

    #[test]
    fn one_way_and_one_tenant_can_be_asked_for() {
        let of = |direction, external| {
            let crossing = asked(direction, external).crossing(
                Some("theirs"),
                Some("own"),
                Some("b2bCollaboration"),
            );
            crossing.is_some()
        };
        assert!(of(Some(Direction::Inbound), Some("THEIRS")));
        assert!(!of(Some(Direction::Outbound), None));
        assert!(!of(None, Some("others")));
    }

    #[test]
    fn sums_of_lines_become_a_line_for_each_tenant_and_way() {
        let asked = asked(None, None);
        let mut sums = Sums::default();
        let line = |id: u32, home: &str, user: &str, resource: &str, code: u32, count: u32| {
            format!(
                r#"{{"id":"{id}","createdDateTime":"2026-01-02T03:04:05Z","homeTenantId":"{home}","resourceTenantId":"own",
                "crossTenantAccessType":"b2bCollaboration","userId":"{user}","resourceId":"{resource}",
                "status":{{"errorCode":{code}}},"crossgate":{{"count":{count}}}}}"#
            )
        };
        for line in [
            line(1, "b", "ada", "payroll", 0, 5),
            line(2, "B", "ada", "wiki", 500_213, 1),
            line(3, "b", "", "wiki", 0, 1),
            line(4, "a", "eve", "wiki", 0, 2),
            line(5, "own", "me", "wiki", 0, 2),
        ] {
            assert_eq!(asked.add_line(&line, &mut sums), Some(true));
        }
        assert_eq!(asked.add_line("no event", &mut sums), None);
        let summary =
            |external: &str, [sign_ins, success, users, resources, requests]: [u64; 5]| Summary {
                external: external.to_owned(),
                direction: Direction::Inbound,
                sign_ins,
                success,
                failed: sign_ins - success,
                unique_users: users,
                unique_resources: resources,
                requests,
            };
        assert_eq!(
            asked.summaries(&sums),
            [summary("a", [1, 1, 1, 1, 2]), summary("b", [3, 2, 1, 2, 7])]
        );
        let inbound = Asked {
            direction: Some(Direction::Inbound),
            ..asked
        };
        let first = inbound
            .summaries(&sums)
            .first()
            .map(|first| first.external.clone());
        assert_eq!(first.as_deref(), Some("b"), "the most comes first");
    }
}
