//! The writer's thread: its clock, and its end.
//!
//! A thread and not a task, because files make their writers wait.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::queue::Queue;
use super::writer::{Unwritten, Work};

/// The running writer. Dropped without [`Writer::finish`] it still writes what it can, but nobody waits for it.
#[derive(Debug)]
pub struct Writer {
    stop: mpsc::Sender<Duration>,
    thread: JoinHandle<Totals>,
}

/// What a run adds up to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// Requests that were let in.
    pub requests: u64,
    /// Events made; their counts and the drops add up to the requests.
    pub events: u64,
    /// Requests that went on without an event.
    pub dropped: u64,
    /// Requests whose end nobody saw.
    pub unrecorded: u64,
    /// Events that some sink did not take before the time was over.
    pub unwritten: u64,
}

impl Writer {
    pub(super) fn start(mut work: Work, queue: Arc<Queue>, pace: Duration) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("sign-ins".to_owned())
            .spawn(move || {
                let limit = loop {
                    if work.pass(Instant::now()) {
                        continue;
                    }
                    match stopped.recv_timeout(pace) {
                        Err(RecvTimeoutError::Timeout) => {}
                        Ok(limit) => break limit,
                        Err(RecvTimeoutError::Disconnected) => break pace,
                    }
                };
                work.try_again();
                let begun = Instant::now();
                let (mut deadline, mut waiting) = (begun + limit, work.waiting());
                while !work.finish(Instant::now()) && Instant::now() < deadline {
                    // Who takes events, however slowly, is given time to take all.
                    if work.waiting() < waiting {
                        deadline = (Instant::now() + limit).min(begun + limit * MOST_LIMITS);
                    }
                    waiting = work.waiting();
                    std::thread::sleep(pace);
                }
                totals(&mut work, &queue)
            })?;
        Ok(Self { stop, thread })
    }

    /// Writes what is still to be written, says what it all adds up to, and ends.
    ///
    /// To be called when no request is served any more. Waits: not for the request path. At most about `limit` after a sink has taken something, and
    /// twice that in all. `None`: it has panicked, and events are missing.
    pub fn finish(self, limit: Duration) -> Option<Totals> {
        // A writer that is gone already has told its totals to the thread's handle.
        let _ = self.stop.send(limit);
        let ended = self.thread.join();
        if ended.is_err() {
            tracing::error!("sign-ins: the writer has panicked; events are missing");
        }
        ended.ok()
    }
}

/// Supervisors do not wait for ever.
const MOST_LIMITS: u32 = 2;

fn totals(work: &mut Work, queue: &Queue) -> Totals {
    work.give_up(Instant::now());
    let mut unwritten = 0;
    for Unwritten {
        sink,
        waiting,
        dropped,
    } in work.unwritten()
    {
        unwritten += waiting;
        if waiting > 0 {
            tracing::error!(sink, "sign-ins: {waiting} events could not be written");
        }
        if dropped > 0 {
            tracing::warn!(
                sink,
                "sign-ins: {dropped} events were dropped, as `on_full` has it"
            );
        }
    }
    // Whoever still holds a place is cut off with the process.
    let cut_off = queue.held() as u64;
    let totals = Totals {
        requests: queue.requests() + cut_off,
        events: work.events(),
        dropped: queue.counts.dropped.get(),
        unrecorded: queue.counts.unrecorded.get() + cut_off,
        unwritten,
    };
    tracing::info!(
        refused = queue.counts.refused.get(),
        unrecorded = totals.unrecorded,
        unwritten = totals.unwritten,
        "sign-ins: {} requests, {} events, {} dropped",
        totals.requests,
        totals.events,
        totals.dropped
    );
    totals
}
