//! One app's part of the metrics: counting without looking anything up.

use std::sync::OnceLock;
use std::time::Duration;

use crossgate_policy::decision::Direction;
use crossgate_policy::{Outcome, Step};
use prometheus::{Histogram, IntCounter, IntCounterVec};

use crate::sign_ins::Ending;
use crate::sign_ins::observation::{ABORTED, NOT_READY};

/// One app's part of the metrics, resolved.
pub struct AppMetrics {
    label: Box<str>,
    requests: IntCounterVec,
    /// One place for each direction, outcome and step; filled when first counted, so that only what happened is shown.
    counters: Box<[OnceLock<IntCounter>]>,
    duration: Histogram,
    upstream: Histogram,
}

impl AppMetrics {
    pub(super) fn new(
        label: &str,
        requests: &IntCounterVec,
        duration: Histogram,
        upstream: Histogram,
    ) -> Self {
        let places = DIRECTIONS.len() * OUTCOMES.len() * STEPS.len();
        Self {
            label: label.into(),
            requests: requests.clone(),
            counters: (0..places).map(|_| OnceLock::new()).collect(),
            duration,
            upstream,
        }
    }

    /// Counts one request whose answer is known.
    pub fn answered(&self, ending: &Ending) {
        let direction = ending
            .decision()
            .and_then(|decision| decision.facts.as_ref())
            .map_or(NONE, |facts| facts.direction.name());
        let step = ending.step().map_or(NONE, Step::name);
        self.count(direction, ending.outcome(), step);
    }

    /// Adds the time that one request took to the end of its answer.
    pub fn ended(&self, duration: Duration) {
        self.duration.observe(duration.as_secs_f64());
    }

    /// Adds the time an upstream took.
    pub fn upstream(&self, duration: Duration) {
        self.upstream.observe(duration.as_secs_f64());
    }

    fn count(&self, direction: &str, outcome: &str, step: &str) {
        let place = |names: &[&str], name: &str| names.iter().position(|known| *known == name);
        let counter = (|| {
            let direction = place(&DIRECTIONS, direction)?;
            let outcome = place(&OUTCOMES, outcome)?;
            let step = place(&STEPS, step)?;
            self.counters
                .get((direction * OUTCOMES.len() + outcome) * STEPS.len() + step)
        })();
        let resolve = || {
            self.requests
                .with_label_values(&[&*self.label, direction, outcome, step])
        };
        match counter {
            Some(counter) => counter.get_or_init(resolve).inc(),
            // A name that the tables lack is counted all the same; a test keeps the tables whole.
            None => resolve().inc(),
        }
    }
}

impl std::fmt::Debug for AppMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppMetrics")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// The value of a label that does not apply.
pub(super) const NONE: &str = "none";

const DIRECTIONS: [&str; 5] = [
    NONE,
    Direction::Internal.name(),
    Direction::Inbound.name(),
    Direction::Outbound.name(),
    Direction::TenantRestricted.name(),
];

const OUTCOMES: [&str; 10] = [
    Outcome::Allow.name(),
    Outcome::Block.name(),
    Outcome::StepUp.name(),
    Outcome::Redeem.name(),
    Outcome::Consent.name(),
    Outcome::Unauthenticated.name(),
    Outcome::BadRequest.name(),
    Outcome::NotFound.name(),
    NOT_READY,
    ABORTED,
];

const STEPS: [&str; 11] = [
    NONE,
    Step::Token.name(),
    Step::Revocation.name(),
    Step::TenantRestrictions.name(),
    Step::Cloud.name(),
    Step::Inbound.name(),
    Step::Outbound.name(),
    Step::Guest.name(),
    Step::Trust.name(),
    Step::ConditionalAccess.name(),
    Step::AppRules.name(),
];

#[cfg(test)]
mod tests {
    use super::super::Metrics;
    use super::*;
    use crossgate_policy::Decision;

    #[test]
    fn a_request_is_counted_under_its_app_direction_outcome_and_step() {
        let metrics = Metrics::new().unwrap();
        let app = metrics.app("Payroll");
        let unknown = Ending::Decided(Decision::unknown_app());
        app.answered(&unknown);
        metrics.app("Payroll").answered(&unknown);
        app.answered(&Ending::Aborted);
        for _ in 0..3 {
            app.ended(Duration::from_millis(3));
        }
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        let line = "crossgate_requests_total{app=\"Payroll\",direction=\"none\",outcome=\"not-found\",step=\"none\"} 2";
        assert!(text.contains(line), "{text}");
        assert!(
            text.contains("outcome=\"aborted\",step=\"none\"} 1"),
            "{text}"
        );
        assert!(text.contains("crossgate_request_duration_seconds_count{app=\"Payroll\"} 3"));
    }
}
