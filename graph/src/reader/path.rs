//! JSON paths: a chain on the stack while a document is walked, a list where one is kept.

use std::fmt::Write as _;

/// Where a check stands in a document. Costs nothing until it is written down.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At<'p> {
    /// The document.
    Root,
    /// A member of an object.
    Member(&'p At<'p>, &'p str),
    /// An element of a list.
    Item(&'p At<'p>, usize),
}

impl<'p> At<'p> {
    /// A member of the object here.
    pub(crate) const fn member(&'p self, name: &'p str) -> Self {
        Self::Member(self, name)
    }

    /// An element of the list here.
    pub(crate) const fn item(&'p self, index: usize) -> Self {
        Self::Item(self, index)
    }

    /// The chain as a list.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let mut steps = match self {
            Self::Root => return Vec::new(),
            Self::Member(parent, _) | Self::Item(parent, _) => parent.steps(),
        };
        match self {
            Self::Root => {}
            Self::Member(_, name) => steps.push(Step::Member((*name).to_owned())),
            Self::Item(_, index) => steps.push(Step::Item(*index)),
        }
        steps
    }
}

/// One step from a value to what it holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// To a member.
    Member(String),
    /// To an element.
    Item(usize),
}

/// A path in the form `value[3].inboundTrust`.
pub(crate) fn written(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Member(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            // Writing to a string does not fail.
            Step::Item(index) => {
                let _ = write!(text, "[{index}]");
            }
        }
    }
    text
}
