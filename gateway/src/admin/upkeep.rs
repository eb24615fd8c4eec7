//! What the dates of the directory make necessary, beside requests: guests whose time is up are disabled, and when guests came last is
//! written down. Nobody gets in for want of it, for decisions read the dates themselves.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossgate_control::api::error::ApiError;
use crossgate_control::expiry;
use crossgate_control::ledger::Ledger;
use jiff::Timestamp;

use super::activity::GuestActivity;
use crate::request::admit::unix_time;

/// Sees to it until nobody serves any more.
pub async fn upkeep(ledger: Weak<Ledger>, activity: Arc<GuestActivity>) {
    let (mut pause, mut written) = (SHORTEST, Instant::now());
    loop {
        tokio::time::sleep(pause).await;
        let Some(ledger) = ledger.upgrade() else {
            return;
        };
        let begun = Instant::now();
        let writes = written.elapsed() >= BETWEEN_WRITES || activity.is_much();
        if writes {
            written = begun;
        }
        let activity = Arc::clone(&activity);
        let done = tokio::task::spawn_blocking(move || {
            if writes {
                activity.write(ledger.store())?;
            }
            disable_expired(&ledger)
        });
        pause = match done.await {
            // Looking at all guests takes no more than a small part of the time.
            Ok(Ok(())) => (begun.elapsed() * 20).max(SHORTEST),
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

/// One after the other, so that nobody who changes something waits for all of them.
fn disable_expired(ledger: &Ledger) -> Result<(), ApiError> {
    for guest in expiry::due(ledger, unix_time(Timestamp::now()), AT_ONCE) {
        expiry::disable(ledger, &guest)?;
    }
    Ok(())
}

const SHORTEST: Duration = Duration::from_secs(1);

const LONGEST: Duration = Duration::from_secs(5 * 60);

/// As much may be lost where the process is killed.
const BETWEEN_WRITES: Duration = Duration::from_secs(60);

/// Others are found by the next look.
const AT_ONCE: usize = 500;
