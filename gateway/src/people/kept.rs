//! Forms that were sent just when a sign-in was needed: kept until it is done, in memory, within bounds.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use crossgate_portal::seal::{NoRandom, random_text};

/// A form that was sent.
#[derive(Clone)]
pub(super) struct Form {
    /// The host it was sent to.
    pub host: Box<str>,
    /// The browser that sent it.
    pub(super) browser: String,
    /// The network that it came from.
    pub(super) network: Option<String>,
    /// Who sent it, where it is given back to nobody else; `None` of an app's, which knows its own.
    pub(super) person: Option<String>,
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
    /// How many there are of each network.
    of_networks: HashMap<Option<String>, usize>,
}

impl Kept {
    /// Keeps a form under an id that nobody can guess; `None` where there is no room. Where one network has many, its oldest makes room, so
    /// that nobody's forms push out those of others; and of what one person sends that is longer than others may, the last is kept.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(super) fn keep(&self, form: Form, now: u64) -> Result<Option<String>, NoRandom> {
        let id = random_text()?;
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.forget(now);
        let size = form.size();
        let theirs = shelf.of_networks.get(&form.network);
        if theirs.is_some_and(|count| *count >= MOST_OF_NETWORK) {
            shelf.forget_oldest_of(&form.network);
        }
        let is_large = size > 2 * MOST_FORM;
        if is_large && form.person.is_some() {
            shelf.forget_large_of(&form.person);
        }
        let is_too_large = is_large && (form.person.is_none() || size > 2 * MOST_CONSOLE_FORM);
        if is_too_large || shelf.forms.len() >= MOST_FORMS || shelf.bytes + size > MOST_BYTES {
            return Ok(None);
        }
        shelf.bytes += size;
        *shelf.of_networks.entry(form.network.clone()).or_default() += 1;
        shelf.forms.insert(id.clone(), (now, form));
        Ok(Some(id))
    }

    /// Where a form was sent to.
    pub(super) fn path(&self, id: &str) -> Option<String> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.forms.get(id).map(|(_, form)| form.path.clone())
    }

    /// Gives a form back, once, at the host that it was sent to, to the browser that sent it and, where one is named, to its person.
    pub(super) fn take(
        &self,
        id: &str,
        host: &str,
        browser: &str,
        person: Option<&str>,
        now: u64,
    ) -> Option<Form> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.forget(now);
        let (_, form) = shelf.forms.get(id)?;
        if *form.host != *host || form.browser != browser || form.person.as_deref() != person {
            return None;
        }
        shelf.remove(id)
    }
}

impl Shelf {
    fn forget(&mut self, now: u64) {
        let forms = self.forms.iter();
        let old = forms.filter(|(_, (since, _))| now >= since.saturating_add(LONGEST));
        let old: Vec<String> = old.map(|(id, _)| id.clone()).collect();
        for id in old {
            self.remove(&id);
        }
    }

    fn forget_oldest_of(&mut self, network: &Option<String>) {
        let forms = self.forms.iter();
        let theirs = forms.filter(|(_, (_, form))| form.network == *network);
        let oldest = theirs.min_by_key(|(_, (since, _))| *since);
        if let Some(id) = oldest.map(|(id, _)| id.clone()) {
            self.remove(&id);
        }
    }

    fn forget_large_of(&mut self, person: &Option<String>) {
        let forms = self.forms.iter();
        let large = forms.filter(|(_, (_, form))| form.size() > 2 * MOST_FORM);
        let theirs = large.filter(|(_, (_, form))| form.person == *person);
        let theirs: Vec<String> = theirs.map(|(id, _)| id.clone()).collect();
        for id in theirs {
            self.remove(&id);
        }
    }

