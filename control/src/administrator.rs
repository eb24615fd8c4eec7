//! Who calls the admin API.

use std::sync::Arc;

use crossgate_policy::ids::Id;
use crossgate_policy::subject::{Account, Subject, SubjectKind};

use crate::roles::{Caller, ScopeSet, Standing};

/// Somebody whose credential was verified.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// What was verified.
    pub credential: Credential,
    /// The caller's name, where the token tells it.
    pub display_name: Option<Arc<str>>,
    /// `upn` or `preferred_username`.
    pub user_principal_name: Option<Arc<str>>,
    /// The terms of use that they accepted in a browser.
    pub terms_accepted: Arc<[Id]>,
}

/// What a caller showed.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A token of the own tenant, accepted for the admin API.
    Token(Arc<Subject>),
    /// The one-time secret of the first run.
    Bootstrap,
    /// The break-glass secret.
    BreakGlass,
    /// A session in a browser, for a page of ours.
    Session(Person),
    /// A session in a browser, for the console: whatever the person may, as with a token that has every permission.
    Console(Arc<Subject>),
}

/// Somebody at a page of ours: the page says what can be asked for, and who it is was decided like any request of theirs.
#[derive(Clone, Debug)]
pub struct Person {
    /// The id in the own tenant; of a guest that of the record.
    pub user: Id,
    /// How they belong to it.
    pub standing: Standing,
    /// What the page is for.
    pub scopes: ScopeSet,
}

impl Administrator {
    /// What of it says what it may do.
    #[must_use]
    pub fn caller(&self) -> Caller {
        let subject = match &self.credential {
            Credential::Bootstrap => return Caller::Bootstrap,
            Credential::BreakGlass => return Caller::BreakGlass,
            Credential::Session(person) => {
                return Caller::Delegated {
                    user: person.user.clone(),
                    standing: person.standing.clone(),
                    scopes: person.scopes,
                };
            }
            Credential::Console(subject) => return delegated(subject, ScopeSet::all()),
            Credential::Token(subject) => subject,
        };
        match subject.kind {
            SubjectKind::App => Caller::Application {
                permissions: ScopeSet::of_names(subject.app_roles.iter().map(|name| &**name)),
            },
            SubjectKind::User => {
                let scopes = ScopeSet::of_names(subject.scopes.iter().map(|name| &**name));
                delegated(subject, scopes)
            }
        }
    }

    /// Whom a verified token speaks for, in whatever way it came.
    #[must_use]
    pub const fn subject(&self) -> Option<&Arc<Subject>> {
        match &self.credential {
            Credential::Token(subject) | Credential::Console(subject) => Some(subject),
            Credential::Bootstrap | Credential::BreakGlass | Credential::Session(_) => None,
        }
    }
}

fn delegated(subject: &Subject, scopes: ScopeSet) -> Caller {
    Caller::Delegated {
        // Nothing can be assigned to a user without an id.
        user: subject.user_id.clone().unwrap_or_else(|| Id::new("")),
        standing: standing(subject),
        scopes,
    }
}

/// How somebody belongs to the tenant whose token they bring.
#[must_use]
pub fn standing(subject: &Subject) -> Standing {
    let lives_here = subject.home.recorded_tenant() == Some(subject.issuer.0);
    match subject.account {
        Account::Member | Account::Unstated if lives_here => Standing::Member {
            groups: subject.groups.listed.to_vec(),
            wids: subject
                .directory_roles
                .iter()
                .filter_map(|role| match role {
                    Id::Guid(id) => Some(*id),
                    Id::Text(_) => None,
                })
                .collect(),
        },
        Account::Member | Account::Unstated | Account::Guest => Standing::Guest,
    }
}
