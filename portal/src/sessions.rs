//! Who is signed in: found without a lock on every request, ended at once.

use std::collections::hash_map::Entry;
use std::collections::{HashMap as StdHashMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, BuildHasherDefault, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use papaya::HashMap;

use crate::seal::{NoRandom, Sealer, random};

/// What a browser has to show: 128 bits that nobody can guess.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct SessionId(u128);

const PURPOSE: &str = "session";

impl SessionId {
    /// # Errors
    /// The system gives no random numbers.
    pub fn new() -> Result<Self, NoRandom> {
        random().map(u128::from_be_bytes).map(Self)
    }

    /// One that was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// For the store.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// For the browser.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn seal(self, sealer: &Sealer) -> Result<String, NoRandom> {
        sealer.seal(PURPOSE, &self.to_bytes())
    }

    /// What a browser showed; `None` where we never sealed it.
    #[must_use]
    pub fn open(sealer: &Sealer, sealed: &str) -> Option<Self> {
        // Looked at before anything is decoded: it is read of every request.
        if sealed.len() != SEALED {
            return None;
        }
        let mut room = [0; BYTES];
        let bytes = sealer.open_in(&mut room, PURPOSE, sealed)?;
        bytes.try_into().ok().map(Self::from_bytes)
    }
}

/// Nonce, id and tag.
const BYTES: usize = 12 + 16 + 16;

/// Letters of a sealed id: the same in base64url.
const SEALED: usize = (BYTES * 4).div_ceil(3);

impl std::fmt::Debug for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionId(16 bytes)")
    }
}

/// What a session is made of, and stays. Times are seconds since 1970.
#[derive(Debug)]
pub struct Grant<T> {
    /// Its id.
    pub id: SessionId,
    /// The host that it was made for, and counts at.
    pub host: Arc<str>,
    /// Where they signed in.
    pub provider: Arc<str>,
    /// When they signed in.
    pub begun: u64,
    /// When it ends, however it is used.
    pub until: u64,
    /// What was asked for at this sign-in, beside who they are.
    pub asked: Box<[String]>,
    /// Who they are.
    pub subject: T,
}

/// Somebody who is signed in.
#[derive(Debug)]
pub struct Session<T> {
    grant: Grant<T>,
    seen: AtomicU64,
    ended: AtomicBool,
}

impl<T> std::ops::Deref for Session<T> {
    type Target = Grant<T>;

    fn deref(&self) -> &Grant<T> {
        &self.grant
    }
}

impl<T> Session<T> {
    /// One that was used last at this time.
    #[must_use]
    pub const fn new(grant: Grant<T>, seen: u64) -> Self {
        Self {
            grant,
            seen: AtomicU64::new(seen),
            ended: AtomicBool::new(false),
        }
    }

    /// Whether it was ended. Who found it before may hold it still.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Notes a use.
    pub fn used_at(&self, now: u64) {
        if now >= self.seen().saturating_add(GRAIN) {
            self.seen.store(now, Ordering::Relaxed);
        }
    }

    /// When it was used last, to within [`GRAIN`] seconds.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }
}

/// A use is noted once in so many seconds, so that cores that serve one session do not write to one line of memory with
/// every request.
pub const GRAIN: u64 = 60;

/// Who may be signed in.
pub trait Subject {
    /// By what a provider knows a session of its own.
    type Named: Hash + Eq + ?Sized;

    /// What their provider calls its own session of them (`sid`, OpenID Connect Front-Channel Logout 1.0), where it told.
    fn session_at_provider(&self) -> Option<&Self::Named>;
}

/// All who are signed in.
#[derive(Debug)]
pub struct Sessions<T> {
    table: HashMap<SessionId, Arc<Session<T>>, BuildHasherDefault<OfId>>,
    /// What no request of an app looks at.
    beside: Mutex<Beside>,
    /// Providers, and whoever pretends to be one, choose what is hashed.
    hashes: RandomState,
}

#[derive(Debug, Default)]
struct Beside {
    ended: Ended,
    /// By the hash of the provider's name and of what it calls its session.
    of_providers: StdHashMap<u64, Vec<SessionId>>,
}

/// Those that ended lately, which the store may still have.
#[derive(Debug, Default)]
struct Ended {
    ids: HashSet<SessionId>,
    in_order: VecDeque<(Instant, SessionId)>,
}

/// However slow the store is, an end has reached it by then.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

impl Ended {
    fn note(&mut self, id: SessionId, now: Instant) {
        while let Some((at, old)) = self.in_order.front()
            && now.saturating_duration_since(*at) >= REMEMBERED
        {
            self.ids.remove(old);
            self.in_order.pop_front();
        }
        if self.ids.insert(id) {
            self.in_order.push_back((now, id));
        }
    }
}

impl<T> Default for Sessions<T> {
    fn default() -> Self {
        Self {
            table: HashMap::default(),
            beside: Mutex::default(),
            hashes: RandomState::default(),
        }
    }
}

