//! `[runtime]`: threads and memory.

use std::num::NonZeroUsize;

use crate::reader::Section;
use crate::units::positive_size_or;

/// Threads and memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Runtime {
    /// Threads that serve requests.
    pub workers: Workers,
    /// Whether verified tokens are kept.
    pub token_cache: TokenCache,
}

/// How many threads serve requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Workers {
    /// One for each core; written `0`.
    PerCore,
    /// This many.
    Exactly(NonZeroUsize),
}

/// Whether verified tokens are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenCache {
    /// Each request's token is verified anew; written `off`.
    Off,
    /// In this many bytes.
    Bytes(u64),
}

impl Runtime {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let workers = section.whole_number("workers", DEFAULT_WORKERS);
        let token_cache = positive_size_or(section, "token_cache", OFF);
        Self {
            workers: NonZeroUsize::new(workers).map_or(Workers::PerCore, Workers::Exactly),
            token_cache: match token_cache {
                None => TokenCache::Bytes(DEFAULT_TOKEN_CACHE),
                Some(None) => TokenCache::Off,
                Some(Some(bytes)) => TokenCache::Bytes(bytes),
            },
        }
    }
}

/// One for each core: the request path never waits, so more would only take turns.
const DEFAULT_WORKERS: usize = 0;

/// Room for about 100,000 tokens: everybody of a large organisation at once.
const DEFAULT_TOKEN_CACHE: u64 = 64 << 20;

const OFF: &str = "off";
