//! When something holds (SAML 2.0 Core, section 1.3.3).

use jiff::Timestamp;

use super::fault::SamlFault;

/// How far the provider's clock may be from ours, in seconds.
pub const SKEW: u64 = 60;

/// A time in an attribute, in seconds; `None` where the attribute is not there.
pub(crate) fn instant(text: Option<&str>) -> Result<Option<u64>, SamlFault> {
    let Some(text) = text else { return Ok(None) };
    let time: Timestamp = text.trim().parse().map_err(|_| SamlFault::Time)?;
    let seconds = u64::try_from(time.as_second()).map_err(|_| SamlFault::Time)?;
    Ok(Some(seconds))
}

/// Whether it is time, by a clock that may differ from ours. Ends before its last second, as its name says.
pub(crate) fn within(
    now: u64,
    not_before: Option<u64>,
    not_on_or_after: Option<u64>,
) -> Result<(), SamlFault> {
    if not_before.is_some_and(|start| now.saturating_add(SKEW) < start) {
        return Err(SamlFault::NotYet);
    }
    if not_on_or_after.is_some_and(|end| now >= end.saturating_add(SKEW)) {
        return Err(SamlFault::Expired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_a_zone_and_without_surprises() {
        for (text, expected) in [
            ("1970-01-01T00:01:40Z", Ok(Some(100))),
            ("1970-01-01T00:01:40.999Z", Ok(Some(100))),
            ("1970-01-01T01:01:40+01:00", Ok(Some(100))),
            ("1970-01-01T00:01:40", Err(SamlFault::Time)),
            ("1969-01-01T00:00:00Z", Err(SamlFault::Time)),
            ("soon", Err(SamlFault::Time)),
            ("", Err(SamlFault::Time)),
        ] {
            assert_eq!(instant(Some(text)), expected, "{text}");
        }
        assert_eq!(instant(None), Ok(None));
    }

    #[test]
    fn what_holds_holds_a_minute_to_either_side_and_no_second_more() {
        assert_eq!(within(940, Some(1000), Some(2000)), Ok(()));
        assert_eq!(within(939, Some(1000), Some(2000)), Err(SamlFault::NotYet));
        assert_eq!(within(2059, Some(1000), Some(2000)), Ok(()));
        assert_eq!(
            within(2060, Some(1000), Some(2000)),
            Err(SamlFault::Expired)
        );
    }
}
