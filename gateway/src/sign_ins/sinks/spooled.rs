//! Events into the spool of a receiver over the network.

use std::io;

use crossgate_config::SpooledSink as Settings;
use crossgate_sinks::Tally;
use prometheus::IntCounter;

use super::{Failed, Sink};
use crate::ops::Metrics;

/// The spool, from which a thread of its own sends.
#[derive(Debug)]
pub(crate) struct SpooledSink(crossgate_sinks::Sink);

impl SpooledSink {
    /// Opens the spool; `gateway` is what events say of where they come from.
    pub(crate) fn open(
        settings: &Settings,
        gateway: &str,
        sync: bool,
        metrics: &Metrics,
    ) -> io::Result<Self> {
        let counter = |result| {
            metrics
                .sign_in_events
                .with_label_values(&[&*settings.name, result])
        };
        let counted = Counted {
            delivered: counter("delivered"),
            rejected: counter("rejected"),
            lost: counter("lost"),
            failed: counter("send_error"),
        };
        let sink =
            crossgate_sinks::Sink::open(settings, gateway, sync, counted).map_err(|error| {
                io::Error::new(error.kind(), format!("sink `{}`: {error}", settings.name))
            })?;
        let (name, status) = (settings.name.clone(), sink.status());
        metrics.on_scrape(move |metrics| metrics.spools.show(&name, &status));
        Ok(Self(sink))
    }
}

impl Sink for SpooledSink {
    fn write(&mut self, lines: &[u8]) -> Result<(), Failed> {
        self.0.append(lines).map_err(|failed| Failed {
            written: failed.written,
            error: failed.error,
        })
    }

    fn end(&self) {
        self.0.end();
    }
}

/// What becomes of a receiver's events.
struct Counted {
    delivered: IntCounter,
    rejected: IntCounter,
    lost: IntCounter,
    failed: IntCounter,
}

impl Tally for Counted {
    fn delivered(&self, events: u64) {
        self.delivered.inc_by(events);
    }

    fn rejected(&self, events: u64) {
        self.rejected.inc_by(events);
    }

    fn lost(&self, events: u64) {
        self.lost.inc_by(events);
    }

    fn failed(&self) {
        self.failed.inc();
    }
}
