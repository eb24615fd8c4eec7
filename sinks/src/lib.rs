//! Sign-in events to receivers over the network: a SIEM, a stream, a collector.
//!
//! An event is taken when it is in a spool on disk, and sent from there by a thread of its own, in the order in which it was taken, until its
//! receiver has acknowledged it. So a receiver that is slow, gone or full costs requests nothing, and an event comes at least once: its id is the
//! same each time.
//!
//! Knows nothing about how events are made; it reads their lines.

mod courier;
mod form;
mod origin;
mod send;
mod spool;
mod status;
mod stop;
mod unclaimed;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossgate_config::SpooledSink as Settings;

use courier::Courier;
pub use form::mapping;
pub use origin::machine_name;
use spool::{Appender, Spool};
pub use status::{Status, Tally};
use stop::Stop;
pub use unclaimed::{Unclaimed, unclaimed};

/// One receiver's spool, and the thread that empties it. Dropped, it delivers for a moment longer; what is left is sent after the next start.
pub struct Sink {
    appender: Appender,
    status: Arc<Status>,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

/// A write that got only part of the way.
#[derive(Debug)]
pub struct Failed {
    /// So many bytes of the lines are in the spool.
    pub written: usize,
    /// What stopped it.
    pub error: io::Error,
}

impl Sink {
    /// Opens the spool, with what an earlier process left in it, and begins to send.
    ///
    /// `gateway` is what events say of where they come from. With `sync` an event is taken only when the disk has confirmed it.
    ///
    /// # Errors
    /// The folder cannot be made, read or written, or the thread cannot be started.
    pub fn open(
        settings: &Settings,
        gateway: &str,
        sync: bool,
        tally: impl Tally + 'static,
    ) -> io::Result<Self> {
        let status = Arc::new(Status::default());
        let Spool { appender, source } =
            Spool::open(&settings.spool, settings.spool_size, sync, &status)?;
        let stop = Arc::new(Stop::default());
        let courier = Courier::new(
            settings.clone(),
            gateway,
            source,
            Arc::clone(&status),
            Arc::clone(&stop),
            Box::new(tally),
        );
        let thread = std::thread::Builder::new()
            .name(format!("sink {}", settings.name))
            .spawn(move || courier.run())?;
        Ok(Self {
            appender,
            status,
            stop,
            thread: Some(thread),
        })
    }

    /// Takes lines, each one event ended by a line feed. They are in the spool when it returns.
    ///
    /// # Errors
    /// The spool has no room, or the disk takes nothing: give what was not written again.
    pub fn append(&mut self, lines: &[u8]) -> Result<(), Failed> {
        let result = self.appender.append(lines);
        self.stop.wake();
        result
    }

    /// Tells the thread that it is to end soon, without waiting for it: of several sinks each is told before the first is dropped, so that they
    /// end together.
    pub fn end(&self) {
        if self.stop.end().is_none() {
            self.stop.stop(LAST_WAIT);
        }
    }

    /// What waits, for whoever watches.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.end();
        if let Some(thread) = self.thread.take() {
            // A courier that has panicked left everything in the spool.
            let _ = thread.join();
        }
    }
}

/// Who ends waits no longer for a receiver: what it has not acknowledged is sent again after the next start.
const LAST_WAIT: Duration = Duration::from_secs(1);
