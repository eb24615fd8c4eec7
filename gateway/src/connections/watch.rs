//! Decides again about what is under way: once for each request when something else came into force, and when its opener has
//! ended. On a thread of its own.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossgate_policy::Decision;
use crossgate_policy::ids::UnixTime;
use jiff::Timestamp;

use super::{Closing, Connections, Open};
use crate::live::{InForce, Live};
use crate::request::admit::admit_again;
use crate::request::route::App;

/// Starts the watcher. It ends with the process.
///
/// # Errors
/// There is no thread to be had.
pub(crate) fn start(connections: &Arc<Connections>, live: &Arc<Live>) -> std::io::Result<()> {
    let (connections, live) = (Arc::clone(connections), Arc::clone(live));
    std::thread::Builder::new()
        .name("connections".to_owned())
        .spawn(move || {
            let me = std::thread::current();
            live.wake(me.clone());
            // It is the only one.
            let _ = connections.watcher.set(me);
            loop {
                let rest = look(
                    &connections,
                    &live.in_force(),
                    Timestamp::now(),
                    Instant::now(),
                );
                std::thread::park_timeout(rest);
            }
        })
        .map(drop)
}

/// Looks at every request that is under way; answers how long nothing will be due.
fn look(
    connections: &Connections,
    in_force: &InForce,
    now: Timestamp,
    instant: Instant,
) -> Duration {
    // Whoever tells of a request while lines are read has us look again: its line may have been read before.
    connections.due.store(u64::MAX, Ordering::SeqCst);
    connections
        .generation
        .store(in_force.generation, Ordering::SeqCst);
    let since_epoch = now.as_duration();
    let now = UnixTime::new(since_epoch.as_secs_f64()).unwrap_or(UnixTime::from_secs(u32::MAX));
    let now_millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    let long_ago = connections.stamp(instant).saturating_sub(LONG);
    let mut apps = Apps {
        in_force,
        known: HashMap::new(),
    };
    let mut due = u64::MAX;
    for line in &**connections.lines.load() {
        let since = line.since();
        if since == 0 {
            continue;
        }
        let Some(open) = line.open() else {
            if since < long_ago {
                line.ask(since);
            }
            continue;
        };
        if open.closing().is_some() {
            continue;
        }
        open.opener.is_used(now_millis / 1000);
        let ended = open.ends_at <= now_millis || open.opener.has_ended();
        if open.decided_on() != in_force.generation || ended {
            let decision = apps.decide(&open, now);
            if decision.permit().is_none() {
                line.close(&open, Closing { decision });
                continue;
            }
            open.stays(in_force.generation);
        }
        // A clock that was set back may find ended what the app still accepts: it is looked at again with the rest.
        due = due.min(open.ends_at.max(now_millis + 1));
    }
    connections.due.store(due, Ordering::SeqCst);
    Duration::from_millis(due.saturating_sub(now_millis)).min(PAUSE)
}

/// The apps of what is in force, by those that requests were opened to.
struct Apps<'a> {
    in_force: &'a InForce,
    /// By address: whoever opened a request keeps its app where it is.
    known: HashMap<usize, Option<&'a Arc<App>>>,
}

impl Apps<'_> {
    fn decide(&mut self, open: &Open, now: UnixTime) -> Decision {
        let routes = &self.in_force.routes;
        let app = self
            .known
            .entry(Arc::as_ptr(&open.app).addr())
            .or_insert_with(|| routes.app(&open.app.called.target.id));
        app.map_or_else(Decision::unknown_app, |app| {
            let decide = || admit_again(self.in_force, now, app, open);
            // Whatever is wrong with one decision, those that follow are made, and the answer to doubt is a refusal.
            catch_unwind(AssertUnwindSafe(decide)).unwrap_or_else(|_| Decision::unknown_app())
        })
    }
}

/// Requests that take longer than this are long, in nanoseconds. Few are, and almost everybody who waits for one waits shorter.
const LONG: u64 = 500_000_000;

