//! Step 3: the tenant-restriction headers, which can only take access away (decision.md, section 9, first part).

use super::app_line;
use super::parties::Parties;
use crate::context::{
    CONTEXT_HEADER, Context, POLICY_HEADER, PolicyHeader, RestrictionHeaders, TENANTS_HEADER,
};
use crate::decision::{Direction, Reason, Refusal, Requirement, Step};
use crate::explanation::{Recorder, Values, line};
use crate::ids::Id;
use crate::snapshot::Snapshot;
use crate::subject::{Home, Subject};
use crate::target::{Resource, Target};

const STEP: Step = Step::TenantRestrictions;

/// `caller` is `None` for a call without a token on an app that takes those.
pub(super) fn check(
    snapshot: &Snapshot,
    target: &Target,
    context: &Context<'_>,
    caller: Option<(&Subject, &Parties<'_>)>,
    recorder: &mut impl Recorder,
) -> Result<(), Refusal> {
    let (policy, tenants) = match context.restriction {
        RestrictionHeaders::Malformed => {
            recorder.compare(
                || line(STEP, "request", "headers", "refuses: malformed"),
                || {
                    Values::implicit(
                        "headers that cannot be read",
                        "each at most once, with tenant ids, domains or `restrict-msa`",
                    )
                },
            );
            return Err(Refusal::new(STEP, Reason::MalformedRestrictionHeaders));
        }
        RestrictionHeaders::Absent => {
            recorder.record(|| line(STEP, "request", "headers", "none"));
            return Ok(());
        }
        RestrictionHeaders::Present { policy, tenants } => (policy, tenants),
    };
    let own_account = caller.is_some_and(|(_, parties)| {
        matches!(parties.direction, Direction::Internal | Direction::Outbound)
    });
    let microsoft_account =
        caller.is_some_and(|(subject, _)| subject.home == Home::MicrosoftAccount);
    let claim = caller.and_then(|(subject, _)| subject.restriction_policy.as_ref());

    let mut first = None;
    let mut refuse = |reason: Reason| {
        first.get_or_insert(reason);
    };
    if let Some(PolicyHeader::Policy { tenant, policy }) = policy {
        if tenant == snapshot.own.id && snapshot.default.id != Some(policy) && !own_account {
            recorder.compare(
                || {
                    line(
                        STEP,
                        "default",
                        "id",
                        format!("refuses: {POLICY_HEADER} names another policy"),
                    )
                },
                || {
                    let wanted = snapshot.default.id.map_or_else(
                        || "nothing: our default configuration has no `id`".to_owned(),
                        |id| format!("policy {id}"),
                    );
                    Values::explicit(format!("policy {policy}"), wanted)
                },
            );
            refuse(Reason::WrongRestrictionPolicy);
        } else {
            let whose = if tenant == snapshot.own.id {
                "ours"
            } else {
                "another tenant's, recorded"
            };
            recorder.compare(
                || line(STEP, "request", POLICY_HEADER, whose),
                || Values::explicit(format!("policy {policy} of {tenant}"), ""),
            );
        }
        if let Some(claim) = claim.filter(|claim| **claim != Id::Guid(policy)) {
            recorder.compare(
                || {
                    line(
                        STEP,
                        "token",
                        "xms_trpid",
                        "refuses: issued under another restriction policy",
                    )
                },
                || Values::explicit(format!("policy {claim}"), format!("policy {policy}")),
            );
            refuse(Reason::RestrictionClaimMismatch);
        }
    }
    if let Some(list) = tenants {
        let resource = match target.resource {
            Resource::Own => snapshot.own.id,
            Resource::External { tenant, .. } => tenant.0,
        };
        let names = list.names(resource, snapshot.domains_of(resource));
        recorder.compare(
            || {
                let result = if names {
                    "names the resource tenant"
                } else {
                    "refuses: does not name the resource tenant"
                };
                line(
                    STEP,
                    "request",
                    format!("{TENANTS_HEADER}, {CONTEXT_HEADER}"),
                    result,
                )
            },
            || Values {
                explicit: names,
                ..Values::implicit(
                    crate::explanation::list(list.entries()),
                    format!("{resource}, or one of its domains"),
                )
            },
        );
        if !names {
            refuse(Reason::ResourceTenantNotListed);
        }
    }
    if policy == Some(PolicyHeader::RestrictMicrosoftAccounts) {
        recorder.compare(
            || {
                let result = if microsoft_account {
                    "refuses: a Microsoft account"
                } else {
                    "not a Microsoft account"
                };
                line(STEP, "request", POLICY_HEADER, result)
            },
            || Values::explicit("restrict-msa", "no consumer Microsoft account"),
        );
        if microsoft_account {
            refuse(Reason::MicrosoftAccountsRestricted);
        }
    }
    let demanded = target.require_restriction_claim && context.restriction.policy().is_some();
    if demanded && claim.is_none() {
        recorder.compare(
            || {
                app_line(
                    STEP,
                    target,
                    "require_restriction_claim",
                    "refuses: no xms_trpid",
                )
            },
            || Values::explicit("a token without `xms_trpid`", "a token with it"),
        );
        refuse(Reason::RestrictionClaimMissing);
    }
    let Some(reason) = first else { return Ok(()) };
    let mut refusal = Refusal::new(STEP, reason);
    if reason == Reason::RestrictionClaimMissing {
        refusal.requirements.push(Requirement::RestrictionClaim);
    }
    Err(refusal)
}
