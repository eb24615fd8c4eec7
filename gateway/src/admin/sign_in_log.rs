//! The store of sign-ins, as the control plane asks it.

use std::sync::Arc;

use crossgate_control::odata::Outline;
use crossgate_control::sign_ins::{
    ActivityQuery, ActivitySum, Looked, SignInFound, SignInQuery, SignIns, Walked,
};
use crossgate_insight::sign_ins::{
    Answer, Column, Condition, End, Found, Patience, Position, Query, Store, StoreError,
};

use super::added_up;
use super::hours::Hours;
use jiff::Timestamp;

/// The store.
#[derive(Clone, Debug)]
pub struct SignInLog {
    store: Arc<Store>,
    own: Arc<str>,
    hours: Arc<Hours>,
}

impl SignInLog {
    /// Where the events are kept.
    pub(super) fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store)
    }

    /// Of the events that a store keeps, for the own tenant of this id.
    #[must_use]
    pub fn new(store: Arc<Store>, own: &str) -> Self {
        Self {
            store,
            own: own.into(),
            hours: Arc::default(),
        }
    }

    /// Adds up the hours of the last day that are over, so that nobody who opens the console waits for it.
    ///
    /// # Errors
    /// The store cannot be read; the reason.
    pub fn add_up_the_day(&self, now: Timestamp) -> Result<(), String> {
        let now_at = now.as_millisecond();
        let begin = now_at.div_euclid(HOUR) * HOUR - 24 * HOUR;
        let sums = self.hours.sums(&self.store, begin, now_at, now);
        sums.map(drop).map_err(told)
    }
}

/// Milliseconds.
const HOUR: i64 = 60 * 60 * 1000;

impl SignIns for SignInLog {
    fn walk(
        &self,
        asked: &SignInQuery<'_>,
        take: &mut dyn FnMut(SignInFound<'_>) -> Looked,
    ) -> Result<Walked, String> {
        let after = asked.after.map(Position::parse);
        if let Some(None) = after {
            return Ok(Walked::Stopped);
        }
        let query = Query {
            after: after.flatten(),
            patience: Some(Patience::OF_A_PAGE),
            ..query(asked)
        };
        let end = self.store.walk(&query, &mut |found| answer(take, found));
        Ok(match end.map_err(told)? {
            End::All => Walked::All,
            End::Stopped => Walked::Stopped,
            End::Tired(position) => Walked::Tired(position.to_string()),
        })
    }

    fn export(
        &self,
        asked: &SignInQuery<'_>,
        take: &mut dyn FnMut(SignInFound<'_>) -> Looked,
    ) -> Result<(), String> {
        let end = self
            .store
            .export(&query(asked), &mut |found| answer(take, found));
        end.map(drop).map_err(told)
    }

    fn get(&self, id: &str) -> Result<Option<String>, String> {
        self.store.get(id).map_err(told)
    }

    fn add_up(
        &self,
        asked: &ActivityQuery<'_>,
        take: &mut dyn FnMut(ActivitySum<'_>),
    ) -> Result<bool, String> {
        added_up::add_up(&self.store, &self.hours, &self.own, asked, take).map_err(told)
    }
}

/// From the beginning, and to the end.
fn query(asked: &SignInQuery<'_>) -> Query {
    Query {
        from: asked.from.map(|from| from.as_millisecond()),
        // What is within that millisecond is sorted out by the filter.
        to: asked.to.map(|to| to.as_millisecond()),
        descending: asked.descending,
        after: None,
        condition: condition(&asked.outline),
        patience: None,
    }
}

fn answer(take: &mut dyn FnMut(SignInFound<'_>) -> Looked, found: Found<'_>) -> Answer {
    let looked = take(SignInFound {
        event: found.line,
        place: &found.position,
    });
    match looked {
        Looked::Hit => Answer::Hit,
        Looked::Miss => Answer::Miss,
        Looked::Enough => Answer::Enough,
    }
}

/// What callers are told; where it stands is for the log.
fn told(error: StoreError) -> String {
    tracing::error!(%error, "sign-ins: the store cannot be read");
    match error {
        StoreError::Damaged { .. } => "a file of the sign-in store is damaged; the log names it",
        StoreError::Failed { .. } => "the sign-in store cannot be read; the log says why",
    }
    .to_owned()
}

fn condition(outline: &Outline<'_>) -> Condition {
    match outline {
        Outline::All(parts) => Condition::All(parts.iter().map(condition).collect()),
        Outline::Any(parts) => Condition::Any(parts.iter().map(condition).collect()),
        Outline::Is(path, value) => match Column::of(path) {
            Some(column) => Condition::Is(column, value.clone()),
            None => Condition::Unknown,
        },
        Outline::IsNot(path, value) => match Column::of(path) {
            Some(column) => Condition::IsNot(column, value.clone()),
            None => Condition::Unknown,
        },
        Outline::Begins(path, start) => match Column::of(path) {
            Some(column) => Condition::Begins(column, (*start).into()),
            None => Condition::Unknown,
        },
        Outline::Unknown => Condition::Unknown,
    }
}
