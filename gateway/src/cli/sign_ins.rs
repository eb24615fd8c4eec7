//! `crossgate sign-ins`: the log of sign-ins, taken out.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use crossgate_config::Purpose;
use crossgate_insight::sign_ins::{Answer, Condition, End, Query};
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
    let mut query = Query {
        from: args.since.map(Timestamp::as_millisecond),
        // What comes meanwhile is not waited for.
        to: Some(args.until.unwrap_or_else(Timestamp::now).as_millisecond() - 1),
        descending: false,
        after: None,
        condition: Condition::Unknown,
        patience: None,
    };
    let mut lines = Vec::new();
    loop {
        lines.clear();
        let mut last = None;
        let end = store.walk(&query, &mut |found| {
            lines.extend_from_slice(found.line.as_bytes());
            lines.push(b'\n');
            last = Some(found.position);
            if lines.len() < AT_ONCE {
                Answer::Hit
            } else {
                Answer::Enough
            }
        });
        let end = end.map_err(activity::unusable)?;
        // The log is not held meanwhile: what is read could not be cleared up, and whoever reads this may be slow.
        out.write_all(&lines)?;
        if end == End::All {
            break;
        }
        query.after = last;
    }
    out.flush()?;
    Ok(Verdict::Good)
}

/// Bytes that are written at once.
const AT_ONCE: usize = 1 << 20;
