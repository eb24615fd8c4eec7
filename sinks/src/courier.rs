//! Takes events from a spool to their receiver, on a thread of its own: one batch at a time, in order, until each is acknowledged.

mod backoff;
mod parcel;
mod refused;
mod witness;

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crossgate_config::SpooledSink as Settings;
use tokio::runtime::{Builder, Runtime};

use crate::form::{Receipts, Rendered, render};
use crate::origin::Origin;
use crate::send::{Answer, Failure, Kind, Session};
use crate::spool::{Batch, GivenUp, Rejected, Source, Spooled};
use crate::status::{Status, Tally};
use crate::stop::Stop;
use backoff::Backoff;
use parcel::{Parcel, Suspects};
use witness::Witness;

pub(crate) struct Courier {
    settings: Settings,
    gateway: Arc<str>,
    source: Source,
    rejected: Rejected,
    given_up: GivenUp,
    status: Arc<Status>,
    stop: Arc<Stop>,
    tally: Box<dyn Tally>,
    backoff: Backoff,
    /// What the log was told of last, while it lasts.
    told: Option<Kind>,
    /// Events that are sent together at most: fewer after a failure, for a receiver that is too slow for many.
    most: usize,
    witness: Witness,
}

/// Why a session ended.
enum End {
    /// The process does.
    Stopped,
    /// Something failed that is tried again.
    Failed(Failure),
}

impl Courier {
    pub(crate) fn new(
        settings: Settings,
        gateway: &str,
        source: Source,
        status: Arc<Status>,
        stop: Arc<Stop>,
        tally: Box<dyn Tally>,
    ) -> Self {
        Self {
            rejected: Rejected::new(&settings.spool, settings.spool_size),
            given_up: GivenUp::new(&settings.spool, settings.spool_size),
            most: settings.batch,
            witness: Witness::new(&settings.spool),
            settings,
            gateway: gateway.into(),
            source,
            status,
            stop,
            tally,
            backoff: Backoff::new(),
            told: None,
        }
    }

