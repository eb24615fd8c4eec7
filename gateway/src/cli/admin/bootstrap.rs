//! `crossgate admin bootstrap`.

use std::io::Write;

use clap::Args;
use crossgate_control::api::error::ApiError;
use crossgate_control::audit::Activity;
use crossgate_control::bootstrap::kept;
use crossgate_control::ledger::{Confirmation, Planned};
use crossgate_control::roles::{Action, Roles};
use crossgate_control::secret::{Purpose, Secret};

use super::super::ending::{Failure, Verdict};
use super::super::store::{Configured, attempt, refused};
use crate::app::control::told;

/// Of which store.
#[derive(Debug, Args)]
pub(super) struct BootstrapArgs {
    #[command(flatten)]
    configured: Configured,
}

/// Draws the secret, which takes the place of an earlier one.
pub(super) fn run(args: &BootstrapArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let ledger = args.configured.site()?.ledger()?;
    let attempt = attempt(DRAW);
    let secret = Secret::draw(Purpose::Bootstrap)
        .ok_or_else(|| Failure::Unusable("the system gives no random numbers".to_owned()))?;
    let changed = ledger.change_as_planned(&attempt, Confirmation::Given, &mut |_, _| {
        if let Some(reason) = managed_by(&ledger.roles()) {
            return Err(ApiError::denied(reason));
        }
        Ok(Some(Planned {
            writes: vec![kept(&secret)],
            ..Planned::default()
        }))
    });
    changed.map_err(|error| refused(&ledger, &attempt, error))?;
    writeln!(out, "{}", told(&secret))?;
    Ok(Verdict::Good)
}

/// Who can manage roles, where somebody can.
fn managed_by(roles: &Roles) -> Option<String> {
    if !roles.are_managed() {
        return None;
    }
    let named = roles.assignments().find_map(|assignment| {
        let role = roles.definition(assignment.role())?;
        let manages = role.gives().contains(Action::RoleAssignmentsManage);
        manages.then(|| (assignment.principal(), role.display_name()))
    });
    let named = named.map(|(principal, role)| format!(": `{principal}` has the role `{role}`"));
    Some(format!(
        "somebody can manage roles{}; have them assign roles, or use the break-glass secret",
        named.unwrap_or_default()
    ))
}

const DRAW: Activity = Activity::new("RoleManagement", "Add", "Draw bootstrap secret");
