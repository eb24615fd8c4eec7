//! What the dates of the directory make necessary, beside requests: guests whose time is up are disabled, access reviews start and end, and
//! when guests came last is written down. Nobody gets in for want of it, for decisions read the dates themselves.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossgate_control::api::error::ApiError;
use crossgate_control::drafts::{self, Why};
use crossgate_control::expiry;
use crossgate_control::ledger::Ledger;
use crossgate_control::reviews;
use crossgate_control::sign_up_requests;
use jiff::Timestamp;

use super::noted::Noted;
use crate::request::admit::unix_time;

/// Sees to it until nobody serves any more. What fails is tried again less and less often, and holds up nothing else.
pub async fn upkeep(ledger: Weak<Ledger>, noted: Noted) {
    let Noted {
        activity,
        refusals,
        sign_ins,
        ..
    } = noted;
    let mut returning = Chore::of("a staged draft that refuses too many still binds");
    let mut adding_up = Chore::of("sign-ins are not added up beforehand");
    let mut writing = Chore::of("when guests came last is not written down");
    let mut disabling = Chore::of("guests whose time is up are not disabled");
    let mut reviewing = Chore::of("access reviews do not go on");
    let mut forgetting = Chore::of("requests to sign up that are too old are not removed");
    loop {
        tokio::select! {
            () = tokio::time::sleep(SHORTEST) => {}
            () = refusals.too_many() => {}
        }
        let Some(ledger) = ledger.upgrade() else {
            return;
        };
        if returning.is_due() {
            let (ledger, refusals) = (Arc::clone(&ledger), Arc::clone(&refusals));
            let end = move || {
                ledger.end_unfit_stage()?;
                let Some((draft, started, why)) = refusals.beyond() else {
                    return Ok(());
                };
                drafts::end(&ledger, draft, &started, &Why::Refuses(why))
            };
            returning.tried(run(end).await.map(|()| Duration::ZERO));
        }
        if writing.is_due() || activity.is_much() {
            let (ledger, activity) = (Arc::clone(&ledger), Arc::clone(&activity));
            let write = move || activity.write(ledger.store()).map_err(ApiError::from);
            writing.tried(run(write).await.map(|()| BETWEEN_WRITES));
        }
        if let Some(log) = sign_ins.clone().filter(|_| adding_up.is_due()) {
            let add_up = move || {
                let begun = Instant::now();
                let done = log.add_up_what_is_over(Timestamp::now());
                done.map(|()| begun.elapsed())
                    .map_err(ApiError::unavailable)
            };
            // Where there are very many it takes a hundredth of a core at most.
            let took = run(add_up).await;
            adding_up.tried(took.map(|took| (took * 100).max(BETWEEN_WRITES)));
        }
        if disabling.is_due() {
            let ledger = Arc::clone(&ledger);
            let took = run(move || disable_expired(&ledger)).await;
            // Looking at all guests takes no more than a two-hundredth of a core.
            disabling.tried(took.map(|took| took * 200));
        }
        if reviewing.is_due() {
            let ledger = Arc::clone(&ledger);
            let tend = move || reviews::tend(&ledger, Timestamp::now());
            reviewing.tried(run(tend).await.map(|()| SHORTEST));
        }
        if forgetting.is_due() {
            let forget =
                move || sign_up_requests::remove_outdated(&ledger, Timestamp::now()).map(drop);
            // Each second another part of them is looked at.
            forgetting.tried(run(forget).await.map(|()| SHORTEST));
        }
    }
}

/// Something that is done again and again.
struct Chore {
    undone: &'static str,
    due: Instant,
    pause: Duration,
}

impl Chore {
    fn of(undone: &'static str) -> Self {
        Self {
            undone,
            due: Instant::now(),
            pause: SHORTEST,
        }
    }

    fn is_due(&self) -> bool {
        self.due <= Instant::now()
    }

    /// It is due again after what it says; where it failed, after a pause that doubles while nothing gets better.
    fn tried(&mut self, done: Result<Duration, String>) {
        self.pause = match done {
            Ok(rest) => {
                self.due = Instant::now() + rest;
                SHORTEST
            }
            Err(why) => {
                tracing::error!("[policy] source: {}: {why}", self.undone);
                self.due = Instant::now() + self.pause;
                (self.pause * 2).min(LONGEST)
            }
        };
    }
}

/// Where it may block.
async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|why| why.message),
        Err(crashed) => Err(crashed.to_string()),
    }
}

/// One after the other, so that nobody who changes something waits for all of them. Answers how long it took to find them.
fn disable_expired(ledger: &Ledger) -> Result<Duration, ApiError> {
    let begun = Instant::now();
    let due = expiry::due(ledger, unix_time(Timestamp::now()), AT_ONCE);
    let took = begun.elapsed();
    for guest in due {
        expiry::disable(ledger, &guest)?;
    }
    Ok(took)
}

const SHORTEST: Duration = Duration::from_secs(1);

const LONGEST: Duration = Duration::from_secs(5 * 60);

/// As much may be lost where the process is killed.
const BETWEEN_WRITES: Duration = Duration::from_secs(60);

/// Others are found by the next look.
const AT_ONCE: usize = 500;
