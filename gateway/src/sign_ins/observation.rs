//! What the request path hands over about one finished request: owned facts, nothing rendered.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crossgate_insight::case::Written;
use crossgate_insight::receipt::Receipt;
use crossgate_policy::context::{Context, RestrictionHeaders};
use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::subject::Subject;
use crossgate_policy::target::Target;
use crossgate_policy::{Caller, Decision, Line, Outcome, Reason, Refusal, Step};
use uuid::Uuid;

use crate::live::Staged;
use crate::request::admit::unix_time;
use crate::request::tokens::TokenDigest;
use crate::traces::TraceId;

/// One request, as it ended.
///
/// Built on the request path, so everything in it is moved or shared, never formatted; the writer makes an event of it.
#[derive(Debug)]
pub struct Observation {
    /// The trace that it belongs to, where traces are on.
    pub trace: Option<Box<TraceId>>,
    /// The id of this decision: `id` of the event.
    pub decision_id: Uuid,
    /// What the client was told to quote.
    pub correlation_id: Box<str>,
    /// When the head of the request was read.
    pub arrived: jiff::Timestamp,
    /// A person read the answer, and may quote its reference.
    pub shown: bool,
    /// From then until the head of the answer was known.
    pub duration: Duration,
    /// The status that was sent; 0 where the client was gone before any.
    pub status: u16,
    /// How it ended.
    pub ending: Ending,
    /// The app that was called; `None` where no app is configured for it, or the request did not get that far.
    pub app: Option<CalledApp>,
    /// Who the verified token speaks for.
    pub subject: Option<Arc<Subject>>,
    /// What the token says that no decision needs and a reader of events wants.
    pub token: Option<Arc<TokenFacts>>,
    /// Keyed digest of the token as it came, also of one that was refused. Never the token.
    pub token_digest: TokenDigest,
    /// The caller's address.
    pub client_address: Option<IpAddr>,
    /// `User-Agent`, cut by [`bounded`].
    pub user_agent: Option<Box<str>>,
    /// The policy that decided; `None` where none was in force.
    pub policy: Option<PolicyInForce>,
    /// The provider at which a person signed in by this request, or tried to; `None` where a token or a session came with it.
    pub signed_in_at: Option<Arc<str>>,
    /// The tenant-restriction headers, where any came.
    pub restriction: Option<Arc<RestrictionValues>>,
    /// The fact of this name in the decision's context.
    pub partner_outbound_allowed: bool,
    /// Terms of use that the caller had accepted.
    pub terms_accepted: Option<Arc<[Id]>>,
}

/// How a request ended, for events and metrics alike.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// The decision was made: the usual case.
    Decided(Decision),
    /// Refused before any app was looked for: the head is not one clear request. Holds the rule it broke.
    Malformed(&'static str),
    /// Answered 503: no policy, no keys for the issuer, or no room for events. Holds which.
    NotReady(&'static str),
    /// A security event was pushed to the gateway itself: no app's request, and nobody to decide about. Holds what became of it.
    Signal(&'static str),
    /// A partner pushed users or groups to the gateway itself. Holds what became of it.
    Synchronization(&'static str),
    /// Ended without an answer of ours: a panic, or a client that left before the decision.
    Aborted,
}

impl Ending {
    /// `outcome` of events and metrics.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Decided(decision) => decision.outcome_name(),
            Self::Malformed(_) => Outcome::BadRequest.name(),
            Self::NotReady(_) => NOT_READY,
            Self::Signal(_) => SIGNAL,
            Self::Synchronization(_) => SYNCHRONIZATION,
            Self::Aborted => ABORTED,
        }
    }

    /// `reason` of events.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Decided(decision) => decision.reason(),
            Self::Malformed(rule)
            | Self::NotReady(rule)
            | Self::Signal(rule)
            | Self::Synchronization(rule) => rule,
            Self::Aborted => ABORTED,
        }
    }

    /// The decision, where one was made.
    #[must_use]
    pub const fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Decided(decision) => Some(decision),
            Self::Malformed(_)
            | Self::NotReady(_)
            | Self::Signal(_)
            | Self::Synchronization(_)
            | Self::Aborted => None,
        }
    }

    /// Whether a decision refused it.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.decision()
            .is_some_and(|decision| decision.permit().is_none())
    }

    /// Where the decision fell.
    #[must_use]
    pub fn step(&self) -> Option<Step> {
        self.decision().and_then(Decision::step)
    }
}

