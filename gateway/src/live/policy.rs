//! Takes up changes of policy and configuration: loads off the request path, and swaps in one step, or not at all.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crossgate_config::{IssuerSettings, PolicySource, Purpose, Settings};
use tokio::sync::watch;

use super::keys::Plan;
use super::watch::{Change, Watch};
use super::{InForce, Keys, Live};
use crate::load::{self, Loaded};
use crate::ops::Metrics;
use crate::proxy::Certificates;
use crate::request::route::Routes;

/// What a reload works on.
#[derive(Debug)]
pub struct Reloader {
    live: Arc<Live>,
    metrics: Arc<Metrics>,
    config: PathBuf,
    /// The configuration's text in force. A change of the policy alone does not take up what an operator is still
    /// writing there.
    text: String,
    settings: Settings,
    plans: watch::Sender<Plan>,
    certificates: Option<Arc<Certificates>>,
    watch: Option<Watch>,
    reasons: Receiver<Reason>,
    reason: Sender<Reason>,
}

/// Why something is to be loaded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reason {
    /// The policy changed.
    Policy,
    /// The policy's directory may be another one.
    Directory,
    /// An operator asks: configuration and policy.
    Asked,
}

/// Asks for a reload of configuration and policy.
#[derive(Clone, Debug)]
pub struct Ask(Sender<Reason>);

impl Ask {
    /// Has everything loaded again soon.
    pub fn reload(&self) {
        // It is gone only while the process ends.
        let _ = self.0.send(Reason::Asked);
    }
}

/// What was loaded at the start, and whom to tell of changes.
#[derive(Debug)]
pub struct Begun {
    /// `crossgate.toml`.
    pub config: PathBuf,
    /// Its text.
    pub text: String,
    /// What it says.
    pub settings: Settings,
    /// Where the keys' keeper hears of other issuers.
    pub plans: watch::Sender<Plan>,
    /// The certificates of the doors, where they have any.
    pub certificates: Option<Arc<Certificates>>,
}

impl Reloader {
    /// Watches the policy directory from now on. Changes are taken up once it is [run](Self::run).
    #[must_use]
    pub fn new(live: Arc<Live>, metrics: Arc<Metrics>, begun: Begun) -> (Self, Ask) {
        let (reason, reasons) = mpsc::channel();
        let ask = Ask(reason.clone());
        let mut reloader = Self {
            live,
            metrics,
            config: begun.config,
            text: begun.text,
            settings: begun.settings,
            plans: begun.plans,
            certificates: begun.certificates,
            watch: None,
            reasons,
            reason,
        };
        reloader.watch_again();
        (reloader, ask)
    }

    /// Takes up changes until the process ends. Blocks: it has a thread of its own.
    pub fn run(mut self) {
        while let Ok(first) = self.reasons.recv() {
            let reason = self.gather(first);
            if reason == Reason::Directory {
                self.watch_again();
            }
            self.reload(reason);
        }
    }

    /// Waits until no more changes follow: whoever copies many files is taken up once.
    fn gather(&self, mut reason: Reason) -> Reason {
        let end = Instant::now() + LONGEST_GATHERING;
        loop {
            let rest = end.saturating_duration_since(Instant::now());
            match self.reasons.recv_timeout(QUIET.min(rest)) {
                Ok(more) => reason = reason.or(more),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return reason,
            }
            if rest.is_zero() {
                return reason;
            }
        }
    }

    fn reload(&mut self, reason: Reason) {
        let text = match reason {
            Reason::Policy | Reason::Directory => Ok(self.text.clone()),
            Reason::Asked => load::read(&self.config),
        };
        let loaded = text.and_then(|text| {
            let loaded = load::load_text(&self.config, &text, Purpose::Serve, None)?;
            Ok((text, loaded))
        });
        let renewed = match (reason, &self.certificates) {
            (Reason::Asked, Some(certificates)) => certificates
                .renew()
                .map_err(|fault| load::Faults(vec![fault.to_string()])),
            (Reason::Asked | Reason::Policy | Reason::Directory, _) => Ok(()),
        };
        let faults = match (loaded, renewed) {
            (Ok((text, loaded)), Ok(())) => return self.take_up(text, loaded, reason),
            (Ok(_), Err(faults)) | (Err(faults), Ok(())) => faults.0,
            (Err(mut faults), Err(more)) => {
                faults.0.extend(more.0);
                faults.0
            }
        };
        self.metrics.policy_refused();
        let count = faults.len();
        tracing::error!("reload refused, {count} faults; what was in force stays");
        for fault in &faults {
            tracing::error!("{fault}");
        }
    }

