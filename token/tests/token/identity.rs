//! Whose account a token speaks for: decision.md, section 2, rule by rule.

use crossgate_policy::ids::{Cloud, HomeTenant, IssuerTenant};
use crossgate_token::{Home, HomeCloud, NotAccepted, TokenFault, accept_unsigned};
use serde_json::{Value, json};

use crate::site::{
    CONTOSO, FABRIKAM, FABRIKAM_URL, MICROSOFT_ACCOUNTS, NORTHWIND, NORTHWIND_URL, REMOVED, accept,
    entra_claims, fabrikam_claims, issuers, tenant, v1, v2, v2_china, v2_usgov, with,
};

fn home(claims: &Value) -> Result<(Home, bool), TokenFault> {
    accept(claims).map(|verified| (verified.identity().home, verified.identity().foreign_idp))
}

fn in_tenant(of: &str, cloud: HomeCloud) -> Home {
    let tenant = HomeTenant(tenant(of));
    Home::Tenant { tenant, cloud }
}

/// A Contoso token with this `idp`.
fn named(idp: &str) -> Result<(Home, bool), TokenFault> {
    home(&with(entra_claims(), &[("idp", json!(idp))]))
}

/// A token of some Entra issuer for Contoso, with this `idp`.
fn issued_by(iss: &str, idp: &str) -> Result<(Home, bool), TokenFault> {
    let changes = [("iss", json!(iss)), ("idp", json!(idp))];
    home(&with(entra_claims(), &changes))
}

const OWN: HomeCloud = HomeCloud::Issuer(Cloud::Global);

#[test]
fn without_idp_the_account_lives_where_the_token_was_issued() {
    assert_eq!(home(&entra_claims()), Ok((in_tenant(CONTOSO, OWN), false)));
    let verified = accept(&fabrikam_claims()).unwrap();
    let identity = verified.identity();
    assert_eq!(identity.issuer, IssuerTenant(tenant(FABRIKAM)));
    assert_eq!(identity.home, in_tenant(FABRIKAM, OWN));
    assert!(identity.is_home_issued());
}

#[test]
fn either_versions_own_issuer_as_idp_is_no_other_provider() {
    for idp in [v2(CONTOSO), v1(CONTOSO), v1(&CONTOSO.to_uppercase())] {
        assert_eq!(named(&idp), Ok((in_tenant(CONTOSO, OWN), false)), "{idp}");
    }
    let gov = HomeCloud::Issuer(Cloud::UsGov);
    let own = issued_by(&v2_usgov(CONTOSO), &v1(CONTOSO));
    assert_eq!(own, Ok((in_tenant(CONTOSO, gov), false)));
}

#[test]
fn idp_of_another_tenant_is_that_tenant_in_its_forms_cloud() {
    for (idp, cloud) in [
        (v2(FABRIKAM), HomeCloud::Named(Cloud::Global)),
        (v2_usgov(FABRIKAM), HomeCloud::Named(Cloud::UsGov)),
        (v2_china(FABRIKAM), HomeCloud::Named(Cloud::China)),
        (v1(FABRIKAM), HomeCloud::GlobalOrUsGov),
        (
            format!("https://sts.chinacloudapi.cn/{FABRIKAM}/"),
            HomeCloud::Named(Cloud::China),
        ),
    ] {
        assert_eq!(named(&idp), Ok((in_tenant(FABRIKAM, cloud), true)), "{idp}");
    }
}

#[test]
fn the_shared_host_means_global_in_a_china_token() {
    let other = issued_by(&v2_china(CONTOSO), &v1(FABRIKAM));
    let global = HomeCloud::Named(Cloud::Global);
    assert_eq!(other, Ok((in_tenant(FABRIKAM, global), true)));
    let own = issued_by(&v2_china(CONTOSO), &v1(CONTOSO));
    assert_eq!(own, Err(TokenFault::IdpInAnotherCloud));
}

#[test]
fn idp_of_another_configured_provider_is_its_tenant() {
    let cloud = HomeCloud::Named(Cloud::UsGov);
    assert_eq!(
        named(NORTHWIND_URL),
        Ok((in_tenant(NORTHWIND, cloud), true))
    );
    assert_eq!(
        named(&format!("{NORTHWIND_URL}/")),
        Ok((Home::NoTenant, true)),
        "compared exactly"
    );
}

