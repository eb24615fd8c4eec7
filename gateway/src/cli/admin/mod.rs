//! `crossgate admin`: the two secrets that work where no administrator can sign in.

mod bootstrap;
mod break_glass;

use std::io::Write;

use clap::{Args, Subcommand};

use super::ending::{Failure, Verdict};

/// Which secret to draw.
#[derive(Debug, Args)]
pub(super) struct AdminArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draw a new secret that gives somebody the first role, where nobody can manage roles.
    Bootstrap(bootstrap::BootstrapArgs),
    /// Draw a new break-glass secret, and write what is kept of it to a file.
    BreakGlass(break_glass::BreakGlassArgs),
}

/// Draws it.
pub(super) fn run(args: &AdminArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    match &args.command {
        Command::Bootstrap(args) => bootstrap::run(args, out),
        Command::BreakGlass(args) => break_glass::run(args, out),
    }
}
