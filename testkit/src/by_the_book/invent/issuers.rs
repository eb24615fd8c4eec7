//! `[[issuer]]`: the own tenant's, Entra's in three clouds, and two partners' own providers.

use serde_json::{Value, json};

use super::dice::Dice;
use super::names::{FABRIKAM, LITWARE, NORTHWIND, OWN};

pub(super) fn issuers(dice: &mut Dice, own_cloud: &str) -> Value {
    let mut issuers = vec![own(dice, own_cloud)];
    for (name, cloud) in [
        ("entra", "global"),
        ("entra-us", "usgov"),
        ("entra-cn", "china"),
    ] {
        issuers.push(json!({
            "name": name, "kind": "entra", "issuer": template(cloud, "{tenantid}"), "tenants": "any", "cloud": cloud,
        }));
    }
    if dice.chance(25) {
        issuers.push(json!({
            "name": "litware", "kind": "entra", "issuer": template("global", "{tenantid}"), "tenants": [LITWARE],
            "cloud": "global", "claims": { "groups": "/teams" },
        }));
    }
    let cloud = *dice.weighted(&[(7, "global"), (2, "usgov"), (1, "china")]);
    issuers.push(provider(
        "fabrikam",
        "https://id.fabrikam.example",
        FABRIKAM,
        cloud,
    ));
    if dice.chance(20) {
        issuers.push(provider(
            "fabrikam-too",
            "https://id2.fabrikam.example",
            FABRIKAM,
            cloud,
        ));
    }
    let mut northwind = provider(
        "northwind",
        "https://id.northwind.example/realm",
        NORTHWIND,
        "global",
    );
    northwind["claims"] = own_ideas(dice);
    issuers.push(northwind);
    issuers.into()
}

fn own(dice: &mut Dice, cloud: &str) -> Value {
    let mut own = match dice.below(10) {
        0..=1 => provider("contoso", "https://id.contoso.example", OWN, cloud),
        // The tenant stands in the URL.
        2 => {
            json!({ "name": "contoso", "kind": "entra", "issuer": template(cloud, OWN), "cloud": cloud })
        }
        _ => json!({
            "name": "contoso", "kind": "entra", "issuer": template(cloud, "{tenantid}"), "tenants": [OWN], "cloud": cloud,
        }),
    };
    if dice.chance(70) {
        own["claims"] =
            json!({ "resource_mfa": { "pointer": "/done_here", "contains": ["mfa", "code"] } });
    }
    own
}

fn template(cloud: &str, tenant: &str) -> String {
    let host = match cloud {
        "usgov" => "login.microsoftonline.us",
        "china" => "login.partner.microsoftonline.cn",
        _ => "login.microsoftonline.com",
    };
    format!("https://{host}/{tenant}/v2.0")
}

fn provider(name: &str, issuer: &str, tenant: &str, cloud: &str) -> Value {
    json!({ "name": name, "kind": "oidc", "issuer": issuer, "tenant": tenant, "cloud": cloud })
}

/// Claims that do not stand where Entra has them. Of a fact's two keys one may be left to its default.
fn own_ideas(dice: &mut Dice) -> Value {
    let mut claims = json!({});
    let ideas = [
        ("user", json!("/uid")),
        ("groups", json!("/realm/groups")),
        ("auth_contexts", json!("/contexts")),
        (
            "mfa",
            json!({ "pointer": "/proof", "contains": ["two-factor", "mfa"] }),
        ),
        ("mfa", json!({ "contains": ["two-factor", "otp"] })),
        ("compliant_device", json!({ "pointer": "/device/state" })),
        (
            "hybrid_joined_device",
            json!({ "pointer": "/device/state", "contains": ["joined"] }),
        ),
        (
            "phishing_resistant",
            json!({ "pointer": "/proof", "contains": ["fido", "two-factor"] }),
        ),
        ("passwordless", json!({ "contains": ["fido"] })),
    ];
    for (name, idea) in dice.some(&ideas, 0, 6) {
        claims[name] = idea;
    }
    claims
}
