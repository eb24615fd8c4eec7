//! Metrics of one name that differ in their labels, as the registry collects them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::core::{Collector, Desc, Describer as _};
use prometheus::{Opts, proto};

/// What one set of labels stands for.
pub(super) trait Series: Send + Sync {
    /// What it is called in the text.
    const KIND: proto::MetricType;

    /// Fills in what was measured so far.
    fn show(&self, metric: &mut proto::Metric);
}

/// All series of one name. Clones are the same family.
pub(super) struct Family<S, const L: usize>(Arc<Inner<S, L>>);

struct Inner<S, const L: usize> {
    desc: Desc,
    labels: [&'static str; L],
    make: fn() -> S,
    /// Locked when a series is made and when all are read, never to measure.
    series: Mutex<BTreeMap<[String; L], Arc<S>>>,
}

impl<S: Series, const L: usize> Family<S, L> {
    pub(super) fn new(
        opts: Opts,
        labels: [&'static str; L],
        make: fn() -> S,
    ) -> Result<Self, prometheus::Error> {
        let names = labels.map(str::to_owned).to_vec();
        Ok(Self(Arc::new(Inner {
            desc: opts.variable_labels(names).describe()?,
            labels,
            make,
            series: Mutex::default(),
        })))
    }

    /// The series of these values, shown from now on. To be kept, not asked for on a request.
    pub(super) fn with(&self, values: [&str; L]) -> Arc<S> {
        let inner = &*self.0;
        let mut series = inner.series.lock().unwrap_or_else(PoisonError::into_inner);
        let place = series.entry(values.map(str::to_owned));
        Arc::clone(place.or_insert_with(|| Arc::new((inner.make)())))
    }
}

impl<S: Series, const L: usize> Collector for Family<S, L> {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0.desc]
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        let inner = &*self.0;
        let series = inner.series.lock().unwrap_or_else(PoisonError::into_inner);
        let metrics = series.iter().map(|(values, series)| {
            let pairs = inner.labels.iter().zip(values).map(|(name, value)| {
                let mut pair = proto::LabelPair::default();
                pair.set_name((*name).to_owned());
                pair.set_value(value.clone());
                pair
            });
            let mut metric = proto::Metric::from_label(pairs.collect());
            series.show(&mut metric);
            metric
        });
        let mut family = proto::MetricFamily::default();
        family.set_name(inner.desc.fq_name.clone());
        family.set_help(inner.desc.help.clone());
        family.set_field_type(S::KIND);
        family.set_metric(metrics.collect());
        vec![family]
    }
}

impl<S, const L: usize> Clone for Family<S, L> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Registry, TextEncoder};

    use super::super::{Counter, Histogram};
    use super::*;

    const LABELS: [&str; 2] = ["app", "step"];
    const NANOS: [u64; 5] = [100, 250, 500_000, 2_500_000, 20_000_000_000];

    fn text(collector: impl Collector + 'static) -> String {
        let registry = Registry::new();
        registry.register(Box::new(collector)).unwrap();
        let families = registry.gather();
        TextEncoder::new().encode_to_string(&families).unwrap()
    }

    #[test]
    fn counters_are_written_as_those_of_the_library_are() {
        let opts = || Opts::new("n", "A \"help\" text.");
        let ours = Family::new(opts(), LABELS, Counter::default).unwrap();
        let theirs = IntCounterVec::new(opts(), &LABELS).unwrap();
        for (values, many) in [
            (["b", "\"x\"\n"], 3),
            (["a", "y"], 0),
            (["b", "a"], 1 << 40),
        ] {
            ours.with(values).inc_by(many);
            theirs.with_label_values(&values).inc_by(many);
        }
        assert_eq!(text(ours), text(theirs));
    }

    #[test]
    fn histograms_are_written_as_those_of_the_library_are() {
        const BOUNDS: [u64; 4] = [250, 500_000, 2_500_000, 10_000_000_000];
        let ours = Family::new(Opts::new("n", "h"), LABELS, || Histogram::new(BOUNDS)).unwrap();
        let bounds = vec![0.000_000_25, 0.000_5, 0.002_5, 10.0];
        let theirs = HistogramOpts::new("n", "h").buckets(bounds);
        let theirs = HistogramVec::new(theirs, &LABELS).unwrap();
        drop((
            ours.with(["empty", ""]),
            theirs.with_label_values(&["empty", ""]),
        ));
        for nanos in NANOS {
            let took = Duration::from_nanos(nanos);
            ours.with(["a", "b"]).observe(took);
            let theirs = theirs.with_label_values(&["a", "b"]);
            theirs.observe(took.as_secs_f64());
        }
        assert_eq!(text(ours), text(theirs));
    }

    #[test]
    fn a_family_without_series_is_not_shown_and_one_name_is_registered_once() {
        let family = || Family::new(Opts::new("n", "h"), [], Counter::default).unwrap();
        assert_eq!(text(family()), "");
        let registry = Registry::new();
        registry.register(Box::new(family())).unwrap();
        assert!(registry.register(Box::new(family())).is_err());
    }
}
