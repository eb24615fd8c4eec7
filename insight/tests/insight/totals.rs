//! The store of sign-ins, held against what its events were made of: pages, filters and sums, all of it and exactly.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crossgate_insight::activity::{self, Direction};
use crossgate_insight::sign_ins::{
    Answer, Asked, Column, Condition, End, Patience, Query, Step, Store, Sum, Sums, What,
};
use crossgate_testkit::sign_ins::{Invented, Invention, OWN};

use crate::filling::{KEEP, fill, until};

#[test]
fn pages_filters_and_sums_of_a_hundred_thousand_events_are_exactly_what_they_were_made_of() {
    hold_against_what_was_made(100_000);
}

/// Minutes in a release build, and 3 GB of disk: `scripts/test-slow`.
#[test]
#[ignore = "ten million events: scripts/test-slow"]
fn pages_filters_and_sums_of_ten_million_events_are_exactly_what_they_were_made_of() {
    hold_against_what_was_made(10_000_000);
}

fn hold_against_what_was_made(events: u64) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), KEEP, false).unwrap();
    let invention = Invention::of(events, until().as_millisecond());
    let filled = fill(&store, &invention, 2, 4096).unwrap();
    println!(
        "{events} events of {} bytes kept in {:.0?} ({:.0?} of the writers), {} bytes each",
        filled.raw / events,
        filled.all,
        filled.keeping,
        store.size().unwrap() / events
    );
    let sample = invention.event(events / 3);
    let mut filters = filters(&sample);
    let mut made = Made::default();
    for number in 0..events {
        let event = invention.event(number);
        for filter in &mut filters {
            if (filter.of)(&event) {
                filter.made.add(&event.id);
            }
        }
        made.add(&event);
    }
    println!("{} rows of sums are known", made.what.len());
    for filter in &filters {
        let (found, pages) = followed(&store, &filter.condition);
        assert_eq!(found, filter.made, "{}", filter.name);
        println!(
            "{:>10} events on {pages:>6} pages: {}",
            found.count, filter.name
        );
    }
    made.hold_against(&store);
}

/// Events, by how many and all their ids together.
#[derive(Debug, Default, Eq, PartialEq)]
struct Ids {
    count: u64,
    together: u64,
}

impl Ids {
    fn add(&mut self, id: &str) {
        self.count += 1;
        self.together = self.together.wrapping_add(hash(id));
    }
}

struct Filter {
    name: &'static str,
    condition: Condition,
    of: Box<dyn Fn(&Invented) -> bool>,
    made: Ids,
}

fn filters(sample: &Invented) -> Vec<Filter> {
    let is = |column, value: &str| Condition::Is(column, Some(value.into()));
    let filter = |name, condition, of| Filter {
        name,
        condition,
        of,
        made: Ids::default(),
    };
    let sample = || sample.clone();
    let (home, user, both, id, address) = (sample(), sample(), sample(), sample(), sample());
    let begins = Condition::Begins(Column::UserPrincipalName, "USER777@".into());
    vec![
        filter("all", Condition::Unknown, Box::new(|_| true)),
        filter(
            "homeTenantId eq",
            is(Column::HomeTenantId, &home.home_tenant_id),
            Box::new(move |event| event.home_tenant_id == home.home_tenant_id),
        ),
        filter(
            "userId eq",
            is(Column::UserId, &user.user_id),
            Box::new(move |event| event.user_id == user.user_id),
        ),
        filter(
            "homeTenantId, resourceId and status/errorCode eq",
            Condition::All(vec![
                is(Column::HomeTenantId, &both.home_tenant_id),
                is(Column::ResourceId, &both.resource_id),
                is(Column::ErrorCode, "53003"),
            ]),
            Box::new(move |event| {
                event.home_tenant_id == both.home_tenant_id
                    && event.resource_id == both.resource_id
                    && event.error_code == 53_003
            }),
        ),
        filter(
            "status/errorCode in, one of them rare",
            Condition::Any(vec![
                is(Column::ErrorCode, "5000211"),
                is(Column::ErrorCode, "50076"),
            ]),
            Box::new(|event| [5_000_211, 50_076].contains(&event.error_code)),
        ),
        filter(
            "resourceTenantId ne own",
            Condition::IsNot(Column::ResourceTenantId, Some(OWN.into())),
            Box::new(|event| event.resource_tenant_id != OWN),
        ),
        filter(
            "startswith(userPrincipalName)",
            begins,
            Box::new(|event| event.user_principal_name.starts_with("user777@")),
        ),
        filter(
            "ipAddress eq",
            is(Column::IpAddress, &address.ip_address),
            Box::new(move |event| event.ip_address == address.ip_address),
        ),
        filter(
            "correlationId eq",
            is(Column::CorrelationId, &id.correlation_id),
            Box::new(move |event| event.id == id.id),
        ),
        filter(
            "crossgate/outcome eq 'step-up'",
            is(Column::Outcome, "Step-Up"),
            Box::new(|event| event.error_code == 50_076),
        ),
        filter(
            "an errorCode that nothing has",
            is(Column::ErrorCode, "7"),
            Box::new(|_| false),
        ),
    ]
}

/// All of a filter in pages of 1000, as the API asks for them.
fn followed(store: &Store, condition: &Condition) -> (Ids, usize) {
    let (mut ids, mut pages, mut after) = (Ids::default(), 0, None);
    loop {
        let query = Query {
            from: None,
            to: None,
            descending: true,
            after,
            condition: condition.clone(),
            patience: Some(Patience::OF_A_PAGE),
        };
        let mut on_page = 0;
        let end = store.walk(&query, &mut |found| {
            if on_page == 1000 {
                return Answer::Enough;
            }
            on_page += 1;
            after = Some(found.position);
            // `{"id":"…"`
            ids.add(&found.line[7..43]);
            Answer::Hit
        });
        pages += 1;
        match end.unwrap() {
            End::All => return (ids, pages),
            End::Stopped => {}
            End::Tired(position) => after = Some(position),
        }
    }
}

