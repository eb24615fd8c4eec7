//! What a line says beside the token: facts and the client's address.

use serde_json::{Map, Value};

use super::dice::Dice;
use super::names::TERMS;
use super::revocations;

pub(super) fn facts(dice: &mut Dice) -> Option<Value> {
    let mut facts = Map::new();
    if dice.chance(12) {
        let revocations: Vec<Value> = (0..=dice.below(2))
            .map(|_| revocations::revocation(dice))
            .collect();
        facts.insert("revocations".to_owned(), revocations.into());
    }
    for fact in ["partnerOutboundAllowed", "proofOfPossession"] {
        if dice.chance(50) {
            facts.insert(fact.to_owned(), dice.chance(75).into());
        }
    }
    if dice.chance(50) {
        let accepted: Vec<String> = dice
            .some(&TERMS, 0, 2)
            .iter()
            .map(|terms| dice.cased(terms))
            .collect();
        facts.insert("termsAccepted".to_owned(), accepted.into());
    }
    (!facts.is_empty()).then(|| facts.into())
}
