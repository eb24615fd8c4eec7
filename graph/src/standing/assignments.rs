//! Assignments to apps and memberships of groups, one by one; groups and owners, of which nothing but their form is looked at.

use std::collections::BTreeMap;

use crossgate_policy::snapshot::{AppAssignment, Assignments, GroupMember};

use super::reading::{Reading, same_key};
use super::source::{Change, Documents};
use crate::compile::assignments;
use crate::document_kind::DocumentKind;

/// All that the source has.
pub(super) fn all<S: Documents>(
    source: &S,
    into: &mut Assignments,
    reading: &mut Reading,
) -> Result<(), S::Error> {
    source.each(DocumentKind::AppRoleAssignment, (0, 1), &mut |key, text| {
        if let Some(assignment) = assignment(key, text, reading) {
            into.assign(&assignment);
        }
    })?;
    source.each(DocumentKind::GroupMember, (0, 1), &mut |key, text| {
        if let Some(member) = member(key, text, reading) {
            into.join(&member);
        }
    })
}

/// Those that change; of several changes of one document the last one counts.
pub(super) fn change<S: Documents>(
    changes: &[Change<'_>],
    source: &S,
    next: &mut Assignments,
    reading: &mut Reading,
) -> Result<(), S::Error> {
    for (key, text) in last_of(DocumentKind::AppRoleAssignment, changes) {
        // What is in force has no faults.
        let before = source.get(DocumentKind::AppRoleAssignment, key)?;
        let before = before.and_then(|text| assignment(key, &text, &mut Reading::default()));
        if let Some(before) = before {
            next.unassign(&before);
        }
        if let Some(now) = text.and_then(|text| assignment(key, text, reading)) {
            next.assign(&now);
        }
    }
    for (key, text) in last_of(DocumentKind::GroupMember, changes) {
        let before = source.get(DocumentKind::GroupMember, key)?;
        let before = before.and_then(|text| member(key, &text, &mut Reading::default()));
        if let Some(before) = before {
            next.leave(&before);
        }
        if let Some(now) = text.and_then(|text| member(key, text, reading)) {
            next.join(&now);
        }
    }
    Ok(())
}

fn last_of<'c>(kind: DocumentKind, changes: &[Change<'c>]) -> BTreeMap<&'c str, Option<&'c str>> {
    let changes = changes.iter().filter(|change| change.kind == kind);
    changes.map(|change| (change.key, change.text)).collect()
}

fn assignment(key: &str, text: &str, reading: &mut Reading) -> Option<AppAssignment> {
    let of = (DocumentKind::AppRoleAssignment, key);
    let compiled = reading.document(of, text, |document, notes| {
        let assignment = assignments::assignment(document, notes)?;
        let expected = assignments::key_of_assignment(&assignment);
        same_key("principalId", &expected, key, notes);
        Some(assignment)
    });
    compiled.flatten()
}

fn member(key: &str, text: &str, reading: &mut Reading) -> Option<GroupMember> {
    let of = (DocumentKind::GroupMember, key);
    let compiled = reading.document(of, text, |document, notes| {
        let member = assignments::member(document, notes)?;
        same_key("memberId", &assignments::key_of_member(&member), key, notes);
        Some(member)
    });
    compiled.flatten()
}

/// A group that is written.
pub(super) fn check_group(key: &str, text: &str, reading: &mut Reading) {
    reading.document((DocumentKind::Group, key), text, |document, notes| {
        if let Some(id) = assignments::group(document, notes) {
            same_key("id", &id.text(), key, notes);
        }
    });
}

/// An ownership that is written.
pub(super) fn check_owner(key: &str, text: &str, reading: &mut Reading) {
    reading.document((DocumentKind::Owner, key), text, |document, notes| {
        if let Some(expected) = assignments::owner(document, notes) {
            same_key("ownerId", &expected, key, notes);
        }
    });
}
