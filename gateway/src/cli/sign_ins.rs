//! `crossgate sign-ins`: the log of sign-ins, taken out.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use crossgate_config::Purpose;
use crossgate_insight::sign_ins::{Answer, Condition, Query};
use jiff::Timestamp;

use super::activity::{self, since};
use super::ending::{Failure, Verdict};
use crate::load;

/// What to do with the log.
#[derive(Debug, Args)]
pub(super) struct SignInsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write events as JSON lines, the oldest first, while a gateway keeps others.
    Export(ExportArgs),
}

#[derive(Debug, Args)]
struct ExportArgs {
    /// The configuration, whose `store` under `[sign_ins]` has the events.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    config: PathBuf,
    /// Only since then: a time, a day, or so long ago (`30d`, `12h`).
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// Only until before then: now, where nothing is said.
    #[arg(long, value_name = "TIME", value_parser = since)]
    until: Option<Timestamp>,
}

/// Does it.
pub(super) fn run(args: &SignInsArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let Command::Export(args) = &args.command;
    let settings = load::settings(&args.config, Purpose::Decide)?;
    let store = activity::store(&args.config, &settings)?;
    let query = Query {
        from: args.since.map(Timestamp::as_millisecond),
        // What comes meanwhile is not waited for.
        to: Some(args.until.unwrap_or_else(Timestamp::now).as_millisecond() - 1),
        descending: false,
        after: None,
        condition: Condition::Unknown,
        patience: None,
    };
    let mut failed = None;
    store
        .export(&query, &mut |found| match writeln!(out, "{}", found.line) {
            Ok(()) => Answer::Hit,
            Err(error) => {
                failed = Some(error);
                Answer::Enough
            }
        })
        .map_err(activity::unusable)?;
    failed.map_or(Ok(()), Err)?;
    out.flush()?;
    Ok(Verdict::Good)
}
