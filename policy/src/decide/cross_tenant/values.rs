//! What a cross-tenant setting names, beside what the request showed.

use super::super::Request;
use super::super::matching::Listed;
use super::super::parties::Seen;
use crate::explanation::{Values, list};
use crate::ids::Id;
use crate::snapshot::{Access, AppTargets, Origin, UserTargets};
use crate::subject::SubjectKind;

pub(super) fn of_users(targets: &UserTargets, seen: &Seen<'_>, listed: Listed) -> Values {
    let everyone = targets.everyone.then(|| "AllUsers".to_owned());
    let users = targets.users().iter().map(|id| format!("user {id}"));
    let groups = targets.groups().iter().map(|id| format!("group {id}"));
    Values {
        explicit: listed == Listed::Yes && is_written(targets.origin),
        ..Values::implicit(
            caller(targets, seen),
            wanted(
                targets.access,
                everyone.into_iter().chain(users).chain(groups),
            ),
        )
    }
}

pub(super) fn of_apps(targets: &AppTargets, request: &Request<'_>, listed: bool) -> Values {
    let all = targets.all.then(|| "AllApplications".to_owned());
    let apps = targets.apps().iter().map(|id| format!("app {id}"));
    let app = format!("app {}", request.target.id);
    let client = request.subject.client.as_ref();
    let seen = match (targets.access, client) {
        // In a blocked list the client that calls counts too.
        (Access::Blocked, Some(client)) => format!("{app}, client {client}"),
        (Access::Blocked, None) | (Access::Allowed, _) => app,
    };
    Values {
        explicit: listed && is_written(targets.origin),
        ..Values::implicit(seen, wanted(targets.access, all.into_iter().chain(apps)))
    }
}

fn wanted(access: Access, targets: impl Iterator<Item = String>) -> String {
    let targets = list(targets);
    match access {
        Access::Allowed => format!("one of {targets}"),
        Access::Blocked => format!("none of {targets}"),
    }
}

const fn is_written(origin: Origin) -> bool {
    match origin {
        Origin::Written | Origin::Default => true,
        Origin::Initial => false,
    }
}

/// The caller with those groups that the setting names; of the others how many there are.
fn caller(targets: &UserTargets, seen: &Seen<'_>) -> String {
    let user = match (seen.user, seen.kind) {
        (Some(user), SubjectKind::User) => format!("user {user}"),
        (Some(user), SubjectKind::App) => format!("service principal {user}"),
        (None, _) => "a user whose id there is unknown".to_owned(),
    };
    let is_named = |group: &&Id| targets.names_group(group);
    let named: Vec<_> = seen.groups.iter().filter(is_named).collect();
    let others = seen.groups.iter().count() - named.len();
    let mut told = user;
    if !named.is_empty() {
        told.push_str(&format!(", in group {}", list(named)));
    }
    match others {
        0 => {}
        1 => told.push_str(", in 1 group that is not named"),
        more => told.push_str(&format!(", in {more} groups that are not named")),
    }
    if seen.kind == SubjectKind::User && !seen.groups.complete {
        told.push_str(", whose groups are not all known");
    }
    told
}
