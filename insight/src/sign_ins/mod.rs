//! The sign-in events of the last weeks: kept, found, added up, and forgotten in time.
//!
//! A folder with a file for each day (UTC). In a file stand blocks of 4096 events, by column, with their lines packed in chunks; the last
//! events stand one by one until they make a block. 64 blocks are a run, which knows in which of them a value may be; sums are kept
//! beside, by hours and by who came. A page reads the few blocks that its filter leaves, a summary reads sums, and to forget a day is to delete
//! its file.
//!
//! An event is kept once, however often it is given: by its id, at its time. What [`Store::append`] has taken survives the end of the
//! process, and with `sync` that of the machine.

mod adding;
mod block;
mod bytes;
mod column;
mod condition;
mod error;
mod event;
mod files;
mod lines;
mod names;
mod needles;
mod rolling;
mod rollup;
mod run;
mod schema;
mod segment;
mod sums;
mod tally;
#[cfg(test)]
mod tests;
mod texts;
mod walk;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::adding::Adding;
use self::block::Row;
use self::files::{DAY, File, Look, begin_of, day_of, delete, size_of};
use self::segment::{PutAway, Segment};
use self::walk::Left;
pub use column::Column;
pub use condition::Condition;
pub use error::StoreError;
pub(crate) use event::Facts;
pub use event::truth_as_text;
pub use rollup::Sum;
pub use sums::{Asked, Step, Sums, Way, Ways, What, Who};
pub use walk::{Answer, End, Found, Patience, Position, Query};

/// How much is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Keep {
    /// Days beside today.
    pub days: u32,
    /// Bytes of all files.
    pub size: u64,
}

/// A store.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    keep: Keep,
    sync: bool,
    writing: Mutex<Writing>,
    /// How often events came that were late, by their day's beginning.
    late: Mutex<BTreeMap<i64, u64>>,
}

/// What tells whether sums of a day that is over, or of its hours, are still those of its events.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Edition {
    /// Files that it has.
    files: usize,
    /// The first of them: parts are forgotten from the front.
    first: u32,
    /// How often events came later than [`LATE`].
    late: u64,
}

/// What the one who writes knows of files.
#[derive(Debug, Default)]
struct Writing {
    open: BTreeMap<Date, Vec<Segment>>,
    /// Files that were put away, as they looked then: there is nothing to do where they still do.
    put_away: BTreeMap<PathBuf, Look>,
}

/// What became of lines.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Appended {
    /// Events that were kept.
    pub kept: usize,
    /// Events that were there already.
    pub known: usize,
    /// Lines that are no events. They are not kept.
    pub unreadable: usize,
}

/// A file that was deleted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Forgotten {
    /// Which.
    pub path: PathBuf,
    /// The day of its events.
    pub day: Date,
    /// Whether it was for want of room, and not of age.
    pub for_room: bool,
}

