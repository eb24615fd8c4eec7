//! The text of a filter or a path.

use jiff::Timestamp;
use serde_json::Value;

use super::{Comparison, Filter, Selection, Target};
use crate::scim::fault::{Fault, FaultKind};
use crate::scim::schema::{Attribute, Kind, ResourceKind, Schema, find};
use crate::text::bounded;

/// Where a change applies.
#[derive(Clone, Debug)]
pub(in crate::scim) enum Path {
    /// All that an extension has.
    Extension(&'static Schema),
    /// An attribute or a part of it; of several values those that the filter asks for.
    Values(Target, Option<Filter>),
}

/// Reads a filter.
pub(super) fn filter(kind: ResourceKind, text: &str) -> Result<Filter, Fault> {
    if text.len() > LONGEST {
        return Err(wrong(format!("the filter has more than {LONGEST} bytes")));
    }
    let mut parser = Parser {
        rest: text,
        names: Names::Of(kind),
        depth: 0,
    };
    let filter = parser.any()?;
    parser.end()?;
    Ok(filter)
}

/// Reads a path: `name`, `name.part`, `name[filter]`, `name[filter].part`.
pub(in crate::scim) fn path(kind: ResourceKind, text: &str) -> Result<Path, Fault> {
    let told = |fault: Fault| match fault.kind {
        Some(FaultKind::Filter) => fault,
        _ => Fault::bad(FaultKind::Path, fault.detail),
    };
    let unknown = |name: &str| {
        let name = bounded(name, 200);
        let kind = kind.name();
        Fault::bad(
            FaultKind::Path,
            format!("`{name}` is no attribute of a {kind} here"),
        )
    };
    if text.len() > LONGEST {
        return Err(Fault::bad(FaultKind::Path, "the path is too long"));
    }
    let Some((name, rest)) = text.split_once('[') else {
        return match Selection::parse(kind, text.trim()) {
            Some(Selection::Extension(schema)) => Ok(Path::Extension(schema)),
            Some(Selection::Target(target)) => Ok(Path::Values(target, None)),
            None => Err(unknown(text)),
        };
    };
    let Some(Selection::Target(mut target)) = Selection::parse(kind, name.trim()) else {
        return Err(unknown(name));
    };
    let parts = target.attribute.parts();
    if target.part.is_some() || parts.is_empty() || !target.attribute.many {
        return Err(Fault::bad(
            FaultKind::Path,
            format!("`{name}` has no several values to choose from"),
        ));
    }
    let mut parser = Parser {
        rest,
        names: Names::Parts(parts),
        depth: 0,
    };
    let filter = parser.any().map_err(told)?;
    parser.expect("]").map_err(told)?;
    if let Some(part) = parser.rest.strip_prefix('.') {
        target.part = Some(find(parts, part.trim()).ok_or_else(|| unknown(part))?);
        parser.rest = "";
    }
    parser.end().map_err(told)?;
    Ok(Path::Values(target, Some(filter)))
}

/// Which names there are.
#[derive(Clone, Copy)]
enum Names {
    Of(ResourceKind),
    Parts(&'static [Attribute]),
}

struct Parser<'t> {
    rest: &'t str,
    names: Names,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn any(&mut self) -> Result<Filter, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(wrong("the filter is nested too deeply"));
        }
        let mut found = vec![self.all()?];
        while self.word("or") {
            found.push(self.all()?);
        }
        self.depth -= 1;
        Ok(one_or(found, Filter::Any))
    }

    fn all(&mut self) -> Result<Filter, Fault> {
        let mut found = vec![self.one()?];
        while self.word("and") {
            found.push(self.one()?);
        }
        Ok(one_or(found, Filter::All))
    }

    fn one(&mut self) -> Result<Filter, Fault> {
        if self.word("not") {
            return Ok(Filter::Not(Box::new(self.group()?)));
        }
        self.skip();
        if self.rest.starts_with('(') {
            return self.group();
        }
        let target = self.target()?;
        if self.rest.starts_with('[') {
            return self.within(target);
        }
        if self.word("pr") {
            return Ok(Filter::Has(target));
        }
        let comparison = self.comparison()?;
        let value = self.literal()?;
        let value = check(&target, comparison, value)?;
        Ok(Filter::Is(target, comparison, value))
    }

    fn group(&mut self) -> Result<Filter, Fault> {
        self.expect("(")?;
        let filter = self.any()?;
        self.expect(")")?;
        Ok(filter)
    }

    fn within(&mut self, target: Target) -> Result<Filter, Fault> {
        let parts = target.attribute.parts();
        let Names::Of(kind) = self.names else {
            return Err(wrong("a filter in brackets has brackets within"));
        };
        if parts.is_empty() || target.part.is_some() {
            let name = target.attribute.name;
            return Err(wrong(format!("`{name}` has no parts to ask for")));
        }
        self.expect("[")?;
        self.names = Names::Parts(parts);
        let filter = self.any()?;
        self.names = Names::Of(kind);
        self.expect("]")?;
        Ok(Filter::Within(target, Box::new(filter)))
    }

    fn target(&mut self) -> Result<Target, Fault> {
        self.skip();
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-$:.".contains(letter);
        let end = self.rest.find(|letter| !is_name(letter));
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let target = match self.names {
            Names::Of(kind) => match Selection::parse(kind, name) {
                Some(Selection::Target(target)) => Some(target),
                Some(Selection::Extension(_)) | None => None,
            },
            Names::Parts(parts) => find(parts, name).map(Target::of_value),
        };
        let told = || {
            if name.is_empty() {
                return wrong(format!("expected an attribute at {}", self.here()));
            }
            wrong(format!("`{}` is no attribute here", bounded(name, 200)))
        };
        let target = target.ok_or_else(told)?;
        self.rest = rest;
        Ok(target)
    }

    fn comparison(&mut self) -> Result<Comparison, Fault> {
        let known = [
            ("eq", Comparison::Equal),
            ("ne", Comparison::NotEqual),
            ("co", Comparison::Contains),
            ("sw", Comparison::StartsWith),
            ("ew", Comparison::EndsWith),
            ("gt", Comparison::Greater),
            ("ge", Comparison::GreaterOrEqual),
            ("lt", Comparison::Less),
            ("le", Comparison::LessOrEqual),
        ];
        let found = known.into_iter().find(|(word, _)| self.word(word));
        let expected = || {
            wrong(format!(
                "expected an operator such as `eq` at {}",
                self.here()
            ))
        };
        found.map(|(_, comparison)| comparison).ok_or_else(expected)
    }

    /// A value as JSON has it.
    fn literal(&mut self) -> Result<Value, Fault> {
        self.skip();
        let end = if self.rest.starts_with('"') {
            let mut escaped = false;
            let closing = self.rest.char_indices().skip(1).find(|(_, letter)| {
                let closes = *letter == '"' && !escaped;
                escaped = *letter == '\\' && !escaped;
                closes
            });
            closing.map(|(at, _)| at + 1)
        } else {
            let end = self.rest.find([' ', ')', ']', '\t']);
            Some(end.unwrap_or(self.rest.len()))
        };
        let expected = || {
            wrong(format!(
                "expected a value such as `\"text\"` or `true` at {}",
                self.here()
            ))
        };
        let (text, rest) = self.rest.split_at(end.ok_or_else(expected)?);
        let value = match text {
            text if text.eq_ignore_ascii_case("true") => Value::Bool(true),
            text if text.eq_ignore_ascii_case("false") => Value::Bool(false),
            text => serde_json::from_str(text).map_err(|_| expected())?,
        };
        self.rest = rest;
        Ok(value)
    }

    /// Takes a word in any letter case, where it is the next one.
    fn word(&mut self, word: &str) -> bool {
        self.skip();
        let Some((begin, rest)) = self.rest.split_at_checked(word.len()) else {
            return false;
        };
        let ends = !rest.starts_with(|letter: char| {
            letter.is_ascii_alphanumeric() || letter == '.' || letter == ':'
        });
        let is_it = begin.eq_ignore_ascii_case(word) && ends;
        if is_it {
            self.rest = rest;
        }
        is_it
    }

    fn expect(&mut self, what: &'static str) -> Result<(), Fault> {
        self.skip();
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.ok_or_else(|| wrong(format!("expected `{what}` at {}", self.here())))?;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.skip();
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(wrong(format!("expected the end at {}", self.here())))
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn here(&self) -> String {
        if self.rest.is_empty() {
            return "the end".to_owned();
        }
        format!("`{}`", bounded(self.rest, 40))
    }
}

