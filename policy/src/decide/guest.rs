//! Step 6: the state of the guest's record.

use super::{Request, cloud};
use crate::decision::{Direction, Reason, Refusal, Step};
use crate::explanation::{Line, Recorder, Values, line, time};
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
        recorder.compare(
            || {
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
            },
            || {
                let user = request.subject.user_id.as_ref();
                let seen = user.map_or_else(
                    || "a user without an id".to_owned(),
                    |user| format!("user {user}, of whom there is no record"),
                );
                let wanted = if needs_record {
                    "a guest's record"
                } else {
                    "a guest's record, or none"
                };
                Values::implicit(seen, wanted)
            },
        );
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
    recorder.compare(
        || record_line(record, property, result),
        || values(request, record, property),
    );
    reason.map_or(Ok(()), refuse)
}

/// By the property that decided.
fn values(request: &Request<'_>, record: &Guest, property: &str) -> Values {
    match property {
        "crossgate.homeTenantId" => {
            let home = request.subject.home.recorded_tenant();
            let named = |tenant: Option<crate::ids::TenantId>| {
                tenant.map_or_else(
                    || "no home tenant".to_owned(),
                    |tenant| format!("home tenant {tenant}"),
                )
            };
            Values::explicit(named(home), named(record.home_tenant))
        }
        "deletedDateTime" => Values::explicit("a time", "null"),
        "accountEnabled" => Values::explicit("false", "true"),
        "crossgate.expiresDateTime" => {
            let seen = record
                .expires
                .map_or_else(String::new, |expires| time(expires.time()));
            Values::explicit(seen, format!("later than {}", time(request.context.now)))
        }
        "crossgate.consentGiven" => Values::explicit(
            "false",
            "true, or automatic redemption at both sides in one cloud",
        ),
        _ => {
            let seen = match record.redemption {
                Redemption::Pending => "PendingAcceptance",
                Redemption::Accepted => "Accepted",
            };
            Values::explicit(seen, "Accepted")
        }
    }
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
