//! What is wrong with a configuration, and where.

use std::fmt;

/// One thing wrong in `crossgate.toml`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The key, such as `issuer[1].cloud` or `app[0].upstreams[0]`; empty where the text is not TOML.
    pub key: String,
    /// What is wrong, what was expected and what to do.
    pub message: String,
}

impl Fault {
    /// The same line of text for a configuration that bears another name than `crossgate.toml`.
    #[must_use]
    pub fn in_file<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        FaultIn { fault: self, file }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.in_file(USUAL_NAME).fmt(f)
    }
}

impl std::error::Error for Fault {}

struct FaultIn<'a> {
    fault: &'a Fault,
    file: &'a str,
}

impl fmt::Display for FaultIn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault {
            line,
            column,
            key,
            message,
        } = self.fault;
        write!(f, "{}:{line}:{column}: ", self.file)?;
        if !key.is_empty() {
            write!(f, "{key}: ")?;
        }
        f.write_str(message)
    }
}

/// What the file is called unless its reader says otherwise.
const USUAL_NAME: &str = "crossgate.toml";
