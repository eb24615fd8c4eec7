//! Credentials beside tokens: the one-time secret of the first run, and break-glass. Only their digests are kept.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a secret is for. Its text begins with a prefix that tells it from a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Giving somebody the first role.
    Bootstrap,
    /// Everything, when no administrator can sign in.
    BreakGlass,
}

impl Purpose {
    /// What it is called in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::BreakGlass => "break-glass",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Bootstrap => "cgb_",
            Self::BreakGlass => "cgx_",
        }
    }

    /// What a bearer credential is, where it is not a token.
    #[must_use]
    pub fn of(bearer: &str) -> Option<Self> {
        [Self::Bootstrap, Self::BreakGlass]
            .into_iter()
            .find(|purpose| bearer.starts_with(purpose.prefix()))
    }
}

/// A new secret: 256 random bits. Its text is shown once, by [`Secret::expose`].
pub struct Secret(String);

impl Secret {
    /// Draws one; `None` where the system has no random numbers.
    #[must_use]
    pub fn draw(purpose: Purpose) -> Option<Self> {
        Self::with_prefix(purpose.prefix())
    }

    /// Draws one that accepts an invitation, and is no credential of the API; `None` where the system has no random numbers.
    #[must_use]
    pub fn ticket() -> Option<Self> {
        Self::with_prefix("")
    }

    fn with_prefix(prefix: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).ok()?;
        let text = URL_SAFE_NO_PAD.encode(bytes);
        Some(Self(format!("{prefix}{text}")))
    }

    /// Its text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// SHA-256 of a secret. A secret has 256 random bits, so that no slower function would protect it better.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The digest of a secret's text.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        let mut bytes = [0; 32];
        for (byte, digested) in bytes
            .iter_mut()
            .zip(digest(&SHA256, secret.as_bytes()).as_ref())
        {
            *byte = *digested;
        }
        Self(bytes)
    }

    /// Reads `sha256:` and 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.trim().strip_prefix("sha256:")?;
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(index * 2..index * 2 + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// Whether this is the digest of that secret; takes as long whatever it is.
    #[must_use]
    pub fn fits(&self, secret: &str) -> bool {
        verify_slices_are_equal(&self.0, &Self::of(secret).0).is_ok()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_fits_its_secret_alone_and_survives_being_written() {
        let [one, other] = [(); 2].map(|()| Secret::draw(Purpose::Bootstrap).unwrap());
        assert_eq!(Purpose::of(one.expose()), Some(Purpose::Bootstrap));
        assert_eq!(Purpose::of("eyJhbGciOi"), None);
        let kept = Fingerprint::parse(&one.fingerprint().to_string()).unwrap();
        assert!(kept.fits(one.expose()));
        assert!(!kept.fits(other.expose()));
        assert!(!format!("{one:?}").contains(one.expose()));
        for bad in ["", "sha256:", "sha256:00", "md5:00"] {
            assert!(Fingerprint::parse(bad).is_none(), "{bad}");
        }
    }
}
