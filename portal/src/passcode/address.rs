//! An address that a code may be mailed to.

use std::str::FromStr;

/// An email address in its plain form: nothing quoted, no comment, no network address, ASCII only.
///
/// Two that differ in capital letters only are the same. `Debug` hides it.
#[derive(Clone)]
pub struct Address(String);

/// Why a text is no address that a code is mailed to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an email address, or not one in plain ASCII")]
pub struct NoAddress;

/// RFC 5321, section 4.5.3.1.3, without the angle brackets.
const LONGEST: usize = 254;

/// RFC 5321, section 4.5.3.1.1.
const LONGEST_LOCAL: usize = 64;

impl Address {
    /// The address, its domain in small letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`, and that after it.
    pub(crate) fn parts(&self) -> (&str, &str) {
        self.0.split_once('@').unwrap_or_default()
    }

    /// In small letters, as directories compare addresses. Otherwise each spelling would be sent codes of its own.
    pub(super) fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for Address {
    type Err = NoAddress;

    /// Spaces around it are left out; browsers leave them in.
    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let text = text.trim_matches(' ');
        let (local, domain) = text.split_once('@').ok_or(NoAddress)?;
        if text.len() <= LONGEST && is_local(local) && is_domain(domain) {
            Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
        } else {
            Err(NoAddress)
        }
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Address {}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address(..)")
    }
}

/// A dot-atom (RFC 5322, section 3.2.3), but for `%` and `!`, which some servers take for a way to a third, `?`, without
/// which nothing is an encoded word, and what shells read.
fn is_local(local: &str) -> bool {
    let is_letter =
        |letter: u8| letter.is_ascii_alphanumeric() || b"#&'*+-/=^_{}~".contains(&letter);
    local.len() <= LONGEST_LOCAL
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_letter))
}

/// Two labels or more (RFC 1035, section 2.3.1). Punycode is refused: what it looks like is not what it is.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
            // `xn--`, and whatever else may be meant by such a prefix one day (RFC 5891, section 4.2.3.1).
            && label.get(2..4) != Some("--")
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.')
        && domain.split('.').all(is_label)
        && !top.bytes().all(|letter| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let address: Address = text.parse().ok()?;
        Some(address.as_str().to_owned())
    }

    #[test]
    fn an_address_has_its_domain_in_small_letters_and_counts_as_one_however_it_is_spelled() {
        assert_eq!(read(" Ada.L@Example.COM ").unwrap(), "Ada.L@example.com");
        assert_eq!(read("o'b+x_1@a-b.example").unwrap(), "o'b+x_1@a-b.example");
        let (one, other): (Address, Address) = (
            "ADA@example.com".parse().unwrap(),
            "ada@EXAMPLE.com".parse().unwrap(),
        );
        assert_eq!(one, other);
        assert_eq!(one.folded(), other.folded());
        assert_eq!(one.parts(), ("ADA", "example.com"));
    }

    #[test]
    fn what_is_no_plain_address_is_refused() {
        for odd in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "ada@@example.com",
            "ada@b@example.com",
            "ada@.com",
            "ada@example..com",
            "ada@example.com.",
            "ada@-a.com",
            "ada@a-.com",
            "ada@127.0.0.1",
            "ada@[127.0.0.1]",
            "ada@exa_mple.com",
            ".ada@example.com",
            "ada.@example.com",
            "a..b@example.com",
            "\"a b\"@example.com",
            "ada(x)@example.com",
            "a da@example.com",
            "ada%other.example@example.com",
            "other.example!ada@example.com",
            "=?utf-8?q?eve=40evil.example=3e?=@example.com",
            "`a`@example.com",
            "$(a)|b@example.com",
            "Ada <ada@example.com>",
            "ada@example.com,eve@evil.example",
            "ada@example.com;eve@evil.example",
        ] {
            assert_eq!(read(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn no_header_or_command_can_be_written_with_an_address() {
        for hostile in [
            "ada@example.com\r\nBcc: eve@evil.example",
            "ada@example.com\r\n",
            "ada@example.com\n",
            "ada\r\nBcc: eve@evil.example\r\n@example.com",
            "ada@example.com\0",
            "ada\t@example.com",
            "ada@example.com\u{2028}",
            "ada@example.com> SIZE=1",
        ] {
            assert_eq!(read(hostile), None, "{hostile:?}");
        }
    }

    #[test]
    fn what_looks_like_another_domain_is_refused() {
        for odd in [
            "ada@ex\u{430}mple.com",
            "ada@xn--exmple-4nf.com",
            "ada@XN--exmple-4nf.com",
            "\u{e5}da@example.com",
        ] {
            assert_eq!(read(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn an_address_is_no_longer_than_mail_can_carry() {
        let domain = |letters: usize| format!("{}.{}.com", "b".repeat(63), "c".repeat(letters));
        let local = "a".repeat(64);
        assert!(read(&format!("{local}@{}", domain(60))).is_some());
        assert_eq!(read(&format!("a{local}@{}", domain(60))), None);
        assert_eq!(read(&format!("{local}@{}", domain(64))), None);
        let long = format!("{local}@{}.{}", "b".repeat(60), domain(61));
        assert_eq!(long.len(), 255);
        assert_eq!(read(&long), None);
        assert_eq!(read(&long[1..]).unwrap().len(), 254);
    }
}
