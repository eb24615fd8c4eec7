//! The signed statement to an upstream about who calls: a JWT for this app alone, short-lived, verifiable with the keys
//! at [`JWKS_PATH`].
//!
//! Beside what it publishes for partners the one thing the gateway signs. Nobody may sign in with either: no issuer of ours has this key.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossgate_config::{Assertion as Settings, SigningKey};
use crossgate_policy::Permit;
use crossgate_policy::ids::{Id, TenantId};
use crossgate_token::gateway_of;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

/// Where apps find the key.
pub const JWKS_PATH: &str = "/.well-known/crossgate/jwks.json";

/// Signs assertions.
pub struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
    issuer: String,
    /// The key's `kid`.
    key_id: String,
    /// The first part of every assertion, encoded.
    header: String,
    /// The key set that upstreams verify with.
    jwks: Box<str>,
    recent: Recent,
}

/// What was said last of callers, whichever of their tokens came: a caller's next token costs no signature, and where tokens are not
/// kept, no request does.
struct Recent {
    places: Box<[ArcSwapOption<Assertion>]>,
    hasher: RandomState,
}

impl Recent {
    fn new() -> Self {
        Self {
            places: (0..RECENT).map(|_| ArcSwapOption::empty()).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Where what is said of this caller to this app has its place, and others theirs by chance.
    fn place(&self, about: &About<'_>) -> Option<&ArcSwapOption<Assertion>> {
        let hash = self.hasher.hash_one((about.app, about.user, about.idp));
        let places = u64::try_from(self.places.len()).ok()?;
        let place = hash.checked_rem(places)?;
        self.places.get(usize::try_from(place).ok()?)
    }
}

/// Why there is no signer.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The key's file cannot be read as PEM.
    #[error("`{file}` cannot be read as a PEM private key: {why}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the reader says.
        why: rustls_pki_types::pem::Error,
    },
    /// It is no P-256 key in PKCS#8.
    #[error("`{0}` is not an elliptic-curve key on P-256 in PKCS#8")]
    NotP256(String),
    /// No key could be made.
    #[error("the system gives no random numbers")]
    NoRandom,
}

impl Signer {
    /// Reads the key that the settings name, or makes one.
    ///
    /// # Errors
    /// The file holds no such key.
    pub fn open(settings: &Settings, own: TenantId) -> Result<Self, SignerError> {
        let key = match &settings.key {
            SigningKey::MadeAtStart => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .map_err(|_| SignerError::NoRandom)?,
            SigningKey::File(path) => {
                let file = || path.display().to_string();
                let der = PrivatePkcs8KeyDer::from_pem_file(path)
                    .map_err(|why| SignerError::Unreadable { file: file(), why })?;
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der())
                    .map_err(|_| SignerError::NotP256(file()))?
            }
        };
        Ok(Self::with(key, own))
    }

    fn with(key: EcdsaKeyPair, own: TenantId) -> Self {
        // An uncompressed point: one byte that says so, then both coordinates.
        let point = key.public_key().as_ref().get(1..).unwrap_or_default();
        let (x, y) = point.split_at_checked(32).unwrap_or_default();
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        // RFC 7638: members in alphabetical order, no white space.
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let id = URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()));
        let jwks = json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": id, "use": "sig", "alg": "ES256",
        }] });
        Self {
            key,
            random: SystemRandom::new(),
            issuer: gateway_of(own),
            header: header("JWT", &id),
            key_id: id,
            jwks: jwks.to_string().into(),
            recent: Recent::new(),
        }
    }

    /// What was said before of this caller to this app, while it is the same and fresh; otherwise anew.
    #[must_use]
    pub fn assertion(&self, about: &About<'_>, now: u64) -> Arc<Assertion> {
        let place = self.recent.place(about);
        if let Some(assertion) = place.and_then(|place| place.load_full())
            && assertion.holds(about, now)
        {
            return assertion;
        }
        let assertion = Arc::new(Assertion {
            app: about.app.clone(),
            user: about.user.cloned(),
            idp: about.idp.into(),
            permit: about.permit.clone(),
            at: now,
            text: self.sign(about, now).map(String::into_boxed_str),
        });
        // A partner writes its users' ids, as long as it likes: those of a thousand callers must not fill the memory.
        if let Some(place) = place.filter(|_| assertion.is_short()) {
            place.store(Some(Arc::clone(&assertion)));
        }
        assertion
    }

    /// The key set (RFC 7517) that upstreams verify with.
    #[must_use]
    pub const fn jwks(&self) -> &str {
        &self.jwks
    }

    /// An assertion about this caller for this app, at this time in seconds. `None` where signing fails.
    fn sign(&self, about: &About<'_>, now: u64) -> Option<String> {
        let (facts, user) = (about.permit.facts()?, about.user?);
        let claims = json!({
            "iss": self.issuer,
            "aud": about.app.to_string(),
            "sub": user.to_string(),
            "iat": now,
            "exp": now + LIFETIME,
            "home_tenant": facts.home_tenant_id().map(|tenant| tenant.to_string()),
            "access_type": about.permit.access_type().map(crossgate_policy::decision::AccessType::name),
            "direction": facts.direction.name(),
            "idp": about.idp,
            "own_user_id": facts.own_user_id.as_ref().map(ToString::to_string),
            "home_user_id": facts.home_user_id.as_ref().map(ToString::to_string),
            "mfa": facts.mfa.name(),
            "device": facts.device.name(),
        });
        self.signed(&self.header, &claims)
    }

    /// Signs something else: nobody takes one kind for another, whose `typ` it does not have.
    #[must_use]
    pub fn sign_as(&self, kind: &str, claims: &Value) -> Option<String> {
        self.signed(&header(kind, &self.key_id), claims)
    }

    fn signed(&self, header: &str, claims: &Value) -> Option<String> {
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        let mut token = format!("{header}.{claims}");
        let signature = self.key.sign(&self.random, token.as_bytes()).ok()?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Some(token)
    }
}

