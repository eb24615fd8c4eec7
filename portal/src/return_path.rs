//! Where a person goes back to after a sign-in: always a path of the same host.

use serde::{Deserialize, Serialize};

/// A path with its query, on the host it was made for. Whatever else it was read from leads to `/`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "String", into = "String")]
pub struct ReturnPath(String);

/// Where our own pages are, on every host.
pub const OWN: &str = "/.crossgate/";

/// Where invitations are accepted.
pub const REDEEM: &str = "/.crossgate/redeem";

/// Where guests are invited.
pub const INVITE: &str = "/.crossgate/invite";

/// Longer ones would not fit beside the rest into a cookie.
const LONGEST: usize = 1800;

impl ReturnPath {
    /// Reads what a browser sent.
    #[must_use]
    pub fn read(text: &str) -> Self {
        if is_safe(text) {
            Self(text.to_owned())
        } else {
            Self("/".to_owned())
        }
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for ReturnPath {
    fn from(text: String) -> Self {
        Self::read(&text)
    }
}

impl From<ReturnPath> for String {
    fn from(path: ReturnPath) -> Self {
        path.0
    }
}

/// Browsers take `\` for `/`, drop tabs and line breaks, and read what begins with two slashes as another host.
fn is_safe(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= LONGEST
        && bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && text
            .bytes()
            .all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'\\')
        && !text.contains('#')
        && (is_gone_on_with(text) || !text.to_ascii_lowercase().starts_with(OWN))
}

/// The pages of ours that are gone on with after a sign-in.
fn is_gone_on_with(text: &str) -> bool {
    [REDEEM, INVITE].iter().any(|page| {
        let rest = text.strip_prefix(page);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('?'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_testkit::redirects::ELSEWHERE;

    #[test]
    fn only_a_path_of_the_same_host_is_returned_to() {
        for safe in [
            "/",
            "/a/b?c=d&e=//f",
            "/?x=https://a.example",
            "/%5C%5Ca.example",
            "/a//b",
            "/.crossgate/invite",
            "/.crossgate/redeem?user=a",
        ] {
            assert_eq!(ReturnPath::read(safe).as_str(), safe);
        }
        for odd in ELSEWHERE {
            assert_eq!(ReturnPath::read(odd).as_str(), "/", "{odd:?}");
        }
        assert_eq!(
            ReturnPath::read(&format!("/{}", "a".repeat(2000))).as_str(),
            "/"
        );
    }
}
