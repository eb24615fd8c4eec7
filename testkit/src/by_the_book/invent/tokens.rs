//! Payloads: what a subject's issuer would write of it.

use serde_json::{Map, Value, json};

use super::World;
use super::dice::Dice;
use super::names::{
    APP_ROLES, CLIENTS, CONTEXTS, DIRECTORY_ROLES, FABRIKAM, GROUPS, LITWARE, MICROSOFT_ACCOUNTS,
    NORTHWIND, NOW, OWN, POLICIES, SCOPES, SESSIONS, TAILSPIN, WOODGROVE,
};
use super::subjects::Subject;

/// The issuer's name and the payload.
pub(super) fn token(
    dice: &mut Dice,
    world: &World,
    app: &Value,
    subject: &Subject,
) -> (String, Map<String, Value>) {
    let issuer = issuer(dice, world, &subject.issuer_tenant);
    let mut claims = Map::new();
    account(dice, issuer, subject, &mut claims);
    audience(dice, app, &mut claims);
    times(dice, &mut claims);
    client(dice, subject, &mut claims);
    groups(dice, issuer, &mut claims);
    proofs(dice, issuer, &mut claims);
    particulars(dice, &mut claims);
    (
        issuer["name"]
            .as_str()
            .expect("an issuer has a name")
            .to_owned(),
        claims,
    )
}

/// The entry that would have verified a tenant's token: of two the narrower.
fn issuer<'a>(dice: &mut Dice, world: &'a World, tenant: &str) -> &'a Value {
    let names: &[&str] = match tenant {
        // The own tenant's id in another cloud's token, and a tenant that a narrower entry speaks for.
        OWN if dice.chance(1) => &["entra-us"],
        LITWARE if dice.chance(3) => &["entra"],
        OWN => &["contoso"],
        FABRIKAM if dice.chance(30) => &["fabrikam-too", "fabrikam"],
        FABRIKAM => &["fabrikam"],
        LITWARE => &["litware", "entra"],
        WOODGROVE => &["entra-us"],
        TAILSPIN => &["entra-cn"],
        NORTHWIND => &["northwind"],
        _ => &["entra"],
    };
    names
        .iter()
        .find_map(|name| world.issuer(name))
        .expect("every tenant has an issuer")
}

fn account(dice: &mut Dice, issuer: &Value, subject: &Subject, claims: &mut Map<String, Value>) {
    let tenant = dice.cased(&subject.issuer_tenant);
    let user = dice.cased(&subject.user);
    if issuer["kind"] == "entra" {
        let version = claims_version(dice, claims);
        claims.insert(
            "iss".to_owned(),
            entra_issuer(dice, issuer, &tenant, version).into(),
        );
        claims.insert("tid".to_owned(), tenant.into());
        claims.insert("oid".to_owned(), user.clone().into());
        let pairwise = format!("pairwise-{user}");
        claims.insert(
            "sub".to_owned(),
            if subject.app_only && dice.chance(90) {
                user
            } else {
                pairwise
            }
            .into(),
        );
    } else {
        claims.insert("iss".to_owned(), issuer["issuer"].clone());
        let pointer = issuer["claims"]["user"].as_str().unwrap_or("/sub");
        claims.insert("sub".to_owned(), "somebody".into());
        place(claims, pointer, user.into());
        if dice.chance(10) {
            claims.insert("tid".to_owned(), tenant.into());
        }
        if dice.chance(10) {
            claims.insert("oid".to_owned(), "an id of their own making".into());
        }
    }
    if let Some(idp) = &subject.idp {
        claims.insert("idp".to_owned(), idp.clone().into());
    } else if dice.chance(10) {
        claims.insert("idp".to_owned(), claims["iss"].clone());
    }
    if let Some(home_user) = &subject.home_user {
        claims.insert("home_oid".to_owned(), dice.cased(home_user).into());
    } else if dice.chance(4) {
        claims.insert(
            "home_oid".to_owned(),
            (*dice.pick(&super::names::USERS)).into(),
        );
    }
}