/// Home and resource tenant, access type, app and status.
type Key = (u64, u64, u64, u64, u32);

/// Everything that can be summed up, summed up once more from what events were made of.
#[derive(Default)]
struct Made {
    what: HashMap<Key, Sum>,
    users: HashMap<u64, Sum>,
    days: BTreeMap<i64, Sum>,
    hours_of_last_day: BTreeMap<i64, Sum>,
    outcomes: BTreeMap<&'static str, Sum>,
    tenants: BTreeMap<(String, Direction), Tenant>,
}

#[derive(Default)]
struct Tenant {
    sum: Sum,
    success: u64,
    users: HashSet<u64>,
    apps: HashSet<u64>,
}

impl Made {
    fn add(&mut self, event: &Invented) {
        let sum = Sum {
            events: 1,
            requests: event.requests,
        };
        let key = (
            hash(&event.home_tenant_id),
            hash(&event.resource_tenant_id),
            hash(event.cross_tenant_access_type),
            hash(&event.resource_id),
            event.error_code,
        );
        add(self.what.entry(key).or_default(), sum);
        add(self.users.entry(hash(&event.user_id)).or_default(), sum);
        let day = event.at.div_euclid(DAY) * DAY;
        add(self.days.entry(day).or_default(), sum);
        if event.at >= last_day() {
            let hour = event.at.div_euclid(HOUR) * HOUR;
            add(self.hours_of_last_day.entry(hour).or_default(), sum);
        }
        let outcome = match event.error_code {
            0 => "allow",
            50_076 => "step-up",
            _ => "block",
        };
        add(self.outcomes.entry(outcome).or_default(), sum);
        if let Some(external) = event.external_tenant() {
            let direction = if event.resource_tenant_id == OWN {
                Direction::Inbound
            } else {
                Direction::Outbound
            };
            let tenant = self
                .tenants
                .entry((external.to_owned(), direction))
                .or_default();
            add(&mut tenant.sum, sum);
            tenant.success += u64::from(event.error_code == 0);
            tenant.users.insert(hash(&event.user_id));
            tenant.apps.insert(hash(&event.resource_id));
        }
    }

    fn hold_against(&self, store: &Store) {
        let sums = store.sums(&ALL).unwrap();
        let mut what: HashMap<Key, Sum> = HashMap::new();
        let mut outcomes: BTreeMap<&str, Sum> = BTreeMap::new();
        for row in sums.what() {
            add(what.entry(key(&row)).or_default(), row.sum);
            add(outcomes.entry(row.outcome.unwrap()).or_default(), row.sum);
        }
        assert_eq!(what, self.what, "by tenant, app and status");
        assert_eq!(outcomes, self.outcomes, "by outcome");
        let mut users: HashMap<u64, Sum> = HashMap::new();
        for row in sums.who() {
            add(
                users.entry(hash(row.user_id.unwrap())).or_default(),
                row.sum,
            );
        }
        assert_eq!(users, self.users, "by user");
        let days = store.sums_by(&ALL, Step::Day).unwrap();
        assert_eq!(totals(&days), self.days, "by day");
        let last = Asked {
            from: last_day(),
            ..ALL
        };
        let hours = store.sums_by(&last, Step::Hour).unwrap();
        assert_eq!(totals(&hours), self.hours_of_last_day, "by hour");
        self.hold_against_activity(&sums);
    }

    fn hold_against_activity(&self, sums: &Sums) {
        let asked = activity::Asked {
            own: OWN.to_owned(),
            direction: None,
            external: None,
            from: i64::MIN,
            to: i64::MAX,
        };
        let summaries = asked.summaries(sums);
        assert_eq!(summaries.len(), self.tenants.len());
        for summary in summaries {
            let made = &self.tenants[&(summary.external.clone(), summary.direction)];
            let found = [
                summary.sign_ins,
                summary.success,
                summary.failed,
                summary.unique_users,
                summary.unique_resources,
                summary.requests,
            ];
            let wanted = [
                made.sum.events,
                made.success,
                made.sum.events - made.success,
                made.users.len() as u64,
                made.apps.len() as u64,
                made.sum.requests,
            ];
            assert_eq!(
                found, wanted,
                "{} {:?}",
                summary.external, summary.direction
            );
        }
    }
}

fn key(row: &What<'_>) -> Key {
    (
        hash(row.home_tenant_id.unwrap()),
        hash(row.resource_tenant_id.unwrap()),
        hash(row.cross_tenant_access_type.unwrap()),
        hash(row.resource_id.unwrap()),
        row.error_code.unwrap().parse().unwrap(),
    )
}

fn totals(sums: &[(i64, Sums)]) -> BTreeMap<i64, Sum> {
    sums.iter()
        .map(|(begin, sums)| (*begin, sums.total()))
        .collect()
}

fn add(to: &mut Sum, sum: Sum) {
    to.events += sum.events;
    to.requests += sum.requests;
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// In the middle of an hour: the first one is asked for in part.
fn last_day() -> i64 {
    until().as_millisecond() - DAY + HOUR / 2
}

const ALL: Asked = Asked {
    from: i64::MIN,
    to: i64::MAX,
    who: true,
};

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
