//! Signed tokens: which issuer, which key, and what is reported first.

use std::slice::from_ref;

use crossgate_policy::ids::Cloud;
use crossgate_token::{
    Algorithm, Issuer, Issuers, KeySet, TokenFault, Unverified, Verified, verify,
};
use serde_json::{Value, json};

use crate::site::{
    CONTOSO, FABRIKAM, KeySets, MICROSOFT_ACCOUNTS, Signer, entra, entra_claims, fabrikam_claims,
    issuers, key_set, v1, v2, with,
};

/// One key for each of the issuers `entra`, `gov` and `fabrikam`; `china` and `northwind` have no set yet.
struct Site {
    entra: Signer,
    gov: Signer,
    fabrikam: Signer,
    issuers: Issuers,
    keys: KeySets,
}

impl Site {
    fn new() -> Self {
        let (entra, gov, fabrikam) = (Signer::new("e"), Signer::new("g"), Signer::new("f"));
        let keys = KeySets::from([
            ("entra", key_set(&[entra.jwk()])),
            ("gov", key_set(&[gov.jwk()])),
            ("fabrikam", key_set(&[fabrikam.jwk()])),
        ]);
        Self {
            entra,
            gov,
            fabrikam,
            issuers: issuers(),
            keys,
        }
    }

    fn verify(&self, token: &str) -> Result<Verified, Unverified> {
        verify(token, &self.issuers, |name| self.keys.get(name))
    }

    fn fault(&self, token: &str) -> TokenFault {
        match self.verify(token) {
            Err(Unverified::Refused { fault, .. }) => fault,
            other => unreachable!("{other:?}"),
        }
    }
}

fn unknown_key(key_id: &str, not_in: &[&str], without_keys: &[&str]) -> Unverified {
    let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
    Unverified::UnknownKey {
        key_id: key_id.into(),
        not_in: names(not_in),
        without_keys: names(without_keys),
    }
}

#[test]
fn a_genuine_token_is_verified_and_says_who_signed_it() {
    let site = Site::new();
    let verified = site.verify(&site.entra.sign(&entra_claims())).unwrap();
    assert_eq!(&**verified.issuer(), "entra");
    assert_eq!(verified.identity().issuer_cloud, Cloud::Global);
    let verified = site
        .verify(&site.fabrikam.sign(&fabrikam_claims()))
        .unwrap();
    assert_eq!(&**verified.issuer(), "fabrikam");
    assert_eq!(&*verified.claims().issuer, "https://id.fabrikam.example");
}

#[test]
fn another_key_under_the_same_id_is_a_bad_signature() {
    let site = Site::new();
    let forged = Signer::new("e").sign(&entra_claims());
    assert_eq!(site.fault(&forged), TokenFault::BadSignature);
}

#[test]
fn a_refused_token_tells_the_configured_issuer_it_names_and_nothing_else() {
    let mut site = Site::new();
    let named = |site: &Site, token: &str| {
        let unverified = site.verify(token).unwrap_err();
        unverified.issuer().map(str::to_owned)
    };
    let forged = Signer::new("e").sign(&entra_claims());
    assert_eq!(named(&site, &forged).as_deref(), Some("entra"));
    let stranger = Signer::new("new");
    assert_eq!(
        named(&site, &stranger.sign(&entra_claims())).as_deref(),
        Some("entra")
    );
    let nobodys = with(entra_claims(), &[("iss", json!("https://evil.example"))]);
    assert_eq!(named(&site, &stranger.sign(&nobodys)), None);
    let shared = with(entra_claims(), &[("iss", json!(v1(CONTOSO)))]);
    assert_eq!(named(&site, &stranger.sign(&shared)), None, "of two");
    assert_eq!(named(&site, "x"), None);
    site.keys.remove("entra");
    let unknown = site.entra.sign(&entra_claims());
    assert_eq!(named(&site, &unknown).as_deref(), Some("entra"));
}

#[test]
fn one_issuers_key_signs_no_other_issuers_token() {
    let site = Site::new();
    let forged = site.fabrikam.sign(&entra_claims());
    assert_eq!(site.verify(&forged), Err(unknown_key("f", &["entra"], &[])));
}

#[test]
fn an_unknown_key_is_an_answer_with_the_sets_to_fetch() {
    let site = Site::new();
    let stranger = Signer::new("new");
    let shared = with(entra_claims(), &[("iss", json!(v1(CONTOSO)))]);
    let unverified = site.verify(&stranger.sign(&shared)).unwrap_err();
    assert_eq!(unverified.fault(), Some(TokenFault::UnknownKey));
    assert_eq!(unverified, unknown_key("new", &["entra", "gov"], &[]));
}

