//! What the first sight of a token costs, beside the bare signature check that it cannot do without.
#![allow(clippy::unwrap_used, reason = "a panic is a failed benchmark")]
#![allow(clippy::indexing_slicing, reason = "a panic is a failed benchmark")]
#![allow(missing_docs, reason = "criterion's macros")]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a benchmark looks at the clock and tells what it saw"
)]

mod turns;

use std::hint::black_box;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use crossgate_policy::ids::{Cloud, ResourceTenant, TenantId, UnixTime};
use crossgate_token::{
    Algorithm, ClaimMap, Expected, Issuer, IssuerKind, Issuers, Jws, KeySet, Tenants, verify,
};
use mimalloc::MiMalloc;
use serde_json::{Value, json};

/// The gateway's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const AUDIENCE: &str = "api://0f3a7c5e-2b1d-4e6f-8a9b-c0d1e2f3a4b5";
const NOW: u32 = 1_767_225_600;

/// A key that signs, and its public half in the two forms that are compared.
struct Signer {
    algorithm: Algorithm,
    sign: Box<Sign>,
    jwk: Value,
    bare: ParsedPublicKey,
}

type Sign = dyn Fn(&[u8]) -> Vec<u8>;

impl Signer {
    fn rsa() -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public: PublicKeyComponents<Vec<u8>> = key.public_key().into();
        let bare = public
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .unwrap();
        let jwk = json!({"kty": "RSA", "n": encode(&public.n), "e": encode(&public.e)});
        let length = key.public_modulus_len();
        let sign = move |message: &[u8]| {
            let mut signature = vec![0; length];
            key.sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .unwrap();
            signature
        };
        Self {
            algorithm: Algorithm::Rs256,
            sign: Box::new(sign),
            jwk,
            bare,
        }
    }

    fn ecdsa() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = key.public_key().as_ref();
        let bare = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).unwrap();
        let (x, y) = point.split_at(1).1.split_at(32);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)});
        let sign = move |message: &[u8]| {
            let signature = key.sign(&SystemRandom::new(), message).unwrap();
            signature.as_ref().to_vec()
        };
        Self {
            algorithm: Algorithm::Es256,
            sign: Box::new(sign),
            jwk,
            bare,
        }
    }

    fn edwards() -> Self {
        let key = Ed25519KeyPair::generate().unwrap();
        let point = key.public_key().as_ref();
        let bare = ParsedPublicKey::new(&ED25519, point).unwrap();
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(point)});
        let sign = move |message: &[u8]| key.sign(message).as_ref().to_vec();
        Self {
            algorithm: Algorithm::EdDsa,
            sign: Box::new(sign),
            jwk,
            bare,
        }
    }

    fn token(&self, claims: &Value) -> String {
        let input = format!("{}.{}", header(self), encode(claims.to_string()));
        let signature = (self.sign)(input.as_bytes());
        format!("{input}.{}", encode(signature))
    }
}

fn header(signer: &Signer) -> String {
    let header = json!({"typ": "JWT", "alg": signer.algorithm.name(), "kid": KEY_ID});
    encode(header.to_string())
}

const KEY_ID: &str = "kWbkCBaEs8YnGLd3pJ5B7m3x1Zk";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The claims of an Entra v2.0 access token of a user in 12 groups: 1.4 KiB.
fn claims() -> Value {
    let groups: Vec<String> = (0..12u64)
        .map(|group| {
            format!(
                "{:08x}-51ab-4c0d-9e2f-{:012x}",
                0x7b3f_0a11 + group * 7919,
                group * 104_729
            )
        })
        .collect();
    json!({
        "aud": AUDIENCE,
        "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 4000,
        "acct": 0, "acr": "1", "acrs": ["p1", "urn:user:registersecurityinfo"],
        "aio": "AbQAS/8bAAAAUKmnDpPAnNHYAmXlz0yKpeCwCzb7sWzzGZBCFv8dxHn1gBvyIvvnVjGq1pNBZ8mSsUzUw0rr",
        "amr": ["pwd", "mfa"],
        "azp": "5c2f1e0d-9b8a-4766-a554-3322110ffeed", "azpacr": "0",
        "groups": groups,
        "idtyp": "user",
        "ipaddr": "203.0.113.17",
        "name": "Ada Lovelace",
        "oid": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
        "preferred_username": "ada.lovelace@contoso.example",
        "rh": "1.AXkAERERERERQUGBEREREREREV58Og8dK29OipvA0eLzpLV5AA.",
        "roles": ["Payroll.Reader"],
        "scp": "Payroll.Read Payroll.Write",
        "sid": "00b9a2c4-6f3d-4d1e-8c7b-5a4938271605",
        "sub": "xV3kJ9w0mTq7bYc2LrE5nUaPzHs8dFgQ1iOvXyKtMe4",
        "tid": TENANT,
        "uti": "Zm9vYmFyYmF6cXV4MTIzNA",
        "ver": "2.0",
        "wids": ["b79fbf4d-3ef9-4689-8143-76b194e85509"],
        "xms_ftd": "pL5n2hHq0sVb3dTtGkZr9cXwYfJmEaUoIiQ8D1K6",
    })
}

