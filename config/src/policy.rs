//! `[policy]` and `[guests]`: where the rules are and how hard they bind.

use std::path::PathBuf;

use crate::reader::{Section, Text};

/// Where the policy documents are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PolicySource {
    /// A folder of Graph documents.
    Directory(PathBuf),
    /// A store in one file, which the admin API changes.
    Sqlite(PathBuf),
}

/// Whether a refusal binds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Enforcement {
    /// It does.
    Enforce,
    /// It is computed and recorded, and the request goes on (decision.md, section 11).
    ReportOnly,
}

/// Whether guests must have a record (decision.md, section 6, step guest).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GuestDirectory {
    /// A record counts where there is one.
    Optional,
    /// Without a record nobody comes in as a guest.
    Required,
    /// There are no records.
    Off,
}

/// Reads `[policy]`.
pub(crate) fn read(section: &mut Section<'_>) -> (PolicySource, Enforcement) {
    let source = section.text("source", source);
    let enforcement = section.text("enforcement", enforcement);
    (
        source.unwrap_or_else(|| default_source(section)),
        enforcement.unwrap_or(DEFAULT_ENFORCEMENT),
    )
}

/// The word for how hard refusals bind.
pub(crate) fn enforcement(text: &Text<'_>) -> Option<Enforcement> {
    text.choice(
        "an enforcement mode",
        &[
            ("enforce", Enforcement::Enforce),
            ("report-only", Enforcement::ReportOnly),
        ],
    )
}

/// Where the documents are if nothing is said.
pub(crate) fn default_source(section: &Section<'_>) -> PolicySource {
    PolicySource::Directory(section.path(DEFAULT_FOLDER))
}

/// The address of the documents.
pub(crate) fn source(text: &Text<'_>) -> Option<PolicySource> {
    if let Some(folder) = text.path_after("dir:") {
        return Some(PolicySource::Directory(folder));
    }
    if let Some(file) = text.path_after("sqlite:") {
        return Some(PolicySource::Sqlite(file));
    }
    let scheme = text.value().split_once(':').map(|(scheme, _)| scheme);
    match scheme {
        Some("dir" | "sqlite") => None,
        // A database's address may hold a password.
        Some("postgres" | "postgresql") => text.refuse_unquoted(
            "PostgreSQL is not available in this version; write `sqlite:PATH` for a store in one file",
        ),
        Some(_) | None => text.refuse("is not a policy source; expected `dir:PATH` or `sqlite:PATH`"),
    }
}

impl GuestDirectory {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let directory = section.text("directory", |text| {
            text.choice(
                "a directory mode",
                &[
                    ("optional", Self::Optional),
                    ("required", Self::Required),
                    ("off", Self::Off),
                ],
            )
        });
        directory.unwrap_or(DEFAULT_DIRECTORY)
    }
}

/// Beside the configuration, so that a folder can be copied as a whole.
const DEFAULT_FOLDER: &str = "policy";

/// Who installs a gate wants it shut; trying out is what has to be asked for.
const DEFAULT_ENFORCEMENT: Enforcement = Enforcement::Enforce;

/// The own tenant's service vouches for the guests it issues tokens for, so records are needed only by those who keep
/// some.
const DEFAULT_DIRECTORY: GuestDirectory = GuestDirectory::Optional;
