//! Tokens that were verified already. Nothing here waits: who finds a place taken verifies once more.
//!
//! What is kept is what does not change while the issuer's keys and the configuration do not. Times, audiences and
//! policy are asked anew on every request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use aws_lc_rs::hmac;
use crossgate_config::TokenCache;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry as Place;
use dashmap::try_result::TryResult;

use super::credential::BearerToken;
use super::token::KnownToken;
use crate::ops::Metrics;

/// Verified tokens by their digest.
pub struct Tokens {
    /// Of this process only: nobody outside can make two tokens of one digest, nor recognise a token by it.
    key: hmac::Key,
    generations: ArcSwap<Generations>,
    /// `None` where nothing is kept.
    half_weight: Option<usize>,
    metrics: Arc<Metrics>,
}

/// Whose word a verification is worth: keys and issuers as they were. Compared as a whole.
pub type Basis = (u64, u64);

/// Two halves: what was used since the last turn, and what was used before. A turn drops the latter.
#[derive(Default)]
struct Generations {
    young: Arc<Half>,
    old: Arc<Half>,
}

#[derive(Default)]
struct Half {
    map: DashMap<u128, Entry>,
    /// The map itself would have to lock every shard to count.
    size: AtomicUsize,
    /// Bytes of memory, about.
    weight: AtomicUsize,
}

#[derive(Clone)]
struct Entry {
    basis: Basis,
    token: Arc<KnownToken>,
}

impl Tokens {
    /// Keeps tokens in about this many bytes; none where it is off.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new(
        cache: TokenCache,
        metrics: Arc<Metrics>,
    ) -> Result<Self, aws_lc_rs::error::Unspecified> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        Ok(Self {
            key: hmac::Key::generate(hmac::HMAC_SHA256, &random)?,
            generations: ArcSwap::from_pointee(Generations::default()),
            half_weight: match cache {
                TokenCache::Off => None,
                TokenCache::Bytes(bytes) => Some(usize::try_from(bytes / 2).unwrap_or(usize::MAX)),
            },
            metrics,
        })
    }

    /// The keyed digest of a token, which stands for it in events and here.
    #[must_use]
    pub fn digest(&self, token: BearerToken<'_>) -> u128 {
        let tag = hmac::sign(&self.key, token.expose().as_bytes());
        let first = tag.as_ref().first_chunk::<16>();
        first.map_or(0, |bytes| u128::from_be_bytes(*bytes))
    }

    /// A token that was verified on this basis.
    #[must_use]
    pub fn get(&self, digest: u128, basis: Basis) -> Option<Arc<KnownToken>> {
        let generations = self.generations.load();
        let found = generations.young.find(digest, basis).or_else(|| {
            let token = generations.old.find(digest, basis)?;
            generations.young.keep(digest, basis, &token);
            Some(token)
        });
        let counter = match found {
            Some(_) => &self.metrics.token_cache_hits,
            None => &self.metrics.token_cache_misses,
        };
        counter.inc();
        found
    }

    /// Keeps a token that was verified on this basis.
    pub fn put(&self, digest: u128, basis: Basis, token: &Arc<KnownToken>) {
        let Some(most) = self.half_weight else {
            return;
        };
        // One with thousands of groups costs more to keep than to verify.
        if weight(token) > HEAVIEST_TOKEN {
            return;
        }
        let generations = self.generations.load();
        let young = &generations.young;
        young.keep(digest, basis, token);
        if young.weight.load(Ordering::Relaxed) >= most {
            self.turn(&generations);
        }
        let entries = i64::try_from(self.len()).unwrap_or(i64::MAX);
        self.metrics.token_cache_entries.set(entries);
    }

    /// How many are kept; one that is in use may count twice.
    #[must_use]
    pub fn len(&self) -> usize {
        let generations = self.generations.load();
        let size = |half: &Half| half.size.load(Ordering::Relaxed);
        size(&generations.young) + size(&generations.old)
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn turn(&self, seen: &Arc<Generations>) {
        let next = Arc::new(Generations {
            young: Arc::default(),
            old: Arc::clone(&seen.young),
        });
        let before = self.generations.compare_and_swap(seen, next);
        // Of several that saw it full, one turns.
        if Arc::ptr_eq(&before, seen) {
            let dropped = seen.old.size.load(Ordering::Relaxed);
            let dropped = u64::try_from(dropped).unwrap_or(u64::MAX);
            self.metrics.token_cache_evictions.inc_by(dropped);
        }
    }
}

impl Half {
    fn find(&self, digest: u128, basis: Basis) -> Option<Arc<KnownToken>> {
        match self.map.try_get(&digest) {
            TryResult::Present(entry) if entry.basis == basis => Some(Arc::clone(&entry.token)),
            TryResult::Present(_) | TryResult::Absent | TryResult::Locked => None,
        }
    }

