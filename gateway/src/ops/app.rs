//! One app's part of the metrics: counting without looking anything up.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossgate_policy::decision::Direction;
use crossgate_policy::{Decision, Outcome, Step};

use super::counter::Counter;
use super::family::Family;
use super::histogram::Histogram;
use crate::sign_ins::Ending;

/// One app's part of the metrics, resolved.
pub struct AppMetrics {
    label: Box<str>,
    requests: Family<Counter, 4>,
    counters: Box<Counters>,
    duration: Arc<Histogram<14>>,
    upstream: Arc<Histogram<14>>,
}

/// One place for each direction, outcome and step; filled when first counted, so that only what happened is shown.
type Counters = [[[OnceLock<Arc<Counter>>; STEPS]; OUTCOMES]; DIRECTIONS];

impl AppMetrics {
    pub(super) fn new(
        label: &str,
        requests: &Family<Counter, 4>,
        duration: Arc<Histogram<14>>,
        upstream: Arc<Histogram<14>>,
    ) -> Self {
        Self {
            label: label.into(),
            requests: requests.clone(),
            counters: Box::default(),
            duration,
            upstream,
        }
    }

    /// Counts one request whose answer is known.
    pub fn answered(&self, ending: &Ending) {
        let facts = ending.decision().and_then(Decision::facts);
        let direction = facts.map(|facts| facts.direction);
        let step = ending.step();
        let place = || {
            let outcomes = self.counters.get(place_of_direction(direction))?;
            outcomes
                .get(place_of_outcome(ending))?
                .get(place_of_step(step))
        };
        let resolve = || {
            let direction = direction.map_or(NONE, Direction::name);
            let step = step.map_or(NONE, Step::name);
            let values = [&*self.label, direction, ending.outcome(), step];
            self.requests.with(values)
        };
        match place() {
            Some(counter) => counter.get_or_init(resolve).inc(),
            // Beyond the table: counted all the same, only not as fast.
            None => resolve().inc(),
        }
    }

    /// Adds the time that one request took to the end of its answer.
    pub fn ended(&self, duration: Duration) {
        self.duration.observe(duration);
    }

