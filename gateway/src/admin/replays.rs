//! Recorded sign-ins under a draft, for the admin API: one replay at a time, on a thread of its own.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossgate_control::replays::{NotBegun, ReplayAsked, ReplayedAgainst};
use crossgate_insight::event::Event;
use crossgate_insight::replay::{Against, Key, Replay, Row, Rows, Sum, Tally};
use crossgate_insight::sign_ins::{Answer, Condition, Query, Store};
use crossgate_insight::verify::Apps;
use crossgate_policy::snapshot::Snapshot;
use serde_json::{Value, json};

/// The replays of drafts since the start: the last one of each, of the drafts that were asked for last.
#[derive(Debug)]
pub(super) struct Replays {
    sign_ins: Arc<Store>,
    kept: Mutex<VecDeque<Arc<Run>>>,
}

/// What a replay decides by.
pub(super) struct By {
    pub(super) draft: Snapshot,
    pub(super) in_force: Arc<Snapshot>,
    pub(super) apps: Apps,
}

/// One replay, under way or over.
#[derive(Debug)]
struct Run {
    asked: ReplayAsked,
    /// Sign-ins that were looked at.
    looked_at: AtomicU64,
    cancelled: AtomicBool,
    end: Mutex<Option<Result<Found, String>>>,
}

/// What a replay found, no longer than it can be asked for.
#[derive(Debug)]
struct Found {
    /// Without the rows.
    sums: Value,
    loses: Listed,
    gains: Listed,
}

/// Who is concerned, those of most requests first.
#[derive(Debug)]
struct Listed {
    sum: Sum,
    users: usize,
    rows: Vec<(Key, Row)>,
}

impl Replays {
    pub(super) const fn of(sign_ins: Arc<Store>) -> Self {
        Self {
            sign_ins,
            kept: Mutex::new(VecDeque::new()),
        }
    }

    /// Begins one.
    pub(super) fn begin(&self, asked: ReplayAsked, by: By) -> Result<(), NotBegun> {
        let mut kept = self.kept();
        if let Some(running) = kept.iter().find(|run| run.is_running()) {
            return Err(NotBegun::Running(running.asked.draft.clone()));
        }
        let run = Arc::new(Run {
            asked,
            looked_at: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            end: Mutex::new(None),
        });
        let (sign_ins, this) = (Arc::clone(&self.sign_ins), Arc::clone(&run));
        std::thread::Builder::new()
            .name("replay".to_owned())
            .spawn(move || {
                // What crashes here is over too.
                let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    this.replay(&sign_ins, &by)
                }));
                let end = end.unwrap_or_else(|_| Err("the replay has crashed".to_owned()));
                *this.end() = Some(end);
            })
            .map_err(|why| {
                NotBegun::Failed(format!("a thread for the replay cannot be had: {why}"))
            })?;
        kept.retain(|other| other.asked.draft != run.asked.draft);
        kept.push_back(run);
        if kept.len() > MOST_KEPT {
            kept.pop_front();
        }
        Ok(())
    }

    /// What came of the last one of a draft.
    pub(super) fn told(&self, draft: &str, top: usize) -> Option<Value> {
        let run = self.kept();
        let run = run.iter().find(|run| run.asked.draft == draft).cloned();
        run.map(|run| run.told(top))
    }

    /// Ends the one of a draft, and forgets it.
    pub(super) fn forget(&self, draft: &str) -> bool {
        let mut kept = self.kept();
        let before = kept.len();
        kept.retain(|run| {
            let other = run.asked.draft != draft;
            if !other {
                run.cancelled.store(true, Ordering::Relaxed);
            }
            other
        });
        kept.len() < before
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Run>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    fn is_running(&self) -> bool {
        self.end().is_none()
    }

    fn end(&self) -> MutexGuard<'_, Option<Result<Found, String>>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replay(&self, sign_ins: &Store, by: &By) -> Result<Found, String> {
        let replay = Replay {
            draft: &by.draft,
            apps: &by.apps,
            against: match self.asked.against {
                ReplayedAgainst::Recorded => Against::Recorded,
                ReplayedAgainst::InForce => Against::Policy(&by.in_force),
            },
        };
        let query = Query {
            from: Some(self.asked.since.as_millisecond()),
            to: Some(self.asked.until.as_millisecond()),
            descending: false,
            after: None,
            condition: Condition::Unknown,
            patience: None,
        };
        let (mut tally, mut failed) = (Tally::default(), None);
        let walked = sign_ins.walk(&query, &mut |found| {
            if self.cancelled.load(Ordering::Relaxed) {
                failed = Some("the replay was ended".to_owned());
                return Answer::Enough;
            }
            self.looked_at.fetch_add(1, Ordering::Relaxed);
            match Event::read(found.line.as_bytes()) {
                Ok(event) => replay.take(&event, &mut tally),
                Err(_) => tally.unreadable += 1,
            }
            if tally.loses.rows.len() + tally.gains.rows.len() > MOST_ROWS {
                failed = Some(format!(
                    "more than {MOST_ROWS} users of apps would lose or gain access; replay a shorter time"
                ));
                return Answer::Enough;
            }
            Answer::Hit
        });
        if let Err(error) = walked {
            tracing::error!(%error, "sign-ins: the store cannot be read for a replay");
            return Err("the sign-in store cannot be read; the log says why".to_owned());
        }
        failed.map_or_else(|| Ok(Found::of(tally)), Err)
    }

    fn told(&self, top: usize) -> Value {
        let asked = &self.asked;
        let against = match asked.against {
            ReplayedAgainst::Recorded => "recorded",
            ReplayedAgainst::InForce => "in-force",
        };
        let mut told = json!({
            "draftRevision": asked.revision,
            "since": asked.since.to_string(),
            "until": asked.until.to_string(),
            "against": against,
            "eventsLookedAt": self.looked_at.load(Ordering::Relaxed),
        });
        let end = self.end();
        let (state, found) = match &*end {
            None => ("running", json!({})),
            Some(Err(why)) => ("failed", json!({ "reason": why })),
            Some(Ok(found)) => ("done", found.told(top)),
        };
        if let (Some(told), Value::Object(found)) = (told.as_object_mut(), found) {
            told.insert("state".to_owned(), json!(state));
            told.extend(found);
        }
        told
    }
}

