//! `crossgate policy restore`: documents become again what they were.

use std::io::Write;

use clap::Args;
use crossgate_control::audit::{Activity, TargetResource, modified};
use crossgate_control::document::{Address, DocumentKind};
use crossgate_control::ledger::{Confirmation, Planned};
use crossgate_control::store::{Sequence, Store, StoreError};
use crossgate_control::text::Document;
use crossgate_control::transfer::{Plan, States};

use super::super::ending::{Failure, Verdict};
use super::super::store::{Configured, attempt, must_have_been, refused};

/// What to bring back.
#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    configured: Configured,
    /// The change right after which it was as it is to be, as `history` numbers them.
    #[arg(long, value_name = "CHANGE")]
    at: Sequence,
    /// Only this document, such as `default` or `partners/TENANT-ID`; without it all but who may do what: roles, owners, assignments and groups.
    #[arg(value_name = "DOCUMENT")]
    document: Option<Address>,
}

/// Brings it back.
pub(super) fn run(args: &RestoreArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let document = args.document.as_ref();
    if document.is_some_and(|document| !document.kind.is_setting()) {
        return Err(Failure::Unusable(
            "a secret is not brought back; `crossgate admin bootstrap` draws a new one".to_owned(),
        ));
    }
    let site = args.configured.site()?;
    let ledger = site.ledger()?;
    must_have_been(ledger.store(), args.at, "--at")?;
    if let Some(document) = document
        && ledger.store().history(document)?.is_empty()
    {
        return Err(Failure::Unusable(format!(
            "`{document}`: there has never been such a document"
        )));
    }
    let mut attempt = attempt(RESTORE);
    attempt
        .details
        .push(("RestoredChange", args.at.to_string()));
    if let Some(document) = document {
        attempt.target = TargetResource {
            id: document.to_string(),
            name: None,
            kind: attempt.target.kind,
        };
    }
    let mut done = Plan::default();
    let changed = ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        let (plan, planned) = plan(store, args.at, document)?;
        done = plan;
        Ok(planned)
    });
    let advisories = changed.map_err(|error| refused(&ledger, &attempt, error))?;
    for advisory in advisories.iter().flatten() {
        writeln!(out, "note: {advisory}")?;
    }
    let Plan {
        added,
        changed,
        removed,
        ..
    } = done;
    writeln!(
        out,
        "{}: as it was right after change {}: {added} added, {changed} changed, {removed} removed",
        site.path.display(),
        args.at,
    )?;
    Ok(Verdict::Good)
}

/// Who was removed meanwhile would come in again, who came would be gone, and what was revoked would count.
const fn is_of_people(address: &Address) -> bool {
    matches!(address.kind, DocumentKind::Guest | DocumentKind::Revocation)
}

/// What to write, and the same without the writes, to tell of.
fn plan(
    store: &dyn Store,
    at: Sequence,
    only: Option<&Address>,
) -> Result<(Plan, Option<Planned>), StoreError> {
    let states = States {
        from: store.head()?.sequence,
        to: at,
    };
    let is_wanted = |address: &Address| match only {
        Some(only) => address == only,
        None => address.kind.is_setting() && !address.kind.gives_rights() && !is_of_people(address),
    };
    let mut plan = Plan::default();
    states.ways_back(store, &is_wanted, &mut |difference| plan.take(difference))?;
    let writes = std::mem::take(&mut plan.writes);
    let properties = match writes.as_slice() {
        [write] => {
            let old = store.get(&write.address)?;
            let old = old.and_then(|old| Document::parse(&old.text).ok());
            let new = write.text.as_deref();
            let new = new.and_then(|new| Document::parse(new).ok());
            modified(old.as_ref(), new.as_ref())
        }
        _ => Vec::new(),
    };
    let planned = (!writes.is_empty()).then(|| Planned {
        writes,
        modified: properties,
        details: plan.details(),
    });
    Ok((plan, planned))
}

const RESTORE: Activity = Activity::new("Policy", "Update", "Restore policy");
