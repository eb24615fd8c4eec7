//! How a command ends, and what the shell hears of it.

use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use crate::load::Faults;

/// What a command found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// What was asked about is good.
    Good,
    /// It is bad, and the output says so.
    Bad,
}

/// Why a command has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Configuration or policy has faults.
    #[error(transparent)]
    Faults(#[from] Faults),
    /// Something else that the command needs is wrong.
    #[error("{0}")]
    Unusable(String),
    /// The answer could not be written.
    #[error("standard output cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// The exit code, after telling what went wrong.
pub(super) fn exit(ending: Result<Verdict, Failure>) -> ExitCode {
    match ending {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Bad) => ExitCode::FAILURE,
        // Whoever reads has seen enough, as `head` does.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to be told where this fails.
            let _ = writeln!(io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}
