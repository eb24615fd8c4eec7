//! What to write so that one side becomes the other.

use super::Difference;
use crate::document::Write;

/// Writes, and what they come to.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The writes.
    pub writes: Vec<Write>,
    /// Documents that are new.
    pub added: usize,
    /// Documents that say something else, or are written differently.
    pub changed: usize,
    /// Documents that go.
    pub removed: usize,
}

impl Plan {
    /// Takes one document that differs.
    pub fn take(&mut self, difference: &Difference<'_>) {
        let count = match (difference.old, &difference.new) {
            (None, None) => return,
            (None, Some(_)) => &mut self.added,
            (Some(_), Some(_)) => &mut self.changed,
            (Some(_), None) => &mut self.removed,
        };
        *count += 1;
        self.writes.push(Write {
            address: difference.address(),
            text: difference.new.as_deref().map(Box::from),
        });
    }

    /// The counts, for the audit.
    #[must_use]
    pub fn details(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DocumentsAdded", self.added.to_string()),
            ("DocumentsChanged", self.changed.to_string()),
            ("DocumentsRemoved", self.removed.to_string()),
        ]
    }
}
