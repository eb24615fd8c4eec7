//! The words of a filter.

use crate::odata::bad_query::{BadQuery, shown};

/// A word, and where it begins, in bytes.
#[derive(Clone, Debug)]
pub(super) struct Token<'q> {
    pub(super) kind: Kind<'q>,
    pub(super) start: usize,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Kind<'q> {
    /// A name, a path, an operator, a number, a date, a GUID.
    Word(&'q str),
    /// A text, without its quotes.
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

impl Kind<'_> {
    /// As messages show it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(word) => shown(word),
            Self::Text(text) => shown(&format!("'{text}'")),
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::Comma => "`,`".to_owned(),
            Self::Colon => "`:`".to_owned(),
        }
    }
}

/// Takes a filter apart.
pub(super) fn tokens(filter: &str) -> Result<Vec<Token<'_>>, BadQuery> {
    let mut tokens = Vec::new();
    let mut rest = filter;
    loop {
        rest = rest.trim_ascii_start();
        let start = filter.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let (kind, length) = match first {
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            ',' => (Kind::Comma, 1),
            ':' => (Kind::Colon, 1),
            '\'' => text(rest, start)?,
            first if first.is_ascii_alphanumeric() || matches!(first, '_' | '-') => word(rest),
            other => {
                return Err(BadQuery::malformed(format!(
                    "`$filter`: unexpected {} at position {start}",
                    shown(&other.to_string())
                )));
            }
        };
        tokens.push(Token { kind, start });
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// The text at the start, and the length of it with its quotes. A quote within it is written twice.
fn text(rest: &str, start: usize) -> Result<(Kind<'_>, usize), BadQuery> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        let doubled = letter == '\'' && letters.next_if(|(_, next)| *next == '\'').is_some();
        if letter == '\'' && !doubled {
            return Ok((Kind::Text(text), at + 1));
        }
        text.push(letter);
    }
    Err(BadQuery::malformed(format!(
        "`$filter`: the text at position {start} has no closing `'`"
    )))
}

/// The word at the start, and its length. Only what begins like a number or a date may have a colon or plus in it: a colon
/// behind a name belongs to `any` and `all`.
fn word(rest: &str) -> (Kind<'_>, usize) {
    let numeric = rest.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    let end = rest
        .find(|letter: char| {
            let inside = letter.is_ascii_alphanumeric()
                || matches!(letter, '_' | '-' | '.' | '/')
                || (numeric && matches!(letter, ':' | '+'));
            !inside
        })
        .unwrap_or(rest.len());
    (Kind::Word(rest.get(..end).unwrap_or_default()), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(filter: &str) -> Vec<Kind<'_>> {
        tokens(filter)
            .unwrap()
            .into_iter()
            .map(|token| token.kind)
            .collect()
    }

    fn text(text: &str) -> Kind<'_> {
        Kind::Text(text.to_owned())
    }

    #[test]
    fn a_filter_is_taken_apart_where_its_words_end() {
        assert_eq!(
            kinds("a/any(t:t/b eq 'x') and\tc ge 2026-01-01T00:00:00+02:00"),
            [
                Kind::Word("a/any"),
                Kind::Open,
                Kind::Word("t"),
                Kind::Colon,
                Kind::Word("t/b"),
                Kind::Word("eq"),
                text("x"),
                Kind::Close,
                Kind::Word("and"),
                Kind::Word("c"),
                Kind::Word("ge"),
                Kind::Word("2026-01-01T00:00:00+02:00"),
            ]
        );
        assert_eq!(
            kinds("-1,0"),
            [Kind::Word("-1"), Kind::Comma, Kind::Word("0")]
        );
        assert_eq!(kinds(" \r\n "), []);
    }

    #[test]
    fn a_quote_within_a_text_is_written_twice() {
        for (filter, expected) in [
            ("''", ""),
            ("'a'", "a"),
            ("''''", "'"),
            ("'it''s'", "it's"),
            ("'''a'''", "'a'"),
            ("'a b(,:é'", "a b(,:é"),
        ] {
            assert_eq!(kinds(filter), [text(expected)], "{filter}");
        }
        assert_eq!(kinds("'a','b'"), [text("a"), Kind::Comma, text("b")]);
        assert_eq!(kinds("'a' 'b'"), [text("a"), text("b")]);
        assert_eq!(kinds("'a''b' eq"), [text("a'b"), Kind::Word("eq")]);
        for open in ["'", "'a", "'a''", "'''", "a eq 'b''"] {
            let message = tokens(open).unwrap_err().to_string();
            assert!(message.contains("no closing"), "{open}: {message}");
        }
    }
}
