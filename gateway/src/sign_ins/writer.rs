//! The writer: takes observations off the queue, makes events of them and sees to it that every sink gets every one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf as _, BytesMut};
use crossgate_config::OnFull;
use prometheus::IntCounter;

use super::aggregate::Aggregate;
use super::event::{Event, Receipts};
use super::observation::Observation;
use super::queue::{Queue, Room};
use super::sinks::{Failed, Sink};
use crate::admin::Noted;

/// One writer's state. Moves only when told to, and by the time it is told.
pub(super) struct Work {
    queue: Arc<Queue>,
    /// `None` where every request gives an event of its own.
    aggregate: Option<Aggregate>,
    outlets: Vec<Outlet>,
    receipts: Receipts,
    /// Bytes that may wait for one sink.
    most_pending: usize,
    /// When the workers' counts are to be collected.
    collect: Instant,
    events: u64,
    /// Events that are to be handed out; kept for its room.
    ready: Vec<Event>,
    /// The same, written already.
    lines: Vec<u8>,
    /// Who wants to know of them.
    noted: Option<Noted>,
    /// Requests that were refused for want of room, as they were counted last.
    refused: u64,
    /// When the last of them was; `None` where the log has told that it is over.
    refusing: Option<Instant>,
}

impl Work {
    pub(super) fn new(
        queue: Arc<Queue>,
        aggregate: Option<Aggregate>,
        outlets: Vec<Outlet>,
        receipts: Receipts,
        noted: Option<Noted>,
    ) -> Self {
        Self {
            queue,
            aggregate,
            outlets,
            receipts,
            most_pending: MOST_PENDING,
            collect: Instant::now(),
            events: 0,
            ready: Vec::new(),
            lines: Vec::new(),
            noted,
            refused: 0,
            refusing: None,
        }
    }

    /// Takes what waits, writes what is due. Answers whether more may wait already.
    pub(super) fn pass(&mut self, now: Instant) -> bool {
        let more = self.take(now);
        self.deliver(now);
        if !self.is_behind() {
            self.queue.caught_up();
        }
        self.tell_of_refusals(now);
        more
    }

    /// Has every sink tried again at once.
    pub(super) fn try_again(&mut self) {
        for outlet in &mut self.outlets {
            outlet.retry = None;
        }
    }

    /// What can be written is; answers whether nothing is left, neither here nor in the hands of a request.
    pub(super) fn finish(&mut self, now: Instant) -> bool {
        while self.pass(now) {}
        if self.queue.held() > 0 {
            return false;
        }
        self.collect(now);
        if let Some(aggregate) = &mut self.aggregate {
            aggregate.drain(&mut self.ready);
        }
        self.hand_out();
        self.deliver(now);
        self.all_written()
    }

    /// Events made so far.
    pub(super) const fn events(&self) -> u64 {
        self.events
    }

    /// Bytes that wait for sinks.
    pub(super) fn waiting(&self) -> usize {
        self.outlets.iter().map(|outlet| outlet.pending.len()).sum()
    }

