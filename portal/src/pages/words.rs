//! Texts and templates for pages of ours that no operator replaces.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use minijinja::Value;

use super::fault::PagesFault;
use super::language::{Language, Languages};
use super::negotiate;
use super::render::{LanguageValues, Speaker};

/// The texts of some pages, in every language there is a file for.
#[derive(Debug)]
pub struct Words(Languages);

impl Words {
    /// Reads files by name and text: `en.toml`, which has every text, and others.
    ///
    /// # Errors
    /// With every fault of the files, and every text that a language lacks.
    pub fn new(files: &[(&str, &str)]) -> Result<Self, PagesFault> {
        let (mut faults, mut lacking) = (Vec::new(), Vec::new());
        let languages = Languages::read(files, &BTreeMap::new(), &mut faults, &mut lacking);
        faults.append(&mut lacking);
        if faults.is_empty() {
            Ok(Self(languages))
        } else {
            Err(PagesFault { faults })
        }
    }

    /// The tag of the language that suits a request's `Accept-Language` best.
    #[must_use]
    pub fn negotiate(&self, accept_language: Option<&str>) -> &str {
        let tags: Vec<&str> = self.0.tags().collect();
        negotiate::negotiate(accept_language, tags.into_iter())
    }

    /// What templates call for a text: `text("key", name=value)`.
    #[must_use]
    pub fn speaker(&self, tag: &str, organisation: &str) -> Value {
        let (_, texts) = self.0.texts(&Language::of(tag));
        Value::from_object(Speaker {
            texts: Arc::clone(texts),
            organisation: organisation.into(),
        })
    }

    /// What templates get as `language`.
    #[must_use]
    pub fn language(&self, tag: &str) -> Value {
        let (tag, texts) = self.0.texts(&Language::of(tag));
        Value::from(minijinja::value::Serde(&LanguageValues {
            tag,
            direction: texts.direction(),
        }))
    }

    /// A text without values; `None` where there is none of this key.
    #[must_use]
    pub fn say(&self, tag: &str, key: &str) -> Option<String> {
        let (_, texts) = self.0.texts(&Language::of(tag));
        let text = texts.get(key)?;
        text.with(|_| Ok::<_, Infallible>(String::new())).ok()
    }

    /// Every language there are texts in.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.0.tags()
    }
}
