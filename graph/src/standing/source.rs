//! Where documents come from, and what is changed in them.

use crate::document_kind::DocumentKind;
use crate::reader::fault::Fault;

/// Documents in force, one JSON object each, by kind and key.
pub trait Documents: Sync {
    /// Why they cannot be read.
    type Error: Send;

    /// Goes through one share of the documents of a kind: each document is in exactly one of `share.1` shares, of which this is
    /// `share.0`, counted from 0. Several threads go through different shares at once.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    fn each(
        &self,
        kind: DocumentKind,
        share: (usize, usize),
        take: &mut dyn FnMut(&str, &str),
    ) -> Result<(), Self::Error>;

    /// One document's text.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    fn get(&self, kind: DocumentKind, key: &str) -> Result<Option<Box<str>>, Self::Error>;
}

/// What becomes of one document.
#[derive(Clone, Copy, Debug)]
pub struct Change<'c> {
    /// What it is.
    pub kind: DocumentKind,
    /// Which of its kind; empty where there can be only one.
    pub key: &'c str,
    /// Its new text; `None` removes it.
    pub text: Option<&'c str>,
}

/// Why a policy is not put in force.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refused<E> {
    /// Every fault of every document that changes, sorted.
    Faults(Vec<Fault>),
    /// Documents cannot be read.
    Source(E),
}