fn header(kind: &str, key_id: &str) -> String {
    let header = json!({ "alg": "ES256", "typ": kind, "kid": key_id });
    URL_SAFE_NO_PAD.encode(header.to_string())
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Who is asserted to whom.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The app it is for.
    pub app: &'a Id,
    /// The caller as the app is told.
    pub user: Option<&'a Id>,
    /// The identity provider as the app is told.
    pub idp: &'a str,
    /// What was decided.
    pub permit: &'a Permit,
}

/// What was said of a caller to an app.
pub struct Assertion {
    app: Id,
    user: Option<Id>,
    idp: Box<str>,
    permit: Permit,
    at: u64,
    text: Option<Box<str>>,
}

impl Assertion {
    /// The signed text; `None` where the caller has no id, or signing failed.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// When it was signed, in seconds.
    #[must_use]
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// Whether one that was signed at this time may be sent again.
    #[must_use]
    pub fn is_fresh(at: u64, now: u64) -> bool {
        (at..at.saturating_add(REUSED_FOR)).contains(&now)
    }

    fn is_short(&self) -> bool {
        let text = self.text.as_ref();
        text.is_none_or(|text| text.len() <= LONGEST_RECENT) && self.idp.len() <= LONGEST_RECENT
    }

    /// Whether it says just this, and is fresh.
    fn holds(&self, about: &About<'_>, now: u64) -> bool {
        self.app == *about.app
            && self.permit == *about.permit
            && self.user.as_ref() == about.user
            && *self.idp == *about.idp
            && Self::is_fresh(self.at, now)
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion")
            .field("app", &self.app)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Seconds that an assertion is valid.
const LIFETIME: u64 = 300;

/// Seconds that one is sent again: three minutes are always left to whoever receives it.
const REUSED_FOR: u64 = 120;

/// Statements that the signer keeps: about a kilobyte each.
const RECENT: usize = 4096;

/// Bytes of an assertion that is kept there; one for an Entra user has some 700. The ids stand in it, so the rest is no longer.
const LONGEST_RECENT: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::testing::{permit, permit_from};
    use crossgate_policy::ids::Guid;
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

    fn signer() -> Signer {
        let settings = Settings {
            key: SigningKey::MadeAtStart,
        };
        Signer::open(&settings, TenantId(Guid::from_u128(1))).unwrap()
    }

    fn read(signer: &Signer, assertion: &str) -> Value {
        let set: JwkSet = serde_json::from_str(signer.jwks()).unwrap();
        let key = DecodingKey::from_jwk(&set.keys[0]).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.set_audience(&["payroll"]);
        decode::<Value>(assertion, &key, &validation)
            .unwrap()
            .claims
    }

    #[test]
    fn an_assertion_verifies_with_the_published_key_and_lasts_five_minutes() {
        let (signer, permit) = (signer(), permit());
        let (app, user) = (Id::new("payroll"), Id::new("ada"));
        let about = About {
            app: &app,
            user: Some(&user),
            idp: "aad",
            permit: &permit,
        };
        let claims = read(&signer, &signer.sign(&about, 1000).unwrap());
        assert_eq!(claims["sub"], "ada");
        assert_eq!(
            (claims["iat"].as_u64(), claims["exp"].as_u64()),
            (Some(1000), Some(1300))
        );
        assert_eq!(claims["access_type"], "b2bCollaboration");
        assert_eq!(
            claims["home_tenant"],
            "00000000-0000-0000-0000-000000000002"
        );
    }

    #[test]
    fn a_callers_next_token_is_told_what_the_last_was_and_another_caller_is_not() {
        let (signer, permit) = (signer(), permit());
        let (app, ada, bob) = (Id::new("payroll"), Id::new("ada"), Id::new("bob"));
        let about = About {
            app: &app,
            user: Some(&ada),
            idp: "aad",
            permit: &permit,
        };
        let said = |about: &About<'_>, now| signer.assertion(about, now).text.clone().unwrap();
        let first = said(&about, 1000);
        assert_eq!(said(&about, 1119), first);
        assert_ne!(said(&about, 1120), first);
        let of_bob = About {
            user: Some(&bob),
            ..about
        };
        let elsewhere = About {
            idp: "https://other.example",
            ..about
        };
        for other in [of_bob, elsewhere] {
            assert_ne!(said(&other, 1000), first, "{other:?}");
        }
    }

    #[test]
    fn nothing_that_was_said_of_one_holds_for_another_wherever_it_is_kept() {
        let (signer, same, app, ada) = (signer(), permit(), Id::new("payroll"), Id::new("ada"));
        let about = About {
            app: &app,
            user: Some(&ada),
            idp: "aad",
            permit: &same,
        };
        let made = signer.assertion(&about, 1000);
        assert!(made.holds(&about, 1119));
        let (bob, payments) = (Id::new("bob"), Id::new("payments"));
        let elsewhere = permit_from(TenantId(Guid::from_u128(3)));
        for other in [
            About {
                app: &payments,
                ..about
            },
            About {
                user: Some(&bob),
                ..about
            },
            About {
                user: None,
                ..about
            },
            About {
                idp: "other",
                ..about
            },
            About {
                permit: &elsewhere,
                ..about
            },
        ] {
            assert!(!made.holds(&other, 1000), "{other:?}");
        }
        assert!(!made.holds(&about, 1120) && !made.holds(&about, 999));
    }

    #[test]
    fn what_is_long_is_not_kept_beyond_its_token() {
        let (signer, permit, app) = (signer(), permit(), Id::new("payroll"));
        for (letters, kept) in [(500, true), (5000, false)] {
            let user = Id::new(&"a".repeat(letters));
            let about = About {
                app: &app,
                user: Some(&user),
                idp: "aad",
                permit: &permit,
            };
            let first = signer.assertion(&about, 1000);
            let again = signer.assertion(&about, 1000);
            assert_eq!(Arc::ptr_eq(&first, &again), kept, "{letters}");
        }
    }

    #[test]
    fn what_a_changed_policy_says_of_the_caller_is_said_at_once() {
        let signer = signer();
        let (app, user) = (Id::new("payroll"), Id::new("ada"));
        for number in [2, 3, 2] {
            let home = TenantId(Guid::from_u128(number));
            let about = About {
                app: &app,
                user: Some(&user),
                idp: "aad",
                permit: &permit_from(home),
            };
            let said = signer.assertion(&about, 1000);
            let claims = read(&signer, said.text().unwrap());
            assert_eq!(claims["home_tenant"], home.to_string());
        }
    }

    #[test]
    fn a_key_file_that_holds_no_p256_key_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        let settings = Settings {
            key: SigningKey::File(path.clone()),
        };
        let own = TenantId(Guid::from_u128(1));
        for text in [
            "",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Signer::open(&settings, own).unwrap_err().to_string();
            assert!(error.contains("key.pem"), "{error}");
        }
    }
}
