//! The file: what is opened and what is refused, who may read it, and its copies.

use std::fs;
use std::io::{Seek, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crossgate_control::store::{Share, Sqlite, Store, StoreError};
use rusqlite::Connection;

use crate::support::{PARTNER, Site, address, all, entry, put};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_stored_is_there_after_opening_again() {
    let site = Site::with_history();
    let (head, documents) = (site.store.head().unwrap(), all(&site.store, Share::WHOLE));
    let site = site.meanwhile(|_| {}).unwrap();
    assert_eq!(site.store.head().unwrap(), head);
    assert_eq!(all(&site.store, Share::WHOLE), documents);
    assert_eq!(site.store.history(&address("a")).unwrap().len(), 3);
}

#[test]
fn only_the_owner_may_read_the_file_and_what_is_beside_it() {
    let site = Site::with_history();
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        assert_eq!(mode(&site.beside(name)), 0o600, "{name}");
    }
}

#[test]
fn closing_leaves_one_file() {
    let site = Site::with_history();
    site.store.get(&address("a")).unwrap();
    let folder = site.path().parent().unwrap().to_owned();
    let site = site
        .meanwhile(|_| assert_eq!(fs::read_dir(&folder).unwrap().count(), 1))
        .unwrap();
    drop(site);
}

#[test]
fn a_store_that_is_not_there_is_not_made_by_a_slip_of_the_keyboard() {
    let site = Site::new();
    let path = site.beside("stroe.db");
    for open in [Sqlite::open_existing, Sqlite::open_read_only] {
        let error = open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Failed { .. }), "{error:?}");
        assert!(error.to_string().contains("stroe.db"), "{error}");
        assert!(!path.exists());
    }
    assert!(Sqlite::open(&site.beside("no/such/folder.db")).is_err());
    assert!(Sqlite::open_existing(site.path()).is_ok());
}

#[test]
fn an_empty_file_becomes_a_store_only_where_one_may_be_made() {
    let site = Site::new();
    let path = site.beside("empty.db");
    fs::write(&path, "").unwrap();
    for open in [Sqlite::open_existing, Sqlite::open_read_only] {
        assert!(matches!(open(&path), Err(StoreError::Foreign(_))));
        assert_eq!(path.metadata().unwrap().len(), 0);
    }
    let store = Sqlite::open(&path).unwrap();
    store.append(0, &entry([put("a", "1")])).unwrap();
    store.verify(None).unwrap();
    drop(store);
    let file = Connection::open(&path).unwrap();
    let version: i64 = file
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 2);
}

#[test]
fn a_read_only_store_is_read_and_not_changed() {
    let site = Site::with_history();
    let reader = Sqlite::open_read_only(site.path()).unwrap();
    assert_eq!(reader.head().unwrap(), site.store.head().unwrap());
    let error = reader.append(5, &entry([put("a", "4")])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "appending an audit record: attempt to write a readonly database"
    );
    let head = site.change([put("a", "4")]);
    assert_eq!(reader.verify(None).unwrap().head, head);
}

#[test]
fn another_programs_file_is_refused_and_left_alone() {
    let site = Site::new();
    let path = site.beside("other.db");
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE bookmarks (url TEXT)")
        .unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    for open in [Sqlite::open, Sqlite::open_existing, Sqlite::open_read_only] {
        let error = open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Foreign(_)), "{error:?}");
        assert!(
            error
                .to_string()
                .ends_with("other.db` cannot be the store: it belongs to another program"),
            "{error}"
        );
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(
        fs::read_dir(path.parent().unwrap())
            .unwrap()
            .filter(|file| {
                file.as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .starts_with("other")
            })
            .count(),
        1
    );
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let site = Site::new();
    let path = site.beside("notes.txt");
    fs::write(
        &path,
        "bring milk, and a second line to make it longer\n".repeat(100),
    )
    .unwrap();
    let error = Sqlite::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Foreign(_)), "{error:?}");
    assert!(
        error.to_string().ends_with("it is no SQLite database"),
        "{error}"
    );
}

#[test]
fn a_newer_versions_file_is_refused() {
    let result = Site::with_history().meanwhile(|file| {
        file.pragma_update(None, "user_version", 3).unwrap();
    });
    let error = result.map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Foreign(_)), "{error:?}");
    assert!(
        error.to_string().ends_with(
            "it is of version 3, and this program knows no newer one than 2; use a newer program"
        ),
        "{error}"
    );
}

