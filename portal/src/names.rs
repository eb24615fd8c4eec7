//! Names that many sessions have: each is kept once, so that comparing one reads memory that was just read for another.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Names in use. For where people are let in, which may wait; no request looks here.
#[derive(Debug, Default)]
pub struct Names(Mutex<HashSet<Arc<str>>>);

impl Names {
    /// The one copy of a name.
    #[must_use]
    pub fn shared(&self, name: &str) -> Arc<str> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = names.get(name) {
            return Arc::clone(name);
        }
        let name: Arc<str> = name.into();
        names.insert(Arc::clone(&name));
        name
    }

    /// Forgets what nothing has any more.
    pub fn forget_unused(&self) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.retain(|name| Arc::strong_count(name) > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_while_somebody_has_it() {
        let names = Names::default();
        let (one, other) = (names.shared("a.example"), names.shared("a.example"));
        assert!(Arc::ptr_eq(&one, &other));
        drop(one);
        names.forget_unused();
        assert!(Arc::ptr_eq(&other, &names.shared("a.example")));
        drop(other);
        names.forget_unused();
        assert!(names.0.lock().unwrap().is_empty());
    }
}
