//! Conditional Access policies of every kind that is supported.

use serde_json::{Value, json};

use super::dice::Dice;
use super::names::{
    CONTEXTS, DIRECTORY_ROLES, GROUPS, MICROSOFT_ACCOUNTS, OTHERS, OWN_APPS, STRENGTHS, TERMS,
    USERS,
};
use crate::by_the_book::program::PolicyFiles;

const KINDS: [&str; 6] = [
    "internalGuest",
    "b2bCollaborationGuest",
    "b2bCollaborationMember",
    "b2bDirectConnectUser",
    "otherExternalUser",
    "serviceProvider",
];

pub(super) fn policies(dice: &mut Dice, places: &[String], files: &mut PolicyFiles) {
    let many = *dice.weighted(&[(1, 0), (3, 1), (3, 2), (2, 3), (1, 5)]);
    for number in 0..many {
        files.insert(
            format!("conditional-access/{number}.json"),
            policy(dice, number, places),
        );
    }
}

fn policy(dice: &mut Dice, number: usize, places: &[String]) -> Value {
    let state = *dice.weighted(&[
        (8, "enabled"),
        (1, "enabledForReportingButNotEnforced"),
        (1, "disabled"),
    ]);
    let mut conditions = json!({ "users": users(dice), "applications": applications(dice) });
    match dice.below(10) {
        0..=5 => conditions["clientAppTypes"] = json!(["all"]),
        6 if dice.chance(30) => conditions["clientAppTypes"] = json!([]),
        6 => conditions["clientAppTypes"] = json!(["browser"]),
        7 => conditions["clientAppTypes"] = json!(["mobileAppsAndDesktopClients", "other"]),
        8 if dice.chance(40) => {
            conditions["clientAppTypes"] = json!(["exchangeActiveSync", "other"])
        }
        _ => {}
    }
    if dice.chance(25) {
        conditions["locations"] = locations(dice, places);
    }
    if state == "disabled" {
        // Nobody reads what is switched off, so it may hold what is not supported.
        conditions["userRiskLevels"] = json!(["high"]);
    }
    let mut policy = json!({
        "id": format!("7a7a7a7a-0000-4000-8000-00000000007{number}"), "displayName": format!("Policy {number}"),
        "state": state, "conditions": conditions, "grantControls": grant(dice),
    });
    if dice.chance(40) {
        export(&mut policy);
    }
    policy
}

/// Writes out what a policy leaves open, as Entra does when it exports one.
fn export(policy: &mut Value) {
    let exported = json!({
        "templateId": null, "createdDateTime": "2026-01-01T00:00:00Z", "modifiedDateTime": null, "sessionControls": null,
        "conditions": {
            "clientAppTypes": ["all"], "signInRiskLevels": [], "userRiskLevels": [], "servicePrincipalRiskLevels": [],
            "insiderRiskLevels": null, "platforms": null, "locations": null, "devices": null, "clientApplications": null,
            "authenticationFlows": null,
            "applications": {
                "includeApplications": [], "excludeApplications": [], "includeUserActions": [],
                "includeAuthenticationContextClassReferences": [], "applicationFilter": null,
            },
            "users": {
                "includeUsers": [], "excludeUsers": [], "includeGroups": [], "excludeGroups": [], "includeRoles": [],
                "excludeRoles": [], "includeGuestsOrExternalUsers": null, "excludeGuestsOrExternalUsers": null,
            },
        },
        "grantControls": {
            "builtInControls": [], "customAuthenticationFactors": [], "termsOfUse": [], "authenticationStrength": null,
        },
    });
    fill(policy, &exported);
}

fn fill(object: &mut Value, from: &Value) {
    for (member, value) in from.as_object().into_iter().flatten() {
        match object.get_mut(member) {
            Some(there) if there.is_object() => fill(there, value),
            Some(_) => {}
            None => object[member] = value.clone(),
        }
    }
}

