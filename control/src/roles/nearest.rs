//! The known word that somebody may have meant.

/// The known word that takes the fewest changed letters. `None` where the word is longer than any name is.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    known
        .into_iter()
        .min_by_key(|known| distance(&word, &known.to_lowercase()))
}

/// Letters to insert, remove or replace to turn one word into the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (done, letter) in from.chars().enumerate() {
        let mut diagonal = done;
        let mut left = done + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(to.chars()) {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = *cell;
            left = replaced.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// The effort grows with the length of the word.
pub(super) const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_whatever_its_case() {
        let known = ["displayName", "isEnabled", "id"];
        assert_eq!(nearest("displayname", known), Some("displayName"));
        assert_eq!(nearest("Enabled", known), Some("isEnabled"));
        assert_eq!(nearest("", known), Some("id"));
        assert_eq!(nearest("id", []), None);
        assert_eq!(nearest(&"d".repeat(257), known), None);
    }

    #[test]
    fn distance_counts_changed_letters() {
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
