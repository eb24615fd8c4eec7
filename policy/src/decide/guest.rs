//! Step 6: the state of the guest's record.

use super::{Request, cloud};
use crate::decision::{Direction, Reason, Refusal, Step};
use crate::explanation::{Line, Recorder, line};
use crate::snapshot::{DirectoryMode, Guest, Redemption, Snapshot};
use crate::subject::{Home, SubjectKind};

pub(super) fn check(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    let parties = &request.parties;
    if parties.direction != Direction::Inbound || request.subject.kind == SubjectKind::App {
        recorder.record(|| line(Step::Guest, "", "", "does not apply"));
        return Ok(());
    }
    let Some(record) = parties.record else {
        // A Microsoft account's own token says nothing of a relation to us; only a record does.
        let needs_record = match (parties.own_issued, request.subject.home) {
            (true, _) => request.snapshot.guests.mode() == DirectoryMode::Required,
            (false, Home::MicrosoftAccount | Home::NoTenant) => true,
            (false, Home::Tenant { .. }) => false,
        };
        recorder.record(|| {
            line(
                Step::Guest,
                "guests",
                "",
                if needs_record {
                    "refuses: no record"
                } else {
                    "no record"
                },
            )
        });
        return if needs_record {
            refuse(Reason::GuestUnknown)
        } else {
            Ok(())
        };
    };
    let (reason, property, result) = if parties.record_contradicts {
        (
            Some(Reason::GuestUnknown),
            "crossgate.homeTenantId",
            "refuses: names another home tenant than the token",
        )
    } else if record.deleted {
        (
            Some(Reason::GuestDisabled),
            "deletedDateTime",
            "refuses: deleted",
        )
    } else if !record.enabled {
        (
            Some(Reason::GuestDisabled),
            "accountEnabled",
            "refuses: disabled",
        )
    } else if record.has_expired(request.context.now) {
        (
            Some(Reason::GuestDisabled),
            "crossgate.expiresDateTime",
            "refuses: expired",
        )
    } else if record.redemption == Redemption::Pending {
        (
            Some(Reason::GuestPending),
            "externalUserState",
            "refuses: invitation not redeemed",
        )
    } else if !record.consent_given && !consent_is_automatic(request) {
        (
            Some(Reason::GuestConsentMissing),
            "crossgate.consentGiven",
            "refuses: no consent",
        )
    } else {
        (None, "externalUserState", "passes")
    };
    recorder.record(|| record_line(record, property, result));
    reason.map_or(Ok(()), refuse)
}

/// Suppressed only where both sides have it on, in one cloud (entra-model.md, 2.8).
fn consent_is_automatic(request: &Request<'_>) -> bool {
    let home = request.subject.home;
    is_automatic(
        request.snapshot,
        home,
        request.context.partner_outbound_allowed,
    )
}

/// Whether whoever lives there is not asked for consent, as far as partners' published sides tell: ours and theirs have it on, in one cloud.
#[must_use]
pub fn consents_automatically(snapshot: &Snapshot, home: Home) -> bool {
    is_automatic(snapshot, home, false)
}

fn is_automatic(snapshot: &Snapshot, home: Home, said_otherwise: bool) -> bool {
    let Home::Tenant { tenant, .. } = home else {
        return false;
    };
    let ours = snapshot.partners.get(tenant.0);
    let theirs = snapshot.partner_sides.get(&tenant.0);
    ours.is_some_and(|partner| partner.automatic_consent_inbound == Some(true))
        && (said_otherwise || theirs.is_some_and(|side| side.automatic_consent_outbound))
        && cloud::home_is_in_own_cloud(snapshot, home)
}

const fn refuse(reason: Reason) -> Result<(), Refusal> {
    Err(Refusal::new(Step::Guest, reason))
}

fn record_line(record: &Guest, property: &'static str, result: &'static str) -> Line {
    line(
        Step::Guest,
        format!("guests/{}", record.id),
        property,
        result,
    )
}
