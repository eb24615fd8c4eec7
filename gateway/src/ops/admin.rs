//! What the admin listener counts.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use prometheus::{IntCounterVec, IntGauge};

use super::histogram::Histogram;
use super::register::New;

/// Calls of the admin API.
pub struct AdminMetrics {
    calls: IntCounterVec,
    secrets: IntCounterVec,
    change_duration: Arc<Histogram<12>>,
    /// Connections to the admin listener that are open.
    pub connections: IntGauge,
}

impl AdminMetrics {
    pub(super) fn new(new: &New<'_>) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            calls: new.counters(
                "admin_calls_total",
                "Calls of the admin API by method and status.",
                &["method", "status"],
            )?,
            secrets: new.counters(
                "admin_secrets_total",
                "Uses of the bootstrap and the break-glass secret by result; each is worth an alert.",
                &["secret", "result"],
            )?,
            change_duration: new
                .family(
                    "policy_change_duration_seconds",
                    "From a call that changes the policy to its answer, by which the change is in force.",
                    [],
                    || Histogram::new(CHANGE_BUCKETS),
                )?
                .with([]),
            connections: new.gauge("admin_connections", "Connections to the admin API that are open.")?,
        };
        for secret in ["bootstrap", "break-glass"] {
            for result in ["accepted", "refused"] {
                metrics.secrets.with_label_values(&[secret, result]);
            }
        }
        Ok(metrics)
    }

    /// Counts one call, and how long it took where it changed something.
    pub fn call(&self, method: &Method, status: u16, took: Duration) {
        // Anybody can make up a method.
        let known = [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ];
        let named = known.iter().find(|known| *known == method);
        let name = named.map_or("other", Method::as_str);
        self.calls
            .with_label_values(&[name, &status.to_string()])
            .inc();
        let changes = *method != Method::GET && *method != Method::HEAD;
        if changes && (200..300).contains(&status) {
            self.change_duration.observe(took);
        }
    }

    /// Counts one use of a secret.
    pub fn secret(&self, secret: &str, accepted: bool) {
        let result = if accepted { "accepted" } else { "refused" };
        self.secrets.with_label_values(&[secret, result]).inc();
    }
}

/// From a tenth of a millisecond to seconds, in nanoseconds: a change waits for the disk.
const CHANGE_BUCKETS: [u64; 12] = [
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
];
