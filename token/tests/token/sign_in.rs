//! Tokens that tell of people in browsers: who signed in, and who is signed out.

use crossgate_policy::ids::{Cloud, ResourceTenant, UnixTime};
use crossgate_token::{
    ExpectedLogout, ExpectedSignIn, Issuer, KeySet, Logout, Nonce, TokenFault, Unverified,
    restore_id_token, verify, verify_id_token, verify_logout,
};
use serde_json::{Value, json};

use crate::site::{
    CONTOSO, FABRIKAM, FABRIKAM_URL, REMOVED, Signer, issuers, key_set, oidc, tenant, with,
};

const NOW: u32 = 1_767_225_600;

fn id_token() -> Value {
    json!({
        "iss": FABRIKAM_URL, "aud": "crossgate", "sub": "bob", "nonce": "n-1",
        "iat": NOW, "exp": NOW + 300, "auth_time": NOW - 60, "sid": "s-1", "amr": ["pwd"],
    })
}

fn sign_in(signer: &Signer, keys: &KeySet, claims: &Value) -> Result<(), TokenFault> {
    let verified = verify_id_token(
        &signer.sign(claims),
        &issuers(),
        |_| Some(keys),
        Nonce("n-1"),
    )
    .map_err(|why| why.fault().unwrap())?;
    verified.check_sign_in(&ExpectedSignIn {
        issuer: "fabrikam",
        resource: ResourceTenant(tenant(CONTOSO)),
        client_id: "crossgate",
        now: UnixTime::from_secs(NOW),
    })
}

#[test]
fn an_id_token_counts_for_its_client_in_answer_to_its_nonce_and_now() {
    let signer = Signer::new("k");
    let keys = key_set(&[signer.jwk()]);
    assert_eq!(sign_in(&signer, &keys, &id_token()), Ok(()));
    let both = json!(["crossgate", "other"]);
    for (changes, fault) in [
        (&[("nonce", json!("n-2"))][..], TokenFault::WrongNonce),
        (&[("nonce", json!(REMOVED))], TokenFault::WrongNonce),
        (&[("nonce", json!(1))], TokenFault::WrongType("nonce")),
        (&[("aud", json!("other"))], TokenFault::WrongAudience),
        (&[("azp", json!("other"))], TokenFault::WrongClient),
        (&[("aud", both.clone())], TokenFault::WrongClient),
        (&[("exp", json!(NOW - 61))], TokenFault::Expired),
        (&[("iat", json!(NOW + 61))], TokenFault::IssuedInTheFuture),
        (
            &[("auth_time", json!(NOW + 61))],
            TokenFault::AuthenticatedInTheFuture,
        ),
        (
            &[("cnf", json!({"jkt": "x"}))],
            TokenFault::UnprovenPossession,
        ),
        (&[("idtyp", json!("app"))], TokenFault::WrongClient),
        (
            &[("tid", json!(CONTOSO))],
            TokenFault::TenantContradictsIssuer,
        ),
    ] {
        let claims = with(id_token(), changes);
        assert_eq!(sign_in(&signer, &keys, &claims), Err(fault), "{changes:?}");
    }
    let named = with(id_token(), &[("aud", both), ("azp", json!("crossgate"))]);
    assert_eq!(sign_in(&signer, &keys, &named), Ok(()));
    // Another issuer's people, genuine as they are, did not sign in where the browser was sent.
    let other = with(
        id_token(),
        &[("iss", json!("https://id.northwind.example"))],
    );
    assert_eq!(
        sign_in(&signer, &keys, &other),
        Err(TokenFault::UnknownIssuer)
    );
    let strange = Signer::new("k");
    assert_eq!(
        sign_in(&strange, &keys, &id_token()),
        Err(TokenFault::BadSignature)
    );
}

