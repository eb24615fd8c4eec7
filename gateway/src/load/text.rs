//! Text files, and what to tell where one cannot be read.

use std::io::{Error, ErrorKind};
use std::path::Path;

/// The text of a file, or what is wrong as `file: message`.
pub(super) fn read(file: &Path) -> Result<String, String> {
    let shown = file.display();
    let bytes = std::fs::read(file).map_err(|error| format!("{shown}: {}", why(&error)))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("{shown}:{line}: is not text in UTF-8; save it in that encoding")
    })
}

/// Why something cannot be read, and what to do.
pub(super) fn why(error: &Error) -> String {
    let kind = error.kind();
    if kind == ErrorKind::NotFound {
        "does not exist; check the path".to_owned()
    } else if kind == ErrorKind::PermissionDenied {
        "may not be read by this user; change its permissions".to_owned()
    } else if kind == ErrorKind::IsADirectory {
        "is a folder; expected a file".to_owned()
    } else {
        format!("cannot be read: {error}")
    }
}
