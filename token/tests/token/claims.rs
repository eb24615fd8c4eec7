//! What a token says: types, what must be there, and the two forms.

use crossgate_policy::ids::{Cloud, Id};
use crossgate_token::{Account, ClaimMap, ClaimTest, Claims, Issuer, Pointer, TokenFault};
use serde_json::{Value, json};

use crate::site::{
    ADA, CONTOSO, FABRIKAM, FABRIKAM_URL, REMOVED, entra, entra_claims, fabrikam_claims, oidc, with,
};

fn read_by(issuer: &Issuer, claims: &Value) -> Result<Claims, TokenFault> {
    Claims::read(claims.as_object().unwrap(), issuer)
}

fn read(claims: &Value) -> Result<Claims, TokenFault> {
    read_by(&entra("entra", Cloud::Global), claims)
}

fn read_oidc(claims: &Value) -> Result<Claims, TokenFault> {
    read_by(
        &oidc("fabrikam", FABRIKAM_URL, FABRIKAM, Cloud::Global),
        claims,
    )
}

fn read_with(changes: &[(&str, Value)]) -> Result<Claims, TokenFault> {
    read(&with(entra_claims(), changes))
}

#[test]
fn every_claim_of_the_wrong_type_refuses_the_token() {
    let texts = [
        "iss",
        "sub",
        "oid",
        "tid",
        "idp",
        "azp",
        "appid",
        "ver",
        "scp",
        "idtyp",
        "sid",
        "uti",
        "jti",
        "home_oid",
        "xms_trpid",
    ];
    let numbers = ["exp", "nbf", "iat", "auth_time", "acct"];
    let lists = ["roles", "wids"];
    let objects = ["cnf", "_claim_names"];
    let cases = texts
        .iter()
        .map(|name| (*name, vec![json!(null), json!(1), json!(["x"]), json!({})]))
        .chain(numbers.iter().map(|name| {
            (
                *name,
                vec![json!(null), json!("1"), json!([1]), json!(true)],
            )
        }))
        .chain(lists.iter().map(|name| {
            (
                *name,
                vec![
                    json!(null),
                    json!("x"),
                    json!([1]),
                    json!([null]),
                    json!({}),
                ],
            )
        }))
        .chain(
            objects
                .iter()
                .map(|name| (*name, vec![json!(null), json!("x"), json!([])])),
        )
        .chain([
            (
                "aud",
                vec![json!(null), json!(1), json!(["x", 1]), json!({})],
            ),
            ("hasgroups", vec![json!(null), json!("true"), json!(1)]),
        ]);
    for (name, values) in cases {
        for value in values {
            assert_eq!(
                read_with(&[(name, value.clone())]),
                Err(TokenFault::WrongType(name)),
                "{name} {value}"
            );
        }
    }
    assert_eq!(
        read_with(&[("_claim_names", json!({"groups": 1}))]),
        Err(TokenFault::WrongType("groups"))
    );
}

#[test]
fn every_mapped_claim_of_the_wrong_type_refuses_the_token() {
    for (name, fact) in [
        ("groups", "groups"),
        ("acrs", "acrs"),
        ("amr", "mfa"),
        ("signin_state", "compliant_device"),
    ] {
        for value in [
            json!(null),
            json!(true),
            json!(1),
            json!({}),
            json!("mfa"),
            json!(["mfa", 1]),
        ] {
            assert_eq!(
                read_with(&[(name, value.clone())]),
                Err(TokenFault::WrongType(fact)),
                "{name} {value}"
            );
        }
    }
}

#[test]
fn names_for_people_of_the_wrong_type_count_as_absent() {
    let claims = read_with(&[
        ("name", json!(1)),
        ("upn", json!(null)),
        ("email", json!("ada@contoso.com")),
    ])
    .unwrap();
    assert_eq!(claims.names.name, None);
    assert_eq!(claims.names.user_principal_name, None);
    assert_eq!(claims.names.email.as_deref(), Some("ada@contoso.com"));
}

#[test]
fn what_must_be_there_must_be_there() {
    for name in ["iss", "aud", "exp", "tid"] {
        assert_eq!(
            read_with(&[(name, json!(REMOVED))]),
            Err(TokenFault::Missing(name))
        );
    }
    assert_eq!(
        read_with(&[("aud", json!([]))]),
        Err(TokenFault::Missing("aud"))
    );
    assert_eq!(
        read_with(&[("sub", json!(REMOVED)), ("oid", json!(REMOVED))]),
        Err(TokenFault::Missing("sub"))
    );
    assert!(read_with(&[("sub", json!(REMOVED))]).is_ok());
    assert!(read_with(&[("oid", json!(REMOVED))]).is_ok());
    assert!(read_oidc(&fabrikam_claims()).is_ok(), "`tid` is Entra's");
}