    /// Events that wait for a sink, and such as were dropped for it, which at the end are all that wait for one that may lose some.
    pub(super) fn unwritten(&self) -> impl Iterator<Item = Unwritten<'_>> {
        self.outlets.iter().map(|outlet| {
            let waiting = lines_in(&outlet.pending) as u64;
            let dropped = outlet.counted.dropped.get();
            let (waiting, dropped) = match outlet.on_full {
                OnFull::Refuse => (waiting, dropped),
                OnFull::Drop => (0, dropped + waiting),
            };
            Unwritten {
                sink: &outlet.name,
                waiting,
                dropped,
            }
        })
    }

    /// Makes events of all that is left and tries every sink once more, whatever it did before.
    pub(super) fn give_up(&mut self, now: Instant) {
        self.queue.caught_up();
        while let Some(observation) = self.queue.pop(Room::GivenBack) {
            self.add(&observation, now);
        }
        self.collect(now);
        if let Some(aggregate) = &mut self.aggregate {
            aggregate.drain(&mut self.ready);
        }
        self.hand_out();
        self.try_again();
        for outlet in &mut self.outlets {
            outlet.deliver_by(now, |sink, lines| sink.write(lines).map(|()| lines.len()));
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        // What a sink has not taken is kept, but not without end: then the room runs out, and requests are refused. The others, and whoever
        // looks at what happens, are not kept waiting for it.
        let room = if self.is_behind() {
            Room::Stays
        } else {
            Room::GivenBack
        };
        let mut taken = 0;
        while taken < BATCH {
            let Some(observation) = self.queue.pop(room) else {
                break;
            };
            self.add(&observation, now);
            taken += 1;
        }
        // Counts of repeats take no room, and wait where they are bounded.
        if room == Room::GivenBack {
            if self.collect <= now {
                self.collect(now);
            }
            if let Some(aggregate) = &mut self.aggregate {
                aggregate.due(now, &mut self.ready);
            }
        }
        self.hand_out();
        taken == BATCH
    }

    fn add(&mut self, observation: &Observation, now: Instant) {
        if let Some(noted) = &self.noted {
            noted.request(observation);
        }
        match &mut self.aggregate {
            Some(aggregate) => aggregate.add(observation, now, &mut self.ready),
            None => {
                Event::write_one(observation, self.receipts, &mut self.lines);
                self.events += 1;
            }
        }
    }

    fn collect(&mut self, now: Instant) {
        if let Some(aggregate) = &mut self.aggregate {
            for repeats in self.queue.collect() {
                if let Some(noted) = &self.noted {
                    noted.repeats(&repeats.of, repeats.last);
                }
                aggregate.add_counted(&repeats, now, &mut self.ready);
            }
            self.collect = now + aggregate.window().min(COLLECTED_AFTER);
        }
    }

    fn hand_out(&mut self) {
        self.events += self.ready.len() as u64;
        for event in self.ready.drain(..) {
            event.write(&mut self.lines);
        }
        for outlet in &mut self.outlets {
            let is_full = outlet.pending.len() >= self.most_pending;
            if is_full && outlet.on_full == OnFull::Drop {
                outlet.drop_all(&self.lines);
            } else {
                outlet.pending.extend_from_slice(&self.lines);
            }
        }
        self.lines.clear();
    }

    fn deliver(&mut self, now: Instant) {
        for outlet in &mut self.outlets {
            outlet.deliver(now);
        }
    }

    /// Whether more waits for a sink than may, and none of it may be dropped.
    fn is_behind(&self) -> bool {
        self.behind().next().is_some()
    }

    fn behind(&self) -> impl Iterator<Item = &Outlet> {
        let outlets = self.outlets.iter();
        outlets.filter(|outlet| outlet.on_full == OnFull::Refuse && self.is_full(outlet))
    }

    fn is_full(&self, outlet: &Outlet) -> bool {
        outlet.pending.len() >= self.most_pending
    }

    /// Once, not for every request: the metric counts those.
    fn tell_of_refusals(&mut self, now: Instant) {
        let refused = self.queue.counts.refused.get();
        let more = refused > self.refused;
        self.refused = refused;
        match self.refusing {
            None if more => {
                let sinks: Vec<_> = self.behind().map(|outlet| &*outlet.name).collect();
                let sinks = sinks.join(", ");
                if sinks.is_empty() {
                    tracing::error!(
                        "sign-ins: more events came at a time than there is room for; requests were refused"
                    );
                } else {
                    tracing::error!(
                        sinks,
                        "sign-ins: there is no room for more events; requests are refused until these sinks take theirs"
                    );
                }
                self.refusing = Some(now);
            }
            Some(_) if more => self.refusing = Some(now),
            Some(last) if now.saturating_duration_since(last) >= LAST_RETRY => {
                if !self.is_behind() {
                    self.refusing = None;
                    tracing::info!(
                        refused,
                        "sign-ins: there is room for events again; so many requests were refused since the start"
                    );
                }
            }
            None | Some(_) => {}
        }
    }

    fn all_written(&self) -> bool {
        self.outlets.iter().all(|outlet| outlet.pending.is_empty())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // All of them before the first is waited for.
        for outlet in &self.outlets {
            outlet.sink.end();
        }
    }
}

