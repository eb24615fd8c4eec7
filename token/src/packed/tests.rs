use super::*;
use crossgate_policy::ids::{Cloud, TenantId};

use crate::{Algorithm, ClaimMap, Issuer, IssuerKind, Issuers, Tenants, accept_unsigned};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const TENANT: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

fn issuers() -> Issuers {
    let issuer = |name: &str, kind| Issuer {
        name: name.into(),
        kind,
        cloud: Cloud::Global,
        algorithms: [Algorithm::Rs256].into(),
        claims: ClaimMap::entra(),
    };
    let tenants = Tenants::Any;
    Issuers::new([
        issuer("entra", IssuerKind::Entra { tenants }),
        issuer(
            "oidc",
            IssuerKind::Oidc {
                url: "https://id.example".into(),
                tenant: TenantId::parse(TENANT).unwrap(),
            },
        ),
    ])
}

fn guid(number: u32) -> String {
    format!(
        "{number:08x}-1111-4222-8333-{:012x}",
        u64::from(number) * 77_777
    )
}

/// As Entra writes them, for a person in twelve groups.
pub(crate) fn usual() -> Json {
    json!({
        "aud": guid(1), "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "iat": 1_790_000_000, "nbf": 1_790_000_000, "exp": 1_790_005_000, "acct": 0, "acrs": ["p1"],
        "azp": guid(2), "azpacr": "1", "name": "Ada Lovelace", "oid": guid(3),
        "preferred_username": "ada.lovelace@contoso.com", "roles": ["Payroll.Read"],
        "scp": "access_as_user", "sid": guid(4), "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
        "tid": TENANT, "upn": "ada.lovelace@contoso.com", "uti": "fqiBqXLPj0eQa82S-IYFAA", "ver": "2.0",
        "wids": [guid(5)], "groups": (10..22).map(guid).collect::<Vec<_>>(),
    })
}

fn packed(claims: &Json, issuer: &str) -> Packed {
    let verified = accept_unsigned(claims, &issuers(), issuer).unwrap();
    let packed = Packed::new(&verified);
    assert_eq!(packed.unpack(), Some(verified), "{claims}");
    packed
}

#[test]
fn what_is_unpacked_equals_what_was_packed() {
    packed(&usual(), "entra");
    for (name, value) in [
        ("exp", json!(1_790_005_000.25)),
        ("auth_time", json!(0)),
        (
            "idp",
            json!(format!("https://sts.windows.net/{}/", guid(9))),
        ),
        ("idp", json!("live.com")),
        ("idp", json!("google.com")),
        ("idtyp", json!("app")),
        ("acct", json!(1)),
        ("acct", json!(7)),
        ("cnf", json!({"kid": "k"})),
        (
            "aud",
            json!([guid(1).to_uppercase(), "", "api://payroll", "ä"]),
        ),
        ("groups", json!([])),
        (
            "groups",
            json!(
                (0..900)
                    .map(|n| if n % 3 == 0 { format!("g{n}") } else { guid(n) })
                    .collect::<Vec<_>>()
            ),
        ),
        ("amr", json!(["mfa", "fido", "wia"])),
        ("name", json!("")),
        ("sid", json!("x".repeat(5000))),
    ] {
        let mut claims = usual();
        claims[name] = value;
        packed(&claims, "entra");
    }
    let mut capitals = usual();
    capitals["tid"] = json!(TENANT.to_uppercase());
    capitals["iss"] = json!(format!(
        "https://sts.windows.net/{}/",
        TENANT.to_uppercase()
    ));
    capitals["ver"] = json!("1.0");
    packed(&capitals, "entra");
    packed(
        &json!({"iss": "https://id.example", "aud": "a", "sub": "s", "exp": 1}),
        "oidc",
    );
}

/// As they write them for a guest, with more of everything.
fn guest() -> Json {
    let mut claims = usual();
    let home = "7e57c0de-0000-4000-8000-000000000001";
    let more = json!({
        "acct": 1, "acrs": ["p1", "urn:user:registersecurityinfo"], "amr": ["pwd", "mfa"],
        "email": "ada.lovelace@partner.example", "idp": format!("https://sts.windows.net/{home}/"),
        "preferred_username": "ada.lovelace_partner.example#EXT#@contoso.com",
        "unique_name": "ada.lovelace@partner.example", "scp": "access Reports.Read",
    });
    let more = more.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(more);
    claims.as_object_mut().unwrap().remove("upn");
    claims
}

