//! Runs the Node programs beside this crate.

use crate::programs::{self, require};
use crate::shared::Shared;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// A Node program that serves until it is dropped.
#[derive(Debug)]
pub struct Server {
    process: Process,
    ready: Value,
}

/// Where it runs.
#[derive(Debug)]
enum Process {
    Own(Child),
    /// With others, and what it is called there.
    Shared(Arc<Server>, Value),
}

/// The process that programs share.
static HOST: Shared<Server> = Shared::new();

impl Server {
    /// Starts `script` in a process of its own, and waits for the line that says where it listens.
    ///
    /// # Panics
    /// Where it does not come up; what it wrote to standard error is in the test's own.
    #[must_use]
    pub fn start(script: &str) -> Self {
        let mut child = Command::new(node())
            .arg(directory().join(script))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{script} did not come up: {error}"));
        Self {
            process: Process::Own(child),
            ready,
        }
    }

    /// Starts `script` beside others in one process, which need not load again what it imports: for what takes little time to run.
    ///
    /// # Panics
    /// As for [`Server::start`].
    #[must_use]
    pub fn start_with_others(script: &str) -> Self {
        let host = HOST.get(|| Self::start("host.mjs"));
        let mut started = host.call("/control/start", &json!({ "script": script }));
        Self {
            process: Process::Shared(host, started["program"].take()),
            ready: started["ready"].take(),
        }
    }

    /// A member of the line it came up with.
    ///
    /// # Panics
    /// Where the program does not say.
    #[must_use]
    pub fn says(&self, pointer: &str) -> &str {
        self.ready
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no {pointer} in {}", self.ready))
    }

    /// One control call.
    ///
    /// # Panics
    /// Where the program refuses it; the message is the program's.
    #[must_use]
    pub fn call(&self, path: &str, arguments: &Value) -> Value {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut response = agent
            .post(format!("{}{path}", self.says("/control")))
            .send(arguments.to_string())
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let answer = response.body_mut().read_to_string().unwrap();
        assert!(
            response.status().is_success(),
            "{path} {arguments}: {answer}"
        );
        serde_json::from_str(&answer).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match &mut self.process {
            Process::Own(child) => {
                // Closing its standard input would end it too; this does not leave a moment in between.
                drop(child.kill());
                drop(child.wait());
            }
            Process::Shared(host, program) => {
                // A test may be failing already: nothing here may panic.
                drop(
                    ureq::post(format!("{}/control/stop", host.says("/control")))
                        .config()
                        .timeout_global(Some(Duration::from_secs(5)))
                        .build()
                        .send(json!({ "program": program }).to_string()),
                );
            }
        }
    }
}

/// Runs a client script to its end and answers the one line of JSON it prints.
///
/// # Panics
/// Where it prints anything else.
#[must_use]
pub fn client(script: &str, argument: &Value) -> Value {
    let output = programs::run(
        Command::new(node())
            .arg(directory().join(script))
            .arg(argument.to_string()),
        b"",
    );
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{script}: {error}\n{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// Node itself, with the packages of the lockfile installed.
fn node() -> PathBuf {
    let node = require("node", "nodejs");
    let lock = File::create(std::env::temp_dir().join("crossgate-testkit-npm.lock")).unwrap();
    // Tests run as several processes; the first installs, the others wait for it.
    lock.lock().unwrap();
    if packages_are_stale(&directory()) {
        let output = programs::run(
            Command::new(require("npm", "npm"))
                .arg("ci")
                .current_dir(directory()),
            b"",
        );
        assert!(
            output.status.success(),
            "npm ci: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    node
}

/// Whether the packages are missing, or older than the lockfile that names them.
fn packages_are_stale(directory: &Path) -> bool {
    let changed = |path: &str| {
        directory
            .join(path)
            .metadata()
            .and_then(|data| data.modified())
            .ok()
    };
    changed("node_modules/.package-lock.json") < changed("package-lock.json")
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node")
}
