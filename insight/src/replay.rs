//! Recorded sign-ins under a draft: who would lose access, who would gain it.
//!
//! Decided again is what has a receipt, from its input as it was, at its time. Of an event without one only this can be said: where a token
//! was refused before policy was asked, or nothing was decided, no policy changes it. Everything else is counted as not decided, and never
//! taken for unchanged.

mod tally;

use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::{Decision, nearest_change};

pub use tally::{Key, Row, Rows, Said, Sample, Sum, Tally};

use crate::case::Case;
use crate::event::Event;
use crate::verify::Apps;

/// What is decided again, and by what.
#[derive(Clone, Copy, Debug)]
pub struct Replay<'a> {
    /// The policy that may come.
    pub draft: &'a Snapshot,
    /// The apps.
    pub apps: &'a Apps,
    /// What the draft's answers are held against.
    pub against: Against<'a>,
}

/// What a draft's answers are held against.
#[derive(Clone, Copy, Debug)]
pub enum Against<'a> {
    /// The answers that were given.
    Recorded,
    /// What this policy says of the same input.
    Policy(&'a Snapshot),
}

impl Replay<'_> {
    /// Takes one event into a tally.
    pub fn take(&self, event: &Event<'_>, tally: &mut Tally) {
        let count = event.count();
        if !event.is_decided() || event.is_of_token() {
            tally.no_say.add(count);
            return;
        }
        let case = match event.case() {
            Some(Ok(case)) => case,
            Some(Err(_)) => {
                tally.undecidable.add(count);
                return;
            }
            None => {
                let key = (event.tenant().to_owned(), event.app().to_owned());
                tally.without_receipt.entry(key).or_default().add(count);
                return;
            }
        };
        self.decide(event, &case, tally);
    }

    fn decide(&self, event: &Event<'_>, case: &Case, tally: &mut Tally) {
        let count = event.count();
        let Some(target) = self.apps.get(&case.app) else {
            tally.no_app.add(count);
            return;
        };
        let Some(after) = case.decide(self.draft, target) else {
            tally.undecidable.add(count);
            return;
        };
        let before = match self.against {
            Against::Recorded => Before::Recorded(event),
            Against::Policy(policy) => match case.decide(policy, target) {
                Some(decision) => Before::Decided(decision),
                None => return,
            },
        };
        tally.decided.add(count);
        let rows = match (before.is_admitted(), after.outcome.is_ok()) {
            (true, false) => &mut tally.loses,
            (false, true) => &mut tally.gains,
            (true, true) | (false, false) if before.is(&after) => {
                tally.same.add(count);
                return;
            }
            (true, true) | (false, false) => {
                tally.otherwise.add(count);
                return;
            }
        };
        if after.permit().is_some() && after.outcome.is_err() {
            tally.report_only.add(count);
        }
        rows.add(event, || Sample {
            event: event.id.clone().into_owned(),
            time: event.created().to_owned(),
            before: before.said(),
            after: Said::of(&after),
            change: self.change(case, &after),
        });
    }

    /// What of the draft would have to change to let it in.
    fn change(&self, case: &Case, after: &Decision) -> Option<String> {
        after.outcome.as_ref().err()?;
        let target = self.apps.get(&case.app)?;
        let (decision, lines) = case.explain(self.draft, target)?;
        nearest_change(&decision, &lines).map(|nearest| nearest.text)
    }
}

/// The answer before, in whichever form it is there.
enum Before<'a> {
    Recorded(&'a Event<'a>),
    Decided(Decision),
}

impl Before<'_> {
    fn is_admitted(&self) -> bool {
        match self {
            Self::Recorded(event) => event.is_admitted(),
            Self::Decided(decision) => decision.outcome.is_ok(),
        }
    }

    fn is(&self, after: &Decision) -> bool {
        match self {
            Self::Recorded(event) => event.is_answered_as(after),
            Self::Decided(decision) => {
                (decision.code(), decision.reason()) == (after.code(), after.reason())
            }
        }
    }

    fn said(&self) -> Said {
        match self {
            Self::Recorded(event) => Said::recorded(event),
            Self::Decided(decision) => Said::of(decision),
        }
    }
}
