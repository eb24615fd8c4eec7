//! Guest records.

use serde_json::{Value, json};

use super::dice::Dice;
use super::names::{
    FABRIKAM, GROUPS, LITWARE, MICROSOFT_ACCOUNTS, NORTHWIND, OWN, TAILSPIN, USERS, WOODGROVE,
};

/// Records in the own directory: every id once, every live home account once.
pub(super) fn records(dice: &mut Dice) -> Vec<Value> {
    let mut records: Vec<Value> = Vec::new();
    let least = dice.below(USERS.len());
    for id in dice.some(&USERS, least, USERS.len()) {
        let record = record(dice, id);
        let account = |record: &Value| {
            (
                record["crossgate"]["homeTenantId"].clone(),
                record["crossgate"]["homeUserId"].clone(),
            )
        };
        let alive = |record: &Value| record["deletedDateTime"].is_null();
        let (tenant, user) = account(&record);
        let taken = records.iter().any(|other| {
            let (other_tenant, other_user) = account(other);
            let same = |one: &Value, other: &Value| match (one.as_str(), other.as_str()) {
                (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
                _ => false,
            };
            // A user who was deleted may have been invited anew, but is deleted once only: which of two deleted records is
            // meant nobody can tell.
            let both = alive(&record) == alive(other);
            both && same(&tenant, &other_tenant) && same(&user, &other_user)
        });
        if !taken {
            records.push(record);
        }
    }
    records
}

fn record(dice: &mut Dice, id: &str) -> Value {
    let mut record = json!({ "id": dice.cased(id), "displayName": "Guest" });
    if dice.chance(80) {
        record["userType"] = (*dice.weighted(&[(3, "Guest"), (2, "Member")])).into();
    }
    if dice.chance(60) {
        record["accountEnabled"] = dice.chance(88).into();
    }
    if dice.chance(60) {
        record["externalUserState"] =
            (*dice.weighted(&[(3, "Accepted"), (1, "PendingAcceptance")])).into();
    }
    if dice.chance(8) {
        record["deletedDateTime"] = "2025-12-01T00:00:00Z".into();
    } else if dice.chance(20) {
        record["deletedDateTime"] = Value::Null;
    }
    if dice.chance(90) {
        record["crossgate"] = home(dice);
    }
    if dice.chance(10) {
        let member = *dice.pick(&[
            "userType",
            "accountEnabled",
            "externalUserState",
            "crossgate",
            "mail",
        ]);
        record[member] = Value::Null;
    }
    record
}

fn home(dice: &mut Dice) -> Value {
    let mut home = json!({});
    if dice.chance(85) {
        let tenant = if dice.chance(12) {
            MICROSOFT_ACCOUNTS
        } else {
            *dice.weighted(&[
                (6, FABRIKAM),
                (6, LITWARE),
                (4, WOODGROVE),
                (3, TAILSPIN),
                (5, NORTHWIND),
                (1, OWN),
            ])
        };
        home["homeTenantId"] = dice.cased(tenant).into();
    }
    if dice.chance(80) {
        let user = *dice.pick(&USERS);
        home["homeUserId"] = dice.cased(user).into();
    }
    if dice.chance(50) {
        home["homeGroups"] = dice.some(&GROUPS, 0, 2).into();
        if dice.chance(25) {
            home["homeGroupsComplete"] = dice.chance(30).into();
        }
    }
    if dice.chance(50) {
        home["consentGiven"] = dice.chance(45).into();
    }
    if dice.chance(20) {
        // Calls are made at 2026-01-01T00:00:00Z.
        home["expiresDateTime"] = (*dice.pick(&[
            "2025-12-31T23:59:59Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.9Z",
            "2026-01-01T00:00:01Z",
            "2026-01-01T02:00:01+02:00",
            "2026-06-01T00:00:00Z",
        ]))
        .into();
    }
    if dice.chance(8) {
        let member = *dice.pick(&[
            "homeTenantId",
            "homeUserId",
            "homeGroups",
            "consentGiven",
            "expiresDateTime",
        ]);
        home[member] = Value::Null;
    }
    home
}
