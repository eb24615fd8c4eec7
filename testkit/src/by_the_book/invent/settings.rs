//! Cross-tenant settings: the default's and a partner's, without the conflicts that are refused at loading.

use serde_json::{Value, json};

use super::dice::Dice;
use super::names::{CLIENTS, EGRESS_APPS, GROUPS, MICROSOFT_ACCOUNTS, OWN_APPS, POLICIES, USERS};
use crate::by_the_book::setting;

const SETTINGS: [&str; 5] = [
    "b2bCollaborationInbound",
    "b2bDirectConnectInbound",
    "b2bCollaborationOutbound",
    "b2bDirectConnectOutbound",
    "tenantRestrictions",
];
const TRUST: [&str; 3] = [
    "isMfaAccepted",
    "isCompliantDeviceAccepted",
    "isHybridAzureADJoinedDeviceAccepted",
];

/// `default.json`, perhaps an empty one.
pub(super) fn default(dice: &mut Dice) -> Value {
    let mut default = json!({});
    if dice.chance(10) {
        return default;
    }
    if dice.chance(85) {
        default["id"] = dice.cased(POLICIES[0]).into();
    }
    for name in SETTINGS {
        // In the defaults of what targets the ids of others only `AllUsers` may stand.
        let everyone = name.ends_with("Inbound") || name == "tenantRestrictions";
        let below = setting::initial(name);
        if dice.chance(60) {
            default[name] = consistent(dice, name, everyone, &below);
        }
    }
    if dice.chance(40) {
        default["inboundTrust"] = trust(dice);
    }
    if dice.chance(30) {
        default["automaticUserConsentSettings"] =
            json!({ "inboundAllowed": false, "outboundAllowed": null });
    }
    default
}

/// A partner's document.
pub(super) fn partner(dice: &mut Dice, tenant: &str, default: &Value) -> Value {
    let mut document = json!({ "tenantId": dice.cased(tenant) });
    for name in SETTINGS {
        let below = setting::over(default.get(name), &setting::initial(name));
        match dice.below(10) {
            0..=6 => document[name] = consistent(dice, name, tenant == MICROSOFT_ACCOUNTS, &below),
            7 => document[name] = Value::Null,
            _ => {}
        }
    }
    if dice.chance(60) {
        document["inboundTrust"] = trust(dice);
    }
    if dice.chance(50) {
        let inbound = dice
            .pick(&[json!(true), json!(true), json!(false), Value::Null])
            .clone();
        document["automaticUserConsentSettings"] =
            json!({ "inboundAllowed": inbound, "outboundAllowed": dice.chance(50) });
    }
    if dice.chance(30) {
        document["isServiceProvider"] = dice
            .pick(&[json!(true), json!(true), json!(false), Value::Null])
            .clone();
    }
    document
}

fn trust(dice: &mut Dice) -> Value {
    let mut trust = json!({});
    for member in TRUST {
        let accepted = dice
            .pick(&[
                json!(true),
                json!(true),
                json!(false),
                Value::Null,
                Value::Null,
            ])
            .clone();
        if !accepted.is_null() || dice.chance(50) {
            trust[member] = accepted;
        }
    }
    trust
}

/// A setting that is in no conflict with itself once it lies over `below`.
fn consistent(dice: &mut Dice, name: &str, everyone: bool, below: &Value) -> Value {
    loop {
        let setting = drawn(dice, name, everyone);
        if !conflicts(&setting::over(Some(&setting), below)) {
            return setting;
        }
    }
}

fn drawn(dice: &mut Dice, name: &str, everyone: bool) -> Value {
    let open = |all: &str, kind: &str| json!({ "accessType": "allowed", "targets": [{ "target": all, "targetType": kind }] });
    if dice.chance(35) {
        return json!({ "usersAndGroups": open("AllUsers", "user"), "applications": open("AllApplications", "application") });
    }
    let mut setting = json!({ "usersAndGroups": users(dice, everyone), "applications": applications(dice, name) });
    // Half a setting: missing or null.
    if dice.chance(12) {
        let half = *dice.pick(&["usersAndGroups", "applications"]);
        setting[half] = Value::Null;
        if dice.chance(50) {
            setting.as_object_mut().expect("a setting").remove(half);
        }
    }
    setting
}

fn access(dice: &mut Dice) -> &'static str {
    if dice.chance(60) {
        "allowed"
    } else {
        "blocked"
    }
}

fn users(dice: &mut Dice, everyone: bool) -> Value {
    let mut targets = Vec::new();
    if everyone || dice.chance(30) {
        targets.push(json!({ "target": "AllUsers", "targetType": "user" }));
    } else {
        let users = dice.some(&USERS, 0, 3);
        targets.extend(
            users
                .iter()
                .map(|user| json!({ "target": dice.cased(user), "targetType": "user" })),
        );
        let groups = dice.some(&GROUPS, usize::from(targets.is_empty()), 2);
        targets.extend(
            groups
                .iter()
                .map(|group| json!({ "target": dice.cased(group), "targetType": "group" })),
        );
    }
    json!({ "accessType": access(dice), "targets": targets })
}

fn applications(dice: &mut Dice, name: &str) -> Value {
    let inbound = name.ends_with("Inbound");
    let pool: &[&str] = if inbound { &OWN_APPS } else { &EGRESS_APPS };
    let mut targets = Vec::new();
    if dice.chance(45) {
        targets.push("AllApplications".to_owned());
    } else {
        targets.extend(dice.some(pool, 1, 3).iter().map(|app| dice.cased(app)));
        if dice.chance(25) {
            let client = *dice.pick(&CLIENTS);
            targets.push(dice.cased(client));
        }
        if dice.chance(15) {
            targets.push("Office365".to_owned());
        }
    }
    let targets: Vec<Value> = targets
        .iter()
        .map(|app| json!({ "target": app, "targetType": "application" }))
        .collect();
    json!({ "accessType": access(dice), "targets": targets })
}

/// Section 5, what is refused on loading: all users blocked while some application is not, all applications blocked while
/// users are allowed.
fn conflicts(setting: &Value) -> bool {
    let blocked = |half: &str| setting[half]["accessType"] == "blocked";
    let all = |half: &str, keyword: &str| {
        setting[half]["targets"]
            .as_array()
            .is_some_and(|targets| targets.iter().any(|target| target["target"] == keyword))
    };
    let (users, apps) = ("usersAndGroups", "applications");
    let all_users_blocked = blocked(users) && all(users, "AllUsers");
    let all_apps_blocked = blocked(apps) && all(apps, "AllApplications");
    (all_users_blocked && !all_apps_blocked) || (all_apps_blocked && !blocked(users))
}
