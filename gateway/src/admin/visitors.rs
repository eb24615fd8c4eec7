//! Who used which app in the last 24 hours: a change of policy that would shut all of them out is made only where that is meant.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossgate_config::Settings;
use crossgate_control::enforcer::ShutOut;
use crossgate_policy::context::Context;
use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::subject::Subject;
use crossgate_policy::{Caller, decide};
use jiff::Timestamp;

use crate::request::admit::unix_time;
use crate::request::route::target;
use crate::sign_ins::Observation;

/// Users of apps, as the sign-in events of this process show them.
#[derive(Debug, Default)]
pub struct Visitors(Mutex<HashMap<Id, OfApp>>);

/// Of one app.
type OfApp = HashMap<Account, Visitor>;

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
        let users = apps.entry(app.target.id.clone()).or_default();
        let account = (subject.home.recorded_tenant(), subject.user_id.clone());
        if let Some(visitor) = users.get_mut(&account) {
            visitor.subject = Arc::clone(subject);
            visitor.address = observation.client_address;
            visitor.last = observation.arrived;
            return;
        }
        if users.len() >= MOST_USERS {
            let oldest = users.iter().min_by_key(|(_, visitor)| visitor.last);
            if let Some(account) = oldest.map(|(account, _)| account.clone()) {
                users.remove(&account);
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
        users.insert(account, visitor);
    }

    /// Apps of the configuration in force of which every user who can come in under `now` could not under `next`.
    #[must_use]
    pub fn shut_out(
        &self,
        settings: &Settings,
        (now, next): (&Snapshot, &Snapshot),
        at: Timestamp,
    ) -> Vec<ShutOut> {
        let since = at.checked_sub(DAY).unwrap_or(Timestamp::MIN);
        let apps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for app in &settings.apps {
            let Some(users) = apps.get(&app.id) else {
                continue;
            };
            // As it is now, whatever it was when they came.
            let target = target(app);
            let admits = |snapshot, visitor: &Visitor| {
                let context = Context {
                    client_ip: visitor.address,
                    ..Context::at(unix_time(at))
                };
                let caller = Caller::Verified(&visitor.subject);
                decide(snapshot, caller, &target, &context)
                    .permit()
                    .is_some()
            };
            let of_today = users.values().filter(|visitor| visitor.last >= since);
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
                id: app.id.to_string(),
                name: app.name.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_graph::PolicyFile;
    use crossgate_policy::ids::{Cloud, Guid, HomeTenant, IssuerTenant};
    use crossgate_policy::subject::{
        Account as Standing, Home, HomeCloud, Proofs, SubjectKind, TokenGroups,
    };

    use crate::load;
    use crate::request::route::tests::settings;

    const OWN: &str = "11111111-1111-4111-8111-111111111111";

    fn visitors(app: &str) -> Visitors {
        let own = TenantId(Guid::parse(OWN).unwrap());
        let subject = Subject {
            issuer: IssuerTenant(own),
            home: Home::Tenant {
                tenant: HomeTenant(own),
                cloud: HomeCloud::Issuer(Cloud::Global),
            },
            kind: SubjectKind::User,
            user_id: Some(Id::new("bob")),
            home_oid: None,
            groups: TokenGroups::default(),
            directory_roles: Arc::default(),
            account: Standing::Member,
            app_roles: Arc::default(),
            scopes: Arc::new(["read".into()]),
            client: None,
            proofs: Proofs::default(),
            auth_contexts: Arc::default(),
            session: None,
            token_id: None,
            jwt_id: None,
            authenticated_at: None,
            restriction_policy: None,
        };
        let visitor = Visitor {
            subject: Arc::new(subject),
            address: None,
            name: "bob".into(),
            last: Timestamp::now(),
        };
        let users = HashMap::from([((Some(own), Some(Id::new("bob"))), visitor)]);
        Visitors(Mutex::new(HashMap::from([(Id::new(app), users)])))
    }

    fn snapshot(settings: &Settings, policy: Option<&str>) -> Snapshot {
        let files = policy.map(|text| PolicyFile {
            path: "conditional-access.json",
            text,
        });
        let own = load::own_tenant(settings);
        let compiled = crossgate_graph::load(files.as_slice(), &own).unwrap();
        load::snapshot(settings, &compiled)
    }

    /// The apps that a policy against everybody would shut people out of.
    fn shut_out(visitors: &Visitors, apps: &str) -> Vec<String> {
        let block = r#"[{
            "displayName": "Shut", "state": "enabled",
            "conditions": { "clientAppTypes": ["all"], "users": { "includeUsers": ["All"] },
                "applications": { "includeApplications": ["All"] } },
            "grantControls": { "operator": "OR", "builtInControls": ["block"] }
        }]"#;
        let settings = settings(apps);
        let (now, next) = (snapshot(&settings, None), snapshot(&settings, Some(block)));
        let found = visitors.shut_out(&settings, (&now, &next), Timestamp::now());
        found.iter().map(ShutOut::told).collect()
    }

    #[test]
    fn whom_a_change_would_shut_out_is_asked_of_the_apps_as_they_are_configured_now() {
        let visitors = visitors("payroll");
        let told = shut_out(&visitors, "[[app]]\nid = \"payroll\"\nname = \"Pay\"\n");
        assert_eq!(
            told,
            ["nobody who used `Pay` in the last 24 hours could go on: bob"]
        );
        assert!(shut_out(&visitors, "[[app]]\nid = \"other\"\n").is_empty());
        assert!(shut_out(&visitors, "").is_empty());
        // Who could not come in any more as it is cannot be shut out.
        let told = shut_out(
            &visitors,
            "[[app]]\nid = \"payroll\"\nscopes = [\"write\"]\n",
        );
        assert!(told.is_empty(), "{told:?}");
    }
}
