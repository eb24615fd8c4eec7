//! One entry of a key set: is it a public key that may verify tokens, and a sound one.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::algorithm::KeyKind;
use crate::key_issuer::KeyIssuer;
use crate::{Algorithm, roca};

/// Why a key is left out of its set.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Unusable {
    /// No object, or a member that is missing, has the wrong JSON type or is not canonical base64url.
    #[error("malformed")]
    Malformed,
    /// No `kid`: no token could name it.
    #[error("has no `kid`")]
    NoKeyId,
    /// `kty` or `crv` is none that an allowed algorithm uses.
    #[error("of a type that no allowed algorithm uses")]
    UnsupportedType,
    /// A shared secret in a public document.
    #[error("symmetric: a published secret is none")]
    Symmetric,
    /// The private half is published too.
    #[error("published with its private half")]
    Private,
    /// `use` is not `sig`, or `key_ops` lacks `verify` (RFC 7517, sections 4.2 and 4.3).
    #[error("not for verifying signatures")]
    WrongUse,
    /// `alg` is none of the issuer's algorithms, or not one for this type of key.
    #[error("its algorithm is not one of its issuer's, or not one for its type")]
    AlgorithmNotAllowed,
    /// An RSA modulus outside 2048 to 8192 bits (RFC 7518, section 3.3).
    #[error("its modulus has fewer than 2048 or more than 8192 bits")]
    ModulusSize,
    /// An RSA exponent that is even, below 65537 or above 33 bits.
    #[error("its exponent is even, below 65537 or above 33 bits")]
    Exponent,
    /// An RSA modulus that can be factored (CVE-2017-15361).
    #[error("its private half can be found: made by a faulty smart card")]
    Factorable,
    /// An elliptic-curve point that is not on its curve (RFC 7518, section 6.2).
    #[error("its point is not on its curve")]
    NotOnCurve,
    /// Another key of the set has the same `kid`: which one a token means cannot be told.
    #[error("another key has the same `kid`")]
    DuplicateKeyId,
}

/// A key ready to verify with.
#[derive(Clone)]
pub(crate) struct PublicKey {
    pub(crate) issuer: Option<KeyIssuer>,
    verifiers: Box<[Verifier]>,
}

/// A key parsed for one algorithm.
#[derive(Clone)]
struct Verifier {
    algorithm: Algorithm,
    key: ParsedPublicKey,
}

impl PublicKey {
    /// Reads an entry of a key set (RFC 7517, section 4) for an issuer with these algorithms.
    pub(crate) fn read(jwk: &Map<String, Value>, allowed: &[Algorithm]) -> Result<Self, Unusable> {
        let kind = key_kind(jwk)?;
        if jwk.contains_key("d") {
            return Err(Unusable::Private);
        }
        check_use(jwk)?;
        let own = key_algorithm(jwk, kind, allowed)?;
        let issuer = text(jwk, "issuer")?.map(KeyIssuer::read);
        let material = match kind {
            KeyKind::Rsa => rsa(jwk)?,
            KeyKind::P256 => elliptic(jwk, 32)?,
            KeyKind::P384 => elliptic(jwk, 48)?,
            KeyKind::Ed25519 => edwards(jwk)?,
        };
        let verifiers = Algorithm::ALL
            .into_iter()
            .filter(|algorithm| algorithm.key_kind() == kind)
            .filter(|algorithm| own.is_none_or(|own| own == *algorithm))
            .map(|algorithm| {
                let key = material.parse_for(algorithm)?;
                Ok(Verifier { algorithm, key })
            })
            .collect::<Result<_, Unusable>>()?;
        Ok(Self { issuer, verifiers })
    }

    /// The algorithms it may verify with.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.verifiers.iter().map(|verifier| verifier.algorithm)
    }

    /// The key, parsed for this algorithm; `None` where it may not verify with it.
    pub(crate) fn parsed_for(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        self.verifiers
            .iter()
            .find(|verifier| verifier.algorithm == algorithm)
            .map(|verifier| &verifier.key)
    }
}

/// What a key set says of a public key.
enum Material {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    Point(Vec<u8>),
}

impl Material {
    fn parse_for(&self, algorithm: Algorithm) -> Result<ParsedPublicKey, Unusable> {
        let rsa = |parameters: &'static RsaParameters| match self {
            Self::Rsa(components) => components
                .to_parsed_public_key(parameters)
                .map_err(|_| Unusable::Malformed),
            Self::Point(_) => Err(Unusable::Malformed),
        };
        let point = |curve| match self {
            Self::Point(point) => {
                ParsedPublicKey::new(curve, point).map_err(|_| Unusable::NotOnCurve)
            }
            Self::Rsa(_) => Err(Unusable::Malformed),
        };
        match algorithm {
            Algorithm::Rs256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
            Algorithm::Rs384 => rsa(&RSA_PKCS1_2048_8192_SHA384),
            Algorithm::Rs512 => rsa(&RSA_PKCS1_2048_8192_SHA512),
            Algorithm::Ps256 => rsa(&RSA_PSS_2048_8192_SHA256),
            Algorithm::Ps384 => rsa(&RSA_PSS_2048_8192_SHA384),
            Algorithm::Ps512 => rsa(&RSA_PSS_2048_8192_SHA512),
            Algorithm::Es256 => point(&ECDSA_P256_SHA256_FIXED),
            Algorithm::Es384 => point(&ECDSA_P384_SHA384_FIXED),
            Algorithm::EdDsa => point(&ED25519),
        }
    }
}

