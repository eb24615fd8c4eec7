//! What can go wrong with a store.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why a store does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or a file cannot be used.
    #[error("the sign-in store `{path}`: {why}", path = path.display())]
    Failed {
        /// The folder, or a file in it.
        path: PathBuf,
        /// As the system says it.
        why: String,
    },
    /// A file is not what was written to it.
    #[error(
        "the sign-in store's file `{path}` is damaged: {why}; move it away, and the events of that day that are in it are missing",
        path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// A later version of this program has written a file.
    #[error(
        "the sign-in store's file `{path}` was written by a later version of this program, which reads it: nothing in it is lost",
        path = path.display()
    )]
    OtherVersion {
        /// The file.
        path: PathBuf,
    },
}

impl StoreError {
    /// Whether no more can be written to a file, though others can be used.
    pub(super) const fn is_of_one_file(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::OtherVersion { .. } => true,
            Self::Failed { .. } => false,
        }
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        Self::Failed {
            path: path.to_owned(),
            why: error.to_string(),
        }
    }
}

/// Bytes that are not what was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Broken;

/// Why something within one file stops.
#[derive(Debug)]
pub(super) enum Stop {
    Engine(rusqlite::Error),
    Broken(&'static str),
    OtherVersion,
}

impl Stop {
    /// The same for whoever asked.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::OtherVersion => StoreError::OtherVersion { path },
            Self::Broken(why) => StoreError::Damaged {
                path,
                why: why.to_owned(),
            },
            Self::Engine(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged {
                    path,
                    why: error.to_string(),
                },
                Some(_) | None => StoreError::Failed {
                    path,
                    why: error.to_string(),
                },
            },
        }
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Broken> for Stop {
    fn from(_: Broken) -> Self {
        Self::Broken("what is packed in it cannot be read")
    }
}