/// Draws whether the token is of the older version, and sometimes has it say so.
fn claims_version(dice: &mut Dice, claims: &mut Map<String, Value>) -> &'static str {
    let version = if dice.chance(25) { "1.0" } else { "2.0" };
    if dice.chance(40) {
        claims.insert("ver".to_owned(), version.into());
    }
    version
}

fn entra_issuer(dice: &mut Dice, issuer: &Value, tenant: &str, version: &str) -> String {
    let tenant = if dice.chance(5) {
        tenant.to_ascii_lowercase()
    } else {
        tenant.to_owned()
    };
    match (issuer["cloud"].as_str(), version) {
        (Some("china"), "1.0") => format!("https://sts.chinacloudapi.cn/{tenant}/"),
        (Some("china"), _) => format!("https://login.partner.microsoftonline.cn/{tenant}/v2.0"),
        (_, "1.0") => format!("https://sts.windows.net/{tenant}/"),
        (Some("usgov"), _) => format!("https://login.microsoftonline.us/{tenant}/v2.0"),
        (_, _) => format!("https://login.microsoftonline.com/{tenant}/v2.0"),
    }
}

/// Writes a claim where a JSON pointer of one or two steps has it.
fn place(claims: &mut Map<String, Value>, pointer: &str, value: Value) {
    let mut steps = pointer.trim_start_matches('/').splitn(2, '/');
    let first = steps.next().expect("a step").to_owned();
    match steps.next() {
        None => {
            claims.insert(first, value);
        }
        Some(second) => {
            claims.entry(first).or_insert_with(|| json!({}))[second] = value;
        }
    }
}

