//! One sign-in under way, kept sealed by the browser that began it.
//!
//! It is found by the `state` that the provider gives back. Whoever has another browser's answer has not its cookie.

use serde::{Deserialize, Serialize};

use crate::return_path::ReturnPath;
use crate::seal::{NoRandom, Sealer, random_text};

/// A sign-in under way.
#[derive(Clone, Deserialize, Serialize)]
pub struct Attempt {
    /// `state` (RFC 6749, section 4.1.1).
    pub state: String,
    /// `nonce` (OpenID Connect Core 1.0, section 3.1.2.1).
    pub nonce: String,
    /// The PKCE verifier (RFC 7636, section 4.1).
    pub verifier: String,
    /// Where the browser was sent.
    pub provider: String,
    /// The host it came to.
    pub host: String,
    /// Where it goes when it is signed in.
    pub return_to: ReturnPath,
    /// When it was sent, in seconds.
    pub begun: u64,
    /// What was lacking, and is asked for.
    pub asked: Vec<String>,
    /// A sign-in from before does not do.
    pub again: bool,
    /// The id of a form that was sent and is kept.
    pub kept: Option<String>,
    /// The address that a code was mailed to.
    pub address: Option<String>,
    /// The session that the browser had: an assertion comes from another site, without its cookie.
    pub before: Option<[u8; 16]>,
}

/// How long a sign-in may take, in seconds: people look for their telephones.
const LONGEST: u64 = 15 * 60;

/// The same where a code has to come by mail first, which may take as long as the code counts.
const LONGEST_BY_MAIL: u64 = 45 * 60;

const PURPOSE: &str = "attempt";

/// What is known of a sign-in before it begins.
#[derive(Clone, Debug)]
pub struct Begin {
    /// Where the browser is sent.
    pub provider: String,
    /// The host it came to.
    pub host: String,
    /// Where it goes when it is signed in.
    pub return_to: ReturnPath,
    /// The time, in seconds.
    pub now: u64,
    /// What was lacking, and is asked for.
    pub asked: Vec<String>,
    /// A sign-in from before does not do.
    pub again: bool,
    /// The id of a form that was sent and is kept.
    pub kept: Option<String>,
    /// The address that a code was mailed to.
    pub address: Option<String>,
    /// The session that the browser had.
    pub before: Option<[u8; 16]>,
}

impl Attempt {
    /// # Errors
    /// The system gives no random numbers.
    pub fn begin(begin: Begin) -> Result<Self, NoRandom> {
        Ok(Self {
            state: random_text()?,
            nonce: random_text()?,
            // RFC 7636 asks for 43 characters or more.
            verifier: format!("{}{}", random_text()?, random_text()?),
            provider: begin.provider,
            host: begin.host,
            return_to: begin.return_to,
            begun: begin.now,
            asked: begin.asked,
            again: begin.again,
            kept: begin.kept,
            address: begin.address,
            before: begin.before,
        })
    }

    /// For the browser to keep.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn seal(&self, sealer: &Sealer) -> Result<String, NoRandom> {
        let plain = serde_json::to_vec(self).map_err(|_| NoRandom)?;
        sealer.seal(PURPOSE, &plain)
    }

    /// What a browser kept; `None` where it is not ours, or too old.
    #[must_use]
    pub fn open(sealer: &Sealer, sealed: &str, now: u64) -> Option<Self> {
        let plain = sealer.open(PURPOSE, sealed)?;
        let attempt: Self = serde_json::from_slice(&plain).ok()?;
        (now < attempt.begun.saturating_add(attempt.longest())).then_some(attempt)
    }

    /// How long it may take, in seconds.
    #[must_use]
    pub const fn longest(&self) -> u64 {
        match self.address {
            Some(_) => LONGEST_BY_MAIL,
            None => LONGEST,
        }
    }

    /// What its cookie is called: several tabs may sign in at once.
    #[must_use]
    pub fn cookie(state: &str) -> Option<String> {
        let is_ours = state.len() == 22
            && state
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        is_ours.then(|| format!("{}{state}", crate::cookies::ATTEMPT))
    }
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::KEY;

    fn begin() -> Begin {
        Begin {
            provider: "contoso".to_owned(),
            host: "payroll.example".to_owned(),
            return_to: ReturnPath::read("/a?b=c"),
            now: 1000,
            asked: Vec::new(),
            again: false,
            kept: None,
            address: None,
            before: None,
        }
    }

    #[test]
    fn an_attempt_is_what_it_was_until_it_is_too_old() {
        let sealer = Sealer::new(&[7; KEY]).unwrap();
        let attempt = Attempt::begin(begin()).unwrap();
        let sealed = attempt.seal(&sealer).unwrap();
        let opened = Attempt::open(&sealer, &sealed, 1000 + LONGEST - 1).unwrap();
        assert_eq!(opened.state, attempt.state);
        assert_eq!(opened.return_to.as_str(), "/a?b=c");
        assert!(Attempt::open(&sealer, &sealed, 1000 + LONGEST).is_none());
        let foreign = sealer.seal("session", b"{}").unwrap();
        assert!(Attempt::open(&sealer, &foreign, 1000).is_none());
    }

    #[test]
    fn two_attempts_have_nothing_in_common_and_pkce_has_enough_letters() {
        let (one, other) = (
            Attempt::begin(begin()).unwrap(),
            Attempt::begin(begin()).unwrap(),
        );
        assert_ne!(one.state, other.state);
        assert_ne!(one.nonce, other.nonce);
        assert_ne!(one.verifier, other.verifier);
        assert!(one.verifier.len() >= 43);
    }

    #[test]
    fn a_state_that_is_not_ours_names_no_cookie() {
        let attempt = Attempt::begin(begin()).unwrap();
        assert!(Attempt::cookie(&attempt.state).is_some());
        for odd in [
            "",
            "a",
            "a=b;c",
            &"a".repeat(23),
            "aaaaaaaaaaaaaaaaaaaa\r\n",
        ] {
            assert_eq!(Attempt::cookie(odd), None, "{odd:?}");
        }
    }
}
