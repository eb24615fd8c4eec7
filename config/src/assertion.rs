//! `[assertion]`: the key that signs what we tell upstreams about a caller.

use std::path::PathBuf;

use crate::reader::{Section, Text};

/// The assertion sent to upstreams.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assertion {
    /// What signs it.
    pub key: SigningKey,
}

/// The key that signs assertions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SigningKey {
    /// Made at start and never written down: assertions end with the process. `key_file` is absent.
    MadeAtStart,
    /// A PEM file: PKCS#8, elliptic curve P-256.
    File(PathBuf),
}

impl Assertion {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let file = section.text("key_file", Text::path);
        Self {
            key: file.map_or(SigningKey::MadeAtStart, SigningKey::File),
        }
    }
}