fn key_kind(jwk: &Map<String, Value>) -> Result<KeyKind, Unusable> {
    match text(jwk, "kty")?.ok_or(Unusable::Malformed)? {
        "RSA" => Ok(KeyKind::Rsa),
        "oct" => Err(Unusable::Symmetric),
        kty @ ("EC" | "OKP") => match (kty, text(jwk, "crv")?.ok_or(Unusable::Malformed)?) {
            ("EC", "P-256") => Ok(KeyKind::P256),
            ("EC", "P-384") => Ok(KeyKind::P384),
            ("OKP", "Ed25519") => Ok(KeyKind::Ed25519),
            _ => Err(Unusable::UnsupportedType),
        },
        _ => Err(Unusable::UnsupportedType),
    }
}

fn check_use(jwk: &Map<String, Value>) -> Result<(), Unusable> {
    if !matches!(text(jwk, "use")?, None | Some("sig")) {
        return Err(Unusable::WrongUse);
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) if operations.iter().all(Value::is_string) => operations
            .iter()
            .any(|operation| operation == "verify")
            .then_some(())
            .ok_or(Unusable::WrongUse),
        Some(_) => Err(Unusable::Malformed),
    }
}

/// The one algorithm a key is for; `None`: any allowed one of its kind.
fn key_algorithm(
    jwk: &Map<String, Value>,
    kind: KeyKind,
    allowed: &[Algorithm],
) -> Result<Option<Algorithm>, Unusable> {
    let fits = |algorithm: &Algorithm| algorithm.key_kind() == kind && allowed.contains(algorithm);
    match text(jwk, "alg")? {
        Some(name) => Algorithm::from_name(name)
            .filter(fits)
            .map(Some)
            .ok_or(Unusable::AlgorithmNotAllowed),
        None if allowed.iter().any(fits) => Ok(None),
        None => Err(Unusable::AlgorithmNotAllowed),
    }
}

fn rsa(jwk: &Map<String, Value>) -> Result<Material, Unusable> {
    let (modulus, exponent) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    // No leading zero octets (RFC 7518, section 6.3.1.1), so the first octet tells the bits.
    let (Some(1..), Some(1..), Some(last)) = (modulus.first(), exponent.first(), modulus.last())
    else {
        return Err(Unusable::Malformed);
    };
    if last % 2 == 0 {
        return Err(Unusable::Malformed);
    }
    let unused_bits = modulus
        .first()
        .map_or(0, |first| first.leading_zeros() as usize);
    if !(2048..=8192).contains(&(modulus.len() * 8 - unused_bits)) {
        return Err(Unusable::ModulusSize);
    }
    if roca::is_factorable(&modulus) {
        return Err(Unusable::Factorable);
    }
    if exponent.len() > 5 {
        return Err(Unusable::Exponent);
    }
    let exponent_value = exponent
        .iter()
        .fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    if exponent_value % 2 == 0 || !EXPONENTS.contains(&exponent_value) {
        return Err(Unusable::Exponent);
    }
    Ok(Material::Rsa(RsaPublicKeyComponents {
        n: modulus,
        e: exponent,
    }))
}

/// A point whose coordinates have the full length of the curve's field (RFC 7518, section 6.2.1.2).
fn elliptic(jwk: &Map<String, Value>, length: usize) -> Result<Material, Unusable> {
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    if x.len() != length || y.len() != length {
        return Err(Unusable::Malformed);
    }
    Ok(Material::Point([&[UNCOMPRESSED][..], &x, &y].concat()))
}

fn edwards(jwk: &Map<String, Value>) -> Result<Material, Unusable> {
    let point = bytes(jwk, "x")?;
    if point.len() != 32 {
        return Err(Unusable::Malformed);
    }
    Ok(Material::Point(point))
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Unusable> {
    jwk.get(name)
        .map(|value| value.as_str().ok_or(Unusable::Malformed))
        .transpose()
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Unusable> {
    let text = text(jwk, name)?.ok_or(Unusable::Malformed)?;
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Unusable::Malformed)
}

/// FIPS 186-5, section 5.4, asks for at least 65537; the library takes no more than 33 bits.
const EXPONENTS: std::ops::Range<u64> = 65_537..1 << 33;

/// What a point with both coordinates begins with (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;
