//! Restriction headers, of our network and of others, good and bad.

use serde_json::{Map, Value, json};

use super::World;
use super::dice::Dice;
use super::names::{self, OTHERS, OWN, POLICIES};

/// Headers of a line, if there are any.
pub(super) fn headers(dice: &mut Dice, world: &World, resource: Option<&str>) -> Option<Value> {
    let mut headers = Map::new();
    if dice.chance(24) {
        let value = policy(dice, world);
        add(
            dice,
            &mut headers,
            "sec-Restrict-Tenant-Access-Policy",
            value,
        );
    }
    if dice.chance(10) {
        let value = list(dice, resource.unwrap_or(OWN));
        add(dice, &mut headers, "Restrict-Access-To-Tenants", value);
        if dice.chance(97) {
            let value = context(dice);
            add(dice, &mut headers, "Restrict-Access-Context", value);
        }
    } else if dice.chance(1) {
        add(
            dice,
            &mut headers,
            "Restrict-Access-Context",
            OWN.to_owned(),
        );
    }
    if dice.chance(20) {
        headers.insert("Accept".to_owned(), json!(["text/html", "*/*"]));
    }
    (!headers.is_empty()).then(|| headers.into())
}

/// Writes a header as clients may: in another letter case, with blanks around it, as a list, twice.
fn add(dice: &mut Dice, headers: &mut Map<String, Value>, name: &str, value: String) {
    let name = if dice.chance(15) {
        name.to_ascii_lowercase()
    } else {
        name.to_owned()
    };
    let value = if dice.chance(8) {
        format!(" {value}\t")
    } else {
        value
    };
    match dice.below(60) {
        0 => {
            headers.insert(name, json!([value, value]));
        }
        1 => {
            headers.insert(name.to_ascii_uppercase(), json!(value));
            headers.insert(name, json!("restrict-msa"));
        }
        2..=4 => {
            headers.insert(name, json!([value]));
        }
        _ => {
            headers.insert(name, json!(value));
        }
    }
}

fn policy(dice: &mut Dice, world: &World) -> String {
    let ours = world.policy_id().unwrap_or(POLICIES[0]).to_owned();
    let tenant = if dice.chance(75) {
        OWN
    } else {
        dice.pick(&OTHERS)
    };
    let guid = if dice.chance(80) {
        dice.cased(&ours)
    } else {
        POLICIES[1].to_owned()
    };
    match dice.below(40) {
        0..=9 => "restrict-msa".to_owned(),
        10 => (*dice.pick(&["", "Restrict-MSA", "contoso.com:1", ":"])).to_owned(),
        11 => format!("{tenant}:{guid}:{guid}"),
        12 => format!("{tenant}: {guid}"),
        _ => format!("{}:{guid}", dice.cased(tenant)),
    }
}

fn list(dice: &mut Dice, resource: &str) -> String {
    let lowercase = resource.to_ascii_lowercase();
    let mut entries: Vec<String> = dice
        .some(&OTHERS, 0, 2)
        .iter()
        .map(|tenant| names::domain(tenant).to_owned())
        .collect();
    if dice.chance(70) {
        entries.push(match dice.below(3) {
            0 => dice.cased(&lowercase),
            1 => names::domain(&lowercase).to_owned(),
            _ => names::domain(&lowercase).to_ascii_uppercase(),
        });
    }
    if entries.is_empty() || dice.chance(3) {
        entries
            .push((*dice.pick(&["", "a b", "contoso.com;fabrikam.com", "under_score"])).to_owned());
    }
    entries.join(*dice.pick(&[",", ", ", " ,"]))
}

fn context(dice: &mut Dice) -> String {
    match dice.below(40) {
        0 => (*dice.pick(&["contoso.com", "", "1234"])).to_owned(),
        1 => format!("{OWN},{OWN}"),
        _ => dice.cased(OWN),
    }
}