fn audience(dice: &mut Dice, app: &Value, claims: &mut Map<String, Value>) {
    let audiences: Vec<&str> = app["audiences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let one = *dice.pick(&audiences);
    let audience = if dice.chance(15) {
        json!(["api://elsewhere", one])
    } else {
        json!(one)
    };
    claims.insert("aud".to_owned(), audience);
}

fn times(dice: &mut Dice, claims: &mut Map<String, Value>) {
    let issued = *dice.pick(&[NOW - 3600, NOW - 600, NOW - 600, NOW, NOW + 60]);
    let expires = *dice.weighted(&[(9, NOW + 3600), (1, NOW + 1), (1, NOW - 59)]);
    claims.insert("exp".to_owned(), expires.into());
    if dice.chance(93) {
        let issued = if dice.chance(5) {
            json!(1_767_222_000.5)
        } else {
            json!(issued)
        };
        claims.insert("iat".to_owned(), issued);
    }
    if dice.chance(80) {
        claims.insert("nbf".to_owned(), issued.into());
    }
    if dice.chance(40) {
        claims.insert(
            "auth_time".to_owned(),
            (*dice.pick(&[NOW - 7200, NOW - 3600, NOW - 600, NOW + 60])).into(),
        );
    }
}

fn client(dice: &mut Dice, subject: &Subject, claims: &mut Map<String, Value>) {
    let client = *dice.pick(&CLIENTS);
    match dice.below(20) {
        0..=14 => {
            claims.insert("azp".to_owned(), dice.cased(client).into());
        }
        15..=17 => {
            claims.insert("appid".to_owned(), dice.cased(client).into());
        }
        18 => {
            claims.insert("azp".to_owned(), client.into());
            claims.insert("appid".to_owned(), dice.cased(client).into());
        }
        _ => {}
    }
    if subject.app_only {
        if dice.chance(60) {
            claims.insert("idtyp".to_owned(), "app".into());
        }
        if dice.chance(85) {
            claims.insert("roles".to_owned(), dice.some(&APP_ROLES, 0, 3).into());
        }
        return;
    }
    if dice.chance(90) {
        claims.insert("scp".to_owned(), dice.some(&SCOPES, 1, 3).join(" ").into());
    }
    if dice.chance(35) {
        claims.insert("roles".to_owned(), dice.some(&APP_ROLES, 0, 2).into());
    }
    if dice.chance(4) {
        claims.insert("idtyp".to_owned(), "user".into());
    }
}

fn groups(dice: &mut Dice, issuer: &Value, claims: &mut Map<String, Value>) {
    let pointer = issuer["claims"]["groups"].as_str().unwrap_or("/groups");
    if dice.chance(65) {
        let groups: Vec<String> = dice
            .some(&GROUPS, 0, 3)
            .iter()
            .map(|group| dice.cased(group))
            .collect();
        place(claims, pointer, groups.into());
    } else if dice.chance(10) {
        // Groups where this issuer does not write them are nobody's.
        claims.insert("groups".to_owned(), dice.some(&GROUPS, 1, 2).into());
    }
    match dice.below(20) {
        0 => {
            let source = if dice.chance(95) {
                json!("src1")
            } else {
                json!(1)
            };
            claims.insert("_claim_names".to_owned(), json!({ "groups": source }));
        }
        1 => {
            claims.insert("hasgroups".to_owned(), dice.chance(70).into());
        }
        2 => {
            claims.insert("_claim_names".to_owned(), json!({ "address": "src1" }));
        }
        _ => {}
    }
}

/// What the issuer says of the sign-in: MFA, the device, contexts.
fn proofs(dice: &mut Dice, issuer: &Value, claims: &mut Map<String, Value>) {
    let methods = [
        "pwd",
        "mfa",
        "mfa",
        "ngcmfa",
        "otp",
        "fido",
        "hwk",
        "rsa",
        "two-factor",
    ];
    let devices = ["dvc_cmp", "dvc_dmjd", "kmsi", "joined"];
    let at = |fact: &str, default: &str| {
        let mapped = &issuer["claims"][fact];
        mapped["pointer"]
            .as_str()
            .or(mapped.as_str())
            .unwrap_or(default)
            .to_owned()
    };
    for pointer in [at("mfa", "/amr"), at("phishing_resistant", "/amr")] {
        if dice.chance(65) {
            let shown = dice.some(&methods, 1, 4);
            place(claims, &pointer, alone_or_listed(dice, &pointer, &shown));
        }
    }
    for fact in ["compliant_device", "hybrid_joined_device"] {
        if dice.chance(40) {
            let (pointer, shown) = (at(fact, "/signin_state"), dice.some(&devices, 1, 2));
            place(claims, &pointer, alone_or_listed(dice, &pointer, &shown));
        }
    }
    if dice.chance(50) {
        let (pointer, shown) = (at("auth_contexts", "/acrs"), dice.some(&CONTEXTS, 1, 3));
        place(claims, &pointer, alone_or_listed(dice, &pointer, &shown));
    }
    if dice.chance(20) {
        let shown = dice.some(&["mfa", "code", "nothing"], 1, 2);
        place(
            claims,
            "/done_here",
            alone_or_listed(dice, "/done_here", &shown),
        );
    }
}

/// What stands where an issuer has its own ideas may be a string instead of a list.
fn alone_or_listed(dice: &mut Dice, pointer: &str, shown: &[&str]) -> Value {
    let list = ["/amr", "/signin_state", "/acrs"].contains(&pointer);
    if dice.chance(if list { 1 } else { 30 }) {
        json!(shown[0])
    } else {
        json!(shown)
    }
}

fn particulars(dice: &mut Dice, claims: &mut Map<String, Value>) {
    if dice.chance(30) {
        claims.insert("acct".to_owned(), dice.below(2).into());
    }
    if dice.chance(30) {
        claims.insert("wids".to_owned(), dice.some(&DIRECTORY_ROLES, 0, 2).into());
    }
    if dice.chance(30) {
        claims.insert("sid".to_owned(), (*dice.pick(&SESSIONS)).into());
    }
    for name in ["uti", "jti"] {
        if dice.chance(25) {
            claims.insert(name.to_owned(), format!("token-{}", dice.below(4)).into());
        }
    }
    if dice.chance(25) {
        let policy = POLICIES[usize::from(dice.chance(20))];
        claims.insert("xms_trpid".to_owned(), dice.cased(policy).into());
    }
    if dice.chance(4) {
        claims.insert(
            "cnf".to_owned(),
            json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }),
        );
    }
    // Nobody reads these.
    claims.insert("name".to_owned(), "Somebody".into());
    if dice.chance(10) {
        claims.insert("tenant_region_scope".to_owned(), MICROSOFT_ACCOUNTS.into());
    }
}
