//! A copy of the file while it is in use.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::super::StoreError;
use super::file;
use super::stop::Stop;

/// Copies to another name first: what has the name of the copy is never half of one.
pub(super) fn backup(from: &Connection, to: &Path) -> Result<(), Stop> {
    let part = with_ending(to, ".part");
    file::create(to).map_err(|error| cannot_write(to, &error))?;
    let copied = file::create(&part)
        .map_err(|error| cannot_write(&part, &error))
        .and_then(|()| {
            let copied = copy(from, &part).and_then(|()| {
                fs::rename(&part, to)
                    .and_then(|()| file::sync_folder_of(to))
                    .map_err(|error| cannot_write(to, &error))
            });
            if copied.is_err() {
                remove(&part);
            }
            copied
        });
    if copied.is_err() {
        remove(to);
    }
    copied
}

fn copy(from: &Connection, part: &Path) -> Result<(), Stop> {
    let mut to = Connection::open_with_flags(
        part,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    // All in one step: a copy in several would begin anew whenever somebody writes.
    let step = Backup::new(from, &mut to)?.step(-1)?;
    if step != StepResult::Done {
        return Err(failed(format!("the engine stopped early ({step:?})")));
    }
    // One file with no log beside it, which can also be read where nothing can be written.
    to.pragma_update(None, "journal_mode", "delete")?;
    to.close().map_err(|(_, error)| error)?;
    File::open(part)
        .and_then(|file| file.sync_all())
        .map_err(|error| cannot_write(part, &error))
}

/// What is left of a copy that failed; that it did is being told already.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn cannot_write(path: &Path, error: &io::Error) -> Stop {
    let why = if error.kind() == ErrorKind::AlreadyExists {
        "it exists; name a file that does not".to_owned()
    } else {
        error.to_string()
    };
    failed(format!("`{}`: {why}", path.display()))
}

fn failed(why: String) -> Stop {
    Stop::Found(StoreError::Failed {
        context: "copying the store",
        why,
    })
}
