//! What is told about the files of an operator.

use std::fmt;

/// Something about one file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The file's name.
    pub file: String,
    /// The line, counted from 1, where that is known.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub what: String,
}

/// Why pages cannot be made of these files: every fault of all of them.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct PagesFault {
    /// At least one.
    pub faults: Vec<Finding>,
}

impl Finding {
    pub(super) fn new(file: &str, line: Option<usize>, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what } = self;
        match line {
            Some(line) => write!(f, "{file}, line {line}: {what}"),
            None => write!(f, "{file}: {what}"),
        }
    }
}

impl fmt::Display for PagesFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults.len() {
            1 => write!(f, "pages: 1 problem")?,
            count => write!(f, "pages: {count} problems")?,
        }
        for fault in &self.faults {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

/// The line of a byte of a text, counted from 1.
pub(super) fn line_at(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().iter().take(byte);
    before.filter(|byte| **byte == b'\n').count() + 1
}
