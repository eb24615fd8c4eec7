//! A site with three issuers, and what they could sign.

use std::collections::HashMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossgate_policy::ids::{Cloud, TenantId};
use crossgate_token::{
    Algorithm, ClaimMap, Issuer, IssuerKind, Issuers, KeySet, NotAccepted, Tenants, TokenFault,
    Verified, accept_unsigned,
};
use serde_json::{Value, json};

pub(crate) const CONTOSO: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const FABRIKAM: &str = "22222222-2222-4222-8222-222222222222";
pub(crate) const NORTHWIND: &str = "33333333-3333-4333-8333-333333333333";
pub(crate) const MICROSOFT_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
pub(crate) const ADA: &str = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
pub(crate) const FABRIKAM_URL: &str = "https://id.fabrikam.example";
pub(crate) const NORTHWIND_URL: &str = "https://id.northwind.example";

pub(crate) fn tenant(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

pub(crate) fn v2(tenant: &str) -> String {
    format!("https://login.microsoftonline.com/{tenant}/v2.0")
}

pub(crate) fn v1(tenant: &str) -> String {
    format!("https://sts.windows.net/{tenant}/")
}

pub(crate) fn v2_usgov(tenant: &str) -> String {
    format!("https://login.microsoftonline.us/{tenant}/v2.0")
}

pub(crate) fn v2_china(tenant: &str) -> String {
    format!("https://login.partner.microsoftonline.cn/{tenant}/v2.0")
}

pub(crate) fn entra(name: &str, cloud: Cloud) -> Issuer {
    Issuer {
        name: name.into(),
        kind: IssuerKind::Entra {
            tenants: Tenants::Any,
        },
        cloud,
        algorithms: [Algorithm::Rs256, Algorithm::Es256].into(),
        claims: ClaimMap::entra(),
    }
}

pub(crate) fn oidc(name: &str, url: &str, of: &str, cloud: Cloud) -> Issuer {
    Issuer {
        name: name.into(),
        kind: IssuerKind::Oidc {
            url: url.into(),
            tenant: tenant(of),
        },
        cloud,
        algorithms: [Algorithm::Rs256, Algorithm::Es256].into(),
        claims: ClaimMap::oidc(),
    }
}

/// `entra`, `gov` and `china` for any tenant of their clouds; `fabrikam`, and `northwind` in usgov.
pub(crate) fn issuers() -> Issuers {
    Issuers::new([
        entra("entra", Cloud::Global),
        entra("gov", Cloud::UsGov),
        entra("china", Cloud::China),
        oidc("fabrikam", FABRIKAM_URL, FABRIKAM, Cloud::Global),
        oidc("northwind", NORTHWIND_URL, NORTHWIND, Cloud::UsGov),
    ])
}

/// A user token of Contoso's Entra tenant.
pub(crate) fn entra_claims() -> Value {
    json!({
        "iss": v2(CONTOSO), "aud": "api://payroll", "exp": 1_767_229_200,
        "tid": CONTOSO, "oid": ADA, "sub": "pairwise", "azp": "client", "scp": "read write",
    })
}

/// A user token of Fabrikam's own provider.
pub(crate) fn fabrikam_claims() -> Value {
    json!({"iss": FABRIKAM_URL, "aud": "api://payroll", "exp": 1_767_229_200, "sub": "bob"})
}

/// These claims, some of them replaced; those with the value `REMOVED` are gone.
pub(crate) fn with(mut claims: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        if *value == json!(REMOVED) {
            claims.as_object_mut().unwrap().remove(*name);
        } else {
            claims[*name] = value.clone();
        }
    }
    claims
}

pub(crate) const REMOVED: &str = "(removed)";

/// The claims as if their issuer had signed them: its name is found by `iss`.
pub(crate) fn accept(claims: &Value) -> Result<Verified, TokenFault> {
    let issuers = issuers();
    let iss = claims["iss"].as_str().unwrap_or_default();
    let name = issuers
        .candidates(iss)
        .first()
        .map_or_else(|| "entra".to_owned(), |issuer| issuer.name.to_string());
    accept_unsigned(claims, &issuers, &name).map_err(|fault| match fault {
        NotAccepted::Refused(fault) => fault,
        NotAccepted::NoSuchIssuer => unreachable!("`{name}` is configured"),
    })
}

/// A P-256 key that signs.
pub(crate) struct Signer {
    key: EcdsaKeyPair,
    key_id: &'static str,
}

impl Signer {
    pub(crate) fn new(key_id: &'static str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { key, key_id }
    }

    pub(crate) fn jwk(&self) -> Value {
        let point = self.key.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.key_id,
            "x": encode(&point[1..33]), "y": encode(&point[33..]),
        })
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "kid": self.key_id, "typ": "JWT"});
        self.sign_parts(&header.to_string(), &claims.to_string())
    }

    pub(crate) fn sign_parts(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", encode(header), encode(payload));
        let signature = self.key.sign(&SystemRandom::new(), input.as_bytes());
        format!("{input}.{}", encode(signature.unwrap()))
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The set of these keys, for an issuer that may use any algorithm.
pub(crate) fn key_set(keys: &[Value]) -> KeySet {
    KeySet::read(
        json!({"keys": keys}).to_string().as_bytes(),
        &Algorithm::ALL,
    )
    .unwrap()
}

/// Key sets by the name of their issuer.
pub(crate) type KeySets = HashMap<&'static str, KeySet>;
