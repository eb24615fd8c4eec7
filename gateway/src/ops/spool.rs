//! What waits for receivers of sign-in events, by sink.

use std::sync::Arc;

use crossgate_sinks::Status;
use jiff::Timestamp;
use prometheus::{GaugeVec, IntGaugeVec};

use super::register::New;

/// Sizes of the spools.
#[derive(Debug)]
pub(crate) struct SpoolMetrics {
    events: IntGaugeVec,
    bytes: IntGaugeVec,
    oldest: GaugeVec,
}

impl SpoolMetrics {
    pub(super) fn new(new: &New<'_>) -> Result<Self, prometheus::Error> {
        Ok(Self {
            events: new.gauges(
                "sign_in_spool_events",
                "Sign-in events that wait for a receiver.",
                &["sink"],
            )?,
            bytes: new.gauges(
                "sign_in_spool_bytes",
                "Bytes that a receiver's spool takes on disk.",
                &["sink"],
            )?,
            oldest: new.real_gauges(
                "sign_in_spool_oldest_age_seconds",
                "How long the oldest event that waits for a receiver does; 0 where none waits.",
                &["sink"],
            )?,
        })
    }

    /// How many events wait for one, and for how many seconds the oldest of them has.
    pub(super) fn waiting(&self, sink: &str) -> (u64, f64) {
        let events = self.events.with_label_values(&[sink]).get();
        let oldest = self.oldest.with_label_values(&[sink]).get();
        (u64::try_from(events).unwrap_or_default(), oldest)
    }

    /// Shows what waits for one.
    pub(crate) fn show(&self, sink: &str, status: &Arc<Status>) {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let age = status.oldest().map_or(0.0, |oldest| {
            Timestamp::now().duration_since(oldest).as_secs_f64()
        });
        let sink = [sink];
        self.events
            .with_label_values(&sink)
            .set(whole(status.events()));
        self.bytes
            .with_label_values(&sink)
            .set(whole(status.bytes()));
        self.oldest.with_label_values(&sink).set(age.max(0.0));
    }
}
