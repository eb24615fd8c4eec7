//! One line for people.

use super::{Line, SuppliedBy};

/// What came of what stands at a place, as a sentence; document and property may be empty.
#[must_use]
pub fn told(document: &str, property: &str, result: &str) -> String {
    match (property, document) {
        ("", "") => format!("{result}."),
        ("", document) => format!("`{document}`: {result}."),
        (property, "") => format!("`{property}`: {result}."),
        (property, document) => format!("`{property}` of `{document}`: {result}."),
    }
}

impl Line {
    /// What this step read and found, as sentences.
    #[must_use]
    pub fn told(&self) -> String {
        let mut told = told(&self.document, &self.property, &self.result);
        let Some(values) = &self.values else {
            return told;
        };
        if !values.seen.is_empty() {
            told.push_str(&format!(" Seen: {}.", values.seen));
        }
        if !values.wanted.is_empty() {
            told.push_str(&format!(" Wanted: {}.", values.wanted));
        }
        if !values.instead_of.is_empty() {
            told.push_str(&format!(" Read because {}.", values.instead_of));
        }
        if self.refuses {
            told.push_str(match (values.explicit, self.supplied_by()) {
                (true, _) => " It is written there.",
                (false, Some(SuppliedBy::Initial)) => {
                    " No document says so: it is Entra's initial value."
                }
                (false, Some(_)) => " Nothing there names what was seen, and that refuses.",
                (false, None) => " Nothing lets it pass, and that refuses.",
            });
        }
        told
    }
}
