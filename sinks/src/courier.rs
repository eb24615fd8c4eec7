//! Takes events from a spool to their receiver, on a thread of its own: one batch at a time, in order, until each is acknowledged.

mod backoff;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossgate_config::SpooledSink as Settings;
use tokio::runtime::{Builder, Runtime};

use crate::form::{Rendered, render};
use crate::origin::Origin;
use crate::send::{Answer, Failure, Session};
use crate::spool::{Batch, Rejected, Source, Spooled};
use crate::status::{Status, Tally};
use crate::stop::Stop;
use backoff::Backoff;

pub(crate) struct Courier {
    settings: Settings,
    gateway: Arc<str>,
    source: Source,
    rejected: Rejected,
    status: Arc<Status>,
    stop: Arc<Stop>,
    tally: Box<dyn Tally>,
    backoff: Backoff,
    /// Events of the next batch at most: fewer after a failure, for a receiver that is too slow for many.
    most: usize,
}

/// The events of a batch that are sent, with what they are made of.
struct Parcel {
    events: Vec<Spooled>,
    rendered: Vec<Rendered>,
    /// What is behind them, and why it cannot be sent. What follows it is another parcel's.
    unreadable: Option<(Spooled, String)>,
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
            rejected: Rejected::new(&settings.spool),
            most: settings.batch,
            settings,
            gateway: gateway.into(),
            source,
            status,
            stop,
            tally,
            backoff: Backoff::new(),
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
                    std::thread::sleep(NO_RUNTIME);
                    continue;
                }
            };
            match self.one_session(&runtime) {
                End::Stopped => return,
                End::Failed(_) if self.stop.end().is_some() => return,
                End::Failed(failure) => {
                    let pause = self.failed(&failure);
                    runtime.block_on(self.stop.pause(pause));
                }
            }
            runtime.shutdown_background();
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
        loop {
            let batch = match self.source.batch(self.most, MOST_BYTES) {
                Ok(batch) => batch,
                Err(error) => return End::Failed(of_the_spool(&error)),
            };
            if batch.events.is_empty() && batch.lost == 0 {
                if self.stop.end().is_some() {
                    return End::Stopped;
                }
                self.stop.woken(LOOK_AROUND).await;
                if let Err(error) = self.source.look_around() {
                    return End::Failed(of_the_spool(&error));
                }
                continue;
            }
            if let Err(failure) = self.deliver(&mut session, batch).await {
                return End::Failed(failure);
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
        let parcel = self.pack(events, &stream);
        let Parcel {
            events,
            rendered,
            unreadable,
        } = &parcel;
        // The halves that are still to be sent, the next one last.
        let mut parts: Vec<_> = std::iter::once(0..rendered.len()).collect();
        while let Some(part) = parts.pop() {
            let sent = rendered.get(part.clone()).unwrap_or_default();
            let of = events.get(part.clone()).unwrap_or_default();
            let (Some(last), count) = (of.last(), of.len() as u64) else {
                continue;
            };
            match self.send(session, sent).await? {
                Answer::Taken => self.tally.delivered(count),
                Answer::Refused(_) if count > 1 => {
                    // One of them it is; the others are to go on.
                    let middle = part.start + sent.len() / 2;
                    parts.push(middle..part.end);
                    parts.push(part.start..middle);
                    continue;
                }
                Answer::Refused(reason) => {
                    self.reject(of, &reason)?;
                    self.tally.rejected(count);
                }
                Answer::Partly { refused, reason } => {
                    // Which ones is not told, and none may be sent again.
                    self.reject(of, &format!("{refused} of these {count}: {reason}"))?;
                    self.tally.rejected(refused.min(count));
                    self.tally.delivered(count.saturating_sub(refused));
                }
            }
            self.source
                .acknowledge(last.sequence + 1)
                .map_err(|error| of_the_spool(&error))?;
            self.succeeded();
        }
        let Some((event, reason)) = unreadable else {
            self.tally.lost(lost);
            return self
                .source
                .acknowledge(next)
                .map_err(|error| of_the_spool(&error));
        };
        self.reject([event], reason)?;
        self.tally.rejected(1);
        self.source
            .acknowledge(event.sequence + 1)
            .map_err(|error| of_the_spool(&error))
    }

    /// Brings events into the receiver's form, up to the first that is none.
    fn pack(&self, all: Vec<Spooled>, stream: &Arc<str>) -> Parcel {
        let mut parcel = Parcel {
            events: Vec::with_capacity(all.len()),
            rendered: Vec::with_capacity(all.len()),
            unreadable: None,
        };
        for event in all {
            let origin = Origin {
                gateway: Arc::clone(&self.gateway),
                stream: Arc::clone(stream),
                sequence: event.sequence,
            };
            let line = String::from_utf8_lossy(&event.line);
            match render(self.settings.form, &line, origin) {
                Ok(rendered) => {
                    parcel.rendered.push(rendered);
                    parcel.events.push(event);
                }
                Err(unreadable) => {
                    parcel.unreadable = Some((event, unreadable.to_string()));
                    break;
                }
            }
        }
        parcel
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

    fn reject<'a>(
        &self,
        events: impl IntoIterator<Item = &'a Spooled>,
        reason: &str,
    ) -> Result<(), Failure> {
        tracing::error!(
            sink = self.settings.name,
            file = %self.rejected.path().display(),
            "sign-ins: the receiver refuses an event for good; it is kept in the file: {reason}"
        );
        self.rejected
            .keep(events, reason)
            .map_err(|error| of_the_spool(&error))
    }

    fn failed(&mut self, failure: &Failure) -> Duration {
        self.tally.failed();
        self.most = (self.most / 2).max(1);
        if self.backoff.is_fresh() {
            // Once, not at every attempt: the metric counts those.
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

/// Of one batch's lines. Forms make them little longer, and Azure Monitor takes a megabyte.
const MOST_BYTES: usize = 800_000;

/// Another process that hands over may have left something.
const LOOK_AROUND: Duration = Duration::from_secs(1);

/// Among threads that want the same core, a tenth of it.
const NICE: i32 = 10;

/// A machine without file descriptors left has other troubles.
const NO_RUNTIME: Duration = Duration::from_secs(1);
