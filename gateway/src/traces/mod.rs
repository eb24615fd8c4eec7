//! Traces: a request's place in the trace of its client is passed on to its upstream, and told to a collector.
//!
//! Off unless `[traces]` names a collector; then headers of traces pass as any others do. Spans are no sign-in events: one that finds no
//! room is dropped, and counted.

mod context;
mod export;
mod messages;
mod span;

use std::sync::Arc;

use crossbeam_queue::ArrayQueue;
use crossgate_config::{Share, Traces as Settings};
use http::HeaderMap;
use prometheus::IntCounter;

use crate::ops::Metrics;
use context::Parent;
pub use context::TraceId;
pub use export::Exporter;
use span::Ended;
pub use span::Trace;

/// What begins traces and goes on with them. Never waits.
#[derive(Debug)]
pub struct Traces {
    sample: Share,
    spans: Arc<Spans>,
}

/// Requests that have ended and are not told yet.
#[derive(Debug)]
pub struct Spans {
    ended: ArrayQueue<Ended>,
    dropped: IntCounter,
}

impl Traces {
    /// What the settings want, and what tells the collector.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub fn new(
        settings: &Settings,
        metrics: &Metrics,
    ) -> Result<(Arc<Self>, Exporter), reqwest::Error> {
        let counter = |result| metrics.spans.with_label_values(&[result]);
        let spans = Arc::new(Spans {
            ended: ArrayQueue::new(settings.queue),
            dropped: counter("dropped"),
        });
        let exporter = Exporter::new(
            settings,
            Arc::clone(&spans),
            counter("exported"),
            counter("failed"),
        )?;
        let traces = Self {
            sample: settings.sample,
            spans,
        };
        Ok((Arc::new(traces), exporter))
    }

    /// The place of a request in its trace.
    #[must_use]
    pub fn place(&self, headers: &HeaderMap) -> Box<Trace> {
        let parent = Parent::read(headers);
        let keeps_state = parent.is_some() && context::is_state(headers);
        let keeps = |id: TraceId| is_kept(id, self.sample);
        Box::new(Trace::new(parent, keeps_state, &self.spans, keeps))
    }
}

impl Spans {
    fn take(&self, ended: Ended) {
        if self.ended.push(ended).is_err() {
            self.dropped.inc();
        }
    }
}

/// By the random part of the id, so that whoever samples by it too keeps the same traces.
fn is_kept(id: TraceId, sample: Share) -> bool {
    let part = u128::from(id.random_part()) * u128::from(Share::WHOLE);
    part < u128::from(sample.millionths()) << 56
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_kept_or_none_or_about_as_many_as_were_asked_for() {
        let kept = |sample| {
            let share = Share::of_millionths(sample).unwrap();
            (0..20_000)
                .filter(|_| is_kept(TraceId::new(), share))
                .count()
        };
        assert_eq!(kept(0), 0);
        assert_eq!(kept(Share::WHOLE), 20_000);
        let tenth = kept(Share::WHOLE / 10);
        assert!((1_600..2_400).contains(&tenth), "{tenth}");
    }
}
