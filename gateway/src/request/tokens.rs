//! Tokens that were verified already. Nothing here waits: who finds a place taken verifies once more.
//!
//! What is kept is what does not change while the issuer's keys and the configuration do not. Times, audiences, policy
//! and revocations are asked anew on every request, so that nothing kept here lets anybody in who is kept out.
//!
//! Three tables. All tokens are kept packed; those used last are kept ready to be used besides, with what upstreams are
//! told of them; and what was refused, or had expired, is kept apart, in a table so small that no flood of bad tokens takes
//! anything from good ones.

mod basis;
mod digest;
mod refused;
pub mod table;

use std::sync::Arc;

use crossgate_config::TokenCache;
use crossgate_policy::ids::UnixTime;
use crossgate_token::{CLOCK_SKEW_SECONDS, Issuers, Packed, Unverified, Verified};

use super::credential::Presented;
use super::token::KnownToken;
use crate::ops::Metrics;
use basis::{Footing, HeldOn};
use digest::Digests;
use refused::Refused;
use table::{Kept, Table};

pub use basis::Basis;
pub use digest::TokenDigest;

/// Tokens by their digest.
pub struct Tokens {
    digests: Digests,
    tables: Option<Tables>,
    metrics: Arc<Metrics>,
}

struct Tables {
    packed: Table<PackedToken>,
    ready: Table<ReadyToken>,
    refused: Table<Refused>,
}

/// A token as it is found.
#[derive(Debug)]
pub enum Found {
    /// Ready to be used.
    Ready(Arc<KnownToken>),
    /// Unpacked just now.
    Unpacked(Arc<KnownToken>),
    /// Refused before, by these keys and issuers.
    Refused(Unverified),
}

/// A verified token as it is kept for long.
struct PackedToken {
    digest: u128,
    footing: Footing,
    expires: UnixTime,
    token: Packed,
}

/// A verified token as requests use it.
struct ReadyToken {
    digest: u128,
    footing: Footing,
    held_on: HeldOn,
    token: Arc<KnownToken>,
}

impl Tokens {
    /// Keeps tokens in about this many bytes, and ready ones in one and a half times as many, [`MOST_READY`] at most.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new(
        cache: TokenCache,
        metrics: Arc<Metrics>,
    ) -> Result<Self, aws_lc_rs::error::Unspecified> {
        let tables = match cache {
            TokenCache::Off => None,
            TokenCache::Bytes(bytes) => {
                let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                Some(Tables {
                    packed: Table::new(bytes, LIGHTEST_PACKED),
                    ready: Table::new(
                        bytes.saturating_add(bytes / 2).min(MOST_READY),
                        LIGHTEST_READY,
                    ),
                    refused: Table::new(MOST_REFUSED, refused::WEIGHT),
                })
            }
        };
        Ok(Self {
            digests: Digests::new()?,
            tables,
            metrics,
        })
    }

    /// The keyed digest of a token, which stands for it here and where its uses are counted. Never shown to anybody.
    #[must_use]
    pub fn digest(&self, token: Presented<'_>) -> TokenDigest {
        self.digests.of(token.expose_bytes())
    }

    /// What stands for a session.
    #[must_use]
    pub fn digest_of_session(&self, id: &[u8; 16]) -> TokenDigest {
        // A token is longer, so none has the same.
        self.digests.of(id)
    }

    /// What is known of a token on this basis.
    #[must_use]
    pub fn find(&self, digest: TokenDigest, basis: Basis<'_>, issuers: &Issuers) -> Option<Found> {
        let tables = self.tables.as_ref()?;
        let place = self.digests.place(digest);
        let found = tables.find(place, digest, basis, issuers);
        let counter = match found {
            Some(_) => &self.metrics.token_cache_hits,
            None => &self.metrics.token_cache_misses,
        };
        counter.inc();
        found
    }

    /// Keeps a token that was verified on this basis; one that has expired with those that were refused.
    pub fn keep(
        &self,
        digest: TokenDigest,
        basis: Basis<'_>,
        token: &Arc<KnownToken>,
        now: UnixTime,
    ) {
        let Some(tables) = self.tables.as_ref().filter(|_| digest.is_some()) else {
            return;
        };
        let verified = &token.verified;
        let expires = verified.claims().expires;
        let Some(footing) = basis.footing(verified.issuer()) else {
            return;
        };
        let entry = PackedToken {
            digest: digest.0,
            footing,
            expires,
            token: Packed::new(verified),
        };
        let place = self.digests.place(digest);
        if has_expired(expires, now) {
            // Clients go on sending it, and each time would cost a signature.
            tables
                .refused
                .insert(place, Arc::new(Refused::Expired(entry)));
            return;
        }
        let gone = tables.packed.insert(place, Arc::new(entry))
            + tables.packed.sweep(1, |entry| entry.is_dead(basis, now));
        self.count(tables, gone);
    }

    /// Keeps a token ready that was accepted on this basis.
    pub fn keep_ready(&self, digest: TokenDigest, basis: Basis<'_>, token: &Arc<KnownToken>) {
        let Some(tables) = self.tables.as_ref().filter(|_| digest.is_some()) else {
            return;
        };
        let Some(footing) = basis.footing(token.verified.issuer()) else {
            return;
        };
        let entry = ReadyToken {
            digest: digest.0,
            footing,
            held_on: HeldOn::new(basis),
            token: Arc::clone(token),
        };
        tables
            .ready
            .insert(self.digests.place(digest), Arc::new(entry));
    }

    /// Remembers that a token was found by its packed form and accepted.
    pub fn used(&self, digest: TokenDigest) {
        if let Some(tables) = &self.tables {
            tables.packed.used(self.digests.place(digest), digest.0);
        }
    }

    /// Remembers that a token is refused on this basis, whoever sends it where and when.
    pub fn refuse(&self, digest: TokenDigest, basis: Basis<'_>, why: &Unverified) {
        if let Some(tables) = self.tables.as_ref().filter(|_| digest.is_some())
            && let Some(entry) = Refused::new(digest, basis, why)
        {
            tables
                .refused
                .insert(self.digests.place(digest), Arc::new(entry));
        }
    }

    /// Lets go of everything that has expired or rests on keys that have left.
    pub fn sweep(&self, basis: Basis<'_>, now: UnixTime) {
        let Some(tables) = &self.tables else { return };
        let (packed, ready) = (&tables.packed, &tables.ready);
        ready.sweep(ready.sets(), |entry| entry.is_dead(basis, now));
        let gone = packed.sweep(packed.sets(), |entry| entry.is_dead(basis, now));
        self.count(tables, gone);
    }

    /// How many verified tokens are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.as_ref().map_or(0, |tables| tables.packed.len())
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn count(&self, tables: &Tables, gone: usize) {
        let gone = u64::try_from(gone).unwrap_or(u64::MAX);
        self.metrics.token_cache_evictions.inc_by(gone);
        let entries = i64::try_from(tables.packed.len()).unwrap_or(i64::MAX);
        self.metrics.token_cache_entries.set(entries);
    }
}

