//! Signals that end the process.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use pingora::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::upgrade;

/// Waits for the signal that ends the process.
pub(super) struct Signals {
    upgrade_socket: PathBuf,
    again: Arc<AtomicBool>,
}

/// Becomes true when somebody who asked for the end asks once more.
pub(super) type Again = Arc<AtomicBool>;

/// What waits for the signal, and what tells of a second one.
pub(super) fn watch(upgrade_socket: PathBuf) -> (Signals, Again) {
    let again = Again::default();
    let signals = Signals {
        upgrade_socket,
        again: Arc::clone(&again),
    };
    (signals, again)
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    async fn recv(&self) -> ShutdownSignal {
        let handlers = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
            signal(SignalKind::quit()),
        );
        let (Ok(mut terminate), Ok(mut interrupt), Ok(mut quit)) = handlers else {
            tracing::error!("signals cannot be handled; ending");
            return ShutdownSignal::GracefulTerminate;
        };
        let signal = loop {
            tokio::select! {
                Some(()) = terminate.recv() => break ShutdownSignal::GracefulTerminate,
                Some(()) = interrupt.recv() => break ShutdownSignal::GracefulTerminate,
                Some(()) = quit.recv() => {
                    // The framework would end this process also where nobody takes the sockets.
                    if upgrade::somebody_waits(&self.upgrade_socket) {
                        break ShutdownSignal::GracefulUpgrade;
                    }
                    tracing::error!(
                        "SIGQUIT: no process waits for the sockets; start `crossgate run --upgrade` with the same \
                         configuration first. Serving goes on"
                    );
                }
            }
        };
        tracing::info!("stopping: no more connections are taken, requests under way are finished");
        tokio::spawn(once_more(terminate, interrupt, Arc::clone(&self.again)));
        signal
    }
}

async fn once_more(mut terminate: Signal, mut interrupt: Signal, again: Again) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    again.store(true, Ordering::Relaxed);
}