#[test]
fn without_a_key_set_nothing_is_said_of_a_token() {
    let mut site = Site::new();
    site.keys.remove("entra");
    let unverified = site.verify(&site.entra.sign(&entra_claims())).unwrap_err();
    assert_eq!(unverified.fault(), None);
    assert_eq!(unverified, unknown_key("e", &[], &["entra"]));
    // Of two that may have signed it, the one whose keys are there may have them fetched again.
    let shared = with(entra_claims(), &[("iss", json!(v1(CONTOSO)))]);
    let unverified = site.verify(&site.entra.sign(&shared)).unwrap_err();
    assert_eq!(unverified.fault(), None);
    assert_eq!(unverified, unknown_key("e", &["gov"], &["entra"]));
    assert!(site.verify(&site.gov.sign(&shared)).is_ok());
}

#[test]
fn the_key_tells_the_cloud_of_the_shared_form() {
    let site = Site::new();
    let shared = with(entra_claims(), &[("iss", json!(v1(CONTOSO)))]);
    for (signer, cloud) in [(&site.entra, Cloud::Global), (&site.gov, Cloud::UsGov)] {
        let verified = site.verify(&signer.sign(&shared)).unwrap();
        assert_eq!(verified.identity().issuer_cloud, cloud);
    }
}

#[test]
fn a_key_left_out_of_one_clouds_set_does_not_hide_the_other_clouds() {
    let mut site = Site::new();
    let unusable = with(site.gov.jwk(), &[("use", json!("enc"))]);
    site.keys
        .insert("entra", key_set(&[site.entra.jwk(), unusable]));
    let shared = with(entra_claims(), &[("iss", json!(v1(CONTOSO)))]);
    let verified = site.verify(&site.gov.sign(&shared)).unwrap();
    assert_eq!(verified.identity().issuer_cloud, Cloud::UsGov);
}

#[test]
fn a_key_that_is_published_and_unusable_is_not_fetched_again() {
    let mut site = Site::new();
    let weak = with(Signer::new("weak").jwk(), &[("use", json!("enc"))]);
    site.keys
        .insert("entra", key_set(&[site.entra.jwk(), weak]));
    let token = Signer::new("weak").sign(&entra_claims());
    assert_eq!(site.fault(&token), TokenFault::UnfitKey);
}

#[test]
fn a_key_restricted_to_an_issuer_signs_for_it_alone() {
    let mut site = Site::new();
    let mut fault = |key_issuer: &str, claims: &Value| {
        let jwk = with(site.entra.jwk(), &[("issuer", json!(key_issuer))]);
        site.keys.insert("entra", key_set(&[jwk]));
        let result = site.verify(&site.entra.sign(claims));
        result.err().map(|unverified| unverified.fault())
    };
    let refused = Some(Some(TokenFault::KeyOfAnotherIssuer));
    let consumers = v2(MICROSOFT_ACCOUNTS);
    assert_eq!(fault(&consumers, &entra_claims()), refused);
    assert_eq!(fault(&v2(FABRIKAM), &entra_claims()), refused);
    assert_eq!(fault(&v2(CONTOSO), &entra_claims()), None);
    assert_eq!(fault(&v1(CONTOSO), &entra_claims()), None);
    let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
    assert_eq!(fault(template, &entra_claims()), None);
    let china = "https://login.partner.microsoftonline.cn/{tenantid}/v2.0";
    assert_eq!(fault(china, &entra_claims()), refused);
    let of_consumers = [
        ("iss", json!(consumers)),
        ("tid", json!(MICROSOFT_ACCOUNTS)),
    ];
    assert_eq!(
        fault(&consumers, &with(entra_claims(), &of_consumers)),
        None
    );
}

#[test]
fn only_the_issuers_own_algorithms_count() {
    let site = Site::new();
    let claims = entra_claims().to_string();
    for alg in ["none", "HS256", "ES384", "EdDSA", "es256"] {
        let header = json!({"alg": alg, "kid": "e"}).to_string();
        let token = site.entra.sign_parts(&header, &claims);
        assert_eq!(site.fault(&token), TokenFault::AlgorithmNotAllowed, "{alg}");
    }
    // Allowed to the issuer, but not what this key is for.
    let header = json!({"alg": "RS256", "kid": "e"}).to_string();
    let token = site.entra.sign_parts(&header, &claims);
    assert_eq!(site.fault(&token), TokenFault::UnfitKey);
}

