//! `crossgate audit`: what was done and attempted, and whether the record of it is whole.

use std::io::Write;
use std::ops::ControlFlow;

use clap::{Args, Subcommand};
use crossgate_control::store::{AuditRange, Audited, Noted, Store as _, Verified};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::ending::{Failure, Verdict};
use super::form::{Form, List, Output};
use super::store::Configured;

/// What to do with the audit.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Examine the chain of audit records, and whether every document is as its last change left it.
    Verify(VerifyArgs),
    /// List audit records, the latest first.
    List(ListArgs),
}

#[derive(Debug, Args)]
struct VerifyArgs {
    #[command(flatten)]
    configured: Configured,
    /// A place of the chain that was noted before, as this command prints it: it must be there still.
    #[arg(long, value_name = "SEQUENCE-HASH")]
    noted: Option<Noted>,
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    configured: Configured,
    /// List at most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    output: Output,
}

/// Does it.
pub(super) fn run(args: &AuditArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    match &args.command {
        Command::Verify(args) => verify(args, out),
        Command::List(args) => list(args, out),
    }
}

fn verify(args: &VerifyArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let site = args.configured.site()?;
    let store = site.read()?;
    let Verified { head, documents } = store
        .verify(args.noted)
        .map_err(|error| Failure::Unusable(format!("{}: {error}", site.path.display())))?;
    writeln!(
        out,
        "{}: {} audit records and {documents} documents are in order",
        site.path.display(),
        head.sequence,
    )?;
    writeln!(out, "to be noted elsewhere: {}", head.noted())?;
    Ok(Verdict::Good)
}

fn list(args: &ListArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let store = args.configured.site()?.read()?;
    let range = AuditRange {
        descending: true,
        ..AuditRange::default()
    };
    let mut records = Vec::new();
    store.audits(range, &mut |audited| {
        if records.len() >= args.limit {
            return ControlFlow::Break(());
        }
        records.push(audited);
        ControlFlow::Continue(())
    })?;
    match args.output.form {
        Form::Text => {
            for audited in &records {
                let record = Record::read(audited);
                writeln!(
                    out,
                    "{:>6}  {}  {:<7}  {:<28}  {:<40}  {}",
                    audited.sequence,
                    audited.at,
                    record.result(),
                    record.by(),
                    record.activity(),
                    record.target(),
                )?;
            }
        }
        Form::Json => {
            let mut list = List::new(out);
            for audited in &records {
                list.push(&Listed::of(audited)?)?;
            }
            list.finish()?;
        }
    }
    Ok(Verdict::Good)
}

/// A record as it is stored, beside its place in the chain.
#[derive(Serialize)]
struct Listed<'r> {
    number: u64,
    record: &'r RawValue,
}

impl<'r> Listed<'r> {
    fn of(audited: &'r Audited) -> Result<Self, Failure> {
        let number = audited.sequence;
        let record = serde_json::from_str(&audited.record)
            .map_err(|error| Failure::Unusable(format!("audit record {number}: {error}")))?;
        Ok(Self { number, record })
    }
}

/// What people are told of a record.
pub(super) struct Record(Value);

impl Record {
    /// Of one that cannot be read nothing is told; `audit verify` tells that it cannot.
    pub(super) fn read(audited: &Audited) -> Self {
        Self(serde_json::from_str(&audited.record).unwrap_or_default())
    }

    /// Who did it.
    pub(super) fn by(&self) -> String {
        let places = [
            "/initiatedBy/user/userPrincipalName",
            "/initiatedBy/user/displayName",
            "/initiatedBy/user/id",
            "/initiatedBy/app/displayName",
            "/initiatedBy/app/appId",
        ];
        let mut texts = places.iter().map(|place| self.text(place));
        texts.find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// `activityDisplayName`.
    pub(super) fn activity(&self) -> String {
        self.text("/activityDisplayName")
    }

    fn result(&self) -> String {
        self.text("/result")
    }

    fn target(&self) -> String {
        let id = self.text("/targetResources/0/id");
        if id.is_empty() {
            return self.text("/targetResources/0/displayName");
        }
        id
    }

    fn text(&self, pointer: &str) -> String {
        let text = self.0.pointer(pointer).and_then(Value::as_str);
        // What somebody sent may not move the cursor of who reads it.
        let text = text.unwrap_or_default().chars();
        text.map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
    }
}
