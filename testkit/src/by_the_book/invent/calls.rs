//! Lines of `crossgate decide`.

use serde_json::{Map, Value, json};

use super::World;
use super::dice::Dice;
use super::names::{ADDRESSES, FABRIKAM, OWN};
use super::{facts, flaws, headers, subjects, tokens};

pub(super) fn line(dice: &mut Dice, world: &World, id: &str) -> Value {
    let app = dice.pick(world.entries("app"));
    let resource = app["resource_tenant"].as_str();
    let app_id = app["id"].as_str().expect("an app has an id");
    let mut line = Map::new();
    line.insert("id".to_owned(), id.into());
    line.insert("now".to_owned(), "2026-01-01T00:00:00Z".into());
    line.insert(
        "app".to_owned(),
        if dice.chance(1) {
            json!("no-app-of-ours")
        } else {
            dice.cased(app_id).into()
        },
    );
    credential(dice, world, app, &mut line);
    if let Some(headers) = headers::headers(dice, world, resource) {
        line.insert("headers".to_owned(), headers);
    }
    if dice.chance(75) {
        line.insert("client_ip".to_owned(), (*dice.pick(&ADDRESSES)).into());
    }
    if let Some(facts) = facts::facts(dice) {
        line.insert("facts".to_owned(), facts);
    }
    if dice.chance(1) {
        spoil(dice, &mut line);
    }
    line.into()
}

/// Makes a line that cannot be read.
fn spoil(dice: &mut Dice, line: &mut Map<String, Value>) {
    let (member, value) = dice
        .pick(&[
            ("now", json!("yesterday")),
            ("now", Value::Null),
            ("app", json!(7)),
            ("client_ip", json!("192.0.2")),
            ("facts", json!({ "revocations": [{ "kind": "tenants", "id": "x", "notBefore": "2026-01-01T00:00:00Z" }] })),
            ("facts", json!({ "revocations": [{ "kind": "user", "id": "x", "notBefore": "yesterday" }] })),
            ("facts", json!({ "revocations": [{ "kind": "guest", "id": "x", "tenant": OWN, "notBefore": "2026-01-01T00:00:00Z" }] })),
            ("facts", json!({ "revocations": [{ "kind": "tenant", "id": FABRIKAM, "tenant": OWN, "notBefore": "2026-01-01T00:00:00Z" }] })),
            ("issuer", json!("nobody")),
        ])
        .clone();
    line.insert(member.to_owned(), value);
}

fn credential(dice: &mut Dice, world: &World, app: &Value, line: &mut Map<String, Value>) {
    let resource = app["resource_tenant"].as_str().map(str::to_ascii_lowercase);
    if dice.chance(4) {
        line.insert("claims".to_owned(), Value::Null);
        return;
    }
    let subject = subjects::subject(dice, world, resource.as_deref());
    let (mut issuer, mut claims) = tokens::token(dice, world, app, &subject);
    if dice.chance(11) {
        flaws::flaw(dice, &mut claims);
    }
    if dice.chance(1) {
        issuer = (*dice.pick(&["nobody", "entra", "entra-us", "fabrikam"])).to_owned();
    }
    line.insert("issuer".to_owned(), issuer.into());
    line.insert("claims".to_owned(), claims.into());
}
