//! Step 2: nothing that was revoked after the sign-in passes.

use super::Request;
use crate::decision::{Reason, Refusal, Step};
use crate::explanation::{Recorder, line};
use crate::ids::{Id, UnixTime};
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
    let named = [
        (RevocationKind::User, parties.home_user),
        (RevocationKind::User, parties.own_user),
        (
            RevocationKind::Guest,
            parties.record.map(|record| &record.id),
        ),
        (RevocationKind::Session, subject.session.as_ref()),
        (RevocationKind::Token, subject.token_id.as_ref()),
        (RevocationKind::Token, subject.jwt_id.as_ref()),
        (RevocationKind::Tenant, home_tenant.as_ref()),
    ];
    for (kind, id) in named {
        let Some(id) = id else { continue };
        if revoked(request, kind, id) {
            recorder.record(|| {
                let document = format!("revocations/{}/{id}", kind.name());
                line(
                    Step::Revocation,
                    document,
                    "notBefore",
                    "refuses: later than the sign-in",
                )
            });
            return Err(Refusal::new(Step::Revocation, Reason::Revoked));
        }
    }
    recorder.record(nothing_revoked);
    Ok(())
}

fn revoked(request: &Request<'_>, kind: RevocationKind, id: &Id) -> bool {
    let binds = |not_before: UnixTime| {
        request
            .subject
            .authenticated_at
            .is_none_or(|signed_in| not_before > signed_in)
    };
    request.snapshot.revocations.of(kind, id).is_some_and(binds)
        || request.context.revocations.iter().any(|revocation| {
            let Revocation {
                kind: of,
                id: named,
                not_before,
            } = revocation;
            *of == kind && named == id && binds(*not_before)
        })
}