/// What has not reached a sink.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Unwritten<'w> {
    pub(super) sink: &'w str,
    pub(super) waiting: u64,
    pub(super) dropped: u64,
}

/// A sink with what it has not taken yet.
pub(super) struct Outlet {
    name: String,
    sink: Box<dyn Sink>,
    /// What happens where more waits for it than may.
    on_full: OnFull,
    pending: BytesMut,
    /// Events given up since it last took any.
    dropped: u64,
    /// Failed, and not to be tried before.
    retry: Option<Retry>,
    counted: Counted,
}

/// What becomes of one sink's events.
pub(super) struct Counted {
    /// Taken by the sink.
    pub(super) written: IntCounter,
    /// Attempts that failed.
    pub(super) failed: IntCounter,
    /// Given up, for want of room while the sink took none.
    pub(super) dropped: IntCounter,
}

#[derive(Clone, Copy)]
struct Retry {
    at: Instant,
    after: Duration,
}

impl Outlet {
    pub(super) fn new(
        name: String,
        sink: Box<dyn Sink>,
        on_full: OnFull,
        counted: Counted,
    ) -> Self {
        Self {
            name,
            sink,
            on_full,
            pending: BytesMut::new(),
            dropped: 0,
            retry: None,
            counted,
        }
    }

    fn drop_all(&mut self, lines: &[u8]) {
        let events = lines_in(lines) as u64;
        if events == 0 {
            return;
        }
        self.counted.dropped.inc_by(events);
        if self.dropped == 0 {
            // Once, not for every event: the metric counts those.
            tracing::error!(
                sink = self.name,
                "sign-ins: the sink takes no events and no more may wait for it; from now on its events are dropped"
            );
        }
        self.dropped += events;
    }

    fn deliver(&mut self, now: Instant) {
        self.deliver_by(now, |sink, lines| sink.take(lines));
    }

    fn deliver_by(
        &mut self,
        now: Instant,
        write: impl FnOnce(&mut dyn Sink, &[u8]) -> Result<usize, Failed>,
    ) {
        if self.pending.is_empty() || self.retry.is_some_and(|retry| retry.at > now) {
            return;
        }
        let (done, error) = match write(&mut *self.sink, &self.pending) {
            Ok(taken) => (taken.min(self.pending.len()), None),
            Err(Failed { written, error }) => (written.min(self.pending.len()), Some(error)),
        };
        let lines = lines_in(self.pending.get(..done).unwrap_or_default());
        self.counted.written.inc_by(lines as u64);
        self.pending.advance(done);
        if self.pending.is_empty() && self.pending.capacity() > MOST_PENDING {
            self.pending = BytesMut::new();
        }
        let Some(error) = error else {
            // Some take what they are given and tell later what became of it.
            if done > 0 && self.retry.take().is_some() {
                tracing::info!(sink = self.name, "sign-ins: the sink takes events again");
            }
            if self.dropped > 0 && done > 0 {
                tracing::error!(
                    sink = self.name,
                    dropped = self.dropped,
                    "sign-ins: the sink takes events again; so many were dropped meanwhile"
                );
                self.dropped = 0;
            }
            return;
        };
        self.counted.failed.inc();
        if self.retry.is_none() {
            // Once, not at every attempt: the metric counts those.
            tracing::error!(
                sink = self.name,
                %error,
                "sign-ins: the sink takes no events; they are kept and tried again"
            );
        }
        let after = match self.retry {
            Some(retry) if done == 0 => (retry.after * 2).min(LAST_RETRY),
            // One that takes some makes room for others soon.
            Some(_) | None => FIRST_RETRY,
        };
        self.retry = Some(Retry {
            at: now + after,
            after,
        });
    }
}

fn lines_in(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// Observations between two writes: about a megabyte of events.
const BATCH: usize = 512;

/// Often enough for whoever waits for a count, and so that a policy of old is kept by no counted request for long.
const COLLECTED_AFTER: Duration = Duration::from_secs(1);

/// Some ten thousand events: a sink that fails for a moment costs the others nothing.
const MOST_PENDING: usize = 16 << 20;

/// A disk that was full for a moment.
const FIRST_RETRY: Duration = Duration::from_millis(50);

/// Soon enough after an operator made room.
const LAST_RETRY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
