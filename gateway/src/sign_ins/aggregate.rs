//! First of a kind at once, repeats added up: `mode = "first-then-count"`.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossgate_policy::ids::Id;
use jiff::Timestamp;

use super::event::{Event, Receipts};
use super::observation::Observation;
use super::repeats::{Repeats, TO_THE_SECOND, generation};
use crate::request::tokens::TokenDigest;

/// The repeats that are being added up.
///
/// Every observation given to it comes out in exactly one event: at once, when its window ends, when its group has to
/// make room, or at the end.
pub(super) struct Aggregate {
    window: Duration,
    limit: usize,
    receipts: Receipts,
    /// INVARIANT: the same keys as in `order`, once each.
    groups: HashMap<Key, Group>,
    /// By the end of the window: all windows are equally long, so the order of their beginning.
    order: VecDeque<(Instant, Key)>,
}

/// One kind of requests.
struct Group {
    /// Those that are being added up.
    repeats: Option<Event>,
    /// What decided the last of those that were written out.
    generation: u64,
    /// When that came.
    since: Timestamp,
}

impl Group {
    /// Whether another policy refused this one: what the first of the kind is explained by is not why. A second's worth of them is told of
    /// once, where the policy changes all the time.
    fn is_refused_anew(&self, observation: &Observation) -> bool {
        observation.ending.is_refused()
            && generation(observation) != self.generation
            && observation.arrived.duration_since(self.since) >= TO_THE_SECOND
    }
}

/// What makes two requests repeats of each other.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Key {
    token: TokenDigest,
    app: Option<Id>,
    outcome: &'static str,
    reason: &'static str,
    client_address: Option<IpAddr>,
    signed_in_at: Option<Arc<str>>,
}

impl Key {
    fn of(observation: &Observation) -> Self {
        Self {
            token: observation.token_digest,
            app: observation.app.as_ref().map(|app| app.target.id.clone()),
            outcome: observation.ending.outcome(),
            reason: observation.ending.reason(),
            client_address: observation.client_address,
            signed_in_at: observation.signed_in_at.clone(),
        }
    }
}

impl Aggregate {
    pub(super) fn new(window: Duration, limit: usize, receipts: Receipts) -> Self {
        Self {
            window,
            limit: limit.max(1),
            receipts,
            groups: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// How long repeats are added up.
    pub(super) const fn window(&self) -> Duration {
        self.window
    }

    /// Takes one observation, and puts into `out` what is to be written at once.
    pub(super) fn add(&mut self, observation: &Observation, now: Instant, out: &mut Vec<Event>) {
        let key = Key::of(observation);
        match self.groups.get_mut(&key) {
            Some(group) if group.is_refused_anew(observation) => {
                out.extend(group.repeats.take());
                out.push(Event::of(observation, self.receipts));
                (group.generation, group.since) = (generation(observation), observation.arrived);
            }
            Some(Group {
                repeats: Some(repeats),
                ..
            }) => repeats.add(observation),
            Some(group) => group.repeats = Some(Event::of(observation, self.receipts)),
            None => self.first(
                key,
                observation,
                Event::of(observation, self.receipts),
                now,
                out,
            ),
        }
    }

    /// Takes repeats that a worker has counted.
    pub(super) fn add_counted(&mut self, counted: &Repeats, now: Instant, out: &mut Vec<Event>) {
        let key = Key::of(&counted.of);
        match self.groups.get_mut(&key) {
            Some(Group {
                repeats: Some(repeats),
                ..
            }) => repeats.repeat(counted.count, counted.first, counted.last),
            Some(group) => group.repeats = Some(Event::of_repeats(counted, self.receipts)),
            // Their group had to make room, or its window has ended.
            None => self.first(
                key,
                &counted.of,
                Event::of_repeats(counted, self.receipts),
                now,
                out,
            ),
        }
    }

    fn first(
        &mut self,
        key: Key,
        of: &Observation,
        event: Event,
        now: Instant,
        out: &mut Vec<Event>,
    ) {
        if self.groups.len() >= self.limit {
            self.close_oldest(out);
        }
        out.push(event);
        self.begin(key, (generation(of), of.arrived), now);
    }

    /// Puts into `out` the repeats whose window has ended.
    pub(super) fn due(&mut self, now: Instant, out: &mut Vec<Event>) {
        while self.order.front().is_some_and(|(end, _)| *end <= now) {
            // A group that had repeats is likely to have more: its next window begins at once. One that had none is
            // forgotten, and its next request is a first again.
            if let Some((key, last)) = self.close_oldest(out) {
                self.begin(key, last, now);
            }
        }
    }

    /// Puts into `out` all repeats there are.
    pub(super) fn drain(&mut self, out: &mut Vec<Event>) {
        while !self.order.is_empty() {
            self.close_oldest(out);
        }
    }

    fn begin(&mut self, key: Key, (generation, since): (u64, Timestamp), now: Instant) {
        self.order.push_back((now + self.window, key.clone()));
        let group = Group {
            repeats: None,
            generation,
            since,
        };
        self.groups.insert(key, group);
    }

    /// Ends the oldest group; where it had repeats, answers its key, and what was written out last.
    fn close_oldest(&mut self, out: &mut Vec<Event>) -> Option<(Key, (u64, Timestamp))> {
        let (_, key) = self.order.pop_front()?;
        let group = self.groups.remove(&key)?;
        out.push(group.repeats?);
        Some((key, (group.generation, group.since)))
    }
}
