//! What proves who this gateway is to others: in the settings, or in a file of its own.

use std::path::PathBuf;

use crate::reader::{Section, Text};

/// How this gateway proves who it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClientSecret {
    /// Not at all: a public client, which PKCE alone protects, or a server that knows us by our network address.
    None,
    /// By what stands in the settings, usually as `${NAME}`.
    Given(Secret),
    /// By what the first line of a file holds.
    File(PathBuf),
}

impl ClientSecret {
    /// Reads the secret under its name, or the file under its own.
    pub(crate) fn read(
        section: &mut Section<'_>,
        given_as: &'static str,
        file_as: &'static str,
    ) -> Self {
        let given = section.text(given_as, |text| text.filled().map(Secret));
        let file = section.text(file_as, Text::path);
        match (given, file) {
            (None, None) => Self::None,
            (Some(given), None) => Self::Given(given),
            (None, Some(file)) => Self::File(file),
            (Some(_), Some(_)) => {
                section.fault(
                    file_as,
                    format!("there is a `{given_as}` too; write one of them"),
                );
                Self::None
            }
        }
    }
}

/// A text that nobody may read in a log: `Debug` shows its length.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text.
    pub(crate) const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for whom it is meant only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}
