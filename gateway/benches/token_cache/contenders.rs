//! The maps that were compared, behind one trait. All hash the digest as std does; the bounded ones hold `room` entries.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use crossgate::request::tokens::table::{Kept, Table};

/// What is kept for a token.
pub struct Entry {
    /// Read on every look-up, as by a request.
    pub number: u64,
}

/// From a digest to an entry.
pub trait Contender: Sync {
    fn get(&self, digest: u128) -> Option<Arc<Entry>>;
    fn put(&self, digest: u128, entry: Arc<Entry>);
    /// Does what was put off.
    fn settle(&self) {}
}

/// A contender's name, and how it is made.
pub type Made = (&'static str, fn(room: usize) -> Box<dyn Contender>);

/// Those that let go of entries by themselves.
pub const BOUNDED: [Made; 4] = [
    ("**ours**", |room| Box::new(Ours::new(room))),
    ("quick_cache 0.7", |room| {
        Box::new(QuickCache::with(
            room,
            room as u64,
            quick_cache::UnitWeighter,
            RandomState::new(),
            quick_cache::sync::DefaultLifecycle::default(),
        ))
    }),
    ("moka 0.12", |room| {
        Box::new(moka::sync::Cache::<u128, Arc<Entry>>::new(room as u64))
    }),
    ("scc 3 `HashCache`", |room| {
        Box::new(scc::HashCache::<u128, Arc<Entry>>::with_capacity(
            room, room,
        ))
    }),
];

/// Those that would need something beside them that does.
pub const UNBOUNDED: [Made; 3] = [
    ("dashmap 6, unbounded", |_| {
        Box::new(dashmap::DashMap::<u128, Arc<Entry>>::new())
    }),
    ("papaya 0.2, unbounded", |_| {
        Box::new(papaya::HashMap::<u128, Arc<Entry>>::new())
    }),
    ("scc 3 `HashMap`, unbounded", |_| {
        Box::new(scc::HashMap::<u128, Arc<Entry>>::new())
    }),
];

type QuickCache = quick_cache::sync::Cache<
    u128,
    Arc<Entry>,
    quick_cache::UnitWeighter,
    RandomState,
    quick_cache::sync::DefaultLifecycle<u128, Arc<Entry>>,
>;

struct Ours {
    places: RandomState,
    table: Table<Place>,
}

struct Place {
    digest: u128,
    entry: Arc<Entry>,
}

impl Kept for Place {
    fn digest(&self) -> u128 {
        self.digest
    }

    fn weight(&self) -> usize {
        WEIGHT
    }
}

/// Twice as many places as there is room for, as the gateway has.
const WEIGHT: usize = 2;

impl Ours {
    fn new(room: usize) -> Self {
        Self {
            places: RandomState::new(),
            table: Table::new(room * WEIGHT, WEIGHT / 2),
        }
    }
}

impl Contender for Ours {
    fn get(&self, digest: u128) -> Option<Arc<Entry>> {
        let read = |place: &Place| Some(Arc::clone(&place.entry));
        let place = self.places.hash_one(digest);
        self.table
            .find(place, digest, read)
            .map(|found| found.value)
    }

    fn put(&self, digest: u128, entry: Arc<Entry>) {
        let place = self.places.hash_one(digest);
        self.table.insert(place, Arc::new(Place { digest, entry }));
    }
}

impl Contender for QuickCache {
    fn get(&self, digest: u128) -> Option<Arc<Entry>> {
        self.get(&digest)
    }

    fn put(&self, digest: u128, entry: Arc<Entry>) {
        self.insert(digest, entry);
    }
}

impl Contender for moka::sync::Cache<u128, Arc<Entry>> {
    fn get(&self, digest: u128) -> Option<Arc<Entry>> {
        self.get(&digest)
    }

    fn put(&self, digest: u128, entry: Arc<Entry>) {
        self.insert(digest, entry);
    }

    fn settle(&self) {
        self.run_pending_tasks();
    }
}

impl Contender for scc::HashCache<u128, Arc<Entry>> {
    // Not `read_sync`, which does not count as a use.
    fn get(&self, digest: u128) -> Option<Arc<Entry>> {
        self.get_sync(&digest).map(|entry| Arc::clone(&entry))
    }

    fn put(&self, digest: u128, entry: Arc<Entry>) {
        match self.entry_sync(digest) {
            scc::hash_cache::Entry::Occupied(mut place) => *place = entry,
            scc::hash_cache::Entry::Vacant(place) => drop(place.put_entry(entry)),
        }
    }
}

impl Contender for dashmap::DashMap<u128, Arc<Entry>> {
    fn get(&self, digest: u128) -> Option<Arc<Entry>> {
        self.get(&digest).map(|entry| Arc::clone(&entry))
    }

    fn put(&self, digest: u128, entry: Arc<Entry>) {
        self.insert(digest, entry);
    }
}

impl Contender for papaya::HashMap<u128, Arc<Entry>> {
    fn get(&self, digest: u128) -> Option<Arc<Entry>> {
        self.pin().get(&digest).map(Arc::clone)
    }

    fn put(&self, digest: u128, entry: Arc<Entry>) {
        self.pin().insert(digest, entry);
    }
}

impl Contender for scc::HashMap<u128, Arc<Entry>> {
    fn get(&self, digest: u128) -> Option<Arc<Entry>> {
        self.read_sync(&digest, |_, entry| Arc::clone(entry))
    }

    fn put(&self, digest: u128, entry: Arc<Entry>) {
        self.upsert_sync(digest, entry);
    }
}
