//! Templates and values to a page.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Kwargs, Object, Serde, from_args};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};
use serde::Serialize;

use super::brand::Brand;
use super::language::{ORGANISATION, Texts};

/// The `<style>` element, and what lets browsers apply it and nothing else.
#[derive(Debug)]
pub(super) struct Style {
    element: Value,
    policy: Arc<str>,
}

/// What templates get as `text`: called with a key and values, it gives the text in the reader's language.
#[derive(Debug)]
pub(super) struct Speaker {
    pub(super) texts: Arc<Texts>,
    pub(super) organisation: Arc<str>,
}

/// What templates get as `language`.
#[derive(Serialize)]
pub(super) struct LanguageValues<'a> {
    pub(super) tag: &'a str,
    pub(super) direction: &'a str,
}

impl Style {
    pub(super) fn new(brand: &Brand, text: &str) -> Self {
        // Browsers hash what they have parsed: without carriage returns, and without the character 0.
        let mut text = text.replace("\r\n", "\n").replace(['\r', '\0'], "\n");
        if let Some(colour) = brand.colour {
            let on = colour.text_on();
            text.push_str(&format!("\n:root{{--brand:{colour};--on-brand:{on}}}\n"));
        }
        let hash = STANDARD.encode(digest(&SHA256, text.as_bytes()));
        Self {
            element: Value::from_safe_string(format!("<style>{text}</style>")),
            policy: format!(
                "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action 'self'; \
                 frame-ancestors 'none'; base-uri 'none'"
            )
            .into(),
        }
    }

    pub(super) fn policy(&self) -> Arc<str> {
        Arc::clone(&self.policy)
    }
}

impl Object for Speaker {
    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (key, values): (&str, Kwargs) = from_args(args)?;
        let Some(text) = self.texts.get(key) else {
            return Err(missing(format!("there is no text `{key}`")));
        };
        let whole = text.with(|name| {
            if name == ORGANISATION {
                return Ok(self.organisation.to_string());
            }
            match values.get::<Option<Value>>(name)? {
                Some(value) if !value.is_undefined() && !value.is_none() => Ok(value.to_string()),
                _ => Err(missing(format!("the text `{key}` needs a value `{name}`"))),
            }
        })?;
        // A plain string: it holds values, so it is escaped as they are.
        Ok(Value::from(whole))
    }
}

/// Where templates run: whatever they write is escaped, and what they do not get stops them.
#[must_use]
pub fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(write_escaped);
    // Nothing that a person or a request brought may become markup, so there is no way to say that it may.
    environment.remove_filter("safe");
    environment
}

/// Everything a template gets.
pub(super) fn values(
    page: Value,
    brand: Value,
    organisation: &Arc<str>,
    (tag, texts): (&str, &Arc<Texts>),
    style: &Style,
) -> Value {
    let language = LanguageValues {
        tag,
        direction: texts.direction(),
    };
    let speaker = Speaker {
        texts: Arc::clone(texts),
        organisation: Arc::clone(organisation),
    };
    Value::from(BTreeMap::from([
        ("page", page),
        ("brand", brand),
        ("language", Value::from(Serde(&language))),
        ("text", Value::from_object(speaker)),
        ("style", style.element.clone()),
    ]))
}

/// Escapes whatever the template says about escaping: `{% autoescape false %}` changes nothing.
fn write_escaped(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let written = if value.is_none() {
        Ok(())
    } else if value.is_safe() {
        write!(out, "{value}")
    } else {
        match value.as_str() {
            Some(text) => out.write_str(&escape(text)),
            None => out.write_str(&escape(&value.to_string())),
        }
    };
    written.map_err(|fault| missing(fault.to_string()))
}

pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

fn missing(what: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, what)
}
