//! Named locations: address ranges, some of them trusted.

use serde_json::{Value, json};

use super::dice::Dice;
use super::names::RANGES;
use crate::by_the_book::program::PolicyFiles;

/// Writes some locations, and tells their ids.
pub(super) fn named_locations(dice: &mut Dice, files: &mut PolicyFiles) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..dice.below(4) {
        let id = format!("8a8a8a8a-0000-4000-8000-00000000008{number}");
        let mut place = json!({
            "@odata.type": "#microsoft.graph.ipNamedLocation", "id": dice.cased(&id), "displayName": "Place",
            "ipRanges": dice.some(&RANGES, 1, 3).iter().map(|range| self::range(range)).collect::<Vec<_>>(),
        });
        if dice.chance(70) {
            place["isTrusted"] = dice.chance(60).into();
        }
        files.insert(format!("named-locations/{number}.json"), place);
        ids.push(id);
    }
    ids
}

fn range(range: &str) -> Value {
    let kind = if range.contains(':') {
        "#microsoft.graph.iPv6CidrRange"
    } else {
        "#microsoft.graph.iPv4CidrRange"
    };
    json!({ "@odata.type": kind, "cidrAddress": range })
}
