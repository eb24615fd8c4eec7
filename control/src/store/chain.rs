//! The chain that audit records form: each holds a hash over itself and the one before. The same for every engine.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256};

use super::Sequence;

/// SHA-256 over a record and the hash of the one before it; all zero where there is none.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct ChainHash(pub [u8; 32]);

/// A place of the chain, as noted somewhere else: `17-` and the hash of record 17 in hexadecimal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Noted {
    /// The record.
    pub sequence: Sequence,
    /// Its hash.
    pub hash: ChainHash,
}

/// A text names no place of the chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "not a place of the audit's chain; expected the number of a record, `-`, and 64 hexadecimal digits"
)]
pub struct NotedError;

/// What a record's hash covers, beside the hash before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link<'a> {
    pub(super) sequence: Sequence,
    /// Microseconds since 1970, UTC.
    pub(super) at: i64,
    pub(super) id: &'a [u8],
    pub(super) record: &'a [u8],
    pub(super) writes: Option<WritesDigest>,
}

impl ChainHash {
    /// The hash of the record that comes next.
    pub(super) fn next(self, link: &Link<'_>) -> Self {
        let Link {
            sequence,
            at,
            id,
            record,
            writes,
        } = link;
        let mut context = Context::new(&SHA256);
        part(&mut context, &self.0);
        part(&mut context, &sequence.to_be_bytes());
        part(&mut context, &at.to_be_bytes());
        part(&mut context, id);
        part(&mut context, record);
        part(
            &mut context,
            writes.as_ref().map_or(&[], |digest| &digest.0),
        );
        Self(finish(context))
    }
}

/// SHA-256 over the versions that one change brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct WritesDigest(pub(super) [u8; 32]);

/// What one change brought, fed in the order of the bytes of (name of the kind, key).
pub(super) struct Brought {
    context: Context,
    anything: bool,
}

impl Brought {
    pub(super) fn nothing() -> Self {
        Self {
            context: Context::new(&SHA256),
            anything: false,
        }
    }

    /// A version, or with no `text` the end of a document.
    pub(super) fn add(&mut self, kind: &[u8], key: &[u8], text: Option<&[u8]>) {
        self.anything = true;
        part(&mut self.context, kind);
        part(&mut self.context, key);
        match text {
            Some(text) => {
                self.context.update(&[1]);
                part(&mut self.context, text);
            }
            None => self.context.update(&[0]),
        }
    }

    /// `None` where it brought nothing.
    pub(super) fn digest(self) -> Option<WritesDigest> {
        self.anything.then(|| WritesDigest(finish(self.context)))
    }
}

/// The length goes before, so that no two rows of parts are the same bytes.
fn part(context: &mut Context, bytes: &[u8]) {
    context.update(&(bytes.len() as u64).to_be_bytes());
    context.update(bytes);
}

fn finish(context: Context) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.sequence, self.hash)
    }
}

impl FromStr for Noted {
    type Err = NotedError;

    fn from_str(text: &str) -> Result<Self, NotedError> {
        let (sequence, digits) = text.split_once('-').ok_or(NotedError)?;
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        let mut hash = [0; 32];
        if pairs.len() != hash.len() || !rest.is_empty() {
            return Err(NotedError);
        }
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Ok(Self {
            sequence: sequence.parse().map_err(|_| NotedError)?,
            hash: ChainHash(hash),
        })
    }
}

fn nibble(digit: u8) -> Result<u8, NotedError> {
    let value = char::from(digit).to_digit(16).ok_or(NotedError)?;
    u8::try_from(value).map_err(|_| NotedError)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: Link<'static> = Link {
        sequence: 7,
        at: 1_790_000_000_000_000,
        id: b"ab",
        record: b"c",
        writes: None,
    };

    #[test]
    fn a_hash_depends_on_every_part_and_on_where_one_ends() {
        let zero = ChainHash::default();
        let hash = zero.next(&LINK);
        let digest = WritesDigest([0; 32]);
        let others = [
            hash.next(&LINK),
            zero.next(&Link {
                sequence: 8,
                ..LINK
            }),
            zero.next(&Link {
                at: LINK.at + 1,
                ..LINK
            }),
            zero.next(&Link {
                id: b"a",
                record: b"bc",
                ..LINK
            }),
            zero.next(&Link {
                record: b"d",
                ..LINK
            }),
            zero.next(&Link {
                writes: Some(digest),
                ..LINK
            }),
        ];
        assert!(others.iter().all(|other| *other != hash));
    }

    #[test]
    fn a_digest_tells_removal_from_an_empty_text_and_nothing_from_something() {
        let digest = |key: &[u8], text: Option<&[u8]>| {
            let mut brought = Brought::nothing();
            brought.add(b"partners", key, text);
            brought.digest()
        };
        assert_eq!(Brought::nothing().digest(), None);
        assert_ne!(digest(b"a", None), digest(b"a", Some(b"")));
        assert_ne!(digest(b"a", Some(b"b")), digest(b"ab", Some(b"")));
    }

    #[test]
    fn a_noted_place_is_read_as_it_was_written() {
        let noted = Noted {
            sequence: 17,
            hash: ChainHash::default().next(&LINK),
        };
        assert_eq!(noted.to_string().parse(), Ok(noted));
        let text = noted.to_string();
        let cut = text.get(..66).unwrap();
        for wrong in [
            "",
            "17",
            "17-",
            cut,
            &format!("{text}00"),
            &text.replace("17-", "x-"),
        ] {
            assert_eq!(wrong.parse::<Noted>(), Err(NotedError), "{wrong}");
        }
    }
}
