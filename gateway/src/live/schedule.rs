//! When one issuer's keys are fetched, and how long they count. Knows no clock: the time is told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossgate_config::Jwks as Settings;
use crossgate_token::KeySet;

use super::fetch::Fetched;

/// One issuer's keys and when to fetch them next.
#[derive(Debug)]
pub(super) struct Schedule {
    settings: Settings,
    held: Option<Held>,
    fetching: bool,
    due: Instant,
    failures: u32,
    /// When a demand last caused a fetch.
    demanded: Option<Instant>,
}

#[derive(Debug)]
struct Held {
    keys: Arc<KeySet>,
    document: Arc<[u8]>,
    at: Instant,
}

impl Schedule {
    /// Nothing is known yet, so it is due at once.
    pub(super) const fn new(settings: Settings, now: Instant) -> Self {
        Self {
            settings,
            held: None,
            fetching: false,
            due: now,
            failures: 0,
            demanded: None,
        }
    }

    /// The keys, while they count.
    pub(super) fn keys(&self) -> Option<&Arc<KeySet>> {
        self.held.as_ref().map(|held| &held.keys)
    }

    /// Other settings from now on.
    pub(super) fn set(&mut self, settings: Settings, now: Instant) {
        if self.settings != settings {
            self.settings = settings;
            self.due = self.due.min(now + settings.refresh);
        }
    }

    /// Fetch at the next occasion.
    pub(super) fn hurry(&mut self, now: Instant) {
        self.due = self.due.min(now);
    }

    /// Whether to fetch now. Where the answer is yes, it is no until the fetch has ended: one flight at a time.
    pub(super) fn start(&mut self, now: Instant) -> bool {
        let start = !self.fetching && self.due <= now;
        self.fetching |= start;
        start
    }

    /// A token named a key that is not held. Brings the next fetch forward, once in a while only.
    pub(super) fn demand(&mut self, now: Instant) {
        let pause = self.settings.min_refresh_interval;
        if self.demanded.is_none_or(|last| now >= last + pause) {
            self.demanded = Some(now);
            self.due = self.due.min(now);
        }
    }

    /// When demands count again; `None` where they do.
    pub(super) fn demands_pause_until(&self, now: Instant) -> Option<Instant> {
        let until = self.demanded? + self.settings.min_refresh_interval;
        (until > now).then_some(until)
    }

    /// Takes what was fetched. Answers whether the keys differ from those held.
    pub(super) fn succeeded(&mut self, fetched: Fetched, now: Instant) -> bool {
        let Fetched {
            keys,
            document,
            fresh_for,
        } = fetched;
        self.fetching = false;
        self.failures = 0;
        // The issuer may want its keys asked for more often than the settings do, yet not without pause.
        let pause = fresh_for.map_or(self.settings.refresh, |fresh| {
            fresh.clamp(
                self.settings
                    .min_refresh_interval
                    .min(self.settings.refresh),
                self.settings.refresh,
            )
        });
        self.due = now + pause;
        let same = self
            .held
            .as_ref()
            .is_some_and(|held| held.document == document);
        match &mut self.held {
            Some(held) if same => held.at = now,
            Some(_) | None => {
                self.held = Some(Held {
                    keys: Arc::new(keys),
                    document,
                    at: now,
                });
            }
        }
        !same
    }

    /// Nothing was fetched. Soon again, and less soon the more often it failed.
    pub(super) fn failed(&mut self, now: Instant) {
        self.fetching = false;
        let doubled = FIRST_RETRY * 2_u32.saturating_pow(self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.due = now + doubled.min(LAST_RETRY).min(self.settings.refresh);
    }

    /// Forgets keys that are too old. Answers whether it did.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        let old = self
            .held
            .as_ref()
            .is_some_and(|held| now >= held.at + self.settings.max_age);
        if old {
            self.held = None;
        }
        old
    }

    /// When there is something to do next.
    pub(super) fn next(&self) -> Option<Instant> {
        let expiry = self
            .held
            .as_ref()
            .map(|held| held.at + self.settings.max_age);
        let due = (!self.fetching).then_some(self.due);
        due.into_iter().chain(expiry).min()
    }
}

