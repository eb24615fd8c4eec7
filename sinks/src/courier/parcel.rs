//! The events of one batch on their way.

use std::ops::Range;

use crate::form::Rendered;
use crate::spool::{Spooled, kept_line};

/// The events of a batch that are sent, with what they are made of.
pub(super) struct Parcel {
    pub(super) events: Vec<Spooled>,
    pub(super) rendered: Vec<Rendered>,
    /// Events between them that cannot be sent, and why, in order.
    pub(super) unreadable: Vec<(Spooled, String)>,
}

impl Parcel {
    /// The parts to be sent, the next one last, with so many events at most.
    pub(super) fn parts(&self, most: usize) -> Vec<Range<usize>> {
        let all = self.rendered.len();
        let firsts = (0..all).step_by(most.max(1));
        let parts = firsts.map(|first| first..first.saturating_add(most).min(all));
        parts.rev().collect()
    }

    /// Takes out those that cannot be sent and stand before this one.
    pub(super) fn unreadable_before(&mut self, next: u64) -> Vec<(Spooled, String)> {
        let is_before = |(event, _): &(Spooled, String)| event.sequence < next;
        let count = self.unreadable.partition_point(is_before);
        self.unreadable.drain(..count).collect()
    }
}

/// Events that were refused alone.
///
/// A receiver that refuses everything, for a wrong address or certificate, answers to each event as to one that it will never take. So none is
/// given up before the receiver has taken another one: of the same batch, or what it took before, time and again.
#[derive(Default)]
pub(super) struct Suspects {
    /// Places in the parcel, each with the receiver's reason.
    all: Vec<(usize, String)>,
    /// The receiver has taken another one.
    takes_others: bool,
}

impl Suspects {
    pub(super) fn add(&mut self, place: usize, reason: String) {
        self.all.push((place, reason));
    }

    /// The receiver has taken something.
    pub(super) const fn others_are_taken(&mut self) {
        self.takes_others = true;
    }

    /// Those that are to be given up.
    pub(super) fn convicted(&mut self) -> Vec<(usize, String)> {
        if self.takes_others {
            std::mem::take(&mut self.all)
        } else {
            Vec::new()
        }
    }

    /// What is kept of them, a line each.
    pub(super) fn lines(&self, parcel: &Parcel) -> String {
        let of = |(place, reason): &(usize, String)| {
            let event = parcel.events.get(*place)?;
            Some(kept_line(event, reason))
        };
        self.all.iter().filter_map(of).collect()
    }

    /// How many there are about which nothing is known yet.
    pub(super) const fn count(&self) -> usize {
        self.all.len()
    }

    /// Why one was refused of those about which nothing is known yet.
    pub(super) fn left(&self) -> Option<&str> {
        self.all.first().map(|(_, reason)| &**reason)
    }
}
