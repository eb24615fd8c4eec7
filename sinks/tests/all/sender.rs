//! The process that sends: killed in the middle, and on a disk that is full.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crossgate_config::{Form, OtlpProtocol};
use crossgate_testkit::receiver::Python;
use tempfile::tempdir;

use crate::kit::{self, Line, first_arrivals, lines, settings};

/// Not a test by itself: the others start it as a process, and kill it.
#[test]
#[ignore = "is started by others"]
fn a_sender_process() {
    let variable = |name: &str| std::env::var(format!("SENDER_{name}"));
    let Ok(address) = variable("ADDRESS") else {
        return;
    };
    let spool = variable("SPOOL").unwrap();
    let number = |name: &str| variable(name).unwrap().parse::<u64>().unwrap();
    let (mut next, last) = (number("FROM"), number("TO"));
    let receiver = kit::otlp(OtlpProtocol::Http, address);
    let mut settings = settings(receiver, Form::Graph, Path::new(&spool));
    // Soon sent again where the receiver stands still.
    settings.timeout = Duration::from_secs(1);
    let mut line = Line::open("sender", &settings);
    let before = line.sink.status().events();
    let mut given = 0;
    while next <= last {
        let end = (next + 20).min(last + 1);
        let bytes = lines(next..end);
        let mut rest = &bytes[..];
        while let Err(failed) = line.sink.append(rest) {
            println!("full: {}", failed.error);
            rest = &rest[failed.written..];
            std::thread::sleep(Duration::from_millis(20));
        }
        given += end - next;
        next = end;
        println!("taken: {}", next - 1);
        std::thread::sleep(Duration::from_millis(2));
    }
    line.wait_until_empty(Duration::from_secs(60));
    let done = line.counted.delivered() + line.counted.rejected() + line.counted.lost();
    // What was there before and what came are all of it; another stream's may have been found later.
    assert_eq!(done, before + given);
    println!("empty");
}

/// Starts it. `within` is put before the command.
fn sender(within: &[&str], address: &str, spool: &Path, numbers: [u64; 2]) -> Child {
    let this = std::env::current_exe().unwrap();
    let arguments = [
        "--exact",
        "sender::a_sender_process",
        "--ignored",
        "--nocapture",
    ];
    let mut command = match within {
        [] => Command::new(&this),
        [program, before @ ..] => {
            let mut command = Command::new(program);
            command.args(before).arg(&this);
            command
        }
    };
    command
        .args(arguments)
        .env("SENDER_ADDRESS", address)
        .env("SENDER_SPOOL", spool)
        .env("SENDER_FROM", numbers[0].to_string())
        .env("SENDER_TO", numbers[1].to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The next line of its output that begins with one of these words.
fn told(output: &mut impl std::io::BufRead, words: &[&str]) -> Option<String> {
    let mut lines = output.lines().map_while(Result::ok);
    // The harness begins its line before the test writes.
    lines.find_map(|line| {
        let at = words.iter().find_map(|word| line.find(word))?;
        Some(line[at..].to_owned())
    })
}

#[test]
fn a_sender_that_is_killed_again_and_again_loses_nothing_that_it_had_taken() {
    let folder = tempdir().unwrap();
    let spool = folder.path().join("spool");
    let python = Python::start(false);
    let address = format!("http://{}/v1/logs", python.http());
    let mut taken = 0;
    for round in 1..=5_u64 {
        let mut child = sender(&[], &address, &spool, [taken + 1, u64::MAX / 2]);
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let enough = taken + 200 * round;
        while taken < enough {
            let line = told(&mut output, &["taken: "]).unwrap();
            taken = line["taken: ".len()..].parse().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it was killed counts.
        while let Some(line) = told(&mut output, &["taken: "]) {
            taken = line["taken: ".len()..].trim().parse().unwrap_or(taken);
        }
    }
    let last = taken + 100;
    let mut child = sender(&[], &address, &spool, [taken + 1, last]);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    assert!(told(&mut output, &["empty"]).is_some());
    assert!(child.wait().unwrap().success());
    let arrived = first_arrivals(&python.received("otlp-http"));
    assert_eq!(arrived.len() as u64, last, "{taken}");
    assert!(arrived.into_iter().eq(1..=last));
}

#[test]
fn a_disk_that_is_full_takes_no_more_and_everything_is_delivered_when_the_receiver_is_back() {
    let folder = tempdir().unwrap();
    let spool = folder.path().join("spool");
    std::fs::create_dir(&spool).unwrap();
    let python = Python::start(false);
    let address = format!("http://{}/v1/logs", python.http());
    python.program.halt();
    // A disk of its own, of a megabyte, which is gone with the process.
    let script = "mount -t tmpfs -o size=1m none \"$SENDER_SPOOL\" && exec \"$0\" \"$@\"";
    let within = ["unshare", "--map-root-user", "--mount", "sh", "-c", script];
    let mut child = sender(&within, &address, &spool, [1, 3_000]);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let full = told(&mut output, &["full: ", "empty"]).unwrap();
    assert!(full.contains("No space left"), "{full}");
    python.program.go_on();
    assert!(told(&mut output, &["empty"]).is_some());
    assert!(child.wait().unwrap().success());
    let arrived = first_arrivals(&python.received("otlp-http"));
    assert!(arrived.into_iter().eq(1..=3_000));
}
