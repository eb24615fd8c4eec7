//! `crossgate run`: serves.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

/// How to serve.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    pub config: PathBuf,
    /// Take the listening sockets over from the process that serves now.
    #[arg(long)]
    pub upgrade: bool,
}

/// Serves until told to stop.
#[must_use]
pub fn run(_args: RunArgs) -> ExitCode {
    ExitCode::FAILURE
}