fn one_or(mut found: Vec<Filter>, many: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match (found.len(), found.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            found.extend(last);
            many(found)
        }
    }
}

/// The value in the form of the attribute, where they can be compared at all.
fn check(target: &Target, comparison: Comparison, value: Value) -> Result<Value, Fault> {
    use Comparison::{Contains, EndsWith, Equal, NotEqual, StartsWith};
    let attribute = target.compared();
    let is_equality = matches!(comparison, Equal | NotEqual);
    let within = matches!(comparison, Contains | StartsWith | EndsWith);
    match (&attribute.kind, value) {
        (_, Value::Null) if is_equality => Ok(Value::Null),
        (Kind::Text | Kind::Reference, value @ Value::String(_)) => Ok(value),
        (Kind::Boolean, value @ Value::Bool(_)) if is_equality => Ok(value),
        // As Entra writes them.
        (Kind::Boolean, Value::String(text))
            if is_equality && text.eq_ignore_ascii_case("true") =>
        {
            Ok(Value::Bool(true))
        }
        (Kind::Boolean, Value::String(text))
            if is_equality && text.eq_ignore_ascii_case("false") =>
        {
            Ok(Value::Bool(false))
        }
        (Kind::DateTime, Value::String(text)) if !within && text.parse::<Timestamp>().is_ok() => {
            Ok(Value::String(text))
        }
        _ => Err(wrong(format!(
            "`{}` cannot be compared like that",
            attribute.name
        ))),
    }
}

fn wrong(detail: impl Into<String>) -> Fault {
    Fault::bad(FaultKind::Filter, detail)
}

/// Of a filter or a path, in bytes: many times what any client sends.
const LONGEST: usize = 4_096;

/// Parentheses and brackets within each other.
const DEEPEST: usize = 16;
