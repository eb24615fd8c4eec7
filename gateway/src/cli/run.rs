//! `crossgate run`: serves until a signal ends it.

use std::io::{self, Write as _};
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

/// Serves. Answers 0 after an orderly end, and 1 where it cannot start or has crashed.
#[must_use]
pub fn run(args: RunArgs) -> ExitCode {
    let RunArgs { config, upgrade } = args;
    let ended = logs::start()
        .map_err(|fault| format!("not started: {fault}"))
        .and_then(|()| app::run(&config, upgrade).map_err(|error| told(&error)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(told) => {
            // Nobody is left to be told where this fails.
            let _ = writeln!(io::stderr(), "crossgate: {told}");
            ExitCode::FAILURE
        }
    }
}

fn told(error: &StartError) -> String {
    match error {
        StartError::Faults(faults) => {
            let count = faults.0.len();
            let word = if count == 1 { "fault" } else { "faults" };
            format!("not started: {count} {word}\n{faults}")
        }
        StartError::Crashed(_) | StartError::Unwritten(_) | StartError::WriterPanicked => {
            error.to_string()
        }
        StartError::Metrics(_)
        | StartError::SignInStore(_)
        | StartError::SignIns(_)
        | StartError::Signer(_)
        | StartError::NoRandom
        | StartError::Certificates(_)
        | StartError::Tls(_)
        | StartError::Address { .. }
        | StartError::Fetch(_)
        | StartError::Store(_)
        | StartError::People(_)
        | StartError::System { .. } => format!("not started: {error}"),
    }
}
