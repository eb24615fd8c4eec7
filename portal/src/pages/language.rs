//! The texts of the pages, in every language there is a file for.
//!
//! Every language is complete once it is read: what a file leaves out was filled in from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::fault::{Finding, line_at};

/// One language that there are texts in.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Language {
    tag: Arc<str>,
}

/// Every language, with its texts.
#[derive(Debug)]
pub(super) struct Languages {
    // INVARIANT (English): holds `en`, whose keys every other language has too.
    texts: BTreeMap<Arc<str>, Arc<Texts>>,
    english: Arc<Texts>,
}

/// The texts of one language by key, such as `choose.title`.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    direction: Direction,
    texts: BTreeMap<String, Text>,
}

/// Which way a language is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Direction {
    #[default]
    LeftToRight,
    RightToLeft,
}

/// A text, taken apart at its values.
#[derive(Clone, Debug)]
pub(super) struct Text(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Words(String),
    Value(String),
}

/// What a file says, with the line of each key.
struct Written {
    direction: Option<Direction>,
    texts: BTreeMap<String, (usize, Text)>,
}

impl Language {
    /// The language of this tag, whether there are texts in it or not.
    pub(super) fn of(tag: &str) -> Self {
        Self { tag: tag.into() }
    }

    /// Its tag (BCP 47), as for `Content-Language`.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }
}

impl Languages {
    /// Reads the files that are built in and those of the operator, by file name. Adds to `faults` what stops them and
    /// to `advisories` what does not.
    pub(super) fn read(
        built_in: &[(&str, &str)],
        overrides: &BTreeMap<String, String>,
        faults: &mut Vec<Finding>,
        advisories: &mut Vec<Finding>,
    ) -> Self {
        let built_in: BTreeMap<&str, &str> = built_in.iter().copied().collect();
        let english_file = file_of(ENGLISH);
        let mut english = Texts::default();
        if let Some(text) = built_in.get(english_file.as_str()) {
            english.add(Written::read(&english_file, text, faults));
        }
        // What the pages ask for. An operator's English changes words, and neither keys nor values.
        let asked = english.clone();
        if let Some(text) = overrides.get(&english_file) {
            let written = Written::read(&english_file, text, faults);
            english.add(written.checked(&english_file, &asked, faults));
        }
        let english = Arc::new(english);

        let mut texts = BTreeMap::new();
        let files: BTreeSet<&str> = built_in
            .keys()
            .copied()
            .chain(overrides.keys().map(String::as_str))
            .filter(|file| *file != english_file)
            .collect();
        for file in files {
            let Some(tag) = tag_of(file) else { continue };
            let mut language = Texts::clone(&english);
            let mut given = BTreeSet::new();
            let sources = [
                built_in.get(file).copied(),
                overrides.get(file).map(String::as_str),
            ];
            for text in sources.into_iter().flatten() {
                let written = Written::read(file, text, faults).checked(file, &asked, faults);
                given.extend(written.texts.keys().cloned());
                language.add(written);
            }
            let missing: Vec<&str> = asked.keys().filter(|key| !given.contains(*key)).collect();
            if !missing.is_empty() {
                let what = format!(
                    "these texts are missing and are shown in English: `{}`",
                    missing.join("`, `")
                );
                advisories.push(Finding::new(file, None, what));
            }
            texts.insert(Arc::from(tag), Arc::new(language));
        }
        texts.insert(Arc::from(ENGLISH), Arc::clone(&english));
        Self { texts, english }
    }

    /// The texts of a language; of English where there are none.
    pub(super) fn texts(&self, language: &Language) -> (&str, &Arc<Texts>) {
        match self.texts.get_key_value(&language.tag) {
            Some((tag, texts)) => (tag, texts),
            None => (ENGLISH, &self.english),
        }
    }

    /// Every language there is.
    pub(super) fn tags(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(AsRef::as_ref)
    }
}

impl Texts {
    pub(super) const fn direction(&self) -> &'static str {
        match self.direction {
            Direction::LeftToRight => "ltr",
            Direction::RightToLeft => "rtl",
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Text> {
        self.texts.get(key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    fn add(&mut self, written: Written) {
        let Written { direction, texts } = written;
        self.direction = direction.unwrap_or(self.direction);
        let texts = texts.into_iter().map(|(key, (_, text))| (key, text));
        self.texts.extend(texts);
    }
}

impl Text {
    /// The text with its values put in. A value is put in as it is: what looks like a value within it is none.
    ///
    /// # Errors
    /// With the name of a value that is not given.
    pub(super) fn with<E>(
        &self,
        mut value: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<String, E> {
        let mut whole = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Words(words) => whole.push_str(words),
                Piece::Value(name) => whole.push_str(&value(name)?),
            }
        }
        Ok(whole)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Words(_) => None,
            Piece::Value(name) => Some(name.as_str()),
        })
    }

