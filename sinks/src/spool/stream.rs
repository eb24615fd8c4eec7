//! One stream's folder.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use super::position::Position;
use super::{durable, segment};
use crate::status::Status;

/// A stream that is this process's.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) folder: PathBuf,
    pub(super) name: Arc<str>,
    pub(super) position: Position,
    /// Where appending goes on.
    pub(super) end: End,
    /// Held as long as anybody reads the stream or appends to it.
    pub(super) lock: Arc<File>,
}

/// Whether a folder is called as streams are.
pub(super) fn is_name(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.len() == 32 && Uuid::try_parse(&name).is_ok_and(|id| id.get_version_num() == 7)
}

/// How far a stream is written: what is behind it may be half there.
#[derive(Clone, Debug)]
pub(super) struct End(Arc<AtomicU64>);

impl End {
    /// The sequence number of the next event.
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn set(&self, next: u64) {
        self.0.store(next, Ordering::Release);
    }
}

impl Stream {
    /// Begins a new one.
    pub(super) fn make(spool: &Path, sync: bool, status: &Arc<Status>) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let folder = spool.join(Uuid::now_v7().simple().to_string());
            // Events tell who was where: not for everybody on the machine.
            fs::DirBuilder::new().mode(0o750).create(&folder)?;
            // Another process that looks around takes one that nobody has locked yet, and deletes it.
            if let Some(made) = Self::open(folder, sync, status)? {
                if sync {
                    durable::folder(&made.folder)?;
                    durable::folder(spool)?;
                }
                return Ok(made);
            }
        }
        Err(io::Error::other("other processes take every new stream"))
    }

    /// Opens one that is there; with `sync` the disk confirms how far it is delivered. `None` where another process has it, or has deleted it meanwhile.
    pub(super) fn open(
        folder: PathBuf,
        sync: bool,
        status: &Arc<Status>,
    ) -> io::Result<Option<Self>> {
        match Self::lock(folder, sync, status) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            result => result,
        }
    }

    fn lock(folder: PathBuf, sync: bool, status: &Arc<Status>) -> io::Result<Option<Self>> {
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let name = folder.file_name().unwrap_or_default();
        let name = Arc::from(name.to_string_lossy());
        let mut position = Position::open(&folder.join(DELIVERED), sync)?;
        let segments = segment::all(&folder)?;
        if let Some(first) = segments.first() {
            // Whatever stood before it was delivered, else it would be there.
            position.skip_to(*first);
        }
        let mut end = position.next();
        if let Some(last) = segments.last() {
            let path = segment::path(&folder, *last);
            let good = segment::good(&path)?;
            let behind = segment::behind(&path, good)?;
            if behind == 0 {
                segment::cut(&path, good.bytes)?;
            } else {
                // It is not gone on with. What is behind the damage is kept aside and counted when all before it is delivered.
                tracing::error!(
                    segment = %path.display(),
                    "sign-ins: the disk has damaged the spool; {behind} events cannot be sent"
                );
            }
            // A machine that crashed may have lost events that were delivered: their numbers are not given again.
            end = end.max(last + good.events + behind);
        }
        for first in &segments {
            status.grew(fs::metadata(segment::path(&folder, *first))?.len());
        }
        status.came(end - position.next());
        Ok(Some(Self {
            folder,
            name,
            position,
            end: End(Arc::new(AtomicU64::new(end))),
            lock: Arc::new(lock),
        }))
    }

    /// Events that wait in one that may be somebody else's: nothing is locked and nothing changed.
    pub(super) fn waiting(folder: &Path) -> io::Result<u64> {
        let segments = segment::all(folder)?;
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Ok(0);
        };
        let good = segment::good(&segment::path(folder, *last))?;
        let delivered = Position::look(&folder.join(DELIVERED)).unwrap_or(1);
        Ok((last + good.events).saturating_sub(delivered.max(*first)))
    }

    /// Whether a process has it. The lock is asked for and let go: who opens the stream in this very moment takes another one, and finds it
    /// again soon.
    pub(super) fn is_held(folder: &Path) -> io::Result<bool> {
        let lock = match File::open(folder.join(LOCK)) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        match lock.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Deletes it, where it is delivered and nobody appends to it.
    pub(super) fn delete(self, status: &Status) -> io::Result<()> {
        for first in segment::all(&self.folder)? {
            let path = segment::path(&self.folder, first);
            let bytes = fs::metadata(&path)?.len();
            fs::remove_file(&path)?;
            status.shrank(bytes);
        }
        fs::remove_dir_all(&self.folder)
    }
}

/// The file that says how far a stream is delivered.
const DELIVERED: &str = "delivered";

/// The file that is locked by who has the stream.
const LOCK: &str = "lock";

/// The moment in which a new one can be taken is short.
const ATTEMPTS: u32 = 100;
