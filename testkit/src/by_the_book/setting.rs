//! Section 5: which setting is in force, and whether it admits.

use serde_json::{Value, json};

use super::access::Placed;
use super::ids::same;
use super::people::{Groups, Known};
use super::raw::{Book, entries, set, text};

/// Who is matched against a setting's users and groups.
pub(super) struct Subject<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) groups: Groups<'a>,
    pub(super) app_only: bool,
}

/// What a setting says of a subject and an app.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Admits,
    Refuses,
    /// A membership that is not known would decide it.
    Unknown,
}

/// The setting in force: the partner's property where it is set, else the default's, else Entra's initial value; a missing
/// half comes from the default's same setting.
pub(super) fn effective(book: &Book, partner: Option<&str>, property: &str) -> Value {
    let default = over(book.policy.default.get(property), &initial(property));
    let document = partner.and_then(|tenant| book.partner(tenant));
    over(
        document.and_then(|document| document.get(property)),
        &default,
    )
}

/// A stored setting, with what it lacks taken from the one below.
pub(super) fn over(stored: Option<&Value>, below: &Value) -> Value {
    let Some(stored) = stored.filter(|stored| !stored.is_null()) else {
        return below.clone();
    };
    let half = |name: &str| set(stored, name).unwrap_or(&below[name]).clone();
    json!({ "usersAndGroups": half("usersAndGroups"), "applications": half("applications") })
}

/// Entra's initial values: collaboration is open, all else is closed.
pub(super) fn initial(property: &str) -> Value {
    let access = if property.starts_with("b2bCollaboration") {
        "allowed"
    } else {
        "blocked"
    };
    json!({
        "usersAndGroups": { "accessType": access, "targets": [{ "target": "AllUsers", "targetType": "user" }] },
        "applications": { "accessType": access, "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    })
}

/// Matches one setting, row by row of the page's table, once for each value U may have.
pub(super) fn verdict(setting: &Value, subject: &Subject<'_>, placed: &Placed<'_>) -> Verdict {
    let (users, apps) = (&setting["usersAndGroups"], &setting["applications"]);
    let app = app_matches(apps, placed);
    let admits = |user: bool| match (blocked(users), blocked(apps)) {
        (false, false) => user && app,
        (false, true) => user && !app,
        (true, false) => !user && app,
        (true, true) => !(user && app),
    };
    let outcomes = match user_matches(users, subject) {
        Known::Yes => (admits(true), admits(true)),
        Known::No => (admits(false), admits(false)),
        Known::Unknown => (admits(true), admits(false)),
    };
    match outcomes {
        (true, true) => Verdict::Admits,
        (false, false) => Verdict::Refuses,
        (true, false) | (false, true) => Verdict::Unknown,
    }
}

fn blocked(half: &Value) -> bool {
    text(half, "accessType") == Some("blocked")
}

fn user_matches(users: &Value, subject: &Subject<'_>) -> Known {
    let mut best = Known::No;
    for entry in entries(users, "targets") {
        let target = text(entry, "target").unwrap_or_default();
        let found = if target == "AllUsers" {
            Known::Yes
        } else if text(entry, "targetType") == Some("group") {
            if subject.app_only {
                Known::No
            } else {
                subject.groups.has(target)
            }
        } else {
            match subject.user {
                None => Known::Unknown,
                Some(user) if same(user, target) => Known::Yes,
                Some(_) => Known::No,
            }
        };
        match found {
            Known::Yes => return Known::Yes,
            Known::Unknown => best = Known::Unknown,
            Known::No => {}
        }
    }
    best
}

fn app_matches(apps: &Value, placed: &Placed<'_>) -> bool {
    let app = text(placed.app, "id").unwrap_or_default();
    entries(apps, "targets")
        .iter()
        .filter_map(|entry| text(entry, "target"))
        .any(|target| {
            let client =
                blocked(apps) && placed.client().is_some_and(|client| same(client, target));
            target == "AllApplications" || same(target, app) || client
        })
}
