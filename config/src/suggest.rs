//! Which known word a misspelt one was meant to be.

/// The known word that takes the fewest changed letters, if those are few enough to be a slip.
pub(crate) fn closest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let folded = word.to_lowercase().replace('-', "_");
    let nearest = known.iter().min_by_key(|known| distance(&folded, known))?;
    // A third of the word: `audience` is `audiences`, but `port` is not `path`.
    let slips = (folded.chars().count() / 3).max(1);
    (distance(&folded, nearest) <= slips).then_some(*nearest)
}

/// Letters to insert, remove or replace to turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (position, letter) in from.chars().enumerate() {
        let mut left = position + 1;
        let mut next = Vec::with_capacity(row.len());
        next.push(left);
        for ((above, diagonal), other) in row.iter().skip(1).zip(&row).zip(&to) {
            let replaced = diagonal + usize::from(letter != *other);
            left = replaced.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{closest, distance};

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["audiences", "upstreams", "id", "path"];
        assert_eq!(closest("audience", &known), Some("audiences"));
        assert_eq!(closest("Up-streams", &known), Some("upstreams"));
        assert_eq!(closest("colour", &known), None);
        assert_eq!(closest("port", &known), None);
    }

    #[test]
    fn distance_counts_insertions_removals_and_replacements() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("id", "di", 2),
        ] {
            assert_eq!(distance(from, to), expected, "{from} to {to}");
        }
    }
}
