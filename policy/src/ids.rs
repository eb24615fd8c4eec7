//! Identifiers and clouds: the words every other module is written in.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// A GUID, compared without regard to the letter case it was written in.
///
/// Two halves rather than a `u128`, whose alignment would make an [`Id`] a third larger.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Guid {
    high: u64,
    low: u64,
}

impl Guid {
    /// The GUID with this value, most significant digit first.
    #[must_use]
    pub const fn from_u128(value: u128) -> Self {
        Self {
            high: (value >> 64) as u64,
            low: value as u64,
        }
    }

    /// The value, most significant digit first.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }

    /// Reads the 36-character form `8-4-4-4-12`; braces, URN forms and bare digits are not GUIDs here.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (first, rest) = text.as_bytes().split_first_chunk::<8>()?;
        let (second, rest) = after_hyphen(rest)?;
        let (third, rest) = after_hyphen(rest)?;
        let (fourth, rest) = after_hyphen(rest)?;
        let (start, end) = after_hyphen(rest)?;
        Some(Self {
            high: half(hex_word(*first)?, hex_word(joined(second, third))?),
            low: half(
                hex_word(joined(fourth, start))?,
                hex_word(end.try_into().ok()?)?,
            ),
        })
    }
}

fn half(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// The four bytes behind a hyphen, and what follows them.
fn after_hyphen(bytes: &[u8]) -> Option<(&[u8; 4], &[u8])> {
    let (b'-', rest) = bytes.split_first()? else {
        return None;
    };
    rest.split_first_chunk()
}

const fn joined([a, b, c, d]: &[u8; 4], [e, f, g, h]: &[u8; 4]) -> [u8; 8] {
    [*a, *b, *c, *d, *e, *f, *g, *h]
}

/// Eight hexadecimal digits, all at once: a token carries dozens of ids.
const fn hex_word(digits: [u8; 8]) -> Option<u32> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let text = u64::from_be_bytes(digits);
    // Letters have bit 6 and stand at 1 to 6 of their row, decimal digits at their value.
    let letters = (text >> 6) & EACH;
    let values = (text & (0x0f * EACH)) + 9 * letters;
    if values & (0xf0 * EACH) != 0 {
        return None;
    }
    // What was read is what stands there if writing it gives the same text, but for the letters' case.
    let tens = ((values + 6 * EACH) >> 4) & EACH;
    if values + 0x30 * EACH + 0x27 * tens != text | (letters << 5) {
        return None;
    }
    let bytes = (values | (values >> 4)) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes | (bytes >> 8)) & 0x0000_ffff_0000_ffff;
    Some((pairs | (pairs >> 16)) as u32)
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Where each byte's two digits stand.
        const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
        let digit = |value: u8| value + if value < 10 { b'0' } else { b'a' - 10 };
        let mut text = [b'-'; 36];
        for (byte, place) in self.as_u128().to_be_bytes().into_iter().zip(PLACES) {
            if let Some(digits) = text.get_mut(place..place + 2) {
                digits.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
            }
        }
        // All of it is ASCII.
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// The text is not a GUID in the form `8-4-4-4-12`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a GUID")]
pub struct NotAGuid;

impl FromStr for Guid {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, NotAGuid> {
        Self::parse(text).ok_or(NotAGuid)
    }
}

/// An identifier as a document or a token writes it: a GUID, or any other string, compared exactly.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Id {
    /// Shaped like a GUID: letter case does not count.
    Guid(Guid),
    /// Anything else: every character counts.
    Text(Arc<str>),
}

impl Id {
    /// Takes any text; what is shaped like a GUID becomes one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Guid::parse(text).map_or_else(|| Self::Text(text.into()), Self::Guid)
    }

    /// How it is written.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Guid(guid) => Cow::Owned(guid.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

// Which of both it is need not go in: what is equal hashes alike, and the two are told apart when compared.
impl Hash for Id {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Guid(guid) => guid.hash(state),
            Self::Text(text) => text.hash(state),
        }
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guid(guid) => guid.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// The id of an organisation's directory (tenant).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TenantId(pub Guid);

impl TenantId {
    /// The tenant of consumer Microsoft accounts.
    pub const MICROSOFT_ACCOUNTS: Self =
        Self(Guid::from_u128(0x9188_040d_6c67_4c5b_b112_36a3_04b6_6dad));

