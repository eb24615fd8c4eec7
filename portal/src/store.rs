//! What outlives the process: the key that seals cookies, and who is signed in. One SQLite file, for its owner alone.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::seal::{KEY, NoRandom, random};
use crate::sessions::SessionId;

/// The file, open.
#[derive(Debug)]
pub struct PortalStore(Mutex<Connection>);

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PortalStoreError {
    /// It cannot be made.
    #[error("it cannot be made: {0}")]
    File(#[from] std::io::Error),
    /// The engine's words.
    #[error(transparent)]
    Engine(#[from] rusqlite::Error),
    /// It is another program's.
    #[error("it is no store of sessions; name another file")]
    Foreign,
    /// No key can be made.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// By person, the agreements and versions that they accepted.
pub type Acceptances = HashMap<String, Vec<(String, String)>>;

/// Terms of use that somebody accepted, as Graph's `agreementAcceptance` has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Acceptance {
    /// What stands for the person: their tenant's id, a space, and their id there.
    pub person: String,
    /// The agreement's id.
    pub agreement: String,
    /// The version.
    pub version: String,
    /// When, in seconds since 1970.
    pub at: u64,
}

/// A session as it is kept. Times are seconds since 1970.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeptSession {
    /// Its id.
    pub id: SessionId,
    /// The host that it counts at.
    pub host: String,
    /// The provider's name.
    pub provider: String,
    /// The issuer's name.
    pub issuer: String,
    /// The ID token.
    pub id_token: IdToken,
    /// When they signed in.
    pub begun: u64,
    /// When it ends.
    pub until: u64,
    /// When it was used last, to within some minutes.
    pub seen: u64,
    /// What was asked for, one word each.
    pub asked: String,
}

/// An ID token as it came. `Debug` shows its length.
#[derive(Clone, Eq, PartialEq)]
pub struct IdToken(pub String);

impl std::fmt::Debug for IdToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdToken({} bytes)", self.0.len())
    }
}

const OURS: i64 = i64::from_be_bytes(*b"\0\0\0\0CrGp");

