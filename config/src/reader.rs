//! Reads parsed TOML key by key, and remembers where each value stands and what was wrong with it.
//!
//! A reader never stops at a fault: it notes it, returns `None` and lets its caller read on. Nothing here knows what a
//! key means.

mod field;
mod section;
mod text;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

pub(crate) use field::Field;
pub(crate) use section::Section;
pub(crate) use text::{Seen, Text};

use crate::{Fault, Purpose};

/// The text being read, what its values may refer to, and the faults found so far.
pub(crate) struct Document<'d> {
    source: &'d str,
    base_dir: &'d Path,
    purpose: Purpose,
    environment: &'d dyn Fn(&str) -> Option<String>,
    faults: RefCell<Vec<Fault>>,
}

impl<'d> Document<'d> {
    /// A document without faults yet.
    pub(crate) fn new(
        source: &'d str,
        base_dir: &'d Path,
        purpose: Purpose,
        environment: &'d dyn Fn(&str) -> Option<String>,
    ) -> Self {
        Self {
            source,
            base_dir,
            purpose,
            environment,
            faults: RefCell::new(Vec::new()),
        }
    }

    /// Reads the text with `read`, which is given the top of the document.
    ///
    /// What `read` returns counts only where nothing at all was wrong. Faults come in the order of the text.
    pub(crate) fn read<T>(
        self,
        read: impl FnOnce(&mut Section<'_>) -> Option<T>,
    ) -> Result<T, Vec<Fault>> {
        let (table, errors) = DeTable::parse_recoverable(self.source);
        let value = if errors.is_empty() {
            let mut root = Section::root(&self, table.get_ref());
            let value = read(&mut root);
            root.finish();
            value
        } else {
            // What a broken text still parses to says little: only its syntax is reported.
            for error in errors {
                let offset = error.span().map_or(0, |span| span.start);
                self.note(offset, String::new(), error.message().to_owned());
            }
            None
        };
        let mut faults = self.faults.into_inner();
        faults.sort_by_key(|fault| (fault.line, fault.column));
        match value {
            Some(value) if faults.is_empty() => Ok(value),
            Some(_) | None => Err(faults),
        }
    }

    /// What `read` returns, if the text is TOML. Faults are not told.
    pub(crate) fn glance<T>(self, read: impl FnOnce(&mut Section<'_>) -> Option<T>) -> Option<T> {
        let (table, errors) = DeTable::parse_recoverable(self.source);
        if errors.is_empty() {
            read(&mut Section::root(&self, table.get_ref()))
        } else {
            None
        }
    }

    fn note(&self, offset: usize, key: String, message: String) {
        let (line, column) = self.position(offset);
        self.faults.borrow_mut().push(Fault {
            line,
            column,
            key,
            message,
        });
    }

    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.source.get(..offset).unwrap_or(self.source);
        let line = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before
            .get(line_start..)
            .map_or(0, |line| line.chars().count());
        (line, column + 1)
    }

    /// Relative paths in the text are meant from the folder it stands in.
    fn resolve(&self, path: &str) -> PathBuf {
        self.base_dir.join(path)
    }
}
