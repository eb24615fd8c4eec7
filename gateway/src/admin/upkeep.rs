//! What the dates of the directory make necessary: guests whose time is up are disabled. Nobody gets in for want of it, for decisions read
//! the dates themselves.

use std::sync::Weak;
use std::time::{Duration, Instant};

use crossgate_control::api::error::ApiError;
use crossgate_control::expiry;
use crossgate_control::ledger::Ledger;
use jiff::Timestamp;

use crate::request::admit::unix_time;

/// Sees to it until nobody serves any more.
pub async fn upkeep(ledger: Weak<Ledger>) {
    let mut pause = SHORTEST;
    loop {
        tokio::time::sleep(pause).await;
        let Some(ledger) = ledger.upgrade() else {
            return;
        };
        let begun = Instant::now();
        let done = tokio::task::spawn_blocking(move || disable_expired(&ledger)).await;
        pause = match done {
            // Looking at all guests takes no more than a small part of the time.
            Ok(Ok(())) => (begun.elapsed() * 20).max(SHORTEST),
            Ok(Err(why)) => {
                tracing::error!(
                    "guests whose time is up are not disabled yet: {}",
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
    let due = expiry::due(ledger, unix_time(Timestamp::now()), AT_ONCE);
    for guest in due {
        expiry::disable(ledger, &guest)?;
    }
    Ok(())
}

const SHORTEST: Duration = Duration::from_secs(1);

const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Others are found by the next look.
const AT_ONCE: usize = 500;
