//! Step 9: what the app itself demands.

use std::borrow::Cow;

use super::{Request, app_line};
use crate::decision::{Reason, Refusal, Step};
use crate::explanation::{Line, Recorder, Values, line, list};
use crate::ids::Id;
use crate::snapshot::AssignedBy;
use crate::subject::SubjectKind;
use crate::target::{Clients, Resource};

pub(super) fn check(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    let assigned = assigned(request);
    let rules = [
        ("clients", client_allowed(request)),
        ("scopes", scopes_granted(request)),
        ("roles", role_granted(request)),
        ("assignment_required", assigned != Assigned::No),
    ];
    for (rule, holds) in rules {
        recorder.compare(
            || {
                let result = if holds { "holds" } else { "refuses" };
                app_line(Step::AppRules, request.target, rule, result)
            },
            || values(request, rule),
        );
    }
    if let (Assigned::ByDocument(by), Some(user)) = (assigned, request.parties.own_user) {
        recorder.record(|| document_line(request, user, by));
    }
    if rules.iter().all(|(_, holds)| *holds) {
        Ok(())
    } else {
        Err(Refusal::new(Step::AppRules, Reason::AppRule))
    }
}

/// What a rule compares. These lists only ever name who may: whoever is refused is named nowhere.
fn values(request: &Request<'_>, rule: &str) -> Values {
    let (subject, target) = (request.subject, request.target);
    match rule {
        "clients" => {
            let seen = subject.client.as_ref().map_or_else(
                || "no client".to_owned(),
                |client| format!("client {client}"),
            );
            match &target.clients {
                Clients::Any => Values::implicit(seen, "any client"),
                Clients::Only(listed) => Values::implicit(seen, list(listed.iter())),
            }
        }
        "scopes" => match subject.kind {
            SubjectKind::App => Values::implicit("a service principal, which has none", "any"),
            SubjectKind::User if target.scopes.is_empty() => {
                Values::implicit(list(subject.scopes.iter()), "any")
            }
            SubjectKind::User => Values::implicit(
                list(subject.scopes.iter()),
                format!("all of {}", list(target.scopes.iter())),
            ),
        },
        "roles" => {
            let wanted = if target.roles.is_empty() {
                "any".to_owned()
            } else {
                format!("one of {}", list(target.roles.iter()))
            };
            Values::implicit(list(roles(request)), wanted)
        }
        _ => {
            let user = request.parties.own_user;
            let seen = user.map_or_else(
                || "a user without an id here".to_owned(),
                |user| format!("user {user}"),
            );
            let wanted = if target.assignment_required {
                "a role, or an assignment of the user or a group"
            } else {
                "anybody"
            };
            Values::implicit(seen, wanted)
        }
    }
}

fn client_allowed(request: &Request<'_>) -> bool {
    match &request.target.clients {
        Clients::Any => true,
        Clients::Only(listed) => request
            .subject
            .client
            .as_ref()
            .is_some_and(|client| listed.contains(client)),
    }
}

fn scopes_granted(request: &Request<'_>) -> bool {
    match request.subject.kind {
        SubjectKind::App => true,
        SubjectKind::User => request
            .target
            .scopes
            .iter()
            .all(|scope| request.subject.scopes.contains(scope)),
    }
}

/// Roles count only where the resource tenant's service granted them.
fn roles<'a>(request: &'a Request<'_>) -> &'a [Box<str>] {
    let resource = match request.target.resource {
        Resource::Own => request.snapshot.own.id,
        Resource::External { tenant, .. } => tenant.0,
    };
    if request.subject.issuer.0 == resource {
        &request.subject.app_roles
    } else {
        &[]
    }
}

fn role_granted(request: &Request<'_>) -> bool {
    request.target.roles.is_empty()
        || request
            .target
            .roles
            .iter()
            .any(|role| roles(request).contains(role))
}

/// Whether `assignment_required` is met.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Assigned<'a> {
    No,
    /// The app does not ask, or the token or its own list tells.
    Yes,
    /// A document does.
    ByDocument(AssignedBy<'a>),
}

fn assigned<'a>(request: &Request<'a>) -> Assigned<'a> {
    if !request.target.assignment_required {
        return Assigned::Yes;
    }
    let by_role = if request.target.roles.is_empty() {
        !roles(request).is_empty()
    } else {
        role_granted(request)
    };
    let by_id = request
        .parties
        .own_user
        .is_some_and(|user| request.target.assigned.contains(user));
    let by_group = match request.subject.kind {
        SubjectKind::App => false,
        SubjectKind::User => request
            .parties
            .own_groups
            .any(|group| request.target.assigned.contains(group)),
    };
    if by_role || by_id || by_group {
        return Assigned::Yes;
    }
    by_document(request).map_or(Assigned::No, Assigned::ByDocument)
}

/// Documents assign people, not service principals.
fn by_document<'a>(request: &Request<'a>) -> Option<AssignedBy<'a>> {
    match request.subject.kind {
        SubjectKind::User => {
            let user = request.parties.own_user?;
            request.snapshot.assignments.of(user, &request.target.id)
        }
        SubjectKind::App => None,
    }
}

fn document_line(request: &Request<'_>, user: &Id, by: AssignedBy<'_>) -> Line {
    let app = &request.target.id;
    let (principal, result) = match by {
        AssignedBy::User => (user, "holds".into()),
        AssignedBy::Group(group) => (
            group,
            Cow::Owned(format!("holds, by `group-members/{group}/{user}`")),
        ),
    };
    line(
        Step::AppRules,
        format!("app-role-assignments/{app}/{principal}"),
        "principalId",
        result,
    )
}
