//! The built `crossgate` binary, in a directory of its own.

use crate::ports;
use crate::programs::{wait_for, wait_up_to};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The tenant that every test gateway belongs to.
pub const OWN_TENANT: &str = "11111111-1111-4111-8111-111111111111";

/// What a gateway starts from.
#[derive(Debug)]
pub struct Setup {
    binary: PathBuf,
    directory: TempDir,
    listeners: Listeners,
    sections: BTreeMap<&'static str, String>,
    entries: String,
    environment: BTreeMap<&'static str, String>,
}

#[derive(Clone, Copy, Debug)]
struct Listeners {
    proxy: SocketAddr,
    egress: SocketAddr,
    admin: SocketAddr,
    metrics: SocketAddr,
}

impl Setup {
    /// Starts from the own tenant, free ports, an empty policy and sign-in events into a file, every request its own.
    ///
    /// # Panics
    /// Where there is no such binary.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let binary = binary.into();
        assert!(binary.is_file(), "{} is not built", binary.display());
        let directory = TempDir::new().unwrap();
        std::fs::create_dir(directory.path().join("policy")).unwrap();
        let listeners = Listeners {
            proxy: ports::free(),
            egress: ports::free(),
            admin: ports::free(),
            metrics: ports::free(),
        };
        let events = directory.path().join("sign-ins.jsonl");
        let sections = BTreeMap::from([
            (
                "tenant",
                format!("id = \"{OWN_TENANT}\"\nname = \"Contoso\"\ndomains = [\"contoso.com\"]\n"),
            ),
            (
                "listen",
                format!(
                    "proxy = [\"{}\"]\negress = [\"{}\"]\nadmin = \"{}\"\nmetrics = \"{}\"\n",
                    listeners.proxy, listeners.egress, listeners.admin, listeners.metrics
                ),
            ),
            // As most people write it; the gateway runs in its directory.
            ("policy", "source = \"dir:policy\"\n".to_owned()),
            (
                "sign_ins",
                format!("sinks = [\"file:{}\"]\n", events.display()),
            ),
        ]);
        Self {
            binary,
            directory,
            listeners,
            sections,
            entries: String::new(),
            environment: BTreeMap::new(),
        }
        .section("sign_ins", "mode = \"every-request\"")
    }

    /// Adds lines to a section such as `listen` or `guests`; a key that stands there already is replaced.
    #[must_use]
    pub fn section(mut self, name: &'static str, lines: &str) -> Self {
        let section = self.sections.entry(name).or_default();
        for line in lines.lines() {
            let key = line.split('=').next().unwrap_or(line).trim();
            let kept: Vec<&str> = section
                .lines()
                .filter(|old| old.split('=').next().map(str::trim) != Some(key))
                .collect();
            *section = kept.join("\n") + "\n" + line + "\n";
        }
        self
    }

    /// Adds `[[issuer]]`, `[[partner]]` and `[[app]]` entries.
    #[must_use]
    pub fn entries(mut self, toml: &str) -> Self {
        let _ = writeln!(self.entries, "{toml}");
        self
    }

    /// Writes other words for some that stand in the entries.
    ///
    /// # Panics
    /// Where they do not stand there.
    #[must_use]
    pub fn replacing(mut self, words: &str, by: &str) -> Self {
        assert!(self.entries.contains(words), "no entry says {words}");
        self.entries = self.entries.replace(words, by);
        self
    }

    /// Has the gateway run with this in its environment.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.insert(name, value.into());
        self
    }

    /// Writes a file of the policy directory.
    #[must_use]
    pub fn policy(self, path: &str, document: &Value) -> Self {
        write_policy(self.directory.path(), path, &document.to_string());
        self
    }

    /// The directory, for files the configuration names.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Where the gateway will serve.
    #[must_use]
    pub const fn proxy(&self) -> SocketAddr {
        self.listeners.proxy
    }

    /// Where its admin listener will be.
    #[must_use]
    pub const fn admin(&self) -> SocketAddr {
        self.listeners.admin
    }

    /// Starts the gateway and waits until it says it is ready.
    ///
    /// # Panics
    /// Where it ends or is not ready in time; the message holds what it wrote.
    #[must_use]
    pub fn start(self) -> Gateway {
        let mut gateway = self.spawn();
        gateway.wait_until_ready();
        gateway
    }

    /// Starts the gateway and does not wait.
    ///
    /// # Panics
    /// Where it cannot be started.
    #[must_use]
    pub fn spawn(self) -> Gateway {
        let config = self.directory.path().join("crossgate.toml");
        std::fs::write(&config, self.config()).unwrap();
        let log = File::create(self.directory.path().join("crossgate.log")).unwrap();
        let child = self.run(log, &[]);
        Gateway { child, setup: self }
    }

    fn run(&self, log: File, also: &[&str]) -> Child {
        Command::new(&self.binary)
            .args(["run", "--config", "crossgate.toml"])
            .args(also)
            .envs(&self.environment)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn config(&self) -> String {
        let mut config = String::new();
        for (name, lines) in &self.sections {
            let _ = writeln!(config, "[{name}]\n{lines}");
        }
        config + &self.entries
    }
}