    fn keep(&self, digest: u128, basis: Basis, token: &Arc<KnownToken>) {
        let entry = Entry {
            basis,
            token: Arc::clone(token),
        };
        match self.map.try_entry(digest) {
            Some(Place::Vacant(place)) => {
                place.insert(entry);
                self.size.fetch_add(1, Ordering::Relaxed);
                self.weight.fetch_add(weight(token), Ordering::Relaxed);
            }
            Some(Place::Occupied(mut place)) => {
                place.insert(entry);
            }
            // A shard that somebody else holds is not waited for; the token is verified once more, that is all.
            None => {}
        }
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

/// About how many bytes a token is kept in: its claims stand in it, in its subject and in what upstreams are told.
fn weight(token: &KnownToken) -> usize {
    let claims = token.verified.claims();
    let entries = claims.audiences.len()
        + claims.groups.len()
        + claims.directory_roles.len()
        + claims.app_roles.len()
        + claims.scopes.len()
        + claims.auth_contexts.len();
    LIGHTEST_TOKEN + entries * ENTRY
}

/// A token without lists, as measured.
const LIGHTEST_TOKEN: usize = 5 << 10;

/// One entry of a list, its three copies and what the allocator adds.
const ENTRY: usize = 256;

/// Heavier ones are verified each time.
const HEAVIEST_TOKEN: usize = 128 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::credential::Credential;
    use crate::request::testing::{OWN, known};

    const BASIS: Basis = (1, 1);

    fn tokens(most: u64) -> Tokens {
        let metrics = Arc::new(Metrics::new().unwrap());
        Tokens::new(TokenCache::Bytes(most), metrics).unwrap()
    }

    #[test]
    fn a_token_is_found_on_the_basis_it_was_verified_on_and_on_no_other() {
        let (tokens, token) = (tokens(1 << 20), Arc::new(known(OWN)));
        tokens.put(7, BASIS, &token);
        assert!(
            tokens
                .get(7, BASIS)
                .is_some_and(|found| Arc::ptr_eq(&found, &token))
        );
        for basis in [(2, 1), (1, 2)] {
            assert!(tokens.get(7, basis).is_none(), "{basis:?}");
        }
        assert!(tokens.get(8, BASIS).is_none());
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let (tokens, token) = (tokens(100 << 10), Arc::new(known(OWN)));
        for digest in 0..1000 {
            tokens.put(digest, BASIS, &token);
            tokens.put(5000, BASIS, &token);
            assert!(tokens.len() <= 22, "{}", tokens.len());
        }
        assert!(tokens.get(5000, BASIS).is_some());
        assert!(tokens.get(0, BASIS).is_none());
    }

    #[test]
    fn a_token_with_thousands_of_entries_is_not_kept_and_many_large_ones_make_room() {
        let with_groups = |groups: usize| {
            let claims = serde_json::json!({
                "iss": "https://own.example", "aud": "api://payroll", "sub": "s", "oid": "ada", "exp": 2_000_000_000,
                "groups": (0..groups).map(|group| group.to_string()).collect::<Vec<_>>(),
            });
            let issuers = crate::request::testing::issuers();
            let verified = crossgate_token::accept_unsigned(&claims, &issuers, "own").unwrap();
            Arc::new(KnownToken::new(verified, &issuers))
        };
        let kept = tokens(256 << 20);
        kept.put(1, BASIS, &with_groups(5000));
        assert!(kept.is_empty());
        let large = with_groups(400);
        for digest in 0..10_000 {
            kept.put(digest, BASIS, &large);
            assert!(kept.len() * weight(&large) <= (256 << 20) + HEAVIEST_TOKEN);
        }
        assert!(kept.get(9_999, BASIS).is_some());
        assert!(kept.get(0, BASIS).is_none());
    }

    #[test]
    fn digests_differ_between_tokens_and_between_processes() {
        let read = |tokens: &Tokens, text: &str| {
            let mut headers = http::HeaderMap::new();
            let value = format!("Bearer {text}").parse().unwrap();
            headers.insert(http::header::AUTHORIZATION, value);
            let Credential::Bearer(token) = Credential::read(&headers) else {
                panic!("no bearer token: {text}");
            };
            tokens.digest(token)
        };
        let (one, other) = (tokens(1), tokens(1));
        assert_eq!(read(&one, "a"), read(&one, "a"));
        assert_ne!(read(&one, "a"), read(&one, "b"));
        assert_ne!(read(&one, "a"), read(&other, "a"));
    }
}
