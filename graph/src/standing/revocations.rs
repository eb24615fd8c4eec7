//! Revocations, by the name of what is revoked.

use crossgate_policy::snapshot::Revocation;

use super::reading::Reading;
use crate::compile::revocations::compile;
use crate::document_kind::DocumentKind;
use crate::reader::path::At;

/// Compiles a document.
pub(super) fn read(key: &str, text: &str, reading: &mut Reading) -> Option<Revocation> {
    let of = (DocumentKind::Revocation, key);
    let compiled = reading.document(of, text, |document, notes| {
        let revocation = compile(document, notes)?;
        let expected = revocation.name();
        if !is_for(key, &expected) {
            let message = format!(
                "the document is found by `{key}`; expected `{expected}`, or `{expected}#2`"
            );
            notes.fault(&At::Root.member("id"), message);
        }
        Some(revocation)
    });
    compiled.flatten()
}

/// Others of the same thing have a number behind it.
fn is_for(key: &str, expected: &str) -> bool {
    match key
        .strip_prefix(expected)
        .map(|rest| rest.split_at_checked(1))
    {
        Some(None) => true,
        Some(Some(("#", number))) => number.parse::<usize>().is_ok(),
        Some(Some(_)) | None => false,
    }
}
