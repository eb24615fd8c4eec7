//! Forms that were sent just when a sign-in was needed: kept until it is done, in memory, within bounds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crossgate_portal::seal::{NoRandom, random_text};

/// A form that was sent.
#[derive(Clone)]
pub(super) struct Form {
    /// The host it was sent to.
    pub host: Box<str>,
    /// The browser that sent it.
    pub(super) browser: String,
    /// The path, with its query.
    pub path: String,
    /// Its fields.
    pub fields: Vec<(String, String)>,
}

/// What is kept.
#[derive(Default)]
pub(super) struct Kept(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    forms: HashMap<String, (u64, Form)>,
    bytes: usize,
}

impl Kept {
    /// Keeps a form under an id that nobody can guess; `None` where there is no room.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(super) fn keep(&self, form: Form, now: u64) -> Result<Option<String>, NoRandom> {
        let id = random_text()?;
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.forget(now);
        let size = form.size();
        if shelf.forms.len() >= MOST_FORMS || shelf.bytes + size > MOST_BYTES {
            return Ok(None);
        }
        shelf.bytes += size;
        shelf.forms.insert(id.clone(), (now, form));
        Ok(Some(id))
    }

    /// Where a form was sent to.
    pub(super) fn path(&self, id: &str) -> Option<String> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.forms.get(id).map(|(_, form)| form.path.clone())
    }

    /// Gives a form back, once, at the host that it was sent to and to the browser that sent it.
    pub(super) fn take(&self, id: &str, host: &str, browser: &str, now: u64) -> Option<Form> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.forget(now);
        let (_, form) = shelf.forms.get(id)?;
        if *form.host != *host || form.browser != browser {
            return None;
        }
        let (_, form) = shelf.forms.remove(id)?;
        shelf.bytes = shelf.bytes.saturating_sub(form.size());
        Some(form)
    }
}

impl Shelf {
    fn forget(&mut self, now: u64) {
        self.forms
            .retain(|_, (since, _)| now < since.saturating_add(LONGEST));
        self.bytes = self.forms.values().map(|(_, form)| form.size()).sum();
    }
}

impl Form {
    fn size(&self) -> usize {
        let fields = self.fields.iter();
        self.path.len()
            + fields
                .map(|(name, value)| name.len() + value.len() + 64)
                .sum::<usize>()
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

/// The longest form that is kept, in bytes: what people type, not what they upload.
pub const MOST_FORM: usize = 64 << 10;

const MOST_FORMS: usize = 1000;

const MOST_BYTES: usize = 16 << 20;

/// As long as a sign-in may take, and a while to press the button, in seconds.
const LONGEST: u64 = 30 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn form(letters: usize) -> Form {
        Form {
            host: "a.example".into(),
            browser: "b".to_owned(),
            path: "/pay".to_owned(),
            fields: vec![("amount".to_owned(), "1".repeat(letters))],
        }
    }

    #[test]
    fn a_form_is_given_back_once_at_its_host_and_not_for_ever() {
        let kept = Kept::default();
        let id = kept.keep(form(3), 1000).unwrap().unwrap();
        assert!(kept.take(&id, "b.example", "b", 1000).is_none());
        assert!(kept.take(&id, "a.example", "c", 1000).is_none());
        assert_eq!(
            kept.take(&id, "a.example", "b", 1001).unwrap().fields[0].1,
            "111"
        );
        assert!(kept.take(&id, "a.example", "b", 1001).is_none());
        let id = kept.keep(form(3), 1000).unwrap().unwrap();
        assert!(kept.take(&id, "a.example", "b", 1000 + LONGEST).is_none());
    }

    #[test]
    fn what_is_kept_has_a_bound_and_makes_room_again() {
        let kept = Kept::default();
        let most = std::iter::from_fn(|| kept.keep(form(MOST_FORM), 1000).unwrap()).count();
        assert!((200..=256).contains(&most), "{most}");
        assert!(kept.keep(form(MOST_FORM), 1000).unwrap().is_none());
        assert!(
            kept.keep(form(MOST_FORM), 1000 + LONGEST)
                .unwrap()
                .is_some()
        );
    }
}