    /// Reads a tenant id; see [`Guid::parse`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Guid::parse(text).map(Self)
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The tenant an account lives in: it vouches for the user.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct HomeTenant(pub TenantId);

/// The tenant that owns the application.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ResourceTenant(pub TenantId);

/// The tenant whose service signed the token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct IssuerTenant(pub TenantId);

/// A Microsoft cloud.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Cloud {
    /// `microsoftonline.com`, GCC included.
    Global,
    /// `microsoftonline.us`: GCC High and DoD.
    UsGov,
    /// `partner.microsoftonline.cn`: 21Vianet.
    China,
}

impl Cloud {
    /// Every cloud, for exhaustive checks.
    pub const ALL: [Self; 3] = [Self::Global, Self::UsGov, Self::China];

    /// The name in `crossgate.toml`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::UsGov => "usgov",
            Self::China => "china",
        }
    }

    /// The name in Graph's `allowedCloudEndpoints`.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::Global => "microsoftonline.com",
            Self::UsGov => "microsoftonline.us",
            Self::China => "partner.microsoftonline.cn",
        }
    }

    /// Reads the name that `crossgate.toml` uses.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cloud| cloud.name() == name)
    }

    /// Reads the name that Graph uses.
    #[must_use]
    pub fn from_endpoint(endpoint: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|cloud| cloud.endpoint() == endpoint)
    }
}

/// Seconds since 1970-01-01T00:00:00Z, as tokens and revocations count them; fractions are kept.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct UnixTime(f64);

impl UnixTime {
    /// Largest time a token may name, exclusive: 2^53, where doubles stop counting every second.
    pub const LIMIT: f64 = 9_007_199_254_740_992.0;

    /// A time in `0..2^53` seconds; anything else, NaN too, is no time.
    #[must_use]
    pub fn new(seconds: f64) -> Option<Self> {
        (0.0..Self::LIMIT)
            .contains(&seconds)
            .then_some(Self(seconds))
    }

    /// Whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u32) -> Self {
        Self(seconds as f64)
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn seconds(self) -> f64 {
        self.0
    }

    /// This time, moved by some seconds; may leave the range of [`UnixTime::new`].
    #[must_use]
    pub fn plus(self, seconds: f64) -> Self {
        Self(self.0 + seconds)
    }

    /// The earlier of two times.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_compare_without_case_and_print_in_lower_case() {
        let upper = Id::new("9188040D-6C67-4C5B-B112-36A304B66DAD");
        assert_eq!(upper, Id::new("9188040d-6c67-4c5b-b112-36a304b66dad"));
        assert_eq!(upper.to_string(), "9188040d-6c67-4c5b-b112-36a304b66dad");
        assert_eq!(
            upper,
            Id::Guid(TenantId::MICROSOFT_ACCOUNTS.0),
            "the constant is the written id"
        );
    }

    #[test]
    fn an_id_takes_three_words() {
        assert_eq!(size_of::<Option<Id>>(), 24);
    }

    #[test]
    fn what_is_not_a_guid_is_compared_exactly() {
        assert_ne!(Id::new("Ada"), Id::new("ada"));
        for text in [
            "",
            "9188040d6c674c5bb11236a304b66dad",
            "{9188040d-6c67-4c5b-b112-36a304b66dad}",
            "9188040d-6c67-4c5b-b112-36a304b66da+",
            "9188040d-6c67-4c5b-b112+36a304b66dad",
            " 188040d-6c67-4c5b-b112-36a304b66dad",
        ] {
            assert_eq!(Guid::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_character_in_every_place_is_a_digit_a_hyphen_or_a_fault() {
        let text = "9188040d-6C67-4c5b-b112-36a304b66dad";
        for position in 0..text.len() {
            for character in (0..=255u8).map(char::from) {
                let (before, after) = (&text[..position], &text[position + 1..]);
                let changed = format!("{before}{character}{after}");
                let is_hyphen = matches!(position, 8 | 13 | 18 | 23);
                let fits = if is_hyphen {
                    character == '-'
                } else {
                    character.is_ascii_hexdigit()
                };
                let parsed = Guid::parse(&changed);
                assert_eq!(parsed.is_some(), fits, "{changed}");
                if let Some(guid) = parsed {
                    assert_eq!(guid.to_string(), changed.to_ascii_lowercase());
                }
            }
        }
        for text in [&text[..35], &format!("{text}0")] {
            assert_eq!(Guid::parse(text), None, "{text}");
        }
    }
}
