//! Step 2: nothing that was revoked after the sign-in passes.

use super::Request;
use crate::decision::{Reason, Refusal, Step};
use crate::explanation::{Recorder, line};
use crate::ids::{Id, TenantId, UnixTime};
use crate::snapshot::{Revocation, RevocationKind};

pub(super) fn check(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    let nothing_revoked = || line(Step::Revocation, "revocations", "", "nothing revoked");
    // Usually so, and then the subject need not be read.
    if request.snapshot.revocations.is_empty() && request.context.revocations.is_empty() {
        recorder.record(nothing_revoked);
        return Ok(());
    }
    let subject = request.subject;
    let parties = &request.parties;
    let home_tenant = subject
        .home
        .recorded_tenant()
        .map(|tenant| Id::Guid(tenant.0));
    let (own, issuer) = (request.snapshot.own.id, subject.issuer.0);
    // An id is one of its own directory alone: a revocation of one tenant's says nothing of the same id elsewhere.
    let named = [
        (
            RevocationKind::User,
            parties.home_user,
            subject.home.recorded_tenant(),
        ),
        (RevocationKind::User, parties.own_user, Some(own)),
        (
            RevocationKind::Guest,
            parties.record.map(|record| &record.id),
            None,
        ),
        (
            RevocationKind::Session,
            subject.session.as_ref(),
            Some(issuer),
        ),
        (
            RevocationKind::Token,
            subject.token_id.as_ref(),
            Some(issuer),
        ),
        (RevocationKind::Token, subject.jwt_id.as_ref(), Some(issuer)),
        (RevocationKind::Tenant, home_tenant.as_ref(), None),
    ];
    for (kind, id, tenant) in named {
        let Some(id) = id else { continue };
        let in_any = std::iter::once(None);
        for tenant in in_any.chain(tenant.map(Some)) {
            if revoked(request, kind, id, tenant) {
                recorder.record(|| {
                    let name = Revocation::name_of(kind, id, tenant);
                    line(
                        Step::Revocation,
                        format!("revocations/{name}"),
                        "notBefore",
                        "refuses: later than the sign-in",
                    )
                });
                return Err(Refusal::new(Step::Revocation, Reason::Revoked));
            }
        }
    }
    recorder.record(nothing_revoked);
    Ok(())
}

fn revoked(request: &Request<'_>, kind: RevocationKind, id: &Id, tenant: Option<TenantId>) -> bool {
    let binds = |not_before: UnixTime| {
        request
            .subject
            .authenticated_at
            .is_none_or(|signed_in| not_before > signed_in)
    };
    let latest = request.snapshot.revocations.of(kind, id, tenant);
    latest.is_some_and(binds)
        || request.context.revocations.iter().any(|revocation| {
            let Revocation {
                kind: of,
                id: named,
                tenant: within,
                not_before,
            } = revocation;
            *of == kind && named == id && *within == tenant && binds(*not_before)
        })
}