impl Store {
    /// Opens a folder, or makes one.
    ///
    /// # Errors
    /// It cannot be made or read.
    pub fn open(folder: &Path, keep: Keep, sync: bool) -> Result<Self, StoreError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(NEW_FOLDER)
            .create(folder)
            .map_err(|error| StoreError::io(folder, &error))?;
        let store = Self::reading(folder, keep, sync);
        store.files()?;
        Ok(store)
    }

    /// A folder that another process writes to.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn open_to_read(folder: &Path) -> Result<Self, StoreError> {
        let keep = Keep {
            days: u32::MAX,
            size: u64::MAX,
        };
        let store = Self::reading(folder, keep, false);
        fs::read_dir(folder).map_err(|error| StoreError::io(folder, &error))?;
        Ok(store)
    }

    fn reading(folder: &Path, keep: Keep, sync: bool) -> Self {
        Self {
            folder: folder.to_owned(),
            keep,
            sync,
            writing: Mutex::default(),
            late: Mutex::default(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keeps events: JSON objects, each ended by a line feed. They are on disk when it returns.
    ///
    /// # Errors
    /// Some may be kept and some not: give all of them again.
    pub fn append(&self, lines: &[u8]) -> Result<Appended, StoreError> {
        let mut appended = Appended::default();
        let mut days: BTreeMap<Date, Vec<Row>> = BTreeMap::new();
        for line in lines.split(|byte| *byte == b'\n') {
            if line.is_empty() {
                continue;
            }
            let row = std::str::from_utf8(line).ok().and_then(|line| {
                let facts = Facts::of(line)?;
                let day = day_of(facts.at)?;
                let line = line.into();
                Some((day, Row { facts, line }))
            });
            match row {
                None => appended.unreadable += 1,
                Some((day, row)) => days.entry(day).or_default().push(row),
            }
        }
        let over = Timestamp::now().as_millisecond().saturating_sub(LATE);
        let mut writing = self.writing();
        let writing = &mut writing.open;
        for (day, mut rows) in days {
            let given = rows.len();
            let is_late = rows.iter().any(|row| row.facts.at < over);
            rows.sort_by_key(|row| row.facts.place());
            rows.dedup_by_key(|row| row.facts.place());
            if writing.len() >= MOST_DAYS && !writing.contains_key(&day) {
                writing.pop_first();
            }
            let result = self.append_to(writing.entry(day).or_default(), day, rows);
            match result {
                Ok(kept) => {
                    if is_late && kept > 0 {
                        *self.late().entry(begin_of(day)).or_default() += 1;
                    }
                    appended.kept += kept;
                    appended.known += given - kept;
                }
                Err(error) => {
                    // What went wrong may be over when the file is opened again.
                    writing.remove(&day);
                    return Err(error);
                }
            }
        }
        Ok(appended)
    }

    fn append_to(
        &self,
        parts: &mut Vec<Segment>,
        day: Date,
        mut rows: Vec<Row>,
    ) -> Result<usize, StoreError> {
        if parts.is_empty() || parts.iter().any(|part| !part.path.exists()) {
            parts.clear();
            let mut damaged = None;
            for file in self.files()?.into_iter().filter(|file| file.day == day) {
                match Segment::open(&file.path, self.sync) {
                    Ok(part) => parts.push(part),
                    // What is in it cannot be told; what comes goes on in the next one.
                    Err(error) if error.is_of_one_file() => damaged = Some(file.part),
                    Err(error) => return Err(error),
                }
            }
            let last = parts.last().and_then(|part| File::at(&part.path));
            let next = match (last, damaged) {
                (None, None) => Some(0),
                (None, Some(damaged)) => Some(damaged + 1),
                (Some(last), Some(damaged)) if damaged > last.part => Some(damaged + 1),
                (Some(_), _) => None,
            };
            if let Some(part) = next {
                parts.push(Segment::open(&self.path_of(day, part), self.sync)?);
            }
        }
        if let Some(last) = parts.last()
            && size_of(&last.path) >= (self.keep.size / PARTS).clamp(LEAST_PART, MOST_PART)
        {
            let part = File::at(&last.path).map_or(0, |file| file.part);
            parts.push(Segment::open(&self.path_of(day, part + 1), self.sync)?);
        }
        let Some((last, earlier)) = parts.split_last_mut() else {
            return Ok(0);
        };
        for part in earlier {
            part.only_new(&mut rows)?;
        }
        last.append(rows)
    }

    /// Goes through events in the order of their times, and gives those that may be looked for to `take`.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn walk(
        &self,
        query: &Query,
        take: &mut dyn FnMut(Found<'_>) -> Answer,
    ) -> Result<End, StoreError> {
        let mut days: BTreeMap<Date, Vec<PathBuf>> = BTreeMap::new();
        let (from, to) = query.times();
        for file in self.files()? {
            if file.first_at() <= to && file.last_at() >= from {
                days.entry(file.day).or_default().push(file.path);
            }
        }
        let mut left = Left::of(query);
        let mut through = |paths: &Vec<PathBuf>| walk::through(paths, query, &mut left, take);
        let mut days: Vec<_> = days.into_values().collect();
        if query.descending {
            days.reverse();
        }
        for paths in &days {
            if let ControlFlow::Break(end) = through(paths)? {
                return Ok(end);
            }
        }
        Ok(End::All)
    }

    /// The event of an id, as it was given.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn get(&self, id: &str) -> Result<Option<String>, StoreError> {
        let query = Query {
            from: None,
            to: None,
            descending: true,
            after: None,
            condition: Condition::Is(Column::Id, Some(id.into())),
            patience: None,
        };
        let mut line = None;
        self.walk(&query, &mut |found| {
            line = Some(found.line.to_owned());
            Answer::Enough
        })?;
        Ok(line)
    }

    /// Adds up what came between two times.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn sums(&self, asked: &Asked) -> Result<Sums, StoreError> {
        let mut adding = Adding::new(*asked);
        for file in self.files()? {
            if file.first_at() < asked.to && file.last_at() >= asked.from {
                adding.file(&file.path)?;
            }
        }
        Ok(adding.sums())
    }

    /// The same of each hour or day (UTC) of these times, by its beginning. Those of which nothing is kept are left out.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn sums_by(&self, asked: &Asked, step: Step) -> Result<Vec<(i64, Sums)>, StoreError> {
        let length = step.milliseconds();
        let mut all = Vec::new();
        let mut days: Vec<_> = self.files()?.iter().map(File::first_at).collect();
        days.dedup();
        for day in days {
            for begin in (day..day + DAY).step_by(length as usize) {
                let asked = Asked {
                    from: asked.from.max(begin),
                    to: asked.to.min(begin + length),
                    ..*asked
                };
                if asked.from >= asked.to {
                    continue;
                }
                let sums = self.sums(&asked)?;
                if sums.total().events > 0 {
                    all.push((begin, sums));
                }
            }
        }
        Ok(all)
    }

    /// Forgets what is too old or too much, and puts away the days that are over. To be called now and then.
    ///
    /// # Errors
    /// A file cannot be deleted or written.
    pub fn tend(&self, now: Timestamp) -> Result<Vec<Forgotten>, StoreError> {
        let mut writing = self.writing();
        let today = now.to_zoned(TimeZone::UTC).date();
        let mut files = self.files()?;
        let mut forgotten = Vec::new();
        let oldest = today.saturating_sub(jiff::Span::new().days(self.keep.days.min(MOST_KEPT)));
        let mut size: u64 = files.iter().map(|file| size_of(&file.path)).sum();
        while let Some(file) = files.first() {
            let for_room = size > self.keep.size && files.len() > 1;
            if file.day >= oldest && !for_room {
                break;
            }
            let file = files.remove(0);
            writing.open.remove(&file.day);
            writing.put_away.remove(&file.path);
            size = size.saturating_sub(size_of(&file.path));
            delete(&file.path)?;
            forgotten.push(Forgotten {
                for_room: file.day >= oldest,
                day: file.day,
                path: file.path,
            });
        }
        let mut old = 0;
        for (place, file) in files.iter().enumerate() {
            // Events of repeats come a minute late.
            let is_over = file.last_at() + LATE < now.as_millisecond();
            let goes_on = files
                .get(place + 1)
                .is_some_and(|next| next.day == file.day);
            if !is_over && !goes_on {
                continue;
            }
            if is_over {
                writing.open.remove(&file.day);
            }
            if writing.put_away.get(&file.path) == Some(&Look::at(&file.path)) {
                continue;
            }
            match segment::put_away(&file.path, self.sync, old < MOST_OLD) {
                // Whoever reads it is told.
                Err(error) if error.is_of_one_file() => {}
                Err(error) => return Err(error),
                Ok(PutAway::Later) => continue,
                Ok(PutAway::WasOld) => old += 1,
                Ok(PutAway::Was) => {}
            }
            let look = Look::at(&file.path);
            writing.put_away.insert(file.path.clone(), look);
        }
        Ok(forgotten)
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of all files.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn size(&self) -> Result<u64, StoreError> {
        Ok(self.files()?.iter().map(|file| size_of(&file.path)).sum())
    }

    /// The days (UTC) of which something is kept, by their beginning in milliseconds since 1970.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn days(&self) -> Result<BTreeMap<i64, Edition>, StoreError> {
        let late = self.late().clone();
        let mut days: BTreeMap<i64, Edition> = BTreeMap::new();
        for file in self.files()? {
            let day = file.first_at();
            let edition = days.entry(day).or_insert(Edition {
                files: 0,
                first: file.part,
                late: late.get(&day).copied().unwrap_or_default(),
            });
            edition.files += 1;
        }
        Ok(days)
    }

    fn late(&self) -> MutexGuard<'_, BTreeMap<i64, u64>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> Result<Vec<File>, StoreError> {
        files::all(&self.folder)
    }

    fn path_of(&self, day: Date, part: u32) -> PathBuf {
        files::path_of(&self.folder, day, part)
    }
}

/// After a day is over its file is put away so much later, in milliseconds: repeats are told of a minute late, and later where a disk was slow.
/// What comes later still counts too, where sums are asked for again.
pub const LATE: i64 = 15 * 60 * 1000;

/// Days whose files are kept open for writing.
const MOST_DAYS: usize = 8;

/// Files of the version before that are brought up at once: each takes a busy day's file some seconds, in which events wait.
const MOST_OLD: usize = 1;

/// What is kept may be that much too much: one part of so many.
const PARTS: u64 = 16;

/// A smaller one is not worth a file.
const LEAST_PART: u64 = 16 << 20;

/// A larger one is unhandy, and takes longer to be summed up.
const MOST_PART: u64 = 2 << 30;

/// A hundred years, which dates do not run out of.
const MOST_KEPT: u32 = 36_500;

/// Events tell who was where: not for everybody on the machine.
const NEW_FOLDER: u32 = 0o750;
