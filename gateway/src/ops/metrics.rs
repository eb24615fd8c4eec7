//! Every metric by its fixed name. No tenant and no user is ever a label; apps, issuers and sinks are bounded by the
//! configuration.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use prometheus::{
    Encoder, Gauge, GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
};

use super::admin::AdminMetrics;
use super::app::{AppMetrics, NONE};
use super::counter::Counter;
use super::family::Family;
use super::histogram::Histogram;
use super::register::New;
use super::spool::SpoolMetrics;
use super::verifications::Verifications;

/// All metrics of one gateway.
///
/// What the request path counts is resolved beforehand and counted by each thread for itself: nothing is looked up under
/// a lock, and no core waits for memory that another one writes. Reading adds the threads up.
pub struct Metrics {
    registry: Registry,
    requests: Family<Counter, 4>,
    request_duration: Family<Histogram<14>, 1>,
    upstream_duration: Family<Histogram<14>, 1>,
    /// Time that `policy::decide` took.
    pub decision_duration: Arc<Histogram<11>>,
    /// Tokens found in the cache.
    pub token_cache_hits: Arc<Counter>,
    /// Tokens not found there, and verified.
    pub token_cache_misses: Arc<Counter>,
    /// Tokens that made room for others, or expired.
    pub token_cache_evictions: Arc<Counter>,
    /// Tokens in the cache.
    pub token_cache_entries: IntGauge,
    /// People who are signed in with a browser.
    pub sessions: IntGauge,
    /// Tokens by issuer and what became of them.
    pub verifications: Verifications,
    ready: IntGauge,
    certificate_expiry: GaugeVec,
    jwks_refreshes: IntCounterVec,
    jwks_age: GaugeVec,
    snapshot_info: IntGaugeVec,
    policy_reloads: IntCounterVec,
    policy_last_reload: Gauge,
    policy_partners: IntGauge,
    pub(crate) sign_in_events: IntCounterVec,
    sign_in_queue_depth: IntGauge,
    pub(crate) spans: IntCounterVec,
    /// What waits in the spools of receivers.
    pub(crate) spools: SpoolMetrics,
    /// Client connections that are open. One number for all threads: it is what new ones are bounded by, and whether the
    /// last one is gone, so that it must be exact at every moment.
    pub connections: IntGauge,
    /// Connections of proxies that ask, which are bounded by themselves.
    pub authorize_connections: IntGauge,
    connections_closed: IntCounterVec,
    signals: IntCounterVec,
    partner_sides: IntCounterVec,
    synchronization: IntCounterVec,
    connection_looks_failed: Arc<Counter>,
    /// Calls of the admin API.
    pub admin: AdminMetrics,
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
        let counter = |name, help| {
            let family = new.family(name, help, [], Counter::default)?;
            Ok::<_, prometheus::Error>(family.with([]))
        };
        let metrics = Self {
            requests: new.family(
                "requests_total",
                "Requests by app, direction, outcome and the step that decided.",
                ["app", "direction", "outcome", "step"],
                Counter::default,
            )?,
            request_duration: new.family(
                "request_duration_seconds",
                "From the head of the request to the end of the answer.",
                ["app"],
                || Histogram::new(REQUEST_BUCKETS),
            )?,
            upstream_duration: new.family(
                "upstream_duration_seconds",
                "From the choice of an upstream to the head of its answer.",
                ["app"],
                || Histogram::new(REQUEST_BUCKETS),
            )?,
            decision_duration: new
                .family(
                    "decision_duration_seconds",
                    "Time that one decision took.",
                    [],
                    || Histogram::new(DECISION_BUCKETS),
                )?
                .with([]),
            token_cache_hits: counter(
                "token_cache_hits_total",
                "Tokens found in the token cache.",
            )?,
            token_cache_misses: counter(
                "token_cache_misses_total",
                "Tokens not found in the token cache.",
            )?,
            token_cache_evictions: counter(
                "token_cache_evictions_total",
                "Tokens removed from the token cache.",
            )?,
            token_cache_entries: new.gauge("token_cache_entries", "Tokens in the token cache.")?,
            sessions: new.gauge("sessions", "People who are signed in with a browser.")?,
            verifications: Verifications::new(new.family(
                "token_verifications_total",
                "Tokens by issuer and result: `accepted` where the signature was checked and nothing refused it, else the rule that refused, also of a token from the cache; one that the cache lets pass is not counted again.",
                ["issuer", "result"],
                Counter::default,
            )?),
            ready: new.gauge(
                "ready",
                "1 where nothing is missing before requests can be served, as `/readyz` has it.",
            )?,
            certificate_expiry: new.real_gauges(
                "certificate_expiry_timestamp_seconds",
                "When the certificate of the doors ends; none where they have none.",
                &[],
            )?,
            jwks_refreshes: new.counters(
                "jwks_refreshes_total",
                "Fetches of key sets by issuer and result.",
                &["issuer", "result"],
            )?,
            jwks_age: new.real_gauges(
                "jwks_age_seconds",
                "Time since the key set in use was fetched.",
                &["issuer"],
            )?,
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
            policy_last_reload: new.real_gauge(
                "policy_last_reload_timestamp_seconds",
                "When the policy in force was loaded.",
            )?,
            policy_partners: new.gauge(
                "policy_partners",
                "Partner documents of the policy in force.",
            )?,
            sign_in_events: new.counters(
                "sign_in_events_total",
                "Sign-in events by sink and result; `error` counts failed attempts, the sink `queue` what never reached one. A receiver's are `written` when they are in its spool, and `delivered`, `rejected` or `lost` after; `send_error` counts sendings that are tried again.",
                &["sink", "result"],
            )?,
            sign_in_queue_depth: new.gauge(
                "sign_in_queue_depth",
                "Requests whose sign-in event waits for the writer.",
            )?,
            spans: new.counters(
                "spans_total",
                "Spans of traces by what became of them; `dropped` counts requests for whose spans there was no room.",
                &["result"],
            )?,
            spools: SpoolMetrics::new(&new)?,
            connections: new.gauge("connections", "Client connections that are open.")?,
            authorize_connections: new.gauge(
                "authorize_connections",
                "Connections of proxies that ask that are open.",
            )?,
            connections_closed: new.counters(
                "connections_closed_total",
                "Requests under way, open WebSockets and streams among them, that were closed since they would be refused if they came now, by the reason of that.",
                &["reason"],
            )?,
            signals: new.counters(
                "signals_total",
                "Security events that were pushed, by transmitter and result: `revoked` where something was, `standing` and `repeated` where it was before, else why nothing was.",
                &["transmitter", "result"],
            )?,
            partner_sides: new.counters(
                "partner_side_refreshes_total",
                "Readings of what partners' gateways publish of their side.",
                &["partner", "result"],
            )?,
            synchronization: new.counters(
                "synchronization_total",
                "Calls of partners that synchronise users and groups, by partner and result: `done`, `created` and `deleted`, else why nothing was done.",
                &["partner", "result"],
            )?,
            connection_looks_failed: counter(
                "connection_looks_failed_total",
                "Looks at what is under way that have crashed. Each is a fault of Crossgate's own; another look follows.",
            )?,
            admin: AdminMetrics::new(&new)?,
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
        for result in ["success", "error"] {
            metrics.policy_reloads.with_label_values(&[result]);
        }
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
        let new = Arc::new(AppMetrics::new(
            label,
            &self.requests,
            self.request_duration.with([label]),
            self.upstream_duration.with([label]),
        ));
        apps.insert(label.to_owned(), Arc::clone(&new));
        new
    }