const TABLES: &str = "
CREATE TABLE keys (name TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
    id BLOB PRIMARY KEY,
    host TEXT NOT NULL,
    provider TEXT NOT NULL,
    issuer TEXT NOT NULL,
    id_token TEXT NOT NULL,
    begun INTEGER NOT NULL,
    until INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    asked TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE terms (
    person TEXT NOT NULL,
    agreement TEXT NOT NULL,
    version TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (person, agreement, version)
) STRICT, WITHOUT ROWID;
";

/// In files of before, too.
const LATER_TABLES: &str = "
CREATE TABLE IF NOT EXISTS assertions (
    provider TEXT NOT NULL,
    assertion TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (provider, assertion)
) STRICT, WITHOUT ROWID;
";

const PATIENCE: Duration = Duration::from_secs(5);

impl PortalStore {
    /// Opens the file, and makes it where there is none (mode 0600).
    ///
    /// # Errors
    /// It cannot be used.
    pub fn open(path: &Path) -> Result<Self, PortalStoreError> {
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        match made {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // A session that was ended must not come back with the power.
        connection.pragma_update(None, "synchronous", "full")?;
        let step =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let (application, tables): (i64, i64) = step.query_row(
            "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id",
            (),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        match (application, tables) {
            (OURS, _) => {}
            (0, 0) => {
                step.execute_batch(TABLES)?;
                step.pragma_update(None, "application_id", OURS)?;
            }
            (_, _) => return Err(PortalStoreError::Foreign),
        }
        step.execute_batch(LATER_TABLES)?;
        step.commit()?;
        Ok(Self(Mutex::new(connection)))
    }

    /// The key that seals cookies; made where there is none.
    ///
    /// # Errors
    /// The file fails, or the system gives no random numbers.
    pub fn key(&self) -> Result<[u8; KEY], PortalStoreError> {
        let fresh = random::<KEY>()?;
        let file = self.lock();
        file.execute(
            "INSERT OR IGNORE INTO keys (name, key) VALUES ('cookies', ?1)",
            [fresh],
        )?;
        Ok(
            file.query_row("SELECT key FROM keys WHERE name = 'cookies'", (), |row| {
                row.get(0)
            })?,
        )
    }

    /// Keeps a session.
    ///
    /// # Errors
    /// The file fails.
    pub fn begin(&self, session: &KeptSession) -> Result<(), PortalStoreError> {
        self.lock()
            .prepare_cached(
                "INSERT INTO sessions (id, host, provider, issuer, id_token, begun, until, seen, asked)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                session.id.to_bytes(),
                session.host,
                session.provider,
                session.issuer,
                session.id_token.0,
                number(session.begun),
                number(session.until),
                number(session.seen),
                session.asked,
            ])?;
        Ok(())
    }

    /// Forgets sessions, all or none.
    ///
    /// # Errors
    /// The file fails.
    pub fn end(&self, sessions: &[SessionId]) -> Result<(), PortalStoreError> {
        let mut file = self.lock();
        let step = file.transaction()?;
        for session in sessions {
            step.prepare_cached("DELETE FROM sessions WHERE id = ?1")?
                .execute([session.to_bytes()])?;
        }
        Ok(step.commit()?)
    }

    /// Forgets those of these sessions that nobody used since, by what other processes noted too.
    ///
    /// # Errors
    /// The file fails.
    pub fn end_unused(
        &self,
        sessions: &[SessionId],
        since: u64,
        now: u64,
    ) -> Result<(), PortalStoreError> {
        let mut file = self.lock();
        let step = file.transaction()?;
        for session in sessions {
            step.prepare_cached(
                "DELETE FROM sessions WHERE id = ?1 AND (seen < ?2 OR until <= ?3)",
            )?
            .execute(params![session.to_bytes(), number(since), number(now)])?;
        }
        Ok(step.commit()?)
    }

    /// Changes when another process changed the file.
    ///
    /// # Errors
    /// The file fails.
    pub fn others(&self) -> Result<i64, PortalStoreError> {
        Ok(self
            .lock()
            .pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// Notes when sessions were used last.
    ///
    /// # Errors
    /// The file fails.
    pub fn seen(&self, sessions: &[(SessionId, u64)]) -> Result<(), PortalStoreError> {
        let mut file = self.lock();
        let step = file.transaction()?;
        for (session, seen) in sessions {
            step.prepare_cached("UPDATE sessions SET seen = ?2 WHERE id = ?1 AND seen < ?2")?
                .execute(params![session.to_bytes(), number(*seen)])?;
        }
        Ok(step.commit()?)
    }

    /// Every session that is kept.
    ///
    /// # Errors
    /// The file fails.
    pub fn sessions(&self) -> Result<Vec<KeptSession>, PortalStoreError> {
        let mut all = Vec::new();
        self.each_session(|session| all.push(session))?;
        Ok(all)
    }

    /// Shows every session that is kept, one after the other: all at once are many ID tokens.
    ///
    /// # Errors
    /// The file fails.
    pub fn each_session(&self, mut see: impl FnMut(KeptSession)) -> Result<(), PortalStoreError> {
        let file = self.lock();
        let mut statement = file.prepare_cached(
            "SELECT id, host, provider, issuer, id_token, begun, until, seen, asked FROM sessions",
        )?;
        let rows = statement.query_map((), |row| {
            Ok(KeptSession {
                id: SessionId::from_bytes(row.get(0)?),
                host: row.get(1)?,
                provider: row.get(2)?,
                issuer: row.get(3)?,
                id_token: IdToken(row.get(4)?),
                begun: time(row.get(5)?),
                until: time(row.get(6)?),
                seen: time(row.get(7)?),
                asked: row.get(8)?,
            })
        })?;
        for session in rows {
            see(session?);
        }
        Ok(())
    }

    /// The ID token of one, which its provider wants back at a sign-out.
    ///
    /// # Errors
    /// The file fails.
    pub fn id_token(&self, session: SessionId) -> Result<Option<IdToken>, PortalStoreError> {
        Ok(self
            .lock()
            .prepare_cached("SELECT id_token FROM sessions WHERE id = ?1")?
            .query_row([session.to_bytes()], |row| row.get(0).map(IdToken))
            .optional()?)
    }

    /// Uses an assertion up; whether it was used for the first time. It is remembered until it counts no more.
    ///
    /// # Errors
    /// The file fails.
    pub fn use_up(
        &self,
        provider: &str,
        assertion: &str,
        until: u64,
        now: u64,
    ) -> Result<bool, PortalStoreError> {
        let mut file = self.lock();
        let step = file.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        step.prepare_cached("DELETE FROM assertions WHERE until <= ?1")?
            .execute([number(now)])?;
        let used = step
            .prepare_cached(
                "INSERT OR IGNORE INTO assertions (provider, assertion, until) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![provider, assertion, number(until)])?;
        step.commit()?;
        Ok(used == 1)
    }

    /// Keeps that a person accepted a version of an agreement; the first time counts.
    ///
    /// # Errors
    /// The file fails.
    pub fn accept(
        &self,
        person: &str,
        agreement: &str,
        version: &str,
        at: u64,
    ) -> Result<(), PortalStoreError> {
        self.lock()
            .prepare_cached(
                "INSERT OR IGNORE INTO terms (person, agreement, version, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![person, agreement, version, number(at)])?;
        Ok(())
    }

    /// What a person accepted: agreements and versions.
    ///
    /// # Errors
    /// The file fails.
    pub fn accepted(&self, person: &str) -> Result<Vec<(String, String)>, PortalStoreError> {
        let file = self.lock();
        let mut statement =
            file.prepare_cached("SELECT agreement, version FROM terms WHERE person = ?1")?;
        let rows = statement.query_map([person], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What everybody accepted.
    ///
    /// # Errors
    /// The file fails.
    pub fn acceptances(&self) -> Result<Acceptances, PortalStoreError> {
        let file = self.lock();
        let mut statement = file.prepare("SELECT person, agreement, version FROM terms")?;
        let mut rows = statement.query(())?;
        let mut all = Acceptances::new();
        while let Some(row) = rows.next()? {
            let accepted = all.entry(row.get(0)?).or_default();
            accepted.push((row.get(1)?, row.get(2)?));
        }
        Ok(all)
    }

    /// Every acceptance, the oldest first.
    ///
    /// # Errors
    /// The file fails.
    pub fn each_acceptance(&self) -> Result<Vec<Acceptance>, PortalStoreError> {
        let file = self.lock();
        let mut statement = file.prepare(
            "SELECT person, agreement, version, at FROM terms ORDER BY at, person, agreement, version",
        )?;
        let rows = statement.query_map((), |row| {
            Ok(Acceptance {
                person: row.get(0)?,
                agreement: row.get(1)?,
                version: row.get(2)?,
                at: time(row.get(3)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // What a panic left undone was rolled back.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

fn time(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(seed: u8) -> KeptSession {
        KeptSession {
            id: SessionId::from_bytes([seed; 16]),
            host: "a.example".to_owned(),
            provider: "contoso".to_owned(),
            issuer: "contoso".to_owned(),
            id_token: IdToken("a.b.c".to_owned()),
            begun: 1000,
            until: 2000,
            seen: 1000,
            asked: String::new(),
        }
    }

    #[test]
    fn an_assertion_is_used_once_also_by_another_process_and_is_forgotten_when_it_counts_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("portal.db");
        let (one, other) = (
            PortalStore::open(&file).unwrap(),
            PortalStore::open(&file).unwrap(),
        );
        assert!(one.use_up("acme", "_1", 100, 10).unwrap());
        assert!(!one.use_up("acme", "_1", 100, 11).unwrap());
        assert!(!other.use_up("acme", "_1", 100, 99).unwrap());
        assert!(other.use_up("tailspin", "_1", 100, 99).unwrap());
        assert!(other.use_up("acme", "_1", 200, 100).unwrap());
    }

    #[test]
    fn sessions_and_key_outlive_the_process_and_ended_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portal.db");
        let store = PortalStore::open(&path).unwrap();
        let key = store.key().unwrap();
        for seed in [1, 2, 3] {
            store.begin(&session(seed)).unwrap();
        }
        store.end(&[session(2).id]).unwrap();
        store
            .seen(&[(session(3).id, 1500), (session(1).id, 900)])
            .unwrap();
        drop(store);
        let store = PortalStore::open(&path).unwrap();
        assert_eq!(store.key().unwrap(), key);
        let mut kept = store.sessions().unwrap();
        kept.sort_by_key(|session| session.id.to_bytes());
        let later = KeptSession {
            seen: 1500,
            ..session(3)
        };
        assert_eq!(kept, [session(1), later]);
        assert_eq!(
            store.id_token(session(1).id).unwrap(),
            Some(IdToken("a.b.c".to_owned()))
        );
        assert_eq!(store.id_token(session(2).id).unwrap(), None);
    }

    #[test]
    fn what_another_process_does_is_noticed_and_its_uses_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portal.db");
        let (one, other) = (
            PortalStore::open(&path).unwrap(),
            PortalStore::open(&path).unwrap(),
        );
        one.begin(&session(1)).unwrap();
        let before = one.others().unwrap();
        one.begin(&session(2)).unwrap();
        assert_eq!(
            one.others().unwrap(),
            before,
            "its own changes are none of others"
        );
        other.seen(&[(session(2).id, 1800)]).unwrap();
        assert_ne!(one.others().unwrap(), before);
        let both = [session(1).id, session(2).id];
        one.end_unused(&both, 1500, 1900).unwrap();
        let left = one.sessions().unwrap();
        assert_eq!(
            left.iter().map(|session| session.id).collect::<Vec<_>>(),
            [session(2).id]
        );
        one.end_unused(&both, 1500, 2000).unwrap();
        assert!(one.sessions().unwrap().is_empty());
    }

    #[test]
    fn what_a_person_accepted_is_kept_by_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let store = PortalStore::open(&folder.path().join("portal.db")).unwrap();
        store.accept("ada", "tou", "1", 1000).unwrap();
        store.accept("ada", "tou", "1", 2000).unwrap();
        store.accept("bob", "tou", "2", 1000).unwrap();
        let of_ada = [("tou".to_owned(), "1".to_owned())];
        assert_eq!(store.accepted("ada").unwrap(), of_ada);
        assert!(store.accepted("eve").unwrap().is_empty());
        assert_eq!(store.acceptances().unwrap()["ada"], of_ada);
    }

    #[test]
    fn the_file_is_for_its_owner_alone_and_another_programs_is_left_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portal.db");
        drop(PortalStore::open(&path).unwrap());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let other = folder.path().join("other.db");
        Connection::open(&other)
            .unwrap()
            .execute_batch("CREATE TABLE a (b)")
            .unwrap();
        assert!(matches!(
            PortalStore::open(&other),
            Err(PortalStoreError::Foreign)
        ));
    }
}
