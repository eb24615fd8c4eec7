//! What can be wrong with a payload, and what only looks wrong.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::names::{CLIENTS, LITWARE, MICROSOFT_ACCOUNTS, NOW, OWN};

/// Gives a payload one flaw.
pub(super) fn flaw(dice: &mut Dice, claims: &mut Map<String, Value>) {
    match dice.below(10) {
        0 => missing(dice, claims),
        1 => wrong_type(dice, claims),
        2 => identity(dice, claims),
        3 => idp(dice, claims),
        4 | 8 | 9 => time(dice, claims),
        5 => put(
            claims,
            "aud",
            dice.pick(&[
                json!("api://elsewhere"),
                json!([]),
                json!("API://ALL"),
                json!(""),
            ])
            .clone(),
        ),
        6 => id_token(dice, claims),
        _ => nested(dice, claims),
    }
}

fn put(claims: &mut Map<String, Value>, name: &str, value: Value) {
    claims.insert(name.to_owned(), value);
}

fn missing(dice: &mut Dice, claims: &mut Map<String, Value>) {
    let name = *dice.pick(&[
        "iss",
        "aud",
        "exp",
        "tid",
        "sub",
        "oid",
        "sub and oid",
        "iat",
        "azp",
        "scp",
    ]);
    claims.retain(|claim, _| !name.split(" and ").any(|gone| gone == claim));
}

fn wrong_type(dice: &mut Dice, claims: &mut Map<String, Value>) {
    let all = [
        "iss",
        "aud",
        "exp",
        "nbf",
        "iat",
        "auth_time",
        "sub",
        "oid",
        "tid",
        "idp",
        "azp",
        "appid",
        "scp",
        "idtyp",
        "ver",
        "home_oid",
        "sid",
        "uti",
        "jti",
        "xms_trpid",
        "roles",
        "wids",
        "groups",
        "amr",
        "acrs",
        "signin_state",
        "acct",
        "hasgroups",
        "_claim_names",
        "cnf",
        "done_here",
    ];
    let wrong = [
        json!(7),
        json!("7"),
        json!(null),
        json!([7]),
        json!({ "a": 1 }),
        json!(true),
        json!([["a"]]),
    ];
    let name = *dice.pick(&all);
    let value = dice.pick(&wrong).clone();
    put(claims, name, value);
}

fn identity(dice: &mut Dice, claims: &mut Map<String, Value>) {
    match dice.below(10) {
        0 => put(claims, "tid", json!("contoso")),
        1 => put(claims, "tid", json!(LITWARE)),
        2 => put(claims, "oid", json!("somebody")),
        3 => put(
            claims,
            "iss",
            json!(format!("https://login.microsoftonline.com/{LITWARE}/v2.0")),
        ),
        4 => put(
            claims,
            "iss",
            json!(format!("https://login.microsoftonline.com/{OWN}/v2.0/")),
        ),
        5 => put(claims, "iss", json!("https://id.fabrikam.example/")),
        6 => {
            put(claims, "azp", json!(CLIENTS[0]));
            put(claims, "appid", json!(CLIENTS[1]));
        }
        7 => put(claims, "ver", json!(dice.pick(&["1.0", "2.0", "3.0"]))),
        8 => put(
            claims,
            "cnf",
            json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }),
        ),
        _ => put(claims, "idtyp", json!("app")),
    }
}

fn idp(dice: &mut Dice, claims: &mut Map<String, Value>) {
    let issuer = claims
        .get("tid")
        .and_then(Value::as_str)
        .unwrap_or(OWN)
        .to_owned();
    let idps = [
        String::new(),
        format!("https://login.microsoftonline.com/{LITWARE}/v2.0/"),
        format!("http://login.microsoftonline.com/{LITWARE}/v2.0"),
        format!("HTTPS://LOGIN.MICROSOFTONLINE.COM/{LITWARE}/v2.0"),
        format!("login.microsoftonline.us/{LITWARE}/v2.0"),
        "https://sts.windows.net.example/".to_owned(),
        format!("https://login.microsoftonline.us/{issuer}/v2.0"),
        format!("https://login.partner.microsoftonline.cn/{issuer}/v2.0"),
        format!("https://login.microsoftonline.com/{issuer}/v2.0"),
        format!("https://sts.windows.net/{issuer}/"),
        format!("https://sts.chinacloudapi.cn/{issuer}/"),
        format!("https://sts.windows.net/{MICROSOFT_ACCOUNTS}/"),
        format!("https://login.microsoftonline.com/{OWN}/v2.0"),
        "https://id.fabrikam.example".to_owned(),
        "https://id2.fabrikam.example".to_owned(),
        "https://id.contoso.example".to_owned(),
        "live.com".to_owned(),
        "LIVE.COM".to_owned(),
    ];
    put(claims, "idp", json!(dice.pick(&idps)));
}

fn time(dice: &mut Dice, claims: &mut Map<String, Value>) {
    let name = *dice.pick(&["exp", "exp", "nbf", "iat", "auth_time"]);
    let times = [
        json!(NOW - 61),
        json!(NOW - 60),
        json!(NOW - 59),
        json!(NOW + 60),
        json!(NOW + 61),
        json!(1_767_225_660.5),
        json!(1_767_225_540.5),
        json!(-1),
        json!(0),
        json!(9_007_199_254_740_991_u64),
        json!(9_007_199_254_740_992_u64),
        json!(1e300),
    ];
    let value = dice.pick(&times).clone();
    put(claims, name, value);
}

/// Tokens that are not for a gateway.
fn id_token(dice: &mut Dice, claims: &mut Map<String, Value>) {
    if dice.chance(40) {
        put(claims, "nonce", json!("n-0S6_WzA2Mj"));
        return;
    }
    let client = *dice.pick(&CLIENTS);
    let audience = if dice.chance(50) {
        json!(client.to_ascii_uppercase())
    } else {
        json!(["api://all", client])
    };
    put(claims, "aud", audience);
    let name = *dice.pick(&["azp", "appid"]);
    put(claims, name, json!(client));
    if dice.chance(70) {
        claims.retain(|claim, _| !["scp", "roles", "idtyp"].contains(&claim.as_str()));
    }
}

/// Sixteen levels are as many as a payload may have.
fn nested(dice: &mut Dice, claims: &mut Map<String, Value>) {
    let mut value = json!("deep");
    for level in 0..14 + dice.below(4) {
        value = if level % 2 == 0 {
            json!([value])
        } else {
            json!({ "a": value })
        };
    }
    put(claims, "deep", value);
}
