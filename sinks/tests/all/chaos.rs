//! Receivers that are killed, halted, restarted and full, in turn and together, while events come all the time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use crossgate_config::Form;
use crossgate_testkit::receiver::{Nats, Program, Python, Received, Rsyslog};
use tempfile::tempdir;

use crate::kit::{self, Line, first_arrivals, lines, settings};

#[test]
fn receivers_in_trouble_in_turn_and_together_get_every_event_at_least_once_and_in_order() {
    chaos(1);
}

#[test]
#[ignore = "twenty rounds take minutes: scripts/test-slow"]
fn receivers_in_trouble_for_minutes_get_every_event_at_least_once_and_in_order() {
    chaos(20);
}

/// The receivers: each Python program serves one of its three kinds, so that each is in trouble of its own.
struct Receivers {
    nats: Nats,
    rsyslog: Rsyslog,
    grpc: Python,
    http: Python,
    ingestion: Python,
}

impl Receivers {
    fn programs(&mut self) -> [&mut Program; 5] {
        [
            &mut self.nats.program,
            &mut self.rsyslog.program,
            &mut self.grpc.program,
            &mut self.http.program,
            &mut self.ingestion.program,
        ]
    }

    fn received(&self) -> [Vec<Received>; 5] {
        [
            self.nats.received(),
            self.rsyslog.received(),
            self.grpc.received("otlp-grpc"),
            self.http.received("otlp-http"),
            self.ingestion.received("http"),
        ]
    }
}

fn chaos(rounds: u32) {
    let folder = tempdir().unwrap();
    let mut receivers = Receivers {
        nats: Nats::start(),
        rsyslog: Rsyslog::start(),
        grpc: Python::start(false),
        http: Python::start(false),
        ingestion: Python::start(false),
    };
    let kinds = [
        ("nats", kit::nats(&receivers.nats), Form::Graph),
        ("syslog", kit::syslog(&receivers.rsyslog), Form::Ocsf),
        ("otlp-grpc", kit::otlp_grpc(&receivers.grpc), Form::Asim),
        ("otlp-http", kit::otlp_http(&receivers.http), Form::Graph),
        (
            "http",
            kit::ingestion(&receivers.ingestion, "http", folder.path()),
            Form::Entra,
        ),
    ];
    let mut sinks = kinds.map(|(name, receiver, form)| {
        let mut settings = settings(receiver, form, &folder.path().join(name));
        // Full whenever the receiver is away for two seconds.
        settings.spool_size = 1 << 20;
        settings.timeout = TIMEOUT;
        Line::open(name, &settings)
    });
    let over = AtomicBool::new(false);
    let written = std::thread::scope(|scope| {
        let writers = sinks
            .each_mut()
            .map(|line| scope.spawn(|| write_until(&over, line)));
        for _ in 0..rounds {
            trouble(&mut receivers);
        }
        over.store(true, Ordering::Relaxed);
        writers.map(|writer| writer.join().unwrap())
    });
    for line in &sinks {
        line.wait_until_empty(Duration::from_secs(120));
    }
    for ((line, written), received) in sinks.iter().zip(written).zip(receivers.received()) {
        let Written { events, full } = written;
        let name = line.name;
        let arrived = first_arrivals(&received);
        eprintln!(
            "{name}: {events} events, {} received, full {full} times, {:?}",
            received.len(),
            line.counted
        );
        assert_eq!(arrived.len() as u64, events, "{name}: events are missing");
        assert!(
            arrived.iter().copied().eq(1..=events),
            "{name}: not in order"
        );
        assert_eq!(line.counted.delivered(), events, "{name}");
        assert_eq!(
            (line.counted.rejected(), line.counted.lost()),
            (0, 0),
            "{name}"
        );
        assert!(line.counted.failed() > 0, "{name} was never in trouble");
        assert_eq!(line.sink.status().oldest(), None, "{name}");
    }
}

/// Some seconds of it.
fn trouble(receivers: &mut Receivers) {
    for number in 0..5 {
        let [a, b, c, d, e] = receivers.programs();
        let program = [a, b, c, d, e].into_iter().nth(number).unwrap();
        sleep(Duration::from_millis(200));
        program.kill();
        sleep(Duration::from_millis(300));
        program.start_again();
        sleep(Duration::from_millis(200));
        program.halt();
        sleep(TIMEOUT + Duration::from_millis(500));
        program.go_on();
    }
    for program in receivers.programs() {
        program.halt();
    }
    sleep(Duration::from_millis(2_500));
    for program in receivers.programs() {
        program.kill();
    }
    sleep(Duration::from_millis(500));
    for program in receivers.programs() {
        program.start_again();
    }
    sleep(Duration::from_millis(1_000));
}

/// Shorter than a receiver is halted for.
const TIMEOUT: Duration = Duration::from_secs(1);

struct Written {
    events: u64,
    /// How often the spool had no room.
    full: u64,
}

/// Writes as the gateway's writer does: what is not taken is given again.
fn write_until(over: &AtomicBool, line: &mut Line) -> Written {
    let mut written = Written { events: 0, full: 0 };
    while !over.load(Ordering::Relaxed) {
        let next = written.events + 1;
        let bytes = lines(next..next + 20);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            match line.sink.append(rest) {
                Ok(()) => break,
                Err(failed) => {
                    written.full += 1;
                    rest = &rest[failed.written..];
                    sleep(Duration::from_millis(50));
                }
            }
        }
        written.events += 20;
        sleep(Duration::from_millis(15));
    }
    written
}
