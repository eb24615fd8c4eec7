//! The program's commands, one file each: what was typed in, text out, and an exit code.
//!
//! 0: good. 1: what was asked about is bad. 2: used wrongly, which the reader of arguments tells by itself.

mod acceptances;
mod activity;
mod admin;
mod audit;
mod check;
mod completions;
mod decide;
mod ending;
mod events;
mod explain;
mod form;
mod pages;
mod policy;
mod question;
mod record;
mod replay;
pub mod run;
mod sign_ins;
mod store;
mod verify_receipts;
mod version;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Cross-tenant access enforcement at the door of line-of-business apps, on every request.
#[derive(Debug, Parser)]
#[command(name = "crossgate", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve: open the listeners and enforce the policy on every request.
    Run(run::RunArgs),
    /// Check configuration and policy, and tell everything that is wrong.
    Check(check::CheckArgs),
    /// Decide recorded or invented cases without traffic, one JSON object a line.
    Decide(decide::DecideArgs),
    /// Decide recorded sign-ins under a draft of the policy, and tell who would lose and who would gain access.
    Replay(replay::ReplayArgs),
    /// Decide recorded sign-ins again, and tell whether every answer is the one that was given.
    VerifyReceipts(verify_receipts::VerifyReceiptsArgs),
    /// Verify one real token and tell, step by step, what is decided about it.
    Explain(explain::ExplainArgs),
    /// Take the policy of a store in and out, look at its history, and go back in it.
    Policy(policy::PolicyArgs),
    /// Read and verify the audit of a store.
    Audit(audit::AuditArgs),
    /// List who crossed the organisation's border: guests who came, users who went, or sums of them.
    Activity(activity::ActivityArgs),
    /// Take the log of sign-ins out.
    SignIns(sign_ins::SignInsArgs),
    /// List who accepted which terms of use, and when.
    Acceptances(acceptances::AcceptancesArgs),
    /// Write the built-in files of the pages that people see, to begin one's own from.
    Pages(pages::PagesArgs),
    /// Draw the secrets that work where no administrator can sign in.
    Admin(admin::AdminArgs),
    /// Print the version.
    Version,
    /// Print completions for a shell.
    Completions(completions::CompletionsArgs),
}

/// Runs the command that was typed.
#[must_use]
pub fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    match Cli::parse().command {
        Command::Run(args) => {
            // Serving writes sign-in events there, from other threads.
            drop(out);
            run::run(args)
        }
        Command::Check(args) => ending::exit(check::run(&args, &mut out)),
        Command::Decide(args) => ending::exit(decide::run(&args, &mut out)),
        Command::Replay(args) => ending::exit(replay::run(&args, &mut out)),
        Command::VerifyReceipts(args) => ending::exit(verify_receipts::run(&args, &mut out)),
        Command::Explain(args) => ending::exit(explain::run(&args, &mut out)),
        Command::Policy(args) => ending::exit(policy::run(&args, &mut out)),
        Command::Audit(args) => ending::exit(audit::run(&args, &mut out)),
        Command::Activity(args) => ending::exit(activity::run(&args, &mut out)),
        Command::SignIns(args) => ending::exit(sign_ins::run(&args, &mut out)),
        Command::Acceptances(args) => ending::exit(acceptances::run(&args, &mut out)),
        Command::Pages(args) => ending::exit(pages::run(&args, &mut out)),
        Command::Admin(args) => ending::exit(admin::run(&args, &mut out)),
        Command::Version => ending::exit(version::run(&mut out)),
        Command::Completions(args) => ending::exit(completions::run(&args, &mut out)),
    }
}

const EXIT_CODES: &str = "Exit codes: 0 good; 1 what was asked about is bad; 2 used wrongly.";

/// The whole command line, for who completes it.
fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        super::command().debug_assert();
    }
}