impl<T: Subject> Sessions<T> {
    /// Lets somebody in who was stored before, and may have been ended since by whoever took that up.
    pub fn begin(&self, session: Arc<Session<T>>) {
        let mut beside = self.beside();
        if beside.ended.ids.contains(&session.id) {
            session.ended.store(true, Ordering::Release);
            return;
        }
        self.name(&mut beside, &session);
        self.table.pin().insert(session.id, session);
    }

    /// Lets somebody in whom the store has, unless they are here already or it is behind with their end. Whether they are new.
    pub fn take_up(&self, session: Arc<Session<T>>) -> bool {
        // Held throughout, so that none is taken up while it ends.
        let mut beside = self.beside();
        if beside.ended.ids.contains(&session.id) {
            return false;
        }
        let is_new = self
            .table
            .pin()
            .try_insert(session.id, Arc::clone(&session))
            .is_ok();
        if is_new {
            self.name(&mut beside, &session);
        }
        is_new
    }

    /// Ends one at once, whoever takes it up. Whether there was one.
    pub fn end(&self, id: SessionId) -> bool {
        let mut beside = self.beside();
        beside.ended.note(id, Instant::now());
        self.remove(&mut beside, id)
    }

    /// Ends one that was not used here. Where the store says that it was used elsewhere it may be taken up again.
    pub fn leave(&self, id: SessionId) -> bool {
        self.remove(&mut self.beside(), id)
    }

    /// Those that a provider calls by this name, whether they count or not.
    #[must_use]
    pub fn of_provider(&self, provider: &str, named: &T::Named) -> Vec<Arc<Session<T>>> {
        let name = self.hashes.hash_one((provider, named));
        let theirs = self.beside().of_providers.get(&name).cloned();
        let theirs = theirs.unwrap_or_default();
        let table = self.table.pin();
        let theirs = theirs.iter().filter_map(|id| table.get(id));
        let theirs = theirs.filter(|session| {
            *session.provider == *provider && session.subject.session_at_provider() == Some(named)
        });
        theirs.cloned().collect()
    }

    fn remove(&self, beside: &mut Beside, id: SessionId) -> bool {
        let table = self.table.pin();
        let Some(session) = table.remove(&id) else {
            return false;
        };
        session.ended.store(true, Ordering::Release);
        if let Some(name) = self.name_of(session)
            && let Entry::Occupied(mut theirs) = beside.of_providers.entry(name)
        {
            theirs.get_mut().retain(|other| *other != id);
            if theirs.get().is_empty() {
                theirs.remove();
            }
        }
        true
    }

    fn name(&self, beside: &mut Beside, session: &Session<T>) {
        let Some(name) = self.name_of(session) else {
            return;
        };
        let theirs = beside.of_providers.entry(name).or_default();
        if !theirs.contains(&session.id) {
            theirs.push(session.id);
        }
    }

    fn name_of(&self, session: &Session<T>) -> Option<u64> {
        let named = session.subject.session_at_provider()?;
        Some(self.hashes.hash_one((&*session.provider, named)))
    }

    fn beside(&self) -> MutexGuard<'_, Beside> {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Sessions<T> {
    /// The session of this id at this host, where it counts now; its use is noted.
    #[must_use]
    pub fn find(&self, id: SessionId, host: &str, now: u64, idle: u64) -> Option<Arc<Session<T>>> {
        let table = self.table.pin();
        let session = table.get(&id)?;
        if *session.host != *host || is_over(session, now, idle) {
            return None;
        }
        session.used_at(now);
        Some(Arc::clone(session))
    }

