//! The tasks beside the requests, on a runtime of their own: whatever they wait for, no request does.

use std::sync::Arc;
use std::time::Duration;

use crossgate_config::Settings;
use crossgate_control::ledger::Ledger;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::StartError;
use crate::admin::{self, Noted};
use crate::live::Live;
use crate::live::fetch::Fetcher;
use crate::live::keys::{self, Plan};
use crate::live::partner_sides;
use crate::live::policy::Ask;
use crate::ops::Metrics;
use crate::people::{self, People};
use crate::signals::{Signals, keep_streams};
use crate::upstreams;

/// Runs the tasks for as long as it is kept.
pub(super) struct Background(Runtime);

impl Background {
    pub(super) fn start() -> Result<Self, StartError> {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("background")
            .enable_all()
            .build()
            .map(Self)
            .map_err(|why| StartError::System {
                what: "the runtime of background tasks",
                why,
            })
    }

    /// Keeps issuers' keys fresh. Other issuers are told to what is returned.
    pub(super) fn keep_keys(
        &self,
        live: &Arc<Live>,
        metrics: &Arc<Metrics>,
        fetcher: Fetcher,
        settings: &Settings,
    ) -> watch::Sender<Plan> {
        let (plans, heard) = watch::channel(Plan {
            issuers: settings.issuers.clone().into(),
            jwks: settings.jwks,
            since: live.in_force().issuers_since,
        });
        let (live, metrics) = (Arc::clone(live), Arc::clone(metrics));
        self.0.spawn(keys::keep(live, metrics, fetcher, heard));
        plans
    }

    /// Keeps what partners publish of their side fresh.
    pub(super) fn keep_partner_sides(
        &self,
        live: &Arc<Live>,
        metrics: &Arc<Metrics>,
        fetcher: &Fetcher,
    ) {
        let (live, metrics) = (Arc::downgrade(live), Arc::clone(metrics));
        let keeping = partner_sides::keep(live, metrics, fetcher.clone());
        self.0.spawn(keeping);
    }

    /// Probes upstreams and looks their names up.
    pub(super) fn tend_upstreams(&self, live: &Arc<Live>) {
        let live = Arc::clone(live);
        self.0.spawn(upstreams::tend_all(move || {
            let in_force = live.in_force();
            (in_force.routes.upstreams(), in_force.routes.probe_every)
        }));
    }

    /// Sends what the store has to be sent.
    pub(super) fn send_mail(&self, ledger: &Arc<Ledger>, live: &Arc<Live>) {
        self.0
            .spawn(people::send_mail(Arc::downgrade(ledger), Arc::clone(live)));
    }

    /// Does what the dates of the directory make necessary.
    pub(super) fn keep_up(&self, ledger: &Arc<Ledger>, noted: &Noted) {
        let (ledger, sign_ins) = (Arc::downgrade(ledger), noted.sign_ins.clone());
        let activity = Arc::clone(&noted.activity);
        self.0.spawn(admin::upkeep(ledger, activity, sign_ins));
    }

    /// Forgets sessions that are over.
    pub(super) fn tend_sessions(&self, people: &Arc<People>, live: &Arc<Live>) {
        self.0
            .spawn(people::tend(Arc::downgrade(people), Arc::clone(live)));
    }

    /// Sets up what transmitters of security events push.
    pub(super) fn keep_streams(&self, signals: &Arc<Signals>, fetcher: &Fetcher) {
        self.0
            .spawn(keep_streams(Arc::downgrade(signals), fetcher.clone()));
    }

    /// SIGHUPs, which from now on end nothing.
    pub(super) fn hangups(&self) -> Result<Signal, StartError> {
        let _inside = self.0.enter();
        signal(SignalKind::hangup()).map_err(|why| StartError::System {
            what: "the handler of SIGHUP",
            why,
        })
    }

    /// Asks for a reload at every one of them.
    pub(super) fn reload_on(&self, mut hangups: Signal, ask: Ask) {
        self.0.spawn(async move {
            while hangups.recv().await.is_some() {
                ask.reload();
            }
        });
    }

    /// Takes up what other processes write to the store of policies.
    pub(super) fn follow(&self, ledger: &Arc<Ledger>) {
        let ledger = Arc::clone(ledger);
        self.0.spawn(async move {
            loop {
                tokio::time::sleep(FOLLOW).await;
                let ledger = Arc::clone(&ledger);
                // What is wrong has been told, and is tried again.
                let followed = tokio::task::spawn_blocking(move || ledger.follow().is_ok());
                if !followed.await.unwrap_or(false) {
                    tokio::time::sleep(AFTER_A_FAULT).await;
                }
            }
        });
    }

    /// Ends the tasks and waits for none of them.
    pub(super) fn stop(self) {
        self.0.shutdown_background();
    }
}

/// How long a change by a command takes to bind.
const FOLLOW: Duration = Duration::from_secs(1);

/// A store that cannot be used is not asked, or told of, every second.
const AFTER_A_FAULT: Duration = Duration::from_secs(10);
