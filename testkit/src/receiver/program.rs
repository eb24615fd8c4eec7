//! A program that can be killed, halted and started again.

use crate::programs::wait_up_to;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A program and how it is started. Ends when dropped.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<String>,
    address: SocketAddr,
    log: PathBuf,
    child: Option<Child>,
}

impl Program {
    /// Starts it, and waits until it takes connections.
    pub(super) fn start(
        path: PathBuf,
        arguments: Vec<String>,
        address: SocketAddr,
        directory: &Path,
    ) -> Self {
        let mut program = Self {
            path,
            arguments,
            address,
            log: directory.join("log"),
            child: None,
        };
        program.start_again();
        program
    }

    /// Starts it after it was killed.
    ///
    /// # Panics
    /// Where it does not come up; the message holds what it wrote.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "{} runs", self.path.display());
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .unwrap();
        let child = Command::new(&self.path)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let child = self.child.insert(child);
        let up = wait_up_to(START_LIMIT, || {
            let ended = child.try_wait().unwrap().is_some();
            let up = TcpStream::connect(self.address).is_ok();
            (ended || up).then_some(up && !ended)
        });
        assert_eq!(up, Some(true), "{}: {}", self.path.display(), self.log());
    }

    /// Ends it as a power cut would.
    ///
    /// # Panics
    /// Where it has ended by itself.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended by itself: {}",
            self.log()
        );
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Has it stand still, with its connections open.
    pub fn halt(&self) {
        self.signal(Signal::STOP);
    }

    /// Has it go on.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// What it wrote to its output.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.as_ref().unwrap().id();
        kill_process(Pid::from_raw(i32::try_from(id).unwrap()).unwrap(), signal).unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

const START_LIMIT: Duration = Duration::from_secs(30);
