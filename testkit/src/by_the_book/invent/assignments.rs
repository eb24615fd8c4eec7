//! Assignments to apps, and who is in which group that is kept here.

use serde_json::{Value, json};

use super::dice::Dice;
use super::names::{EGRESS_APPS, GROUPS, OWN_APPS, USERS};
use crate::by_the_book::program::PolicyFiles;

/// `app-role-assignments.jsonl` and `group-members.jsonl`. Groups bear ids that tokens bear too, and one of a user's, so that one that is
/// taken for the other is found out.
pub(super) fn documents(dice: &mut Dice, files: &mut PolicyFiles) {
    let apps = [OWN_APPS.as_slice(), &EGRESS_APPS].concat();
    let groups = [&GROUPS[..2], &USERS[..1]].concat();
    let mut assignments = Vec::new();
    for app in dice.some(&apps, 0, 5) {
        for user in dice.some(&USERS, 0, 2) {
            assignments.push(assignment(dice, app, user, "User"));
        }
        for group in dice.some(&groups, 0, 2) {
            let id = dice.cased(group);
            let taken = |other: &Value| {
                let same = |member: &str, id: &str| {
                    other[member]
                        .as_str()
                        .is_some_and(|o| o.eq_ignore_ascii_case(id))
                };
                same("resourceId", app) && same("principalId", &id)
            };
            if !assignments.iter().any(taken) {
                assignments.push(assignment(dice, app, &id, "Group"));
            }
        }
    }
    let mut members = Vec::new();
    for group in &groups {
        for user in dice.some(&USERS, 0, 3) {
            members.push(json!({ "groupId": dice.cased(group), "memberId": dice.cased(user) }));
        }
    }
    files.insert("app-role-assignments.jsonl".to_owned(), assignments.into());
    files.insert("group-members.jsonl".to_owned(), members.into());
}

fn assignment(dice: &mut Dice, app: &str, principal: &str, kind: &str) -> Value {
    json!({
        "resourceId": dice.cased(app), "principalId": dice.cased(principal), "principalType": kind,
    })
}
