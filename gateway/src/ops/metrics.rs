//! Every metric by its fixed name. No tenant and no user is ever a label; apps, issuers and sinks are bounded by the
//! configuration.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crossgate_policy::decision::Direction;
use crossgate_policy::{Outcome, Step};
use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::sign_ins::Ending;
use crate::sign_ins::observation::{ABORTED, NOT_READY};

/// All metrics of one gateway.
///
/// What the request path touches is resolved beforehand, so that counting is an atomic addition and nothing is looked
/// up under a lock.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_duration: HistogramVec,
    upstream_duration: HistogramVec,
    /// Time that `policy::decide` took.
    pub decision_duration: Histogram,
    /// Tokens found in the cache.
    pub token_cache_hits: IntCounter,
    /// Tokens not found there, and verified.
    pub token_cache_misses: IntCounter,
    /// Tokens that made room for others, or expired.
    pub token_cache_evictions: IntCounter,
    /// Tokens in the cache.
    pub token_cache_entries: IntGauge,
    token_verifications: IntCounterVec,
    jwks_refreshes: IntCounterVec,
    jwks_age: GaugeVec,
    snapshot_info: IntGaugeVec,
    policy_reloads: IntCounterVec,
    policy_last_reload: Gauge,
    policy_partners: IntGauge,
    pub(crate) sign_in_events: IntCounterVec,
    sign_in_queue_depth: IntGauge,
    /// Client connections that are open.
    pub connections: IntGauge,
    apps: Mutex<HashMap<String, Arc<AppMetrics>>>,
    generation: AtomicU64,
    keys_fetched: Mutex<HashMap<String, Instant>>,
    on_scrape: Mutex<Vec<OnScrape>>,
}

/// Reads a size that is dear to track and cheap to ask for.
type OnScrape = Box<dyn Fn(&Metrics) + Send>;

