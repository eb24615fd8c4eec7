//! What the ledger keeps of security events: revocations with their record, and refusals.

use std::sync::Arc;

use crossgate_control::audit::{Activity, Attempt, Initiator, Outcome, TargetResource};
use crossgate_control::ledger::Ledger;
use crossgate_policy::snapshot::{Revocation, RevocationKind};
use crossgate_token::{EventKind, Reason, SecurityEvent};
use uuid::Uuid;

use super::Transmitter;
use super::answer::Refused;

/// Revokes, and returns once that is on disk and in force; whether it changed anything. In words why not.
pub(super) async fn revoke(
    ledger: Arc<Ledger>,
    transmitter: &Arc<Transmitter>,
    set: &SecurityEvent,
    revocations: Vec<Revocation>,
) -> Result<bool, String> {
    let details = details(set);
    let transmitter = Arc::clone(transmitter);
    // It waits for the disk, which no request should.
    let kept = tokio::task::spawn_blocking(move || {
        let attempt = Attempt {
            target: target(&revocations),
            details,
            ..attempt(&transmitter.settings.name)
        };
        ledger.revoke(&attempt, &revocations)
    });
    match kept.await {
        Ok(kept) => kept.map_err(|error| error.told()),
        Err(_panicked) => Err("a fault of ours".to_owned()),
    }
}

/// Records that so many were refused. Nobody waits for it.
pub(super) fn refusal(ledger: Arc<Ledger>, transmitter: &str, refused: Refused, count: u64) {
    let transmitter = transmitter.to_owned();
    tokio::task::spawn_blocking(move || {
        let attempt = Attempt {
            details: vec![
                ("Reason", refused.name().to_owned()),
                ("Count", count.to_string()),
            ],
            ..attempt(&transmitter)
        };
        let reason = refused.told();
        if let Err(error) = ledger.record(&attempt, Outcome::Failure(&reason)) {
            tracing::error!(
                transmitter,
                reason,
                %error.message,
                "a security event that was refused could not be recorded"
            );
        }
    });
}

fn attempt(transmitter: &str) -> Attempt<'_> {
    Attempt {
        activity: RECEIVE,
        by: Initiator::Transmitter(transmitter),
        correlation: Uuid::new_v4(),
        target: TargetResource {
            id: transmitter.to_owned(),
            name: Some(transmitter.to_owned()),
            kind: "Other",
        },
        details: Vec::new(),
    }
}

/// The first that is revoked; an event is about one, in however many ways it is named.
fn target(revocations: &[Revocation]) -> TargetResource {
    let first = revocations.first();
    TargetResource {
        id: first.map(|first| first.id.to_string()).unwrap_or_default(),
        name: None,
        kind: match first.map(|first| first.kind) {
            Some(RevocationKind::User | RevocationKind::Guest) => "User",
            Some(RevocationKind::Tenant) => "Tenant",
            Some(RevocationKind::Session | RevocationKind::Token) | None => "Other",
        },
    }
}

fn details(set: &SecurityEvent) -> Vec<(&'static str, String)> {
    let mut details = vec![
        ("Issuer", set.issuer().to_string()),
        ("Tenant", set.tenant().to_string()),
        ("jti", set.jwt_id().to_owned()),
    ];
    for event in set.events() {
        details.push(("Event", name(&event.kind).to_owned()));
        match &event.reason_admin {
            Some(Reason::Text(text)) => details.push(("Reason", text.to_string())),
            Some(Reason::ByLanguage(texts)) => {
                let first = texts.first().map(|(_, text)| text.to_string());
                details.extend(first.map(|text| ("Reason", text)));
            }
            None => {}
        }
    }
    details
}

fn name(kind: &EventKind) -> &str {
    match kind {
        EventKind::SessionRevoked => "session-revoked",
        EventKind::TokenClaimsChange { .. } => "token-claims-change",
        EventKind::CredentialChange { .. } => "credential-change",
        EventKind::AssuranceLevelChange { .. } => "assurance-level-change",
        EventKind::DeviceComplianceChange { .. } => "device-compliance-change",
        EventKind::Verification { .. } => "verification",
        EventKind::StreamUpdated { .. } => "stream-updated",
        EventKind::AccountCredentialChangeRequired => "account-credential-change-required",
        EventKind::AccountPurged => "account-purged",
        EventKind::AccountDisabled { .. } => "account-disabled",
        EventKind::SessionsRevoked => "sessions-revoked",
        EventKind::Unknown(uri) => uri,
    }
}

/// What it is called. Entra has no such activity.
const RECEIVE: Activity = Activity::new("UserManagement", "Update", "Receive security event");