/// The app that was called.
#[derive(Clone, Debug)]
pub struct CalledApp {
    /// What it demands, for the explanation; its `id` is what policies name.
    pub target: Arc<Target>,
    /// Its name.
    pub name: Arc<str>,
}

/// The policy that one request saw.
#[derive(Clone, Debug)]
pub struct PolicyInForce {
    /// The compiled policy.
    pub snapshot: Arc<Snapshot>,
    /// Counts loads since the start.
    pub generation: u64,
    /// Names its content.
    pub hash: Arc<str>,
    /// Counts the changes of issuers' key sets since the start.
    pub key_set_generation: u64,
    /// What it is staged over; `None` where it is the policy for all.
    pub over: Option<StagedOver>,
}

/// A staged policy that decided, and the one for all in whose place it did.
#[derive(Clone, Debug)]
pub struct StagedOver {
    /// The stage.
    pub stage: Arc<Staged>,
    /// The policy for all.
    pub for_all: Arc<Snapshot>,
}

/// Facts of a verified token for readers of events. One for as long as the token is cached.
#[derive(Clone, Debug, Default)]
pub struct TokenFacts {
    /// The `[[issuer]]` that verified it.
    pub issuer: Arc<str>,
    /// That issuer is of kind `entra`.
    pub entra: bool,
    /// `name`.
    pub display_name: Option<Arc<str>>,
    /// `upn`, or `preferred_username`.
    pub user_principal_name: Option<Arc<str>>,
    /// `app_displayname`: the calling client's name.
    pub client_name: Option<Box<str>>,
    /// `uti`, or `jti`.
    pub unique_token_identifier: Option<Id>,
    /// `sid`.
    pub session_id: Option<Id>,
    /// `deviceid`.
    pub device_id: Option<Box<str>>,
}

/// The values that came under the three tenant-restriction names.
#[derive(Clone, Debug, Default)]
pub struct RestrictionValues {
    /// `sec-Restrict-Tenant-Access-Policy`.
    pub policy: Vec<Box<[u8]>>,
    /// `Restrict-Access-To-Tenants`.
    pub tenants: Vec<Box<[u8]>>,
    /// `Restrict-Access-Context`.
    pub context: Vec<Box<[u8]>>,
}

impl RestrictionValues {
    /// What they say.
    #[must_use]
    pub fn read(&self) -> RestrictionHeaders<'_> {
        RestrictionHeaders::read(
            self.policy.iter().map(|value| &**value),
            self.tenants.iter().map(|value| &**value),
            self.context.iter().map(|value| &**value),
        )
    }
}

/// A decision that was made again for its event.
#[derive(Debug, Default)]
pub struct Explained {
    /// A line for every step that was reached.
    pub lines: Vec<Line>,
    /// How it came to the answer that was given; `None` where it did not.
    pub same: Option<AnsweredFor>,
}

/// Whom the app was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AnsweredFor {
    /// Whoever called.
    Caller,
    /// Everybody: the gateway itself answered on the app's behalf.
    Anybody,
}

impl Observation {
    /// Decides again, with a line for every step: the same arguments give the same answer, so the request path need
    /// not keep lines that nobody may ask for.
    #[must_use]
    pub fn explain(&self) -> Explained {
        let (Some(policy), Some(app), Some(recorded)) =
            (&self.policy, &self.app, self.ending.decision())
        else {
            return Explained::default();
        };
        let caller = self.caller(recorded);
        let context = self.context();
        let ask =
            |target: &Target| crossgate_policy::explain(&policy.snapshot, caller, target, &context);
        let (decision, lines) = ask(&app.target);
        if decision == *recorded {
            let same = Some(AnsweredFor::Caller);
            return Explained { lines, same };
        }
        if let Caller::Anonymous = caller
            && !app.target.anonymous
        {
            let open = Target {
                anonymous: true,
                ..Target::clone(&app.target)
            };
            let (decision, lines) = ask(&open);
            if decision == *recorded {
                let same = Some(AnsweredFor::Anybody);
                return Explained { lines, same };
            }
        }
        Explained { lines, same: None }
    }