impl Metrics {
    /// Registers every metric.
    ///
    /// # Errors
    /// Two have one name, which a test excludes.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let new = New(&registry);
        let metrics = Self {
            requests: new.counters(
                "requests_total",
                "Requests by app, direction, outcome and the step that decided.",
                &["app", "direction", "outcome", "step"],
            )?,
            request_duration: new.histograms(
                "request_duration_seconds",
                "From the head of the request to the end of the answer.",
                &REQUEST_BUCKETS,
            )?,
            upstream_duration: new.histograms(
                "upstream_duration_seconds",
                "From the choice of an upstream to the head of its answer.",
                &REQUEST_BUCKETS,
            )?,
            decision_duration: new.histogram(
                "decision_duration_seconds",
                "Time that one decision took.",
                &DECISION_BUCKETS,
            )?,
            token_cache_hits: new
                .counter("token_cache_hits_total", "Tokens found in the token cache.")?,
            token_cache_misses: new.counter(
                "token_cache_misses_total",
                "Tokens not found in the token cache.",
            )?,
            token_cache_evictions: new.counter(
                "token_cache_evictions_total",
                "Tokens removed from the token cache.",
            )?,
            token_cache_entries: new.gauge("token_cache_entries", "Tokens in the token cache.")?,
            token_verifications: new.counters(
                "token_verifications_total",
                "Verifications of tokens by issuer and result.",
                &["issuer", "result"],
            )?,
            jwks_refreshes: new.counters(
                "jwks_refreshes_total",
                "Fetches of key sets by issuer and result.",
                &["issuer", "result"],
            )?,
            jwks_age: {
                let ages = GaugeVec::new(
                    opts(
                        "jwks_age_seconds",
                        "Time since the key set in use was fetched.",
                    ),
                    &["issuer"],
                )?;
                registry.register(Box::new(ages.clone()))?;
                ages
            },
            snapshot_info: new.gauges(
                "policy_snapshot_info",
                "Always 1; the label names the policy in force.",
                &["generation"],
            )?,
            policy_reloads: new.counters(
                "policy_reloads_total",
                "Loads of the policy by result.",
                &["result"],
            )?,
            policy_last_reload: {
                let time = Gauge::with_opts(opts(
                    "policy_last_reload_timestamp_seconds",
                    "When the policy in force was loaded.",
                ))?;
                registry.register(Box::new(time.clone()))?;
                time
            },
            policy_partners: new.gauge(
                "policy_partners",
                "Partner documents of the policy in force.",
            )?,
            sign_in_events: new.counters(
                "sign_in_events_total",
                "Sign-in events by sink and result; `error` counts failed attempts, the sink `queue` what never reached one.",
                &["sink", "result"],
            )?,
            sign_in_queue_depth: new.gauge(
                "sign_in_queue_depth",
                "Requests whose sign-in event waits for the writer.",
            )?,
            connections: new.gauge("connections", "Client connections that are open.")?,
            apps: Mutex::default(),
            generation: AtomicU64::new(0),
            keys_fetched: Mutex::default(),
            on_scrape: Mutex::default(),
            registry: registry.clone(),
        };
        let build = new.gauges(
            "build_info",
            "Always 1; the labels say what runs.",
            &["version", "target_arch", "target_os"],
        )?;
        build
            .with_label_values(&[
                env!("CARGO_PKG_VERSION"),
                std::env::consts::ARCH,
                std::env::consts::OS,
            ])
            .set(1);
        Ok(metrics)
    }

    /// The metrics of one app, the same ones for the same label; to be kept beside the app, not asked for on a request.
    #[must_use]
    pub fn app(&self, label: &str) -> Arc<AppMetrics> {
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = apps.get(label) {
            return Arc::clone(known);
        }
        let new = Arc::new(AppMetrics::new(self, label));
        apps.insert(label.to_owned(), Arc::clone(&new));
        new
    }

    /// The metrics of requests for which no app is configured.
    #[must_use]
    pub fn no_app(&self) -> Arc<AppMetrics> {
        self.app(NONE)
    }

    /// Counts one verification. `issuer` is a configured name, `result` `accepted` or a rule of the verifier.
    pub fn token_verified(&self, issuer: &str, result: &str) {
        self.token_verifications
            .with_label_values(&[issuer, result])
            .inc();
    }

    /// Counts one fetch of an issuer's keys, and keeps the time of one that succeeded.
    pub fn keys_refreshed(&self, issuer: &str, succeeded: bool, now: Instant) {
        let result = if succeeded { "success" } else { "error" };
        self.jwks_refreshes
            .with_label_values(&[issuer, result])
            .inc();
        if succeeded {
            self.keys_fetched
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(issuer.to_owned(), now);
        }
    }

    /// Says that this policy is in force now. Generations count from 1.
    pub fn policy_loaded(&self, generation: u64, partners: usize, at: jiff::Timestamp) {
        self.generation.store(generation, Ordering::Relaxed);
        self.policy_reloads.with_label_values(&["success"]).inc();
        self.policy_last_reload.set(at.as_duration().as_secs_f64());
        self.policy_partners
            .set(i64::try_from(partners).unwrap_or(i64::MAX));
    }

    /// Counts a policy that was refused; the old one stays.
    pub fn policy_refused(&self) {
        self.policy_reloads.with_label_values(&["error"]).inc();
    }

    /// Asks for a size whenever the metrics are read.
    pub fn on_scrape(&self, read: impl Fn(&Self) + Send + 'static) {
        self.on_scrape
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(read));
    }

    pub(crate) fn set_sign_in_queue_depth(&self, depth: usize) {
        self.sign_in_queue_depth
            .set(i64::try_from(depth).unwrap_or(i64::MAX));
    }

    /// The text format that Prometheus reads.
    ///
    /// # Errors
    /// A metric cannot be rendered.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        // Held to the end: two readers must not see each other's half-set label of the generation.
        let sizes = self
            .on_scrape
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for read in &*sizes {
            read(self);
        }
        self.snapshot_info.reset();
        let generation = self.generation.load(Ordering::Relaxed);
        if generation > 0 {
            self.snapshot_info
                .with_label_values(&[generation.to_string().as_str()])
                .set(1);
        }
        {
            let fetched = self
                .keys_fetched
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            for (issuer, at) in &*fetched {
                self.jwks_age
                    .with_label_values(&[issuer.as_str()])
                    .set(at.elapsed().as_secs_f64());
            }
        }
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

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
    fn new(metrics: &Metrics, label: &str) -> Self {
        let places = DIRECTIONS.len() * OUTCOMES.len() * STEPS.len();
        Self {
            label: label.into(),
            requests: metrics.requests.clone(),
            counters: (0..places).map(|_| OnceLock::new()).collect(),
            duration: metrics.request_duration.with_label_values(&[label]),
            upstream: metrics.upstream_duration.with_label_values(&[label]),
        }
    }

    /// Counts one request that ended.
    pub fn ended(&self, ending: &Ending, duration: Duration) {
        let direction = ending
            .decision()
            .and_then(|decision| decision.facts.as_ref())
            .map_or(NONE, |facts| facts.direction.name());
        let step = ending.step().map_or(NONE, Step::name);
        self.count(direction, ending.outcome(), step);
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

/// Makes and registers.
struct New<'a>(&'a Registry);