#[test]
fn any_other_idp_is_an_identity_without_a_tenant() {
    for idp in [
        "google.com",
        "facebook.com",
        "mail",
        "https://adfs.example/",
        "LIVE.com",
    ] {
        assert_eq!(named(idp), Ok((Home::NoTenant, true)), "{idp}");
    }
}

#[test]
fn microsoft_accounts_are_without_a_tenant_named_or_issuing() {
    for idp in [
        "live.com".to_owned(),
        v1(MICROSOFT_ACCOUNTS),
        v2(MICROSOFT_ACCOUNTS),
    ] {
        assert_eq!(named(&idp), Ok((Home::MicrosoftAccount, true)), "{idp}");
    }
    let changes = [
        ("iss", json!(v2(MICROSOFT_ACCOUNTS))),
        ("tid", json!(MICROSOFT_ACCOUNTS)),
    ];
    let own = accept(&with(entra_claims(), &changes)).unwrap();
    assert_eq!(own.identity().home, Home::MicrosoftAccount);
    assert!(!own.identity().foreign_idp);
    assert!(own.identity().is_home_issued());
}

#[test]
fn an_idp_that_looks_like_entra_and_is_none_is_refused() {
    for idp in [
        format!("http://sts.windows.net/{FABRIKAM}/"),
        format!("https://STS.windows.net/{FABRIKAM}/"),
        format!("sts.windows.net/{FABRIKAM}/"),
        format!("https://sts.windows.net/{FABRIKAM}"),
        format!("https://login.microsoftonline.com/{FABRIKAM}/v2.0/"),
        "https://sts.windows.net/fabrikam.com/".to_owned(),
        "login.microsoftonline.us".to_owned(),
        "https://login.partner.microsoftonline.cn/common/v2.0".to_owned(),
    ] {
        assert_eq!(named(&idp), Err(TokenFault::IdpLooksLikeEntra), "{idp}");
    }
    assert_eq!(named(""), Err(TokenFault::EmptyIdp));
}

#[test]
fn the_own_tenant_in_another_clouds_form_is_refused() {
    for idp in [v2_usgov(CONTOSO), v2_china(CONTOSO)] {
        assert_eq!(named(&idp), Err(TokenFault::IdpInAnotherCloud), "{idp}");
    }
}

#[test]
fn tid_must_be_the_issuers() {
    for (tid, fault) in [
        ("contoso.com", TokenFault::MalformedTenant),
        ("", TokenFault::MalformedTenant),
        (FABRIKAM, TokenFault::TenantContradictsIssuer),
    ] {
        let claims = with(entra_claims(), &[("tid", json!(tid))]);
        assert_eq!(home(&claims), Err(fault), "{tid}");
    }
    let claims = with(entra_claims(), &[("tid", json!(CONTOSO.to_uppercase()))]);
    assert!(home(&claims).is_ok());
    for (tid, result) in [
        (FABRIKAM, None),
        (CONTOSO, Some(TokenFault::TenantContradictsIssuer)),
        ("fabrikam", Some(TokenFault::TenantContradictsIssuer)),
    ] {
        let claims = with(fabrikam_claims(), &[("tid", json!(tid))]);
        assert_eq!(home(&claims).err(), result, "{tid}");
    }
}

#[test]
fn oid_must_be_a_guid_at_entra_and_may_be_anything_elsewhere() {
    for oid in ["ada", "", "{aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa}"] {
        let change = [("oid", json!(oid))];
        let entra = home(&with(entra_claims(), &change));
        assert_eq!(entra, Err(TokenFault::MalformedObject), "{oid}");
        assert!(home(&with(fabrikam_claims(), &change)).is_ok());
    }
}

#[test]
fn the_two_names_of_the_client_must_not_differ() {
    let change = |appid: &str| with(entra_claims(), &[("appid", json!(appid))]);
    assert!(home(&change("client")).is_ok());
    assert_eq!(home(&change("other")), Err(TokenFault::ClientsDiffer));
    let guid = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";
    let same = with(change(&guid.to_uppercase()), &[("azp", json!(guid))]);
    assert!(home(&same).is_ok());
}

