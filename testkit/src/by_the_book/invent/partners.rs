//! The partners: `[[partner]]` and Graph's partner documents, and the clouds that are open.

use serde_json::{Value, json};

use super::dice::Dice;
use super::names::{self, MICROSOFT_ACCOUNTS, OTHERS};
use super::settings;
use crate::by_the_book::program::PolicyFiles;

/// `[[partner]]` of some partners.
pub(super) fn configured(dice: &mut Dice) -> Value {
    let mut partners = Vec::new();
    for tenant in dice.some(&OTHERS, 1, 5) {
        let mut partner = json!({ "tenant": dice.cased(tenant), "name": names::domain(tenant) });
        if dice.chance(70) {
            partner["domains"] = json!([names::domain(tenant)]);
        }
        if dice.chance(60) {
            partner["cloud"] =
                (*dice.weighted(&[(4, "global"), (2, "usgov"), (1, "china")])).into();
        }
        if dice.chance(20) {
            partner["consent"] = (*dice.pick(&["published", "token-issuance"])).into();
        }
        partners.push(partner);
    }
    partners.into()
}

/// `allowedCloudEndpoints`: other clouds, never the own one.
pub(super) fn open_clouds(dice: &mut Dice, own_cloud: &str) -> Vec<&'static str> {
    let all = [
        ("global", "microsoftonline.com"),
        ("usgov", "microsoftonline.us"),
        ("china", "partner.microsoftonline.cn"),
    ];
    let others: Vec<_> = all
        .iter()
        .filter(|(cloud, _)| *cloud != own_cloud)
        .map(|(_, endpoint)| *endpoint)
        .collect();
    dice.some(&others, 0, 2)
}

/// The partner documents, one to a file, in a list, or one to a line.
pub(super) fn documents(dice: &mut Dice, default: &Value, files: &mut PolicyFiles) {
    let mut tenants = dice.some(&OTHERS, 0, 5);
    if dice.chance(30) {
        tenants.push(MICROSOFT_ACCOUNTS);
    }
    let (mut list, mut lines) = (Vec::new(), Vec::new());
    for tenant in tenants {
        let document = settings::partner(dice, tenant, default);
        match dice.below(4) {
            0 => list.push(document),
            1 => lines.push(document),
            _ => {
                files.insert(format!("partners/{tenant}.json"), document);
            }
        }
    }
    if !list.is_empty() {
        files.insert("partners.json".to_owned(), json!({ "value": list }));
    }
    if !lines.is_empty() {
        files.insert("partners.jsonl".to_owned(), lines.into());
    }
}
