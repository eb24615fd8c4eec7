//! The gateway under show, as a child of its own.

use crate::Fault;
use crate::site::Site;
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// Makes the store's policy what the site's directory says.
pub(crate) async fn import(binary: &Path, site: &Site) -> Result<(), Fault> {
    let done = Command::new(binary)
        .args(["policy", "import", "--config"])
        .arg(site.directory.join("crossgate.toml"))
        .arg(site.directory.join("policy"))
        .output()
        .await
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        return Err(format!("the policy cannot be imported:\n{said}").into());
    }
    Ok(())
}

/// The running gateway.
pub(crate) struct Gateway(Child);

impl Gateway {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(binary: &Path, site: &Site) -> Result<Self, Fault> {
        let log = site.directory.join("crossgate.log");
        let output = std::fs::File::create(&log)?;
        let mut child = Command::new(binary)
            .args(["run", "--config"])
            .arg(site.directory.join("crossgate.toml"))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        let ready = format!("http://{}/readyz", site.operations);
        let deadline = Instant::now() + PATIENCE;
        while ureq::get(&ready).call().is_err() {
            let ended = child.try_wait()?.is_some();
            if ended || Instant::now() > deadline {
                let said = std::fs::read_to_string(log)?;
                return Err(format!("the gateway did not get ready:\n{said}").into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Self(child))
    }

    /// Lets it finish and flush, as an orchestrator would.
    pub(crate) async fn stop(mut self) -> Result<(), Fault> {
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(Pid::from_raw) {
            // It may have ended with the same Ctrl-C.
            let _ = kill_process(id, Signal::TERM);
        }
        tokio::time::timeout(PATIENCE, self.0.wait()).await??;
        Ok(())
    }
}

/// A debug build on a small machine needs seconds, not minutes.
const PATIENCE: Duration = Duration::from_secs(60);
