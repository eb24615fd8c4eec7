//! `crossgate policy backup`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use crossgate_control::store::Store as _;

use super::super::ending::{Failure, Verdict};
use super::super::store::Configured;

/// Where to.
#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    #[command(flatten)]
    configured: Configured,
    /// The copy: a file that is not there yet.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Copies.
pub(super) fn run(args: &BackupArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let store = args.configured.site()?.read()?;
    store.backup(&args.file)?;
    writeln!(out, "{}: a copy of the store", args.file.display())?;
    Ok(Verdict::Good)
}
