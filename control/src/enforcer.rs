//! What the control plane asks of the gateway it stands in.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crossgate_config::Settings;
use crossgate_graph::Compiled;
use crossgate_policy::ids::{Guid, Id, TenantId};
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::subject::Subject;
use crossgate_policy::{Decision, Line};

use crate::drafts::{NewRefusals, Scope};
use crate::replays::Replays;
use crate::roles::LockOut;
use crate::sign_ins::SignIns;
use crate::store::{Head, Store, StoreError};

/// The gateway, as the control plane sees it.
pub trait Enforcer: fmt::Debug + Send + Sync {
    /// The configuration in force.
    fn settings(&self) -> Arc<Settings>;

    /// What the gateway is called, as events name it.
    fn gateway(&self) -> String;

    /// What requests of a tenant's people are decided by at this moment; `None` where none are.
    fn in_force(&self, home: TenantId) -> Option<InForce>;

    /// Whom a policy would shut out that the one in force lets in: `by`, who asks for the change, and users of apps seen in the last 24
    /// hours.
    fn shut_out(&self, next: &Compiled, by: Option<Asking<'_>>) -> Vec<ShutOut>;

    /// Writes down when guests came last, as far as it is known by now.
    ///
    /// # Errors
    /// The store cannot be written.
    fn write_activity(&self, store: &dyn Store) -> Result<(), StoreError>;

    /// What happened at the door; `None` where nothing of it is kept.
    fn sign_ins(&self) -> Option<&dyn SignIns> {
        None
    }

    /// Makes the decision of a sign-in event again, by the policy that decided then, and says what each step compared.
    ///
    /// # Errors
    /// Why it cannot be made again, or is another one now.
    fn decided_again(&self, event: &str) -> Result<(Decision, Vec<Line>), String> {
        let _ = event;
        Err("decisions are not made again here".to_owned())
    }

    /// Decides recorded sign-ins again; `None` where none are kept.
    fn replays(&self) -> Option<&dyn Replays> {
        None
    }

    /// Whom the staged draft has refused so far who would have been let in without it; `None` where none is staged.
    fn staged_refusals(&self) -> Option<NewRefusals> {
        None
    }

    /// Goes through what is asserted of the policy that is to be in force; what of it does not hold is told. Nothing where nothing is.
    ///
    /// # Errors
    /// What is asserted cannot be read, with a line for each fault.
    fn prove(&self, _next: &Compiled) -> Result<Vec<Broken>, Vec<String>> {
        Ok(Vec::new())
    }

    /// How the gateway is at this moment.
    fn health(&self) -> Health {
        Health::default()
    }

    /// Puts a policy in force, whose documents stand at `head`, and for some the one that is staged. Once it returns, every request
    /// that begins is decided by them.
    fn enforce(&self, policy: &Compiled, staged: Option<&StagedPolicy>, head: &Head);
}

/// A policy that binds for some.
#[derive(Clone, Debug)]
pub struct StagedPolicy {
    /// The draft that makes it.
    pub draft: Guid,
    /// When it was staged.
    pub started: Box<str>,
    /// For whom it binds.
    pub scope: Scope,
    /// The policy.
    pub policy: Compiled,
}

/// A property that was asserted of a policy and does not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Broken {
    /// Its name.
    pub name: String,
    /// What contradicts it, in words: the request, or why none can be found.
    pub why: String,
}

/// How a gateway is.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// The program's version.
    pub version: &'static str,
    /// Names what is in force for all, as events do.
    pub snapshot: String,
    /// Counts what was in force since the start, from 1.
    pub generation: u64,
    /// Whose keys are known, and since when.
    pub issuers: Vec<IssuerHealth>,
    /// Where sign-in events go.
    pub sinks: Vec<SinkHealth>,
    /// Those of them that are over the network.
    pub receivers: Vec<ReceiverHealth>,
    /// Partners whose gateways publish their side.
    pub partner_gateways: Vec<PartnerGateway>,
    /// People who are signed in with a browser.
    pub sessions: u64,
    /// Requests whose event waits to be written.
    pub waiting_events: u64,
}

/// Keys of an issuer.
#[derive(Clone, Debug)]
pub struct IssuerHealth {
    /// Its name in the configuration.
    pub name: String,
    /// What tokens call it.
    pub issuer: String,
    /// How many are known; `None` where none were ever fetched.
    pub keys: Option<usize>,
    /// Seconds since they were fetched.
    pub age: Option<f64>,
}

/// A sink of sign-in events.
#[derive(Clone, Debug)]
pub struct SinkHealth {
    /// What it is called.
    pub name: String,
    /// Events that it took since the start.
    pub written: u64,
    /// Attempts that failed.
    pub failed: u64,
}

/// A receiver of sign-in events over the network, since the start.
#[derive(Clone, Debug, Default)]
pub struct ReceiverHealth {
    /// What it is called.
    pub name: String,
    /// Events that wait for it.
    pub waiting: u64,
    /// Seconds that the oldest of them has waited for.
    pub behind: f64,
    /// Events that it has acknowledged.
    pub delivered: u64,
    /// Events that it refused for good, or that were lost.
    pub lost: u64,
    /// Sendings that failed, and are made again.
    pub failed: u64,
}

/// The gateway of a partner.
#[derive(Clone, Debug)]
pub struct PartnerGateway {
    /// The partner's name.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// Whether its side is known and counts.
    pub known: bool,
}

/// What requests are decided by.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Names the content, as events do.
    pub hash: Arc<str>,
    /// The policy.
    pub snapshot: Arc<Snapshot>,
    /// The draft that is staged for whom this is told of.
    pub staged: Option<Guid>,
}

/// Somebody who asks for a change with a token.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// Whom the token speaks for.
    pub subject: &'a Subject,
    /// Where the call comes from.
    pub address: Option<IpAddr>,
    /// The terms of use that they accepted.
    pub terms_accepted: &'a [Id],
}

/// Somebody who would be shut out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ShutOut {
    /// Who asks for the change, from the admin API; for this reason.
    Caller(String),
    /// The same, or everybody, from the management of roles.
    Roles(LockOut),
    /// Every user seen at an app.
    App {
        /// The app's id.
        id: String,
        /// Its name.
        name: String,
        /// Some of the users, by the names that events show.
        users: Vec<String>,
        /// How many there are in all.
        count: usize,
    },
}

impl ShutOut {
    /// What the caller is to know.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Caller(reason) => {
                format!("you would be shut out of the admin API yourself: {reason}")
            }
            Self::Roles(lock_out) => lock_out.to_string(),
            Self::App {
                name, users, count, ..
            } => {
                let named = users.join(", ");
                let more = count.saturating_sub(users.len());
                let more = if more == 0 {
                    String::new()
                } else {
                    format!(" and {more} more")
                };
                format!("nobody who used `{name}` in the last 24 hours could go on: {named}{more}")
            }
        }
    }
}
