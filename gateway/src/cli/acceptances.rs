//! `crossgate acceptances`: who accepted which version of which terms of use.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use crossgate_config::Purpose;
use crossgate_portal::store::{Acceptance, PortalStore};
use jiff::Timestamp;
use serde::Serialize;

use super::ending::{Failure, Verdict};
use super::form::{Form, List, Output};
use crate::load;

/// Whose acceptances.
#[derive(Debug, Args)]
pub(super) struct AcceptancesArgs {
    /// The configuration, whose `store` under `[portal]` keeps them.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    config: PathBuf,
    #[command(flatten)]
    output: Output,
}

/// Lists them, the oldest first.
pub(super) fn run(args: &AcceptancesArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let settings = load::settings(&args.config, Purpose::Decide)?;
    let config = args.config.display();
    let Some(file) = settings.portal.store else {
        let why = "names no `store` under `[portal]`, so nobody can sign in and accept";
        return Err(Failure::Unusable(format!("{config}: {why}")));
    };
    let unusable = |why: String| Failure::Unusable(format!("{}: {why}", file.display()));
    if !file.is_file() {
        return Err(unusable(
            "is not there; the first `run` makes it".to_owned(),
        ));
    }
    let store = PortalStore::open(&file).map_err(|why| unusable(why.to_string()))?;
    let all = store.each_acceptance();
    let all = all.map_err(|why| unusable(why.to_string()))?;
    match args.output.form {
        Form::Text => {
            for acceptance in all.iter().map(Listed::of) {
                let Listed {
                    agreement_id,
                    agreement_version,
                    tenant_id,
                    user_id,
                    recorded_date_time,
                } = acceptance;
                writeln!(
                    out,
                    "{recorded_date_time}  {agreement_id} {agreement_version}  {user_id} of {tenant_id}"
                )?;
            }
        }
        Form::Json => {
            let mut list = List::new(out);
            for acceptance in &all {
                list.push(&Listed::of(acceptance))?;
            }
            list.finish()?;
        }
    }
    Ok(Verdict::Good)
}

/// Named as in Graph's `agreementAcceptance`, which tells neither version nor tenant.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    agreement_id: &'a str,
    agreement_version: &'a str,
    tenant_id: &'a str,
    user_id: &'a str,
    recorded_date_time: String,
}

impl<'a> Listed<'a> {
    fn of(acceptance: &'a Acceptance) -> Self {
        let person = acceptance.person.split_once(' ');
        let (tenant_id, user_id) = person.unwrap_or(("", &acceptance.person));
        let at = i64::try_from(acceptance.at).ok();
        let at = at.and_then(|at| Timestamp::from_second(at).ok());
        Self {
            agreement_id: &acceptance.agreement,
            agreement_version: &acceptance.version,
            tenant_id,
            user_id,
            recorded_date_time: at.unwrap_or_default().to_string(),
        }
    }
}
