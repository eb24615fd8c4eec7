//! Why an operation ended early.

use rusqlite::{Error, ErrorCode};

use super::super::StoreError;

/// The engine's word, or what was found; becomes a [`StoreError`] where it is known what was being done.
#[derive(Debug)]
pub(super) enum Stop {
    Engine(Error),
    Found(StoreError),
}

impl Stop {
    pub(super) fn corrupt(what: impl Into<String>) -> Self {
        Self::Found(StoreError::Corrupt(what.into()))
    }

    pub(super) fn during(self, context: &'static str) -> StoreError {
        match self {
            Self::Found(error) => error,
            Self::Engine(error) if is_of_content(&error) => {
                StoreError::Corrupt(format!("{context}: {error}"))
            }
            Self::Engine(error) => StoreError::Failed {
                context,
                why: error.to_string(),
            },
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Found(error)
    }
}

/// Whether the file could be read, and what it says cannot be.
fn is_of_content(error: &Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    ) || matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
    )
}
