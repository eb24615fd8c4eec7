//! A place among the words of a filter.

use super::lex::{Kind, Token};
use crate::odata::bad_query::BadQuery;

/// The words that are left.
pub(super) struct Cursor<'t>(pub(super) &'t [Token<'t>]);

impl<'t> Cursor<'t> {
    pub(super) fn next(&mut self) -> Option<&'t Kind<'t>> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(&first.kind)
    }

    pub(super) fn peek(&self) -> Option<&'t Kind<'t>> {
        self.0.first().map(|token| &token.kind)
    }

    pub(super) fn peek_second(&self) -> Option<&'t Kind<'t>> {
        self.0.get(1).map(|token| &token.kind)
    }

    /// Steps over the next word if it is this one.
    pub(super) fn take(&mut self, kind: &Kind<'_>) -> bool {
        let is_next = self.peek() == Some(kind);
        if is_next {
            self.next();
        }
        is_next
    }

    /// Steps over the next word if it is this one, in any letter case.
    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let is_next =
            matches!(self.peek(), Some(Kind::Word(word)) if word.eq_ignore_ascii_case(keyword));
        if is_next {
            self.next();
        }
        is_next
    }

    pub(super) fn expect(&mut self, kind: &Kind<'_>) -> Result<(), BadQuery> {
        if self.take(kind) {
            Ok(())
        } else {
            Err(self.expected(&kind.shown()))
        }
    }

    /// What should stand here, and what stands here instead.
    pub(super) fn expected(&self, what: &str) -> BadQuery {
        BadQuery::malformed(match self.0.first() {
            Some(token) => format!(
                "`$filter`: expected {what} at position {}, not {}",
                token.start,
                token.kind.shown()
            ),
            None => format!("`$filter`: expected {what} at its end"),
        })
    }
}
