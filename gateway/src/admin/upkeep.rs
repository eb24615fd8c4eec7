//! What the dates of the directory make necessary, beside requests: guests whose time is up are disabled, access reviews start and end, and
//! when guests came last is written down. Nobody gets in for want of it, for decisions read the dates themselves.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossgate_control::api::error::ApiError;
use crossgate_control::expiry;
use crossgate_control::ledger::Ledger;
use crossgate_control::reviews;
use crossgate_control::sign_up_requests;
use jiff::Timestamp;

use super::activity::GuestActivity;
use crate::request::admit::unix_time;

/// Sees to it until nobody serves any more.
pub async fn upkeep(ledger: Weak<Ledger>, activity: Arc<GuestActivity>) {
    let (mut pause, mut written) = (SHORTEST, Instant::now());
    let (mut looked, mut rest) = (Instant::now(), Duration::ZERO);
    loop {
        tokio::time::sleep(pause).await;
        let Some(ledger) = ledger.upgrade() else {
            return;
        };
        let writes = written.elapsed() >= BETWEEN_WRITES || activity.is_much();
        if writes {
            written = Instant::now();
        }
        let looks = looked.elapsed() >= rest;
        let activity = Arc::clone(&activity);
        let done = tokio::task::spawn_blocking(move || {
            if writes {
                activity.write(ledger.store())?;
            }
            let took = looks.then(|| disable_expired(&ledger)).transpose()?;
            reviews::tend(&ledger, Timestamp::now())?;
            sign_up_requests::remove_outdated(&ledger, Timestamp::now())?;
            Ok::<_, ApiError>(took)
        });
        pause = match done.await {
            Ok(Ok(took)) => {
                if let Some(took) = took {
                    // Looking at all guests takes no more than a small part of the time.
                    (looked, rest) = (Instant::now(), took * 20);
                }
                SHORTEST
            }
            Ok(Err(why)) => {
                tracing::error!(
                    "[policy] source: what the dates of guests make necessary is not done yet: {}",
                    why.message
                );
                // Which doubles while nothing gets better.
                (pause * 2).min(LONGEST)
            }
            Err(_panicked) => LONGEST,
        };
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
