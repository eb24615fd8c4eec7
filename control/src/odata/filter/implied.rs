//! What surely follows from a filter, so that a caller need not look at every object.

use std::ops::Bound;

use jiff::Timestamp;

use super::literal::Literal;
use super::{Comparison, Expression, Filter};

impl Filter {
    /// What a text, GUID or enumeration property must equal, letter case of ASCII aside, in whatever the filter admits. A
    /// GUID is in lower case. `path` is written with `/`, as documents spell it. `None` says nothing.
    #[must_use]
    pub fn equals(&self, path: &str) -> Option<&str> {
        self.conjuncts().find_map(|part| {
            if let Expression::Compare(own, Comparison::Equal, literal) = part
                && own.is(path)
            {
                return literal.text();
            }
            if let Expression::In(own, literals) = part
                && let [literal] = literals.as_slice()
                && own.is(path)
            {
                return literal.text();
            }
            None
        })
    }

    /// The bounds that a time must keep in whatever the filter admits; unbounded says nothing. `path` is as in
    /// [`equals`](Self::equals). Where a filter contradicts itself the lower bound may be above the upper one, which ranges
    /// of standard collections panic at.
    #[must_use]
    pub fn range(&self, path: &str) -> (Bound<Timestamp>, Bound<Timestamp>) {
        let (mut lower, mut upper) = (Bound::Unbounded, Bound::Unbounded);
        for part in self.conjuncts() {
            let Expression::Compare(own, comparison, Literal::DateTime(time)) = part else {
                continue;
            };
            if !own.is(path) {
                continue;
            }
            match comparison {
                Comparison::Equal => {
                    lower = later(lower, Bound::Included(*time));
                    upper = earlier(upper, Bound::Included(*time));
                }
                Comparison::NotEqual => {}
                Comparison::Greater => lower = later(lower, Bound::Excluded(*time)),
                Comparison::GreaterOrEqual => lower = later(lower, Bound::Included(*time)),
                Comparison::Less => upper = earlier(upper, Bound::Excluded(*time)),
                Comparison::LessOrEqual => upper = earlier(upper, Bound::Included(*time)),
            }
        }
        (lower, upper)
    }

    /// Conditions that all must hold, in the order they are written in.
    fn conjuncts(&self) -> impl Iterator<Item = &Expression> {
        let mut left = vec![&self.0];
        std::iter::from_fn(move || {
            let mut next = left.pop()?;
            while let Expression::And(parts) = next {
                left.extend(parts.iter().rev());
                next = left.pop()?;
            }
            Some(next)
        })
    }
}

/// The lower bound that admits less: of an open and a closed one at the same time, the open one.
fn later(a: Bound<Timestamp>, b: Bound<Timestamp>) -> Bound<Timestamp> {
    let key = |bound| match bound {
        Bound::Unbounded => None,
        Bound::Included(time) => Some((time, false)),
        Bound::Excluded(time) => Some((time, true)),
    };
    if key(a) >= key(b) { a } else { b }
}

/// The upper bound that admits less: of an open and a closed one at the same time, the open one.
fn earlier(a: Bound<Timestamp>, b: Bound<Timestamp>) -> Bound<Timestamp> {
    let key = |bound| match bound {
        Bound::Unbounded => (true, Timestamp::MAX, true),
        Bound::Included(time) => (false, time, true),
        Bound::Excluded(time) => (false, time, false),
    };
    if key(a) <= key(b) { a } else { b }
}
