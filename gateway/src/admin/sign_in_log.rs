//! The store of sign-ins, as the control plane asks it.

use std::sync::Arc;

use crossgate_control::odata::Outline;
use crossgate_control::sign_ins::{
    ActivityQuery, ActivitySum, Added, Looked, SignInFound, SignInQuery, SignIns, Walked,
};
use crossgate_insight::sign_ins::{
    Answer, Column, Condition, End, Found, Patience, Position, Query, Store, StoreError,
};

use super::added_up;
use super::ways::KeptWays;
use jiff::Timestamp;

/// The store.
#[derive(Clone, Debug)]
pub struct SignInLog {
    store: Arc<Store>,
    own: Arc<str>,
    ways: Arc<KeptWays>,
}

impl SignInLog {
    /// Where the events are kept.
    pub(super) fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store)
    }

    /// Of the events that a store keeps, for the own tenant of this id.
    #[must_use]
    pub fn new(store: Arc<Store>, own: &str) -> Self {
        Self {
            store,
            own: own.into(),
            ways: Arc::default(),
        }
    }

    /// Adds up the hours and days that are over, so that nobody who opens the console waits for it.
    ///
    /// # Errors
    /// The store cannot be read; the reason.
    pub fn add_up_what_is_over(&self, now: Timestamp) -> Result<(), String> {
        let now_at = now.as_millisecond();
        let hour = now_at.div_euclid(HOUR) * HOUR;
        let today = now_at.div_euclid(DAY) * DAY;
        // By the hour, and then the days.
        let (days, hours) = (today - DAYS * DAY, hour - 25 * HOUR);
        let hours = (hours..hour)
            .step_by(HOUR as usize)
            .map(|at| (at, at + HOUR));
        for (from, to) in hours.chain([(days, today)]) {
            let ways = self.ways.between(&self.store, from, to, now);
            ways.map(drop).map_err(told)?;
        }
        Ok(())
    }
}

/// Milliseconds.
const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;

/// What a workbook is asked for most.
const DAYS: i64 = 31;

