//! One event: Graph's `signIn` (beta) with what is ours beside it under `crossgate`.

use std::io::Write as _;

use jiff::Timestamp;

use super::observation::Observation;
use super::render::SignIn;

/// An event that stands for one request or for repeats of it, rendered but for the count.
///
/// Rendered at once, so that waiting repeats keep no policy of old alive.
#[derive(Debug)]
pub(super) struct Event {
    /// One JSON object without its last two braces: the count and its times follow.
    head: Vec<u8>,
    count: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
}

impl Event {
    /// The event of one request.
    pub(super) fn of(observation: &Observation) -> Self {
        Self {
            head: render(observation),
            count: 1,
            first_seen: observation.arrived,
            last_seen: observation.arrived,
        }
    }

    /// Adds one repeat.
    pub(super) fn repeat(&mut self, arrived: Timestamp) {
        self.count += 1;
        // Requests arrive here as they end, not as they began.
        self.first_seen = self.first_seen.min(arrived);
        self.last_seen = self.last_seen.max(arrived);
    }

    /// Appends the line.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        // Writing to memory does not fail.
        let _ = writeln!(
            out,
            r#","count":{},"firstSeen":"{}","lastSeen":"{}"}}}}"#,
            self.count,
            time(self.first_seen),
            time(self.last_seen)
        );
    }
}

/// To the millisecond.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn render(observation: &Observation) -> Vec<u8> {
    let lines = observation.explain();
    let mut head = Vec::with_capacity(2048);
    // Only text, numbers and lists: nothing here can fail to be written as JSON.
    let _ = serde_json::to_writer(&mut head, &SignIn::of(observation, &lines));
    // The last two braces end `crossgate` and the object.
    head.truncate(head.len().saturating_sub(2));
    head
}
