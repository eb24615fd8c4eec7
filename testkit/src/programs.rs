//! Programs the tests need from the machine, and how one runs.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The program's path, or a stop that says what to install: a test that cannot run has not passed.
///
/// # Panics
/// Where no such program is on the path.
#[must_use]
pub fn require(program: &str, package: &str) -> PathBuf {
    std::env::var_os("PATH")
        .iter()
        .flat_map(std::env::split_paths)
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("`{program}` is missing: install the Debian package `{package}`"))
}

/// Runs a program to its end with `input`, and answers what it wrote, whether it succeeded or not.
///
/// # Panics
/// Where it cannot be started.
#[must_use]
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    use std::io::Write as _;

    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A program that reads nothing closes the pipe; that is no fault of the test.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

/// Waits until `probe` answers something, and answers that.
///
/// # Panics
/// Where it has not after `limit`; the message says what was awaited.
pub fn wait_for<T>(what: &str, limit: Duration, probe: impl FnMut() -> Option<T>) -> T {
    wait_up_to(limit, probe)
        .unwrap_or_else(|| panic!("{what}: not within {} s", limit.as_secs_f32()))
}

/// Waits until `probe` answers something; `None` where it has not after `limit`.
pub fn wait_up_to<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        let found = probe();
        if found.is_some() || Instant::now() >= deadline {
            return found;
        }
        std::thread::sleep(POLL);
    }
}

/// Short against anything a person or a test would notice, long against the cost of asking.
const POLL: Duration = Duration::from_millis(20);
