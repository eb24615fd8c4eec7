//! Where policy documents, their history and the audit are kept.
//!
//! One interface, so that a fleet's database can stand where a file does. Nothing above it may count on more than
//! it promises.

mod chain;
mod sqlite;

use std::fmt;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;

use crate::document::{Address, DocumentKind, Write};

pub use chain::{ChainHash, Noted, NotedError};
pub use sqlite::Sqlite;

/// Counts changes from 1, without gaps; 0 is the empty store. Every audit record is one, also one of an attempt that
/// changed nothing.
pub type Sequence = u64;

/// A document in the store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stored {
    /// Which.
    pub address: Address,
    /// The change that wrote it: its version.
    pub since: Sequence,
    /// One JSON object.
    pub text: Box<str>,
}

/// One version of a document, perhaps long gone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Version {
    /// The change that brought it.
    pub since: Sequence,
    /// The change that replaced or removed it; `None` while it is there.
    pub until: Option<Sequence>,
    /// One JSON object.
    pub text: Box<str>,
}

/// Where the store stands.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Head {
    /// The last audit record.
    pub sequence: Sequence,
    /// The last record that came with a change of documents.
    pub changed: Sequence,
    /// Hash of the last record, which covers all before it.
    pub hash: ChainHash,
    /// The hash of the record of `changed`: names the documents that stand there.
    pub changed_hash: ChainHash,
}

impl Head {
    /// What to write down elsewhere, for [`Store::verify`] to find again.
    #[must_use]
    pub const fn noted(&self) -> Noted {
        Noted {
            sequence: self.sequence,
            hash: self.hash,
        }
    }
}

/// An audit record, and the documents that change with it: both are stored, or neither.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When; kept to the microsecond.
    pub at: Timestamp,
    /// Its `id`, unique.
    pub id: Box<str>,
    /// Graph's `directoryAudit`, one JSON object.
    pub record: Box<str>,
    /// What changes, in any order; of several writes to one address the last counts. Removing what is not there, and
    /// writing the very text that is there, changes nothing and makes no version.
    pub writes: Vec<Write>,
}

/// An audit record in the store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Audited {
    /// Its place.
    pub sequence: Sequence,
    /// When.
    pub at: Timestamp,
    /// Graph's `directoryAudit`, one JSON object.
    pub record: Box<str>,
}

/// Which audit records, in the order of their times, and of their sequence where times are the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditRange {
    /// None earlier than this.
    pub from: Option<Timestamp>,
    /// None later than this.
    pub to: Option<Timestamp>,
    /// The latest first.
    pub descending: bool,
    /// Go on behind this record, in the order of the range.
    pub after: Option<Sequence>,
}

/// What an examination of the audit and the documents found in order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    /// The end of the chain.
    pub head: Head,
    /// Documents that are as their last change left them.
    pub documents: u64,
}

/// Somebody's sign-in, or a request of theirs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignIn {
    /// When; kept to the microsecond.
    pub at: Timestamp,
    /// The id of its sign-in event.
    pub request: Box<str>,
}

/// When a guest came last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignInActivity {
    /// Whatever came of it.
    pub last: SignIn,
    /// And was let in.
    pub successful: Option<SignIn>,
}

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed something since the caller looked: it must look again.
    #[error("the store has been changed by another process")]
    Moved,
    /// The store holds what no version of this program wrote, or was damaged or edited.
    #[error("{0}")]
    Corrupt(String),
    /// The store is of a newer version of this program, or of something else.
    #[error("{0}")]
    Foreign(String),
    /// It cannot be read or written.
    #[error("{context}: {why}")]
    Failed {
        /// What was tried.
        context: &'static str,
        /// The engine's words.
        why: String,
    },
}

/// Documents with their history, and the audit. Calls block; they never run on a thread that serves apps' requests.
pub trait Store: fmt::Debug + Send + Sync {
    /// Where it stands.
    ///
    /// # Errors
    /// It cannot be read.
    fn head(&self) -> Result<Head, StoreError>;

    /// One document.
    ///
    /// # Errors
    /// It cannot be read.
    fn get(&self, address: &Address) -> Result<Option<Stored>, StoreError>;

