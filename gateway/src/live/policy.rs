//! Takes up changes of policy and configuration: loads off the request path, and swaps in one step, or not at all.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crossgate_config::{IssuerSettings, PolicySource, Purpose, Settings};
use crossgate_graph::Counts;
use crossgate_portal::pages::Pages;
use tokio::sync::watch;

use super::keys::Plan;
use super::watch::{Change, Watch};
use super::{InForce, Keys, Live, Staged, announce, restart};
use crate::admin::Stored;
use crate::load::{self, Faults, KnownGuests, Loaded};
use crate::ops::Metrics;
use crate::people;
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
    /// The settings at the start, of which some bind until the end.
    started: Settings,
    counts: Counts,
    guests: Option<KnownGuests>,
    /// The last reload was refused.
    refused: bool,
    plans: watch::Sender<Plan>,
    certificates: Option<Arc<Certificates>>,
    watch: Option<Watch>,
    /// What the policy is in force by where it is in a store, which is not read again: who changes it has put it in force.
    stored: Option<Arc<Stored>>,
    reasons: Receiver<Reason>,
    reason: Sender<Reason>,
}

/// Why something is to be loaded. The policy is in any case.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Reason {
    /// The policy's directory may be another one.
    directory: bool,
    /// An operator asks: the configuration too.
    asked: bool,
}

/// Asks for a reload of configuration and policy.
#[derive(Clone, Debug)]
pub struct Ask(Sender<Reason>);

impl Ask {
    /// Has everything loaded again soon.
    pub fn reload(&self) {
        // It is gone only while the process ends.
        let _ = self.0.send(Reason {
            asked: true,
            ..Reason::default()
        });
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
    /// How much policy there was.
    pub counts: Counts,
    /// Its guests.
    pub guests: Option<KnownGuests>,
    /// Where the keys' keeper hears of other issuers.
    pub plans: watch::Sender<Plan>,
    /// The certificates of the doors, where they have any.
    pub certificates: Option<Arc<Certificates>>,
    /// The policy, where it is in a store.
    pub stored: Option<Arc<Stored>>,
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
            started: begun.settings.clone(),
            settings: begun.settings,
            counts: begun.counts,
            guests: begun.guests,
            refused: false,
            plans: begun.plans,
            certificates: begun.certificates,
            stored: begun.stored,
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
            if reason.directory {
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
        let text = if reason.asked {
            load::read(&self.config)
        } else {
            Ok(self.text.clone())
        };
        let stored = self.stored.clone();
        // While it is held no change of the policy comes into force.
        let mut held = stored.as_ref().map(|stored| stored.hold());
        let loaded = text.and_then(|text| {
            if let Some(held) = &held {
                let loaded = load::beside(&self.config, &text, &held.policy, &held.head)?;
                self.check_same_store(&loaded)?;
                return Ok((text, loaded));
            }
            // An operator who asks trusts no look at a file, as on a filesystem that is not watched either.
            let asked = self.guests.as_ref().filter(|_| reason.asked);
            let unread = asked.map(KnownGuests::to_be_read);
            let guests = unread.as_ref().or(self.guests.as_ref());
            let loaded = load::load_at_rest(&self.config, &text, Purpose::Serve, guests)?;
            self.check_same_store(&loaded)?;
            Ok((text, loaded))
        });
        let loaded = loaded.and_then(|(text, loaded)| {
            let pages = reason.asked.then(|| people::pages(&loaded.settings));
            match pages.transpose() {
                Ok(pages) => Ok((text, loaded, pages)),
                Err(fault) => Err(Faults(vec![fault.to_string()])),
            }
        });
        let certificates = self.certificates.as_ref().filter(|_| reason.asked);
        let renewed = certificates.map(|certificates| certificates.read_again());
        let faults = match (loaded, renewed.transpose()) {
            (Ok((text, loaded, pages)), Ok(renewed)) => {
                if let (Some(certificates), Some(renewed)) = (&self.certificates, renewed) {
                    certificates.renew(renewed);
                }
                if let Some(pages) = pages {
                    self.show(pages);
                }
                let staged = held.as_ref();
                let staged = staged.and_then(|held| held.staged_beside(&text, &loaded.settings));
                self.take_up(text, loaded, staged, reason);
                if let (Some(stored), Some(held)) = (&stored, &mut held) {
                    stored.configure(held, &self.text, &self.settings);
                }
                return;
            }
            (Ok(_), Err(fault)) => vec![fault.to_string()],
            (Err(faults), Ok(_)) => faults.0,
            (Err(mut faults), Err(fault)) => {
                faults.0.push(fault.to_string());
                faults.0
            }
        };
        self.refused = true;
        self.metrics.policy_refused();
        let count = faults.len();
        let word = if count == 1 { "fault" } else { "faults" };
        tracing::error!("reload refused, {count} {word}; what was in force stays");
        for fault in &faults {
            tracing::error!("{fault}");
        }
    }

    /// Refuses what only a restart can change.
    fn check_same_store(&self, loaded: &Loaded) -> Result<(), Faults> {
        let (old, new) = (&self.settings, &loaded.settings);
        let in_store = |settings: &Settings| matches!(settings.policy, PolicySource::Sqlite(_));
        let mut faults = Vec::new();
        if new.tenant.id != old.tenant.id {
            faults.push(OTHER_TENANT.to_owned());
        }
        if (in_store(old) || in_store(new)) && new.policy != old.policy {
            faults.push(OTHER_STORE.to_owned());
        }
        if in_store(old) && new.tenant.cloud != old.tenant.cloud {
            faults.push(OTHER_CLOUD.to_owned());
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Faults(faults))
        }
    }

