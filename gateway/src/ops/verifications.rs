//! Verifications of tokens by issuer and result: counting without a lock, however many bad tokens come.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use super::counter::Counter;
use super::family::Family;

/// Counts every token that is presented and verified, or refused.
pub struct Verifications {
    all: Family<Counter, 2>,
    /// The configured issuers. Few, so that looking through them costs less than hashing a name.
    issuers: ArcSwap<Vec<Arc<OfIssuer>>>,
    unknown: OfIssuer,
}

impl Verifications {
    pub(super) fn new(all: Family<Counter, 2>) -> Self {
        Self {
            issuers: ArcSwap::default(),
            unknown: OfIssuer::new(UNKNOWN_ISSUER.into()),
            all,
        }
    }

    /// Shows an issuer from the start, at zero: a rate needs a first sample.
    pub(super) fn configured(&self, issuer: &str) {
        drop(self.all.with([issuer, ACCEPTED]));
        self.issuers.rcu(|known| {
            let mut issuers = Vec::clone(known);
            if !issuers.iter().any(|known| *known.name == *issuer) {
                issuers.push(Arc::new(OfIssuer::new(issuer.into())));
            }
            issuers
        });
    }

    pub(super) fn gone(&self, issuer: &str) {
        self.issuers.rcu(|known| {
            let mut issuers = Vec::clone(known);
            issuers.retain(|known| *known.name != *issuer);
            issuers
        });
    }

    /// Counts one token. `issuer` is the configured issuer that the token names, `None` where it names none: never what
    /// the token says itself. `result` is [`ACCEPTED`], [`NO_KEYS`] or the rule that refused.
    pub fn count(&self, issuer: Option<&str>, result: &'static str) {
        let Some(issuer) = issuer else {
            return self.unknown.count(result, &self.all);
        };
        let issuers = self.issuers.load();
        match issuers.iter().find(|known| *known.name == *issuer) {
            Some(known) => known.count(result, &self.all),
            // Requests may see a new issuer before its keys are asked for, which is when it is made known here.
            None => self.all.with([issuer, result]).inc(),
        }
    }
}

/// One issuer's part.
struct OfIssuer {
    name: Box<str>,
    /// Filled from the first place on, each when its result is first counted: so that only what happened is shown, and
    /// no list of rules is kept beside the verifier's own.
    counters: [OnceLock<(&'static str, Arc<Counter>)>; PLACES],
}

impl OfIssuer {
    fn new(name: Box<str>) -> Self {
        Self {
            name,
            counters: [const { OnceLock::new() }; PLACES],
        }
    }

    fn count(&self, result: &'static str, all: &Family<Counter, 2>) {
        let resolve = || (result, all.with([&self.name, result]));
        let counter = self.counters.iter().find_map(|place| {
            let (name, counter) = place.get_or_init(resolve);
            (*name == result).then_some(counter)
        });
        match counter {
            Some(counter) => counter.inc(),
            // More results than places: counted all the same, only not as fast.
            None => resolve().1.inc(),
        }
    }
}

/// More than the verifier has rules.
const PLACES: usize = 64;

/// `result` of a token that was found nothing to refuse in.
pub const ACCEPTED: &str = "accepted";
/// `result` where nothing could be verified for want of keys.
pub const NO_KEYS: &str = "no_keys";
/// `issuer` of tokens that name no configured one.
const UNKNOWN_ISSUER: &str = "unknown";

#[cfg(test)]
mod tests {
    use super::super::Metrics;
    use super::{Counter, Family};

    #[test]
    fn each_result_is_counted_under_its_issuer_whether_made_known_before_or_not() {
        let metrics = Metrics::new().unwrap();
        metrics.issuer_configured("entra");
        for issuer in [Some("entra"), Some("late"), None] {
            metrics.verifications.count(issuer, "token_expired");
            metrics.verifications.count(issuer, "wrong_audience");
            metrics.verifications.count(issuer, "token_expired");
        }
        metrics.issuer_configured("late");
        metrics.verifications.count(Some("late"), "token_expired");
        metrics.issuer_gone("entra");
        metrics.verifications.count(Some("entra"), "token_expired");
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        for (issuer, expired) in [("entra", 3), ("late", 3), ("unknown", 2)] {
            for (result, count) in [("token_expired", expired), ("wrong_audience", 1)] {
                let line = format!(
                    "crossgate_token_verifications_total{{issuer=\"{issuer}\",result=\"{result}\"}} {count}\n"
                );
                assert!(text.contains(&line), "{line} is missing in\n{text}");
            }
        }
    }

    #[test]
    fn more_results_than_places_are_counted_all_the_same() {
        const RESULTS: [&str; 3] = ["a", "b", "c"];
        let counters = Family::new(
            prometheus::Opts::new("n", "h"),
            ["issuer", "result"],
            Counter::default,
        )
        .unwrap();
        let issuer = super::OfIssuer::new("entra".into());
        let fillers: Vec<&'static str> = (0..super::PLACES)
            .map(|number| &*format!("filler-{number}").leak())
            .collect();
        for result in fillers.into_iter().chain(RESULTS).chain(RESULTS) {
            issuer.count(result, &counters);
        }
        for result in RESULTS {
            assert_eq!(counters.with(["entra", result]).get(), 2);
        }
    }
}