    /// What another policy says of the same request; `None` where policy was not asked.
    #[must_use]
    pub fn decided_by(&self, policy: &Snapshot) -> Option<Decision> {
        let (app, recorded) = (self.app.as_ref()?, self.ending.decision()?);
        let caller = self.caller(recorded);
        Some(crossgate_policy::decide(
            policy,
            caller,
            &app.target,
            &self.context(),
        ))
    }

    /// What it was decided from; `id` is its decision's. A receipt that led to another answer would be worse than none.
    #[must_use]
    pub fn receipt<'a>(&'a self, id: &'a str, explained: &Explained) -> Option<Receipt<'a>> {
        let (policy, app) = (self.policy.as_ref()?, self.app.as_ref()?);
        let anybody = explained.same? == AnsweredFor::Anybody;
        let values = self.restriction.as_deref();
        let headers = values.map_or([&[] as &[Box<[u8]>]; 3], |values| {
            [&values.policy, &values.tenants, &values.context].map(|values| &**values)
        });
        let case = Written {
            id,
            now: self.arrived,
            app: &app.target.id,
            issuer: self.token.as_ref().map(|token| &*token.issuer),
            caller: self.caller(self.ending.decision()?),
            anybody,
            headers,
            client_ip: self.client_address,
            partner_outbound_allowed: self.partner_outbound_allowed,
            partner_consents: None,
            terms_accepted: self.terms_accepted.as_deref().unwrap_or_default(),
        };
        Receipt::new(
            policy.key_set_generation,
            &policy.snapshot,
            &app.target,
            case,
        )
    }

    fn caller(&self, recorded: &Decision) -> Caller<'_> {
        match (&recorded.outcome, &self.subject) {
            (
                Err(Refusal {
                    reason: Reason::Token(refusal),
                    ..
                }),
                _,
            ) => Caller::Refused(*refusal),
            (Ok(()) | Err(_), Some(subject)) => Caller::Verified(subject),
            (Ok(()) | Err(_), None) => Caller::Anonymous,
        }
    }

    fn context(&self) -> Context<'_> {
        let values = self.restriction.as_deref();
        let restriction = values.map_or(RestrictionHeaders::Absent, RestrictionValues::read);
        Context {
            now: unix_time(self.arrived),
            client_ip: self.client_address,
            restriction,
            partner_outbound_allowed: self.partner_outbound_allowed,
            terms_accepted: self.terms_accepted.as_deref().unwrap_or_default(),
            revocations: &[],
        }
    }
}

/// `outcome` of [`Ending::NotReady`].
pub(crate) const NOT_READY: &str = "not-ready";
/// `outcome` of [`Ending::Signal`].
pub(crate) const SIGNAL: &str = "signal";
/// `outcome` of [`Ending::Synchronization`].
pub(crate) const SYNCHRONIZATION: &str = "synchronization";
/// `outcome` of [`Ending::Aborted`].
pub(crate) const ABORTED: &str = "aborted";

/// At most [`USER_AGENT_LIMIT`] bytes of a client's words, cut between characters.
#[must_use]
pub fn bounded(text: &str) -> Box<str> {
    let mut end = text.len().min(USER_AGENT_LIMIT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}

/// Longer than any browser's; what a client sends beyond it is noise, or an attempt to fill our disk.
pub const USER_AGENT_LIMIT: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_user_agent_is_cut_between_characters() {
        assert_eq!(&*bounded("curl/8"), "curl/8");
        let long = "ä".repeat(USER_AGENT_LIMIT);
        assert_eq!(bounded(&long).len(), USER_AGENT_LIMIT);
        let odd = format!("a{long}");
        assert_eq!(bounded(&odd).len(), USER_AGENT_LIMIT - 1);
    }
}
