//! Step 4: another Microsoft cloud is closed until enabled, and then open to listed partners only.

use super::Request;
use crate::decision::{AccessType, Direction, Reason, Refusal, Step};
use crate::explanation::{Recorder, Values, line, list};
use crate::ids::Cloud;
use crate::snapshot::Snapshot;
use crate::subject::{Home, HomeCloud};
use crate::target::Resource;

pub(super) fn check(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    let (clouds, reason) = match (request.parties.direction, request.target.resource) {
        (Direction::Inbound, _) => (
            home_clouds(request.snapshot, request.subject.home),
            Reason::HomeCloudNotEnabled,
        ),
        (Direction::Outbound, Resource::External { cloud, .. }) => {
            ([Some(cloud), None], Reason::ResourceCloudNotEnabled)
        }
        (Direction::Outbound, Resource::Own)
        | (Direction::Internal | Direction::TenantRestricted, _) => {
            ([None, None], Reason::HomeCloudNotEnabled)
        }
    };
    let mut refused = false;
    for cloud in clouds.into_iter().flatten() {
        let obstacle = obstacle(request, cloud);
        recorder.compare(
            || match obstacle {
                None => line(
                    Step::Cloud,
                    "cross-tenant-access-policy",
                    "allowedCloudEndpoints",
                    format!("{} passes", cloud.name()),
                ),
                Some((document, property)) => line(
                    Step::Cloud,
                    document,
                    property,
                    format!("refuses: {}", cloud.name()),
                ),
            },
            || values(request, cloud, obstacle),
        );
        refused |= obstacle.is_some();
    }
    if clouds == [None, None] {
        recorder.record(|| line(Step::Cloud, "", "", "does not apply"));
    }
    if refused {
        Err(Refusal::new(Step::Cloud, reason))
    } else {
        Ok(())
    }
}

fn values(request: &Request<'_>, cloud: Cloud, obstacle: Option<(&str, &str)>) -> Values {
    match obstacle {
        Some((_, "tenantId")) => Values::implicit(
            format!("a tenant of the cloud {} without a document", cloud.name()),
            "a document of it",
        ),
        Some((_, "b2bDirectConnect")) => Values::implicit(
            format!("direct connect from the cloud {}", cloud.name()),
            "direct connect within our cloud, or a guest",
        ),
        Some(_) | None => {
            let own = request.snapshot.own.cloud;
            let allowed = request.snapshot.allowed_clouds.iter().copied();
            let wanted = std::iter::once(own).chain(allowed).map(Cloud::name);
            Values {
                explicit: obstacle.is_none() && cloud != own,
                ..Values::implicit(cloud.name(), list(wanted))
            }
        }
    }
}

/// Whether the home tenant is for sure in our own cloud.
pub(super) fn home_is_in_own_cloud(snapshot: &Snapshot, home: Home) -> bool {
    let own = snapshot.own.cloud;
    let clouds = home_clouds(snapshot, home);
    clouds != [None, None] && clouds.into_iter().flatten().all(|cloud| cloud == own)
}

/// Every cloud the home tenant may be in; none for an identity without a tenant.
fn home_clouds(snapshot: &Snapshot, home: Home) -> [Option<Cloud>; 2] {
    let Home::Tenant { tenant, cloud } = home else {
        return [None, None];
    };
    let configured = || {
        snapshot
            .partner_facts
            .get(&tenant.0)
            .and_then(|facts| facts.cloud)
    };
    match cloud {
        HomeCloud::Issuer(cloud) => [Some(cloud), None],
        HomeCloud::Named(cloud) => [Some(configured().unwrap_or(cloud)), None],
        HomeCloud::GlobalOrUsGov => configured()
            .map_or([Some(Cloud::Global), Some(Cloud::UsGov)], |cloud| {
                [Some(cloud), None]
            }),
    }
}

/// Document and property in the way of this cloud.
fn obstacle(request: &Request<'_>, cloud: Cloud) -> Option<(&'static str, &'static str)> {
    if cloud == request.snapshot.own.cloud {
        return None;
    }
    if !request.snapshot.allowed_clouds.contains(&cloud) {
        return Some(("cross-tenant-access-policy", "allowedCloudEndpoints"));
    }
    if request.parties.partner.is_none() {
        return Some(("partners", "tenantId"));
    }
    (request.parties.access_type == AccessType::DirectConnect).then_some(("", "b2bDirectConnect"))
}