    fn take_up(
        &mut self,
        text: String,
        loaded: Loaded,
        staged: Option<Arc<Staged>>,
        reason: Reason,
    ) {
        let Loaded {
            settings,
            snapshot,
            sign_up,
            issuers,
            hash,
            advisories,
            counts,
            guests,
            store: _,
        } = loaded;
        self.guests = guests;
        let before = self.live.in_force();
        let repaired = std::mem::take(&mut self.refused);
        if hash == before.hash && settings == self.settings {
            if reason.asked {
                // Files of keys are no part of what was compared.
                self.tell_plan(&self.settings);
            }
            if reason.asked || repaired {
                self.metrics.policy_unchanged();
                tracing::info!("reloaded: nothing has changed in configuration and policy");
            }
            return;
        }
        let routes = if settings == self.settings {
            Arc::clone(&before.routes)
        } else {
            Arc::new(Routes::build(
                &settings,
                Some(&before.routes),
                &self.metrics,
            ))
        };
        // The own tenant and its cloud are part of what issuers are believed for.
        let same_issuers = issuers == *before.issuers && settings.issuers == self.settings.issuers;
        let issuers = if same_issuers {
            Arc::clone(&before.issuers)
        } else {
            Arc::new(issuers)
        };
        let old = &self.settings.issuers;
        self.live.replace(|current| {
            let generation = current.generation + 1;
            InForce {
                generation,
                hash: Arc::clone(&hash),
                snapshot: Arc::clone(&snapshot),
                staged: staged.clone(),
                sign_up: Arc::clone(&sign_up),
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
                ..current.clone()
            }
        });
        if !same_issuers {
            self.live.demand.reset(&issuers);
        }
        if !same_issuers || reason.asked {
            self.tell_plan(&settings);
        }
        announce(&self.metrics, self.live.in_force().generation, counts);
        if !advisories.is_empty() {
            let count = advisories.len();
            tracing::info!(
                "the policy gives cause for {count} notes; `crossgate check` tells them"
            );
        }
        for key in restart::needed(&self.started, &settings) {
            tracing::warn!("`{key}` differs from what runs, which takes a restart to bind");
        }
        for gone in gone(self.counts, counts) {
            tracing::warn!("{gone}");
        }
        self.text = text;
        self.counts = counts;
        let moved = settings.policy != self.settings.policy;
        self.settings = settings;
        if moved {
            self.watch_again();
        }
    }

    /// Shows people these pages from now on.
    fn show(&self, pages: Pages) {
        let pages = Arc::new(pages);
        self.live.replace(|current| InForce {
            pages: Arc::clone(&pages),
            ..current.clone()
        });
    }

    /// Tells the keys' keeper whose keys to keep.
    fn tell_plan(&self, settings: &Settings) {
        // It is gone only while the process ends.
        let _ = self.plans.send(Plan {
            issuers: settings.issuers.clone().into(),
            jwks: settings.jwks,
            since: self.live.in_force().issuers_since,
        });
    }