/// Who is believed, and the keys.
struct Site {
    issuers: Issuers,
    keys: KeySet,
}

impl Site {
    fn new(signer: &Signer) -> Self {
        let issuer = Issuer {
            name: "entra".into(),
            kind: IssuerKind::Entra {
                tenants: Tenants::Any,
            },
            cloud: Cloud::Global,
            algorithms: Algorithm::ALL.into(),
            claims: ClaimMap::entra(),
        };
        let mut jwk = signer.jwk.clone();
        for (name, value) in [
            ("kid", json!(KEY_ID)),
            ("alg", json!(signer.algorithm.name())),
            ("use", json!("sig")),
            (
                "issuer",
                json!("https://login.microsoftonline.com/{tenantid}/v2.0"),
            ),
        ] {
            jwk[name] = value;
        }
        let document = json!({"keys": [jwk]}).to_string();
        Self {
            issuers: Issuers::new([issuer]),
            keys: KeySet::read(document.as_bytes(), &Algorithm::ALL).unwrap(),
        }
    }

    /// Verified, for this application, now.
    fn accepts(&self, token: &str) -> bool {
        let expected = Expected {
            resource: ResourceTenant(TenantId::parse(TENANT).unwrap()),
            audiences: &[AUDIENCE],
            possession_proven: false,
            now: UnixTime::from_secs(NOW),
        };
        verify(token, &self.issuers, |_| Some(&self.keys))
            .is_ok_and(|verified| verified.check(&expected).is_ok())
    }
}

fn whole_and_parts(c: &mut Criterion) {
    for signer in [Signer::rsa(), Signer::ecdsa(), Signer::edwards()] {
        let site = Site::new(&signer);
        let good = signer.token(&claims());
        let (input, signature) = good.rsplit_once('.').unwrap();
        let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let bare = || {
            signer
                .bare
                .verify_sig(black_box(input.as_bytes()), black_box(&raw))
        };
        assert!(bare().is_ok() && site.accepts(&good));

        let forged = format!("{input}.{}", encode((signer.sign)(b"something else")));
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            signer.token(&claims)
        };
        let expired = with("exp", json!(NOW - 61));
        let elsewhere = with("aud", json!("api://somebody-else"));

        let mut group = c.benchmark_group(signer.algorithm.name());
        group.bench_function("bare signature check", |b| b.iter(bare));
        group.bench_function("whole, accepted", |b| {
            b.iter(|| site.accepts(black_box(&good)));
        });
        for (name, token) in [
            ("bad signature", &forged),
            ("expired", &expired),
            ("wrong audience", &elsewhere),
        ] {
            assert!(!site.accepts(token), "{name}");
            group.bench_function(name, |b| b.iter(|| site.accepts(black_box(token))));
        }
        group.bench_function("parse only", |b| {
            b.iter(|| Jws::parse(black_box(&good)).unwrap());
        });
        group.finish();

        // Refused right behind the payload's JSON, and right behind the claims.
        let nobodys = with("iss", Value::Null);
        let nameless = encode(r#"{"alg":"RS256","kid":"?"}"#);
        let unknown = good.replacen(&header(&signer), &nameless, 1);
        let payload = good.split('.').nth(1).unwrap();
        turns::print(
            signer.algorithm.name(),
            &[
                ("bare signature check", &|| bare().is_ok()),
                ("whole, accepted", &|| site.accepts(black_box(&good))),
                ("base64 of payload and signature", &|| {
                    let decode = |part: &str| base64_simd::URL_SAFE_NO_PAD.decode_to_vec(part);
                    decode(black_box(payload)).is_ok() && decode(black_box(signature)).is_ok()
                }),
                ("taken apart: base64, header", &|| {
                    Jws::parse(black_box(&good)).is_ok()
                }),
                ("taken apart, payload's JSON", &|| {
                    !site.accepts(black_box(&nobodys))
                }),
                ("taken apart, JSON, claims", &|| {
                    !site.accepts(black_box(&unknown))
                }),
            ],
        );
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = whole_and_parts
}
criterion_main!(benches);
