//! Sign-in events: one for every request served, or the first of a kind and counts of its repeats.
//!
//! The request path reserves room, and hands over facts. Everything that is slow or can fail (explaining, rendering,
//! files) is the writer's, on a thread of its own. What happened to requests is not decided here.

mod aggregate;
mod called;
mod conditional_access;
mod event;
mod failure_reasons;
pub mod observation;
mod queue;
mod render;
mod repeats;
mod sinks;
#[cfg(test)]
pub(crate) mod testing;
mod thread;
mod writer;

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

pub use called::{called, called_apps};
pub use observation::{
    CalledApp, Ending, Observation, PolicyInForce, RestrictionValues, StagedOver, TokenFacts,
    bounded,
};
pub use queue::{Full, Slot};
pub use repeats::Seen;
pub use thread::{Totals, Writer};

use crossgate_config::{OnFull, SignInMode, SignIns as Settings};
use crossgate_insight::sign_ins::{Keep, Store};
use crossgate_sinks::{machine_name, unclaimed};

use crate::admin::Noted;
use crate::ops::Metrics;
use crate::per_worker::PerWorker;
use aggregate::Aggregate;
use event::Receipts;
use queue::{Counts, Queue};
use sinks::{SpooledSink, StoreSink};
use writer::{Counted, Outlet, Work};

/// The request path's end: cheap to clone, never waits.
#[derive(Clone, Debug)]
pub struct SignIns {
    queue: Arc<PerWorker<Queue>>,
}

impl SignIns {
    /// Opens the sinks and starts the writer, which tells `noted` of everything it writes about, and lets `store` keep it.
    ///
    /// # Errors
    /// A sink cannot be opened, or the thread cannot be started.
    pub fn start(
        settings: &Settings,
        metrics: &Metrics,
        noted: Option<Noted>,
        store: Option<Arc<Store>>,
    ) -> io::Result<(Self, Writer)> {
        let outlet = |name: String, sink: Box<dyn sinks::Sink>, on_full: OnFull| {
            let counter = |result: &str| metrics.sign_in_events.with_label_values(&[&name, result]);
            let counted = Counted {
                written: counter("written"),
                failed: counter("error"),
                dropped: counter("dropped"),
            };
            Outlet::new(name, sink, on_full, counted)
        };
        let outlets = settings.sinks.iter().map(|sink| {
            let (name, sink) = sinks::open(sink, settings)?;
            Ok(outlet(name, sink, settings.on_full))
        });
        let mut outlets = outlets.collect::<io::Result<Vec<Outlet>>>()?;
        for left in unclaimed(&settings.spooled, settings.spools.as_deref()) {
            let (folder, events) = (left.folder.display(), left.events);
            if left.is_held {
                tracing::warn!(
                    %folder,
                    events,
                    "sign-ins: events wait in a spool of no sink here, which a process has; leave it where that is another gateway, \
                     and give a sink this `spool` where it is the process before this one"
                );
            } else {
                tracing::warn!(
                    %folder,
                    events,
                    "sign-ins: events wait in a spool of no sink and are not sent; give a sink this `spool`, or delete the folder \
                     where it is no other gateway's"
                );
            }
        }
        let gateway = gateway_name(settings);
        for receiver in &settings.spooled {
            let sink = SpooledSink::open(receiver, &gateway, settings.fsync, metrics)?;
            let name = receiver.name.clone();
            outlets.push(outlet(name, Box::new(sink), receiver.on_full));
        }
        if let Some(store) = store {
            let sink = Box::new(StoreSink::start(store)?);
            outlets.push(outlet("store".to_owned(), sink, settings.on_full));
        }
        let most_counted = match settings.mode {
            SignInMode::EveryRequest => 0,
            SignInMode::FirstThenCount => counted_by_a_worker(),
        };
        let of_receivers = settings.spooled.iter().map(|receiver| receiver.on_full);
        let queue = Arc::new(Queue::new(
            settings.queue,
            on_full(of_receivers.chain([settings.on_full])),
            most_counted,
            Counts::of(&metrics.sign_in_events),
        ));
        let waiting = Arc::clone(&queue);
        metrics.on_scrape(move |metrics| metrics.set_sign_in_queue_depth(waiting.depth()));
        let receipts = if settings.receipts {
            Receipts::Kept
        } else {
            Receipts::Left
        };
        let aggregate = match settings.mode {
            SignInMode::EveryRequest => None,
            SignInMode::FirstThenCount => {
                Some(Aggregate::new(settings.count_window, GROUPS, receipts))
            }
        };
        let work = Work::new(Arc::clone(&queue), aggregate, outlets, receipts, noted);
        let writer = Writer::start(work, Arc::clone(&queue), settings.flush_every.min(PACE))?;
        let queue = Arc::new(PerWorker::new(queue));
        Ok((Self { queue }, writer))
    }

