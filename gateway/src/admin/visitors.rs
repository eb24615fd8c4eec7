//! Who used which app in the last 24 hours: a change of policy that would shut all of them out is made only where that is meant.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossgate_control::enforcer::ShutOut;
use crossgate_policy::context::Context;
use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::subject::Subject;
use crossgate_policy::target::Target;
use crossgate_policy::{Caller, decide};
use jiff::Timestamp;

use crate::sign_ins::Observation;

/// Users of apps, as the sign-in events of this process show them.
#[derive(Debug, Default)]
pub struct Visitors(Mutex<HashMap<Id, OfApp>>);

#[derive(Debug)]
struct OfApp {
    name: Arc<str>,
    target: Arc<Target>,
    users: HashMap<Account, Visitor>,
}

/// One account: where it lives, and its id there or here.
type Account = (Option<TenantId>, Option<Id>);

#[derive(Debug)]
struct Visitor {
    subject: Arc<Subject>,
    address: Option<IpAddr>,
    name: Box<str>,
    last: Timestamp,
}

impl Visitors {
    /// Takes note of a request that was let in. Runs on the thread that writes events.
    pub fn note(&self, observation: &Observation) {
        let admitted = observation
            .ending
            .decision()
            .is_some_and(|decision| decision.outcome.is_ok());
        let (Some(app), Some(subject), true) = (&observation.app, &observation.subject, admitted)
        else {
            return;
        };
        let mut apps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_app = apps.entry(app.target.id.clone()).or_insert_with(|| OfApp {
            name: Arc::clone(&app.name),
            target: Arc::clone(&app.target),
            users: HashMap::new(),
        });
        // The configuration may have changed since.
        of_app.target = Arc::clone(&app.target);
        let account = (subject.home.recorded_tenant(), subject.user_id.clone());
        if let Some(visitor) = of_app.users.get_mut(&account) {
            visitor.subject = Arc::clone(subject);
            visitor.address = observation.client_address;
            visitor.last = observation.arrived;
            return;
        }
        if of_app.users.len() >= MOST_USERS {
            let oldest = of_app.users.iter().min_by_key(|(_, visitor)| visitor.last);
            if let Some(account) = oldest.map(|(account, _)| account.clone()) {
                of_app.users.remove(&account);
            }
        }
        let facts = observation.token.as_deref();
        let name = facts
            .and_then(|facts| {
                facts
                    .user_principal_name
                    .as_deref()
                    .or(facts.display_name.as_deref())
            })
            .map(ToOwned::to_owned)
            .or_else(|| subject.user_id.as_ref().map(ToString::to_string))
            .unwrap_or_else(|| "somebody without an id".to_owned());
        let visitor = Visitor {
            subject: Arc::clone(subject),
            address: observation.client_address,
            name: name.into(),
            last: observation.arrived,
        };
        of_app.users.insert(account, visitor);
    }

    /// Apps of which every user who can come in under `now` could not under `next`.
    #[must_use]
    pub fn shut_out(&self, now: &Snapshot, next: &Snapshot, at: Timestamp) -> Vec<ShutOut> {
        let since = at.checked_sub(DAY).unwrap_or(Timestamp::MIN);
        let apps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for of_app in apps.values() {
            let admits = |snapshot, visitor: &Visitor| {
                let context = Context {
                    client_ip: visitor.address,
                    ..Context::default()
                };
                let caller = Caller::Verified(&visitor.subject);
                decide(snapshot, caller, &of_app.target, &context)
                    .permit()
                    .is_some()
            };
            let of_today = of_app
                .users
                .values()
                .filter(|visitor| visitor.last >= since);
            let mut lost: Vec<&Visitor> = Vec::new();
            let mut stays = false;
            for visitor in of_today {
                if !admits(now, visitor) {
                    continue;
                }
                // One who stays is enough, and usually the first one does.
                if admits(next, visitor) {
                    stays = true;
                    break;
                }
                lost.push(visitor);
            }
            if stays || lost.is_empty() {
                continue;
            }
            lost.sort_by(|a, b| a.name.cmp(&b.name));
            found.push(ShutOut::App {
                id: of_app.target.id.to_string(),
                name: of_app.name.to_string(),
                users: lost
                    .iter()
                    .take(MOST_NAMED)
                    .map(|visitor| visitor.name.to_string())
                    .collect(),
                count: lost.len(),
            });
        }
        found.sort_by_key(ShutOut::told);
        found
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Of an app, the latest: enough to find one who stays, and to name those who would not.
const MOST_USERS: usize = 1_000;

/// A message names so many.
const MOST_NAMED: usize = 10;
