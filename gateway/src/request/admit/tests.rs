use super::*;
use crate::live::Keys;
use crate::request::restriction::restriction_values;
use crate::request::route::{Door, Routes};
use crate::request::testing::{OWN, issuers, known, snapshot};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossgate_config::TokenCache;
use crossgate_policy::Outcome;
use crossgate_token::Algorithm;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

struct Stage {
    snapshot: Snapshot,
    issuers: Issuers,
    routes: Routes,
    tokens: Tokens,
    metrics: Arc<Metrics>,
    keys: Keys,
}

impl Stage {
    fn new(keys: &str) -> Self {
        let metrics = Arc::new(Metrics::new().unwrap());
        let settings = crate::request::route::tests::settings(&format!(
            "[[app]]\nid = \"payroll\"\nhosts = [\"a.example\"]\naudiences = [\"api://payroll\"]\n{keys}"
        ));
        let mut routes = Routes::build(&settings, None, &metrics);
        routes.own_tenant = OWN;
        Self {
            snapshot: snapshot(),
            issuers: issuers(),
            routes,
            tokens: Tokens::new(TokenCache::Bytes(1 << 20), Arc::clone(&metrics)).unwrap(),
            metrics,
            keys: crate::request::testing::keys(),
        }
    }

    fn ask(&self, token: &str, now: u32) -> Admission {
        self.ask_with(token, now, |_: &str| None)
    }

    fn ask_with<'k>(
        &self,
        token: &str,
        now: u32,
        keys: impl Fn(&str) -> Option<&'k KeySet>,
    ) -> Admission {
        let mut headers = HeaderMap::new();
        if !token.is_empty() {
            let value = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
            headers.insert(AUTHORIZATION, value);
        }
        let moment = Moment {
            snapshot: &self.snapshot,
            staged: None,
            issuers: &self.issuers,
            keys,
            basis: Basis::new(&self.keys, 1),
        };
        let app = self.routes.find(Door::Proxy, "a.example", "/").unwrap().app;
        let restriction = restriction_values(&headers);
        let brought = Brought {
            now: UnixTime::from_secs(now),
            headers: &headers,
            restriction: restriction.as_deref(),
            client_ip: None,
            session: None,
            terms_accepted: &[],
        };
        admit(
            &moment,
            app.addressee(),
            brought,
            &self.tokens,
            &self.metrics,
        )
    }

    /// Puts a member's token into the cache, as if it had been verified.
    fn with_known(&self, token: &str) {
        let digest = self.ask(token, 1).token_digest;
        let (basis, token) = (Basis::new(&self.keys, 1), Arc::new(known(OWN)));
        self.tokens.keep_ready(digest, basis, &token);
    }
}

fn code(admission: &Admission) -> u32 {
    admission.verdict.as_ref().unwrap().code()
}

#[test]
fn a_known_token_is_admitted_and_held_against_the_time_each_time() {
    let stage = Stage::new("");
    stage.with_known("a.b.c");
    // The app is of the tenant in the settings, the token of another: tenants are compared, not names.
    let admission = stage.ask("a.b.c", 1_999_999_999);
    assert!(admission.token.is_some());
    assert_eq!(code(&admission), 0, "{admission:?}");
    assert_eq!(code(&stage.ask("a.b.c", 2_000_000_060)), 500_133);
}

#[test]
fn no_token_is_refused_unless_the_app_takes_those() {
    let closed = Stage::new("").ask("", 1);
    assert_eq!(
        (code(&closed), closed.token_digest),
        (50_058, TokenDigest::NONE)
    );
    let open = Stage::new("anonymous = true\n").ask("", 1);
    assert_eq!(code(&open), 0);
    assert!(open.verdict.unwrap().permit().unwrap().facts().is_none());
}

#[test]
fn a_bad_token_is_refused_even_where_none_is_needed() {
    let admission = Stage::new("anonymous = true\n").ask("x", 1);
    let decision = admission.verdict.as_ref().unwrap();
    assert_eq!(
        (decision.code(), decision.outcome_name()),
        (50_027, Outcome::Unauthenticated.name())
    );
    assert!(admission.token_digest.is_some());
}

#[test]
fn a_token_for_another_app_does_not_open_this_one() {
    let stage = Stage::new("");
    stage.with_known("a.b.c");
    let settings = crate::request::route::tests::settings(
        "[[app]]\nid = \"treasury\"\nhosts = [\"a.example\"]\naudiences = [\"api://treasury\"]\n",
    );
    let stage = Stage {
        routes: Routes::build(&settings, None, &stage.metrics),
        ..stage
    };
    assert_eq!(code(&stage.ask("a.b.c", 1)), 50_010);
}

/// How often each result of a token was counted.
fn counted(stage: &Stage) -> Vec<String> {
    let text = String::from_utf8(stage.metrics.render().unwrap()).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("crossgate_token_verifications_total"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_token_is_counted_once_by_the_rule_that_refused_it() {
    let stage = Stage::new("");
    stage.with_known("a.b.c");
    let before = counted(&stage);
    // Found in the cache and let pass: the signature was not checked again.
    stage.ask("a.b.c", 1_999_999_999);
    assert_eq!(counted(&stage), before);
    stage.ask("a.b.c", 2_000_000_060);
    let expired = r#"{issuer="own",result="token_expired"} 1"#;
    assert!(counted(&stage).contains(&expired.to_owned()));
    stage.ask("not base64url.", 1);
    let malformed = r#"{issuer="unknown",result="authorization_malformed"} 1"#;
    assert!(counted(&stage).contains(&malformed.to_owned()));
}

#[test]
fn a_token_that_is_verified_and_refused_is_not_counted_as_accepted() {
    let (key, keys) = signer();
    let stage = Stage::new("");
    let claims = |audience: &str, expires: u32| json!({"iss": "https://own.example", "aud": audience, "sub": "s", "oid": "ada", "exp": expires});
    let own = |_: &str| Some(&keys);
    let genuine = sign(&key, &claims("api://payroll", 2_000_000_000));
    let (input, _) = genuine.rsplit_once('.').unwrap();
    for (token, result) in [
        (genuine.clone(), "accepted"),
        (
            sign(&key, &claims("api://other", 2_000_000_000)),
            "wrong_audience",
        ),
        (sign(&key, &claims("api://payroll", 1)), "token_expired"),
        (
            format!("{input}.{}", URL_SAFE_NO_PAD.encode([1; 64])),
            "bad_signature",
        ),
    ] {
        let before = counted(&stage);
        stage.ask_with(&token, 1000, own);
        let new: Vec<String> = counted(&stage);
        let new = new
            .iter()
            .filter(|line| !before.contains(line))
            .collect::<Vec<_>>();
        let line = format!(r#"{{issuer="own",result="{result}"}} 1"#);
        assert_eq!(new, [&line], "{token}");
    }
}

fn signer() -> (EcdsaKeyPair, KeySet) {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = key.public_key().as_ref();
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "k",
        "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
    });
    let set = json!({"keys": [jwk]}).to_string();
    (key, KeySet::read(set.as_bytes(), &Algorithm::ALL).unwrap())
}

fn sign(key: &EcdsaKeyPair, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!(
        "{}.{}",
        encode(&json!({"alg": "ES256", "kid": "k"})),
        encode(claims)
    );
    let signature = key.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}
