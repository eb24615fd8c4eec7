//! Who the two sides are: direction, access type, and the ids and groups known on each (decision.md, sections 2 to 4).

use crate::decision::{AccessType, Direction};
use crate::ids::{Id, TenantId};
use crate::snapshot::{Guest, PartnerSettings, Snapshot};
use crate::subject::{Home, Subject, SubjectKind};
use crate::target::Resource;

/// The two sides of one request.
pub(super) struct Parties<'a> {
    pub(super) direction: Direction,
    pub(super) access_type: AccessType,
    /// The own tenant issued the token.
    pub(super) own_issued: bool,
    /// The guest record of the caller; inbound only.
    pub(super) record: Option<&'a Guest>,
    /// The record names another home tenant than the token.
    pub(super) record_contradicts: bool,
    pub(super) own_user: Option<&'a Id>,
    pub(super) home_user: Option<&'a Id>,
    /// Who a cross-tenant setting sees.
    pub(super) seen: Seen<'a>,
    pub(super) own_groups: Groups<'a>,
    /// The tenant whose settings apply: the home tenant, or outbound the resource tenant.
    pub(super) counterpart: Option<TenantId>,
    /// Its document.
    pub(super) partner: Option<&'a PartnerSettings>,
}

/// The caller as the targets of a cross-tenant setting see them.
pub(super) struct Seen<'a> {
    pub(super) kind: SubjectKind,
    pub(super) user: Option<&'a Id>,
    pub(super) groups: Groups<'a>,
}

/// Groups of one directory, as far as known.
#[derive(Clone, Copy, Default)]
pub(super) struct Groups<'a> {
    by_token: &'a [Id],
    by_record: &'a [Id],
    /// Nobody is a member of a group that is not listed.
    pub(super) complete: bool,
}

impl<'a> Groups<'a> {
    /// Those that the caller is a member of for sure, in no order; one may come twice.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a Id> + use<'a> {
        self.by_token.iter().chain(self.by_record)
    }

    /// Whether some group, of those that the caller is a member of for sure, is such a one.
    pub(super) fn any(&self, is_such: impl Fn(&Id) -> bool) -> bool {
        self.by_token.iter().any(&is_such) || self.by_record.iter().any(&is_such)
    }
}

impl<'a> Parties<'a> {
    pub(super) fn of(snapshot: &'a Snapshot, subject: &'a Subject, asked: Resource) -> Self {
        let own = snapshot.own.id;
        let issuer = subject.issuer.0;
        let own_issued = issuer == own;
        let home_issued = subject.home.recorded_tenant() == Some(issuer);
        let home_is_own = matches!(subject.home, Home::Tenant { tenant, .. } if tenant.0 == own);
        let (direction, resource) = match (home_is_own, asked) {
            (true, Resource::Own) => (Direction::Internal, own),
            (false, Resource::Own) => (Direction::Inbound, own),
            (true, Resource::External { tenant, .. }) => (Direction::Outbound, tenant.0),
            (false, Resource::External { tenant, .. }) => (Direction::TenantRestricted, tenant.0),
        };
        let counterpart = match direction {
            Direction::Internal => None,
            Direction::Inbound | Direction::TenantRestricted => subject.home.recorded_tenant(),
            Direction::Outbound => Some(resource),
        };
        let partner = counterpart.and_then(|tenant| snapshot.partners.get(tenant));

        let record = match (direction, subject.kind) {
            (Direction::Inbound, SubjectKind::User) => record_of(snapshot, subject, own_issued),
            (Direction::Inbound, SubjectKind::App)
            | (Direction::Internal | Direction::Outbound | Direction::TenantRestricted, _) => None,
        };
        let record_contradicts = record.is_some_and(|record| {
            record.home_tenant.is_some() && record.home_tenant != subject.home.recorded_tenant()
        });
        let lender = record.filter(|_| !record_contradicts);

        let home_user = if home_issued {
            subject.user_id.as_ref()
        } else {
            subject
                .home_oid
                .as_ref()
                .or_else(|| lender?.home_user_id.as_ref())
        };
        let home_groups = Groups {
            by_token: if home_issued {
                &subject.groups.listed
            } else {
                &[]
            },
            by_record: lender.and_then(|r| r.home_groups.as_deref()).unwrap_or(&[]),
            complete: lender.is_some_and(|r| r.home_groups.is_some() && r.home_groups_complete)
                || (home_issued && !subject.groups.overage),
        };
        // What the resource tenant's service says of our own user would let the partner choose whom our setting sees.
        let hidden = direction == Direction::Outbound && !home_issued;
        let seen = Seen {
            kind: subject.kind,
            user: home_user.filter(|_| !hidden),
            groups: if hidden {
                Groups::default()
            } else {
                home_groups
            },
        };
        Self {
            direction,
            access_type: access_type(
                direction,
                subject,
                own_issued,
                home_issued,
                resource,
                record,
                partner,
            ),
            own_issued,
            record,
            record_contradicts,
            own_user: if own_issued {
                subject.user_id.as_ref()
            } else {
                record.map(|record| &record.id)
            },
            home_user,
            seen,
            own_groups: Groups {
                by_token: if own_issued {
                    &subject.groups.listed
                } else {
                    &[]
                },
                by_record: &[],
                complete: own_issued && !subject.groups.overage,
            },
            counterpart,
            partner,
        }
    }

    /// What documents and explanations call the counterpart's entry.
    pub(super) fn partner_document(&self) -> String {
        self.counterpart
            .map_or_else(String::new, |tenant| format!("partners/{tenant}"))
    }
}

fn record_of<'a>(snapshot: &'a Snapshot, subject: &Subject, own_issued: bool) -> Option<&'a Guest> {
    let user = subject.user_id.as_ref()?;
    if own_issued {
        return snapshot.guests.by_id(user);
    }
    snapshot
        .guests
        .by_home(subject.home.recorded_tenant()?, user)
}

/// Section 4, row by row.
fn access_type(
    direction: Direction,
    subject: &Subject,
    own_issued: bool,
    home_issued: bool,
    resource: TenantId,
    record: Option<&Guest>,
    partner: Option<&PartnerSettings>,
) -> AccessType {
    let without_tenant = !matches!(subject.home, Home::Tenant { .. });
    let provider = !without_tenant && partner.is_some_and(|partner| partner.is_service_provider);
    match direction {
        Direction::Internal => AccessType::None,
        Direction::Inbound => match subject.kind {
            SubjectKind::App if provider => AccessType::ServiceProvider,
            SubjectKind::App => AccessType::Passthrough,
            SubjectKind::User if own_issued || without_tenant || record.is_some() => {
                AccessType::Collaboration
            }
            SubjectKind::User if provider => AccessType::ServiceProvider,
            SubjectKind::User => AccessType::DirectConnect,
        },
        Direction::Outbound if own_issued => AccessType::DirectConnect,
        Direction::Outbound => AccessType::Collaboration,
        Direction::TenantRestricted if !home_issued => AccessType::Collaboration,
        Direction::TenantRestricted if subject.issuer.0 == resource => AccessType::None,
        Direction::TenantRestricted => AccessType::DirectConnect,
    }
}
