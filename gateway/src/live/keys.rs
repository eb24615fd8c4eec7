//! Keeps the keys of all issuers fresh: one task that fetches ahead of their expiry, and when a token names a key that
//! is not known.
//!
//! A set that cannot be fetched again keeps counting until `[jwks] max_age`; an issuer that is down keeps nobody out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossgate_config::{IssuerSettings, Jwks, JwksSource};
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};

use super::fetch::{FetchFault, Fetched, Fetcher};
use super::schedule::Schedule;
use super::{InForce, Live};
use crate::ops::Metrics;

/// Whose keys are kept.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The issuers in force.
    pub issuers: Arc<[IssuerSettings]>,
    /// How their keys are kept.
    pub jwks: Jwks,
    /// [`InForce::issuers_since`] of these issuers.
    pub since: u64,
}

/// Keeps the keys that `live` shows fresh, until the plan's sender is gone.
pub async fn keep(
    live: Arc<Live>,
    metrics: Arc<Metrics>,
    fetcher: Fetcher,
    mut plans: watch::Receiver<Plan>,
) {
    let mut keeper = Keeper {
        live,
        metrics,
        fetcher,
        plan: plans.borrow_and_update().clone(),
        kept: HashMap::new(),
        flights: JoinSet::new(),
        aloft: HashMap::new(),
    };
    keeper.follow(Instant::now());
    loop {
        let now = Instant::now();
        keeper.heed_demands(now);
        keeper.expire(now);
        keeper.take_off(now);
        let next = keeper.next(now);
        tokio::select! {
            Some(landed) = keeper.flights.join_next_with_id() => match landed {
                Ok((id, flight)) => {
                    keeper.aloft.remove(&id);
                    keeper.land(flight, Instant::now());
                }
                Err(error) => keeper.crashed(error.id(), Instant::now()),
            },
            () = keeper.live.demand.raised() => {}
            () = tokio::time::sleep_until(next.into()) => {}
            changed = plans.changed() => {
                if changed.is_err() {
                    return;
                }
                keeper.plan = plans.borrow_and_update().clone();
                keeper.follow(Instant::now());
            }
        }
    }
}

struct Keeper {
    live: Arc<Live>,
    metrics: Arc<Metrics>,
    fetcher: Fetcher,
    plan: Plan,
    kept: HashMap<Arc<str>, Kept>,
    flights: JoinSet<Flight>,
    /// Whose keys each flight is for, to know it of one that crashed.
    aloft: HashMap<Id, Arc<str>>,
}

/// One issuer's keys, and the settings they were fetched by.
struct Kept {
    settings: IssuerSettings,
    schedule: Schedule,
    /// The demand that is raised has caused its fetch.
    heeded: bool,
}

struct Flight {
    settings: IssuerSettings,
    begun: Instant,
    result: Result<Fetched, FetchFault>,
}

impl Keeper {
    /// Takes up the plan. Keys of issuers that did not change stay.
    fn follow(&mut self, now: Instant) {
        let mut before = std::mem::take(&mut self.kept);
        for settings in &*self.plan.issuers {
            let name: Arc<str> = settings.name.as_str().into();
            let kept = before.remove(&name);
            if kept.as_ref().is_some_and(|kept| kept.settings != *settings) {
                self.metrics.issuer_gone(&name);
            }
            let kept = kept.filter(|kept| kept.settings == *settings);
            let mut kept = kept.unwrap_or_else(|| Kept {
                settings: settings.clone(),
                schedule: Schedule::new(self.plan.jwks, now),
                heeded: false,
            });
            kept.schedule.set(self.plan.jwks, now);
            if let JwksSource::File(_) = settings.jwks {
                // Whoever replaced the file expects a reload to notice.
                kept.schedule.hurry(now);
            }
            self.metrics.issuer_configured(&name);
            self.kept.insert(name, kept);
        }
        for gone in before.keys() {
            self.metrics.issuer_gone(gone);
        }
        self.publish();
    }

    fn heed_demands(&mut self, now: Instant) {
        for (name, kept) in &mut self.kept {
            if !self.live.demand.is_raised(name) {
                continue;
            }
            match (kept.schedule.demands_pause_until(now), kept.heeded) {
                // Within the pause nothing more is done, so the flag stays up: raising it again costs nothing.
                (Some(_), _) => {}
                (None, false) => {
                    kept.schedule.demand(now);
                    kept.heeded = true;
                }
                (None, true) => {
                    self.live.demand.lower(name);
                    kept.heeded = false;
                }
            }
        }
    }