/// Most failures are over in a moment.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// An issuer that is down is asked once in this time: soon enough once it is back, and no burden on it.
const LAST_RETRY: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_token::Algorithm;

    const HOUR: Duration = Duration::from_secs(3600);

    fn settings() -> Settings {
        Settings {
            refresh: HOUR,
            max_age: HOUR * 24,
            min_refresh_interval: Duration::from_secs(30),
        }
    }

    fn fetched(kid: &str, fresh_for: Option<Duration>) -> Fetched {
        let document = format!(
            r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"{kid}","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}}]}}"#
        );
        Fetched {
            keys: KeySet::read(document.as_bytes(), &[Algorithm::Es256]).unwrap(),
            document: document.into_bytes().into(),
            fresh_for,
        }
    }

    fn fetched_at(now: Instant) -> Schedule {
        let mut schedule = Schedule::new(settings(), now);
        assert!(schedule.start(now));
        assert!(schedule.succeeded(fetched("a", None), now));
        schedule
    }

    #[test]
    fn keys_are_fetched_at_once_and_again_ahead_of_their_expiry() {
        let now = Instant::now();
        let mut schedule = fetched_at(now);
        assert!(!schedule.start(now + HOUR - Duration::from_secs(1)));
        assert!(schedule.start(now + HOUR));
        assert!(schedule.keys().is_some());
    }

    #[test]
    fn there_is_one_flight_at_a_time() {
        let now = Instant::now();
        let mut schedule = Schedule::new(settings(), now);
        assert!(schedule.start(now));
        assert!(!schedule.start(now));
        schedule.demand(now);
        assert!(!schedule.start(now));
    }

    #[test]
    fn an_unknown_key_causes_one_fetch_in_thirty_seconds() {
        let now = Instant::now();
        let mut schedule = fetched_at(now);
        let at = |seconds| now + Duration::from_secs(seconds);
        schedule.demand(at(1));
        assert!(schedule.start(at(1)));
        schedule.succeeded(fetched("a", None), at(2));
        for second in 3..31 {
            schedule.demand(at(second));
            assert!(!schedule.start(at(second)), "second {second}");
            assert_eq!(schedule.demands_pause_until(at(second)), Some(at(31)));
        }
        assert_eq!(schedule.demands_pause_until(at(31)), None);
        schedule.demand(at(31));
        assert!(schedule.start(at(31)));
    }

    #[test]
    fn the_last_good_keys_count_until_the_limit_and_not_a_second_longer() {
        let now = Instant::now();
        let mut schedule = fetched_at(now);
        let mut at = now;
        while at < now + HOUR * 24 {
            assert!(!schedule.expire(at));
            assert!(schedule.keys().is_some());
            if schedule.start(at) {
                schedule.failed(at);
            }
            at += Duration::from_secs(600);
        }
        assert!(schedule.expire(now + HOUR * 24));
        assert!(schedule.keys().is_none());
    }

    #[test]
    fn failures_are_retried_soon_and_then_less_often() {
        let mut now = Instant::now();
        let mut schedule = Schedule::new(settings(), now);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            assert!(schedule.start(now));
            schedule.failed(now);
            let next = schedule.next().unwrap();
            pauses.push((next - now).as_secs());
            now = next;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn an_issuer_that_wants_to_be_asked_more_often_is() {
        let now = Instant::now();
        for (fresh_for, pause) in [(300, 300), (0, 30), (1_000_000, 3600)] {
            let mut schedule = Schedule::new(settings(), now);
            assert!(schedule.start(now));
            let fresh_for = Some(Duration::from_secs(fresh_for));
            schedule.succeeded(fetched("a", fresh_for), now);
            assert_eq!(schedule.next(), Some(now + Duration::from_secs(pause)));
        }
    }

    #[test]
    fn the_same_keys_again_are_no_change() {
        let now = Instant::now();
        let mut schedule = fetched_at(now);
        assert!(!schedule.succeeded(fetched("a", None), now));
        assert!(schedule.succeeded(fetched("b", None), now));
    }
}
