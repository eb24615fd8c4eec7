//! What was revoked, and when: around the times at which tokens are issued.

use serde_json::{Value, json};

use super::dice::Dice;
use super::names::{
    FABRIKAM, LITWARE, MICROSOFT_ACCOUNTS, NOW, OTHERS, OWN, SESSIONS, USERS, WOODGROVE,
};

/// `revocations.jsonl`
pub(super) fn stored(dice: &mut Dice) -> Vec<Value> {
    let many = *dice.weighted(&[(3, 0), (3, 1), (1, 2)]);
    (0..many).map(|_| revocation(dice)).collect()
}

/// One revocation. Of tenants seldom, as it takes everybody of them away.
pub(super) fn revocation(dice: &mut Dice) -> Value {
    let kind = *dice.weighted(&[
        (4, "user"),
        (3, "guest"),
        (3, "session"),
        (3, "token"),
        (1, "tenant"),
    ]);
    let id = match kind {
        "session" => (*dice.pick(&SESSIONS)).to_owned(),
        "token" => format!("token-{}", dice.below(3)),
        "tenant" => {
            let tenant = *dice.pick(&[OTHERS.as_slice(), &[MICROSOFT_ACCOUNTS, OWN]].concat());
            dice.cased(tenant)
        }
        _ => {
            let user = *dice.pick(&USERS);
            dice.cased(user)
        }
    };
    let before = *dice.pick(&[7200, 7200, 3601, 3600, 3599, 600, 599, 0]);
    let mut time = time(NOW - before);
    if dice.chance(10) {
        time = time.replace('Z', ".5Z");
    }
    let mut revocation = json!({ "kind": kind, "id": id, "notBefore": time });
    if let Some(tenant) = bound_to(dice, kind, &id) {
        revocation["tenant"] = tenant.into();
    }
    revocation
}

/// Half of those that may be are one tenant's alone; one of a tenant can name that tenant only.
fn bound_to(dice: &mut Dice, kind: &str, id: &str) -> Option<String> {
    let tenant = match kind {
        "guest" => return None,
        "tenant" => id,
        _ => *dice.pick(&[
            OWN,
            OWN,
            OWN,
            FABRIKAM,
            LITWARE,
            WOODGROVE,
            MICROSOFT_ACCOUNTS,
        ]),
    };
    dice.chance(50).then(|| dice.cased(tenant))
}

/// A time as RFC 3339 has it.
pub(super) fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .expect("a time")
        .to_string()
}
