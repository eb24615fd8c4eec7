//! `crossgate policy history`: what was changed, when and by whom.

use std::collections::BTreeSet;
use std::io::Write;
use std::ops::ControlFlow;

use clap::Args;
use crossgate_control::document::Address;
use crossgate_control::store::{AuditRange, Audited, Sequence, Store, StoreError};
use serde::Serialize;

use super::super::audit::Record;
use super::super::ending::{Failure, Verdict};
use super::super::form::{Form, List, Output};
use super::super::store::Configured;

/// Which changes.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    configured: Configured,
    /// Only changes of this document, such as `default` or `partners/TENANT-ID`.
    #[arg(value_name = "DOCUMENT")]
    document: Option<Address>,
    /// List at most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    output: Output,
}

/// Lists them.
pub(super) fn run(args: &HistoryArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let store = args.configured.site()?.read()?;
    let changes = match &args.document {
        Some(document) => changes_of(&store, document, args.limit)?,
        None => latest(&store, args.limit)?,
    };
    match args.output.form {
        Form::Text => {
            for change in &changes {
                writeln!(
                    out,
                    "{:>6}  {}  {:<28}  {:<40}  {}",
                    change.number,
                    change.time,
                    change.by,
                    change.activity,
                    change.told(),
                )?;
            }
        }
        Form::Json => {
            let mut list = List::new(out);
            for change in &changes {
                list.push(change)?;
            }
            list.finish()?;
        }
    }
    Ok(Verdict::Good)
}

/// One change of documents.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    number: Sequence,
    time: String,
    by: String,
    activity: String,
    /// The first of them.
    documents: Vec<String>,
    document_count: u64,
}

impl Change {
    fn told(&self) -> String {
        let first = self.documents.first().map_or("", String::as_str);
        match self.document_count {
            0 | 1 => first.to_owned(),
            many => format!("{first} and {} more", many - 1),
        }
    }
}

/// A change that an audit record is of; `None` where it changed no document.
fn change(
    store: &dyn Store,
    audited: &Audited,
    of: Option<&Address>,
) -> Result<Option<Change>, StoreError> {
    let (documents, document_count) = match of {
        Some(address) => (vec![address.clone()], 1),
        None => store.changed_by(audited.sequence, MOST_NAMED)?,
    };
    let record = Record::read(audited);
    Ok((document_count > 0).then(|| Change {
        number: audited.sequence,
        time: audited.at.to_string(),
        by: record.by(),
        activity: record.activity(),
        documents: documents.iter().map(ToString::to_string).collect(),
        document_count,
    }))
}

/// The latest changes of any document.
fn latest(store: &dyn Store, limit: usize) -> Result<Vec<Change>, StoreError> {
    let mut changes = Vec::new();
    take(store, &mut |audited| {
        if changes.len() >= limit {
            return Ok(ControlFlow::Break(()));
        }
        changes.extend(change(store, &audited, None)?);
        Ok(ControlFlow::Continue(()))
    })?;
    changes.sort_by_key(|change| std::cmp::Reverse(change.number));
    Ok(changes)
}

/// The latest changes of one document, its end among them.
fn changes_of(
    store: &dyn Store,
    address: &Address,
    limit: usize,
) -> Result<Vec<Change>, StoreError> {
    let mut numbers = BTreeSet::new();
    for version in store.history(address)? {
        numbers.insert(version.since);
        numbers.extend(version.until);
    }
    let mut wanted: BTreeSet<_> = numbers.into_iter().rev().take(limit).collect();
    let mut changes = Vec::new();
    take(store, &mut |audited| {
        if wanted.is_empty() {
            return Ok(ControlFlow::Break(()));
        }
        if wanted.remove(&audited.sequence) {
            changes.extend(change(store, &audited, Some(address))?);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    changes.sort_by_key(|change| std::cmp::Reverse(change.number));
    Ok(changes)
}

/// Goes through audit records, the latest first, until told to stop.
fn take(
    store: &dyn Store,
    take: &mut dyn FnMut(Audited) -> Result<ControlFlow<()>, StoreError>,
) -> Result<(), StoreError> {
    let range = AuditRange {
        descending: true,
        ..AuditRange::default()
    };
    let mut failed = None;
    store.audits(range, &mut |audited| match take(audited) {
        Ok(flow) => flow,
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(()), Err)
}

/// So many documents of a change are named.
const MOST_NAMED: usize = 20;
