//! What is wrong with a document, and where.

use std::fmt;

/// One thing that is wrong in one file of a policy directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The file, relative to the policy directory.
    pub file: String,
    /// Where in the file; `None` where the file as a whole is wrong.
    pub position: Option<Position>,
    /// The JSON path, such as `value[3].inboundTrust`; empty for a whole document.
    pub path: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// A place in a text, counted from 1 in lines and characters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Fault {}
