//! Where events go. A sink takes whole lines and says how far it got; retrying is the writer's.

mod file;
mod spooled;
mod stdout;
mod store;

use std::io::{self, Write};

use crossgate_config::{SignIns as Settings, Sink as SinkSettings};

pub(super) use file::FileSink;
pub(super) use spooled::SpooledSink;
pub(super) use stdout::StdoutSink;
pub(super) use store::StoreSink;

/// One destination of events.
pub(super) trait Sink: Send {
    /// Writes these lines, each ended by a line feed.
    fn write(&mut self, lines: &[u8]) -> Result<(), Failed>;

    /// Writes what it can without making the writer wait, and answers how many bytes need not be kept any more. It gets the others again, and
    /// what came meanwhile behind them.
    fn take(&mut self, lines: &[u8]) -> Result<usize, Failed> {
        self.write(lines).map(|()| lines.len())
    }

    /// Nothing more comes: what goes on behind it may end, and is not waited for.
    fn end(&self) {}
}

/// A write that got only part of the way.
#[derive(Debug)]
pub(super) struct Failed {
    /// So many bytes of the lines need not be written again.
    pub(super) written: usize,
    /// What stopped it.
    pub(super) error: io::Error,
}

/// Opens a sink and says what metrics call it.
pub(super) fn open(
    sink: &SinkSettings,
    settings: &Settings,
) -> io::Result<(String, Box<dyn Sink>)> {
    match sink {
        SinkSettings::File(path) => {
            let file = FileSink::open(path.clone(), settings.rotation, settings.fsync).map_err(
                |error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display())),
            )?;
            Ok((format!("file:{}", path.display()), Box::new(file)))
        }
        SinkSettings::Stdout => Ok(("stdout".to_owned(), Box::new(StdoutSink))),
    }
}

/// Writes it all, or says how many bytes went out before it failed.
fn write_counted(out: &mut impl Write, bytes: &[u8]) -> Result<(), Failed> {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        let error = match out.write(rest) {
            Ok(0) => io::ErrorKind::WriteZero.into(),
            Ok(more) => {
                written += more;
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => error,
        };
        return Err(Failed { written, error });
    }
    Ok(())
}
