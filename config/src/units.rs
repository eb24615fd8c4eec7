//! Durations such as `30s` and sizes such as `16KiB`.

use std::time::Duration;

use crate::reader::{Section, Text};

/// The duration under a key, or its default; none at all is a fault.
pub(crate) fn positive_duration(
    section: &mut Section<'_>,
    name: &'static str,
    default: Duration,
) -> Duration {
    let duration = duration_or_zero(section, name, default);
    if duration.is_zero() {
        section.fault(
            name,
            "a duration of nothing would never be met; expected one such as `30s`",
        );
    }
    duration
}

/// The duration under a key, or its default; it may be nothing.
pub(crate) fn duration_or_zero(
    section: &mut Section<'_>,
    name: &'static str,
    default: Duration,
) -> Duration {
    section.text(name, duration).unwrap_or(default)
}

/// The size in bytes under a key, or its default; zero is a fault.
pub(crate) fn positive_size(section: &mut Section<'_>, name: &'static str, default: u64) -> u64 {
    let bytes = size_or_zero(section, name, default);
    if bytes == 0 {
        section.fault(
            name,
            "a size of nothing holds nothing; expected one such as `16KiB`",
        );
    }
    bytes
}

/// The size in bytes under a key, `Some(None)` where the word stands for none at all; zero is a fault. `None`: absent, or
/// wrong and noted.
pub(crate) fn positive_size_or(
    section: &mut Section<'_>,
    name: &'static str,
    none: &str,
) -> Option<Option<u64>> {
    section.text(name, |text| {
        if text.value() == none {
            return Some(None);
        }
        match parse_size(text.value()) {
            Some(bytes @ 1..) => Some(Some(bytes)),
            Some(0) | None => text.refuse(&format!(
                "is not a size; expected a whole number of bytes above zero, or of `KiB`, `MiB` or `GiB`, such as `16KiB`, \
                 or `{none}`"
            )),
        }
    })
}

/// The size in bytes under a key, or its default; it may be zero.
pub(crate) fn size_or_zero(section: &mut Section<'_>, name: &'static str, default: u64) -> u64 {
    section.text(name, size).unwrap_or(default)
}

fn duration(text: &Text<'_>) -> Option<Duration> {
    parse_duration(text.value()).or_else(|| {
        text.refuse("is not a duration; expected a whole number and one of `ms`, `s`, `m`, `h` or `d`, such as `30s`")
    })
}

fn size(text: &Text<'_>) -> Option<u64> {
    parse_size(text.value()).or_else(|| {
        text.refuse(
            "is not a size; expected a whole number of bytes, or of `KiB`, `MiB` or `GiB`, such as `16KiB`",
        )
    })
}

fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = number_and_unit(text)?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60 * 1_000,
        "h" => 60 * 60 * 1_000,
        "d" => 24 * 60 * 60 * 1_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let bytes: u64 = match unit {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(bytes)
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{parse_duration, parse_size};

    #[test]
    fn durations_are_a_number_and_a_unit() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("30s"), Some(Duration::from_secs(30)));
        assert_eq!(parse_duration("5m"), Some(Duration::from_secs(300)));
        assert_eq!(parse_duration("1h"), Some(Duration::from_secs(3_600)));
        assert_eq!(parse_duration("2d"), Some(Duration::from_secs(172_800)));
        for text in ["", "s", "30", "30 s", "-1s", "1.5s", "30S", "1w", "+1s"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        assert_eq!(parse_duration("18446744073709551615d"), None);
    }

    #[test]
    fn sizes_are_bytes_or_binary_multiples() {
        assert_eq!(parse_size("0"), Some(0));
        assert_eq!(parse_size("16KiB"), Some(16_384));
        assert_eq!(parse_size("100MiB"), Some(104_857_600));
        assert_eq!(parse_size("2GiB"), Some(2_147_483_648));
        for text in ["", "KiB", "1kb", "1 KiB", "1.5MiB", "-1", "1TiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
        assert_eq!(parse_size("18446744073709551615KiB"), None);
    }
}
