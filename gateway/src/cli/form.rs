//! How lists are printed: lines for people, or JSON for scripts.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde::Serialize;

/// How to print.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Output {
    /// How to print.
    #[arg(long = "output", value_name = "FORM", default_value = "text")]
    pub(super) form: Form,
}

/// How to print.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Form {
    /// Lines for people.
    Text,
    /// JSON for scripts.
    Json,
}

/// A JSON array that is written item by item.
pub(super) struct List<W> {
    out: W,
    is_empty: bool,
}

impl<W: Write> List<W> {
    pub(super) const fn new(out: W) -> Self {
        Self {
            out,
            is_empty: true,
        }
    }

    pub(super) fn push(&mut self, item: &impl Serialize) -> io::Result<()> {
        let start: &[u8] = if self.is_empty { b"[\n" } else { b",\n" };
        self.is_empty = false;
        self.out.write_all(start)?;
        Ok(serde_json::to_writer(&mut self.out, item)?)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        let end: &[u8] = if self.is_empty { b"[]\n" } else { b"\n]\n" };
        self.out.write_all(end)?;
        self.out.flush()
    }
}