    /// Documents of a kind in the order of their keys, behind a key.
    ///
    /// # Errors
    /// It cannot be read.
    fn page(
        &self,
        kind: DocumentKind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError>;

    /// Number of documents of a kind.
    ///
    /// # Errors
    /// It cannot be read.
    fn count(&self, kind: DocumentKind) -> Result<u64, StoreError>;

    /// Goes through the documents of a kind as (key, text), in no particular order; of one state, however long it takes,
    /// and tells which. `part` lets several callers go through them together, each on a thread of its own: their parts
    /// are a whole if [`Head::changed`] is the same for all of them, and otherwise to be read again.
    ///
    /// # Errors
    /// It cannot be read.
    fn each(
        &self,
        kind: DocumentKind,
        part: Share,
        take: &mut dyn FnMut(&str, &str),
    ) -> Result<Head, StoreError>;

    /// Appends an audit record and applies its writes, in one transaction that is on disk when this returns. `known` is
    /// the last record that the caller has seen.
    ///
    /// # Errors
    /// [`StoreError::Moved`] where there are records behind `known`; or it cannot be written. Nothing was written then,
    /// as far as the store can tell: where a disk fails while a record is made durable, it may be found there later,
    /// whole.
    fn append(&self, known: Sequence, entry: &Entry) -> Result<Head, StoreError>;

    /// Addresses that changes behind this one wrote or removed, each once, and where the store stands by then.
    ///
    /// # Errors
    /// It cannot be read.
    fn changed_since(&self, sequence: Sequence) -> Result<(Vec<Address>, Head), StoreError>;

    /// Documents that a change wrote or removed: the first ones, and how many there are.
    ///
    /// # Errors
    /// It cannot be read.
    fn changed_by(
        &self,
        sequence: Sequence,
        limit: usize,
    ) -> Result<(Vec<Address>, u64), StoreError>;

    /// Every version of a document, the oldest first.
    ///
    /// # Errors
    /// It cannot be read.
    fn history(&self, address: &Address) -> Result<Vec<Version>, StoreError>;

    /// The latest versions of a document, the latest first, at most so many.
    ///
    /// # Errors
    /// They cannot be read.
    fn latest(&self, address: &Address, limit: usize) -> Result<Vec<Version>, StoreError>;

    /// Goes through the documents of a kind as they were right after a change, as (key, version) in the order of keys.
    ///
    /// # Errors
    /// It cannot be read.
    fn each_at(
        &self,
        kind: DocumentKind,
        sequence: Sequence,
        take: &mut dyn FnMut(&str, Version),
    ) -> Result<(), StoreError>;

    /// Goes through audit records until told to stop.
    ///
    /// # Errors
    /// It cannot be read.
    fn audits(
        &self,
        range: AuditRange,
        take: &mut dyn FnMut(Audited) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// The audit record of this id.
    ///
    /// # Errors
    /// It cannot be read.
    fn audit(&self, id: &str) -> Result<Option<Audited>, StoreError>;

    /// Goes through the changes of documents, the latest first, as (number, hash of its record), until told to stop.
    ///
    /// # Errors
    /// It cannot be read.
    fn changes(
        &self,
        take: &mut dyn FnMut(Sequence, ChainHash) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// Examines the whole chain of audit records, and whether every document and every old version is as the change
    /// that brought it left it.
    ///
    /// Finds a record that was edited, removed, inserted or moved, and a document or an old version that was changed past
    /// the audit. There is no secret in the chain. So it alone cannot show that its last records are missing together
    /// with what they changed, nor that somebody who may write to the store has made everything from some record on
    /// anew, with hashes that fit. A place of the chain that was noted out of their reach shows both: `noted` must be in
    /// the chain as it was.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the first record that does not fit, or the document.
    fn verify(&self, noted: Option<Noted>) -> Result<Verified, StoreError>;

    /// Notes when guests came, by the ids of their records, in one transaction: what is newer than what stands there takes its place.
    /// Of somebody without a record nothing is noted, and a record that is removed takes with it what was. Beside the documents, without a
    /// history.
    ///
    /// # Errors
    /// It cannot be written.
    fn note_sign_ins(&self, activity: &[(Box<str>, SignInActivity)]) -> Result<(), StoreError>;

    /// When a guest came last, as far as it was noted.
    ///
    /// # Errors
    /// It cannot be read.
    fn sign_in_activity(&self, guest: &str) -> Result<Option<SignInActivity>, StoreError>;

    /// Since when that is noted.
    ///
    /// # Errors
    /// It cannot be read.
    fn sign_ins_since(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Writes a copy of one state to a new file while the store is in use.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    fn backup(&self, to: &Path) -> Result<(), StoreError>;
}

/// A part of a kind's documents.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Share {
    index: usize,
    of: usize,
}

impl Share {
    /// All of them.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// This many parts of about the same size, which add up to the whole.
    pub fn split(of: NonZero<usize>) -> impl Iterator<Item = Self> + Clone {
        let of = of.get();
        (0..of).map(move |index| Self { index, of })
    }

    /// Which, from 0 to below [`Share::of`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.index
    }

    /// Of how many.
    #[must_use]
    pub const fn of(self) -> usize {
        self.of
    }
}