#[test]
fn a_program_that_runs_does_not_write_to_a_file_that_a_newer_one_took_over() {
    let site = Site::with_history();
    let file = Connection::open(site.path()).unwrap();
    file.pragma_update(None, "user_version", 3).unwrap();
    let error = site.store.append(5, &entry([put("a", "4")])).unwrap_err();
    assert!(matches!(error, StoreError::Foreign(_)), "{error:?}");
    assert_eq!(site.store.head().unwrap().sequence, 5);
}

#[test]
fn a_file_with_something_else_in_it_is_refused() {
    for sql in [
        "CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM audit WHERE sequence = new.sequence; END",
        "DROP INDEX documents_since",
        "ALTER TABLE documents ADD COLUMN more TEXT",
        "CREATE VIEW v AS SELECT * FROM audit",
    ] {
        let result = Site::with_history().meanwhile(|file| file.execute_batch(sql).unwrap());
        let error = result.map(drop).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt(_)), "{sql}: {error:?}");
    }
}

#[test]
fn statistics_of_the_engine_are_no_fault() {
    let site = Site::with_history()
        .meanwhile(|file| file.execute_batch("ANALYZE").unwrap())
        .unwrap();
    site.store.verify(None).unwrap();
}

/// A store with some thousand documents, closed, and its file changed at this place.
fn damaged(at: u64, bytes: &[u8]) -> Result<Site, StoreError> {
    let site = Site::new();
    site.change((0..5000).map(|number| put(&number.to_string(), &"text".repeat(50))));
    let path = site.path().to_owned();
    site.meanwhile(|_| {
        let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(bytes).unwrap();
    })
}

#[test]
fn a_damaged_file_is_refused_with_what_to_do() {
    for page in [1, 20, 100] {
        let error = damaged(page * 8192, &[0xff; 100]).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
        let text = error.to_string();
        assert!(
            text.starts_with("the store `") && text.ends_with("put a backup in its place"),
            "{text}"
        );
    }
}

#[test]
fn a_file_that_was_cut_off_is_refused() {
    let site = Site::new();
    site.change((0..5000).map(|number| put(&number.to_string(), &"text".repeat(50))));
    let path = site.path().to_owned();
    let result = site.meanwhile(|_| {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    });
    let error = result.map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
}

#[test]
fn one_wrong_bit_in_a_document_is_found_by_an_examination() {
    let site = Site::new();
    site.change([put("a", "a text that is easy to find")]);
    let path = site.path().to_owned();
    let site = site
        .meanwhile(|_| {
            let mut bytes = fs::read(&path).unwrap();
            let place = bytes
                .windows(12)
                .position(|part| part == b"easy to find")
                .unwrap();
            bytes[place] ^= 1;
            fs::write(&path, bytes).unwrap();
        })
        .unwrap();
    assert!(matches!(
        site.store.verify(None),
        Err(StoreError::Corrupt(_))
    ));
}

#[test]
fn a_copy_is_a_store_of_its_own() {
    let site = Site::with_history();
    let copy = site.beside("copy.db");
    site.store.backup(&copy).unwrap();
    assert_eq!(mode(&copy), 0o600);
    let head = site.store.head().unwrap();
    site.change([put("a", "4")]);
    let names: Vec<_> = fs::read_dir(copy.parent().unwrap())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("copy"))
        .collect();
    assert_eq!(names, ["copy.db"]);
    let read_only = Sqlite::open_read_only(&copy).unwrap();
    assert_eq!(read_only.verify(Some(head.noted())).unwrap().head, head);
    drop(read_only);
    let copy = Sqlite::open(&copy).unwrap();
    assert_eq!(copy.count(PARTNER).unwrap(), 3);
    copy.append(5, &entry([put("a", "5")])).unwrap();
}

#[test]
fn a_copy_replaces_nothing() {
    let site = Site::with_history();
    let there = site.beside("there");
    fs::write(&there, "precious").unwrap();
    for to in [there.as_path(), site.path()] {
        let error = site.store.backup(to).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("it exists; name a file that does not"),
            "{error}"
        );
    }
    assert_eq!(fs::read(&there).unwrap(), b"precious");
    assert!(
        site.store
            .backup(&site.beside("no/such/folder.db"))
            .is_err()
    );
    site.store.verify(None).unwrap();
}

#[test]
fn a_copy_that_failed_leaves_nothing() {
    let site = Site::with_history();
    let copy = site.beside("copy.db");
    fs::write(site.beside("copy.db.part"), "somebody else's").unwrap();
    assert!(site.store.backup(&copy).is_err());
    assert!(!copy.exists());
    assert_eq!(
        fs::read(site.beside("copy.db.part")).unwrap(),
        b"somebody else's"
    );
}
