//! `crossgate check`: is this what could be put in force?

mod files;
mod properties;
mod sign_in;

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use crossgate_config::{PolicySource, Purpose, Settings};
use crossgate_graph::Counts;
use crossgate_policy::ids::{Cloud, TenantId};

use super::ending::{Failure, Verdict};
use crate::load::{self, Faults, Loaded};

/// What to check.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    config: PathBuf,
    /// A file of properties that the policy is to have; may be given several times. Each is proved, or contradicted by a request.
    #[arg(long = "assert", value_name = "FILE")]
    properties: Vec<PathBuf>,
    /// A policy directory that is to take the place of the policy: the properties are asked of it.
    #[arg(long, value_name = "DIR", requires = "properties")]
    draft: Option<PathBuf>,
}

/// Reads everything that serving reads. Faults go to standard error, a line each; what is good, and what an operator
/// should know of it, to standard output.
pub(super) fn run(args: &CheckArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let settings = load::settings(&args.config, Purpose::Serve);
    // What the settings name can be told to be wrong while the policy is, too.
    let files = settings.as_ref().map(files::faults).unwrap_or_default();
    if let Ok(settings) = &settings
        && let PolicySource::Sqlite(store) = &settings.policy
        && files.is_empty()
        && !store.exists()
        && args.properties.is_empty()
    {
        report_settings(args, settings, out)?;
        let store = store.display();
        writeln!(
            out,
            "note: {store}: is not there yet; the first `crossgate run` makes it"
        )?;
        return Ok(Verdict::Good);
    }
    let loaded = load::load(&args.config, Purpose::Serve, None);
    match loaded {
        Ok(loaded) if files.is_empty() => {
            report(args, &loaded, out)?;
            if args.properties.is_empty() {
                return Ok(Verdict::Good);
            }
            let draft = args.draft.as_deref();
            properties::check(&args.config, &args.properties, draft, &loaded, out)
        }
        Ok(_) => Err(Faults(files).into()),
        Err(Faults(mut faults)) => {
            faults.extend(files);
            Err(Faults(faults).into())
        }
    }
}

fn report(args: &CheckArgs, loaded: &Loaded, out: &mut impl Write) -> std::io::Result<()> {
    let (PolicySource::Directory(policy) | PolicySource::Sqlite(policy)) = &loaded.settings.policy;
    report_settings(args, &loaded.settings, out)?;
    let Counts {
        partners,
        distinct_settings,
        guests,
        enabled_policies,
        report_only_policies,
        disabled_policies,
        named_locations,
        revocations,
        app_role_assignments,
        group_members,
    } = loaded.counts;
    writeln!(
        out,
        "{}: good: {} ({}), {}, conditional access: {enabled_policies} enabled, {report_only_policies} report-only, \
         {disabled_policies} disabled, {}, {}, {} ({})",
        policy.display(),
        counted(partners, "partner"),
        counted(distinct_settings, "different setting"),
        counted(guests, "guest record"),
        counted(named_locations, "named location"),
        counted(revocations, "revocation"),
        counted(app_role_assignments, "app role assignment"),
        counted(group_members, "group member"),
    )?;
    let unplaced = without_cloud(loaded);
    if unplaced > 0 {
        writeln!(
            out,
            "note: {}: {} without a `cloud` in `[[partner]]`; guests from there whose token names \
             `https://sts.windows.net/` as their home are refused (500213), for two clouds share it",
            args.config.display(),
            counted(unplaced, "partner document"),
        )?;
    }
    for advisory in &loaded.advisories {
        writeln!(out, "note: {advisory}")?;
    }
    writeln!(out, "content: {}", loaded.hash)
}

fn report_settings(
    args: &CheckArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> std::io::Result<()> {
    writeln!(
        out,
        "{}: good: {}, {}",
        args.config.display(),
        counted(settings.apps.len(), "app"),
        counted(settings.issuers.len(), "issuer"),
    )?;
    for note in sign_in::notes(settings) {
        writeln!(out, "{note}")?;
    }
    let sign_ins = &settings.sign_ins;
    for left in crossgate_sinks::unclaimed(&sign_ins.spooled, sign_ins.spools.as_deref()) {
        let advice = if left.is_held {
            "a process has it: leave it where that is another gateway, and give it to a sink as its `spool` where it is this one"
        } else {
            "give it to one as its `spool`, or delete it where it is no other gateway's"
        };
        writeln!(
            out,
            "note: {}: has {} and is the spool of no sink; {advice}",
            left.folder.display(),
            counted(
                usize::try_from(left.events).unwrap_or(usize::MAX),
                "undelivered event"
            ),
        )?;
    }
    Ok(())
}

/// Partner documents of tenants whose cloud nobody told, where that keeps some of their guests out (decision.md,
/// section 13).
fn without_cloud(loaded: &Loaded) -> usize {
    let snapshot = &loaded.snapshot;
    let sharing = match snapshot.own.cloud {
        Cloud::Global => Cloud::UsGov,
        Cloud::UsGov => Cloud::Global,
        // Both that share the name are other clouds here, and each is opened by itself.
        Cloud::China => return 0,
    };
    if snapshot.allowed_clouds.contains(&sharing) {
        return 0;
    }
    let is_told = |tenant: &TenantId| {
        let facts = snapshot.partner_facts.get(tenant);
        facts.is_some_and(|facts| facts.cloud.is_some())
    };
    let tenants = snapshot.partners.iter().map(|(tenant, _)| tenant);
    tenants.filter(|tenant| !is_told(tenant)).count()
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