    fn expire(&mut self, now: Instant) {
        let mut any = false;
        for (name, kept) in &mut self.kept {
            if kept.schedule.expire(now) {
                any = true;
                tracing::error!(
                    issuer = &**name,
                    "keys are older than `[jwks] max_age` and no longer count; its tokens are answered with 503 until \
                     they can be fetched again"
                );
            }
        }
        if any {
            self.publish();
        }
    }

    fn take_off(&mut self, now: Instant) {
        for (name, kept) in &mut self.kept {
            if !kept.schedule.start(now) {
                continue;
            }
            let (fetcher, settings) = (self.fetcher.clone(), kept.settings.clone());
            let flight = self.flights.spawn(async move {
                let result = fetcher.key_set(&settings).await;
                Flight {
                    settings,
                    begun: now,
                    result,
                }
            });
            self.aloft.insert(flight.id(), Arc::clone(name));
        }
    }

    fn land(&mut self, flight: Flight, now: Instant) {
        let Flight {
            settings,
            begun,
            result,
        } = flight;
        let kept = self.kept.get_mut(settings.name.as_str());
        // The issuer may have changed, or have gone, while its keys were on their way.
        let Some(kept) = kept.filter(|kept| kept.settings == settings) else {
            return;
        };
        let issuer = settings.name.as_str();
        self.metrics.keys_refreshed(issuer, result.is_ok(), now);
        match result {
            Ok(fetched) => {
                for skipped in fetched.keys.skipped() {
                    let key = skipped.key_id.as_deref().unwrap_or("without an id");
                    tracing::debug!(issuer, key, "key is left out: it {}", skipped.why);
                }
                let count = fetched.keys.len();
                if kept.schedule.succeeded(fetched, now) {
                    tracing::info!(issuer, keys = count, "keys are new");
                    self.publish();
                }
                self.live.note_fetch(&issuer.into(), begun);
            }
            Err(error) => {
                kept.schedule.failed(now);
                if kept.schedule.keys().is_some() {
                    tracing::warn!(issuer, %error, "keys cannot be fetched; the last good ones stay");
                } else {
                    tracing::error!(issuer, %error, "keys cannot be fetched; its tokens are answered with 503");
                }
            }
        }
    }

    /// A fetch that panicked counts as one that failed, or its issuer's keys would never be fetched again.
    fn crashed(&mut self, flight: Id, now: Instant) {
        let name = self.aloft.remove(&flight);
        if let Some(kept) = name.as_ref().and_then(|name| self.kept.get_mut(name)) {
            kept.schedule.failed(now);
        }
        tracing::error!(
            issuer = name.as_deref(),
            "fetching an issuer's keys has crashed"
        );
    }

    /// Puts what is held in force, unless requests already see other issuers than these.
    fn publish(&self) {
        let keys = self.kept.iter().filter_map(|(name, kept)| {
            let keys = kept.schedule.keys()?;
            Some((Arc::clone(name), Arc::clone(keys)))
        });
        let sets: HashMap<_, _> = keys.collect();
        self.live.replace(|current| {
            if current.issuers_since != self.plan.since {
                return current.clone();
            }
            InForce {
                keys: Arc::new(current.keys.replaced_by(sets.clone())),
                ..current.clone()
            }
        });
    }

    fn next(&self, now: Instant) -> Instant {
        let times = self.kept.values().flat_map(|kept| {
            let pause = kept.schedule.demands_pause_until(now);
            kept.schedule.next().into_iter().chain(pause)
        });
        times.min().unwrap_or(now + AT_LEAST)
    }
}

/// Without issuers there is nothing to wait for; a plan with some wakes us.
const AT_LEAST: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::route::tests::settings;
    use crate::request::testing;

    #[test]
    fn keys_are_published_only_for_the_issuers_they_were_fetched_for() {
        let (settings, metrics) = (settings(""), Arc::new(Metrics::new().unwrap()));
        let live = Arc::new(Live::new(InForce {
            generation: 2,
            issuers_since: 2,
            ..testing::in_force()
        }));
        let mut keeper = Keeper {
            live: Arc::clone(&live),
            metrics,
            fetcher: Fetcher::new().unwrap(),
            plan: Plan {
                issuers: [].into(),
                jwks: settings.jwks,
                since: 1,
            },
            kept: HashMap::new(),
            flights: JoinSet::new(),
            aloft: HashMap::new(),
        };
        keeper.publish();
        assert_eq!(live.in_force().keys.epoch, 0);
        keeper.plan.since = 2;
        keeper.publish();
        assert_eq!(live.in_force().keys.epoch, 1);
    }
}
