//! Section 6, step `app_rules`: what the app itself asks of its callers.
//!
//! Readings taken where the page is silent:
//! - a service principal is in no group, here as in section 5;
//! - a document assigns people and groups kept here, and no service principal. A group of a token is none of those kept here.

use super::access::Placed;
use super::answer::Refusal;
use super::ids::{listed, same};
use super::people::{self, Known};
use super::raw::{Book, flag, text, texts};
use serde_json::Value;

/// Step `app_rules`.
pub(super) fn check(book: &Book, placed: &Placed<'_>) -> Result<(), Refusal> {
    let app = placed.app;
    let (clients, wanted_scopes, wanted_roles) = (
        texts(app, "clients"),
        texts(app, "scopes"),
        texts(app, "roles"),
    );
    let client_fits = clients.is_empty()
        || placed
            .client()
            .is_some_and(|client| listed(&clients, client));
    let scopes: Vec<&str> = text(placed.token.claims, "scp")
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let scopes_fit =
        placed.token.app_only || wanted_scopes.iter().all(|scope| listed(&scopes, scope));
    let roles = people::app_roles(placed);
    let roles_fit = wanted_roles.is_empty() || wanted_roles.iter().any(|role| listed(&roles, role));
    let assigned =
        !flag(app, "assignment_required") || is_assigned(book, placed, &roles, &wanted_roles);
    if client_fits && scopes_fit && roles_fit && assigned {
        Ok(())
    } else {
        Err(Refusal::new("app_rules", 50105))
    }
}

fn is_assigned(book: &Book, placed: &Placed<'_>, roles: &[&str], wanted: &[&str]) -> bool {
    let by_role = roles
        .iter()
        .any(|role| wanted.is_empty() || listed(wanted, role));
    let assigned = texts(placed.app, "assigned");
    let by_id = people::own_user(placed).is_some_and(|user| listed(&assigned, user));
    let groups = people::own_groups(placed);
    let by_group =
        !placed.token.app_only && assigned.iter().any(|group| groups.has(group) == Known::Yes);
    by_role || by_id || by_group || by_document(book, placed)
}

/// Some line of `app-role-assignments.jsonl` names the app and the user, or a group that the user is in by `group-members.jsonl`.
fn by_document(book: &Book, placed: &Placed<'_>) -> bool {
    let Some(user) = people::own_user(placed).filter(|_| !placed.token.app_only) else {
        return false;
    };
    let names = |document: &Value, member: &str, id: &str| {
        text(document, member).is_some_and(|named| same(named, id))
    };
    let app = text(placed.app, "id").unwrap_or_default();
    let is_in = |group: &str| {
        let mut members = book.policy.group_members.iter();
        members.any(|line| names(line, "groupId", group) && names(line, "memberId", user))
    };
    book.policy.assignments.iter().any(|line| {
        let principal = text(line, "principalId").unwrap_or_default();
        let fits = match text(line, "principalType") {
            Some("Group") => is_in(principal),
            _ => same(principal, user),
        };
        names(line, "resourceId", app) && fits
    })
}
