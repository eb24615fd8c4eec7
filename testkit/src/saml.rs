//! An identity provider for SAML 2.0 and WS-Federation: Auth0's `samlp` and `wsfed`.
//!
//! Any password but `wrong` is right.

pub mod wrapping;

use crate::browser::{Place, Tab};
use crate::node::Server;
use rcgen::{CertificateParams, KeyPair, RsaKeySize, SignatureAlgorithm};
use serde_json::{Value, json};

/// A running provider. It answers any service, at the address that the service names.
#[derive(Debug)]
pub struct SamlProvider {
    server: Server,
    signer: Signer,
}

/// A key that signs, and the certificate that says so, as PEM.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Signer {
    /// An RSA key of 2048 bits.
    ///
    /// # Panics
    /// Where no key can be made.
    #[must_use]
    pub fn rsa() -> Self {
        Self::with(&KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap())
    }

    /// A key on the curve P-256.
    #[must_use]
    pub fn p256() -> Self {
        Self::on_a_curve(&rcgen::PKCS_ECDSA_P256_SHA256)
    }

    /// A key on the curve P-384.
    #[must_use]
    pub fn p384() -> Self {
        Self::on_a_curve(&rcgen::PKCS_ECDSA_P384_SHA384)
    }

    fn on_a_curve(algorithm: &'static SignatureAlgorithm) -> Self {
        Self::with(&KeyPair::generate_for(algorithm).unwrap())
    }

    fn with(key: &KeyPair) -> Self {
        let params = CertificateParams::new(["provider.example".to_owned()]).unwrap();
        Self {
            certificate: params.self_signed(key).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

impl SamlProvider {
    /// Starts one, which knows nobody and signs with a new RSA key.
    #[must_use]
    pub fn start() -> Self {
        let provider = Self {
            server: Server::start_with_others("saml-idp.mjs"),
            signer: Signer::rsa(),
        };
        provider.sign_with(&provider.signer);
        provider
    }

    /// Its `entityID`, and the issuer of its WS-Federation tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.server.says("/issuer")
    }

    /// Where it takes SAML requests by the HTTP Redirect binding.
    #[must_use]
    pub fn sso(&self) -> &str {
        self.server.says("/sso")
    }

    /// Where it takes WS-Federation requests.
    #[must_use]
    pub fn wsfed(&self) -> &str {
        self.server.says("/wsfed")
    }

    /// The certificate that it began with, as PEM.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.signer.certificate
    }

    /// Signs with another key from now on.
    pub fn sign_with(&self, signer: &Signer) {
        let key = json!({ "key": signer.key, "certificate": signer.certificate });
        drop(self.server.call("/control/key", &key));
    }

    /// Adds or replaces a person: `{sub, email, name_id, name_id_format, attributes}`. `attributes` have a text or several
    /// by name; `name_id` is the `sub` where not given.
    pub fn account(&self, account: &Value) {
        drop(self.server.call("/control/account", account));
    }

    /// The SAML response that a person would bring, as XML: `{login, audience, acs_url, in_response_to, sign, lifetime, status,
    /// authn_context, session_index, encrypt, signature, digest, prefix, key, certificate}`. `sign` is `assertion` where not
    /// given, or `response`, `both`, `none`.
    ///
    /// # Panics
    /// Where the provider does not say.
    #[must_use]
    pub fn response(&self, asked: &Value) -> String {
        self.xml("/control/response", asked)
    }

    /// The `wresult` that a person would bring: `{login, realm, context, lifetime, signature, digest}`.
    ///
    /// # Panics
    /// Where the provider does not say.
    #[must_use]
    pub fn token(&self, asked: &Value) -> String {
        self.xml("/control/token", asked)
    }

    /// Any XML, signed: `{xml, element, id_attribute, after, signature, digest, canonicalization, transforms, prefixes, hmac,
    /// key, certificate}`. `element` and `after` are XPaths, of what is signed and of what the signature stands behind.
    ///
    /// # Panics
    /// Where nothing stands there.
    #[must_use]
    pub fn sign(&self, asked: &Value) -> String {
        self.xml("/control/sign", asked)
    }

    /// Fills in the sign-in page that a tab is at, and goes on to where that leads.
    ///
    /// # Panics
    /// Where the tab is at no sign-in page.
    pub fn sign_in(&self, tab: &Tab<'_>, login: &str) -> Place {
        tab.fill("[name=login]", login)
            .fill("[name=password]", "right")
            .click("[value=sign-in]")
    }

    /// How often each happened: `requests`, sign-in `pages`, `logins`, `refused` ones, `responses`.
    ///
    /// # Panics
    /// Where the provider does not count that.
    #[must_use]
    pub fn count(&self, what: &str) -> u64 {
        self.server.call("/control/stats", &json!({}))[what]
            .as_u64()
            .unwrap()
    }

    fn xml(&self, path: &str, asked: &Value) -> String {
        let answer = self.server.call(path, asked);
        answer["xml"].as_str().unwrap().to_owned()
    }
}
