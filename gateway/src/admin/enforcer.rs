//! The policy of a store beside the configuration: whichever of the two changes, both are put in force together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use crossgate_config::{Settings, Sink};
use crossgate_control::drafts::{NewRefusals, Reach};
use crossgate_control::enforcer::{
    self as control, Asking, Broken, Enforcer, Health, IssuerHealth, PartnerGateway,
    ReceiverHealth, ShutOut, SinkHealth, StagedPolicy,
};
use crossgate_control::replays::{NotBegun, ReplayAsked, Replays as OfDrafts};
use crossgate_control::sign_ins::SignIns;
use crossgate_control::store::{Head, Store, StoreError};
use crossgate_graph::Compiled;
use crossgate_policy::context::Context;
use crossgate_policy::ids::TenantId;
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::{Caller, Decision, Line, decide};
use crossgate_token::KeySet;
use jiff::Timestamp;
use serde_json::Value;

use super::decided::Decided;
use super::noted::Noted;
use super::replays::{By, Replays};
use super::{assertions, callers};
use crate::live::{Among, InForce, Live, Staged, announce};
use crate::load;
use crate::ops::Metrics;
use crate::request::admit::unix_time;
use crate::sign_ins::{called_apps, gateway_name};

/// What the gateway enforces from a store.
#[derive(Debug)]
pub struct Stored {
    live: Arc<Live>,
    metrics: Arc<Metrics>,
    noted: Noted,
    /// Where sign-ins are kept.
    replays: Option<Replays>,
    /// Read where nobody may wait for whoever holds the state.
    settings: ArcSwap<Settings>,
    state: Mutex<State>,
    decided: Decided,
}

/// Both halves of what is in force.
#[derive(Debug)]
pub struct State {
    /// The configuration's text, which is part of the name of what is in force.
    pub text: String,
    /// The policy.
    pub policy: Compiled,
    /// Where the store stands.
    pub head: Head,
    /// The policy for some, while a draft is staged.
    pub staged: Option<StagedPolicy>,
}

impl State {
    /// What is staged, beside these settings.
    #[must_use]
    pub fn staged_beside(&self, text: &str, settings: &Settings) -> Option<Arc<Staged>> {
        let staged = self.staged.as_ref()?;
        let among = match &staged.scope.reach {
            Reach::Tenants(percent) => Among::Tenants(*percent),
            Reach::Gateway(named) if **named == *gateway_name(&settings.sign_ins) => {
                Among::Everybody
            }
            Reach::Gateway(_) => return None,
        };
        Some(Arc::new(Staged {
            draft: staged.draft,
            started: staged.started.clone(),
            among,
            most_new_refusals: staged.scope.most_new_refusals,
            snapshot: Arc::new(load::snapshot(settings, &staged.policy)),
            hash: load::name_of_stage(text, &self.head),
        }))
    }
}

impl Stored {
    /// Goes on from what is in force.
    #[must_use]
    pub fn new(
        live: Arc<Live>,
        metrics: Arc<Metrics>,
        noted: Noted,
        settings: Settings,
        state: State,
    ) -> Self {
        let sign_ins = noted.sign_ins.as_ref();
        let replays = sign_ins.map(|log| Replays::of(log.store()));
        Self {
            live,
            metrics,
            noted,
            replays,
            settings: ArcSwap::from_pointee(settings),
            state: Mutex::new(state),
            decided: Decided::default(),
        }
    }

    /// Both halves, which stay as they are while this is held.
    pub fn hold(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another configuration is in force, put there by whoever holds both halves.
    pub fn configure(&self, held: &mut State, text: &str, settings: &Settings) {
        held.text = text.to_owned();
        self.settings.store(Arc::new(settings.clone()));
    }
}

impl Enforcer for Stored {
    fn sign_ins(&self) -> Option<&dyn SignIns> {
        let log = self.noted.sign_ins.as_ref()?;
        Some(log)
    }

    fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    fn gateway(&self) -> String {
        gateway_name(&self.settings.load().sign_ins)
    }

    fn in_force(&self, home: TenantId) -> Option<control::InForce> {
        let now = self.live.in_force();
        let staged = now.staged.as_ref();
        let staged = staged.filter(|staged| staged.binds_for(home));
        let (hash, snapshot) = match staged {
            Some(staged) => (&staged.hash, &staged.snapshot),
            None => (&now.hash, &now.snapshot),
        };
        Some(control::InForce {
            hash: Arc::clone(hash),
            snapshot: Arc::clone(snapshot),
            staged: staged.map(|staged| staged.draft),
        })
    }

    fn replays(&self) -> Option<&dyn OfDrafts> {
        self.replays.is_some().then_some(self)
    }

    fn staged_refusals(&self) -> Option<NewRefusals> {
        self.noted.refusals.so_far()
    }

