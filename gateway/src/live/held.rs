//! Each worker's own handle on what is in force. Counting who holds it is done on a line of memory of that worker alone:
//! a counter that all cores share costs more, the more of them there are.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use crossgate_policy::ids::{Cloud, Guid, TenantId};
use crossgate_policy::snapshot::{
    Access, Assignments, ByTenant, DefaultSettings, DirectoryMode, GuestDirectory, OwnTenant,
    Partners, RedemptionOrder, Revocations, Setting, Snapshot,
};
use thread_local::ThreadLocal;

use super::InForce;

/// What is in force, held for one worker.
#[derive(Debug)]
pub struct Held {
    in_force: Arc<InForce>,
    without_policy: OnceLock<Arc<Self>>,
}

impl Held {
    /// What was in force, held by nobody else here.
    #[must_use]
    pub const fn new(in_force: Arc<InForce>) -> Self {
        Self {
            in_force,
            without_policy: OnceLock::new(),
        }
    }

    /// The settings of it, for a request that was decided and goes on for days: it would keep the whole policy in memory.
    #[must_use]
    pub fn without_policy(&self) -> Arc<Self> {
        let without = self.without_policy.get_or_init(|| {
            let in_force = InForce {
                snapshot: Arc::clone(&NOBODY),
                staged: None,
                issuers: Arc::default(),
                keys: Arc::default(),
                ..InForce::clone(&self.in_force)
            };
            Arc::new(Self::new(Arc::new(in_force)))
        });
        Arc::clone(without)
    }
}

impl Deref for Held {
    type Target = InForce;

    fn deref(&self) -> &InForce {
        &self.in_force
    }
}

/// The handles of all workers.
#[derive(Debug, Default)]
pub(super) struct OfWorkers {
    /// Counts the changes.
    changes: AtomicU64,
    /// Only ever tried, and only the worker itself and a change try: nobody waits.
    handles: ThreadLocal<Mutex<Option<Handle>>>,
}

#[derive(Debug)]
struct Handle {
    /// How many changes there had been.
    changes: u64,
    held: Arc<Held>,
}

impl OfWorkers {
    /// This worker's handle; a new one, of what `current` gives, where something changed.
    pub(super) fn take(&self, current: impl Fn() -> Arc<InForce>) -> Arc<Held> {
        // Read before what is in force is: a change in between makes a handle anew once more, never too seldom.
        let changes = self.changes.load(Ordering::Acquire);
        let Ok(mut handle) = self.handles.get_or_default().try_lock() else {
            return Arc::new(Held::new(current()));
        };
        match &*handle {
            Some(handle) if handle.changes == changes => Arc::clone(&handle.held),
            Some(_) | None => {
                let held = Arc::new(Held::new(current()));
                *handle = Some(Handle {
                    changes,
                    held: Arc::clone(&held),
                });
                held
            }
        }
    }

    /// Has every handle made anew. Those of workers that have nothing to do are let go of, and with them the old policy.
    pub(super) fn outdate(&self) {
        self.changes.fetch_add(1, Ordering::Release);
        for handle in &self.handles {
            if let Ok(mut handle) = handle.try_lock() {
                *handle = None;
            }
        }
    }
}

/// A policy that admits nobody. Whoever has it has decided before; who asked it by mistake would be refused.
static NOBODY: LazyLock<Arc<Snapshot>> = LazyLock::new(|| {
    let closed = Arc::new(Setting::initial(Access::Blocked));
    Arc::new(Snapshot {
        own: OwnTenant {
            // Nobody's.
            id: TenantId(Guid::from_u128(0)),
            cloud: Cloud::Global,
            domains: Box::default(),
        },
        allowed_clouds: Box::default(),
        default: DefaultSettings {
            collaboration_inbound: Arc::clone(&closed),
            collaboration_outbound: closed,
            ..DefaultSettings::initial()
        },
        partners: Partners::default(),
        partner_facts: ByTenant::default(),
        partner_sides: Arc::default(),
        guests: GuestDirectory::empty(DirectoryMode::Required),
        conditional_access: Arc::default(),
        revocations: Revocations::default(),
        assignments: Assignments::default(),
        redemption: RedemptionOrder::default(),
    })
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Live;
    use crate::request::testing::{OWN, app, in_force, known, routes};
    use crossgate_policy::context::Context;
    use crossgate_policy::ids::UnixTime;
    use crossgate_policy::{Caller, decide};

    #[test]
    fn a_worker_sees_a_change_with_its_next_request_and_keeps_nothing_old() {
        let live = Live::new(in_force());
        let before = live.take();
        assert!(Arc::ptr_eq(&before, &live.take()));
        let old = Arc::downgrade(&live.in_force());
        live.replace(|current| InForce {
            generation: 7,
            ..current.clone()
        });
        assert_eq!((before.generation, live.take().generation), (1, 7));
        drop(before);
        assert_eq!(old.strong_count(), 0);
    }

    #[test]
    fn a_request_that_goes_on_for_long_keeps_its_settings_and_no_policy() {
        let live = Live::new(in_force());
        let held = live.take();
        let snapshot = Arc::downgrade(&held.snapshot);
        let (long, another) = (held.without_policy(), held.without_policy());
        assert!(Arc::ptr_eq(&long, &another));
        assert!(Arc::ptr_eq(&long.routes, &held.routes));
        assert_eq!(long.generation, held.generation);
        live.replace(|current| InForce {
            snapshot: Arc::clone(&NOBODY),
            ..current.clone()
        });
        drop(held);
        assert_eq!(snapshot.strong_count(), 0);
        // Nobody asks it; who did would be refused.
        let token = known(OWN);
        let routes = routes(&["payroll"]);
        let app = app(&routes, "payroll");
        let caller = Caller::Verified(&token.subject);
        let context = Context::at(UnixTime::from_secs(0));
        let decision = decide(&long.snapshot, caller, &app.called.target, &context);
        assert!(decision.permit().is_none());
    }

    #[test]
    fn workers_count_their_requests_each_for_itself() {
        let live = Live::new(in_force());
        let here = live.take();
        let there = std::thread::scope(|scope| scope.spawn(|| live.take()).join().unwrap());
        assert!(!Arc::ptr_eq(&here, &there));
        assert_eq!(here.generation, there.generation);
    }
}
