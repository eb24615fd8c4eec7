//! `crossgate run`: serves until a signal ends it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::app::{self, StartError};
use crate::logs;

/// How to serve.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    pub config: PathBuf,
    /// Take the listening sockets over from the process that serves now, when it gets SIGQUIT.
    #[arg(long)]
    pub upgrade: bool,
}

/// Serves. Answers 0 after an orderly end, and 1 where it cannot start.
#[must_use]
pub fn run(args: RunArgs) -> ExitCode {
    let RunArgs { config, upgrade } = args;
    if let Err(error) = logs::start() {
        eprintln!("crossgate: {error}");
        return ExitCode::from(2);
    }
    match app::run(&config, upgrade) {
        Ok(()) => ExitCode::SUCCESS,
        Err(StartError::Faults(faults)) => {
            eprintln!("{faults}");
            let count = faults.0.len();
            let word = if count == 1 { "fault" } else { "faults" };
            eprintln!("crossgate: not started: {count} {word}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("crossgate: not started: {error}");
            ExitCode::FAILURE
        }
    }
}