#[test]
fn times_are_numbers_from_nought_to_two_to_the_53rd() {
    for name in ["exp", "nbf", "iat", "auth_time"] {
        for time in [json!(0), json!(0.5), json!(9_007_199_254_740_991u64)] {
            assert!(read_with(&[(name, time.clone())]).is_ok(), "{name} {time}");
        }
        for time in [
            json!(-1),
            json!(-0.5),
            json!(9_007_199_254_740_992u64),
            json!(1e300),
        ] {
            assert_eq!(
                read_with(&[(name, time.clone())]),
                Err(TokenFault::NotATime(name)),
                "{time}"
            );
        }
    }
}

#[test]
fn ids_shaped_like_guids_are_compared_without_case() {
    let claims = read_with(&[
        ("oid", json!(ADA.to_uppercase())),
        ("groups", json!([ADA.to_uppercase(), "Staff"])),
    ])
    .unwrap();
    assert_eq!(claims.object, Some(Id::new(ADA)));
    assert_eq!(*claims.groups, [Id::new(ADA), Id::new("Staff")]);
}

#[test]
fn the_user_is_oid_at_entra_and_sub_elsewhere_or_what_the_map_says() {
    assert_eq!(read(&entra_claims()).unwrap().user, Some(Id::new(ADA)));
    let claims = with(fabrikam_claims(), &[("ext", json!({"employee": "7"}))]);
    assert_eq!(read_oidc(&claims).unwrap().user, Some(Id::new("bob")));
    let mut issuer = oidc("fabrikam", FABRIKAM_URL, FABRIKAM, Cloud::Global);
    issuer.claims.user = Pointer::parse("/ext/employee").unwrap();
    assert_eq!(read_by(&issuer, &claims).unwrap().user, Some(Id::new("7")));
    let claims = with(claims, &[("ext", json!({"employee": ["7"]}))]);
    assert_eq!(
        read_by(&issuer, &claims),
        Err(TokenFault::WrongType("user"))
    );
}

#[test]
fn a_fact_is_shown_by_a_value_in_the_list_and_by_nothing_else() {
    let proofs = |amr: Value| read_with(&[("amr", amr)]).unwrap().proofs;
    assert!(proofs(json!(["pwd", "mfa"])).mfa);
    assert!(!proofs(json!(["pwd", "MFA"])).mfa);
    assert!(!proofs(json!([])).mfa);
    assert!(!read(&entra_claims()).unwrap().proofs.mfa);
    assert!(proofs(json!(["rsa"])).passwordless);
    assert!(!proofs(json!(["rsa"])).phishing_resistant);
    assert!(proofs(json!(["fido"])).phishing_resistant);
    let state = json!(["dvc_mngd", "dvc_cmp", "dvc_dmjd"]);
    let proofs = read_with(&[("signin_state", state)]).unwrap().proofs;
    assert!(proofs.compliant_device && proofs.hybrid_joined_device);
}

#[test]
fn a_claim_that_may_be_a_string_shows_a_fact_alone_or_in_a_list() {
    let issuer = Issuer {
        claims: ClaimMap {
            mfa: ClaimTest::new(Pointer::to_claim("acr"), &["urn:example:mfa"]),
            ..ClaimMap::entra()
        },
        ..entra("own", Cloud::Global)
    };
    let mfa = |acr: Value| {
        let claims = with(entra_claims(), &[("acr", acr)]);
        read_by(&issuer, &claims).unwrap().proofs.mfa
    };
    assert!(mfa(json!("urn:example:mfa")));
    assert!(mfa(json!(["urn:example:mfa"])));
    assert!(!mfa(json!("urn:example:mfa pwd")));
}

#[test]
fn mfa_done_here_is_read_only_where_the_map_names_it() {
    let claims = with(entra_claims(), &[("here", json!("yes"))]);
    assert!(!read(&claims).unwrap().proofs.resource_mfa);
    let test = ClaimTest::new(Pointer::to_claim("here"), &["yes"]);
    let issuer = Issuer {
        claims: ClaimMap {
            resource_mfa: Some(test),
            ..ClaimMap::entra()
        },
        ..entra("own", Cloud::Global)
    };
    assert!(read_by(&issuer, &claims).unwrap().proofs.resource_mfa);
}

