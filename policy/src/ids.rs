//! Identifiers and clouds: the words every other module is written in.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A GUID, compared without regard to the letter case it was written in.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Guid(u128);

impl Guid {
    /// The GUID with this value, most significant digit first.
    #[must_use]
    pub const fn from_u128(value: u128) -> Self {
        Self(value)
    }

    /// Reads the 36-character form `8-4-4-4-12`; braces, URN forms and bare digits are not GUIDs here.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 36 {
            return None;
        }
        let mut value = 0u128;
        for (position, byte) in bytes.iter().enumerate() {
            if matches!(position, 8 | 13 | 18 | 23) {
                if *byte != b'-' {
                    return None;
                }
                continue;
            }
            let digit = char::from(*byte).to_digit(16)?;
            value = (value << 4) | u128::from(digit);
        }
        Some(Self(value))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            v >> 96,
            (v >> 80) & 0xffff,
            (v >> 64) & 0xffff,
            (v >> 48) & 0xffff,
            v & 0xffff_ffff_ffff
        )
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
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
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
    pub fn from_secs(seconds: u32) -> Self {
        Self(f64::from(seconds))
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
}
