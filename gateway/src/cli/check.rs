//! `crossgate check`: is this what could be put in force?

mod files;

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use crossgate_config::{PolicySource, Purpose};
use crossgate_graph::Counts;

use super::ending::{Failure, Verdict};
use crate::load::{self, Faults, Loaded};

/// What to check.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    config: PathBuf,
}

/// Reads everything that serving reads. Faults go to standard error, a line each; what is good, and what an operator
/// should know of it, to standard output.
pub(super) fn run(args: &CheckArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let loaded = load::load(&args.config, Purpose::Serve, None);
    // What the settings name can be told to be wrong while the policy is, too.
    let files = load::settings(&args.config, Purpose::Serve)
        .map(|settings| files::faults(&settings))
        .unwrap_or_default();
    match loaded {
        Ok(loaded) if files.is_empty() => {
            report(args, &loaded, out)?;
            Ok(Verdict::Good)
        }
        Ok(_) => Err(Faults(files).into()),
        Err(Faults(mut faults)) => {
            faults.extend(files);
            Err(Faults(faults).into())
        }
    }
}

fn report(args: &CheckArgs, loaded: &Loaded, out: &mut impl Write) -> std::io::Result<()> {
    let PolicySource::Directory(policy) = &loaded.settings.policy;
    writeln!(
        out,
        "{}: good: {}, {}",
        args.config.display(),
        counted(loaded.settings.apps.len(), "app"),
        counted(loaded.settings.issuers.len(), "issuer"),
    )?;
    let Counts {
        partners,
        distinct_settings,
        guests,
        enabled_policies,
        report_only_policies,
        disabled_policies,
        named_locations,
        revocations,
    } = loaded.counts;
    writeln!(
        out,
        "{}: good: {} ({}), {}, conditional access: {enabled_policies} enabled, {report_only_policies} report-only, \
         {disabled_policies} disabled, {}, {}",
        policy.display(),
        counted(partners, "partner"),
        counted(distinct_settings, "different setting"),
        counted(guests, "guest record"),
        counted(named_locations, "named location"),
        counted(revocations, "revocation"),
    )?;
    for advisory in &loaded.advisories {
        writeln!(out, "note: {advisory}")?;
    }
    writeln!(out, "content: {}", loaded.hash)
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