/// A running gateway; ends when dropped.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    setup: Setup,
}

/// What a gateway left behind.
#[derive(Debug)]
pub struct Stopped {
    /// How it ended.
    pub status: ExitStatus,
    /// All its sign-in events.
    pub events: Vec<Value>,
    /// What it wrote to its output.
    pub log: String,
}

impl Gateway {
    /// Where apps are served.
    #[must_use]
    pub const fn proxy(&self) -> SocketAddr {
        self.setup.listeners.proxy
    }

    /// Where routes to other tenants are served.
    #[must_use]
    pub const fn egress(&self) -> SocketAddr {
        self.setup.listeners.egress
    }

    /// Where the admin API is.
    #[must_use]
    pub const fn admin(&self) -> SocketAddr {
        self.setup.listeners.admin
    }

    /// Where `/metrics`, `/livez` and `/readyz` are.
    #[must_use]
    pub const fn operations(&self) -> SocketAddr {
        self.setup.listeners.metrics
    }

    /// Its directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.setup.directory.path()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Status and body of a GET on the operations listener; `None` where it does not answer.
    #[must_use]
    pub fn operation(&self, path: &str) -> Option<(u16, String)> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(10)))
            .build()
            .into();
        let mut response = agent
            .get(format!("http://{}{path}", self.operations()))
            .call()
            .ok()?;
        let body = response.body_mut().read_to_string().ok()?;
        Some((response.status().as_u16(), body))
    }

    /// Waits until `/readyz` says so.
    ///
    /// # Panics
    /// Where it ends, or is not ready in time; the message holds what it wrote.
    pub fn wait_until_ready(&mut self) {
        let ready = wait_up_to(START_LIMIT, || {
            let ended = self.child.try_wait().unwrap().is_some();
            let ready = self
                .operation("/readyz")
                .is_some_and(|(status, _)| status == 200);
            (ended || ready).then_some(ready)
        });
        assert!(
            ready == Some(true),
            "the gateway did not get ready:\n{}\n{}",
            self.log(),
            self.setup.config()
        );
    }

    /// Sum of a metric's samples whose labels contain every one of `labels` (such as `outcome="allow"`).
    ///
    /// # Panics
    /// Where the metrics cannot be read.
    #[must_use]
    pub fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let (_, text) = self.operation("/metrics").unwrap();
        text.lines()
            .filter_map(|line| {
                let rest = line.strip_prefix(name)?;
                let value = rest.rsplit(' ').next()?;
                let is_it = rest.starts_with('{') || rest.starts_with(' ');
                (is_it && labels.iter().all(|label| rest.contains(label)))
                    .then(|| value.parse::<f64>().ok())?
            })
            .sum()
    }

    /// The `generation` of the policy in force.
    ///
    /// # Panics
    /// Where the metrics do not say.
    #[must_use]
    pub fn generation(&self) -> String {
        let (_, text) = self.operation("/metrics").unwrap();
        text.lines()
            .filter(|line| line.ends_with(" 1"))
            .find_map(|line| {
                line.strip_prefix("crossgate_policy_snapshot_info{")?
                    .split('"')
                    .nth(1)
            })
            .unwrap_or_else(|| panic!("no crossgate_policy_snapshot_info in\n{text}"))
            .to_owned()
    }

    /// Puts a file into the policy directory whole, as an editor that saves does.
    pub fn write_policy(&self, path: &str, text: &str) {
        write_policy(self.directory(), path, text);
    }

    /// Writes the configuration again with `change` made to its text.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn rewrite_config(&self, change: impl FnOnce(String) -> String) {
        let path = self.directory().join("crossgate.toml");
        let config = change(std::fs::read_to_string(&path).unwrap());
        replace(&path, &config);
    }

    /// Sends SIGHUP.
    ///
    /// # Panics
    /// Where it has ended.
    pub fn reload(&self) {
        self.signal(Signal::HUP);
    }

    /// Sends SIGTERM and does not wait.
    ///
    /// # Panics
    /// Where it has ended.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGQUIT.
    ///
    /// # Panics
    /// Where it has ended.
    pub fn quit(&self) {
        self.signal(Signal::QUIT);
    }

    /// Starts another process that takes the listening sockets over, and waits for the end of this one.
    ///
    /// # Panics
    /// Where it does not end in time.
    pub fn hand_over(&mut self) -> ExitStatus {
        let log = File::options()
            .append(true)
            .open(self.directory().join("crossgate.log"));
        let new = self.setup.run(log.unwrap(), &["--upgrade"]);
        let mut old = std::mem::replace(&mut self.child, new);
        let id = Pid::from_raw(i32::try_from(old.id()).unwrap()).unwrap();
        wait_for("end of the old process", STOP_LIMIT, || {
            let ended = old.try_wait().unwrap();
            if ended.is_none() {
                // Until the new one waits for the sockets the old one goes on as before.
                kill_process(id, Signal::QUIT).unwrap();
            }
            ended
        })
    }

    /// The sign-in events written so far.
    ///
    /// # Panics
    /// Where a line is not JSON.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.directory().join("sign-ins.jsonl"));
        let text = text.unwrap_or_default();
        // The last line may still be on its way to the disk.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
            })
            .collect()
    }

    /// Waits for the event of one request, by the correlation id of its answer.
    ///
    /// # Panics
    /// Where it does not come.
    #[must_use]
    pub fn event(&self, correlation_id: &str) -> Value {
        wait_for(
            &format!("event {correlation_id}"),
            Duration::from_secs(10),
            || {
                self.events()
                    .into_iter()
                    .find(|event| event["correlationId"] == correlation_id)
            },
        )
    }

    /// What it wrote to its output so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory().join("crossgate.log")).unwrap_or_default()
    }

    /// Ends it and starts another on the same files.
    ///
    /// # Panics
    /// Where the one does not end or the other is not ready in time.
    pub fn restart(&mut self) {
        self.terminate();
        drop(self.wait());
        self.start_again();
    }

    /// Ends it as a power cut would, at once.
    ///
    /// # Panics
    /// Where it has ended by itself.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(
            status.signal(),
            Some(9),
            "it ended by itself, {status}: {}",
            self.log()
        );
    }

    /// Starts another on the files of the one that ended.
    ///
    /// # Panics
    /// Where it is not ready in time.
    pub fn start_again(&mut self) {
        let log = self.directory().join("crossgate.log");
        let log = File::options().append(true).open(log).unwrap();
        self.child = self.setup.run(log, &[]);
        self.wait_until_ready();
    }

    /// Sends SIGTERM and waits for the end.
    ///
    /// # Panics
    /// Where it does not end in time.
    #[must_use]
    pub fn stop(mut self) -> Stopped {
        self.terminate();
        self.wait()
    }

    /// Waits for the end of a gateway that was told to end.
    ///
    /// # Panics
    /// Where it does not end in time.
    #[must_use]
    pub fn wait(&mut self) -> Stopped {
        let status = wait_for("end of the gateway", STOP_LIMIT, || {
            self.child.try_wait().unwrap()
        });
        Stopped {
            status,
            events: self.events(),
            log: self.log(),
        }
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.id()).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn write_policy(directory: &Path, path: &str, text: &str) {
    let path = directory.join("policy").join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    replace(&path, text);
}

/// Writes beside the file and renames: a reader sees the old text or the new, never half of one.
fn replace(path: &Path, text: &str) {
    // A name that no loader takes for a document.
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, path).unwrap();
}

/// A debug build on a busy machine takes its time.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Longer than any `shutdown.drain` a test sets.
const STOP_LIMIT: Duration = Duration::from_secs(60);
