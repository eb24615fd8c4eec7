//! `[runtime]`: threads.

use std::num::NonZeroUsize;

use crate::reader::Section;

/// Threads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Runtime {
    /// Threads that serve requests.
    pub workers: Workers,
}

/// How many threads serve requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Workers {
    /// One for each core; written `0`.
    PerCore,
    /// This many.
    Exactly(NonZeroUsize),
}

impl Runtime {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let workers = section.whole_number("workers", DEFAULT_WORKERS);
        Self {
            workers: NonZeroUsize::new(workers).map_or(Workers::PerCore, Workers::Exactly),
        }
    }
}

/// One for each core: the request path never waits, so more would only take turns.
const DEFAULT_WORKERS: usize = 0;
