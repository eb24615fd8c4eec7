//! Keeps the keys of all issuers fresh: one task that fetches ahead of their expiry, and when a token names a key that
//! is not known.
//!
//! A set that cannot be fetched again keeps counting until `[jwks] max_age`; an issuer that is down keeps nobody out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossgate_config::{IssuerSettings, Jwks};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::fetch::{FetchFault, Fetched, Fetcher};
use super::schedule::Schedule;
use super::{InForce, Keys, Live};
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
    };
    keeper.follow(Instant::now());
    loop {
        let now = Instant::now();
        keeper.heed_demands(now);
        keeper.expire(now);
        keeper.take_off(now);
        let next = keeper.next(now);
        tokio::select! {
            Some(landed) = keeper.flights.join_next() => match landed {
                Ok(flight) => keeper.land(flight, Instant::now()),
                Err(error) => tracing::error!(%error, "fetching an issuer's keys was cut off"),
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
}

/// One issuer's keys, and the settings they were fetched by.
struct Kept {
    settings: IssuerSettings,
    schedule: Schedule,
}

struct Flight {
    settings: IssuerSettings,
    result: Result<Fetched, FetchFault>,
}

impl Keeper {
    /// Takes up the plan. Keys of issuers that did not change stay.
    fn follow(&mut self, now: Instant) {
        let mut before = std::mem::take(&mut self.kept);
        for settings in &*self.plan.issuers {
            let name: Arc<str> = settings.name.as_str().into();
            let kept = before
                .remove(&name)
                .filter(|kept| kept.settings == *settings);
            let mut kept = kept.unwrap_or_else(|| Kept {
                settings: settings.clone(),
                schedule: Schedule::new(self.plan.jwks, now),
            });
            kept.schedule.set(self.plan.jwks, now);
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
            kept.schedule.demand(now);
            // Raised again within the pause it would change nothing, so it stays up until then.
            if kept.schedule.demands_pause_until(now).is_none() {
                self.live.demand.lower(name);
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
        for kept in self.kept.values_mut() {
            if !kept.schedule.start(now) {
                continue;
            }
            let (fetcher, settings) = (self.fetcher.clone(), kept.settings.clone());
            self.flights.spawn(async move {
                let result = fetcher.key_set(&settings).await;
                Flight { settings, result }
            });
        }
    }

    fn land(&mut self, flight: Flight, now: Instant) {
        let Flight { settings, result } = flight;
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
                keys: Arc::new(Keys {
                    epoch: current.keys.epoch + 1,
                    sets: sets.clone(),
                }),
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
