//! Members of a JSON object, each of the one type it may have.

use std::sync::Arc;

use crossgate_policy::ids::{Id, UnixTime};

use crate::json::{Members, Node};
use crate::{ClaimTest, Pointer, TokenFault};

/// A member that is absent is `None`; one that `read` does not take is a fault.
fn member<'a, T>(
    object: &'a Members<'a>,
    name: &'static str,
    read: impl FnOnce(&'a Node<'a>) -> Option<T>,
) -> Result<Option<T>, TokenFault> {
    object
        .get(name)
        .map(|value| read(value).ok_or(TokenFault::WrongType(name)))
        .transpose()
}

pub(crate) fn text<'a>(
    object: &'a Members<'a>,
    name: &'static str,
) -> Result<Option<&'a str>, TokenFault> {
    member(object, name, Node::as_str)
}

pub(super) fn boolean(
    object: &Members<'_>,
    name: &'static str,
) -> Result<Option<bool>, TokenFault> {
    member(object, name, Node::as_bool)
}

pub(super) fn number(object: &Members<'_>, name: &'static str) -> Result<Option<f64>, TokenFault> {
    member(object, name, Node::as_f64)
}

pub(crate) fn object<'a>(
    object: &'a Members<'a>,
    name: &'static str,
) -> Result<Option<&'a Members<'a>>, TokenFault> {
    member(object, name, Node::as_object)
}

/// A `NumericDate` (RFC 7519, section 2), fractions allowed.
pub(crate) fn time(
    object: &Members<'_>,
    name: &'static str,
) -> Result<Option<UnixTime>, TokenFault> {
    number(object, name)?
        .map(|seconds| UnixTime::new(seconds).ok_or(TokenFault::NotATime(name)))
        .transpose()
}

/// A list of strings; absent is empty.
pub(super) fn strings<L: FromIterator<Box<str>> + Default>(
    object: &Members<'_>,
    name: &'static str,
) -> Result<L, TokenFault> {
    list(object, name, |text| text.into())
}

/// A list of ids; absent is empty.
pub(super) fn ids(object: &Members<'_>, name: &'static str) -> Result<Arc<[Id]>, TokenFault> {
    list(object, name, Id::new)
}

fn list<T, L: FromIterator<T> + Default>(
    object: &Members<'_>,
    name: &'static str,
    item: impl Fn(&str) -> T,
) -> Result<L, TokenFault> {
    let items = member(object, name, |value| value.as_array().and_then(Texts::of))?;
    Ok(items.unwrap_or_default().list(item))
}

/// The user's id: a string.
pub(super) fn user_at(pointer: &Pointer, claims: &Members<'_>) -> Result<Option<Id>, TokenFault> {
    match pointer.find(claims) {
        None => Ok(None),
        Some(Node::String(user)) => Ok(Some(Id::new(user))),
        Some(_) => Err(TokenFault::WrongType("user")),
    }
}

/// Values all of which are strings.
#[derive(Default)]
pub(super) struct Texts<'a>(std::slice::Iter<'a, Node<'a>>);

impl<'a> Texts<'a> {
    fn of(values: &'a [Node<'a>]) -> Option<Self> {
        let are_texts = values.iter().all(|value| value.as_str().is_some());
        are_texts.then(|| Self(values.iter()))
    }

    /// The list of what these make; takes no memory where there are none.
    pub(super) fn list<T, L: FromIterator<T> + Default>(self, item: impl Fn(&'a str) -> T) -> L {
        if self.0.len() == 0 {
            return L::default();
        }
        self.texts().map(item).collect()
    }

    /// As many as there are values, so that a list is made in one piece.
    fn texts(self) -> impl Iterator<Item = &'a str> {
        // `of` saw that each is one.
        self.0.map(|value| value.as_str().unwrap_or_default())
    }
}

/// A list of strings, or one string alone where the claim may be one; absent is empty.
pub(super) fn texts_at<'a>(
    pointer: &Pointer,
    claims: &'a Members<'a>,
    fact: &'static str,
) -> Result<Texts<'a>, TokenFault> {
    let values = match pointer.find(claims) {
        None => &[],
        Some(Node::Array(items)) => items.as_slice(),
        // These are lists by definition (RFC 8176, section 1; Entra's access tokens). What else an issuer names its
        // claims, `acr` for one, may be a string.
        Some(_)
            if ["amr", "groups", "acrs", "signin_state"]
                .iter()
                .any(|list| pointer.is_claim(list)) =>
        {
            return Err(TokenFault::WrongType(fact));
        }
        Some(value) => std::slice::from_ref(value),
    };
    Texts::of(values).ok_or(TokenFault::WrongType(fact))
}

/// Whether the claim there is, or holds, one of the values that show a fact.
pub(super) fn flag_at(
    test: &ClaimTest,
    claims: &Members<'_>,
    fact: &'static str,
) -> Result<bool, TokenFault> {
    let mut values = texts_at(&test.pointer, claims, fact)?.texts();
    Ok(values.any(|value| test.contains.iter().any(|shows| **shows == *value)))
}
