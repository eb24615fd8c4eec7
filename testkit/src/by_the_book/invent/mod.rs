//! Invented worlds: a configuration, a policy directory and the calls made on it, all drawn from small pools, so that rules,
//! documents and tokens meet.
//!
//! Everything follows from a seed. Documents are valid: what is refused at loading is tested elsewhere.

mod app;
mod assignments;
mod calls;
mod conditional_access;
mod dice;
mod facts;
mod flaws;
mod guests;
mod headers;
mod issuers;
mod names;
mod partners;
mod places;
mod revocations;
mod settings;
mod subjects;
mod tokens;

use serde_json::{Map, Value, json};

use super::program::PolicyFiles;
use dice::Dice;

/// A configuration and a policy directory.
#[derive(Clone, Debug)]
pub struct World {
    /// `crossgate.toml`
    pub config: String,
    /// The policy directory's files.
    pub policy: PolicyFiles,
    /// The configuration again, to draw calls from.
    settings: Value,
}

/// Invents the world of that number under a seed, with so many lines of `crossgate decide`.
///
/// # Panics
/// If what was invented cannot be written as TOML, which is a fault of this module.
#[must_use]
pub fn invent(seed: u64, number: u64, calls: usize) -> (World, Vec<Value>) {
    let mut dice = Dice::new(seed, number);
    let world = world(&mut dice);
    let lines = (0..calls)
        .map(|call| calls::line(&mut dice, &world, &format!("{number}-{call}")))
        .collect();
    (world, lines)
}

fn world(dice: &mut Dice) -> World {
    let own_cloud = *dice.weighted(&[(8, "global"), (1, "usgov"), (1, "china")]);
    let mut tenant = json!({ "id": dice.cased(names::OWN), "name": "Contoso", "domains": ["contoso.com", "contoso.example"] });
    if own_cloud != "global" || dice.chance(50) {
        tenant["cloud"] = own_cloud.into();
    }
    let mut settings = json!({
        "tenant": tenant,
        "listen": { "proxy": ["127.0.0.1:8443"], "egress": ["127.0.0.1:8445"] },
        "issuer": issuers::issuers(dice, own_cloud),
        "partner": partners::configured(dice),
        "app": app::apps(dice),
    });
    if dice.chance(15) {
        settings["policy"] =
            json!({ "enforcement": dice.pick(&["report-only", "report-only", "enforce"]) });
    }
    if dice.chance(60) {
        settings["guests"] =
            json!({ "directory": dice.pick(&["optional", "required", "required", "off"]) });
    }
    let config = toml::to_string(&settings).expect("an invented configuration is TOML");
    World {
        config,
        policy: policy(dice, own_cloud),
        settings,
    }
}

fn policy(dice: &mut Dice, own_cloud: &str) -> PolicyFiles {
    let mut files = PolicyFiles::new();
    if dice.chance(85) {
        let open = partners::open_clouds(dice, own_cloud);
        files.insert(
            "cross-tenant-access-policy.json".to_owned(),
            json!({ "allowedCloudEndpoints": open }),
        );
    }
    let default = settings::default(dice);
    partners::documents(dice, &default, &mut files);
    if default != Value::Object(Map::new()) {
        files.insert("default.json".to_owned(), default);
    }
    let places = places::named_locations(dice, &mut files);
    conditional_access::policies(dice, &places, &mut files);
    files.insert("guests.jsonl".to_owned(), guests::records(dice).into());
    files.insert(
        "revocations.jsonl".to_owned(),
        revocations::stored(dice).into(),
    );
    assignments::documents(dice, &mut files);
    files
}

impl World {
    fn entries(&self, section: &str) -> &[Value] {
        super::raw::entries(&self.settings, section)
    }

    /// The `[[issuer]]` of that name.
    fn issuer(&self, name: &str) -> Option<&Value> {
        self.entries("issuer")
            .iter()
            .find(|issuer| issuer["name"] == name)
    }

    fn guests(&self) -> &[Value] {
        self.policy["guests.jsonl"]
            .as_array()
            .map_or(&[], Vec::as_slice)
    }

    /// The id of the default configuration, which our restriction header names.
    fn policy_id(&self) -> Option<&str> {
        self.policy
            .get("default.json")
            .and_then(|default| default["id"].as_str())
    }
}

#[cfg(test)]
mod tests;
