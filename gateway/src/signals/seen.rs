//! What a transmitter told lately: a token that is pushed again is no second one.

use std::collections::{HashMap, VecDeque};

use aws_lc_rs::digest::{SHA256, digest};

/// The newest tokens of one transmitter, by their `jti` (RFC 8417, section 2.2).
///
/// Lost with the process, which does no harm: what a token said stands in the store, and saying it again changes nothing.
#[derive(Debug, Default)]
pub(super) struct Seen {
    contents: HashMap<Box<str>, Content>,
    oldest_first: VecDeque<Box<str>>,
}

/// Tells what one token said from what any other did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Content([u8; 32]);

/// How a token stands to those before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Before {
    /// There was none of its `jti`.
    New,
    /// It was received, and taken.
    Same,
    /// Another one had its `jti`.
    Other,
}

impl Content {
    /// What a compact JWS says. Not how it is signed: the same may be signed anew.
    pub(super) fn of(jws: &str) -> Self {
        let said = jws.split('.').nth(1).unwrap_or_default();
        let mut content = [0; 32];
        let digest = digest(&SHA256, said.as_bytes());
        content
            .iter_mut()
            .zip(digest.as_ref())
            .for_each(|(to, from)| *to = *from);
        Self(content)
    }
}

impl Seen {
    /// How a token stands to those that were noted.
    pub(super) fn look_up(&self, jwt_id: &str, content: Content) -> Before {
        match self.contents.get(jwt_id) {
            None => Before::New,
            Some(before) if *before == content => Before::Same,
            Some(_) => Before::Other,
        }
    }

    /// Notes a token that was taken; the oldest makes room.
    pub(super) fn note(&mut self, jwt_id: &str, content: Content) {
        if self.contents.insert(jwt_id.into(), content).is_some() {
            return;
        }
        self.oldest_first.push_back(jwt_id.into());
        if self.oldest_first.len() > MOST
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.contents.remove(&oldest);
        }
    }
}

/// A transmitter that has no answer pushes again within minutes, and tells no more than that meanwhile.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_again_is_told_from_another_of_its_id() {
        let mut seen = Seen::default();
        let content = |said: &str| Content::of(&format!("header.{said}.signature"));
        assert_eq!(seen.look_up("a", content("x")), Before::New);
        seen.note("a", content("x"));
        assert_eq!(seen.look_up("a", content("x")), Before::Same);
        assert_eq!(
            seen.look_up("a", Content::of("h.x.signed-anew")),
            Before::Same
        );
        assert_eq!(seen.look_up("a", content("y")), Before::Other);
    }

    #[test]
    fn the_oldest_make_room() {
        let mut seen = Seen::default();
        let content = Content::of("a.b.c");
        for number in 0..=MOST {
            seen.note(&number.to_string(), content);
        }
        assert_eq!(seen.look_up("0", content), Before::New);
        assert_eq!(seen.look_up("1", content), Before::Same);
        assert_eq!((seen.contents.len(), seen.oldest_first.len()), (MOST, MOST));
    }
}
