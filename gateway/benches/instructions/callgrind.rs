//! Runs a measure under callgrind and reads what it wrote.

use std::collections::BTreeMap;
use std::process::Command;

use super::budget::Count;
use super::measures::{COUNTED, Measure};

/// Counts the instructions of one round of this measure.
pub fn count(measure: &Measure) -> Count {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("profile");
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .args([
            "--compress-strings=no",
            "--compress-pos=no",
            "--error-exitcode=3",
        ])
        .arg(std::env::current_exe().unwrap())
        .args(["measure", measure.name])
        // A backtrace, a log level or an option of the allocator would be counted with the rest.
        .env_clear()
        .env("TMPDIR", std::env::temp_dir())
        .output()
        .expect("valgrind is installed");
    assert!(
        output.status.success(),
        "{}: {}",
        measure.name,
        String::from_utf8_lossy(&output.stderr)
    );
    let profile = std::fs::read_to_string(profile).unwrap();
    let functions = read(&profile);
    let instructions = functions.values().sum::<u64>() / measure.rounds;
    assert!(instructions > 0, "{}: nothing was counted", measure.name);
    Count::new(instructions, functions, measure.rounds)
}

/// Instructions by function, each without those of the functions it calls.
fn read(profile: &str) -> BTreeMap<String, u64> {
    let mut functions = BTreeMap::<String, u64>::new();
    let mut current = String::new();
    let mut lines = profile.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("fn=") {
            current = plain(name);
        } else if line.starts_with("calls=") {
            // What the called function cost altogether, which stands at its own place too.
            lines.next();
        } else if line.starts_with(|sign: char| sign.is_ascii_digit()) {
            let cost = line.split(' ').nth(1).and_then(|cost| cost.parse().ok());
            *functions.entry(current.clone()).or_default() += cost.unwrap_or(0);
        }
    }
    functions
}

/// The name without what differs between two builds of the same code.
fn plain(name: &str) -> String {
    let name = name.split('\'').next().unwrap_or(name);
    match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 => path.to_owned(),
        _ => name.to_owned(),
    }
}
