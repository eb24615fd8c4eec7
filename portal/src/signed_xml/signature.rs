//! An enveloped signature over the element that it stands in (XML Signature 1.1, section 3.2).

use aws_lc_rs::digest;
use roxmltree::Node;

use super::canonical::Canonical;
use super::certificate::Certificate;
use super::signed_info::{SignedInfo, bytes, inclusive_prefixes, part};
use super::xml::{Xml, XmlFault, children};

/// The bytes that were signed: an element in its canonical form, without the signature.
///
/// Only [`verify`] makes one.
#[derive(Clone, Debug)]
pub struct Signed(String);

/// Why a signature proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureFault {
    /// There is none, or more than one.
    #[error("it has not one signature")]
    NotOne,
    /// It is not built as XML Signature describes.
    #[error("the signature is not built as one")]
    Malformed,
    /// It uses SHA-1, HMAC or something unheard of.
    #[error("the signature is made with an algorithm that is not accepted")]
    Algorithm,
    /// Something else than the one element would be signed.
    #[error("the signature is over something that was transformed")]
    Transform,
    /// It is over another element than the one it stands in, or over several.
    #[error("the signature covers something else")]
    NotThis,
    /// No configured certificate's key made it.
    #[error("the signature is by no configured certificate")]
    UnknownKey,
    /// The element is not what was signed.
    #[error("what was signed was changed")]
    Changed,
}

/// The namespace of signatures.
pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

impl Signed {
    /// What was signed, to be read.
    ///
    /// # Errors
    /// It is more than a document may be.
    pub fn xml(&self) -> Result<Xml<'_>, XmlFault> {
        Xml::read(&self.0)
    }
}

/// The signature that stands directly in an element.
///
/// # Errors
/// There is more than one.
pub(crate) fn signature_of<'n, 'a>(
    element: Node<'n, 'a>,
) -> Result<Option<Node<'n, 'a>>, SignatureFault> {
    let mut signatures = children(element, DSIG, "Signature");
    let signature = signatures.next();
    if signatures.next().is_some() {
        return Err(SignatureFault::NotOne);
    }
    Ok(signature)
}

/// What was signed of an element, by the signature in it and one of these certificates.
///
/// `KeyInfo` is not read: whoever makes a signature writes it.
///
/// # Errors
/// There is no such signature.
pub fn verify(
    xml: &Xml<'_>,
    element: Node<'_, '_>,
    id: &str,
    certificates: &[Certificate],
) -> Result<Signed, SignatureFault> {
    let signature = signature_of(element)?.ok_or(SignatureFault::NotOne)?;
    let signed_info = part(signature, "SignedInfo")?;
    let value = bytes(part(signature, "SignatureValue")?)?;
    let canonical = Canonical::new(xml).ok_or(SignatureFault::Malformed)?;
    let prefixes = inclusive_prefixes(part(signed_info, "CanonicalizationMethod")?)?;
    let signed_info = canonical
        .of(signed_info, None, &prefixes)
        .ok_or(SignatureFault::Malformed)?;
    // From here on only what was signed is read: first what it says, then what that is about.
    let said = Xml::read(&signed_info).map_err(|_| SignatureFault::Malformed)?;
    let said = SignedInfo::read(said.root())?;
    let is_known = certificates
        .iter()
        .any(|certificate| certificate.verifies(said.method, signed_info.as_bytes(), &value));
    if !is_known {
        return Err(SignatureFault::UnknownKey);
    }
    if id.is_empty() || said.covers != id {
        return Err(SignatureFault::NotThis);
    }
    let covered = canonical
        .of(element, Some(signature), &said.inclusive)
        .ok_or(SignatureFault::Malformed)?;
    if digest::digest(said.digest, covered.as_bytes()).as_ref() != said.value {
        return Err(SignatureFault::Changed);
    }
    Ok(Signed(covered))
}
