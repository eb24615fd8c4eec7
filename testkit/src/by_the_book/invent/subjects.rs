//! Who calls: tenant, account, and the service that vouches for it.

use serde_json::Value;

use super::World;
use super::dice::Dice;
use super::names::{
    FABRIKAM, LITWARE, MICROSOFT_ACCOUNTS, NORTHWIND, OTHERS, OWN, TAILSPIN, USERS, WOODGROVE,
};

/// Whose token it is.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// The tenant that signed.
    pub(super) issuer_tenant: String,
    /// `idp`: who vouches for the account, where that is not the issuer.
    pub(super) idp: Option<String>,
    /// The account's id at the issuer.
    pub(super) user: String,
    /// The account's id at home, where the token tells it.
    pub(super) home_user: Option<String>,
    pub(super) app_only: bool,
}

/// A caller of an app: mostly one that the app's kind of route is made for.
pub(super) fn subject(dice: &mut Dice, world: &World, resource: Option<&str>) -> Subject {
    let resource = resource.unwrap_or(OWN);
    let user = (*dice.pick(&USERS)).to_owned();
    let native = |tenant: &str, app_only: bool| Subject {
        issuer_tenant: tenant.to_owned(),
        idp: None,
        user: user.clone(),
        home_user: None,
        app_only,
    };
    let other = *dice.weighted(&[
        (4, FABRIKAM),
        (4, LITWARE),
        (3, NORTHWIND),
        (2, WOODGROVE),
        (1, TAILSPIN),
    ]);
    match dice.below(100) {
        0..=17 => native(OWN, false),
        18..=21 => native(OWN, true),
        22..=41 => at_home(dice, world, other),
        42..=49 => native(other, true),
        50..=54 => at_home(dice, world, MICROSOFT_ACCOUNTS),
        55 => native(MICROSOFT_ACCOUNTS, true),
        // A guest of whoever owns the app.
        56..=95 => guest(dice, world, resource),
        // A guest of anybody: believed only where that one owns the app.
        _ => {
            let host = *dice.pick(&[OWN, FABRIKAM, LITWARE, MICROSOFT_ACCOUNTS]);
            guest(dice, world, host)
        }
    }
}

/// Somebody with a token of their home, often somebody of whom there is a record here.
fn at_home(dice: &mut Dice, world: &World, tenant: &str) -> Subject {
    let known: Vec<&Value> = world
        .guests()
        .iter()
        .filter(|record| is_of(record, tenant))
        .collect();
    let mut user = (*dice.pick(&USERS)).to_owned();
    if !known.is_empty()
        && dice.chance(60)
        && let Some(id) = dice.pick(&known)["crossgate"]["homeUserId"].as_str()
    {
        id.clone_into(&mut user);
    }
    Subject {
        issuer_tenant: tenant.to_owned(),
        idp: None,
        user,
        home_user: None,
        app_only: false,
    }
}

fn is_of(record: &Value, tenant: &str) -> bool {
    record["crossgate"]["homeTenantId"]
        .as_str()
        .is_some_and(|home| home.eq_ignore_ascii_case(tenant))
}

/// Somebody whom a tenant's service vouches for as a guest, often one of whom there is a record.
fn guest(dice: &mut Dice, world: &World, host: &str) -> Subject {
    let records = world.guests();
    let mut user = (*dice.pick(&USERS)).to_owned();
    let mut home = *dice.weighted(&[
        (3, FABRIKAM),
        (3, LITWARE),
        (2, WOODGROVE),
        (1, TAILSPIN),
        (2, NORTHWIND),
        (2, OWN),
        (2, MICROSOFT_ACCOUNTS),
    ]);
    if !records.is_empty() && dice.chance(70) {
        let record = dice.pick(records);
        record["id"]
            .as_str()
            .expect("a record has an id")
            .clone_into(&mut user);
        let all = [OTHERS.as_slice(), &[MICROSOFT_ACCOUNTS]].concat();
        if let Some(tenant) = all.iter().find(|tenant| is_of(record, tenant))
            && dice.chance(85)
        {
            home = tenant;
        }
    }
    let idp = if dice.chance(12) {
        stranger(dice)
    } else {
        idp(dice, world, home)
    };
    let home_user = dice.chance(50).then(|| (*dice.pick(&USERS)).to_owned());
    Subject {
        issuer_tenant: host.to_owned(),
        idp: Some(idp),
        user,
        home_user,
        app_only: false,
    }
}

/// An `idp` that names a tenant.
fn idp(dice: &mut Dice, world: &World, tenant: &str) -> String {
    let id = dice.cased(tenant);
    if tenant == MICROSOFT_ACCOUNTS && dice.chance(70) {
        return "live.com".to_owned();
    }
    let names: &[&str] = match tenant {
        FABRIKAM => &["fabrikam", "fabrikam-too"],
        NORTHWIND => &["northwind"],
        _ => &[],
    };
    let own_providers: Vec<&Value> = names.iter().filter_map(|name| world.issuer(name)).collect();
    if !own_providers.is_empty() && dice.chance(80) {
        return dice.pick(&own_providers)["issuer"]
            .as_str()
            .expect("an issuer")
            .to_owned();
    }
    match (tenant, dice.chance(35)) {
        (WOODGROVE, false) => format!("https://login.microsoftonline.us/{id}/v2.0"),
        (TAILSPIN, false) => format!("https://login.partner.microsoftonline.cn/{id}/v2.0"),
        (TAILSPIN, true) => format!("https://sts.chinacloudapi.cn/{id}/"),
        (_, true) => format!("https://sts.windows.net/{id}/"),
        (_, false) => format!("https://login.microsoftonline.com/{id}/v2.0"),
    }
}

/// An `idp` without a tenant.
fn stranger(dice: &mut Dice) -> String {
    let strangers = [
        "google.com",
        "facebook.com",
        "mail",
        "https://federation.example/adfs",
        "http://federation.example",
    ];
    (*dice.pick(&strangers)).to_owned()
}
