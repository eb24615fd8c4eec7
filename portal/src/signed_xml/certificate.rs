//! A provider's signing certificates, as an operator configures them.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521,
    OID_PKCS1_RSAENCRYPTION,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;

/// The public key of a certificate.
///
/// The rest of it proves nothing here: an operator vouches for it (SAML V2.0 Metadata Interoperability Profile, section
/// 2.6.1), so neither its issuer nor its dates are looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    kind: Kind,
    key: Vec<u8>,
}

/// Why a certificate cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CertificateFault {
    /// It is neither PEM nor base64 nor DER.
    #[error("it is not a certificate")]
    NotACertificate,
    /// Its key is neither RSA nor one of the curves P-256, P-384 and P-521.
    #[error("its key is neither RSA nor on one of the curves P-256, P-384 and P-521")]
    UnknownKey,
    /// Its RSA key has less than 2048 bits or more than 8192.
    #[error("its RSA key has less than 2048 bits or more than 8192")]
    WeakKey,
}

/// How a signature was made (RFC 9231, sections 2.3.1 to 2.3.6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Method {
    RsaSha256,
    RsaSha384,
    RsaSha512,
    EcdsaSha256,
    EcdsaSha384,
    EcdsaSha512,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Rsa,
    P256,
    P384,
    P521,
}

impl Certificate {
    /// Reads PEM, or the base64 that metadata has in `X509Certificate`.
    ///
    /// # Errors
    /// It is no certificate, or its key cannot be used.
    pub fn from_text(text: &str) -> Result<Self, CertificateFault> {
        let der = match CertificateDer::from_pem_slice(text.as_bytes()) {
            Ok(der) => der.to_vec(),
            Err(_) => {
                let bare: String = text.split_ascii_whitespace().collect();
                STANDARD
                    .decode(bare)
                    .map_err(|_| CertificateFault::NotACertificate)?
            }
        };
        Self::from_der(&der)
    }

    /// Reads every certificate of a PEM file, or the one that the text is.
    ///
    /// # Errors
    /// One of them is none, or its key cannot be used.
    pub fn all_from_text(text: &str) -> Result<Vec<Self>, CertificateFault> {
        let starts: Vec<usize> = text.match_indices(BEGIN).map(|(start, _)| start).collect();
        if starts.len() < 2 {
            return Ok(vec![Self::from_text(text)?]);
        }
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        let parts = starts.iter().zip(ends);
        parts
            .map(|(start, end)| Self::from_text(text.get(*start..end).unwrap_or_default()))
            .collect()
    }

    /// # Errors
    /// It is no certificate, or its key cannot be used.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateFault> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| CertificateFault::NotACertificate)?;
        if !rest.is_empty() {
            return Err(CertificateFault::NotACertificate);
        }
        let public_key = certificate.public_key();
        let kind = if public_key.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION {
            let Ok(PublicKey::RSA(rsa)) = public_key.parsed() else {
                return Err(CertificateFault::UnknownKey);
            };
            if !(2048..=8192).contains(&rsa.key_size()) {
                return Err(CertificateFault::WeakKey);
            }
            Kind::Rsa
        } else if public_key.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
            let curve = public_key.algorithm.parameters.as_ref();
            let curve = curve.and_then(|parameters| parameters.as_oid().ok());
            match curve.ok_or(CertificateFault::UnknownKey)? {
                curve if curve == OID_EC_P256 => Kind::P256,
                curve if curve == OID_NIST_EC_P384 => Kind::P384,
                curve if curve == OID_NIST_EC_P521 => Kind::P521,
                _ => return Err(CertificateFault::UnknownKey),
            }
        } else {
            return Err(CertificateFault::UnknownKey);
        };
        Ok(Self {
            kind,
            key: public_key.subject_public_key.data.to_vec(),
        })
    }

    pub(super) fn verifies(&self, method: Method, signed: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match (self.kind, method) {
            (Kind::Rsa, Method::RsaSha256) => &RSA_PKCS1_2048_8192_SHA256,
            (Kind::Rsa, Method::RsaSha384) => &RSA_PKCS1_2048_8192_SHA384,
            (Kind::Rsa, Method::RsaSha512) => &RSA_PKCS1_2048_8192_SHA512,
            (Kind::P256, Method::EcdsaSha256) => &ECDSA_P256_SHA256_FIXED,
            (Kind::P384, Method::EcdsaSha384) => &ECDSA_P384_SHA384_FIXED,
            (Kind::P521, Method::EcdsaSha512) => &ECDSA_P521_SHA512_FIXED,
            // A key is used as it was meant to be, or not at all.
            (Kind::Rsa | Kind::P256 | Kind::P384 | Kind::P521, _) => return false,
        };
        UnparsedPublicKey::new(algorithm, &self.key)
            .verify(signed, signature)
            .is_ok()
    }
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;

    const RSA_1024: &str = "-----BEGIN CERTIFICATE-----