#[test]
fn a_usual_token_with_twelve_groups_takes_half_a_kibibyte() {
    for claims in [usual(), guest()] {
        let bytes = packed(&claims, "entra").heap_bytes();
        assert!(bytes <= 512, "{bytes}: {claims}");
    }
}

#[test]
fn names_that_only_look_like_a_guests_are_unpacked_as_they_were_said() {
    for (email, name) in [
        (
            "ada@partner.example",
            "bob_partner.example#EXT#@contoso.com",
        ),
        ("a@b@c.example", "a_b_c.example#EXT#@contoso.com"),
        ("", "#EXT#@contoso.com"),
        ("ada@partner.example", "ada_partner.example#EXT#@"),
        ("ada@partner.example", "ada_partner.example#EXT#@a#EXT#@b"),
        ("x#EXT#@y", "x#EXT#_y#EXT#@z"),
    ] {
        let mut claims = guest();
        claims["email"] = email.into();
        claims["preferred_username"] = name.into();
        claims["unique_name"] = name.into();
        packed(&claims, "entra");
    }
}

#[test]
fn what_was_cut_or_written_by_nobody_here_is_not_unpacked() {
    for claims in [usual(), guest()] {
        let whole = packed(&claims, "entra");
        for length in 0..whole.bytes.len() {
            let cut = Packed {
                issuer: Arc::clone(&whole.issuer),
                bytes: whole.bytes[..length].into(),
            };
            assert_eq!(cut.unpack(), None, "{length}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_a_token_says_is_unpacked_as_it_was_said(
        texts in prop::collection::vec(text(), 12),
        lists in prop::collection::vec(prop::collection::vec(text(), 0..6), 5),
        times in prop::collection::vec(prop_oneof![(0_u32..3).prop_map(f64::from), 0.0..1e10], 4),
        scopes in prop::collection::vec(text(), 0..6),
    ) {
        let mut claims = usual();
        let names = [
            "sub", "oid", "azp", "idp", "sid", "uti", "jti", "name", "upn", "unique_name", "email",
            "preferred_username",
        ];
        for (name, text) in names.into_iter().zip(texts) {
            claims[name] = text.into();
        }
        for (name, list) in ["aud", "roles", "acrs", "groups", "wids"].into_iter().zip(lists) {
            claims[name] = list.into();
        }
        for (name, time) in ["exp", "nbf", "iat", "auth_time"].into_iter().zip(times) {
            claims[name] = time.into();
        }
        claims["scp"] = scopes.join(" ").into();
        if let Ok(verified) = accept_unsigned(&claims, &issuers(), "entra") {
            prop_assert_eq!(Packed::new(&verified).unpack(), Some(verified));
        }
    }
}

/// Texts of the kinds that are packed in ways of their own, few enough to come again.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        (0_u32..4).prop_map(guid),
        (0_u32..4).prop_map(|number| guid(number).to_uppercase()),
        (0_u32..4).prop_map(|number| format!("https://sts.windows.net/{}/", guid(number))),
        (0_u32..4)
            .prop_map(|number| guid(number).to_uppercase())
            .prop_map(|tenant| format!("https://login.microsoftonline.com/{tenant}/v2.0")),
        "[a-zäÅ#@.]{0,200}",
        "[A-Za-z0-9_-]{0,50}",
        prop::sample::select(vec!["2.0", "p1", "access_as_user", "a@b", "a_b", "a@b@c"])
            .prop_map(str::to_owned),
        prop::sample::select(vec!["a_b", "a_b_c", "a@b", ""]).prop_flat_map(|user| {
            prop::sample::select(vec!["p1", "c.example", "", "x#EXT#@y"])
                .prop_map(move |domain| format!("{user}#EXT#@{domain}"))
        }),
    ]
}
