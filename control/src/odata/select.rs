//! `$select` and `$expand`: which members of an object are answered.

use serde_json::{Map, Value};

use super::allowed::Allowed;
use super::bad_query::{BadQuery, shown};
use super::path;

/// The members that a query asks for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Select {
    /// All: no `$select`, or `*` in it.
    #[default]
    All,
    /// These, as documents spell them, each once.
    Only(Box<[Box<str>]>),
}

impl Select {
    /// Reads the value of `$select`. `expanded` is answered whether it is selected or not (OData 4.01, part 2,
    /// section 5.1.4).
    pub(super) fn parse(
        text: &str,
        allowed: &Allowed<'_>,
        expanded: &[Box<str>],
    ) -> Result<Self, BadQuery> {
        let mut all = false;
        let mut only: Vec<Box<str>> = Vec::new();
        for name in text.split(',').map(str::trim) {
            if name == "*" {
                all = true;
            } else if name.is_empty() {
                return Err(BadQuery::malformed(
                    "`$select`: expected names of properties with commas between them",
                ));
            } else if name.contains(['/', '(']) {
                return Err(BadQuery::unsupported(format!(
                    "`$select`: {} is within a property; select the whole property",
                    shown(name)
                )));
            } else {
                only.push(selected(name, allowed)?.into());
            }
        }
        if all {
            return Ok(Self::All);
        }
        only.extend_from_slice(expanded);
        only.sort_unstable();
        only.dedup();
        Ok(Self::Only(only.into()))
    }

    /// Whether a member of this name is answered: one that was asked for, its annotations, such as `members@odata.count`,
    /// and those of the object, such as `@odata.type`.
    #[must_use]
    pub fn keeps(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => {
                let member = name.split_once('@').map_or(name, |(member, _)| member);
                let is_annotation = member.is_empty() && !name.is_empty();
                is_annotation || names.iter().any(|selected| selected.as_ref() == member)
            }
        }
    }

    /// Removes what was not asked for.
    pub fn apply(&self, object: &mut Map<String, Value>) {
        object.retain(|name, _| self.keeps(name));
    }
}

fn selected<'a>(name: &str, allowed: &Allowed<'a>) -> Result<&'a str, BadQuery> {
    if let Some(known) = expandable(name, allowed) {
        return Ok(known);
    }
    let resolved = path::resolve(name, &[], allowed, "$select")?;
    Ok(resolved.whole.first().copied().unwrap_or_default())
}

/// Reads the value of `$expand`: names, as documents spell them, each once.
pub(super) fn expand(text: &str, allowed: &Allowed<'_>) -> Result<Box<[Box<str>]>, BadQuery> {
    if text.contains('(') {
        return Err(BadQuery::unsupported(
            "`$expand`: options in parentheses are not supported; name only what to expand",
        ));
    }
    let mut names: Vec<Box<str>> = Vec::new();
    for name in text.split(',').map(str::trim) {
        let Some(known) = expandable(name, allowed) else {
            return Err(BadQuery::malformed(format!(
                "`$expand`: {} cannot be expanded; expected `{}`",
                shown(name),
                allowed.expand.join("`, `")
            )));
        };
        if !names.iter().any(|name| name.as_ref() == known) {
            names.push(known.into());
        }
    }
    Ok(names.into())
}

fn expandable<'a>(name: &str, allowed: &Allowed<'a>) -> Option<&'a str> {
    allowed
        .expand
        .iter()
        .copied()
        .find(|known| known.eq_ignore_ascii_case(name))
}