fn users(dice: &mut Dice) -> Value {
    let mut users = json!({});
    match dice.below(20) {
        0..=4 => users["includeUsers"] = json!(["All"]),
        5..=7 => users["includeUsers"] = json!(["GuestsOrExternalUsers"]),
        8 => users["includeUsers"] = json!(["None"]),
        9..=11 => users["includeUsers"] = dice.some(&USERS, 1, 3).into(),
        12..=13 => users["includeGroups"] = dice.some(&GROUPS, 1, 2).into(),
        14 => users["includeRoles"] = dice.some(&DIRECTORY_ROLES, 1, 1).into(),
        _ => users["includeGuestsOrExternalUsers"] = guests(dice),
    }
    if dice.chance(40) {
        match dice.below(6) {
            0..=1 => users["excludeUsers"] = dice.some(&USERS, 1, 2).into(),
            2 => users["excludeGroups"] = dice.some(&GROUPS, 1, 2).into(),
            3 => users["excludeRoles"] = dice.some(&DIRECTORY_ROLES, 1, 1).into(),
            4 if users["includeUsers"] != json!(["GuestsOrExternalUsers"]) => {
                users["excludeUsers"] = json!(["GuestsOrExternalUsers"]);
            }
            _ => users["excludeGuestsOrExternalUsers"] = guests(dice),
        }
    }
    users
}

fn guests(dice: &mut Dice) -> Value {
    let mut guests = json!({ "guestOrExternalUserTypes": dice.some(&KINDS, 1, 4).join(",") });
    match dice.below(5) {
        0..=1 => {
            let mut tenants = dice.some(&OTHERS, 1, 3);
            if dice.chance(30) {
                tenants.push(MICROSOFT_ACCOUNTS);
            }
            let members: Vec<String> = tenants.iter().map(|tenant| dice.cased(tenant)).collect();
            guests["externalTenants"] = json!({
                "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
                "membershipKind": "enumerated", "members": members,
            });
        }
        2 => {
            guests["externalTenants"] = json!({
                "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants", "membershipKind": "all",
            });
        }
        3 => guests["externalTenants"] = Value::Null,
        _ => {}
    }
    guests
}

fn applications(dice: &mut Dice) -> Value {
    let mut applications = match dice.below(10) {
        0..=4 => json!({ "includeApplications": ["All"] }),
        5..=7 => json!({ "includeApplications": dice.some(&OWN_APPS, 1, 3) }),
        8 => json!({ "includeApplications": ["Office365"] }),
        _ => json!({ "includeAuthenticationContextClassReferences": dice.some(&CONTEXTS, 1, 2) }),
    };
    if dice.chance(20) {
        applications["excludeApplications"] = dice.some(&OWN_APPS, 1, 2).into();
    }
    applications
}

fn locations(dice: &mut Dice, places: &[String]) -> Value {
    let mut pool = places.to_vec();
    pool.push("AllTrusted".to_owned());
    let mut locations = json!({ "includeLocations": if dice.chance(50) { vec!["All".to_owned()] } else { dice.some(&pool, 1, 2) } });
    if dice.chance(50) {
        locations["excludeLocations"] = dice.some(&pool, 1, 2).into();
        if dice.chance(10) {
            locations["includeLocations"] = json!([]);
        }
    }
    locations
}

fn grant(dice: &mut Dice) -> Value {
    if dice.chance(16) {
        return json!({ "operator": dice.pick(&["OR", "AND"]), "builtInControls": ["block"] });
    }
    let controls = dice.some(
        &["mfa", "termsOfUse", "compliantDevice", "domainJoinedDevice"],
        1,
        3,
    );
    let mut grant = json!({ "operator": dice.pick(&["OR", "OR", "AND"]) });
    let mut built_in: Vec<&str> = controls
        .iter()
        .copied()
        .filter(|control| *control != "termsOfUse")
        .collect();
    // A strength stands in the place of the control `mfa`.
    if built_in.contains(&"mfa") && dice.chance(40) {
        built_in.retain(|control| *control != "mfa");
        grant["authenticationStrength"] = json!({ "id": dice.pick(&STRENGTHS) });
    }
    grant["builtInControls"] = built_in.into();
    if controls.contains(&"termsOfUse") {
        grant["termsOfUse"] = dice.some(&TERMS, 1, 2).into();
    }
    if controls.len() == 1 && dice.chance(15) {
        grant.as_object_mut().expect("controls").remove("operator");
    }
    grant
}