    fn watch_again(&mut self) {
        let PolicySource::Directory(directory) = &self.settings.policy else {
            self.watch = None;
            return;
        };
        let reason = self.reason.clone();
        let tell = move |change| {
            let _ = reason.send(Reason {
                directory: change == Change::Directory,
                asked: false,
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
        Self {
            directory: self.directory || other.directory,
            asked: self.asked || other.asked,
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
    let sets = sets.map(|(name, set)| (Arc::clone(name), Arc::clone(set)));
    keys.replaced_by(sets.collect())
}

/// What an operator may have emptied by mistake: without documents Entra's initial values hold, which are more open.
fn gone(before: Counts, now: Counts) -> Vec<String> {
    let kinds = [
        (before.partners, now.partners, "partner documents"),
        (
            before.enabled_policies,
            now.enabled_policies,
            "enabled Conditional Access policies",
        ),
        (before.guests, now.guests, "guest records"),
        (before.revocations, now.revocations, "revocations"),
        (
            before.app_role_assignments,
            now.app_role_assignments,
            "app role assignments",
        ),
    ];
    let emptied = kinds
        .into_iter()
        .filter(|(before, now, _)| *before > 0 && *now == 0);
    emptied
        .map(|(before, _, kind)| format!("all {kind} are gone; there were {before}"))
        .collect()
}

const OTHER_TENANT: &str = "tenant.id: another organisation needs a restart, for upstreams hold what was signed for this one";

const OTHER_STORE: &str =
    "policy.source: going to a store, from one, or from one to another needs a restart";

const OTHER_CLOUD: &str = "tenant.cloud: another cloud needs a restart, for the store's documents were checked for this one";

/// Whoever copies files writes the next one sooner than this.
const QUIET: Duration = Duration::from_millis(20);

/// A directory that never comes to rest is taken up all the same.
const LONGEST_GATHERING: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_token::{Algorithm, KeySet};

    fn issuers(url: &str) -> Vec<IssuerSettings> {
        let text = format!(
            "tenant.id = \"11111111-1111-4111-8111-111111111111\"\n[[issuer]]\nname = \"fabrikam\"\nkind = \"oidc\"\n\
             issuer = \"{url}\"\ntenant = \"22222222-2222-4222-8222-222222222222\"\n"
        );
        let settings =
            Settings::parse(&text, std::path::Path::new("/"), Purpose::Decide, &|_| None);
        settings.unwrap().issuers
    }

    #[test]
    fn a_change_beside_the_guests_leaves_their_records_where_they_are() {
        let site = tempfile::tempdir().unwrap();
        let (config, policy) = (
            site.path().join("crossgate.toml"),
            site.path().join("policy"),
        );
        let text = "tenant.id = \"11111111-1111-4111-8111-111111111111\"\npolicy.source = \"dir:policy\"\n\
             [[issuer]]\nname = \"fabrikam\"\nkind = \"oidc\"\nissuer = \"https://id.fabrikam.example\"\n\
             tenant = \"22222222-2222-4222-8222-222222222222\"\n";
        std::fs::write(&config, text).unwrap();
        std::fs::create_dir(&policy).unwrap();
        std::fs::write(policy.join("guests.jsonl"), "{\"id\":\"ada\"}\n").unwrap();
        let loaded = load::load(&config, Purpose::Serve, None).unwrap();
        let live = Arc::new(Live::new(InForce {
            snapshot: loaded.snapshot,
            ..crate::request::testing::in_force()
        }));
        let plan = Plan {
            issuers: Arc::default(),
            jwks: loaded.settings.jwks,
            since: 1,
        };
        let begun = Begun {
            config,
            text: text.to_owned(),
            settings: loaded.settings,
            counts: loaded.counts,
            guests: loaded.guests,
            plans: watch::channel(plan).0,
            certificates: None,
            stored: None,
        };
        let metrics = Arc::new(Metrics::new().unwrap());
        let (mut reloader, _ask) = Reloader::new(Arc::clone(&live), metrics, begun);
        let ada = |live: &Live| {
            let guests = &live.in_force().snapshot.guests;
            std::ptr::from_ref(
                guests
                    .by_id(&crossgate_policy::ids::Id::new("ada"))
                    .unwrap(),
            )
        };
        let first = ada(&live);
        for mfa in [true, false] {
            let default = format!("{{\"inboundTrust\":{{\"isMfaAccepted\":{mfa}}}}}");
            std::fs::write(policy.join("default.json"), default).unwrap();
            reloader.reload(Reason::default());
            assert_eq!(live.in_force().snapshot.default.trust.mfa, Some(mfa));
            assert_eq!(ada(&live), first);
        }
        // Who asks has it read, whatever it looks like.
        let hash = Arc::clone(&live.in_force().hash);
        for (asked, is_read) in [(false, false), (true, true)] {
            reloader.guests = reloader
                .guests
                .as_ref()
                .map(KnownGuests::long_known_wrongly);
            reloader.reload(Reason {
                asked,
                ..Reason::default()
            });
            assert_eq!(live.in_force().hash == hash, is_read, "{asked}");
        }
    }

    #[test]
    fn keys_are_never_taken_for_those_of_another_issuer_of_the_same_name() {
        let document = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
        let set = KeySet::read(document.as_bytes(), &[Algorithm::Es256]).unwrap();
        let sets = [("fabrikam".into(), Arc::new(set))].into();
        let keys = Keys::default().replaced_by(sets);
        let (one, other) = (issuers("https://a.example"), issuers("https://b.example"));
        let kept = |new: &[IssuerSettings]| still_good(&keys, &one, new);
        assert!(kept(&one).get("fabrikam").is_some());
        assert!(kept(&other).get("fabrikam").is_none());
        assert!(kept(&[]).get("fabrikam").is_none());
        assert_eq!((keys.epoch, kept(&one).epoch), (1, 2));
    }
}