    /// The metrics of requests for which no app is configured.
    #[must_use]
    pub fn no_app(&self) -> Arc<AppMetrics> {
        self.app(NONE)
    }

    /// Shows an issuer's counters from the start, at zero: a rate needs a first sample.
    pub fn issuer_configured(&self, issuer: &str) {
        for result in ["success", "error"] {
            self.jwks_refreshes.with_label_values(&[issuer, result]);
        }
        self.verifications.configured(issuer);
    }

    /// Shows no age of keys of an issuer that is not configured any more.
    pub fn issuer_gone(&self, issuer: &str) {
        self.verifications.gone(issuer);
        self.keys_fetched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(issuer);
        // There is none where its keys were never fetched.
        let _ = self.jwks_age.remove_label_values(&[issuer]);
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

    /// Seconds since an issuer's keys were fetched; `None` where they never were.
    #[must_use]
    pub fn keys_age(&self, issuer: &str) -> Option<f64> {
        let fetched = self
            .keys_fetched
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Some(fetched.get(issuer)?.elapsed().as_secs_f64())
    }

    /// How many sign-in events a sink has had with this result.
    #[must_use]
    pub fn sink_count(&self, sink: &str, result: &str) -> u64 {
        self.sign_in_events.with_label_values(&[sink, result]).get()
    }

    /// How many events wait for a receiver, and for how many seconds the oldest of them has.
    #[must_use]
    pub fn waiting_for(&self, sink: &str) -> (u64, f64) {
        self.spools.waiting(sink)
    }

    /// Requests whose event waits for the writer.
    #[must_use]
    pub fn waiting_events(&self) -> u64 {
        u64::try_from(self.sign_in_queue_depth.get()).unwrap_or_default()
    }

    /// Says that this policy is in force now. Generations count from 1.
    pub fn policy_loaded(&self, generation: u64, partners: usize, at: jiff::Timestamp) {
        self.generation.store(generation, Ordering::Relaxed);
        self.policy_reloads.with_label_values(&["success"]).inc();
        self.policy_last_reload.set(at.as_duration().as_secs_f64());
        self.policy_partners
            .set(i64::try_from(partners).unwrap_or(i64::MAX));
    }

    /// Counts a load that found in force what it found.
    pub fn policy_unchanged(&self) {
        self.policy_reloads.with_label_values(&["success"]).inc();
    }

    /// Counts a policy that was refused; the old one stays.
    pub fn policy_refused(&self) {
        self.policy_reloads.with_label_values(&["error"]).inc();
    }

    /// Counts a request that was under way and may not go on.
    pub fn connection_closed(&self, reason: &str) {
        self.connections_closed.with_label_values(&[reason]).inc();
    }

    /// Shows a transmitter from the start, at zero: a rate needs a first sample.
    pub fn signals_configured(&self, transmitter: &str) {
        self.signals.with_label_values(&[transmitter, "revoked"]);
    }

    /// Counts one push of a security event. `transmitter` is one that is configured, or `unknown`.
    pub fn signal(&self, transmitter: &str, result: &str) {
        self.signals.with_label_values(&[transmitter, result]).inc();
    }

    /// Shows a partner whose gateway publishes its side, at zero.
    pub fn partner_side_configured(&self, partner: &str) {
        self.partner_sides.with_label_values(&[partner, "success"]);
    }

    /// Counts one reading of a partner's side.
    pub fn partner_side_fetched(&self, partner: &str, is_good: bool) {
        let result = if is_good { "success" } else { "failure" };
        self.partner_sides
            .with_label_values(&[partner, result])
            .inc();
    }

    /// Shows a partner from the start, at zero.
    pub fn synchronization_configured(&self, partner: &str) {
        self.synchronization.with_label_values(&[partner, "done"]);
    }

    /// Counts one call of synchronisation. `partner` is one that is configured, or `unknown`.
    pub fn synchronized(&self, partner: &str, result: &str) {
        let counter = self.synchronization.with_label_values(&[partner, result]);
        counter.inc();
    }

    /// Counts a look at what is under way that has crashed.
    pub(crate) fn connection_look_failed(&self) {
        self.connection_looks_failed.inc();
    }

    /// Says whether requests can be served.
    pub(crate) fn set_ready(&self, is_ready: bool) {
        self.ready.set(i64::from(is_ready));
    }

    /// Says when the certificate in force ends, in seconds since 1970.
    pub(crate) fn set_certificate_expiry(&self, at: f64) {
        let none: [&str; 0] = [];
        self.certificate_expiry.with_label_values(&none).set(at);
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

    /// Asks for the sizes now.
    pub fn refresh(&self) {
        let sizes = self
            .on_scrape
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for read in &*sizes {
            read(self);
        }
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

/// From what a local upstream takes to what a person gives up after, in nanoseconds.
const REQUEST_BUCKETS: [u64; 14] = [
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// A decision is some table look-ups: hundreds of nanoseconds, more with many Conditional Access policies.
const DECISION_BUCKETS: [u64; 11] = [
    250, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000, 10_000_000,
];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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

    #[test]
    fn promtool_finds_no_fault() {
        use std::io::Write as _;
        use std::process::{Command, Stdio};

        let metrics = Metrics::new().unwrap();
        metrics.issuer_configured("entra");
        metrics.keys_refreshed("entra", true, Instant::now());
        metrics.policy_loaded(1, 0, jiff::Timestamp::UNIX_EPOCH);
        drop(metrics.no_app());
        let mut promtool = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("`promtool` is missing: install the Debian package `prometheus`");
        let mut input = promtool.stdin.take().unwrap();
        input.write_all(text(&metrics).as_bytes()).unwrap();
        drop(input);
        let output = promtool.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.trim().is_empty(), "{said}");
    }
}