impl New<'_> {
    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        let metric = IntCounter::with_opts(opts(name, help))?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        let metric = IntCounterVec::new(opts(name, help), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        let metric = IntGauge::with_opts(opts(name, help))?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntGaugeVec, prometheus::Error> {
        let metric = IntGaugeVec::new(opts(name, help), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn histogram(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
    ) -> Result<Histogram, prometheus::Error> {
        let metric = Histogram::with_opts(histogram_opts(name, help, buckets))?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn histograms(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
    ) -> Result<HistogramVec, prometheus::Error> {
        let metric = HistogramVec::new(histogram_opts(name, help, buckets), &["app"])?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("crossgate")
}

fn histogram_opts(name: &str, help: &str, buckets: &[f64]) -> HistogramOpts {
    HistogramOpts::new(name, help)
        .namespace("crossgate")
        .buckets(buckets.to_vec())
}

/// The value of a label that does not apply.
const NONE: &str = "none";

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

/// From what a local upstream takes to what a person gives up after.
const REQUEST_BUCKETS: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// A decision is some table look-ups: hundreds of nanoseconds, more with many Conditional Access policies.
const DECISION_BUCKETS: [f64; 11] = [
    0.000_000_25,
    0.000_000_5,
    0.000_001,
    0.000_002,
    0.000_005,
    0.000_01,
    0.000_025,
    0.000_05,
    0.000_1,
    0.001,
    0.01,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_policy::Decision;

    fn text(metrics: &Metrics) -> String {
        String::from_utf8(metrics.render().unwrap()).unwrap()
    }

    #[test]
    fn only_the_current_generation_is_shown() {
        let metrics = Metrics::new().unwrap();
        assert!(!text(&metrics).contains("crossgate_policy_snapshot_info{"));
        metrics.policy_loaded(1, 3, jiff::Timestamp::UNIX_EPOCH);
        metrics.policy_loaded(2, 4, jiff::Timestamp::UNIX_EPOCH);
        let text = text(&metrics);
        let shown: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("crossgate_policy_snapshot_info{"))
            .collect();
        assert_eq!(
            shown,
            ["crossgate_policy_snapshot_info{generation=\"2\"} 1"]
        );
    }

    #[test]
    fn a_request_is_counted_under_its_app_direction_outcome_and_step() {
        let metrics = Metrics::new().unwrap();
        let app = metrics.app("Payroll");
        let unknown = Ending::Decided(Decision::unknown_app());
        app.ended(&unknown, Duration::from_millis(3));
        metrics
            .app("Payroll")
            .ended(&unknown, Duration::from_millis(3));
        app.ended(&Ending::Aborted, Duration::from_millis(3));
        let text = text(&metrics);
        let line = "crossgate_requests_total{app=\"Payroll\",direction=\"none\",outcome=\"not-found\",step=\"none\"} 2";
        assert!(text.contains(line), "{text}");
        assert!(
            text.contains("outcome=\"aborted\",step=\"none\"} 1"),
            "{text}"
        );
        assert!(text.contains("crossgate_request_duration_seconds_count{app=\"Payroll\"} 3"));
    }

    #[test]
    fn what_is_asked_for_on_reading_is_asked_each_time() {
        let metrics = Metrics::new().unwrap();
        metrics.on_scrape(|metrics| {
            metrics
                .token_cache_entries
                .set(metrics.token_cache_entries.get() + 1);
        });
        drop(text(&metrics));
        assert!(text(&metrics).contains("crossgate_token_cache_entries 2"));
    }

    #[test]
    fn the_age_of_keys_is_that_of_the_last_success() {
        let metrics = Metrics::new().unwrap();
        let long_ago = Instant::now()
            .checked_sub(Duration::from_secs(100))
            .unwrap();
        metrics.keys_refreshed("entra", true, long_ago);
        metrics.keys_refreshed("entra", false, Instant::now());
        let text = text(&metrics);
        let age = text
            .lines()
            .find_map(|line| line.strip_prefix("crossgate_jwks_age_seconds{issuer=\"entra\"} "))
            .and_then(|age| age.parse::<f64>().ok())
            .unwrap();
        assert!((100.0..200.0).contains(&age), "{age}");
        assert!(
            text.contains("crossgate_jwks_refreshes_total{issuer=\"entra\",result=\"error\"} 1")
        );
    }
}
