//! Repeats of requests, counted where they are served: a repeat costs its worker a look-up and an addition, and nothing is
//! handed over.
//!
//! The writer collects the counts, so that each request comes out in exactly one event.

use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::Arc;

use crossgate_policy::ids::Id;
use hashbrown::{DefaultHashBuilder, HashTable};
use jiff::{SignedDuration, Timestamp};

use super::observation::Observation;
use crate::request::tokens::TokenDigest;

/// What makes two requests repeats of each other for a worker, and when this one came.
///
/// The policy is a part of it, so that what stands for the repeats tells of the policy that decided them, to the second: where the policy
/// changes all the time, not every request is to be told of whole.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// See [`Observation::token_digest`].
    pub token: TokenDigest,
    /// The app.
    pub app: Option<&'a Id>,
    /// How it ended.
    pub outcome: &'static str,
    /// Why.
    pub reason: &'static str,
    /// The caller's address.
    pub client_address: Option<IpAddr>,
    /// The generation of the policy.
    pub generation: u64,
    /// When the head of the request was read.
    pub arrived: Timestamp,
    /// The writer is to have it, whatever it repeats: a person was shown its reference, or signed in.
    pub by_itself: bool,
}

impl<'a> Seen<'a> {
    fn of(observation: &'a Observation) -> Self {
        Self {
            token: observation.token_digest,
            app: observation.app.as_ref().map(|app| &app.target.id),
            outcome: observation.ending.outcome(),
            reason: observation.ending.reason(),
            client_address: observation.client_address,
            generation: generation(observation),
            arrived: observation.arrived,
            by_itself: false,
        }
    }

    fn hash(&self, hasher: &DefaultHashBuilder) -> u64 {
        // Reasons and apps of one caller are few; they are told apart by comparison.
        hasher.hash_one((self.token, self.client_address, self.reason.len()))
    }
}

pub(super) fn generation(observation: &Observation) -> u64 {
    let policy = observation.policy.as_ref();
    policy.map_or(0, |policy| policy.generation)
}

/// What makes two requests repeats of each other, beside the count of them, so that the observation need not be read.
#[derive(Debug)]
struct Kind {
    token: TokenDigest,
    app: Option<Id>,
    outcome: &'static str,
    reason: &'static str,
    client_address: Option<IpAddr>,
    generation: u64,
}

impl Kind {
    fn of(seen: &Seen<'_>) -> Self {
        let Seen {
            token,
            app,
            outcome,
            reason,
            client_address,
            generation,
            arrived: _,
            by_itself: _,
        } = *seen;
        Self {
            token,
            app: app.cloned(),
            outcome,
            reason,
            client_address,
            generation,
        }
    }

    fn is_of(&self, seen: &Seen<'_>) -> bool {
        self.token == seen.token
            && self.client_address == seen.client_address
            && self.app.as_ref() == seen.app
            && self.reason == seen.reason
            && self.outcome == seen.outcome
    }
}

/// Counted repeats of one request.
#[derive(Clone, Debug)]
pub(super) struct Repeats {
    /// The first of them that was handed over, which stands for all.
    pub(super) of: Arc<Observation>,
    /// How many came since they were collected.
    pub(super) count: u64,
    /// When the first of these came.
    pub(super) first: Timestamp,
    /// When the last of these came.
    pub(super) last: Timestamp,
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    kind: Kind,
    repeats: Repeats,
}

impl Entry {
    fn is_of(&self, hash: u64, seen: &Seen<'_>) -> bool {
        self.hash == hash
            && self.kind.is_of(seen)
            && (self.kind.generation == seen.generation || self.is_fresh(seen.arrived))
    }

    fn is_fresh(&self, at: Timestamp) -> bool {
        at.duration_since(self.repeats.of.arrived) < TO_THE_SECOND
    }
}

/// One worker's repeats.
#[derive(Debug)]
pub(super) struct Counted {
    table: HashTable<Entry>,
    hasher: DefaultHashBuilder,
    most: usize,
}

impl Counted {
    pub(super) fn new(most: usize) -> Self {
        Self {
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            most,
        }
    }

