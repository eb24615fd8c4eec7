//! Why a caller may not.

use std::collections::BTreeSet;
use std::fmt;

use super::{Action, ActionSet, Scope};

/// Why a caller may not do what it asks for, in words for Graph's error and for the audit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Denied {
    /// An application on behalf of a user lacks a scope, or the user a role, or both.
    Delegated {
        /// Actions that no scope of the token permits.
        no_scope: ActionSet,
        /// Actions that no role of the user gives.
        no_role: ActionSet,
    },
    /// An application's permissions do not permit these actions.
    Application {
        /// Which.
        no_permission: ActionSet,
    },
    /// The bootstrap credential is not for these actions.
    Bootstrap {
        /// Which.
        beyond: ActionSet,
    },
    /// The bootstrap credential has done its work.
    BootstrapOver,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Delegated { no_scope, no_role } => {
                let mut lacks = alternatives(no_scope, "the scope", "a scope");
                if !no_role.is_empty() {
                    lacks.push(format!("a role with {}", named(no_role)));
                }
                write!(f, "the caller lacks {}", lacks.join(" and "))
            }
            Self::Application { no_permission } => {
                let lacks = alternatives(
                    no_permission,
                    "the application permission",
                    "an application permission",
                );
                write!(f, "the application lacks {}", lacks.join(" and "))
            }
            Self::Bootstrap { beyond } => write!(
                f,
                "the bootstrap credential only makes the first role assignments; {} takes a role",
                named(beyond)
            ),
            Self::BootstrapOver => f.write_str(
                "the bootstrap credential counts for nothing any more, since an assigned role can manage roles; sign in \
                 with that role",
            ),
        }
    }
}

impl std::error::Error for Denied {}

/// For each action the permissions of which one would do; what several actions share is said once.
fn alternatives(actions: ActionSet, one_of: &str, any: &str) -> Vec<String> {
    let scopes: BTreeSet<Vec<Scope>> = actions
        .iter()
        .map(|action| Scope::permitting(action).collect())
        .collect();
    let said = scopes.into_iter().map(|scopes| {
        let names: Vec<_> = scopes
            .iter()
            .map(|scope| format!("`{}`", scope.name()))
            .collect();
        match names.split_last() {
            None => format!("{any} that there is not"),
            Some((only, [])) => format!("{one_of} {only}"),
            Some((last, others)) => format!("{one_of} {} or {last}", others.join(", ")),
        }
    });
    said.collect()
}

fn named(actions: ActionSet) -> String {
    let names: Vec<_> = actions.iter().map(Action::name).collect();
    match names.split_last() {
        None => "no action".to_owned(),
        Some((only, [])) => format!("the action `{only}`"),
        Some((last, others)) => format!("the actions `{}` and `{last}`", others.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(denied: Denied, expected: &str) {
        assert_eq!(denied.to_string(), expected);
    }

    #[test]
    fn a_denial_names_every_scope_that_would_do_and_the_action_that_a_role_must_have() {
        check(
            Denied::Delegated {
                no_scope: ActionSet::of(&[Action::PartnersRead]),
                no_role: ActionSet::EMPTY,
            },
            "the caller lacks the scope `Policy.Read.All` or `Policy.ReadWrite.CrossTenantAccess`",
        );
        check(
            Denied::Delegated {
                no_scope: ActionSet::EMPTY,
                no_role: ActionSet::of(&[Action::AuditLogsRead]),
            },
            "the caller lacks a role with the action `microsoft.directory/auditLogs/allProperties/read`",
        );
        check(
            Denied::Delegated {
                no_scope: ActionSet::of(&[Action::AuditLogsRead]),
                no_role: ActionSet::of(&[Action::AuditLogsRead]),
            },
            "the caller lacks the scope `AuditLog.Read.All` and a role with the action \
             `microsoft.directory/auditLogs/allProperties/read`",
        );
    }

    #[test]
    fn a_scope_that_several_actions_share_is_named_once() {
        let both = ActionSet::of(&[Action::NamedLocationsCreate, Action::NamedLocationsUpdate]);
        check(
            Denied::Delegated {
                no_scope: both,
                no_role: both,
            },
            "the caller lacks the scope `Policy.ReadWrite.ConditionalAccess` and a role with the actions \
             `microsoft.directory/namedLocations/create` and `microsoft.directory/namedLocations/basic/update`",
        );
    }

    #[test]
    fn an_application_is_told_of_permissions() {
        check(
            Denied::Application {
                no_permission: ActionSet::of(&[Action::SessionsRevoke]),
            },
            "the application lacks the application permission `User.RevokeSessions.All`, `User.ReadWrite.All` or \
             `Directory.ReadWrite.All`",
        );
    }

    #[test]
    fn the_bootstrap_credential_is_told_what_it_is_for() {
        check(
            Denied::Bootstrap {
                beyond: ActionSet::of(&[Action::PartnersCreate]),
            },
            "the bootstrap credential only makes the first role assignments; the action \
             `microsoft.directory/crossTenantAccessPolicy/partners/create` takes a role",
        );
        assert!(Denied::BootstrapOver.to_string().contains("any more"));
    }
}
