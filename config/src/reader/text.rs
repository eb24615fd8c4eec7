//! A string value: `${NAME}` replaced, and refused in the words it was written in.

use std::path::PathBuf;

use super::Field;
use super::section::one_of;

/// A string of the document.
///
/// A message that refuses it quotes it as written: what an environment variable holds may be a secret.
pub(crate) struct Text<'d> {
    field: Field<'d>,
    written: &'d str,
    value: String,
}

impl<'d> Text<'d> {
    pub(super) fn new(field: Field<'d>, written: &'d str) -> Option<Self> {
        match interpolate(written, field.document.environment) {
            Ok(value) => Some(Self {
                field,
                written,
                value,
            }),
            Err(problem) => {
                field.fault(problem);
                None
            }
        }
    }

    /// The string, environment variables replaced.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// Notes `` `value` why `` and gives nothing.
    pub(crate) fn refuse<T>(&self, why: &str) -> Option<T> {
        let written = match self.written {
            "" => "\"\"".to_owned(),
            written => written.escape_debug().to_string(),
        };
        self.refuse_unquoted(&format!("`{written}` {why}"))
    }

    /// Notes that the value is to be written as `better`, and gives nothing.
    pub(crate) fn refuse_spelling<T>(&self, better: &str) -> Option<T> {
        if self.written == self.value {
            self.refuse(&format!(
                "is not how it stands in requests; write `{better}`"
            ))
        } else {
            self.refuse(
                "is not how it stands in requests; encode only what must be, with capital digits",
            )
        }
    }

    /// Notes a fault that must not repeat the value, and gives nothing.
    pub(crate) fn refuse_unquoted<T>(&self, message: &str) -> Option<T> {
        self.field.fault(message);
        None
    }

    /// Any string but the empty one.
    pub(crate) fn filled(&self) -> Option<String> {
        if self.value.trim().is_empty() {
            return self.refuse("is empty; write a value or remove it");
        }
        Some(self.value.clone())
    }

    /// A path, from the folder of the document.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.filled().map(|path| self.resolve(&path))
    }

    /// The path in what follows a prefix such as `file:`.
    pub(crate) fn path_after(&self, prefix: &str) -> Option<PathBuf> {
        let path = self.value.strip_prefix(prefix)?;
        if path.is_empty() {
            return self.refuse("names no path; write one after the colon");
        }
        Some(self.resolve(path))
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&self, what: &str, options: &[(&str, T)]) -> Option<T> {
        let chosen = options.iter().find(|(name, _)| *name == self.value);
        if let Some((_, option)) = chosen {
            return Some(*option);
        }
        let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
        self.refuse(&format!("is not {what}; expected {}", one_of(&names)))
    }

    fn resolve(&self, path: &str) -> PathBuf {
        self.field.document.resolve(path)
    }
}

/// Values that must not come twice, and the keys they came under.
pub(crate) struct Seen<T> {
    entries: Vec<(T, String)>,
    advice: &'static str,
}

impl<T: PartialEq> Seen<T> {
    /// Nothing seen yet; `advice` tells what to do about a second one.
    pub(crate) fn new(advice: &'static str) -> Self {
        Self {
            entries: Vec::new(),
            advice,
        }
    }

    /// Remembers a value; one that came before is a fault.
    pub(crate) fn note(&mut self, value: T, text: &Text<'_>) {
        let first = self.entries.iter().find(|(seen, _)| *seen == value);
        if let Some((_, key)) = first {
            text.refuse::<()>(&format!("stands in `{key}` already; {}", self.advice));
        } else {
            self.entries.push((value, text.field.key.clone()));
        }
    }
}

/// Replaces each `${NAME}` by the environment's value.
fn interpolate(
    written: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let mut value = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, after)) = rest.split_once("${") {
        value.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            return Err("`${` without a closing `}`; write `${NAME}`".to_owned());
        };
        if !is_variable_name(name) {
            return Err(format!(
                "`${{{}}}` does not name an environment variable; write `${{NAME}}` with letters, digits and `_`",
                name.escape_debug()
            ));
        }
        let Some(replacement) = environment(name) else {
            return Err(format!(
                "`${{{name}}}` refers to an environment variable that is not set; set `{name}`"
            ));
        };
        value.push_str(&replacement);
        rest = after;
    }
    value.push_str(rest);
    Ok(value)
}

fn is_variable_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