#[test]
fn a_token_cannot_bring_its_own_key() {
    let site = Site::new();
    let mallory = Signer::new("e");
    for (name, value) in [
        ("jwk", mallory.jwk()),
        ("jku", json!("https://mallory.example/keys")),
        ("x5u", json!("https://mallory.example/cert")),
        ("x5c", json!(["AA=="])),
    ] {
        let mut header = json!({"alg": "ES256", "kid": "e"});
        header[name] = value;
        let claims = entra_claims().to_string();
        let forged = mallory.sign_parts(&header.to_string(), &claims);
        assert_eq!(site.fault(&forged), TokenFault::BadSignature, "{name}");
        let genuine = site.entra.sign_parts(&header.to_string(), &claims);
        assert!(site.verify(&genuine).is_ok(), "{name} is not read");
    }
}

#[test]
fn no_key_is_guessed_for_a_token_that_names_none() {
    let site = Site::new();
    let token = site
        .entra
        .sign_parts(r#"{"alg":"ES256"}"#, &entra_claims().to_string());
    assert_eq!(site.fault(&token), TokenFault::NoKeyId);
}

#[test]
fn of_several_faults_the_first_of_the_table_is_reported() {
    let site = Site::new();
    let mallory = Signer::new("e");
    let nobody = ("iss", json!("https://nobody.example"));
    let mistyped = ("exp", json!("soon"));
    let sign = |header: &str, changes: &[(&str, Value)]| {
        let claims = with(entra_claims(), changes).to_string();
        mallory.sign_parts(header, &claims)
    };
    let (es256, hs256, unnamed) = (
        r#"{"alg":"ES256","kid":"e"}"#,
        r#"{"alg":"HS256","kid":"e"}"#,
        r#"{"alg":"ES256"}"#,
    );
    for (token, fault) in [
        (
            sign(hs256, from_ref(&mistyped)),
            TokenFault::WrongType("exp"),
        ),
        (
            sign(hs256, &[nobody.clone(), mistyped.clone()]),
            TokenFault::WrongType("exp"),
        ),
        (
            sign(hs256, from_ref(&nobody)),
            TokenFault::AlgorithmNotAllowed,
        ),
        (sign(unnamed, from_ref(&nobody)), TokenFault::NoKeyId),
        (sign(es256, from_ref(&nobody)), TokenFault::UnknownIssuer),
        (
            sign(es256, &[("tid", json!("x"))]),
            TokenFault::BadSignature,
        ),
    ] {
        assert_eq!(site.fault(&token), fault);
    }
    let contradictory = with(entra_claims(), &[("tid", json!("x"))]);
    let token = site.entra.sign(&contradictory);
    assert_eq!(site.fault(&token), TokenFault::MalformedTenant);
}

#[test]
fn duplicates_and_depth_are_refused_under_a_good_signature() {
    let site = Site::new();
    let header = r#"{"alg":"ES256","kid":"e"}"#;
    let claims = entra_claims().to_string();
    let body = claims.strip_prefix('{').unwrap();
    let duplicate = format!(r#"{{"iss":"x",{body}"#);
    let deep = format!(r#"{{"x":{}{},{body}"#, "[".repeat(16), "]".repeat(16));
    for (payload, fault) in [
        (duplicate, TokenFault::DuplicateMember),
        (deep, TokenFault::NestedTooDeep),
        ("[]".to_owned(), TokenFault::NotAnObject),
    ] {
        assert_eq!(site.fault(&site.entra.sign_parts(header, &payload)), fault);
    }
    assert!(site.verify(&site.entra.sign_parts(header, &claims)).is_ok());
}

#[test]
fn the_narrower_of_two_entries_has_its_own_rules() {
    let mut site = Site::new();
    let narrow = Issuer {
        kind: crossgate_token::IssuerKind::Entra {
            tenants: crossgate_token::Tenants::Only([crate::site::tenant(CONTOSO)].into()),
        },
        algorithms: [Algorithm::Rs256].into(),
        ..entra("narrow", Cloud::Global)
    };
    site.issuers = Issuers::new([entra("entra", Cloud::Global), narrow]);
    site.keys.insert("narrow", key_set(&[site.entra.jwk()]));
    let token = site.entra.sign(&entra_claims());
    assert_eq!(site.fault(&token), TokenFault::AlgorithmNotAllowed);
    let elsewhere = [("iss", json!(v2(FABRIKAM))), ("tid", json!(FABRIKAM))];
    let token = site.entra.sign(&with(entra_claims(), &elsewhere));
    assert_eq!(&**site.verify(&token).unwrap().issuer(), "entra");
}

#[test]
fn a_key_set_knows_the_keys_it_left_out() {
    let document = json!({"keys": [
        Signer::new("good").jwk(),
        {"kty": "oct", "kid": "secret", "k": "AA"},
    ]});
    let keys = KeySet::read(document.to_string().as_bytes(), &Algorithm::ALL).unwrap();
    assert!(keys.knows("good") && keys.knows("secret"));
    assert!(!keys.knows("other"));
    assert!(keys.get("secret").is_none());
}