#[test]
fn ver_must_fit_the_form_of_iss() {
    for (iss, ver, fits) in [
        (v2(CONTOSO), "2.0", true),
        (v1(CONTOSO), "1.0", true),
        (v2(CONTOSO), "1.0", false),
        (v1(CONTOSO), "2.0", false),
        (v2(CONTOSO), "3.0", false),
    ] {
        let changes = [("iss", json!(iss)), ("ver", json!(ver))];
        let fault = home(&with(entra_claims(), &changes)).err();
        let expected = (!fits).then_some(TokenFault::VersionContradictsIssuer);
        assert_eq!(fault, expected, "{iss} {ver}");
    }
}

#[test]
fn a_service_principal_signs_in_nowhere_else() {
    let app = |idp: &str| {
        let changes = [("idtyp", json!("app")), ("idp", json!(idp))];
        home(&with(entra_claims(), &changes))
    };
    assert!(app(&v1(CONTOSO)).is_ok());
    for idp in [v1(FABRIKAM), "live.com".to_owned()] {
        assert_eq!(app(&idp), Err(TokenFault::AppWithForeignIdp), "{idp}");
    }
    let changes = [
        ("idtyp", json!("app")),
        ("iss", json!(v2(MICROSOFT_ACCOUNTS))),
        ("tid", json!(MICROSOFT_ACCOUNTS)),
    ];
    let consumer = home(&with(entra_claims(), &changes));
    assert_eq!(consumer, Err(TokenFault::AppOfMicrosoftAccounts));
}

#[test]
fn another_providers_token_may_name_its_tenants_entra_issuer() {
    let named = |idp: String| home(&with(fabrikam_claims(), &[("idp", json!(idp))]));
    for idp in [FABRIKAM_URL.to_owned(), v2(FABRIKAM), v1(FABRIKAM)] {
        assert_eq!(named(idp), Ok((in_tenant(FABRIKAM, OWN), false)));
    }
    assert_eq!(
        named(v2_china(FABRIKAM)),
        Err(TokenFault::IdpInAnotherCloud)
    );
    let other = in_tenant(CONTOSO, HomeCloud::Named(Cloud::Global));
    assert_eq!(named(v2(CONTOSO)), Ok((other, true)));
}

#[test]
fn an_unsigned_token_must_be_of_the_issuer_named() {
    let issuers = issuers();
    let accept = |claims: &Value, name| accept_unsigned(claims, &issuers, name).err();
    assert_eq!(accept(&entra_claims(), "entra"), None);
    let refused = |fault| Some(NotAccepted::Refused(fault));
    for name in ["gov", "china", "fabrikam"] {
        assert_eq!(
            accept(&entra_claims(), name),
            refused(TokenFault::UnknownIssuer),
            "{name}"
        );
    }
    // Global and usgov share this form: the name tells which.
    let shared = with(entra_claims(), &[("iss", json!(v1(CONTOSO)))]);
    assert_eq!(accept(&shared, "gov"), None);
    assert_eq!(accept(&shared, "nobody"), Some(NotAccepted::NoSuchIssuer));
    assert_eq!(
        accept(&json!([]), "entra"),
        refused(TokenFault::NotAnObject)
    );
}

#[test]
fn a_wrong_type_is_reported_before_a_wrong_issuer() {
    let changes = [
        ("iss", json!("https://nobody.example")),
        ("exp", json!("1")),
    ];
    let claims = with(entra_claims(), &changes);
    assert_eq!(home(&claims), Err(TokenFault::WrongType("exp")));
    let claims = with(claims, &[("exp", json!(1)), ("tid", json!(REMOVED))]);
    assert_eq!(home(&claims), Err(TokenFault::Missing("tid")));
}

#[test]
fn unsigned_claims_are_nested_no_deeper_than_a_token() {
    let nested = |levels: usize| {
        let array = (0..levels).fold(json!(1), |inner, _| json!([inner]));
        home(&with(entra_claims(), &[("x", array)])).err()
    };
    assert_eq!(nested(15), None);
    assert_eq!(nested(16), Some(TokenFault::NestedTooDeep));
}
