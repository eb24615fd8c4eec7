//! `crossgate policy export`: a state of the store as a policy directory.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use crossgate_control::store::{Sequence, Store as _};
use crossgate_control::transfer::{ExportError, export};

use super::super::ending::{Failure, Verdict};
use super::super::store::{Configured, must_have_been};
use super::counted;

/// What to write, and where to.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    configured: Configured,
    /// The directory: absent or empty.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The policy as it was right after this change, as `history` numbers them.
    #[arg(long, value_name = "CHANGE")]
    at: Option<Sequence>,
}

/// Writes it.
pub(super) fn run(args: &ExportArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let store = args.configured.site()?.read()?;
    let at = match args.at {
        Some(at) => {
            must_have_been(&store, at, "--at")?;
            at
        }
        None => store.head()?.sequence,
    };
    let mut writer = Writer::begin(&args.directory)?;
    let exported = export(&store, at, &mut |path, text| writer.append(path, text));
    let exported = exported.and_then(|exported| {
        let finished = writer.finish().map_err(ExportError::Write);
        finished.map(|()| exported)
    });
    let exported = exported.map_err(|error| {
        Failure::Unusable(match error {
            ExportError::Store(error) => error.to_string(),
            ExportError::Write((path, error)) => format!(
                "{}: cannot be written: {error}; what is in `{}` is no whole policy",
                path.display(),
                args.directory.display()
            ),
        })
    })?;
    let documents = u64::try_from(exported.documents).unwrap_or(u64::MAX);
    let partners = u64::try_from(exported.partners).unwrap_or(u64::MAX);
    writeln!(
        out,
        "{}: {} as of change {at}, {} among them",
        args.directory.display(),
        counted(documents, "document"),
        counted(partners, "partner"),
    )?;
    Ok(Verdict::Good)
}

/// Files below a directory.
struct Writer {
    directory: PathBuf,
    /// Files with a document a line, which are written in parts.
    lines: HashMap<String, BufWriter<File>>,
}

type Failed = (PathBuf, io::Error);

impl Writer {
    fn begin(directory: &Path) -> Result<Self, Failure> {
        let shown = directory.display();
        let unusable = |error: &io::Error| Failure::Unusable(format!("{shown}: {error}"));
        match fs::read_dir(directory) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(Failure::Unusable(format!(
                        "{shown}: is not empty; name a directory that is, or is not there yet"
                    )));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(directory).map_err(|error| unusable(&error))?;
            }
            Err(error) => return Err(unusable(&error)),
        }
        Ok(Self {
            directory: directory.to_owned(),
            lines: HashMap::new(),
        })
    }

    fn append(&mut self, path: &str, text: &str) -> Result<(), Failed> {
        let file = self.directory.join(path);
        let failed = |error| (file.clone(), error);
        if let Some(lines) = self.lines.get_mut(path) {
            return lines.write_all(text.as_bytes()).map_err(failed);
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        // Two keys that differ in letter case alone have one name on some systems.
        let mut made = File::create_new(&file).map_err(failed)?;
        if !path.ends_with(".jsonl") {
            return made.write_all(text.as_bytes()).map_err(failed);
        }
        let mut lines = BufWriter::new(made);
        lines.write_all(text.as_bytes()).map_err(failed)?;
        self.lines.insert(path.to_owned(), lines);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Failed> {
        for (path, lines) in &mut self.lines {
            lines
                .flush()
                .map_err(|error| (self.directory.join(path), error))?;
        }
        Ok(())
    }
}