    fn take_up(&mut self, text: String, loaded: Loaded, reason: Reason) {
        let Loaded {
            settings,
            snapshot,
            issuers,
            hash,
            advisories,
            counts,
        } = loaded;
        let before = self.live.in_force();
        if hash == before.hash && settings == self.settings {
            if reason == Reason::Asked {
                tracing::info!("reloaded: nothing has changed");
            }
            return;
        }
        let generation = before.generation + 1;
        let routes = if settings == self.settings {
            Arc::clone(&before.routes)
        } else {
            Arc::new(Routes::build(
                &settings,
                Some(&before.routes),
                &self.metrics,
            ))
        };
        let same_issuers = settings.issuers == self.settings.issuers;
        let issuers = if same_issuers {
            Arc::clone(&before.issuers)
        } else {
            Arc::new(issuers)
        };
        let old = &self.settings.issuers;
        self.live.replace(|current| InForce {
            generation,
            hash: Arc::clone(&hash),
            snapshot: Arc::clone(&snapshot),
            routes: Arc::clone(&routes),
            issuers: Arc::clone(&issuers),
            issuers_since: if same_issuers {
                current.issuers_since
            } else {
                generation
            },
            keys: if same_issuers {
                Arc::clone(&current.keys)
            } else {
                Arc::new(still_good(&current.keys, old, &settings.issuers))
            },
        });
        if !same_issuers {
            self.live.demand.reset(&issuers);
        }
        if !same_issuers || settings.jwks != self.settings.jwks {
            // The keeper is gone only while the process ends.
            let _ = self.plans.send(Plan {
                issuers: settings.issuers.clone().into(),
                jwks: settings.jwks,
                since: self.live.in_force().issuers_since,
            });
        }
        self.metrics
            .policy_loaded(generation, counts.partners, jiff::Timestamp::now());
        for section in needs_restart(&self.settings, &settings) {
            tracing::warn!("`{section}` has changed, which takes a restart to bind");
        }
        tracing::info!(
            generation,
            partners = counts.partners,
            guests = counts.guests,
            conditional_access = counts.enabled_policies,
            advisories = advisories.len(),
            "policy in force"
        );
        self.text = text;
        let moved = settings.policy != self.settings.policy;
        self.settings = settings;
        if moved {
            self.watch_again();
        }
    }

    fn watch_again(&mut self) {
        let PolicySource::Directory(directory) = &self.settings.policy;
        let reason = self.reason.clone();
        let tell = move |change| {
            let _ = reason.send(match change {
                Change::Content => Reason::Policy,
                Change::Directory => Reason::Directory,
            });
        };
        // Before the new one starts: two would tell of everything twice.
        self.watch = None;
        match Watch::start(directory, tell) {
            Ok(watch) => self.watch = Some(watch),
            Err(error) => {
                let directory = directory.display();
                tracing::error!(%error, "`{directory}` cannot be watched; its changes need a SIGHUP");
            }
        }
    }
}

impl Reason {
    /// The reason that covers both.
    const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Asked, _) | (_, Self::Asked) => Self::Asked,
            (Self::Directory, _) | (_, Self::Directory) => Self::Directory,
            (Self::Policy, Self::Policy) => Self::Policy,
        }
    }
}

/// Keys of issuers that did not change. No other issuer may be believed by them, also where it bears the name.
fn still_good(keys: &Keys, old: &[IssuerSettings], new: &[IssuerSettings]) -> Keys {
    let unchanged = |name: &str| {
        let of = |list: &[IssuerSettings]| list.iter().find(|issuer| issuer.name == name).cloned();
        of(old).is_some_and(|issuer| of(new) == Some(issuer))
    };
    let sets = keys.sets.iter().filter(|(name, _)| unchanged(name));
    Keys {
        epoch: keys.epoch + 1,
        sets: sets
            .map(|(name, set)| (Arc::clone(name), Arc::clone(set)))
            .collect(),
    }
}

/// Sections that are read at the start only.
fn needs_restart(old: &Settings, new: &Settings) -> Vec<&'static str> {
    let (limits, others) = (&old.limits, &new.limits);
    let changed = [
        (
            "[listen]",
            old.listen.proxy != new.listen.proxy
                || old.listen.egress != new.listen.egress
                || old.listen.metrics != new.listen.metrics
                || old.listen.tls != new.listen.tls,
        ),
        ("[sign_ins]", old.sign_ins != new.sign_ins),
        ("[runtime]", old.runtime != new.runtime),
        ("[shutdown]", old.shutdown != new.shutdown),
        ("[assertion]", old.assertion != new.assertion),
        ("tenant.id", old.tenant.id != new.tenant.id),
        (
            "limits.max_connections",
            limits.max_connections != others.max_connections,
        ),
        (
            "limits.request_head_timeout",
            limits.request_head_timeout != others.request_head_timeout,
        ),
    ];
    let changed = changed.into_iter().filter(|(_, changed)| *changed);
    changed.map(|(section, _)| section).collect()
}

/// Whoever copies files writes the next one sooner than this.
const QUIET: Duration = Duration::from_millis(20);

/// A directory that never comes to rest is taken up all the same.
const LONGEST_GATHERING: Duration = Duration::from_millis(500);
