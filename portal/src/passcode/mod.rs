//! Codes by email: who can read what is sent to an address may sign in with it.
//!
//! What anybody can ask and try here is the same for every address, so it tells nobody which ones are known. Codes are
//! kept in memory as a hash under a key, and a restart forgets them: people ask for another.

mod address;
mod bounded;
mod code;
mod limits;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{self, HMAC_SHA256};

pub use address::{Address, NoAddress};
pub use code::Code;
pub use limits::{Limits, Rate};

use crate::seal::{KEY, NoRandom};
use bounded::Bounded;
use code::typed;
use limits::Sends;

/// All codes that were sent and may still be used.
pub struct Passcodes {
    key: hmac::Key,
    limits: Limits,
    // Nobody waits for this lock but people who sign in.
    kept: Mutex<Kept>,
}

/// What asking for a code came to. `Debug` and pages show the same for every address.
#[must_use = "the code is to be sent, in the background"]
pub struct Asked {
    /// To be mailed to the address as the directory has it. `None` where it is not known, or a limit is reached.
    pub send: Option<Code>,
    /// Whether whoever asks may ask at all now: the same for every address, so that it can be told.
    pub may: bool,
}

/// It is not the code. One that is used, replaced, too old or tried too often, and one of another address or sign-in, is
/// none either.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("that is not the code")]
pub struct Wrong;

struct Kept {
    codes: Bounded<Pending>,
    by_address: Sends,
    by_attempt: Sends,
    by_client: Sends,
    /// Where as much work is done for addresses that are not known, and for what is over a limit. What is kept here counts
    /// nowhere, and cannot push out what does.
    decoys: Bounded<Pending>,
    decoy_sends: Sends,
}

struct Pending {
    hash: Hash,
    until: u64,
    tries: u32,
}

type Hash = [u8; 32];

/// For [`verify_slices_are_equal`] to have something to do where there is no code.
const NO_CODE: Hash = [0; 32];

const DECOYS: usize = 1000;

impl Passcodes {
    /// With the store's key, of which one of its own is made.
    #[must_use]
    pub fn new(key: &[u8; KEY], limits: Limits) -> Self {
        let own = hmac::sign(&hmac::Key::new(HMAC_SHA256, key), b"passcodes");
        let most = limits.most_kept.max(1);
        Self {
            key: hmac::Key::new(HMAC_SHA256, own.as_ref()),
            kept: Mutex::new(Kept {
                codes: Bounded::new(most),
                by_address: Sends::new(limits.per_address, most),
                by_attempt: Sends::new(limits.per_attempt, most),
                by_client: Sends::new(limits.per_client, most),
                decoys: Bounded::new(DECOYS),
                decoy_sends: Sends::new(limits.per_address, DECOYS),
            }),
            limits,
        }
    }

    /// Makes a code for an address and a sign-in under way, in place of one that it had. `attempt` is what only the browser
    /// has that began it; `known`, whether the address may sign in this way; `now`, seconds since 1970.
    ///
    /// Say the same afterwards whatever comes of it, and before the mail is on its way.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn ask(
        &self,
        address: &Address,
        attempt: &str,
        client: Option<IpAddr>,
        known: bool,
        now: u64,
    ) -> Result<Asked, NoRandom> {
        let code = Code::new()?;
        let address = address.folded();
        let place = self.place("code", &[&address, attempt]);
        let by_address = self.place("address", &[&address]);
        let by_attempt = self.place("attempt", &[attempt]);
        let by_client = client.map(|client| self.place("client", &[&network(client)]));
        let pending = Pending {
            hash: self.hash("hash", &[&address, attempt, code.as_str()]),
            until: now.saturating_add(self.limits.seconds),
            tries: 0,
        };

        let mut kept = self.lock();
        // Neither depends on what is known of the address, so that neither can be read for it.
        let attempt_may = kept.by_attempt.take(by_attempt, now);
        let client_may = by_client.is_none_or(|client| kept.by_client.take(client, now));
        let asker_may = attempt_may && client_may;
        let sends = if known && asker_may {
            &mut kept.by_address
        } else {
            &mut kept.decoy_sends
        };
        let counts = sends.take(by_address, now) && known && asker_may;
        let codes = if counts {
            &mut kept.codes
        } else {
            &mut kept.decoys
        };
        codes.insert(place, pending);
        drop(kept);
        Ok(Asked {
            send: counts.then_some(code),
            may: asker_may,
        })
    }

    /// Uses up a code, as somebody typed it: spaces do not matter.
    ///
    /// # Errors
    /// It is not the one that was sent last for this address and sign-in, or is so no more.
    pub fn tell(
        &self,
        address: &Address,
        attempt: &str,
        code: &str,
        now: u64,
    ) -> Result<(), Wrong> {
        let address = address.folded();
        let place = self.place("code", &[&address, attempt]);
        let told = self.hash("hash", &[&address, attempt, &typed(code)]);

        let mut kept = self.lock();
        let pending = kept.codes.get_mut(place);
        let hash = pending.as_ref().map_or(NO_CODE, |pending| pending.hash);
        let is_it = verify_slices_are_equal(&hash, &told).is_ok();
        let Some(pending) = pending else {
            return Err(Wrong);
        };
        let is_over = now >= pending.until;
        pending.tries = pending.tries.saturating_add(1);
        let is_last_try = pending.tries >= self.limits.tries;
        if is_it || is_over || is_last_try {
            kept.codes.remove(place);
        }
        if is_it && !is_over {
            Ok(())
        } else {
            Err(Wrong)
        }
    }

    /// How long codes count, and how often things may be done.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many codes may still be used, with those that are too old and were not looked at since.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().codes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where something is kept. Nobody who cannot make it can see who it is about.
    fn place(&self, kind: &str, parts: &[&str]) -> u128 {
        let hash = self.hash(kind, parts);
        hash.first_chunk().copied().map_or(0, u128::from_be_bytes)
    }

    fn hash(&self, kind: &str, parts: &[&str]) -> Hash {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [kind].iter().chain(parts) {
            // With its length: no two lists of parts are the same bytes.
            context.update(&part.len().to_be_bytes());
            context.update(part.as_bytes());
        }
        let tag = context.sign();
        tag.as_ref().first_chunk().copied().unwrap_or(NO_CODE)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Each step leaves it whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Passcodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passcodes")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").finish_non_exhaustive()
    }
}

/// One who has an IPv6 network has all of its 2^64 addresses.
#[must_use]
pub fn network(client: IpAddr) -> String {
    match client.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => (address.to_bits() >> 64).to_string(),
    }
}
