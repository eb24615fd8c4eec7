//! Why a decision fell as it did, line by line; made only where somebody asks.

use crate::decision::Step;

/// One step of a decision.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// The step.
    pub step: Step,
    /// The document that was read, such as `partners/2222…`, `default` or `conditional-access/…`; empty where none was.
    pub document: String,
    /// The property that decided, as Graph names it; empty where none did.
    pub property: String,
    /// What came of it.
    pub result: String,
}

/// Takes the lines of a decision while it is made.
///
/// The line is built by a closure, so that a decision nobody asks about builds none.
pub trait Recorder {
    /// Takes one line.
    fn record(&mut self, line: impl FnOnce() -> Line);
}

/// Keeps nothing.
#[derive(Debug)]
pub struct Silent;

impl Recorder for Silent {
    fn record(&mut self, _: impl FnOnce() -> Line) {}
}

impl Recorder for Vec<Line> {
    fn record(&mut self, line: impl FnOnce() -> Line) {
        self.push(line());
    }
}

/// A line without much writing.
pub(crate) fn line(
    step: Step,
    document: impl Into<String>,
    property: impl Into<String>,
    result: impl Into<String>,
) -> Line {
    Line {
        step,
        document: document.into(),
        property: property.into(),
        result: result.into(),
    }
}
