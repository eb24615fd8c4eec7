//! The end: waits until no request is under way, for as long as the settings grant.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pingora::server::ExecutionPhase;
use prometheus::IntGauge;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::signals::Again;

/// Returns when the process may end: it was told to, and no connection is open, or those that are were cut off after
/// `shutdown.drain`, or somebody has asked once more.
///
/// # Errors
/// The server ended by itself, which it never should.
pub(super) fn wait(
    mut phases: Receiver<ExecutionPhase>,
    again: &Again,
    connections: &[&IntGauge],
) -> Result<(), Crashed> {
    let mut draining = false;
    loop {
        match phases.try_recv() {
            Ok(ExecutionPhase::ShutdownGracePeriod) => draining = true,
            Ok(ExecutionPhase::Terminated) => return Ok(()),
            Err(TryRecvError::Closed) => return Err(Crashed),
            Ok(_) | Err(TryRecvError::Lagged(_)) => continue,
            Err(TryRecvError::Empty) => {}
        }
        if draining
            && (connections.iter().all(|open| open.get() == 0) || again.load(Ordering::Relaxed))
        {
            return Ok(());
        }
        std::thread::sleep(if draining { CLOSE } else { FAR });
    }
}

/// The thread that serves is gone.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the server has crashed")]
pub struct Crashed;

/// Once it ends, nobody should wait for us.
const CLOSE: Duration = Duration::from_millis(5);

/// While it serves, nothing is due.
const FAR: Duration = Duration::from_millis(100);