    /// Counts the request where it is a repeat of one that was handed over.
    pub(super) fn count(&mut self, seen: &Seen<'_>) -> bool {
        let hash = seen.hash(&self.hasher);
        let found = self.table.find_mut(hash, |entry| entry.is_of(hash, seen));
        let Some(Entry { repeats, .. }) = found else {
            return false;
        };
        if repeats.count == 0 {
            (repeats.first, repeats.last) = (seen.arrived, seen.arrived);
        }
        // Requests are recorded as they end, not as they began.
        repeats.first = repeats.first.min(seen.arrived);
        repeats.last = repeats.last.max(seen.arrived);
        repeats.count += 1;
        true
    }

    /// Has repeats of this request counted from now on, where there is room.
    pub(super) fn begin(&mut self, of: &Arc<Observation>) {
        if self.table.len() >= self.most {
            return;
        }
        let seen = Seen::of(of);
        let entry = Entry {
            hash: seen.hash(&self.hasher),
            kind: Kind::of(&seen),
            repeats: Repeats {
                of: Arc::clone(of),
                count: 0,
                first: of.arrived,
                last: of.arrived,
            },
        };
        self.table
            .insert_unique(entry.hash, entry, |entry| entry.hash);
    }

    /// Puts into `out` what was counted, and forgets those of which nothing was.
    pub(super) fn collect(&mut self, out: &mut Vec<Repeats>) {
        self.table.retain(|Entry { repeats, .. }| {
            let any = repeats.count > 0;
            if any {
                out.push(repeats.clone());
                repeats.count = 0;
            }
            any
        });
    }
}

/// How long an observation stands for repeats that a later policy decided alike.
pub(super) const TO_THE_SECOND: SignedDuration = SignedDuration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::super::testing::{asked_at, observation};
    use super::*;

    fn counts(counted: &mut Counted) -> Vec<u64> {
        let mut out = Vec::new();
        counted.collect(&mut out);
        let mut counts: Vec<u64> = out.iter().map(|repeats| repeats.count).collect();
        counts.sort_unstable();
        counts
    }

    #[test]
    fn only_what_is_the_same_but_for_its_time_is_a_repeat() {
        let mut counted = Counted::new(10);
        let first = Arc::new(observation(1));
        assert!(!counted.count(&Seen::of(&first)));
        counted.begin(&first);
        assert!(counted.count(&Seen::of(&asked_at(observation(1), 5))));
        assert!(!counted.count(&Seen::of(&observation(2))));
        let same = Seen::of(&first);
        for other in [
            Seen { app: None, ..same },
            Seen {
                outcome: "block",
                ..same
            },
            Seen {
                reason: "other",
                ..same
            },
            Seen {
                client_address: None,
                ..same
            },
            Seen {
                generation: 9,
                arrived: same.arrived + SignedDuration::from_secs(1),
                ..same
            },
        ] {
            assert!(!counted.count(&other), "{other:?}");
        }
        assert_eq!(counts(&mut counted), [1]);
    }

    #[test]
    fn a_policy_that_changes_all_the_time_has_a_token_told_of_once_a_second() {
        let mut counted = Counted::new(10);
        let first = Arc::new(observation(1));
        counted.begin(&first);
        let same = Seen::of(&first);
        let later = |generation, milliseconds| Seen {
            generation,
            arrived: same.arrived + SignedDuration::from_millis(milliseconds),
            ..same
        };
        assert!(counted.count(&later(2, 10)));
        assert!(counted.count(&later(99, 999)));
        assert!(!counted.count(&later(100, 1000)));
        assert!(counted.count(&later(same.generation, 1000)));
    }

    #[test]
    fn what_was_collected_is_not_collected_again_and_what_stopped_is_forgotten() {
        let mut counted = Counted::new(10);
        for token in [1, 2] {
            counted.begin(&Arc::new(observation(token)));
        }
        (0..3).for_each(|_| assert!(counted.count(&Seen::of(&observation(1)))));
        assert_eq!(counts(&mut counted), [3]);
        assert!(!counted.count(&Seen::of(&observation(2))));
        assert!(counted.count(&Seen::of(&observation(1))));
        assert_eq!(counts(&mut counted), [1]);
        assert!(counts(&mut counted).is_empty());
        assert!(!counted.count(&Seen::of(&observation(1))));
    }

    #[test]
    fn there_is_room_for_so_many_and_others_are_handed_over_each_time() {
        let mut counted = Counted::new(1);
        counted.begin(&Arc::new(observation(1)));
        counted.begin(&Arc::new(observation(2)));
        assert!(counted.count(&Seen::of(&observation(1))));
        assert!(!counted.count(&Seen::of(&observation(2))));
    }
}