    fn prove(&self, next: &Compiled) -> Result<Vec<Broken>, Vec<String>> {
        let (settings, now) = (self.settings(), self.live.in_force());
        assertions::broken(&settings, &now, next)
    }

    fn shut_out(&self, next: &Compiled, by: Option<Asking<'_>>) -> Vec<ShutOut> {
        let settings = self.settings();
        let now = Arc::clone(&self.live.in_force().snapshot);
        let next = Snapshot {
            // They are no part of the change.
            partner_sides: Arc::clone(&now.partner_sides),
            ..load::snapshot(&settings, next)
        };
        let mut found = Vec::new();
        if let Some(Asking {
            subject,
            address,
            terms_accepted,
        }) = by
        {
            let target = callers::admin_target(&settings);
            // As the call itself was decided, and the next one will be.
            let context = Context {
                client_ip: address,
                terms_accepted,
                ..Context::at(unix_time(Timestamp::now()))
            };
            let asked = |snapshot| decide(snapshot, Caller::Verified(subject), &target, &context);
            let then = asked(&next);
            if asked(&now).permit().is_some() && then.permit().is_none() {
                let reason = callers::reason(&then).unwrap_or_default();
                found.push(ShutOut::Caller(reason));
            }
        }
        found.extend(
            self.noted
                .visitors
                .shut_out(&settings, (&now, &next), Timestamp::now()),
        );
        found
    }

    fn write_activity(&self, store: &dyn Store) -> Result<(), StoreError> {
        self.noted.activity.write(store)
    }

    fn decided_again(&self, event: &str) -> Result<(Decision, Vec<Line>), String> {
        let now = self.live.in_force();
        if let Some(told) = self.decided.by_present(event, &now, &self.settings.load()) {
            return told;
        }
        let (text, changed) = {
            let state = self.hold();
            (state.text.clone(), state.head.changed)
        };
        self.decided
            .by_past(event, &self.settings.load(), text, changed)
    }

    fn health(&self) -> Health {
        let (settings, now) = (self.settings(), self.live.in_force());
        self.metrics.refresh();
        let issuers = settings.issuers.iter().map(|issuer| IssuerHealth {
            name: issuer.name.clone(),
            issuer: issuer.issuer.clone(),
            keys: now.keys.get(&issuer.name).map(KeySet::len),
            age: self.metrics.keys_age(&issuer.name),
        });
        let sinks = settings.sign_ins.sinks.iter().map(|sink| match sink {
            Sink::File(path) => format!("file:{}", path.display()),
            Sink::Stdout => "stdout".to_owned(),
        });
        let store = self.noted.sign_ins.is_some().then(|| "store".to_owned());
        let spooled = || {
            let spooled = settings.sign_ins.spooled.iter();
            spooled.map(|receiver| receiver.name.clone())
        };
        let receivers = spooled().map(|name| {
            let of = |result| self.metrics.sink_count(&name, result);
            let (waiting, behind) = self.metrics.waiting_for(&name);
            ReceiverHealth {
                waiting,
                behind,
                delivered: of("delivered"),
                lost: of("rejected") + of("lost"),
                failed: of("send_error"),
                name,
            }
        });
        let sinks = sinks.chain(spooled()).chain(store).map(|name| {
            let of = |result| self.metrics.sink_count(&name, result);
            let (written, failed) = (of("written"), of("error"));
            SinkHealth {
                name,
                written,
                failed,
            }
        });
        let partners = now
            .routes
            .publishers
            .iter()
            .map(|publisher| PartnerGateway {
                name: publisher.name.to_string(),
                address: publisher.gateway.to_string(),
                known: now.partner_sides.get(&publisher.tenant).is_some(),
            });
        Health {
            version: env!("CARGO_PKG_VERSION"),
            snapshot: now.hash.to_string(),
            generation: now.generation,
            issuers: issuers.collect(),
            sinks: sinks.collect(),
            receivers: receivers.collect(),
            partner_gateways: partners.collect(),
            sessions: u64::try_from(self.metrics.sessions.get()).unwrap_or_default(),
            waiting_events: self.metrics.waiting_events(),
        }
    }

