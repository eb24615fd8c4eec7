//! The way from an object to one of its members.

use std::fmt;

use serde_json::Value;

use super::allowed::{Allowed, PropertyType};
use super::bad_query::{BadQuery, shown};

/// Names of members, each within the one before, as documents spell them. Empty is the object itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Path(Box<[Box<str>]>);

impl Path {
    /// Whether it is this one, written with `/` between the names.
    #[must_use]
    pub fn is(&self, path: &str) -> bool {
        self.0.iter().map(Box::as_ref).eq(path.split('/'))
    }

    /// What it leads to; `null` where there is nothing.
    pub(super) fn find<'v>(&self, object: &'v Value) -> &'v Value {
        self.0.iter().fold(object, |value, name| {
            value.get(name.as_ref()).unwrap_or(&Value::Null)
        })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'n> FromIterator<&'n str> for Path {
    fn from_iter<I: IntoIterator<Item = &'n str>>(names: I) -> Self {
        Self(names.into_iter().map(Box::from).collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// A path from some objects of a resource to a property of theirs.
pub(super) struct Resolved<'a> {
    /// From those objects.
    pub path: Path,
    /// From the resource, through all collections on the way.
    pub whole: Vec<&'a str>,
    /// What the property holds.
    pub of: PropertyType,
}

/// Looks up the property that `text` names among those of the objects at `within`, for an option that messages name.
pub(super) fn resolve<'a>(
    text: &str,
    within: &[&'a str],
    allowed: &Allowed<'a>,
    option: &str,
) -> Result<Resolved<'a>, BadQuery> {
    let named = || shown(&[within, &[text]].concat().join("/"));
    let mut whole = within.to_vec();
    let mut of = None;
    for name in text.split('/') {
        if let Some(PropertyType::Many(_)) = of {
            return Err(BadQuery::malformed(format!(
                "`{option}`: {} leads through a collection; ask for its elements with `any` or `all`",
                named()
            )));
        }
        let property = allowed.properties.property(&whole, name).ok_or_else(|| {
            BadQuery::malformed(format!(
                "`{option}`: `{}` has no property {}",
                allowed.resource,
                named()
            ))
        })?;
        whole.push(property.name);
        of = Some(property.of);
    }
    let Some(of) = of else {
        return Err(BadQuery::malformed(format!(
            "`{option}`: names no property"
        )));
    };
    Ok(Resolved {
        path: whole.iter().skip(within.len()).copied().collect(),
        whole,
        of,
    })
}
