//! Files of sign-in events, as commands read them.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::ending::Failure;

/// Goes through the lines of files, each with the place where it stands; `-` is standard input. Empty lines are none.
pub(super) fn each_line(
    files: &[PathBuf],
    mut take: impl FnMut(Place<'_>, &[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for file in files {
        let unreadable = |error: &io::Error| {
            let shown = file.display();
            Failure::Unusable(format!("{shown}: cannot be read: {error}; check the path"))
        };
        let reader: Box<dyn BufRead> = if file == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            let opened = File::open(file).map_err(|error| unreadable(&error))?;
            Box::new(BufReader::with_capacity(BUFFER, opened))
        };
        lines(file, reader, &mut take, &unreadable)?;
    }
    Ok(())
}

fn lines(
    file: &Path,
    mut reader: Box<dyn BufRead>,
    take: &mut impl FnMut(Place<'_>, &[u8]) -> Result<(), Failure>,
    unreadable: &impl Fn(&io::Error) -> Failure,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line);
        if read.map_err(|error| unreadable(&error))? == 0 {
            break;
        }
        if !line.iter().all(u8::is_ascii_whitespace) {
            take(Place { file, number }, &line)?;
        }
    }
    Ok(())
}

/// Where a line stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'f> {
    file: &'f Path,
    number: u64,
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.number)
    }
}

const BUFFER: usize = 1 << 20;