    /// Keeps room for one request's observation; to be called before anything is done for the request.
    ///
    /// # Errors
    /// There is no room, and `on_full = refuse`.
    pub fn reserve(&self) -> Result<Slot, Full> {
        Slot::reserve(self.queue.handle())
    }

    /// Keeps room, or counts the event as dropped: for what is not put off where there is none.
    #[must_use]
    pub fn reserve_or_drop(&self) -> Slot {
        Slot::reserve_or_drop(self.queue.handle())
    }
}

/// Opens the store that the settings name, if they do.
///
/// # Errors
/// Its folder cannot be made or read.
pub fn open_store(settings: &Settings) -> io::Result<Option<Arc<Store>>> {
    let Some(store) = &settings.store else {
        return Ok(None);
    };
    let keep = Keep {
        days: store.days,
        size: store.size,
    };
    let opened = Store::open(&store.path, keep, settings.fsync);
    opened.map(Arc::new).map(Some).map_err(io::Error::other)
}

/// The writer looks this often for something to do. Nobody wakes it, so that recording costs a request no system call.
const PACE: Duration = Duration::from_millis(20);

/// Kinds of requests whose repeats one worker counts, at about a kilobyte each: 32 MiB in all, or two for each of many workers.
fn counted_by_a_worker() -> usize {
    let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (2 * GROUPS / workers).max(2048)
}

/// Kinds of requests whose repeats are added up at a time, at about three kilobytes each where there are repeats.
const GROUPS: usize = 16_384;

/// What becomes of a request whose event the queue cannot take: one sink that drops nothing keeps all from being dropped.
fn on_full(of_all: impl IntoIterator<Item = OnFull>) -> OnFull {
    let mut of_all = of_all.into_iter();
    if of_all.any(|on_full| on_full == OnFull::Refuse) {
        OnFull::Refuse
    } else {
        OnFull::Drop
    }
}

