//! Policy documents by address: what the store keeps, and what a change names.

use std::fmt;

pub use crossgate_graph::DocumentKind;

/// Which document.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Address {
    /// What it is.
    pub kind: DocumentKind,
    /// Which of its kind: a tenant id, a policy id. Empty where there can be only one.
    pub key: Box<str>,
}

impl Address {
    /// One of many.
    #[must_use]
    pub fn new(kind: DocumentKind, key: &str) -> Self {
        Self {
            kind,
            key: key.into(),
        }
    }

    /// The only one of its kind.
    #[must_use]
    pub fn only(kind: DocumentKind) -> Self {
        Self::new(kind, "")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if !self.key.is_empty() {
            write!(f, "/{}", self.key)?;
        }
        Ok(())
    }
}

/// What becomes of one document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Write {
    /// Which.
    pub address: Address,
    /// Its new text, one JSON object; `None` removes it.
    pub text: Option<Box<str>>,
}
