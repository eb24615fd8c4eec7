//! `[[terms]]`: terms of use that people with browsers are asked to accept.

use std::path::PathBuf;

use crossgate_policy::ids::Id;

use crate::reader::{Section, Seen, Text};

/// Terms of use, as Conditional Access names them by their id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TermsSettings {
    /// The agreement's id: what `grantControls.termsOfUse` of a policy names.
    pub id: Id,
    /// What people call them.
    pub name: String,
    /// Which version of them: who accepted another one is asked again.
    pub version: String,
    /// Their text, plain, in a file.
    pub file: PathBuf,
}

/// Reads every `[[terms]]`.
pub(crate) fn read_all(root: &mut Section<'_>) -> Vec<TermsSettings> {
    let mut ids = Seen::new("give each agreement an id of its own");
    root.sections("terms", |section| {
        let id = section.required_text("id", "the id that policies name", |text| {
            let id = Id::new(&text.filled()?);
            ids.note(id.clone(), text);
            Some(id)
        });
        let name = section.required_text("name", "what people read", Text::filled);
        let version = section.required_text("version", "such as `2026-01`", Text::filled);
        let file = section.required_text("file", "a text file", Text::path);
        Some(TermsSettings {
            id: id?,
            name: name?,
            version: version?,
            file: file?,
        })
    })
}
