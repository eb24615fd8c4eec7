//! What the audit keeps of calls that were refused. Those that changed something have their records from the ledger.

use std::sync::Arc;

use crossgate_control::audit::{Activity, Attempt, Initiator, Outcome, TargetResource};
use crossgate_control::ledger::Ledger;
use crossgate_control::scim::Partner;
use uuid::Uuid;

/// Records that so many were refused. Nobody waits for it.
pub(super) fn refusal(
    ledger: &Arc<Ledger>,
    partner: &Partner,
    result: &'static str,
    why: &str,
    count: u64,
) {
    let (ledger, partner, why) = (Arc::clone(ledger), partner.clone(), why.to_owned());
    tokio::task::spawn_blocking(move || {
        let attempt = Attempt {
            activity: SYNCHRONIZE,
            by: Initiator::Synchronization(&partner.name),
            correlation: Uuid::new_v4(),
            target: TargetResource {
                id: partner.tenant.to_string(),
                name: Some(partner.name.clone()),
                kind: "Tenant",
            },
            details: vec![("Reason", result.to_owned()), ("Count", count.to_string())],
        };
        if let Err(error) = ledger.record(&attempt, Outcome::Failure(&why)) {
            tracing::error!(
                partner = partner.name,
                result,
                %error.message,
                "a call of synchronization that was refused could not be recorded"
            );
        }
    });
}

/// What it is called. Entra has it in its provisioning log.
const SYNCHRONIZE: Activity = Activity::new("UserManagement", "Update", "Synchronize identities");
