//! `crossgate replay`: recorded sign-ins under a draft of the policy, before it is switched on.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use clap::{Args, ValueEnum};
use crossgate_config::Purpose;
use crossgate_insight::event::Event;
use crossgate_insight::replay::{Against, Key, Replay, Row, Rows, Sum, Tally};
use jiff::Timestamp;
use serde::Serialize;

use super::ending::{Failure, Verdict};
use super::events::each_line;
use super::form::{Form, Output};
use crate::load::{self, Loaded};
use crate::sign_ins::called_apps;

/// What to replay, and under which policy.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The draft: a policy directory, with the guests and revocations that are to be there.
    #[arg(long, value_name = "DIR")]
    draft: PathBuf,
    /// Files of sign-in events; `-` is standard input.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    events: Vec<PathBuf>,
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    config: PathBuf,
    /// Only events whose last request came since then: a time before now, such as `30d` or `12h`, or a time of RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// What the draft's answers are held against.
    #[arg(long, value_name = "WHAT", default_value = "recorded")]
    against: Held,
    /// As a gate: more requests that were let in and would be refused than this are bad. So is what could not be decided.
    #[arg(long, value_name = "COUNT")]
    max_new_refusals: Option<u64>,
    /// What could not be decided, such as events without a receipt, does not close the gate.
    #[arg(long)]
    allow_undecided: bool,
    #[command(flatten)]
    output: Output,
}

/// What a draft's answers are held against.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Held {
    /// The answers that were given.
    Recorded,
    /// What the configuration's own policy says now.
    InForce,
}

/// Replays. Bad where the gate closes.
pub(super) fn run(args: &ReplayArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let draft = load::load(&args.config, Purpose::Decide, Some(&args.draft))?;
    let in_force = match args.against {
        Held::Recorded => None,
        Held::InForce => Some(load::load(&args.config, Purpose::Decide, None)?),
    };
    let apps = called_apps(&draft.settings);
    let replay = Replay {
        draft: &draft.snapshot,
        apps: &apps,
        against: in_force
            .as_ref()
            .map_or(Against::Recorded, |loaded: &Loaded| {
                Against::Policy(&loaded.snapshot)
            }),
    };
    let tally = replayed(args, &replay)?;
    let undecided = tally.not_decided();
    let closed = args.max_new_refusals.is_some_and(|most| {
        tally.loses.sum.requests > most || (undecided.events > 0 && !args.allow_undecided)
    });
    match args.output.form {
        Form::Text => tell(args, &tally, out)?,
        Form::Json => {
            let report = Report {
                tally: &tally,
                not_decided: undecided,
                good: !closed,
            };
            serde_json::to_writer_pretty(&mut *out, &report).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(if closed { Verdict::Bad } else { Verdict::Good })
}

/// Reads on this thread, decides on others.
fn replayed(args: &ReplayArgs, replay: &Replay<'_>) -> Result<Tally, Failure> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (give, taken) = sync_channel::<Vec<Vec<u8>>>(2 * threads);
    let taken = Mutex::new(taken);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| worked(replay, args.since, &taken)))
            .collect();
        let mut batch = Vec::with_capacity(BATCH);
        let read = each_line(&args.events, |_, line| {
            batch.push(line.to_vec());
            if batch.len() == BATCH {
                // Workers are there until this end is let go of.
                let _ = give.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
            }
            Ok(())
        });
        let _ = give.send(batch);
        drop(give);
        let mut tally = Tally::default();
        for worker in workers {
            match worker.join() {
                Ok(of_worker) => tally.merge(of_worker),
                Err(panicked) => std::panic::resume_unwind(panicked),
            }
        }
        read.map(|()| tally)
    })
}

fn worked(
    replay: &Replay<'_>,
    since: Option<Timestamp>,
    taken: &Mutex<Receiver<Vec<Vec<u8>>>>,
) -> Tally {
    let mut tally = Tally::default();
    loop {
        let batch = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else {
            return tally;
        };
        for line in batch {
            let Ok(event) = Event::read(&line) else {
                tally.unreadable += 1;
                continue;
            };
            let is_old = since.is_some_and(|since| event.last_seen().is_some_and(|at| at < since));
            if !is_old {
                replay.take(&event, &mut tally);
            }
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    good: bool,
    not_decided: Sum,
    #[serde(flatten)]
    tally: &'a Tally,
}

fn tell(args: &ReplayArgs, tally: &Tally, out: &mut impl Write) -> io::Result<()> {
    rows("would lose access", &tally.loses, out)?;
    rows("would gain access", &tally.gains, out)?;
    writeln!(
        out,
        "decided again: {}; as before: {}; refused as before, for another reason: {}",
        told(tally.decided),
        told(tally.same),
        told(tally.otherwise),
    )?;
    if tally.report_only.events > 0 {
        writeln!(
            out,
            "of those who would lose access, let pass all the same, for their app is in report-only mode: {}",
            told(tally.report_only)
        )?;
    }
    if tally.no_say.events > 0 {
        writeln!(
            out,
            "policy has no say (no usable token, or nothing decided): {}",
            told(tally.no_say)
        )?;
    }
    for ((tenant, app), sum) in &tally.without_receipt {
        writeln!(
            out,
            "not decided, without a receipt: {tenant}, {app}: {}",
            told(*sum)
        )?;
    }
    for (what, sum) in [
        ("not decided, no such app is configured", tally.no_app),
        ("not decided, the receipt cannot be read", tally.undecidable),
    ] {
        if sum.events > 0 {
            writeln!(out, "{what}: {}", told(sum))?;
        }
    }
    if tally.unreadable > 0 {
        writeln!(
            out,
            "not decided, no sign-in events: {} lines",
            tally.unreadable
        )?;
    }
    let undecided = tally.not_decided().events > 0 && !args.allow_undecided;
    if let Some(most) = args.max_new_refusals {
        let refused = tally.loses.sum.requests;
        if refused > most {
            writeln!(
                out,
                "bad: {refused} new refusals, and at most {most} may be"
            )?;
        } else if undecided {
            writeln!(
                out,
                "bad: {refused} new refusals are known, and not everything could be decided; `--allow-undecided` takes that for good"
            )?;
        } else {
            writeln!(out, "good: {refused} new refusals, and {most} may be")?;
        }
    }
    Ok(())
}

fn rows(what: &str, rows: &Rows, out: &mut impl Write) -> io::Result<()> {
    if rows.rows.is_empty() {
        return writeln!(out, "{what}: nobody");
    }
    writeln!(out, "{what}: {}", told(rows.sum))?;
    for (Key { tenant, app, user }, Row { sum, sample }) in &rows.rows {
        writeln!(out, "  {tenant}  {app}  {user}: {}", told(*sum))?;
        write!(
            out,
            "    such as {} at {}: {} -> {}",
            sample.event, sample.time, sample.before, sample.after
        )?;
        if let Some(change) = &sample.change {
            write!(out, "; {change}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn told(Sum { events, requests }: Sum) -> String {
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    format!(
        "{requests} request{} in {events} event{}",
        plural(requests),
        plural(events)
    )
}

/// A time before now, or a time.
fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let expected = || {
        format!("`{text}` is no time; expected one such as `30d`, `12h` or `2026-01-01T00:00:00Z`")
    };
    let span: jiff::Span = text.parse().map_err(|_| expected())?;
    let now = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let at = now.checked_sub(span.abs()).map_err(|_| expected())?;
    Ok(at.timestamp())
}

/// Events that are given to a worker at a time.
const BATCH: usize = 256;
