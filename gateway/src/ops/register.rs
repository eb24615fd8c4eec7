//! Makes metrics with their prefix, and registers them.

use prometheus::{Gauge, GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use super::family::{Family, Series};

/// Makes and registers.
pub(super) struct New<'a>(pub(super) &'a Registry);

impl New<'_> {
    pub(super) fn family<S: Series + 'static, const L: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&'static str; L],
        make: fn() -> S,
    ) -> Result<Family<S, L>, prometheus::Error> {
        let family = Family::new(opts(name, help), labels, make)?;
        self.0.register(Box::new(family.clone()))?;
        Ok(family)
    }

    pub(super) fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        let metric = IntCounterVec::new(opts(name, help), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        let metric = IntGauge::with_opts(opts(name, help))?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    pub(super) fn gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntGaugeVec, prometheus::Error> {
        let metric = IntGaugeVec::new(opts(name, help), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    pub(super) fn real_gauge(&self, name: &str, help: &str) -> Result<Gauge, prometheus::Error> {
        let metric = Gauge::with_opts(opts(name, help))?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    pub(super) fn real_gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<GaugeVec, prometheus::Error> {
        let metric = GaugeVec::new(opts(name, help), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("crossgate")
}
