//! What an operator should know about documents that are in order.

use std::collections::BTreeMap;
use std::fmt;

/// One kind of remark, told once however many documents give cause for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Advisory {
    /// What to know.
    pub message: String,
    /// The first place that gives cause, such as `default.json: b2bDirectConnectInbound`.
    pub first: String,
    /// How many places give cause.
    pub count: usize,
}

impl fmt::Display for Advisory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.first, self.message)?;
        match self.count.saturating_sub(1) {
            0 => Ok(()),
            1 => f.write_str(" (and 1 more place)"),
            more => write!(f, " (and {more} more places)"),
        }
    }
}

/// Collects remarks by kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Advisories {
    by_message: BTreeMap<String, (String, usize)>,
}

impl Advisories {
    /// Takes one remark; the place is written out only if it is the first of its kind.
    pub(crate) fn add(&mut self, message: &str, place: impl FnOnce() -> String) {
        if let Some((_, count)) = self.by_message.get_mut(message) {
            *count += 1;
        } else {
            self.by_message.insert(message.to_owned(), (place(), 1));
        }
    }

    /// Takes all that another collection holds; the places here stay the first.
    pub(crate) fn extend(&mut self, other: Self) {
        for (message, (first, count)) in other.by_message {
            self.by_message
                .entry(message)
                .or_insert_with(|| (first, 0))
                .1 += count;
        }
    }

    /// The remarks, in the order of their messages.
    pub(crate) fn into_vec(self) -> Vec<Advisory> {
        self.by_message
            .into_iter()
            .map(|(message, (first, count))| Advisory {
                message,
                first,
                count,
            })
            .collect()
    }
}