    /// Those that are wanted, whether they count or not.
    pub fn filter(&self, wanted: impl Fn(&Session<T>) -> bool) -> Vec<Arc<Session<T>>> {
        let table = self.table.pin();
        let all = table.values();
        all.filter(|session| wanted(session)).cloned().collect()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether nobody is signed in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where a session stands among all follows from its id alone: ids are drawn by us and shown sealed, so nobody chooses them.
#[derive(Default)]
struct OfId(u64);

impl Hasher for OfId {
    /// For ids, which are two whole parts.
    fn write(&mut self, id: &[u8]) {
        for part in id.as_chunks().0 {
            self.0 ^= u64::from_ne_bytes(*part);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Whether a session counts no more.
#[must_use]
pub fn is_over<T>(session: &Session<T>, now: u64, idle: u64) -> bool {
    now >= session.until || now >= session.seen().saturating_add(idle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::KEY;

    impl Subject for &'static str {
        type Named = str;

        fn session_at_provider(&self) -> Option<&str> {
            Some(self)
        }
    }

    fn session(id: SessionId) -> Arc<Session<&'static str>> {
        let grant = Grant {
            id,
            host: "a.example".into(),
            provider: "contoso".into(),
            begun: 1000,
            until: 10_000,
            asked: Box::default(),
            subject: "ada",
        };
        Arc::new(Session::new(grant, 1000))
    }

    fn begin(sessions: &Sessions<&'static str>) -> SessionId {
        let id = SessionId::new().unwrap();
        sessions.begin(session(id));
        id
    }

    #[test]
    fn a_session_is_found_at_its_host_while_it_is_used_and_not_too_old() {
        let sessions = Sessions::default();
        let id = begin(&sessions);
        let find = |host: &str, now| sessions.find(id, host, now, 600).map(|found| found.subject);
        assert_eq!(find("a.example", 1599), Some("ada"));
        assert_eq!(find("b.example", 1599), None);
        // The use at 1599 counts.
        assert_eq!(find("a.example", 2198), Some("ada"));
        assert_eq!(find("a.example", 2798), None);
        for now in (2200..10_000).step_by(500) {
            let _ = sessions.find(id, "a.example", now, 100_000);
        }
        assert!(sessions.find(id, "a.example", 9999, 100_000).is_some());
        assert!(sessions.find(id, "a.example", 10_000, 100_000).is_none());
    }

    #[test]
    fn a_session_that_was_ended_is_gone_at_once() {
        let sessions = Sessions::default();
        let (one, other) = (begin(&sessions), begin(&sessions));
        assert!(sessions.end(one));
        assert!(!sessions.end(one));
        assert!(sessions.find(one, "a.example", 1000, 600).is_none());
        assert!(sessions.find(other, "a.example", 1000, 600).is_some());
        assert_eq!(sessions.len(), 1);
    }

    #[test]
    fn a_session_that_is_here_already_is_not_taken_up_so_that_what_it_opened_sees_its_end() {
        let sessions = Sessions::default();
        let id = begin(&sessions);
        let opened_by = sessions.find(id, "a.example", 1000, 600).unwrap();
        // As whoever reads the store does that did not know of it when it began to read.
        assert!(!sessions.take_up(session(id)));
        assert!(sessions.end(id));
        assert!(opened_by.has_ended());
    }

    #[test]
    fn a_session_that_ended_is_not_taken_up_from_a_store_that_has_it_still() {
        let sessions = Sessions::default();
        let (ended, unused) = (begin(&sessions), begin(&sessions));
        assert!(sessions.end(ended) && !sessions.take_up(session(ended)));
        assert!(sessions.find(ended, "a.example", 1000, 600).is_none());
        // Another process may use it while it is idle here.
        assert!(sessions.leave(unused) && sessions.take_up(session(unused)));
        // Stored, taken up and ended before whoever lets them in is done.
        let early = session(SessionId::new().unwrap());
        assert!(sessions.take_up(session(early.id)) && sessions.end(early.id));
        sessions.begin(Arc::clone(&early));
        assert!(early.has_ended() && sessions.find(early.id, "a.example", 1000, 600).is_none());
        assert!(sessions.take_up(session(SessionId::new().unwrap())));
    }

    #[test]
    fn those_that_ended_are_remembered_for_minutes_and_not_for_ever() {
        let mut ended = Ended::default();
        let (now, id) = (Instant::now(), |last| SessionId::from_bytes([last; 16]));
        ended.note(id(1), now);
        ended.note(id(1), now + REMEMBERED / 2);
        ended.note(id(2), now + REMEMBERED / 2);
        assert!(ended.ids.contains(&id(1)) && ended.ids.contains(&id(2)));
        ended.note(id(3), now + REMEMBERED);
        assert!(!ended.ids.contains(&id(1)) && ended.ids.contains(&id(2)));
        assert_eq!(ended.ids.len(), ended.in_order.len());
    }

    #[test]
    fn an_id_is_what_we_sealed_or_none() {
        let sealer = Sealer::new(&[7; KEY]).unwrap();
        let id = SessionId::new().unwrap();
        let sealed = id.seal(&sealer).unwrap();
        assert_eq!(sealed.len(), SEALED);
        assert_eq!(SessionId::open(&sealer, &sealed), Some(id));
        let attempt = sealer.seal("attempt", &id.to_bytes()).unwrap();
        assert_eq!(SessionId::open(&sealer, &attempt), None);
        assert_eq!(format!("{id:?}"), "SessionId(16 bytes)");
    }

    #[test]
    fn a_provider_finds_the_sessions_that_it_calls_by_a_name_until_they_end() {
        let sessions = Sessions::default();
        let (one, other) = (begin(&sessions), begin(&sessions));
        let found = |provider, named| {
            let found = sessions.of_provider(provider, named);
            let mut found: Vec<_> = found.iter().map(|session| session.id.to_bytes()).collect();
            found.sort_unstable();
            found
        };
        let mut both = vec![one.to_bytes(), other.to_bytes()];
        both.sort_unstable();
        assert_eq!(found("contoso", "ada"), both);
        assert!(found("fabrikam", "ada").is_empty());
        assert!(found("contoso", "bob").is_empty());
        assert!(sessions.end(one));
        assert_eq!(found("contoso", "ada"), [other.to_bytes()]);
        assert!(sessions.end(other));
        assert!(found("contoso", "ada").is_empty());
        assert!(sessions.beside().of_providers.is_empty());
    }
}
