//! What a signature says that it covers (XML Signature 1.1, section 4.4), in the one way that SAML allows.

use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::Node;

use super::certificate::Method;
use super::signature::{DSIG, SignatureFault};
use super::xml::{child, text};

/// `SignedInfo`, every part of it understood.
#[derive(Debug)]
pub(super) struct SignedInfo {
    pub(super) method: Method,
    /// The `ID` of the element.
    pub(super) covers: String,
    pub(super) digest: &'static Algorithm,
    pub(super) value: Vec<u8>,
    /// Prefixes whose namespaces count although they are not used by a name.
    pub(super) inclusive: Vec<String>,
}

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

const MOST_PREFIXES: usize = 32;

impl SignedInfo {
    pub(super) fn read(signed_info: Node<'_, '_>) -> Result<Self, SignatureFault> {
        let [canonicalization, signature, reference] = only(
            signed_info,
            ["CanonicalizationMethod", "SignatureMethod", "Reference"],
        )?;
        inclusive_prefixes(canonicalization)?;
        let method = method(algorithm(signature)?)?;
        let [] = only(signature, [])?;
        let [transforms, digest_method, digest_value] =
            only(reference, ["Transforms", "DigestMethod", "DigestValue"])?;
        // SAML 2.0 Core, sections 5.4.3 and 5.4.4: those two and no other. The second is what makes the first unambiguous.
        let [enveloped, exclusive] = only(transforms, ["Transform", "Transform"])?;
        // It takes no parameters. Some write prefixes into it all the same.
        if algorithm(enveloped)? != ENVELOPED {
            return Err(SignatureFault::Transform);
        }
        let inclusive = inclusive_prefixes(exclusive)?;
        let [] = only(digest_method, [])?;
        let covers = reference
            .attribute("URI")
            .and_then(|uri| uri.strip_prefix('#'));
        Ok(Self {
            method,
            covers: covers.ok_or(SignatureFault::NotThis)?.to_owned(),
            digest: digest(algorithm(digest_method)?)?,
            value: bytes(digest_value)?,
            inclusive,
        })
    }
}

/// The prefixes that exclusive canonicalisation is told to keep (Exclusive XML Canonicalization 1.0, section 3).
pub(super) fn inclusive_prefixes(method: Node<'_, '_>) -> Result<Vec<String>, SignatureFault> {
    if algorithm(method)? != EXCLUSIVE {
        return Err(SignatureFault::Transform);
    }
    let mut elements = method.children().filter(Node::is_element);
    let Some(list) = elements.next() else {
        return Ok(Vec::new());
    };
    let is_list = list.has_tag_name((EXCLUSIVE, "InclusiveNamespaces"));
    if !is_list || elements.next().is_some() {
        return Err(SignatureFault::Transform);
    }
    let prefixes = list.attribute("PrefixList").unwrap_or_default();
    let prefixes: Vec<String> = prefixes
        .split_ascii_whitespace()
        .map(str::to_owned)
        .collect();
    if prefixes.len() > MOST_PREFIXES {
        return Err(SignatureFault::Transform);
    }
    Ok(prefixes)
}

/// The base64 in an element.
pub(super) fn bytes(element: Node<'_, '_>) -> Result<Vec<u8>, SignatureFault> {
    let text: String = text(element)
        .unwrap_or_default()
        .split_ascii_whitespace()
        .collect();
    STANDARD.decode(text).map_err(|_| SignatureFault::Malformed)
}

/// The child of that name in this namespace.
pub(super) fn part<'n, 'a>(
    parent: Node<'n, 'a>,
    name: &'n str,
) -> Result<Node<'n, 'a>, SignatureFault> {
    child(parent, DSIG, name).ok_or(SignatureFault::Malformed)
}

/// The children of an element, where they are these and no others.
fn only<'n, 'a, const N: usize>(
    parent: Node<'n, 'a>,
    names: [&'static str; N],
) -> Result<[Node<'n, 'a>; N], SignatureFault> {
    let children: Vec<Node<'n, 'a>> = parent.children().filter(Node::is_element).collect();
    let children: [Node<'n, 'a>; N] = children.try_into().map_err(|found: Vec<_>| match parent
        .tag_name()
        .name()
    {
        "Transforms" => SignatureFault::Transform,
        "SignedInfo" if found.len() > N => SignatureFault::NotThis,
        _ => SignatureFault::Malformed,
    })?;
    let as_named = children
        .iter()
        .zip(names)
        .all(|(child, name)| child.has_tag_name((DSIG, name)));
    as_named
        .then_some(children)
        .ok_or(SignatureFault::Malformed)
}

fn algorithm<'n>(element: Node<'n, '_>) -> Result<&'n str, SignatureFault> {
    element
        .attribute("Algorithm")
        .ok_or(SignatureFault::Malformed)
}

// RFC 9231, section 2.3. No SHA-1, and no HMAC: whoever knows a certificate could make one.
fn method(name: &str) -> Result<Method, SignatureFault> {
    Ok(match name {
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Method::RsaSha256,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Method::RsaSha384,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Method::RsaSha512,
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => Method::EcdsaSha256,
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => Method::EcdsaSha384,
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => Method::EcdsaSha512,
        _ => return Err(SignatureFault::Algorithm),
    })
}

fn digest(name: &str) -> Result<&'static Algorithm, SignatureFault> {
    Ok(match name {
        "http://www.w3.org/2001/04/xmlenc#sha256" => &SHA256,
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => &SHA384,
        "http://www.w3.org/2001/04/xmlenc#sha512" => &SHA512,
        _ => return Err(SignatureFault::Algorithm),
    })
}
