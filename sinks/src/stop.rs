//! Wakes a courier, and ends it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Between one courier and the sink that it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    wake: Notify,
    end: Mutex<Option<Instant>>,
}

impl Stop {
    /// Tells the courier that there is something to send.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Tells the courier to end, at the latest when this time is over.
    pub(crate) fn stop(&self, within: Duration) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + within);
        self.wake();
    }

    /// When it must have ended, if it is to.
    pub(crate) fn end(&self) -> Option<Instant> {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is woken, or as long.
    pub(crate) async fn woken(&self, at_most: Duration) {
        // Either way there is something to look at.
        let _ = tokio::time::timeout(at_most, self.wake.notified()).await;
    }

    /// Waits this long, less where it is to end.
    pub(crate) async fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        while self.end().is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            self.woken(left).await;
        }
    }

    /// Waits until it must have ended.
    pub(crate) async fn over(&self) {
        loop {
            match self.end() {
                Some(end) => return tokio::time::sleep_until(end.into()).await,
                None => tokio::time::sleep(LOOK).await,
            }
        }
    }
}

/// Short against the time that is given to the last sending.
const LOOK: Duration = Duration::from_millis(100);
