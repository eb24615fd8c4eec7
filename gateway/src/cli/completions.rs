//! `crossgate completions`: what a shell needs to complete our command line.

use std::io::Write;

use clap::Args;
use clap_complete::Shell;

use super::ending::{Failure, Verdict};

/// For which shell.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(args: &CompletionsArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    // The generator panics where it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "crossgate", &mut script);
    out.write_all(&script)?;
    Ok(Verdict::Good)
}
