//! Step 2: nothing that was revoked after the sign-in passes.

use super::Request;
use super::parties::Parties;
use crate::decision::{Reason, Refusal, Step};
use crate::explanation::{Recorder, Values, line, time};
use crate::ids::{Id, TenantId, UnixTime};
use crate::snapshot::{Revocation, RevocationKind, Snapshot};
use crate::subject::Subject;
use crate::target::Resource;

pub(super) fn check(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    let nothing_revoked = || line(Step::Revocation, "revocations", "", "nothing revoked");
    // Usually so, and then the subject need not be read.
    if request.snapshot.revocations.is_empty() && request.context.revocations.is_empty() {
        recorder.record(nothing_revoked);
        return Ok(());
    }
    let home_tenant = home_tenant(request.subject);
    let home_tenant = home_tenant.as_ref();
    for (kind, id, tenant) in things(
        request.snapshot,
        request.subject,
        &request.parties,
        home_tenant,
    ) {
        if let Some(not_before) = revoked(request, kind, id, tenant) {
            recorder.compare(
                || {
                    let name = Revocation::name_of(kind, id, tenant);
                    line(
                        Step::Revocation,
                        format!("revocations/{name}"),
                        "notBefore",
                        "refuses: later than the sign-in",
                    )
                },
                || {
                    let seen = request.subject.authenticated_at.map_or_else(
                        || "a token that does not say when its user signed in".to_owned(),
                        |at| format!("a sign-in at {}", time(at)),
                    );
                    Values::explicit(seen, format!("a sign-in at {} or later", time(not_before)))
                },
            );
            return Err(Refusal::new(Step::Revocation, Reason::Revoked));
        }
    }
    recorder.record(nothing_revoked);
    Ok(())
}

/// When this caller of the own tenant's apps was revoked last: only a sign-in that is shown to be later counts.
#[must_use]
pub fn newest_revocation(snapshot: &Snapshot, subject: &Subject) -> Option<UnixTime> {
    let parties = Parties::of(snapshot, subject, Resource::Own);
    let home_tenant = home_tenant(subject);
    things(snapshot, subject, &parties, home_tenant.as_ref())
        .filter_map(|(kind, id, tenant)| snapshot.revocations.of(kind, id, tenant))
        .reduce(|newest, at| if at > newest { at } else { newest })
}

fn home_tenant(subject: &Subject) -> Option<Id> {
    let tenant = subject.home.recorded_tenant()?;
    Some(Id::Guid(tenant.0))
}

/// All that a caller can be revoked by. An id is one of its own directory alone: a revocation of one tenant's says nothing of the same id
/// elsewhere.
fn things<'a>(
    snapshot: &Snapshot,
    subject: &'a Subject,
    parties: &Parties<'a>,
    home_tenant: Option<&'a Id>,
) -> impl Iterator<Item = (RevocationKind, &'a Id, Option<TenantId>)> + use<'a> {
    let (own, issuer) = (snapshot.own.id, subject.issuer.0);
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
        (RevocationKind::Tenant, home_tenant, None),
    ];
    named.into_iter().flat_map(|(kind, id, tenant)| {
        let tenants = std::iter::once(None).chain(tenant.map(Some));
        id.into_iter()
            .flat_map(move |id| tenants.clone().map(move |tenant| (kind, id, tenant)))
    })
}

/// By what time, if it is.
fn revoked(
    request: &Request<'_>,
    kind: RevocationKind,
    id: &Id,
    tenant: Option<TenantId>,
) -> Option<UnixTime> {
    let binds = |not_before: &UnixTime| {
        request
            .subject
            .authenticated_at
            .is_none_or(|signed_in| *not_before > signed_in)
    };
    let latest = request.snapshot.revocations.of(kind, id, tenant);
    latest.filter(binds).or_else(|| {
        let mut others = request.context.revocations.iter();
        let found = others.find(|revocation| {
            let Revocation {
                kind: of,
                id: named,
                tenant: within,
                not_before,
            } = revocation;
            *of == kind && named == id && *within == tenant && binds(not_before)
        });
        found.map(|revocation| revocation.not_before)
    })
}
