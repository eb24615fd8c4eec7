//! Between a policy directory and a store, and between two states of a store: what differs, and what makes one the other.
//!
//! Nothing here reads or writes a file.

mod directory;
mod export;
mod plan;
mod properties;
mod states;

use std::borrow::Cow;

use serde_json::json;

use crate::document::{Address, DocumentKind};
use crate::text::Document;

pub use directory::Directory;
pub use export::{ExportError, Exported, MOST_PARTNER_FILES, export};
pub use plan::Plan;
pub use properties::{Property, properties};
pub use states::{States, text_at};

/// A document that is not the same on two sides.
#[derive(Clone, Debug)]
pub struct Difference<'d> {
    /// What it is.
    pub kind: DocumentKind,
    /// Which of its kind.
    pub key: &'d str,
    /// Its text on the one side; `None` where it is not there.
    pub old: Option<&'d str>,
    /// Its text on the other.
    pub new: Option<Cow<'d, str>>,
}

impl Difference<'_> {
    /// Which document.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::new(self.kind, self.key)
    }
}

/// Whether a document outlives a state without it: it has an `id` that others may know, and says nothing else then.
const fn is_reset(kind: DocumentKind) -> bool {
    matches!(kind, DocumentKind::Policy | DocumentKind::Default)
}

const fn is_role(kind: DocumentKind) -> bool {
    matches!(
        kind,
        DocumentKind::RoleDefinition | DocumentKind::RoleAssignment
    )
}

/// What is left of a document where the other side has none.
fn without(kind: DocumentKind, old: &str) -> Option<String> {
    let id = Document::parse(old).ok()?.get("id")?;
    if !is_reset(kind) {
        return None;
    }
    let mut document = Document::default();
    document.set("id", &id);
    if kind == DocumentKind::Default {
        document.set("isServiceDefault", &json!(true));
    }
    Some(document.to_text())
}

/// A text that keeps the `id` of the document whose place it takes, where it has none itself.
fn with_id<'t>(kind: DocumentKind, text: &'t str, old: &str) -> Cow<'t, str> {
    let kept = || {
        if !is_reset(kind) || Document::parse(text).ok()?.written("id").is_some() {
            return None;
        }
        let old = Document::parse(old).ok()?;
        let (start, rest) = text.split_once('{')?;
        let comma = if rest.trim_start().starts_with('}') {
            ""
        } else {
            ","
        };
        let id = old.written("id")?;
        Some(format!("{start}{{\"id\":{id}{comma}{rest}"))
    };
    kept().map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_configuration_keeps_its_id_and_every_other_byte() {
        let old = r#"{"id": "a", "inboundTrust": {}}"#;
        let kept = |text| with_id(DocumentKind::Default, text, old).into_owned();
        assert_eq!(kept("{ \"b\" : 1.0e2 }"), "{\"id\":\"a\", \"b\" : 1.0e2 }");
        assert_eq!(kept("{ }"), "{\"id\":\"a\" }");
        assert_eq!(kept("{\"id\":\"c\"}"), "{\"id\":\"c\"}");
        assert_eq!(with_id(DocumentKind::Partner, "{}", old), "{}");
        assert_eq!(
            without(DocumentKind::Default, old).as_deref(),
            Some(r#"{"id":"a","isServiceDefault":true}"#)
        );
        assert_eq!(without(DocumentKind::Partner, old), None);
    }
}
