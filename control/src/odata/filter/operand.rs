//! Paths in a filter, and what they begin at.

use crate::odata::allowed::{Allowed, PropertyType, ValueType};
use crate::odata::bad_query::{BadQuery, shown};
use crate::odata::path::{self, Path};

/// What paths begin at: the resource, or within `any` and `all` the element, and nothing else. Its price is that an inner
/// condition cannot speak of an outer element; with it no filter costs more than its terms times an object's size.
pub(super) struct Scope<'q, 'a> {
    element: Option<(&'q str, ValueType)>,
    /// From the resource to there.
    within: Vec<&'a str>,
}

/// A property of a scope.
pub(super) struct Operand<'q, 'a> {
    /// The path to it, as the filter writes it.
    pub written: &'q str,
    pub path: Path,
    pub of: PropertyType,
    whole: Vec<&'a str>,
}

impl<'q, 'a> Scope<'q, 'a> {
    pub(super) const fn resource() -> Self {
        Self {
            element: None,
            within: Vec::new(),
        }
    }

    /// The elements, called `variable`, of a collection of `of`.
    pub(super) fn elements(collection: Operand<'q, 'a>, of: ValueType, variable: &'q str) -> Self {
        Self {
            element: Some((variable, of)),
            within: collection.whole,
        }
    }

    pub(super) fn find(
        &self,
        written: &'q str,
        allowed: &Allowed<'a>,
    ) -> Result<Operand<'q, 'a>, BadQuery> {
        let text = match self.element {
            None => written,
            Some((variable, of)) if written == variable => {
                return Ok(Operand {
                    written,
                    path: Path::default(),
                    of: PropertyType::One(of),
                    whole: self.within.clone(),
                });
            }
            Some((variable, _)) => written
                .strip_prefix(variable)
                .and_then(|rest| rest.strip_prefix('/'))
                .ok_or_else(|| {
                    BadQuery::malformed(format!(
                        "`$filter`: {} is not of the element; paths here begin with {}",
                        shown(written),
                        shown(variable)
                    ))
                })?,
        };
        let resolved = path::resolve(text, &self.within, allowed, "$filter")?;
        Ok(Operand {
            written,
            path: resolved.path,
            of: resolved.of,
            whole: resolved.whole,
        })
    }
}

impl Operand<'_, '_> {
    /// Its type, if it is a single value.
    pub(super) fn single(&self) -> Result<ValueType, BadQuery> {
        match self.of {
            PropertyType::One(of) => Ok(of),
            PropertyType::Many(_) => Err(BadQuery::malformed(format!(
                "`$filter`: {} is a collection; ask for its elements with `any` or `all`",
                shown(self.written)
            ))),
        }
    }
}
