//! In which properties two texts differ, as JSON: spaces, the order of members and how a number or a text is written do not count.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// One property that differs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Property {
    /// Where, such as `inboundTrust.isMfaAccepted`; empty for a whole document that is no object.
    pub path: String,
    /// Its value as JSON, without spaces; `None` where it is absent.
    pub old: Option<String>,
    /// The same on the other side.
    pub new: Option<String>,
}

/// The properties in which two documents differ, in the order of their names. A document that is not there has none.
#[must_use]
pub fn properties(old: Option<&str>, new: Option<&str>) -> Vec<Property> {
    let mut found = Vec::new();
    let old = old.unwrap_or("{}");
    let new = new.unwrap_or("{}");
    if old != new {
        compare(&mut String::new(), Some(old), Some(new), &mut found);
    }
    found
}

fn compare(path: &mut String, old: Option<&str>, new: Option<&str>, found: &mut Vec<Property>) {
    let parts = old.map(Value::of).zip(new.map(Value::of));
    let length = path.len();
    match parts {
        Some((Value::Object(old), Value::Object(new))) => {
            let mut names: Vec<_> = old.keys().chain(new.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                if length > 0 {
                    path.push('.');
                }
                path.push_str(name);
                let (old, new) = (old.get(name), new.get(name));
                let (old, new) = (old.map(|value| value.get()), new.map(|value| value.get()));
                compare(path, old, new, found);
                path.truncate(length);
            }
        }
        Some((Value::Array(old), Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                path.push_str(&format!("[{index}]"));
                let (old, new) = (old.get(index), new.get(index));
                let (old, new) = (old.map(|value| value.get()), new.map(|value| value.get()));
                compare(path, old, new, found);
                path.truncate(length);
            }
        }
        Some((old, new)) if old == new => {}
        Some(_) | None => found.push(Property {
            path: path.clone(),
            old: old.map(compact),
            new: new.map(compact),
        }),
    }
}

type Members<'t> = BTreeMap<String, &'t RawValue>;

/// A value, its parts as they are written: numbers of any size and precision stay what they are.
enum Value<'t> {
    Object(Members<'t>),
    Array(Vec<&'t RawValue>),
    Text(String),
    Number(Number),
    /// `true`, `false`, `null`, or what is no JSON.
    Word(&'t str),
}

impl<'t> Value<'t> {
    fn of(text: &'t str) -> Self {
        let text = text.trim();
        let read = match text.as_bytes().first() {
            Some(b'{') => serde_json::from_str(text).map(Self::Object),
            Some(b'[') => serde_json::from_str(text).map(Self::Array),
            Some(b'"') => serde_json::from_str(text).map(Self::Text),
            Some(b'-' | b'0'..=b'9') => Ok(Self::Number(Number::of(text))),
            _ => Ok(Self::Word(text)),
        };
        read.unwrap_or(Self::Word(text))
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => one == other,
            (Self::Word(one), Self::Word(other)) => one == other,
            _ => false,
        }
    }
}

/// A number: sign, digits without zeros around them, and the power of ten of the last one.
#[derive(Debug, Eq, PartialEq)]
struct Number(bool, String, i64);

impl Number {
    fn of(text: &str) -> Self {
        let (negative, text) = text
            .strip_prefix('-')
            .map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent: i64 = match exponent.strip_prefix('+').unwrap_or(exponent).parse() {
            Ok(exponent) => exponent,
            Err(_) if exponent.starts_with('-') => i64::MIN,
            Err(_) => i64::MAX,
        };
        let digits = format!("{whole}{fraction}");
        let shown = digits.trim_end_matches('0');
        let behind = i64::try_from(digits.len() - shown.len()).unwrap_or(i64::MAX);
        let fraction = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        let digits = shown.trim_start_matches('0');
        if digits.is_empty() {
            return Self(false, String::new(), 0);
        }
        let place = exponent.saturating_add(behind).saturating_sub(fraction);
        Self(negative, digits.to_owned(), place)
    }
}

/// Without spaces between the parts.
fn compact(text: &str) -> String {
    let (mut compact, mut inside, mut escaped) = (String::new(), false, false);
    for character in text.chars() {
        if inside {
            inside = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if character.is_ascii_whitespace() {
            continue;
        } else {
            inside = character == '"';
        }
        compact.push(character);
    }
    compact
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> Vec<String> {
        let tell = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        properties(Some(old), Some(new))
            .into_iter()
            .map(|property| {
                format!(
                    "{}: {} {}",
                    property.path,
                    tell(property.old),
                    tell(property.new)
                )
            })
            .collect()
    }

    #[test]
    fn what_is_written_otherwise_and_says_the_same_is_no_difference() {
        let old = r#"{"a": 100, "b": [1.50, -0, "é"], "c": {"d": null}}"#;
        let new = "{\"c\":{\"d\":null},\n\"b\":[15e-1,0.0,\"\\u00e9\"],\"a\":1e2}";
        assert_eq!(told(old, new), [] as [&str; 0]);
    }

    #[test]
    fn each_property_is_told_with_its_path_and_both_values() {
        let old = r#"{"a": {"b": true, "c": [1, {"d": 2}]}, "e": 1, "z": [1, 2]}"#;
        let new = r#"{"a": {"b": "true", "c": [1, {"d": 3}, 4]}, "f": { "g": "h i" }, "z": {}}"#;
        assert_eq!(
            told(old, new),
            [
                "a.b: true \"true\"",
                "a.c[1].d: 2 3",
                "a.c[2]: - 4",
                "e: 1 -",
                "f: - {\"g\":\"h i\"}",
                "z: [1,2] {}",
            ]
        );
    }

    #[test]
    fn numbers_that_no_machine_holds_are_told_apart() {
        let (old, new) = (
            r#"{"a":123456789012345678901234567890,"b":1e400}"#,
            r#"{"a":123456789012345678901234567891,"b":1e401}"#,
        );
        assert_eq!(told(old, new).len(), 2);
        assert_eq!(told(old, &old.replace("1e400", "10E+399")), [] as [&str; 0]);
    }

    #[test]
    fn a_document_that_is_not_there_has_no_properties() {
        let found = properties(None, Some(r#"{"a":1}"#));
        assert_eq!((found.len(), &found[0].old), (1, &None));
        assert!(properties(None, None).is_empty());
    }
}