#[test]
fn an_id_token_opens_no_application_and_is_read_again_without_its_key() {
    let signer = Signer::new("k");
    let keys = key_set(&[signer.jwk()]);
    let token = signer.sign(&id_token());
    let opened = verify(&token, &issuers(), |_| Some(&keys));
    assert_eq!(
        opened.map_err(|why| why.fault()),
        Err(Some(TokenFault::IdToken))
    );
    let came = verify_id_token(&token, &issuers(), |_| Some(&keys), Nonce("n-1"));
    assert_eq!(
        restore_id_token(&token, &issuers(), "fabrikam").ok(),
        came.ok()
    );
    assert!(restore_id_token(&token, &issuers(), "northwind").is_err());
    assert!(restore_id_token(&token, &issuers(), "nobody").is_err());
    let without_keys = verify_id_token(&token, &issuers(), |_| None, Nonce("n-1"));
    assert!(matches!(without_keys, Err(Unverified::UnknownKey { .. })));
}

fn fabrikam() -> Issuer {
    oidc("fabrikam", FABRIKAM_URL, FABRIKAM, Cloud::Global)
}

fn logout_token() -> Value {
    json!({
        "iss": FABRIKAM_URL, "aud": "crossgate", "iat": NOW, "exp": NOW + 120, "jti": "j-1", "sub": "bob", "sid": "s-1",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    })
}

fn logout(token: &str, keys: &KeySet) -> Result<Logout, TokenFault> {
    let expected = ExpectedLogout {
        issuer: &fabrikam(),
        client_id: "crossgate",
        now: UnixTime::from_secs(NOW),
    };
    verify_logout(token, &expected, keys)
}

#[test]
fn a_logout_token_ends_what_it_names_and_is_nothing_else() {
    let signer = Signer::new("k");
    let keys = key_set(&[signer.jwk()]);
    let told = |claims: &Value| logout(&signer.sign(claims), &keys);
    let whole = told(&logout_token()).unwrap();
    assert_eq!((&*whole.issuer, &*whole.jwt_id), (FABRIKAM_URL, "j-1"));
    assert_eq!(whole.session.unwrap().to_string(), "s-1");
    let gone = json!(REMOVED);
    for fits in [
        &[("sid", gone.clone())][..],
        &[("sub", gone.clone())],
        &[("exp", gone.clone())],
        &[("aud", json!(["other", "crossgate"]))],
    ] {
        assert!(told(&with(logout_token(), fits)).is_ok(), "{fits:?}");
    }
    let no_event = json!({"http://schemas.openid.net/event/other": {}});
    for (changes, fault) in [
        (
            &[("sub", gone.clone()), ("sid", gone.clone())][..],
            TokenFault::Missing("sub"),
        ),
        (&[("nonce", json!("n"))], TokenFault::IdToken),
        (&[("events", gone.clone())], TokenFault::Missing("events")),
        (&[("events", no_event)], TokenFault::Missing("events")),
        (&[("jti", gone.clone())], TokenFault::Missing("jti")),
        (&[("iat", gone.clone())], TokenFault::Missing("iat")),
        (&[("aud", json!("other"))], TokenFault::WrongAudience),
        (
            &[("iss", json!("https://id.northwind.example"))],
            TokenFault::UnknownIssuer,
        ),
        (&[("exp", json!(NOW - 61))], TokenFault::Expired),
        (
            &[("iat", json!(NOW - 181)), ("exp", gone)],
            TokenFault::Expired,
        ),
        (&[("iat", json!(NOW + 61))], TokenFault::IssuedInTheFuture),
    ] {
        assert_eq!(
            told(&with(logout_token(), changes)),
            Err(fault),
            "{changes:?}"
        );
    }
    assert_eq!(told(&id_token()), Err(TokenFault::IdToken));
    let typed = |typ: &str| {
        let header = json!({"alg": "ES256", "kid": "k", "typ": typ});
        logout(
            &signer.sign_parts(&header.to_string(), &logout_token().to_string()),
            &keys,
        )
    };
    assert!(typed("logout+jwt").is_ok() && typed("JWT").is_ok());
    for typ in ["at+jwt", "secevent+jwt"] {
        assert_eq!(typed(typ), Err(TokenFault::UnacceptableType), "{typ}");
    }
    let strange = Signer::new("k");
    assert_eq!(
        logout(&strange.sign(&logout_token()), &keys),
        Err(TokenFault::BadSignature)
    );
    let unknown = Signer::new("other");
    assert_eq!(
        logout(&unknown.sign(&logout_token()), &keys),
        Err(TokenFault::UnknownKey)
    );
}
