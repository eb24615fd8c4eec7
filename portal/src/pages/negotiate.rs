//! Which language somebody reads (RFC 9110, section 12.5.4).

use super::language::ENGLISH;

/// The tag among `tags` that suits `accept_language` best; English where none does. Whatever the header says, there is
/// an answer: a page in the wrong language is better than none.
pub(super) fn negotiate<'a>(
    accept_language: Option<&str>,
    tags: impl Iterator<Item = &'a str> + Clone,
) -> &'a str {
    let english = tags.clone().find(|tag| *tag == ENGLISH).unwrap_or(ENGLISH);
    let header = accept_language.unwrap_or_default();
    let mut ranges: Vec<(&str, u16)> = header
        .split(',')
        .take(MOST_RANGES)
        .filter_map(range)
        .collect();
    // Stable: of equal ones the first is meant.
    ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));

    let refused = |tag: &str| {
        let mut ranges = ranges.iter();
        ranges.any(|(range, weight)| *weight == 0 && range.eq_ignore_ascii_case(tag))
    };
    let wanted = ranges.iter().filter(|(_, weight)| *weight > 0);
    for (range, _) in wanted {
        if *range == "*" {
            let others = tags.clone().filter(|tag| *tag != english);
            let any = std::iter::once(english).chain(others);
            if let Some(tag) = any.into_iter().find(|tag| !refused(tag)) {
                return tag;
            }
        } else if let Some(tag) = lookup(range, tags.clone()).filter(|tag| !refused(tag)) {
            return tag;
        }
    }
    english
}

/// The tag that is `range`, or less special (RFC 4647, section 3.4); else one that is more special: `pt-BR` for `pt`.
fn lookup<'a>(range: &str, tags: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let mut part = range;
    loop {
        let found = tags.clone().find(|tag| tag.eq_ignore_ascii_case(part));
        if found.is_some() {
            return found;
        }
        let Some((shorter, _)) = part.rsplit_once('-') else {
            break;
        };
        part = shorter;
    }
    let mut tags = tags;
    tags.find(|tag| {
        tag.split_once('-')
            .is_some_and(|(language, _)| language.eq_ignore_ascii_case(part))
    })
}

/// A range and its weight in thousandths; `None` where it cannot be read.
fn range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let mut weight = 1000;
    for part in parts {
        let (name, value) = part.split_once('=')?;
        if name.trim_end().eq_ignore_ascii_case("q") {
            weight = thousandths(value.trim_start())?;
        }
    }
    Some((range, weight))
}

/// `0.5` is 500: from 0 to 1, with at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let decimals: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, decimals) {
        ("0", decimals) => Some(decimals),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

/// Browsers send a handful. The rest of a longer header is not looked at.
const MOST_RANGES: usize = 32;

#[cfg(test)]
mod tests {
    use super::negotiate;

    #[track_caller]
    fn check(header: &str, expected: &str) {
        let tags = ["de", "en", "pt-BR", "sv"];
        assert_eq!(
            negotiate(Some(header), tags.into_iter()),
            expected,
            "{header}"
        );
    }

    #[test]
    fn the_language_with_the_highest_weight_is_taken() {
        check("sv", "sv");
        check("de;q=0.5, sv;q=0.8, en;q=0.1", "sv");
        check("fi, sv;q=0.001", "sv");
        check("de; q=0.7 , sv ;Q=0.71", "sv");
    }

    #[test]
    fn of_equal_weights_the_first_is_taken() {
        check("de, sv", "de");
        check("sv;q=0.3, de;q=0.3", "sv");
    }

    #[test]
    fn a_region_finds_its_language_and_a_language_its_region() {
        check("sv-SE", "sv");
        check("SV-fi", "sv");
        check("de-Latn-CH-1996", "de");
        check("pt", "pt-BR");
        check("pt-PT", "pt-BR");
    }

    #[test]
    fn a_language_of_weight_zero_is_not_taken() {
        check("sv;q=0", "en");
        check("en;q=0, *", "de");
        check("en;q=0, sv-SE;q=0, de;q=0, pt-BR;q=0.000, *;q=0.1", "sv");
    }

    #[test]
    fn anything_else_is_english() {
        assert_eq!(negotiate(None, ["en", "sv"].into_iter()), "en");
        check("", "en");
        check("*", "en");
        check("fi", "en");
        check("en;q=0, sv;q=0, *;q=0", "en");
    }

    #[test]
    fn what_cannot_be_read_is_passed_over() {
        check("sv;q=high, de", "de");
        check(
            "sv;q=1.001, sv;q=-1, sv;q=0.1234, sv;q, sv;q=, de;q=0.1",
            "de",
        );
        check(",,;;==,,-,--,q=1,\u{0}\u{fffd},de", "de");
        check(&format!("{}sv", "xx,".repeat(1000)), "en");
    }
}