    fn enforce(&self, policy: &Compiled, staged: Option<&StagedPolicy>, head: &Head) {
        let mut state = self.hold();
        state.policy = policy.clone();
        state.head = head.clone();
        state.staged = staged.cloned();
        let settings = self.settings.load();
        let snapshot = Arc::new(load::snapshot(&settings, policy));
        let staged = state.staged_beside(&state.text, &settings);
        self.noted.refusals.follow(staged.as_deref());
        let hash = load::name_of_store(&state.text, head);
        self.live.replace(|current| InForce {
            generation: current.generation + 1,
            hash: Arc::clone(&hash),
            snapshot: Arc::clone(&snapshot),
            sign_up: Arc::clone(&policy.sign_up),
            staged: staged.clone(),
            ..current.clone()
        });
        let generation = self.live.in_force().generation;
        announce(&self.metrics, generation, policy.counts);
    }
}

impl OfDrafts for Stored {
    fn begin(&self, asked: ReplayAsked, next: &Compiled) -> Result<(), NotBegun> {
        let Some(replays) = &self.replays else {
            return Err(NotBegun::Failed("no sign-ins are kept".to_owned()));
        };
        let (settings, now) = (self.settings(), self.live.in_force());
        let by = By {
            draft: Snapshot {
                // They are no part of the change.
                partner_sides: Arc::clone(&now.partner_sides),
                ..load::snapshot(&settings, next)
            },
            in_force: Arc::clone(&now.snapshot),
            apps: called_apps(&settings),
        };
        replays.begin(asked, by)
    }

    fn told(&self, draft: &str, top: usize) -> Option<Value> {
        self.replays.as_ref()?.told(draft, top)
    }

    fn forget(&self, draft: &str) -> bool {
        let replays = self.replays.as_ref();
        replays.is_some_and(|replays| replays.forget(draft))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use crossgate_config::Purpose;
    use crossgate_control::ledger::Opened;
    use crossgate_control::store::Sqlite;
    use crossgate_graph::PolicyFile;
    use crossgate_policy::ids::{HomeTenant, Id};
    use crossgate_policy::snapshot::OwnTenant;
    use crossgate_policy::subject::{Home, HomeCloud, Subject};

    use super::*;
    use crate::request::testing::in_force;
    use crate::sign_ins::testing::guest;

    /// What the gateway enforces by these settings, with nothing in its store.
    fn stored(text: &str) -> (Stored, OwnTenant, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("policy.db")).unwrap();
        let settings = Settings::parse(text, Path::new("/"), Purpose::Decide, &|_| None).unwrap();
        let own = OwnTenant {
            id: settings.tenant.id,
            cloud: settings.tenant.cloud,
            domains: Box::default(),
        };
        let opened = Opened::read(&store, &own).unwrap();
        let state = State {
            text: text.to_owned(),
            policy: opened.standing.compiled(),
            head: opened.head,
            staged: None,
        };
        let stored = Stored::new(
            Arc::new(Live::new(in_force())),
            Arc::new(Metrics::new().unwrap()),
            Noted::default(),
            settings,
            state,
        );
        (stored, own, folder)
    }

    /// The policy with one rule for everybody.
    fn ruled(own: &OwnTenant, grant: &str) -> Compiled {
        let text = format!(
            r#"{{"displayName": "a", "state": "enabled", "conditions": {{"clientAppTypes": ["all"],
            "users": {{"includeUsers": ["All"]}}, "applications": {{"includeApplications": ["All"]}}}},
            "grantControls": {{"operator": "OR", {grant}}}}}"#
        );
        let file = PolicyFile {
            path: "conditional-access/a.json",
            text: &text,
        };
        crossgate_graph::load(&[file], own).unwrap()
    }

    #[test]
    fn who_came_in_by_accepting_terms_of_use_is_told_that_a_change_shuts_them_out() {
        let text = "tenant.id = \"00000000-0000-0000-0000-000000000001\"\n";
        let (stored, own, _folder) = stored(text);
        let terms = ruled(&own, r#""builtInControls": [], "termsOfUse": ["tou"]"#);
        let nobody = ruled(&own, r#""builtInControls": ["block"]"#);
        let snapshot = Arc::new(load::snapshot(&stored.settings(), &terms));
        stored.live.replace(|current| InForce {
            snapshot: Arc::clone(&snapshot),
            ..current.clone()
        });
        let subject = Subject {
            home: Home::Tenant {
                tenant: HomeTenant(own.id),
                cloud: HomeCloud::Named(own.cloud),
            },
            ..guest()
        };
        let found = |terms_accepted: &[Id]| {
            let asking = Asking {
                subject: &subject,
                address: None,
                terms_accepted,
            };
            stored.shut_out(&nobody, Some(asking)).len()
        };
        assert_eq!(found(&[Id::new("tou")]), 1);
        assert_eq!(found(&[]), 0, "who is out already is not shut out");
    }

    #[test]
    fn settings_are_read_while_a_policy_is_put_in_force() {
        let text = "tenant.id = \"11111111-1111-4111-8111-111111111111\"\n";
        let (stored, own, _folder) = stored(text);
        let stored = Arc::new(stored);
        let held = stored.hold();
        let (tell, told) = std::sync::mpsc::channel();
        let reader = Arc::clone(&stored);
        std::thread::spawn(move || tell.send(reader.settings().tenant.id));
        let read = told.recv_timeout(Duration::from_secs(10));
        assert_eq!(read, Ok(own.id));
        drop(held);
    }
}
