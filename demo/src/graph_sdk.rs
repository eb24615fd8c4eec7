//! Changes of policy as an administrator's script makes them: with Microsoft's SDK for Python, through the admin API.

use crate::Fault;
use crate::site::Site;
use std::path::PathBuf;
use std::process::Command;

/// The script, and what it needs.
pub(crate) struct GraphSdk {
    python: PathBuf,
    base: String,
    token_file: PathBuf,
}

/// What becomes of a partner.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Change {
    /// The script's word for it.
    pub(crate) what: &'static str,
    /// The partner.
    pub(crate) tenant: &'static str,
}

impl GraphSdk {
    pub(crate) fn new(python: PathBuf, site: &Site) -> Self {
        Self {
            python,
            base: format!("http://{}/v1.0", site.admin),
            token_file: site.directory.join("tokens").join("administrator"),
        }
    }

    /// Makes a change. It is in force once this returns: the API has answered.
    pub(crate) fn make(&self, change: Change) -> Result<(), Fault> {
        let done = Command::new(&self.python)
            .args(self.arguments(change))
            .output()
            .map_err(|error| {
                format!("{}: {error}; run scripts/graph-sdk", self.python.display())
            })?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            return Err(format!("{} {}: {said}", change.what, change.tenant).into());
        }
        Ok(())
    }

    /// The same for a person to type.
    pub(crate) fn command(&self, change: Change) -> String {
        let arguments = self.arguments(change).join(" ");
        format!("{} {arguments}", self.python.display())
    }

    fn arguments(&self, change: Change) -> [String; 7] {
        [
            SCRIPT.to_owned(),
            "--base".to_owned(),
            self.base.clone(),
            "--token-file".to_owned(),
            self.token_file.display().to_string(),
            change.what.to_owned(),
            change.tenant.to_owned(),
        ]
    }
}

const SCRIPT: &str = "demo/sdk/partner.py";
