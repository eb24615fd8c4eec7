//! A code as it is sent, and as people type it.

use crate::seal::{NoRandom, random};

/// Eight digits that nobody can guess. To be sent, and kept nowhere; `Debug` hides them.
pub struct Code(String);

pub(super) const DIGITS: usize = 8;

const HOW_MANY: u64 = 100_000_000;

impl Code {
    pub(crate) fn new() -> Result<Self, NoRandom> {
        // 2^64 is so much more that no code is likelier than another by as much as one in 10^11.
        let number = u64::from_be_bytes(random()?) % HOW_MANY;
        Ok(Self(format!("{number:08}")))
    }

    /// The digits, for the mail.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code({DIGITS} digits)")
    }
}

/// What was typed without spaces, or text that is no code.
pub(super) fn typed(code: &str) -> String {
    let digits: String = code
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .take(DIGITS + 1)
        .collect();
    let is_code = digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit());
    if is_code { digits } else { NOTHING.to_owned() }
}

/// As long as a code, and none.
const NOTHING: &str = "--------";