    /// Sends until it is stopped.
    pub(crate) fn run(mut self) {
        // Of this thread alone: where there is one core for all, requests come first. Without it there is only more haste.
        let _ = rustix::process::setpriority_process(None, NICE);
        loop {
            // A session that failed ends with all that its library still does in the background: nothing of it may be sent later than what
            // is sent again.
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    tracing::error!(sink = self.settings.name, %error, "sign-ins: nothing can be sent");
                    if self.stop.end().is_some() {
                        return;
                    }
                    std::thread::sleep(NO_RUNTIME);
                    continue;
                }
            };
            // A panic ends no more than its session: what was not acknowledged is sent again.
            let session = AssertUnwindSafe(|| self.one_session(&runtime));
            let end =
                catch_unwind(session).unwrap_or_else(|panic| End::Failed(of_a_panic(&*panic)));
            let is_over = match end {
                End::Stopped => true,
                End::Failed(_) if self.stop.end().is_some() => true,
                End::Failed(failure) => {
                    let pause = self.failed(&failure);
                    // What another process has left is ours, and of our spool, also while nothing is delivered.
                    if let Err(error) = self.source.look_around() {
                        tracing::error!(sink = self.settings.name, %error, "sign-ins: the spool cannot be read");
                    }
                    runtime.block_on(self.stop.pause(pause));
                    false
                }
            };
            // Does not wait for a name that is still looked up, which cannot be given up and may take long.
            runtime.shutdown_background();
            if is_over {
                return;
            }
        }
    }

    fn one_session(&mut self, runtime: &Runtime) -> End {
        let stop = Arc::clone(&self.stop);
        runtime.block_on(async {
            tokio::select! {
                end = self.session() => end,
                () = stop.over() => End::Stopped,
            }
        })
    }

    async fn session(&mut self) -> End {
        let mut session = None;
        let mut batches = 0;
        loop {
            let batch = match self.source.batch(self.most.max(FEWEST), MOST_BYTES) {
                Ok(batch) => batch,
                Err(error) => return End::Failed(of_the_spool(&error)),
            };
            if batch.events.is_empty() && batch.lost == 0 {
                if self.stop.end().is_some() {
                    return End::Stopped;
                }
                self.stop.woken(LOOK_AROUND).await;
                batches = LOOK_AROUND_AFTER;
            } else if let Err(failure) = self.deliver(&mut session, batch).await {
                return End::Failed(failure);
            }
            batches += 1;
            // Also where events never end: what another process has left is older than most of them.
            if batches >= LOOK_AROUND_AFTER {
                batches = 0;
                if let Err(error) = self.source.look_around() {
                    return End::Failed(of_the_spool(&error));
                }
            }
        }
    }

    async fn deliver(
        &mut self,
        session: &mut Option<Session>,
        batch: Batch,
    ) -> Result<(), Failure> {
        let Batch {
            stream,
            events,
            lost,
            next,
        } = batch;
        let mut parcel = self.pack(events, &stream);
        let mut parts = parcel.parts(self.most);
        let mut suspects = Suspects::default();
        while let Some(part) = parts.pop() {
            let sent = parcel.rendered.get(part.clone()).unwrap_or_default();
            let (first, count) = (part.start, sent.len());
            let mut is_told_of_each = true;
            let taken = match self.send(session, sent).await? {
                Answer::Refused(_) if count > 1 => {
                    // One of them it may be; the others are to go on.
                    let middle = first + count / 2;
                    parts.push(middle..part.end);
                    parts.push(part.start..middle);
                    continue;
                }
                Answer::Refused(reason) => {
                    suspects.add(first, reason);
                    0
                }
                Answer::Taken | Answer::Known => {
                    self.tally.delivered(count as u64);
                    count
                }
                Answer::Begun { taken } => {
                    let taken = taken.min(count);
                    self.tally.delivered(taken as u64);
                    if taken < count {
                        parts.push(first + taken..part.end);
                    }
                    taken
                }
                Answer::Partly { refused, reason } => {
                    // Which ones is not told, and none may be sent again.
                    let of = parcel.events.get(part).unwrap_or_default();
                    self.reject(of, &format!("{refused} of these {count}: {reason}"))?;
                    let refused = refused.min(count as u64);
                    self.tally.rejected(refused);
                    self.tally.delivered(count as u64 - refused);
                    is_told_of_each = false;
                    count
                }
            };
            if taken > 0 {
                suspects.others_are_taken();
                let last = parcel.events.get(first + taken - 1);
                if let Some(event) = last.filter(|_| is_told_of_each) {
                    self.witness.saw(&stream, event);
                }
            }
            let mut done = first + taken;
            for (place, reason) in suspects.convicted() {
                self.reject(parcel.events.get(place), &reason)?;
                self.tally.rejected(1);
                done = done.max(place + 1);
            }
            let last = done.checked_sub(1).and_then(|last| parcel.events.get(last));
            if let (Some(last), None) = (last, suspects.left()) {
                let next = last.sequence + 1;
                self.pass(&mut parcel, next)?;
                self.succeeded();
            }
        }
        if let Some(reason) = suspects.left() {
            let failure = Failure::of_everything(reason);
            let lines = suspects.lines(&parcel);
            // Asked first: the witness is not to be sent again and again for a batch that cannot be given up.
            if !self.can_give_up(&lines)? {
                return Err(self.full(&failure));
            }
            if !self.are_bad_themselves(session).await? {
                return Err(failure);
            }
            self.give_up_all(&lines, &suspects)?;
            // It answers: the next batch need not wait as long.
            self.backoff = Backoff::new();
        }
        self.tally.lost(lost);
        self.pass(&mut parcel, next)
    }

    /// All events before this one are delivered or kept aside, when those are that cannot be sent.
    fn pass(&mut self, parcel: &mut Parcel, next: u64) -> Result<(), Failure> {
        for (event, reason) in parcel.unreadable_before(next) {
            self.reject([&event], &reason)?;
            self.tally.rejected(1);
        }
        self.source
            .acknowledge(next)
            .map_err(|error| of_the_spool(&error))
    }

    /// Brings events into the receiver's form.
    fn pack(&self, all: Vec<Spooled>, stream: &Arc<str>) -> Parcel {
        let mut parcel = Parcel {
            events: Vec::with_capacity(all.len()),
            rendered: Vec::with_capacity(all.len()),
            unreadable: Vec::new(),
        };
        for event in all {
            let origin = Origin {
                gateway: Arc::clone(&self.gateway),
                stream: Arc::clone(stream),
                sequence: event.sequence,
            };
            let line = String::from_utf8_lossy(&event.line);
            match render(self.settings.form, self.receipts(), &line, origin) {
                Ok(rendered) => {
                    parcel.rendered.push(rendered);
                    parcel.events.push(event);
                }
                Err(unreadable) => parcel.unreadable.push((event, unreadable.to_string())),
            }
        }
        parcel
    }

    const fn receipts(&self) -> Receipts {
        if self.settings.receipts {
            Receipts::Kept
        } else {
            Receipts::LeftOut
        }
    }

    async fn send(
        &self,
        session: &mut Option<Session>,
        events: &[Rendered],
    ) -> Result<Answer, Failure> {
        let sending = async {
            let session = match session {
                Some(session) => session,
                None => session.insert(Session::open(&self.settings).await?),
            };
            session.send(events).await
        };
        let late = |_| Failure::new("no answer in time");
        tokio::time::timeout(self.settings.timeout, sending)
            .await
            .map_err(late)?
    }

    fn failed(&mut self, failure: &Failure) -> Duration {
        self.tally.failed();
        if failure.kind != Kind::RefusesAll {
            self.witness.interrupted();
        }
        self.most = if failure.kind == Kind::RefusesAll {
            // The more are sent together, the sooner one is among them that is taken.
            self.most.saturating_mul(2).min(self.settings.batch)
        } else {
            (self.most / 2).max(1)
        };
        if self.backoff.is_fresh() || self.told != Some(failure.kind) {
            // Once, not at every attempt: the metric counts those.
            self.told = Some(failure.kind);
            tracing::error!(
                sink = self.settings.name,
                waiting = self.status.events(),
                "sign-ins: events cannot be delivered; they are kept and sent again: {failure}"
            );
        }
        self.backoff.next(failure.after)
    }

    fn succeeded(&mut self) {
        // By little steps: what was too much is soon too much again.
        self.most = (self.most + self.most / 8 + 1).min(self.settings.batch);
        if !self.backoff.is_fresh() {
            tracing::info!(
                sink = self.settings.name,
                waiting = self.status.events(),
                "sign-ins: events are delivered again"
            );
            self.backoff = Backoff::new();
        }
    }
}

fn of_the_spool(error: &io::Error) -> Failure {
    Failure::new(format!("the spool: {error}"))
}

fn of_a_panic(panic: &(dyn Any + Send)) -> Failure {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::new(format!(
        "a mistake in Crossgate, please report it: {}",
        words.unwrap_or("a panic without words")
    ))
}

/// Of one batch's lines. Forms make them little longer, and Azure Monitor takes a megabyte.
const MOST_BYTES: usize = 800_000;

/// Of one batch at least, in however many parts it is sent: what is refused alone is given up only where another one is taken.
const FEWEST: usize = 100;

/// Another process that hands over may have left something.
const LOOK_AROUND: Duration = Duration::from_secs(1);

/// Batches between two looks: seldom enough to cost nothing.
const LOOK_AROUND_AFTER: u32 = 16;

/// Among threads that want the same core, a tenth of it.
const NICE: i32 = 10;

/// A machine without file descriptors left has other troubles.
const NO_RUNTIME: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
