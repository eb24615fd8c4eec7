//! Tokens as Entra signs them: RS256, twelve groups, 2.2 KiB.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::contoso::{AUDIENCE, OWN, partner};

/// A token service with one key, always the same, so that the same token is the same bytes in every run.
pub struct Mint {
    key: RsaKeyPair,
    jwks: String,
}

impl Mint {
    pub fn new() -> Self {
        // Made for this stage; nobody anywhere trusts it.
        let pem = PrivatePkcs8KeyDer::from_pem_slice(include_bytes!("key.pem")).unwrap();
        let key = RsaKeyPair::from_pkcs8(pem.secret_pkcs8_der()).unwrap();
        let public = key.public_key();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({
            "kty": "RSA", "use": "sig", "kid": KEY_ID, "x5t": KEY_ID,
            "n": encode(public.modulus().big_endian_without_leading_zero()),
            "e": encode(public.exponent().big_endian_without_leading_zero()),
            "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
        });
        Self {
            key,
            jwks: json!({ "keys": [jwk] }).to_string(),
        }
    }

    /// The key set that tells its tokens genuine.
    pub fn jwks(&self) -> &str {
        &self.jwks
    }

    /// The key alone, parsed once.
    pub fn public_key(&self) -> ParsedPublicKey {
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.key.public_key()).unwrap()
    }

    /// The token of the guest of this number, from the partner of the same number.
    pub fn guest(&self, number: usize) -> String {
        self.sign(&guest(number))
    }

    /// Another token of the same guest, one for each number.
    pub fn another(&self, guest: usize, number: usize) -> String {
        let mut claims = self::guest(guest);
        claims["uti"] = format!("another{number:015}").into();
        self.sign(&claims)
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": KEY_ID, "x5t": KEY_ID });
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let input = format!("{}.{}", encode(&header), encode(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                input.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What of a token is signed, and the signature.
pub fn signed(token: &str) -> (&str, Vec<u8>) {
    let (message, signature) = token.rsplit_once('.').unwrap();
    (message, URL_SAFE_NO_PAD.decode(signature).unwrap())
}

/// The same token with another signature.
pub fn forge(token: &str) -> String {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{input}.{first}{}", &signature[1..])
}

/// What the token of this guest says.
pub fn guest(number: usize) -> Value {
    let groups: Vec<String> = (0..12)
        .map(|group| format!("99999999-0000-4000-8000-{group:012x}"))
        .collect();
    json!({
        "aud": AUDIENCE,
        "iss": format!("https://login.microsoftonline.com/{OWN}/v2.0"),
        "iat": 1_700_000_000, "nbf": 1_700_000_000, "exp": 4_102_444_800_u32,
        "acct": 1,
        "acrs": ["p1", "urn:user:registersecurityinfo"],
        "aio": "AWQAm/8XAAAAvsZ8mYq1tqB9Jv0b6mTPqYQXhXn0M0uY8b5c4aR3m3K1v2o7n9Wc1yq5xkq2J0l4o8m6w7y3z5a1b2c3d4e5",
        "altsecid": format!("5::10030000{number:08X}"),
        "amr": ["pwd", "mfa"],
        "azp": "cccccccc-0000-4000-8000-000000000001", "azpacr": "0",
        "email": "ada.lovelace@partner.example",
        "family_name": "Lovelace", "given_name": "Ada", "name": "Ada Lovelace",
        "groups": groups,
        "idp": format!("https://sts.windows.net/{}/", partner(number)),
        "ipaddr": "192.0.2.7",
        "oid": format!("dddddddd-0000-4000-8000-{number:012x}"),
        "preferred_username": "ada.lovelace_partner.example#EXT#@contoso.com",
        "rh": "0.AX0AEREREREREUERgREREREREQIAAAAAAPEPzgAAAAAAAAB9AAA.",
        "roles": ["Reports.Read"],
        "scp": "access Reports.Read",
        "sid": "eeeeeeee-0000-4000-8000-000000000001",
        "sub": "0hcGkNrCKqDRPVvBk2dNfKJ0aL3mS8sXvQZr9tYw1uE",
        "tid": OWN,
        "unique_name": "ada.lovelace@partner.example",
        "uti": format!("{number:022}"),
        "ver": "2.0",
        "wids": ["13bd1c72-6f4a-4dcf-985f-18d3b80f208a"],
        "xms_ftd": "q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c2v3b4n5m6q7w8e9r0t1y2",
    })
}

const KEY_ID: &str = "nOo3ZDrODXEK1jKWhXslHR_KXEg";