impl Found {
    fn of(mut tally: Tally) -> Self {
        let not_decided = tally.not_decided();
        let (loses, gains) = (
            Listed::of(std::mem::take(&mut tally.loses)),
            Listed::of(std::mem::take(&mut tally.gains)),
        );
        while tally.without_receipt.len() > MOST_WITHOUT_RECEIPT {
            tally.without_receipt.pop_last();
        }
        let mut sums = json!(tally);
        if let Some(members) = sums.as_object_mut() {
            members.insert("notDecided".to_owned(), json!(not_decided));
        }
        Self { sums, loses, gains }
    }

    /// As `crossgate replay` tells it.
    fn told(&self, top: usize) -> Value {
        let mut told = self.sums.clone();
        if let Some(members) = told.as_object_mut() {
            members.insert("loses".to_owned(), self.loses.told(top));
            members.insert("gains".to_owned(), self.gains.told(top));
        }
        told
    }
}

impl Listed {
    fn of(rows: Rows) -> Self {
        let Rows { sum, rows } = rows;
        let users = rows.len();
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by(|(a, of_a), (b, of_b)| (of_b.sum.requests, a).cmp(&(of_a.sum.requests, b)));
        rows.truncate(MOST_SHOWN);
        rows.shrink_to_fit();
        Self { sum, users, rows }
    }

    fn told(&self, top: usize) -> Value {
        let rows = self
            .rows
            .iter()
            .take(top)
            .map(|(key, Row { sum, sample })| {
                json!({
                    "tenant": key.tenant, "app": key.app, "user": key.user,
                    "events": sum.events, "requests": sum.requests, "sample": sample,
                })
            });
        json!({
            "events": self.sum.events, "requests": self.sum.requests,
            "users": self.users, "rows": rows.collect::<Vec<_>>(),
        })
    }
}

/// Whoever wants an older one replays again.
const MOST_KEPT: usize = 16;

/// Rows of a replay that is under way, at about half a kilobyte each.
const MOST_ROWS: usize = 100_000;

/// Rows of each list that are kept of one that is done: as many as can be asked for.
const MOST_SHOWN: usize = 1_000;

/// Tenants and apps that are told of where receipts are missing.
const MOST_WITHOUT_RECEIPT: usize = 1_000;
