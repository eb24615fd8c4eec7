//! Revocations.

use crossgate_policy::ids::{Id, TenantId, UnixTime};
use crossgate_policy::snapshot::{Revocation, RevocationKind};

use crate::documents::revocation::{KindName, RevocationDocument};
use crate::reader::path::At;
use crate::reader::report::Notes;
use crate::reader::values::{AnyId, Tenant};

/// Compiles one line; `None` where it has faults, which are noted.
pub(crate) fn compile(document: RevocationDocument, notes: &mut Notes<'_>) -> Option<Revocation> {
    let RevocationDocument {
        kind,
        id,
        tenant,
        not_before,
    } = document;
    let root = At::Root;
    let kind = kind.map(|kind| match kind {
        KindName::User => RevocationKind::User,
        KindName::Guest => RevocationKind::Guest,
        KindName::Session => RevocationKind::Session,
        KindName::Token => RevocationKind::Token,
        KindName::Tenant => RevocationKind::Tenant,
    });
    if kind.is_none() {
        notes.fault(
            &root.member("kind"),
            "`kind` is missing; expected `user`, `guest`, `session`, `token` or `tenant`",
        );
    }
    match &id {
        None => notes.fault(
            &root.member("id"),
            "`id` is missing; expected the id of what is revoked",
        ),
        Some(id) => {
            if let (Some(RevocationKind::Tenant), Id::Text(text)) = (kind, &id.0) {
                notes.fault(
                    &root.member("id"),
                    format!("`{text}` is not a tenant id; expected a GUID"),
                );
            }
        }
    }
    let tenant = tenant.map(|Tenant(tenant)| tenant);
    let tenant = kind.and_then(|kind| tenant_of(kind, id.as_ref(), tenant, notes));
    let not_before_at = root.member("notBefore");
    let time = match not_before {
        None => {
            notes.fault(
                &not_before_at,
                "`notBefore` is missing; expected a time such as `2026-01-01T00:00:00Z`",
            );
            None
        }
        Some(time) => {
            let time = UnixTime::new(time.0.as_duration().as_secs_f64());
            if time.is_none() {
                notes.fault(
                    &not_before_at,
                    "no sign-in is that old; expected a time since 1970",
                );
            }
            time
        }
    };
    Some(Revocation {
        kind: kind?,
        id: id?.0,
        tenant,
        not_before: time?,
    })
}

/// The tenant that a revocation is bound to; what would contradict itself is noted.
fn tenant_of(
    kind: RevocationKind,
    id: Option<&AnyId>,
    tenant: Option<TenantId>,
    notes: &mut Notes<'_>,
) -> Option<TenantId> {
    let tenant = tenant?;
    let at = At::Root;
    let at = at.member("tenant");
    match kind {
        RevocationKind::User | RevocationKind::Session | RevocationKind::Token => Some(tenant),
        RevocationKind::Guest => {
            notes.fault(
                &at,
                "a guest is a record here, of no other tenant; remove `tenant`",
            );
            None
        }
        RevocationKind::Tenant => {
            if id.is_some_and(|AnyId(id)| *id != Id::Guid(tenant.0)) {
                notes.fault(
                    &at,
                    format!("`{tenant}` is not the tenant in `id`; remove `tenant`"),
                );
            }
            // The id says it.
            None
        }
    }
}
