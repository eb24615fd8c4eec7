//! A store in a folder of its own, and things to put there.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crossgate_control::document::{Address, DocumentKind, Write};
use crossgate_control::store::{
    AuditRange, Entry, Head, Sequence, Share, Sqlite, Store, StoreError,
};
use jiff::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) const PARTNER: DocumentKind = DocumentKind::Partner;

/// A store, and the folder that goes with it.
pub(crate) struct Site {
    pub(crate) store: Sqlite,
    path: PathBuf,
    folder: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("store.db");
        Self {
            store: Sqlite::open(&path).unwrap(),
            path,
            folder,
        }
    }

    /// What the tests of tampering begin with: `a` three times, `b` removed and back, and a change of nothing.
    pub(crate) fn with_history() -> Self {
        let site = Self::new();
        site.change([put("a", "1"), put("b", "1")]);
        site.change([put("a", "2"), remove("b")]);
        site.change([]);
        site.change([put("b", "2"), put("c", "1")]);
        site.change([put("a", "3")]);
        site
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn change(&self, writes: impl IntoIterator<Item = Write>) -> Head {
        let known = self.store.head().unwrap().sequence;
        self.store.append(known, &entry(writes)).unwrap()
    }

    /// Closes the store, lets somebody else at the file, and opens it again.
    pub(crate) fn meanwhile(self, act: impl FnOnce(&Connection)) -> Result<Self, StoreError> {
        let Self {
            store,
            path,
            folder,
        } = self;
        drop(store);
        act(&Connection::open(&path).unwrap());
        Ok(Self {
            store: Sqlite::open(&path)?,
            path,
            folder,
        })
    }
}

pub(crate) fn address(key: &str) -> Address {
    Address::new(PARTNER, key)
}

pub(crate) fn put(key: &str, text: &str) -> Write {
    Write {
        address: address(key),
        text: Some(text.into()),
    }
}

pub(crate) fn remove(key: &str) -> Write {
    Write {
        address: address(key),
        text: None,
    }
}

/// An entry of its own second.
pub(crate) fn entry(writes: impl IntoIterator<Item = Write>) -> Entry {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Entry {
        at: second(number as i64),
        id: format!("id-{number}").into(),
        record: format!(r#"{{"id":"id-{number}"}}"#).into(),
        writes: writes.into_iter().collect(),
    }
}

pub(crate) fn second(number: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + number).unwrap()
}

pub(crate) fn all(store: &Sqlite, part: Share) -> Vec<(String, String)> {
    let mut found = Vec::new();
    store
        .each(PARTNER, part, &mut |key, text| {
            found.push((key.to_owned(), text.to_owned()));
        })
        .unwrap();
    found
}

pub(crate) fn all_at(store: &Sqlite, sequence: Sequence) -> Vec<(String, String)> {
    let mut found = Vec::new();
    store
        .each_at(PARTNER, sequence, &mut |key, version| {
            found.push((key.to_owned(), version.text.into()));
        })
        .unwrap();
    found
}

pub(crate) fn sequences(store: &Sqlite, range: AuditRange) -> Vec<Sequence> {
    let mut found = Vec::new();
    store
        .audits(range, &mut |audited| {
            found.push(audited.sequence);
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

pub(crate) fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
        .collect()
}