#[test]
fn an_id_token_is_refused_whoever_issued_it() {
    for claims in [
        with(entra_claims(), &[("nonce", json!("n"))]),
        with(entra_claims(), &[("nonce", json!(null))]),
        with(
            entra_claims(),
            &[("aud", json!("client")), ("scp", json!(REMOVED))],
        ),
        with(
            entra_claims(),
            &[("aud", json!(["x", "client"])), ("scp", json!(REMOVED))],
        ),
        with(
            entra_claims(),
            &[
                ("aud", json!(ADA)),
                ("azp", json!(REMOVED)),
                ("appid", json!(ADA.to_uppercase())),
                ("scp", json!(REMOVED)),
            ],
        ),
    ] {
        assert_eq!(read(&claims), Err(TokenFault::IdToken), "{claims}");
    }
    let claims = with(fabrikam_claims(), &[("azp", json!("api://payroll"))]);
    assert_eq!(read_oidc(&claims), Err(TokenFault::IdToken));
}

#[test]
fn a_token_for_its_own_client_that_tells_access_is_no_id_token() {
    for (name, value) in [
        ("scp", json!("read")),
        ("roles", json!(["reader"])),
        ("idtyp", json!("user")),
    ] {
        let changes = [
            ("aud", json!("client")),
            ("scp", json!(REMOVED)),
            (name, value),
        ];
        assert!(read_with(&changes).is_ok(), "{name}");
    }
}

#[test]
fn an_app_only_token_is_told_by_its_form() {
    let app = |changes: &[(&str, Value)]| read_with(changes).unwrap().app_only;
    assert!(app(&[("idtyp", json!("app"))]));
    assert!(!app(&[("idtyp", json!("user"))]));
    assert!(!app(&[("idtyp", json!("App"))]));
    let (roles, same) = (("roles", json!(["x"])), ("sub", json!(ADA.to_uppercase())));
    let no_scope = ("scp", json!(REMOVED));
    assert!(app(&[roles.clone(), same.clone(), no_scope.clone()]));
    assert!(!app(&[roles.clone(), same.clone()]));
    assert!(!app(&[roles.clone(), no_scope.clone()]));
    assert!(!app(&[same.clone(), no_scope.clone()]));
}

#[test]
fn other_providers_tell_app_only_tokens_by_idtyp_alone() {
    let claims = with(
        fabrikam_claims(),
        &[("oid", json!("bob")), ("roles", json!(["x"]))],
    );
    assert!(!read_oidc(&claims).unwrap().app_only);
    let claims = with(claims, &[("idtyp", json!("app"))]);
    assert!(read_oidc(&claims).unwrap().app_only);
}

#[test]
fn overage_is_told_in_two_ways() {
    let overage = |changes: &[(&str, Value)]| read_with(changes).unwrap().group_overage;
    assert!(!overage(&[]));
    assert!(overage(&[("hasgroups", json!(true))]));
    assert!(!overage(&[("hasgroups", json!(false))]));
    assert!(overage(&[("_claim_names", json!({"groups": "src1"}))]));
    assert!(!overage(&[("_claim_names", json!({"other": "src1"}))]));
}

#[test]
fn account_scopes_and_binding_are_read() {
    let claims = read_with(&[("acct", json!(1)), ("cnf", json!({}))]).unwrap();
    assert_eq!(claims.account, Account::Guest);
    assert!(claims.bound_to_key);
    let scopes: Vec<&str> = claims.scopes.iter().map(|scope| &**scope).collect();
    assert_eq!(scopes, ["read", "write"]);
    assert_eq!(
        read_with(&[("acct", json!(0))]).unwrap().account,
        Account::Member
    );
    assert_eq!(
        read_with(&[("acct", json!(2))]).unwrap().account,
        Account::Unstated
    );
    assert_eq!(read(&entra_claims()).unwrap().account, Account::Unstated);
    assert!(!read(&entra_claims()).unwrap().bound_to_key);
}

#[test]
fn the_earlier_of_sign_in_and_issue_counts_for_revocations() {
    let earliest = |changes: &[(&str, Value)]| {
        let earliest = read_with(changes).unwrap().earliest_sign_in();
        earliest.map(crossgate_policy::ids::UnixTime::seconds)
    };
    let (iat, auth_time) = (("iat", json!(20)), ("auth_time", json!(10)));
    assert_eq!(earliest(&[iat.clone(), auth_time.clone()]), Some(10.0));
    assert_eq!(earliest(&[iat]), Some(20.0));
    assert_eq!(earliest(&[auth_time]), Some(10.0));
    assert_eq!(earliest(&[]), None);
}

#[test]
fn the_version_is_entras_and_other_providers_may_use_the_name() {
    let claims = with(fabrikam_claims(), &[("ver", json!(1))]);
    assert!(read_oidc(&claims).is_ok());
    let claims = with(
        entra_claims(),
        &[("tid", json!(CONTOSO)), ("ver", json!(1))],
    );
    assert_eq!(read(&claims), Err(TokenFault::WrongType("ver")));
}
