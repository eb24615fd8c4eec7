//! XML that somebody signed: what the signature covers, and nothing else (XML Signature 1.1 and Exclusive XML
//! Canonicalization 1.0, as far as SAML 2.0 Core, section 5, lets them be used).
//!
//! What is read of a signed element is read from the very bytes whose digest was signed, parsed anew. Where the element
//! stood, and what stood around it, no longer matters then.
//!
//! No key is fetched, and none is taken from what it shall verify.

mod canonical;
mod certificate;
mod signature;
mod signed_info;
mod xml;

pub use certificate::{Certificate, CertificateFault};
pub(crate) use signature::{DSIG, signature_of};
pub use signature::{SignatureFault, Signed, verify};
pub use xml::{LARGEST, Xml, XmlFault};
pub(crate) use xml::{child, children, text};
