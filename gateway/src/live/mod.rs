//! What is in force: policy, settings and the keys of issuers. Requests read finished values and wait for nothing; the
//! tasks that fetch and load stand beside, one file each.

mod demand;
pub mod fetch;
mod held;
pub mod keys;
pub mod partner_sides;
pub mod policy;
mod restart;
mod schedule;
mod staged;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::Instant;

use arc_swap::ArcSwap;
use crossgate_graph::{Counts, SignUp};
use crossgate_policy::snapshot::{ByTenant, PartnerSide, Snapshot};
use crossgate_portal::pages::Pages;
use crossgate_token::{Issuers, KeySet};

use crate::ops::Metrics;
use crate::request::route::Routes;
use crate::request::tokens::Basis;
use demand::Demand;
pub use held::Held;
use held::OfWorkers;
pub use staged::{Among, Staged};

/// Policy, settings and keys of one moment. A request takes it once, and sees nothing else until its end.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Counts loads since the start, from 1.
    pub generation: u64,
    /// Names the content.
    pub hash: Arc<str>,
    /// The policy.
    pub snapshot: Arc<Snapshot>,
    /// By which flows people sign up themselves.
    pub sign_up: Arc<SignUp>,
    /// What the settings say about requests.
    pub routes: Arc<Routes>,
    /// Who may sign tokens.
    pub issuers: Arc<Issuers>,
    /// The generation that brought these issuers.
    pub issuers_since: u64,
    /// Their keys.
    pub keys: Arc<Keys>,
    /// What people in browsers are shown.
    pub pages: Arc<Pages>,
    /// What partners' gateways publish of their side; the policy has it too.
    pub partner_sides: Arc<ByTenant<PartnerSide>>,
    /// The policy for some tenants, while a draft is staged.
    pub staged: Option<Arc<Staged>>,
}

impl InForce {
    /// On what a verification of this moment rests.
    #[must_use]
    pub fn basis(&self) -> Basis<'_> {
        Basis::new(&self.keys, self.issuers_since)
    }

    /// With a policy that knows partners' sides, whichever of the two is new.
    fn with_partner_sides(self) -> Self {
        let snapshot = self.knowing_sides(&self.snapshot);
        let staged = self.staged.as_ref().map(|staged| {
            Arc::new(Staged {
                snapshot: self.knowing_sides(&staged.snapshot),
                ..Staged::clone(staged)
            })
        });
        Self {
            snapshot,
            staged,
            ..self
        }
    }

    fn knowing_sides(&self, snapshot: &Arc<Snapshot>) -> Arc<Snapshot> {
        if Arc::ptr_eq(&snapshot.partner_sides, &self.partner_sides)
            || snapshot.partner_sides.is_empty() && self.partner_sides.is_empty()
        {
            return Arc::clone(snapshot);
        }
        Arc::new(Snapshot {
            partner_sides: Arc::clone(&self.partner_sides),
            ..Snapshot::clone(snapshot)
        })
    }
}

/// Tells operators and metrics of the policy that is in force from now on.
pub(crate) fn announce(metrics: &Metrics, generation: u64, counts: Counts) {
    metrics.policy_loaded(generation, counts.partners, jiff::Timestamp::now());
    tracing::info!(
        generation,
        partners = counts.partners,
        guests = counts.guests,
        conditional_access = counts.enabled_policies,
        "policy in force"
    );
}

/// The key sets of all issuers at one time.
#[derive(Debug, Default)]
pub struct Keys {
    /// Tells these key sets from all others.
    pub epoch: u64,
    /// By the names of their issuers.
    pub sets: HashMap<Arc<str>, Arc<KeySet>>,
    /// The epoch since when no key of an issuer has left.
    unbroken: HashMap<Arc<str>, u64>,
}

impl Keys {
    /// These sets instead of those in force.
    #[must_use]
    pub fn replaced_by(&self, sets: HashMap<Arc<str>, Arc<KeySet>>) -> Self {
        let epoch = self.epoch + 1;
        let since = |name: &str, set: &KeySet| {
            let before = self.sets.get(name)?;
            let since = self.unbroken_since(name)?;
            set.keeps_all_of(before).then_some(since)
        };
        let unbroken = sets
            .iter()
            .map(|(name, set)| (Arc::clone(name), since(name, set).unwrap_or(epoch)))
            .collect();
        Self {
            epoch,
            sets,
            unbroken,
        }
    }

    /// The epoch since when whatever keys this issuer had are still there; `None` where it has none.
    #[must_use]
    pub fn unbroken_since(&self, issuer: &str) -> Option<u64> {
        self.unbroken.get(issuer).copied()
    }

    /// The keys of the issuer of this name.
    #[must_use]
    pub fn get(&self, issuer: &str) -> Option<&KeySet> {
        self.sets.get(issuer).map(Arc::as_ref)
    }
}

/// The cell that requests read, and what they ask of the tasks that fill it.
#[derive(Debug)]
pub struct Live {
    in_force: ArcSwap<InForce>,
    of_workers: OfWorkers,
    demand: Demand,
    /// When the fetch of each issuer's keys was begun that succeeded last.
    fetched: Mutex<HashMap<Arc<str>, Instant>>,
    /// Whom to wake at every change.
    follower: OnceLock<Thread>,
}

impl Live {
    /// Starts with this in force.
    #[must_use]
    pub fn new(in_force: InForce) -> Self {
        let demand = Demand::new(&in_force.issuers);
        Self {
            in_force: ArcSwap::from_pointee(in_force),
            of_workers: OfWorkers::default(),
            demand,
            fetched: Mutex::default(),
            follower: OnceLock::new(),
        }
    }

    /// What is in force now.
    #[must_use]
    pub fn in_force(&self) -> Arc<InForce> {
        self.in_force.load_full()
    }

    /// The same for a request, which touches no line of memory that requests on other workers write to.
    #[must_use]
    pub fn take(&self) -> Arc<Held> {
        self.of_workers.take(|| self.in_force())
    }

    /// Has an issuer's keys fetched again soon, unless that was done just before. Never waits.
    pub fn request_refresh(&self, issuer: &str) {
        self.demand.raise(issuer);
    }

    /// Whether an issuer's keys are in force as they were fetched after that time. Takes a lock: not for requests of apps.
    #[must_use]
    pub fn fetched_since(&self, issuer: &str, then: Instant) -> bool {
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.get(issuer).is_some_and(|begun| *begun >= then)
    }

    /// Notes a fetch that succeeded, once its keys are in force.
    pub(crate) fn note_fetch(&self, issuer: &Arc<str>, begun: Instant) {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.insert(Arc::clone(issuer), begun);
    }

    /// Puts a changed part in force in one step, whoever else changes another part meanwhile.
    pub(crate) fn replace(&self, change: impl Fn(&InForce) -> InForce) {
        self.in_force
            .rcu(|current| change(current).with_partner_sides());
        self.of_workers.outdate();
        if let Some(follower) = self.follower.get() {
            follower.unpark();
        }
    }

    /// Has this thread, which parks, woken at every change from now on. Once.
    pub(crate) fn wake(&self, follower: Thread) {
        // A second one would be a fault of ours, and is not woken.
        let _ = self.follower.set(follower);
    }
}
