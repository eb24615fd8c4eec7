//! The store in one SQLite file, for one machine: the gateway and the command line may have it open together.
//!
//! The file beside it that ends in `-wal` is part of it while any process has it open: copy it with
//! [`Store::backup`], not as a file, and put a copy in its place only while nobody has it open.

mod append;
mod audits;
mod backup;
mod documents;
mod file;
mod number;
mod open;
mod readers;
mod schema;
mod sign_ins;
mod stop;
mod verify;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::Connection;

use self::open::Purpose;
use self::readers::Readers;
use super::{
    AuditRange, Audited, ChainHash, Entry, Head, Noted, Sequence, Share, SignInActivity, Store,
    StoreError, Stored, Verified, Version,
};
use crate::document::{Address, DocumentKind};

/// A store in an SQLite file.
#[derive(Debug)]
pub struct Sqlite {
    // Before the writer: the last connection to close takes the write-ahead log into the file, which readers cannot.
    readers: Readers,
    writer: Mutex<Connection>,
}

impl Sqlite {
    /// Opens a store, and makes it where there is none: for its owner alone (mode 0600). Reads the whole file once, to
    /// see that it is not damaged.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] where the file is another program's or a newer version's, [`StoreError::Corrupt`] where
    /// it is damaged; or it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_for(path, Purpose::CreateOrChange)
    }

    /// Opens a store that is there.
    ///
    /// # Errors
    /// As for [`Sqlite::open`], and where there is none.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        Self::open_for(path, Purpose::Change)
    }

    /// Opens a store that is there, and changes nothing of it: [`Store::append`] always fails.
    ///
    /// # Errors
    /// As for [`Sqlite::open_existing`], and where it is of an older version.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        Self::open_for(path, Purpose::Read)
    }

    fn open_for(path: &Path, purpose: Purpose) -> Result<Self, StoreError> {
        let writer = open::open(path, purpose)?;
        Ok(Self {
            readers: Readers::of(path),
            writer: Mutex::new(writer),
        })
    }
}

impl Store for Sqlite {
    fn head(&self) -> Result<Head, StoreError> {
        self.readers.read("reading the head", documents::head)
    }

    fn get(&self, address: &Address) -> Result<Option<Stored>, StoreError> {
        self.readers
            .read("reading a document", |state| documents::get(state, address))
    }

    fn page(
        &self,
        kind: DocumentKind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.readers.read("reading a page of documents", |state| {
            documents::page(state, kind, after, limit)
        })
    }

    fn count(&self, kind: DocumentKind) -> Result<u64, StoreError> {
        self.readers
            .read("counting documents", |state| documents::count(state, kind))
    }

    fn each(
        &self,
        kind: DocumentKind,
        part: Share,
        take: &mut dyn FnMut(&str, &str),
    ) -> Result<Head, StoreError> {
        self.readers.read("reading documents", |state| {
            documents::each(state, kind, part, take)
        })
    }

    fn append(&self, known: Sequence, entry: &Entry) -> Result<Head, StoreError> {
        // What a panic left undone was rolled back when its transaction was dropped.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        append::append(&mut writer, known, entry)
            .map_err(|stop| stop.during("appending an audit record"))
    }

    fn changed_since(&self, sequence: Sequence) -> Result<(Vec<Address>, Head), StoreError> {
        self.readers.read("reading what changed", |state| {
            documents::changed_since(state, sequence)
        })
    }

    fn changed_by(
        &self,
        sequence: Sequence,
        limit: usize,
    ) -> Result<(Vec<Address>, u64), StoreError> {
        self.readers.read("reading what a change wrote", |state| {
            documents::changed_by(state, sequence, limit)
        })
    }

    fn history(&self, address: &Address) -> Result<Vec<Version>, StoreError> {
        self.readers.read("reading a document's history", |state| {
            documents::history(state, address)
        })
    }

    fn latest(&self, address: &Address, limit: usize) -> Result<Vec<Version>, StoreError> {
        self.readers
            .read("reading a document's latest versions", |state| {
                documents::latest(state, address, limit)
            })
    }

    fn each_at(
        &self,
        kind: DocumentKind,
        sequence: Sequence,
        take: &mut dyn FnMut(&str, Version),
    ) -> Result<(), StoreError> {
        self.readers.read("reading earlier documents", |state| {
            documents::each_at(state, kind, sequence, take)
        })
    }

    fn audits(
        &self,
        range: AuditRange,
        take: &mut dyn FnMut(Audited) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.readers.read("reading audit records", |state| {
            audits::audits(state, range, take)
        })
    }

    fn audit(&self, id: &str) -> Result<Option<Audited>, StoreError> {
        self.readers
            .read("reading an audit record", |state| audits::audit(state, id))
    }

    fn changes(
        &self,
        take: &mut dyn FnMut(Sequence, ChainHash) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.readers
            .read("reading changes", |state| audits::changes(state, take))
    }

    fn verify(&self, noted: Option<Noted>) -> Result<Verified, StoreError> {
        self.readers
            .read("examining the store", |state| verify::verify(state, noted))
    }

    fn note_sign_ins(&self, activity: &[(Box<str>, SignInActivity)]) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        sign_ins::note(&mut writer, activity).map_err(|stop| stop.during("noting sign-ins"))
    }

    fn sign_in_activity(&self, guest: &str) -> Result<Option<SignInActivity>, StoreError> {
        self.readers
            .read("reading a sign-in", |state| sign_ins::get(state, guest))
    }

    fn sign_ins_since(&self) -> Result<Option<Timestamp>, StoreError> {
        self.readers
            .read("reading since when sign-ins are noted", sign_ins::since)
    }

    fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.readers
            .lend("copying the store", |from| backup::backup(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Write;

    #[test]
    fn a_full_disk_fails_a_change_as_a_whole_and_is_no_lasting_harm() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("store.db")).unwrap();
        let entry = |id: &str, documents: usize| Entry {
            at: Timestamp::UNIX_EPOCH,
            id: id.into(),
            record: "{}".into(),
            writes: (0..documents)
                .map(|key| Write {
                    address: Address::new(DocumentKind::Partner, &key.to_string()),
                    text: Some(id.repeat(100).into()),
                })
                .collect(),
        };
        let head = store.append(0, &entry("first", 10)).unwrap();
        let limit = |pages: i64| {
            let writer = store.writer.lock().unwrap();
            writer.pragma_update(None, "max_page_count", pages).unwrap();
        };
        limit(20);
        for documents in [500, 5000, 50_000] {
            let error = store.append(1, &entry("second", documents)).unwrap_err();
            assert_eq!(
                error.to_string(),
                "appending an audit record: database or disk is full"
            );
            assert_eq!(store.verify(None).unwrap().head, head);
            assert_eq!(store.count(DocumentKind::Partner).unwrap(), 10);
        }
        limit(1_000_000);
        store.append(1, &entry("second", 1000)).unwrap();
        assert_eq!(store.verify(None).unwrap().documents, 1000);
    }
}
