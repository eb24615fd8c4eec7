//! `crossgate verify-receipts`: recorded decisions are made again, from what their events kept and by the policy of then.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use crossgate_insight::event::Event;
use crossgate_insight::verify::{Policy, Verdict as Verified, verify};
use serde::Serialize;

use super::ending::{Failure, Verdict};
use super::events::{Place, each_line};
use super::form::{Form, Output};
use crate::load::Past;
use crate::sign_ins::called_apps;

/// What to verify, and by which policies.
#[derive(Debug, Args)]
pub(super) struct VerifyReceiptsArgs {
    /// Files of sign-in events; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The configuration of then, to the letter: its text is a part of the name of a policy.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    config: PathBuf,
    /// A policy directory of then; may be given several times. Without it, what the configuration names: a directory as it is now, or
    /// a store with all that it has been.
    #[arg(long, value_name = "DIR")]
    policy: Vec<PathBuf>,
    /// Events whose policy is not at hand are no fault.
    #[arg(long)]
    allow_missing_policy: bool,
    /// Events without a receipt are no fault.
    #[arg(long)]
    allow_missing_receipt: bool,
    #[command(flatten)]
    output: Output,
}

/// Verifies. Bad where an answer differs, or could not be found.
pub(super) fn run(args: &VerifyReceiptsArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let mut past = Past::read(&args.config, &args.policy)?;
    let apps = Arc::new(called_apps(past.settings()));
    let mut sums = Sums::default();
    let mut told: Vec<Told> = Vec::new();
    each_line(&args.files, |place, line| {
        let event = match Event::read(line) {
            Ok(event) => event,
            Err(why) => {
                sums.unreadable += 1;
                let told_of = Told::new(place, "", 0, Verified::Broken { why });
                return report(args, out, told_of, &mut told);
            }
        };
        let mut failed = None;
        let verdict = verify(&event, |name| match past.named(name) {
            Ok(snapshot) => snapshot.map(|snapshot| Policy {
                snapshot,
                apps: Arc::clone(&apps),
            }),
            Err(faults) => {
                failed = Some(faults);
                None
            }
        });
        if let Some(faults) = failed {
            return Err(faults.into());
        }
        sums.count(&event, &verdict);
        match verdict {
            Verified::Differs { .. } | Verified::Broken { .. } => {
                let told_of = Told::new(place, &event.id, event.count(), verdict);
                report(args, out, told_of, &mut told)
            }
            Verified::Same | Verified::Undecided | Verified::NoReceipt | Verified::NoPolicy => {
                Ok(())
            }
        }
    })?;
    match args.output.form {
        Form::Text => sums.tell(out)?,
        Form::Json => {
            serde_json::to_writer_pretty(
                &mut *out,
                &Report {
                    sums: &sums,
                    different: &told,
                },
            )
            .map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
    }
    let missing_policy = !sums.missing_policies.is_empty() && !args.allow_missing_policy;
    let missing_receipt = sums.without_receipt.events > 0 && !args.allow_missing_receipt;
    let wrong = sums.different.events + sums.broken.events > 0 || sums.unreadable > 0;
    Ok(if wrong || missing_policy || missing_receipt {
        Verdict::Bad
    } else {
        Verdict::Good
    })
}

/// Tells of an event at once, or keeps it for the end.
fn report(
    args: &VerifyReceiptsArgs,
    out: &mut impl Write,
    told: Told,
    kept: &mut Vec<Told>,
) -> Result<(), Failure> {
    match args.output.form {
        Form::Json => kept.push(told),
        Form::Text => match &told.verdict {
            Verified::Differs { differences } => {
                let told_of = differences.iter().map(|difference| {
                    let (member, was) = (difference.member, &difference.recorded);
                    format!(
                        "{member}: recorded `{was}`, decided `{}`",
                        difference.decided
                    )
                });
                let told_of: Vec<String> = told_of.collect();
                writeln!(
                    out,
                    "{}: event {}: {}",
                    told.place,
                    told.event,
                    told_of.join("; ")
                )?;
            }
            Verified::Broken { why } => writeln!(out, "{}: {why}", told.place)?,
            Verified::Same | Verified::Undecided | Verified::NoReceipt | Verified::NoPolicy => {}
        },
    }
    Ok(())
}

/// One event that is not as it was recorded.
#[derive(Serialize)]
struct Told {
    place: String,
    event: String,
    requests: u64,
    #[serde(flatten)]
    verdict: Verified,
}

impl Told {
    fn new(place: Place<'_>, event: &str, requests: u64, verdict: Verified) -> Self {
        Self {
            place: place.to_string(),
            event: event.to_owned(),
            requests,
            verdict,
        }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    sums: &'a Sums,
    different: &'a [Told],
}

/// Events, and the requests that they stand for.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Sum {
    events: u64,
    requests: u64,
}

impl Sum {
    fn add(&mut self, event: &Event<'_>) {
        self.events += 1;
        self.requests += event.count();
    }
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sums {
    same: Sum,
    #[serde(rename = "differentSum")]
    different: Sum,
    broken: Sum,
    without_receipt: Sum,
    without_decision: Sum,
    unreadable: u64,
    /// By the names of the policies.
    missing_policies: BTreeMap<String, Sum>,
    #[serde(skip)]
    policies: HashMap<String, u64>,
}

impl Sums {
    fn count(&mut self, event: &Event<'_>, verdict: &Verified) {
        let sum = match verdict {
            Verified::Same => {
                *self
                    .policies
                    .entry(event.snapshot().to_owned())
                    .or_default() += 1;
                &mut self.same
            }
            Verified::Differs { .. } => &mut self.different,
            Verified::Broken { .. } => &mut self.broken,
            Verified::NoReceipt => &mut self.without_receipt,
            Verified::Undecided => &mut self.without_decision,
            Verified::NoPolicy => {
                let name = event.snapshot().to_owned();
                self.missing_policies.entry(name).or_default()
            }
        };
        sum.add(event);
    }

    fn tell(&self, out: &mut impl Write) -> std::io::Result<()> {
        for (name, sum) in &self.missing_policies {
            writeln!(
                out,
                "policy {name}: not at hand; {} not verified: give its directory with `--policy`, and its configuration with \
                 `--config`",
                told(*sum)
            )?;
        }
        writeln!(
            out,
            "the same answer: {}, by {}",
            told(self.same),
            counted(self.policies.len() as u64, "policy", "policies")
        )?;
        for (what, sum) in [
            ("another answer", self.different),
            ("cannot be decided", self.broken),
            ("without a receipt", self.without_receipt),
            ("without a decision", self.without_decision),
        ] {
            if sum.events > 0 {
                writeln!(out, "{what}: {}", told(sum))?;
            }
        }
        if self.unreadable > 0 {
            writeln!(
                out,
                "not read: {}",
                counted(self.unreadable, "line", "lines")
            )?;
        }
        Ok(())
    }
}

fn told(Sum { events, requests }: Sum) -> String {
    format!(
        "{} ({})",
        counted(events, "event", "events"),
        counted(requests, "request", "requests")
    )
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
