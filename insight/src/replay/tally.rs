//! What became of many events, added up.

use std::collections::BTreeMap;

use crossgate_policy::Decision;
use serde::{Serialize, Serializer};

use crate::event::Event;

/// Events, and the requests that they stand for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Sum {
    /// Events.
    pub events: u64,
    /// Requests.
    pub requests: u64,
}

impl Sum {
    pub(super) const fn add(&mut self, requests: u64) {
        self.events += 1;
        self.requests += requests;
    }

    const fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.requests += other.requests;
    }
}

/// What became of events. Two of them add up to what one would have of both.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Decided again.
    pub decided: Sum,
    /// Of those: as before.
    pub same: Sum,
    /// Of those: let in, and not any more.
    pub loses: Rows,
    /// Of those: not let in, and let in now.
    pub gains: Rows,
    /// Of those: refused before and after, but otherwise.
    pub otherwise: Sum,
    /// Of those that lose: their app is in report-only mode, so they would pass all the same.
    pub report_only: Sum,
    /// Policy has no say: nothing was decided, or a token was refused before.
    pub no_say: Sum,
    /// The configuration has no such app any more.
    pub no_app: Sum,
    /// The receipt cannot be read.
    pub undecidable: Sum,
    /// Lines that are no events.
    pub unreadable: u64,
    /// Not decided: there is no receipt. By tenant and app.
    #[serde(serialize_with = "listed")]
    pub without_receipt: BTreeMap<(String, String), Sum>,
}

impl Tally {
    /// Adds another.
    pub fn merge(&mut self, other: Self) {
        let Self {
            decided,
            same,
            loses,
            gains,
            otherwise,
            report_only,
            no_say,
            no_app,
            undecidable,
            unreadable,
            without_receipt,
        } = other;
        self.decided.merge(decided);
        self.same.merge(same);
        self.loses.merge(loses);
        self.gains.merge(gains);
        self.otherwise.merge(otherwise);
        self.report_only.merge(report_only);
        self.no_say.merge(no_say);
        self.no_app.merge(no_app);
        self.undecidable.merge(undecidable);
        self.unreadable += unreadable;
        for (key, sum) in without_receipt {
            self.without_receipt.entry(key).or_default().merge(sum);
        }
    }

    /// What could not be decided, though policy may have a say in it.
    #[must_use]
    pub fn not_decided(&self) -> Sum {
        let mut sum = self.undecidable;
        sum.merge(self.no_app);
        sum.events += self.unreadable;
        for of_app in self.without_receipt.values() {
            sum.merge(*of_app);
        }
        sum
    }
}

fn listed<S: Serializer>(
    sums: &BTreeMap<(String, String), Sum>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Listed<'a> {
        tenant: &'a str,
        app: &'a str,
        #[serde(flatten)]
        sum: Sum,
    }
    serializer.collect_seq(sums.iter().map(|((tenant, app), sum)| Listed {
        tenant,
        app,
        sum: *sum,
    }))
}

/// Who is concerned by which app.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Rows {
    /// All of them.
    #[serde(flatten)]
    pub sum: Sum,
    /// Each.
    #[serde(serialize_with = "rows")]
    pub rows: BTreeMap<Key, Row>,
}

/// Who, and which app.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Key {
    /// The other organisation.
    pub tenant: String,
    /// The app.
    pub app: String,
    /// The caller.
    pub user: String,
}

/// How often, and one of them.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Row {
    /// How often.
    #[serde(flatten)]
    pub sum: Sum,
    /// The earliest.
    pub sample: Sample,
}

/// One request of many.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Sample {
    /// The `id` of its event.
    pub event: String,
    /// When it came.
    pub time: String,
    /// The answer before.
    pub before: Said,
    /// The draft's.
    pub after: Said,
    /// What of the draft would have to change to let it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
}

impl Sample {
    fn is_before(&self, other: &Self) -> bool {
        (&self.time, &self.event) < (&other.time, &other.event)
    }
}

/// An answer, in short.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Said {
    /// `outcome`.
    pub outcome: String,
    /// AADSTS number.
    pub code: u32,
    /// `reason`.
    pub reason: String,
}

impl Said {
    pub(super) fn recorded(event: &Event<'_>) -> Self {
        let answer = event.answer();
        Self {
            outcome: answer.outcome.into_owned(),
            code: answer.code,
            reason: answer.reason.into_owned(),
        }
    }

    pub(crate) fn of(decision: &Decision) -> Self {
        Self {
            outcome: decision.outcome_name().to_owned(),
            code: decision.code(),
            reason: decision.reason().to_owned(),
        }
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            outcome,
            code,
            reason,
        } = self;
        match code {
            0 => f.write_str(outcome),
            code => write!(f, "{outcome} {code} ({reason})"),
        }
    }
}

impl Rows {
    pub(super) fn add(&mut self, event: &Event<'_>, sample: impl FnOnce() -> Sample) {
        let count = event.count();
        self.sum.add(count);
        let key = Key {
            tenant: event.tenant().to_owned(),
            app: event.app().to_owned(),
            user: event.caller().to_owned(),
        };
        match self.rows.get_mut(&key) {
            Some(row) => {
                row.sum.add(count);
                let is_earlier = (event.created(), &*event.id)
                    < (row.sample.time.as_str(), row.sample.event.as_str());
                if is_earlier {
                    row.sample = sample();
                }
            }
            None => {
                let mut sum = Sum::default();
                sum.add(count);
                let sample = sample();
                self.rows.insert(key, Row { sum, sample });
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.sum.merge(other.sum);
        for (key, row) in other.rows {
            match self.rows.get_mut(&key) {
                Some(before) => {
                    before.sum.merge(row.sum);
                    if row.sample.is_before(&before.sample) {
                        before.sample = row.sample;
                    }
                }
                None => {
                    self.rows.insert(key, row);
                }
            }
        }
    }
}

fn rows<S: Serializer>(rows: &BTreeMap<Key, Row>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Listed<'a> {
        #[serde(flatten)]
        key: &'a Key,
        #[serde(flatten)]
        row: &'a Row,
    }
    serializer.collect_seq(rows.iter().map(|(key, row)| Listed { key, row }))
}
