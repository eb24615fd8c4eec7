//! Why a decision fell as it did, line by line; made only where somebody asks.

mod nearest;
mod supplied;
mod told;
mod values;

use std::borrow::Cow;

use crate::decision::Step;
pub use nearest::{NearestChange, nearest_change};
pub use supplied::SuppliedBy;
pub use told::told;
pub use values::Values;
pub(crate) use values::{address, list, time};

/// One step of a decision.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// The step.
    pub step: Step,
    /// The document that was read, such as `partners/2222…`, `default` or `conditional-access/…`; empty where none was.
    pub document: Cow<'static, str>,
    /// The property that decided, as Graph names it; empty where none did.
    pub property: Cow<'static, str>,
    /// What came of it.
    pub result: Cow<'static, str>,
    /// It stands in the way of the request.
    pub refuses: bool,
    /// What was compared, where somebody asks for that too and something was.
    pub values: Option<Values>,
}

impl Line {
    /// Which document the value came from, where it is one of those that hand values down, or of those beside them.
    #[must_use]
    pub fn supplied_by(&self) -> Option<SuppliedBy> {
        SuppliedBy::of(&self.document)
    }

    /// For the half of a setting, which refuses together with the other half.
    pub(crate) fn refusing(self, refuses: bool) -> Self {
        Self { refuses, ..self }
    }
}

/// Takes the lines of a decision while it is made.
///
/// Lines and values are built by closures, so that a decision nobody asks about builds none.
pub trait Recorder {
    /// Takes one line, and what was compared.
    fn compare(&mut self, line: impl FnOnce() -> Line, values: impl FnOnce() -> Values);

    /// Takes one line of a step that compared nothing.
    fn record(&mut self, line: impl FnOnce() -> Line);
}

/// Keeps nothing.
#[derive(Debug)]
pub struct Silent;

impl Recorder for Silent {
    fn compare(&mut self, _: impl FnOnce() -> Line, _: impl FnOnce() -> Values) {}

    fn record(&mut self, _: impl FnOnce() -> Line) {}
}

/// Lines alone: what each event keeps.
impl Recorder for Vec<Line> {
    fn compare(&mut self, line: impl FnOnce() -> Line, _: impl FnOnce() -> Values) {
        self.push(line());
    }

    fn record(&mut self, line: impl FnOnce() -> Line) {
        self.push(line());
    }
}

/// Lines with what was compared: for those who ask about one decision.
#[derive(Debug, Default)]
pub struct WithValues(pub Vec<Line>);

impl Recorder for WithValues {
    fn compare(&mut self, line: impl FnOnce() -> Line, values: impl FnOnce() -> Values) {
        self.0.push(Line {
            values: Some(values()),
            ..line()
        });
    }

    fn record(&mut self, line: impl FnOnce() -> Line) {
        self.0.push(line());
    }
}

/// A line without much writing: a result that begins with `refuses` stands in the way.
pub(crate) fn line(
    step: Step,
    document: impl Into<Cow<'static, str>>,
    property: impl Into<Cow<'static, str>>,
    result: impl Into<Cow<'static, str>>,
) -> Line {
    let result = result.into();
    Line {
        step,
        document: document.into(),
        property: property.into(),
        refuses: result.starts_with("refuses"),
        result,
        values: None,
    }
}