    /// Adds the time an upstream took.
    pub fn upstream(&self, duration: Duration) {
        self.upstream.observe(duration);
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

const DIRECTIONS: usize = 5;
const OUTCOMES: usize = 12;
const STEPS: usize = 11;

const fn place_of_direction(direction: Option<Direction>) -> usize {
    match direction {
        None => 0,
        Some(Direction::Internal) => 1,
        Some(Direction::Inbound) => 2,
        Some(Direction::Outbound) => 3,
        Some(Direction::TenantRestricted) => 4,
    }
}

const fn place_of_outcome(ending: &Ending) -> usize {
    let outcome = match ending {
        Ending::Aborted => return 0,
        Ending::NotReady(_) => return 1,
        Ending::Signal(_) => return 10,
        Ending::Synchronization(_) => return 11,
        Ending::Malformed(_) => Outcome::BadRequest,
        Ending::Decided(decision) => match &decision.outcome {
            Ok(()) => Outcome::Allow,
            Err(refusal) => refusal.reason.outcome(),
        },
    };
    match outcome {
        Outcome::Allow => 2,
        Outcome::Block => 3,
        Outcome::StepUp => 4,
        Outcome::Redeem => 5,
        Outcome::Consent => 6,
        Outcome::Unauthenticated => 7,
        Outcome::BadRequest => 8,
        Outcome::NotFound => 9,
    }
}

const fn place_of_step(step: Option<Step>) -> usize {
    match step {
        None => 0,
        Some(Step::Token) => 1,
        Some(Step::Revocation) => 2,
        Some(Step::TenantRestrictions) => 3,
        Some(Step::Cloud) => 4,
        Some(Step::Inbound) => 5,
        Some(Step::Outbound) => 6,
        Some(Step::Guest) => 7,
        Some(Step::Trust) => 8,
        Some(Step::ConditionalAccess) => 9,
        Some(Step::AppRules) => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Metrics;
    use super::*;
    use crossgate_policy::decision::{Device, Mfa, TokenRefusal};
    use crossgate_policy::{Facts, Reason, Refusal};

    const DIRECTIONS: [Option<Direction>; 5] = [
        None,
        Some(Direction::Internal),
        Some(Direction::Inbound),
        Some(Direction::Outbound),
        Some(Direction::TenantRestricted),
    ];
    const STEPS: [Option<Step>; 11] = [
        None,
        Some(Step::Token),
        Some(Step::Revocation),
        Some(Step::TenantRestrictions),
        Some(Step::Cloud),
        Some(Step::Inbound),
        Some(Step::Outbound),
        Some(Step::Guest),
        Some(Step::Trust),
        Some(Step::ConditionalAccess),
        Some(Step::AppRules),
    ];
    /// One for each outcome of a refusal.
    const REASONS: [Reason; 7] = [
        Reason::InboundNotAdmitted,
        Reason::MfaRequired,
        Reason::GuestPending,
        Reason::GuestConsentMissing,
        Reason::Token(TokenRefusal {
            code: 1,
            reason: "x",
        }),
        Reason::MalformedRestrictionHeaders,
        Reason::UnknownApp,
    ];

    fn decided(direction: Option<Direction>, outcome: Result<(), Refusal>) -> Ending {
        let facts = direction.map(|direction| Facts {
            direction,
            home: None,
            own_user_id: None,
            home_user_id: None,
            mfa: Mfa::None,
            device: Device::None,
            tenant_restricted: false,
            expires: None,
        });
        let refusal = Refusal {
            step: None,
            reason: Reason::UnknownApp,
            requirements: Vec::new(),
        };
        let mut decision = Decision::refused(refusal, facts);
        decision.outcome = outcome;
        Ending::Decided(decision)
    }

    /// Every way to end, each once.
    fn endings() -> Vec<Ending> {
        let mut endings = vec![Ending::Aborted, Ending::NotReady("x")];
        for direction in DIRECTIONS {
            endings.push(decided(direction, Ok(())));
            for step in STEPS {
                endings.extend(REASONS.map(|reason| {
                    let requirements = Vec::new();
                    let refusal = Refusal {
                        step,
                        reason,
                        requirements,
                    };
                    decided(direction, Err(refusal))
                }));
            }
        }
        endings
    }

    #[test]
    fn a_request_is_counted_under_its_app_direction_outcome_and_step() {
        let metrics = Metrics::new().unwrap();
        let app = metrics.app("Payroll");
        let unknown = Ending::Decided(Decision::unknown_app());
        app.answered(&unknown);
        metrics.app("Payroll").answered(&unknown);
        app.answered(&Ending::Aborted);
        app.answered(&decided(Some(Direction::Inbound), Ok(())));
        for _ in 0..3 {
            app.ended(Duration::from_millis(3));
        }
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        let counted: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("crossgate_requests_total{app=\"Payroll\","))
            .collect();
        let expected = [
            "direction=\"inbound\",outcome=\"allow\",step=\"app_rules\"} 1",
            "direction=\"none\",outcome=\"aborted\",step=\"none\"} 1",
            "direction=\"none\",outcome=\"not-found\",step=\"none\"} 2",
        ];
        assert_eq!(counted, expected);
        assert!(text.contains("crossgate_request_duration_seconds_count{app=\"Payroll\"} 3"));
    }

    #[test]
    fn every_ending_has_a_place_of_its_own() {
        let metrics = Metrics::new().unwrap();
        let app = metrics.app("Payroll");
        let endings = endings();
        for ending in &endings {
            app.answered(ending);
        }
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        let counts = text
            .lines()
            .filter(|line| line.starts_with("crossgate_requests_total{"));
        let (once, more): (Vec<_>, Vec<_>) = counts.partition(|line| line.ends_with("} 1"));
        assert_eq!((once.len(), more), (endings.len(), Vec::new()));
        let places = app.counters.as_flattened().as_flattened();
        let taken = places.iter().filter(|place| place.get().is_some());
        assert_eq!(taken.count(), endings.len());
    }

    #[test]
    fn counting_a_request_allocates_nothing() {
        let metrics = Metrics::new().unwrap();
        let (app, ending) = (metrics.app("Payroll"), decided(None, Ok(())));
        let count = || {
            metrics.token_cache_hits.inc();
            metrics.decision_duration.observe(Duration::from_nanos(150));
            app.upstream(Duration::from_millis(1));
            app.answered(&ending);
            app.ended(Duration::from_millis(1));
        };
        // A thread's first makes its part.
        count();
        let allocated = allocation_counter::measure(count);
        assert_eq!(allocated.count_total, 0);
    }
}
