//! `crossgate policy import`: what a directory says becomes the store's policy, in one change.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use crossgate_control::audit::Activity;
use crossgate_control::ledger::{Confirmation, Planned};
use crossgate_control::transfer::{Directory, Plan};

use super::super::ending::{Failure, Verdict};
use super::super::store::{Configured, Site, attempt, refused};
use super::counted;
use crate::load::Files;

/// What to import.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[command(flatten)]
    configured: Configured,
    /// The policy directory.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Print what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Imports. Everything is checked before anything is written.
pub(super) fn run(args: &ImportArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let site = args.configured.site()?;
    let files = Files::read(&args.directory);
    let (directory, advisories) = files.check(&site.settings)?;
    for advisory in &advisories {
        writeln!(out, "note: {advisory}")?;
    }
    let counts = if args.dry_run {
        tell(&site, &directory, out)?
    } else {
        write(&site, &directory, args)?
    };
    let done = if args.dry_run { "would be " } else { "" };
    let of = u64::try_from(directory.len()).unwrap_or(u64::MAX);
    // The store's documents are not the directory's alone: it always has the default settings and the policy itself.
    writeln!(
        out,
        "{}: {} ({}) {done}imported: in the store {} added, {} changed, {} removed",
        site.path.display(),
        args.directory.display(),
        counted(of, "document"),
        counts.added,
        counts.changed,
        counts.removed,
    )?;
    Ok(Verdict::Good)
}

/// Documents that were added, changed and removed.
#[derive(Clone, Copy, Default)]
struct Counts {
    added: usize,
    changed: usize,
    removed: usize,
}

impl Counts {
    const fn of(plan: &Plan) -> Self {
        Self {
            added: plan.added,
            changed: plan.changed,
            removed: plan.removed,
        }
    }
}

fn write(site: &Site, directory: &Directory<'_>, args: &ImportArgs) -> Result<Counts, Failure> {
    let ledger = site.make_ledger()?;
    let mut attempt = attempt(IMPORT);
    let from = args.directory.display().to_string();
    attempt.details.push(("Directory", from));
    let mut counts = Counts::default();
    let changed = ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        let mut plan = Plan::default();
        directory.differences(Some(store), &mut |difference| plan.take(difference))?;
        counts = Counts::of(&plan);
        let details = plan.details();
        Ok((!plan.writes.is_empty()).then_some(Planned {
            writes: plan.writes,
            details,
            ..Planned::default()
        }))
    });
    changed.map_err(|error| refused(&ledger, &attempt, error))?;
    Ok(counts)
}

/// What would change, a line each.
fn tell(site: &Site, directory: &Directory<'_>, out: &mut impl Write) -> Result<Counts, Failure> {
    let ledger = site.path.exists().then(|| site.asking_ledger());
    let ledger = ledger.transpose()?;
    let mut plan = Plan::default();
    let mut lines = Vec::new();
    let store = ledger.as_ref().map(|ledger| ledger.store());
    directory.differences(store, &mut |difference| {
        let what = match (difference.old, &difference.new) {
            (None, _) => "add",
            (Some(_), Some(_)) => "change",
            (Some(_), None) => "remove",
        };
        lines.push((difference.address(), what));
        plan.take(difference);
    })?;
    if let Some(ledger) = ledger {
        ledger.would_change(&plan.writes)?;
    }
    lines.sort();
    for (address, what) in lines {
        writeln!(out, "{what:<7} {address}")?;
    }
    Ok(Counts::of(&plan))
}

const IMPORT: Activity = Activity::new("Policy", "Update", "Import policy");
