//! A request that nobody made: what would be decided about it, and why.
//!
//! The steps are those of [`request::admit`](crate::request::admit), less what only traffic needs.

use crossgate_config::{AppSettings, ResourceTenant as Owner};
use crossgate_policy::context::Context;
use crossgate_policy::decision::TokenRefusal;
use crossgate_policy::ids::{ResourceTenant, TenantId};
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::subject::{Home, Subject};
use crossgate_policy::target::Target;
use crossgate_policy::{Caller, Decision, Line};
use crossgate_token::{Expected, TokenFault, Verified};

use crate::request::route::target;
use crate::request::subject::{refusal, subject};

/// An app, as far as decisions go.
pub(super) struct App {
    target: Target,
    audiences: Vec<String>,
    resource: ResourceTenant,
}

impl App {
    /// The app of these settings, in an organisation.
    pub(super) fn new(settings: &AppSettings, own: TenantId) -> Self {
        Self {
            target: target(settings),
            audiences: settings.audiences.clone(),
            resource: ResourceTenant(match settings.resource_tenant {
                Owner::Own => own,
                Owner::External(egress) => egress.tenant,
            }),
        }
    }
}

/// What is known of the token before the app and the time are asked.
pub(super) enum Token {
    /// None came.
    Absent,
    /// It is none that could be verified.
    Refused(TokenRefusal),
    /// It is genuine, or taken to be.
    Verified(Box<Verified>),
    /// What was read of one that was accepted.
    Taken(Box<Subject>),
}

impl From<TokenFault> for Token {
    fn from(fault: TokenFault) -> Self {
        Self::Refused(refusal(fault))
    }
}

/// A request.
pub(super) struct Question<'a> {
    /// Where it goes.
    pub(super) app: &'a App,
    /// What it carries.
    pub(super) token: Token,
    /// Possession of the key in the token is taken as proven.
    pub(super) possession_proven: bool,
    /// The gateway itself answers, to everybody alike.
    pub(super) anybody: bool,
    /// Everything else about it.
    pub(super) context: Context<'a>,
}

/// What is decided about it.
pub(super) struct Answer {
    /// The decision.
    pub(super) decision: Decision,
    /// A line for every step that was reached.
    pub(super) lines: Vec<Line>,
    /// The rule that the token broke for this app at this time.
    pub(super) fault: Option<TokenFault>,
}

/// How much is said of a decision.
pub(super) type Explain = fn(&Snapshot, Caller<'_>, &Target, &Context<'_>) -> (Decision, Vec<Line>);

impl Question<'_> {
    /// The tenant that the account lives in, as far as the token tells.
    pub(super) fn home(&self) -> Option<TenantId> {
        match &self.token {
            Token::Absent | Token::Refused(_) => None,
            Token::Verified(verified) => tenant_of(subject(verified).home),
            Token::Taken(subject) => tenant_of(subject.home),
        }
    }

    /// Decides, and says why in this way.
    pub(super) fn ask(&self, snapshot: &Snapshot, explain: Explain) -> Answer {
        let (subject, fault, open);
        let caller = match &self.token {
            Token::Absent => {
                fault = None;
                Caller::Anonymous
            }
            Token::Refused(refusal) => {
                fault = None;
                Caller::Refused(*refusal)
            }
            Token::Taken(subject) => {
                fault = None;
                Caller::Verified(subject)
            }
            Token::Verified(verified) => {
                fault = verified.check(&self.expected()).err();
                if let Some(fault) = fault {
                    Caller::Refused(refusal(fault))
                } else {
                    subject = self::subject(verified);
                    Caller::Verified(&subject)
                }
            }
        };
        let target = if self.anybody {
            open = Target {
                anonymous: true,
                ..self.app.target.clone()
            };
            &open
        } else {
            &self.app.target
        };
        let (decision, lines) = explain(snapshot, caller, target, &self.context);
        Answer {
            decision,
            lines,
            fault,
        }
    }

    fn expected(&self) -> Expected<'_, String> {
        Expected {
            resource: self.app.resource,
            audiences: &self.app.audiences,
            possession_proven: self.possession_proven,
            now: self.context.now,
        }
    }
}

const fn tenant_of(home: Home) -> Option<TenantId> {
    match home {
        Home::Tenant { tenant, .. } => Some(tenant.0),
        Home::MicrosoftAccount | Home::NoTenant => None,
    }
}
