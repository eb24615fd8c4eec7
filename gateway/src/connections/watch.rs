//! Decides again about what is under way: once for each request when something else came into force, and when its opener has
//! ended. On a thread of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossgate_policy::Decision;
use crossgate_policy::ids::UnixTime;

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
                let rest = look(&connections, &live.in_force());
                std::thread::park_timeout(rest);
            }
        })
        .map(drop)
}

/// Looks at every request that is under way; answers how long nothing will be due.
fn look(connections: &Connections, in_force: &InForce) -> Duration {
    // Whoever tells of a request while lines are read has us look again: its line may have been read before.
    connections.due.store(u64::MAX, Ordering::SeqCst);
    connections
        .generation
        .store(in_force.generation, Ordering::SeqCst);
    let since_epoch = jiff::Timestamp::now().as_duration();
    let now = UnixTime::new(since_epoch.as_secs_f64()).unwrap_or(UnixTime::from_secs(u32::MAX));
    let now_millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    let long_ago = connections.stamp(Instant::now()).saturating_sub(LONG);
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
        if open.decided_on() != in_force.generation || open.ends_at <= now_millis {
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
            admit_again(self.in_force, now, app, open)
        })
    }
}

/// Requests that take longer than this are long, in nanoseconds. Few are, and almost everybody who waits for one waits shorter.
const LONG: u64 = 500_000_000;

/// How often requests that have become long are looked for.
const PAUSE: Duration = Duration::from_millis(500);
