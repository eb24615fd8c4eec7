//! `crossgate policy`: the documents of a store, in and out, and their history.

mod backup;
mod diff;
mod export;
mod history;
mod import;
mod restore;
mod show;

use std::io::Write;

use clap::{Args, Subcommand};

use super::ending::{Failure, Verdict};

/// What to do with the policy of a store.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the store's policy what a directory says, in one change.
    Import(import::ImportArgs),
    /// Write the store's policy as a directory.
    Export(export::ExportArgs),
    /// Tell in what a directory and the store differ, or two states of the store.
    Diff(diff::DiffArgs),
    /// List changes, the latest first.
    History(history::HistoryArgs),
    /// Print a document.
    Show(show::ShowArgs),
    /// Bring a document, or the whole policy, back to what it was.
    Restore(restore::RestoreArgs),
    /// Copy the store to a new file, while it is in use.
    Backup(backup::BackupArgs),
}

/// Does it.
pub(super) fn run(args: &PolicyArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    match &args.command {
        Command::Import(args) => import::run(args, out),
        Command::Export(args) => export::run(args, out),
        Command::Diff(args) => diff::run(args, out),
        Command::History(args) => history::run(args, out),
        Command::Show(args) => show::run(args, out),
        Command::Restore(args) => restore::run(args, out),
        Command::Backup(args) => backup::run(args, out),
    }
}

/// "1 document", "2 documents".
fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
