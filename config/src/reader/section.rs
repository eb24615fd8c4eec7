//! One table of the document.

use std::path::PathBuf;

use toml::de::DeTable;

use super::{Document, Field, Seen, Text};
use crate::suggest::closest;
use crate::{Purpose, Share};

/// A table whose keys are read one by one. A key that nobody asked for is a fault once its reader is done.
pub(crate) struct Section<'d> {
    document: &'d Document<'d>,
    key: String,
    offset: usize,
    entries: Vec<Entry<'d>>,
    asked: Vec<&'static str>,
}

struct Entry<'d> {
    name: &'d str,
    name_offset: usize,
    field: Field<'d>,
}

impl<'d> Section<'d> {
    pub(super) fn root(document: &'d Document<'d>, table: &'d DeTable<'d>) -> Self {
        Self::new(document, String::new(), 0, table)
    }

    pub(super) fn new(
        document: &'d Document<'d>,
        key: String,
        offset: usize,
        table: &'d DeTable<'d>,
    ) -> Self {
        let entries = table.iter().map(|(name, value)| Entry {
            name: name.get_ref(),
            name_offset: name.span().start,
            field: Field::new(document, child(&key, name.get_ref()), value),
        });
        let entries = entries.collect();
        Self {
            document,
            key,
            offset,
            entries,
            asked: Vec::new(),
        }
    }

    /// The key this section stands under, such as `app[0]`.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Whether what only serving needs may be missing.
    pub(crate) fn purpose(&self) -> Purpose {
        self.document.purpose
    }

    /// A path that the document does not name, from its folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.document.resolve(path)
    }

    /// The value of a key, if it is there.
    pub(crate) fn field(&mut self, name: &'static str) -> Option<Field<'d>> {
        if !self.asked.contains(&name) {
            self.asked.push(name);
        }
        self.entries
            .iter()
            .find(|entry| entry.name == name)
            .map(|entry| entry.field.clone())
    }

    /// Whether a list is absent or has no items.
    pub(crate) fn lacks(&mut self, name: &'static str) -> bool {
        self.field(name).is_none_or(|field| field.is_empty_list())
    }

    /// Notes what is wrong with a key, where it stands, or where it ought to.
    pub(crate) fn fault(&mut self, name: &'static str, message: impl Into<String>) {
        match self.field(name) {
            Some(field) => field.fault(message),
            None => self
                .document
                .note(self.offset, child(&self.key, name), message.into()),
        }
    }

    /// The string under a key as `read` takes it. `None`: absent, or wrong and noted.
    pub(crate) fn text<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Text<'d>) -> Option<T>,
    ) -> Option<T> {
        self.field(name)?.text().and_then(|text| read(&text))
    }

    /// [`Section::text`] where an absent key is a fault that says what was expected.
    pub(crate) fn required_text<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&Text<'d>) -> Option<T>,
    ) -> Option<T> {
        if self.field(name).is_none() {
            self.fault(name, format!("missing; expected {expected}"));
        }
        self.text(name, read)
    }

    /// The strings of a list as `read` takes them; no two may be equal. `None`: absent, or no list and noted.
    pub(crate) fn texts<T: Clone + PartialEq>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&Text<'d>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.field(name)?.items()?;
        let mut seen = Seen::new("remove one of the two");
        let values = items.iter().filter_map(|item| {
            let text = item.text()?;
            let value = read(&text)?;
            seen.note(value.clone(), &text);
            Some(value)
        });
        Some(values.collect())
    }

    /// The boolean under a key, or its default.
    pub(crate) fn boolean(&mut self, name: &'static str, default: bool) -> bool {
        self.field(name)
            .and_then(|field| field.boolean())
            .unwrap_or(default)
    }

    /// The share of a whole under a key, or its default.
    pub(crate) fn share(&mut self, name: &'static str, default: Share) -> Share {
        self.field(name)
            .and_then(|field| field.share())
            .unwrap_or(default)
    }

    /// The whole number under a key, or its default.
    pub(crate) fn whole_number(&mut self, name: &'static str, default: usize) -> usize {
        self.field(name)
            .and_then(|field| field.whole_number())
            .unwrap_or(default)
    }

    /// The whole number under a key, or its default; zero is a fault.
    pub(crate) fn positive_number(&mut self, name: &'static str, default: usize) -> usize {
        let number = self.whole_number(name, default);
        if number == 0 {
            self.fault(name, "`0` leaves nothing to work with; expected at least 1");
        }
        number
    }

    /// Reads a table, if it is there.
    pub(crate) fn section<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Section<'d>) -> T,
    ) -> Option<T> {
        let mut section = self.field(name)?.section()?;
        let value = read(&mut section);
        section.finish();
        Some(value)
    }

    /// Reads a table; one that is absent is read as if it were there without keys.
    pub(crate) fn section_or_empty<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Section<'d>) -> T,
    ) -> T {
        let mut section = self.opened(name);
        let value = read(&mut section);
        section.finish();
        value
    }

    /// The same of a table that was read before, to find fault with what others make of it: whose keys are known was told then.
    pub(crate) fn section_again<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Section<'d>) -> T,
    ) -> T {
        read(&mut self.opened(name))
    }

    fn opened(&mut self, name: &'static str) -> Self {
        let section = self.field(name).and_then(|field| field.section());
        section.unwrap_or_else(|| Self {
            document: self.document,
            key: child(&self.key, name),
            offset: self.offset,
            entries: Vec::new(),
            asked: Vec::new(),
        })
    }

    /// Reads every table of a list of tables, written `[[name]]`.
    pub(crate) fn sections<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Section<'d>) -> Option<T>,
    ) -> Vec<T> {
        let Some(field) = self.field(name) else {
            return Vec::new();
        };
        if field.value.is_table() {
            field.fault(format!(
                "`[{name}]` is one table; expected a list of them, each under `[[{name}]]`"
            ));
            return Vec::new();
        }
        let mut values = Vec::new();
        for item in field.items().unwrap_or_default() {
            if let Some(mut section) = item.section() {
                values.extend(read(&mut section));
                section.finish();
            }
        }
        values
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(self) {
        for entry in &self.entries {
            if self.asked.contains(&entry.name) {
                continue;
            }
            let advice = match closest(entry.name, &self.asked) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("expected {}", one_of(&self.asked)),
            };
            self.document.note(
                entry.name_offset,
                entry.field.key.clone(),
                format!("unknown key; {advice}"),
            );
        }
    }
}

/// `a`, `b` or `c`, each in backticks.
pub(super) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}

fn child(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}