/// How often requests that have become long are looked for.
const PAUSE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::{Lease, Opener};
    use crate::ops::Metrics;
    use crate::request::headers::CorrelationId;
    use crate::request::route::Routes;
    use crate::request::testing::{self, OWN, PARTNER, known};
    use crossgate_policy::ids::ResourceTenant;
    use crossgate_policy::snapshot::Snapshot;
    use uuid::Uuid;

    /// When tokens of tests end, with the minute of skew.
    const END: i64 = 2_000_000_060;

    struct Stage {
        connections: Arc<Connections>,
        in_force: InForce,
    }

    impl Stage {
        fn new() -> Self {
            let settings = |keys: &str| {
                let mut settings = crate::request::route::tests::settings(&format!(
                    "[[app]]\nid = \"payroll\"\nhosts = [\"a.example\"]\naudiences = [\"api://payroll\"]\n{keys}"
                ));
                settings.tenant.id = OWN;
                settings
            };
            let metrics = Metrics::new().unwrap();
            let routes = Routes::build(&settings(""), None, &metrics);
            let mut in_force = testing::in_force();
            in_force.routes = Arc::new(routes);
            Self {
                connections: Arc::default(),
                in_force,
            }
        }

        /// A request of a member that is told of.
        fn open(&self, generation: u64) -> (Lease, Arc<Open>) {
            let app = &crossgate_policy::ids::Id::new("payroll");
            let app = self.in_force.routes.app(app).unwrap();
            assert_eq!(app.resource, ResourceTenant(OWN));
            let open = Arc::new(Open::new(
                Opener::Token(Arc::new(known(OWN))),
                Arc::clone(app),
                None,
                None,
                CorrelationId::Own(Uuid::nil()),
                generation,
            ));
            let lease = self.connections.lease();
            lease.begin(Instant::now());
            lease.publish(&open);
            (lease, open)
        }

        fn look(&self, seconds: i64) -> Duration {
            let now = Timestamp::from_second(seconds).unwrap();
            look(&self.connections, &self.in_force, now, Instant::now())
        }

        /// From now on a member of ours is a stranger, whom nobody speaks for.
        fn refuse_members(&mut self) {
            let mut snapshot: Snapshot = testing::snapshot();
            snapshot.own.id = PARTNER;
            self.in_force.snapshot = Arc::new(snapshot);
        }
    }

    #[test]
    fn nothing_is_decided_again_while_nothing_else_is_in_force() {
        let mut stage = Stage::new();
        let (_lease, open) = stage.open(1);
        stage.refuse_members();
        stage.look(1_000_000_000);
        // It would be refused, and nobody has asked.
        assert!(open.closing().is_none());
        stage.in_force.generation = 2;
        stage.look(1_000_000_000);
        assert!(open.closing().is_some());
    }

    #[test]
    fn what_stays_open_is_decided_once_for_each_change() {
        let mut stage = Stage::new();
        let (_lease, open) = stage.open(1);
        stage.in_force.generation = 2;
        stage.look(1_000_000_000);
        assert_eq!((open.decided_on(), open.closing().is_some()), (2, false));
        stage.refuse_members();
        stage.look(1_000_000_000);
        assert!(open.closing().is_none());
    }

    #[test]
    fn what_was_decided_by_an_older_policy_is_decided_again_when_it_is_told_of() {
        let mut stage = Stage::new();
        stage.in_force.generation = 2;
        // When its token ends, which is when all of them do, is known then.
        let (_first, _) = stage.open(2);
        stage.look(1_000_000_000);
        let woken = std::thread::current();
        stage.connections.watcher.set(woken).unwrap();
        let (_new, _) = stage.open(2);
        let begun = Instant::now();
        std::thread::park_timeout(Duration::from_millis(20));
        assert!(
            begun.elapsed() >= Duration::from_millis(20),
            "woken for nothing"
        );
        let (_old, open) = stage.open(1);
        // Returns at once, or the test never ends.
        std::thread::park();
        stage.refuse_members();
        stage.look(1_000_000_000);
        assert!(open.closing().is_some());
    }

    #[test]
    fn a_token_ends_at_its_very_second_and_is_waited_for() {
        let stage = Stage::new();
        let (_lease, open) = stage.open(1);
        assert_eq!(stage.look(END - 1_000), PAUSE);
        let now = Timestamp::from_millisecond(END * 1000 - 40).unwrap();
        let rest = look(&stage.connections, &stage.in_force, now, Instant::now());
        assert_eq!(rest, Duration::from_millis(40));
        assert!(open.closing().is_none());
        stage.look(END);
        let closing = open.closing().unwrap();
        assert_eq!(closing.decision.code(), 500_133);
    }

    #[test]
    fn requests_are_asked_once_they_are_long_and_only_those_that_still_are_under_way() {
        let stage = Stage::new();
        let (new, old, over) = (
            stage.connections.lease(),
            stage.connections.lease(),
            stage.connections.lease(),
        );
        let begun = Instant::now();
        let later = begun + Duration::from_secs(2);
        old.begin(begun);
        over.begin(begun);
        over.end(false);
        new.begin(later);
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        look(&stage.connections, &stage.in_force, now, later);
        assert_eq!((old.is_asked(), new.is_asked()), (true, false));
        // The next request of the connection is another one.
        over.begin(later);
        assert!(!over.is_asked());
    }

    #[test]
    fn an_issuer_that_is_gone_vouches_for_nobody() {
        let mut stage = Stage::new();
        let (_lease, open) = stage.open(1);
        stage.in_force.issuers = Arc::new(crossgate_token::Issuers::new([]));
        stage.in_force.generation = 2;
        stage.look(1_000_000_000);
        let closing = open.closing().unwrap();
        assert_eq!(closing.decision.reason(), "unknown_issuer");
    }

    #[test]
    fn a_line_that_is_given_back_is_taken_again_and_tells_nothing_of_before() {
        let stage = Stage::new();
        let (lease, open) = stage.open(1);
        drop(lease);
        assert_eq!(Arc::strong_count(&open), 1);
        let leases: Vec<Lease> = (0..1000).map(|_| stage.connections.lease()).collect();
        let lines = stage.connections.lines.load().len();
        drop(leases);
        let _again: Vec<Lease> = (0..1000).map(|_| stage.connections.lease()).collect();
        assert_eq!(stage.connections.lines.load().len(), lines);
    }
}