impl Tables {
    fn find(
        &self,
        place: u64,
        digest: TokenDigest,
        basis: Basis<'_>,
        issuers: &Issuers,
    ) -> Option<Found> {
        if let Some(found) = self.ready.find(place, digest.0, |entry| entry.get(basis)) {
            if found.promoted {
                // What is used from here on is not looked for among the packed ones, where it must not look forgotten.
                self.packed.used(place, digest.0);
            }
            return Some(Found::Ready(found.value));
        }
        // Not a use yet: the token may be refused by whoever asks.
        if let Some(verified) = self.packed.peek(place, digest.0, |entry| entry.get(basis)) {
            let token = KnownToken::new(verified, issuers);
            return Some(Found::Unpacked(Arc::new(token)));
        }
        let refused = self
            .refused
            .find(place, digest.0, |entry| entry.get(basis))?;
        Some(match refused.value {
            refused::Found::Unverified(why) => Found::Refused(why),
            refused::Found::Verified(verified) => {
                Found::Unpacked(Arc::new(KnownToken::new(*verified, issuers)))
            }
        })
    }
}

impl PackedToken {
    fn get(&self, basis: Basis<'_>) -> Option<Verified> {
        self.footing
            .holds(basis, self.token.issuer())
            .then(|| self.token.unpack())?
    }

    fn is_dead(&self, basis: Basis<'_>, now: UnixTime) -> bool {
        has_expired(self.expires, now) || !self.footing.holds(basis, self.token.issuer())
    }
}

impl ReadyToken {
    fn get(&self, basis: Basis<'_>) -> Option<Arc<KnownToken>> {
        self.holds(basis).then(|| Arc::clone(&self.token))
    }

    fn holds(&self, basis: Basis<'_>) -> bool {
        let issuer = self.token.verified.issuer();
        self.held_on
            .or_ask(basis, || self.footing.holds(basis, issuer))
    }

    fn is_dead(&self, basis: Basis<'_>, now: UnixTime) -> bool {
        has_expired(self.token.verified.claims().expires, now) || !self.holds(basis)
    }
}

impl Kept for PackedToken {
    fn digest(&self) -> u128 {
        self.digest
    }

    fn weight(&self) -> usize {
        PLACE + allocated(size_of::<Self>() + COUNTS) + allocated(self.token.heap_bytes())
    }
}

impl Kept for ReadyToken {
    fn digest(&self) -> u128 {
        self.digest
    }

    fn weight(&self) -> usize {
        PLACE + allocated(size_of::<Self>() + COUNTS) + self.token.weight()
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

/// Whether no clock that is right enough calls it valid any more.
fn has_expired(expires: UnixTime, now: UnixTime) -> bool {
    now >= expires.plus(CLOCK_SKEW_SECONDS)
}

/// What the allocator takes for so many bytes: its sizes are a quarter of a power of two apart.
pub(super) const fn allocated(bytes: usize) -> usize {
    if bytes <= 64 {
        return bytes.next_multiple_of(16);
    }
    bytes.next_multiple_of(bytes.next_power_of_two() / 8)
}

/// The two counts of an `Arc`.
const COUNTS: usize = 16;

/// A place in a table, of which half are free when it is full.
const PLACE: usize = 32;

/// A packed token without lists, about. Twice as many places as there is room for, so that hardly any set overflows.
const LIGHTEST_PACKED: usize = 320;

/// About what the lightest token takes that is ready to be used: again twice as many places as there is room for, or more.
const LIGHTEST_READY: usize = 4 << 10;

/// Memory for tokens ready to be used: about 14,000 that have a dozen groups each.
pub const MOST_READY: usize = 96 << 20;

/// Memory for what was refused or had expired: thousands of tokens.
const MOST_REFUSED: usize = 1 << 20;

#[cfg(test)]
mod tests;
