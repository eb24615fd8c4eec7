//! Events on the standard output, for container platforms that collect it.

use std::io::{self, Write as _};

use super::{Failed, Sink, write_counted};

/// The standard output; logs go to the standard error.
#[derive(Debug)]
pub(crate) struct StdoutSink;

impl Sink for StdoutSink {
    fn write(&mut self, lines: &[u8]) -> Result<(), Failed> {
        let mut out = io::stdout().lock();
        write_counted(&mut out, lines)?;
        // Whole lines leave nothing in the buffer behind a line feed, but only by the library's present habit. What
        // was accepted by the buffer is not taken back when this fails: it is tried again with the next lines.
        out.flush().map_err(|error| Failed {
            written: lines.len(),
            error,
        })
    }
}