    fn parse(mut text: &str) -> Result<Self, &'static str> {
        let mut pieces = Vec::new();
        while let Some((words, rest)) = text.split_once('{') {
            let (name, rest) = rest.split_once('}').ok_or("a `{` has no `}`")?;
            if name.is_empty() || !name.bytes().all(|letter| letter.is_ascii_lowercase()) {
                return Err("between `{` and `}` there must be the name of a value");
            }
            pieces.push(Piece::Words(words.to_owned()));
            pieces.push(Piece::Value(name.to_owned()));
            text = rest;
        }
        pieces.push(Piece::Words(text.to_owned()));
        Ok(Self(pieces))
    }
}

impl Written {
    fn read(file: &str, text: &str, faults: &mut Vec<Finding>) -> Self {
        let mut written = Self {
            direction: None,
            texts: BTreeMap::new(),
        };
        match DeTable::parse(text) {
            Ok(table) => written.take("", table.get_ref(), file, text, faults),
            Err(fault) => {
                let line = fault.span().map(|span| line_at(text, span.start));
                faults.push(Finding::new(file, line, fault.message()));
            }
        }
        written
    }

    fn take(
        &mut self,
        prefix: &str,
        table: &DeTable<'_>,
        file: &str,
        source: &str,
        faults: &mut Vec<Finding>,
    ) {
        for (name, value) in table {
            let key = match prefix {
                "" => name.get_ref().to_string(),
                prefix => format!("{prefix}.{}", name.get_ref()),
            };
            let line = line_at(source, name.span().start);
            let mut fault = |what: String| faults.push(Finding::new(file, Some(line), what));
            match value.get_ref() {
                DeValue::Table(table) => self.take(&key, table, file, source, faults),
                DeValue::String(text) if key == "direction" => match text.as_ref() {
                    "ltr" => self.direction = Some(Direction::LeftToRight),
                    "rtl" => self.direction = Some(Direction::RightToLeft),
                    other => fault(format!(
                        "`direction` is `{other}`; expected `ltr`, left to right, or `rtl`"
                    )),
                },
                DeValue::String(text) if text.trim().is_empty() => {
                    fault(format!(
                        "`{key}` is empty; write a text, or leave the key out"
                    ));
                }
                DeValue::String(text) => match Text::parse(text) {
                    Ok(text) => {
                        self.texts.insert(key, (line, text));
                    }
                    Err(what) => fault(format!("`{key}`: {what}")),
                },
                DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_) => fault(format!("`{key}` is not a text; put it in quotes")),
            }
        }
    }

    /// Without the texts and values that nobody asks for, which are faults.
    fn checked(mut self, file: &str, asked: &Texts, faults: &mut Vec<Finding>) -> Self {
        self.texts.retain(|key, (line, text)| {
            let Some(model) = asked.get(key) else {
                let what = format!("`{key}` is no text of these pages; the built-in `en.toml` has every one there is");
                faults.push(Finding::new(file, Some(*line), what));
                return false;
            };
            let allowed: BTreeSet<&str> = model.values().chain([ORGANISATION]).collect();
            let unknown = text.values().find(|name| !allowed.contains(name));
            if let Some(name) = unknown {
                let allowed = Vec::from_iter(allowed).join("}`, `{");
                let what = format!("`{key}` has no value `{{{name}}}`; it can have `{{{allowed}}}`");
                faults.push(Finding::new(file, Some(*line), what));
            }
            unknown.is_none()
        });
        self
    }
}

/// The tag that a language file is named after: `sv` of `sv.toml`. `None` where it is named after none.
pub(super) fn tag_of(file: &str) -> Option<&str> {
    let tag = file.strip_suffix(".toml")?;
    let mut parts = tag.split('-');
    let language = parts.next()?;
    let is_language =
        (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    (is_language && parts.all(is_part)).then_some(tag)
}

fn file_of(tag: &str) -> String {
    format!("{tag}.toml")
}

/// The language that pages fall back to.
pub(super) const ENGLISH: &str = "en";

/// The value that every text may have.
pub(super) const ORGANISATION: &str = "organisation";
