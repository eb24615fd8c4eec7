//! Decides again about what is under way: once for each request when something else came into force, and when its opener has
//! ended. On a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossgate_policy::Decision;
use crossgate_policy::ids::UnixTime;
use jiff::Timestamp;

use super::{Closing, Connections, Open};
use crate::live::{InForce, Live};
use crate::ops::Metrics;
use crate::request::admit::{admit_again, unix_time};

/// Starts the watcher. It ends with the process.
///
/// # Errors
/// There is no thread to be had.
pub(crate) fn start(
    connections: &Arc<Connections>,
    live: &Arc<Live>,
    metrics: &Arc<Metrics>,
) -> std::io::Result<()> {
    let (connections, live, metrics) = (connections.clone(), live.clone(), metrics.clone());
    std::thread::Builder::new()
        .name("connections".to_owned())
        .spawn(move || {
            let me = std::thread::current();
            live.wake(me.clone());
            // It is the only one.
            let _ = connections.watcher.set(me);
            loop {
                let (in_force, begun) = (live.in_force(), Instant::now());
                let rest = look_safely(&metrics, || {
                    look(&connections, &in_force, Timestamp::now(), begun)
                });
                std::thread::park_timeout(rest);
                // Whoever tells of a request wakes it, which many may do at a time; a change does too, and is not kept waiting.
                while let Some(rest) = SPACE.checked_sub(begun.elapsed())
                    && is_the_same(&live.in_force(), &in_force)
                {
                    std::thread::park_timeout(rest);
                }
            }
        })
        .map(drop)
}

fn is_the_same(now: &InForce, before: &InForce) -> bool {
    (now.generation, now.keys.epoch) == (before.generation, before.keys.epoch)
}

/// A look that panics is told of and counted, and others follow: nobody else would close anything.
fn look_safely(metrics: &Metrics, look: impl FnOnce() -> Duration) -> Duration {
    catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(|_| {
        metrics.connection_look_failed();
        tracing::error!("a look at open connections has crashed; another follows");
        PAUSE
    })
}

/// Looks at every request that is under way; answers how long nothing will be due.
fn look(
    connections: &Connections,
    in_force: &Arc<InForce>,
    now: Timestamp,
    instant: Instant,
) -> Duration {
    // Whoever tells of a request that was decided by something else has us look again: its line may have been read before.
    connections.looks_by.set(in_force);
    let since_epoch = now.as_duration();
    let now = unix_time(now);
    let now_millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    let stamp = connections.stamp(instant);
    let long_ago = stamp.saturating_sub(LONG);
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
        if connections.looks_by.is_before(&open.decided_by) {
            // What permitted it is newer than this look, and has the last word.
            due = now_millis;
            continue;
        }
        let ended = open.ends_at() <= now_millis || open.opener.has_ended();
        if ended || open.decided_by.is_before(&connections.looks_by) {
            let decision = decide(in_force, &open, now);
            let Some(permit) = decision.permit() else {
                let in_force = Arc::clone(in_force);
                line.close(&open, Closing { decision, in_force });
                continue;
            };
            let expires = permit.facts().and_then(|facts| facts.expires);
            open.goes_on(in_force, expires, now);
        }
        // A clock that was set back may find ended what the app still accepts: it is looked at again with the rest.
        due = due.min(open.ends_at().max(now_millis + 1));
    }
    connections.looked.store(stamp, Ordering::Relaxed);
    Duration::from_millis(due.saturating_sub(now_millis)).min(PAUSE)
}

fn decide(in_force: &InForce, open: &Open, now: UnixTime) -> Decision {
    let id = &open.app.called.target.id;
    let app = in_force.routes.still_leads(&open.way, id);
    app.map_or_else(Decision::unknown_app, |app| {
        let decide = || admit_again(in_force, now, app, open);
        // Whatever is wrong with one decision, those that follow are made, and the answer to doubt is a refusal.
        catch_unwind(AssertUnwindSafe(decide)).unwrap_or_else(|_| Decision::unknown_app())
    })
}

/// Requests that take longer than this are long, in nanoseconds. Few are, and almost everybody who waits for one waits shorter.
const LONG: u64 = 500_000_000;

/// How often requests that have become long are looked for.
pub(super) const PAUSE: Duration = Duration::from_millis(500);

/// Between two looks at least, where nothing has changed.
const SPACE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests;
