//! A signing key as Entra has them: RSA of 2048 bits.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::Fault;

/// A key pair and its id.
pub(crate) struct Key {
    pair: KeyPair,
    id: String,
}

impl Key {
    pub(crate) fn generate() -> Result<Self, Fault> {
        let pair = KeyPair::generate(KeySize::Rsa2048)?;
        let print = digest(&SHA256, pair.public_key().as_ref());
        // Entra's ids are thumbprints of 20 bytes.
        let id = print.as_ref().iter().take(20).copied().collect::<Vec<_>>();
        Ok(Self {
            pair,
            id: URL_SAFE_NO_PAD.encode(id),
        })
    }

    /// The compact form of a signed token.
    pub(crate) fn token(&self, claims: &Value) -> Result<String, Fault> {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.id });
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let mut token = format!("{}.{}", encode(&header), encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            token.as_bytes(),
            &mut signature,
        )?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The public half as Entra publishes it, for every tenant.
    pub(crate) fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.id,
            "n": number(public.modulus().big_endian_without_leading_zero()),
            "e": number(public.exponent().big_endian_without_leading_zero()),
            "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
        })
    }

    /// The public half as PEM, which most proxies read.
    pub(crate) fn public_pem(&self) -> Result<String, Fault> {
        let der = self.pair.public_key().as_der()?;
        let text = STANDARD.encode(der.as_ref());
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for line in text.as_bytes().chunks(64) {
            pem.push_str(std::str::from_utf8(line)?);
            pem.push('\n');
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        Ok(pem)
    }
}
