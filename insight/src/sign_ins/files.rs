//! The files of a store, by their names and by how they look from outside.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::error::StoreError;

/// The files there are in a folder, the oldest first.
pub(super) fn all(folder: &Path) -> Result<Vec<File>, StoreError> {
    let failed = |error| StoreError::io(folder, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        files.extend(File::at(&entry.map_err(failed)?.path()));
    }
    files.sort_by_key(|file| (file.day, file.part));
    Ok(files)
}

/// Where a part of a day stands.
pub(super) fn path_of(folder: &Path, day: Date, part: u32) -> PathBuf {
    folder.join(format!("{day}.{part}.{SUFFIX}"))
}

/// A file, by its name: `2026-01-31.0.events`.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) day: Date,
    /// Of a day that is large.
    pub(super) part: u32,
}

impl File {
    pub(super) fn at(path: &Path) -> Option<Self> {
        let mut name = path.file_name()?.to_str()?.split('.');
        let (day, part, suffix) = (name.next()?, name.next()?, name.next()?);
        (suffix == SUFFIX && name.next().is_none()).then_some(())?;
        Some(Self {
            path: path.to_owned(),
            day: day.parse().ok()?,
            part: part.parse().ok()?,
        })
    }

    pub(super) fn first_at(&self) -> i64 {
        begin_of(self.day)
    }

    pub(super) fn last_at(&self) -> i64 {
        self.first_at().saturating_add(DAY - 1)
    }
}

/// What tells that a file was written to: length and time of it and of what belongs to it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Look([Option<(u64, SystemTime)>; 2]);

impl Look {
    pub(super) fn at(path: &Path) -> Self {
        let [file, log, _] = companions(path);
        Self([file, log].map(|path| {
            let metadata = path.metadata().ok()?;
            Some((metadata.len(), metadata.modified().ok()?))
        }))
    }
}

pub(super) fn begin_of(day: Date) -> i64 {
    let begin = day.to_zoned(TimeZone::UTC);
    begin.map_or(i64::MIN, |begin| begin.timestamp().as_millisecond())
}

pub(super) fn day_of(at: i64) -> Option<Date> {
    let at = Timestamp::from_millisecond(at).ok()?;
    Some(at.to_zoned(TimeZone::UTC).date())
}

/// A file with what belongs to it.
pub(super) fn size_of(path: &Path) -> u64 {
    companions(path)
        .iter()
        .filter_map(|path| path.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}

pub(super) fn delete(path: &Path) -> Result<(), StoreError> {
    for path in companions(path) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(StoreError::io(&path, &error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

pub(super) fn companions(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}

/// How files of events are told from others.
const SUFFIX: &str = "events";

/// In milliseconds.
pub(super) const DAY: i64 = 24 * 60 * 60 * 1000;
