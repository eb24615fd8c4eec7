//! `[[app]]`: own apps and routes to apps of others, each with a few rules.

use serde_json::{Value, json};

use super::dice::Dice;
use super::names::{
    APP_ROLES, CLIENTS, CONTEXTS, EGRESS_APPS, GROUPS, LITWARE, OTHERS, OWN_APPS, SCOPES, USERS,
    WOODGROVE,
};

pub(super) fn apps(dice: &mut Dice) -> Value {
    let mut apps = Vec::new();
    for (number, id) in OWN_APPS.iter().enumerate() {
        let mut app = app(dice, id, &format!("own-{number}"));
        if dice.chance(60) {
            app["app_clients"] = dice.some(&CLIENTS, 1, 3).into();
        }
        apps.push(app);
    }
    for (number, id) in EGRESS_APPS.iter().enumerate() {
        let mut app = app(dice, id, &format!("egress-{number}"));
        let owners = [OTHERS[0], LITWARE, *dice.pick(&OTHERS)];
        let owner = owners[number];
        app["resource_tenant"] = dice.cased(owner).into();
        if owner == WOODGROVE || dice.chance(10) {
            app["resource_cloud"] = (*dice.pick(&["usgov", "usgov", "china", "global"])).into();
        }
        if dice.chance(40) {
            app["managed"] = dice.chance(30).into();
        }
        apps.push(app);
    }
    apps.into()
}

fn app(dice: &mut Dice, id: &str, name: &str) -> Value {
    let mut app = json!({
        "id": dice.cased(id), "name": name, "hosts": [format!("{name}.example")],
        "audiences": ["api://all", format!("api://{name}")], "upstreams": ["http://127.0.0.1:9001"],
    });
    if dice.chance(20) {
        app["auth_contexts"] = dice.some(&CONTEXTS, 1, 2).into();
    }
    if dice.chance(25) {
        app["anonymous"] = true.into();
    }
    if dice.chance(20) {
        app["require_restriction_claim"] = true.into();
    }
    if dice.chance(12) {
        app["enforcement"] = (*dice.pick(&["report-only", "enforce"])).into();
    }
    rules(dice, &mut app);
    app
}

fn rules(dice: &mut Dice, app: &mut Value) {
    if dice.chance(9) {
        app["clients"] = dice.some(&CLIENTS, 1, 2).into();
    }
    if dice.chance(10) {
        app["scopes"] = dice.some(&SCOPES, 1, 2).into();
    }
    if dice.chance(10) {
        app["roles"] = dice.some(&APP_ROLES, 1, 2).into();
    }
    if dice.chance(20) {
        app["assignment_required"] = true.into();
        let assigned = [dice.some(&USERS, 0, 3), dice.some(&GROUPS, 0, 2)].concat();
        if !assigned.is_empty() {
            app["assigned"] = assigned.into();
        }
    }
}
