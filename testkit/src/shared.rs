//! What tests of one process share while any of them uses it.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Starts with whoever asks first, and ends with whoever uses it last.
#[derive(Debug)]
pub(crate) struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// The one that is running, or a new one.
    pub(crate) fn get(&self, start: impl FnOnce() -> T) -> Arc<T> {
        // Where it did not come up for another test, this one finds out itself.
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = running.upgrade().unwrap_or_else(|| Arc::new(start()));
        *running = Arc::downgrade(&shared);
        shared
    }
}