    fn remove(&mut self, id: &str) -> Option<Form> {
        let (_, form) = self.forms.remove(id)?;
        self.bytes = self.bytes.saturating_sub(form.size());
        if let Entry::Occupied(mut count) = self.of_networks.entry(form.network.clone()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        Some(form)
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

/// The same of who is signed in at the console: a Conditional Access policy is edited as its document, which is longer than what people
/// type elsewhere.
pub const MOST_CONSOLE_FORM: usize = 256 << 10;

const MOST_FORMS: usize = 2000;

/// Of one network: an office sends no more within half an hour just when it has to sign in.
const MOST_OF_NETWORK: usize = 100;

const MOST_BYTES: usize = 16 << 20;

/// As long as a sign-in may take, and a while to press the button, in seconds.
const LONGEST: u64 = 30 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn form(letters: usize) -> Form {
        form_from("192.0.2.0", letters)
    }

    fn form_from(network: &str, letters: usize) -> Form {
        Form {
            host: "a.example".into(),
            browser: "b".to_owned(),
            network: Some(network.to_owned()),
            person: None,
            path: "/pay".to_owned(),
            fields: vec![("amount".to_owned(), "1".repeat(letters))],
        }
    }

    #[test]
    fn a_form_is_given_back_once_at_its_host_and_not_for_ever() {
        let kept = Kept::default();
        let id = kept.keep(form(3), 1000).unwrap().unwrap();
        let take =
            |id: &str, host: &str, browser: &str, now| kept.take(id, host, browser, None, now);
        assert!(take(&id, "b.example", "b", 1000).is_none());
        assert!(take(&id, "a.example", "c", 1000).is_none());
        assert_eq!(
            take(&id, "a.example", "b", 1001).unwrap().fields[0].1,
            "111"
        );
        assert!(take(&id, "a.example", "b", 1001).is_none());
        let id = kept.keep(form(3), 1000).unwrap().unwrap();
        assert!(take(&id, "a.example", "b", 1000 + LONGEST).is_none());
    }

    fn form_of(person: &str, letters: usize) -> Form {
        Form {
            person: Some(person.to_owned()),
            ..form(letters)
        }
    }

    #[test]
    fn a_form_of_a_person_is_given_to_nobody_else_who_uses_the_browser() {
        let kept = Kept::default();
        let id = kept.keep(form_of("ada", 3), 1000).unwrap().unwrap();
        for other in [None, Some("bob")] {
            assert!(kept.take(&id, "a.example", "b", other, 1000).is_none());
        }
        assert!(
            kept.take(&id, "a.example", "b", Some("ada"), 1000)
                .is_some()
        );
    }

    #[test]
    fn a_persons_longest_form_is_kept_and_one_of_these_alone() {
        let kept = Kept::default();
        let keep = |form| kept.keep(form, 1000).unwrap();
        assert!(keep(form(MOST_CONSOLE_FORM)).is_none());
        assert!(keep(form_of("ada", 2 * MOST_CONSOLE_FORM)).is_none());
        let short = keep(form_of("ada", 3)).unwrap();
        let first = keep(form_of("ada", MOST_CONSOLE_FORM)).unwrap();
        let others = keep(form_of("bob", MOST_CONSOLE_FORM)).unwrap();
        let last = keep(form_of("ada", MOST_CONSOLE_FORM)).unwrap();
        assert!(kept.path(&first).is_none());
        for id in [short, others, last] {
            assert!(kept.path(&id).is_some());
        }
    }

    #[test]
    fn what_is_kept_has_a_bound_and_makes_room_again() {
        let kept = Kept::default();
        let keep = |number: u64, now| {
            let form = form_from(&number.to_string(), MOST_FORM);
            kept.keep(form, now).unwrap()
        };
        let most = (0..1000).map_while(|number| keep(number, 1000)).count();
        assert!((200..=256).contains(&most), "{most}");
        assert!(keep(1000, 1000).is_none());
        assert!(keep(1000, 1000 + LONGEST).is_some());
    }

    #[test]
    fn whoever_sends_many_forms_pushes_out_their_own_and_nobody_elses() {
        let kept = Kept::default();
        let theirs = kept
            .keep(form_from("198.51.100.0", 3), 1000)
            .unwrap()
            .unwrap();
        let first = kept.keep(form(3), 1001).unwrap().unwrap();
        for at in 0..3 * MOST_FORMS as u64 {
            assert!(kept.keep(form(3), 1002 + at / 100).unwrap().is_some());
        }
        assert!(kept.path(&first).is_none());
        assert!(kept.path(&theirs).is_some());
        let shelf = kept.0.lock().unwrap();
        assert_eq!(shelf.forms.len(), MOST_OF_NETWORK + 1);
    }
}