MIIB/DCCAWWgAwIBAgIUUphFSYlP7bxO8s+5+cqG9DgzzZ0wDQYJKoZIhvcNAQEL
BQAwDzENMAsGA1UEAwwEd2VhazAgFw0yNjExMjgyMDEyMDlaGA8yMTI2MTEwNDIw
MTIwOVowDzENMAsGA1UEAwwEd2VhazCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkC
gYEAy/u97fVhlm1FLSlF3V76yDLHPJmY0xNFEH4Hrn1NUfRE9XUQM1Zjdmif74A+
lXbdVjjH1g2oKBh6G+6jLOEofcLmD7PoTcZ99QytIY265wkwdQiaPiTVh8TTV05j
GWjBApVHaQpIV7bdTHOnNgKOjKe1FeoVrG/VeLqmmhxC95UCAwEAAaNTMFEwHQYD
VR0OBBYEFHhqKwk6uz6x48TBFi1Td/AXPOMCMB8GA1UdIwQYMBaAFHhqKwk6uz6x
48TBFi1Td/AXPOMCMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEA
Mf30XgqdRJIFSG3VlFXX/SxHanZFh8iGGjfXz2H7KmKH6rg19tivoMIUNYMLZTXk
SQo2BwVoprkEpFN5gOo9rVqyu/d+5/GhMVRJ1uy0XbK31qYsHQBy8Z8dBtl8NrLL
Nl+tnIjoAZG9NV8sHUuk1eOMohgxuUlqDWpiyZoz45A=
-----END CERTIFICATE-----";

    const ED25519: &str = "-----BEGIN CERTIFICATE-----
MIIBMDCB46ADAgECAhQc/Y4Hq5PQgLghQdeA3cEpS8bSRDAFBgMrZXAwDTELMAkG
A1UEAwwCZWQwIBcNMjYxMTI4MjAxMjA5WhgPMjEyNjExMDQyMDEyMDlaMA0xCzAJ
BgNVBAMMAmVkMCowBQYDK2VwAyEAHFdmZCOAJ83C0a8kiQbXfrwwb4kQH5+0Kpxg
BbfDA1OjUzBRMB0GA1UdDgQWBBRSdAqXAF/BIRD78yj+o9d8YdqwMjAfBgNVHSME
GDAWgBRSdAqXAF/BIRD78yj+o9d8YdqwMjAPBgNVHRMBAf8EBTADAQH/MAUGAytl
cANBAOcpVMGwHTj4OWVrJhSSkv49uHzW3M+lv5V3Nme82FLsBOE3ZnLR4jpBokBu
KjxTtaqj7+MNCRPfdG8y0DKWNA0=
-----END CERTIFICATE-----";

    #[test]
    fn a_key_is_strong_and_of_a_kind_that_signs_here() {
        for (text, fault) in [
            (RSA_1024, CertificateFault::WeakKey),
            (ED25519, CertificateFault::UnknownKey),
            ("", CertificateFault::NotACertificate),
            ("AAAA", CertificateFault::NotACertificate),
        ] {
            assert_eq!(Certificate::from_text(text), Err(fault));
        }
    }
}