impl SignIns for SignInLog {
    fn walk(
        &self,
        asked: &SignInQuery<'_>,
        take: &mut dyn FnMut(SignInFound<'_>) -> Looked,
    ) -> Result<Walked, String> {
        let after = asked.after.map(Position::parse);
        if let Some(None) = after {
            return Ok(Walked::Stopped);
        }
        let query = Query {
            after: after.flatten(),
            patience: Some(Patience::OF_A_PAGE),
            ..query(asked)
        };
        let end = self.store.walk(&query, &mut |found| answer(take, found));
        Ok(match end.map_err(told)? {
            End::All => Walked::All,
            End::Stopped => Walked::Stopped,
            End::Tired(position) => Walked::Tired(position.to_string()),
        })
    }

    fn get(&self, id: &str) -> Result<Option<String>, String> {
        self.store.get(id).map_err(told)
    }

    fn add_up(
        &self,
        asked: &ActivityQuery<'_>,
        take: &mut dyn FnMut(ActivitySum<'_>),
    ) -> Result<Added, String> {
        added_up::add_up(&self.store, &self.ways, &self.own, asked, take).map_err(told)
    }
}

/// From the beginning, and to the end.
fn query(asked: &SignInQuery<'_>) -> Query {
    Query {
        from: asked.from.map(|from| from.as_millisecond()),
        // What is within that millisecond is sorted out by the filter.
        to: asked.to.map(|to| to.as_millisecond()),
        descending: asked.descending,
        after: None,
        condition: condition(&asked.outline),
        patience: None,
    }
}

fn answer(take: &mut dyn FnMut(SignInFound<'_>) -> Looked, found: Found<'_>) -> Answer {
    let looked = take(SignInFound {
        event: found.line,
        place: &found.position,
    });
    match looked {
        Looked::Hit => Answer::Hit,
        Looked::Miss => Answer::Miss,
        Looked::Enough => Answer::Enough,
    }
}

/// What callers are told; where it stands is for the log.
fn told(error: StoreError) -> String {
    tracing::error!(%error, "sign-ins: the store cannot be read");
    match error {
        StoreError::Damaged { .. } => "a file of the sign-in store is damaged; the log names it",
        StoreError::OtherVersion { .. } => {
            "a file of the sign-in store is of a later version of this program; the log names it"
        }
        StoreError::Failed { .. } => "the sign-in store cannot be read; the log says why",
    }
    .to_owned()
}

fn condition(outline: &Outline<'_>) -> Condition {
    match outline {
        Outline::All(parts) => Condition::All(parts.iter().map(condition).collect()),
        Outline::Any(parts) => Condition::Any(parts.iter().map(condition).collect()),
        Outline::Is(path, value) => match Column::of(path) {
            Some(column) => Condition::Is(column, value.clone()),
            None => Condition::Unknown,
        },
        Outline::IsNot(path, value) => match Column::of(path) {
            Some(column) => Condition::IsNot(column, value.clone()),
            None => Condition::Unknown,
        },
        Outline::Begins(path, start) => match Column::of(path) {
            Some(column) => Condition::Begins(column, (*start).into()),
            None => Condition::Unknown,
        },
        Outline::Unknown => Condition::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crossgate_control::model::SIGN_IN;
    use crossgate_control::odata::{Allowed, Filter, Options, QueryOption};
    use crossgate_control::sign_ins::{ActivityQuery, Added, Crossed, SignIns as _};
    use crossgate_insight::activity::{Asked, Direction};
    use crossgate_insight::sign_ins::{Keep, Store};
    use jiff::SignedDuration;
    use serde_json::json;

    use super::SignInLog;

    const OWN: &str = "11111111-1111-4111-8111-111111111111";
    const ONE: &str = "22222222-2222-4222-8222-222222222222";
    const OTHER: &str = "33333333-3333-4333-8333-333333333333";

    fn filter(text: &str) -> Filter {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("$filter", text)
            .finish();
        let allowed = Allowed::new("signIns", &SIGN_IN, &[QueryOption::Filter]);
        let options = Options::parse(Some(&query), &allowed).unwrap();
        options.filter.unwrap()
    }

    #[test]
    fn the_filter_of_a_way_over_the_border_is_of_the_events_that_sums_are_made_of() {
        let asked = |external: Option<&str>| Asked {
            own: OWN.to_owned(),
            direction: None,
            external: external.map(str::to_owned),
            from: i64::MIN,
            to: i64::MAX,
        };
        let tenants = [None, Some(OWN), Some(ONE), Some(OTHER)];
        let accesses = [
            None,
            Some("none"),
            Some("b2bCollaboration"),
            Some("b2bDirectConnect"),
        ];
        for way in [Crossed::Inbound, Crossed::Outbound, Crossed::Neither] {
            let all = filter(&way.filter(OWN, None));
            let of_one = filter(&way.filter(OWN, Some(ONE)));
            for home in tenants {
                for resource in tenants {
                    for access in accesses {
                        let event = json!({ "homeTenantId": home, "resourceTenantId": resource, "crossTenantAccessType": access });
                        let crossed = |external| {
                            let crossing = asked(external).crossing_of(&event);
                            match crossing.map(|crossing| crossing.direction) {
                                Some(Direction::Inbound) => Crossed::Inbound,
                                Some(Direction::Outbound) => Crossed::Outbound,
                                None => Crossed::Neither,
                            }
                        };
                        assert_eq!(all.admits(&event), crossed(None) == way, "{way:?}: {event}");
                        if way != Crossed::Neither {
                            let is = crossed(Some(ONE)) == way;
                            assert_eq!(of_one.admits(&event), is, "{way:?}: {event}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_activity_of_a_user_is_found_by_id_and_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let keep = Keep {
            days: 100_000,
            size: 1 << 30,
        };
        let store = Arc::new(Store::open(folder.path(), keep, false).unwrap());
        let event = |id: u32, user: &str| {
            let created = format!("2026-01-02T0{id}:04:05.678Z");
            json!({
                "id": id.to_string(), "createdDateTime": created, "userId": user,
                "userPrincipalName": format!("{user}@contoso.com"), "status": { "errorCode": 0 },
            })
        };
        let lines = [event(1, "ada"), event(2, "eve"), event(3, "ada")];
        let lines = lines.map(|line| format!("{line}\n")).concat();
        store.append(lines.as_bytes()).unwrap();
        let log = SignInLog::new(store, OWN);
        for user in ["ada", "ADA@contoso.com"] {
            let asked = ActivityQuery {
                from: "2026-01-01T00:00:00Z".parse().unwrap(),
                to: "2026-02-01T00:00:00Z".parse().unwrap(),
                users: true,
                apps: false,
                endings: false,
                direction: None,
                tenant: None,
                app: None,
                user: Some(user),
                status: None,
                step: None,
            };
            let mut found = 0;
            let added = log.add_up(&asked, &mut |sum| found += sum.events);
            assert_eq!((added, found), (Ok(Added::All), 2), "{user}");
            let by_hour = ActivityQuery {
                step: Some(SignedDuration::from_hours(1)),
                ..asked
            };
            let mut hours = Vec::new();
            let added = log.add_up(&by_hour, &mut |sum| hours.push(sum.step.to_string()));
            assert_eq!(added, Ok(Added::All));
            hours.sort();
            assert_eq!(hours, ["2026-01-02T01:00:00Z", "2026-01-02T03:00:00Z"]);
        }
    }
}