/// What events say of where they come from.
#[must_use]
pub fn gateway_name(settings: &Settings) -> String {
    settings.gateway.clone().unwrap_or_else(machine_name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crossgate_config::{Rotation, Sink};
    use crossgate_insight::sign_ins::Asked;
    use serde_json::Value;

    use super::testing::{observation, record};
    use super::*;

    fn settings(path: &Path, mode: SignInMode, on_full: OnFull, queue: usize) -> Settings {
        Settings {
            mode,
            gateway: None,
            sinks: vec![Sink::File(path.to_owned())],
            spooled: Vec::new(),
            spools: None,
            on_full,
            queue,
            flush_every: Duration::from_millis(5),
            fsync: false,
            rotation: Rotation {
                size: 1 << 30,
                keep: 1,
            },
            count_window: Duration::from_millis(30),
            receipts: true,
            store: None,
        }
    }

    fn counted(path: &Path) -> u64 {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| {
                let event: Value = serde_json::from_str(line).unwrap();
                event["crossgate"]["count"].as_u64().unwrap()
            })
            .sum()
    }

    /// Four threads serve 5,000 requests each; answers what the file and the totals add up to.
    fn serve(mode: SignInMode, on_full: OnFull, queue: usize) -> (u64, u64, Totals) {
        const EACH: u64 = 5_000;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        let metrics = Metrics::new().unwrap();
        let (sign_ins, writer) =
            SignIns::start(&settings(&path, mode, on_full, queue), &metrics, None, None).unwrap();
        let refused = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4_u128)
                .map(|worker| {
                    let sign_ins = sign_ins.clone();
                    scope.spawn(move || {
                        let serve = |request| match sign_ins.reserve() {
                            Ok(slot) => {
                                record(slot, observation(worker * 10 + request % 7));
                                0
                            }
                            Err(Full) => 1,
                        };
                        (0..u128::from(EACH)).map(serve).sum::<u64>()
                    })
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .sum::<u64>()
        });
        let totals = writer.finish(Duration::from_secs(30)).unwrap();
        let served = 4 * EACH - refused;
        assert_eq!(totals.requests, served);
        assert_eq!((totals.unrecorded, totals.unwritten), (0, 0));
        assert_eq!(counted(&path) + totals.dropped, served);
        (served, counted(&path), totals)
    }

    #[test]
    fn nothing_is_dropped_from_the_queue_where_one_sink_drops_nothing() {
        assert_eq!(on_full([OnFull::Refuse, OnFull::Drop]), OnFull::Refuse);
        assert_eq!(on_full([OnFull::Drop, OnFull::Drop]), OnFull::Drop);
    }

    #[test]
    fn every_request_has_its_event_and_sums_are_exact_under_threads() {
        let (served, counted, totals) = serve(SignInMode::EveryRequest, OnFull::Refuse, 1 << 16);
        assert_eq!((served, counted, totals.events), (20_000, 20_000, 20_000));
    }

    #[test]
    fn counts_of_repeats_are_exact_under_threads() {
        let (served, counted, totals) = serve(SignInMode::FirstThenCount, OnFull::Refuse, 1 << 16);
        assert_eq!((served, counted), (20_000, 20_000));
        assert!(totals.events < 10_000, "{totals:?}");
    }

    #[test]
    fn the_log_adds_up_to_what_was_served_where_repeats_are_counted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        let keep = Keep {
            days: 100_000,
            size: 1 << 30,
        };
        let store = Store::open(&directory.path().join("store"), keep, false).unwrap();
        let store = Arc::new(store);
        let settings = settings(&path, SignInMode::FirstThenCount, OnFull::Refuse, 1 << 16);
        let metrics = Metrics::new().unwrap();
        let (sign_ins, writer) =
            SignIns::start(&settings, &metrics, None, Some(Arc::clone(&store))).unwrap();
        for request in 0..1_000 {
            record(sign_ins.reserve().unwrap(), observation(request % 7));
        }
        let totals = writer.finish(Duration::from_secs(30)).unwrap();
        let all = Asked {
            from: i64::MIN,
            to: i64::MAX,
            who: false,
        };
        let kept = store.sums(&all).unwrap().total();
        assert_eq!((kept.requests, kept.events), (1_000, totals.events));
    }

    #[test]
    fn sums_are_exact_where_requests_are_refused_or_events_dropped() {
        let (_, _, totals) = serve(SignInMode::EveryRequest, OnFull::Refuse, 16);
        assert_eq!(totals.dropped, 0);
        let (served, counted, totals) = serve(SignInMode::EveryRequest, OnFull::Drop, 16);
        assert_eq!(served, 20_000);
        assert_eq!(counted + totals.dropped, 20_000);
    }

    #[test]
    fn a_sink_that_cannot_be_opened_stops_the_start_and_is_named() {
        let settings = settings(
            Path::new("/nonexistent/events.jsonl"),
            SignInMode::EveryRequest,
            OnFull::Refuse,
            16,
        );
        let error = SignIns::start(&settings, &Metrics::new().unwrap(), None, None).unwrap_err();
        assert!(
            error.to_string().contains("`/nonexistent/events.jsonl`"),
            "{error}"
        );
    }
}
