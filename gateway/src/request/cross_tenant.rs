//! What the gateway publishes of its organisation's settings towards a partner, for the partner's gateway to go by (decision.md, section 7).

use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::snapshot::{Access, AppTargets, Setting, Snapshot, UserTargets};
use crossgate_token::{CROSS_TENANT_CLAIM, CROSS_TENANT_TYPE, gateway_of};
use serde_json::{Value, json};

use super::assertion::Signer;

/// Where partners' gateways ask; the partner's own tenant id stands behind it.
pub const CROSS_TENANT_PATH: &str = "/.well-known/crossgate/cross-tenant/";

/// Which partner asks with this path, whoever really does.
#[must_use]
pub fn partner_of(path: &str) -> Option<TenantId> {
    TenantId::parse(path.strip_prefix(CROSS_TENANT_PATH)?)
}

/// The document for a partner, signed, at this time in seconds. `None` where signing fails.
#[must_use]
pub fn document(
    signer: &Signer,
    snapshot: &Snapshot,
    partner: TenantId,
    now: u64,
) -> Option<String> {
    let settings = snapshot.partners.get(partner);
    let written = settings.and_then(|settings| settings.direct_connect_outbound.as_deref());
    let direct_connect = written.unwrap_or(&snapshot.default.direct_connect_outbound);
    let consents = settings.and_then(|settings| settings.automatic_consent_outbound);
    signer.sign_as(
        CROSS_TENANT_TYPE,
        &json!({
            "iss": gateway_of(snapshot.own.id),
            "aud": gateway_of(partner),
            "iat": now,
            "exp": now + LIFETIME,
            CROSS_TENANT_CLAIM: {
                "tenantId": partner.to_string(),
                "automaticUserConsentSettings": { "outboundAllowed": consents.unwrap_or(false) },
                "b2bDirectConnectOutbound": written_out(direct_connect),
            },
        }),
    )
}

/// A setting as Graph has it. Bundles of Microsoft's apps are left out: no app of anybody's gateway is among them.
fn written_out(setting: &Setting) -> Value {
    let Setting { users, apps } = setting;
    json!({ "usersAndGroups": of_users(users), "applications": of_apps(apps) })
}

fn of_users(users: &UserTargets) -> Value {
    let everyone = users.everyone.then(|| target("AllUsers", "user"));
    let ids = |ids: &[Id], kind: &str| ids.iter().map(|id| target(&id.to_string(), kind)).collect();
    let named: Vec<Value> = ids(users.users(), "user");
    let groups: Vec<Value> = ids(users.groups(), "group");
    let targets = everyone.into_iter().chain(named).chain(groups);
    json!({ "accessType": access(users.access), "targets": targets.collect::<Vec<_>>() })
}

fn of_apps(apps: &AppTargets) -> Value {
    let all = apps.all.then(|| target("AllApplications", "application"));
    let named = apps.apps().iter();
    let named = named.map(|app| target(&app.to_string(), "application"));
    let mut targets: Vec<_> = all.into_iter().chain(named).collect();
    if targets.is_empty() {
        // A list without targets is none to Graph; this one matches nothing either.
        targets.push(target("Office365", "application"));
    }
    json!({ "accessType": access(apps.access), "targets": targets })
}

fn target(target: &str, kind: &str) -> Value {
    json!({ "target": target, "targetType": kind })
}

const fn access(access: Access) -> &'static str {
    match access {
        Access::Allowed => "allowed",
        Access::Blocked => "blocked",
    }
}

/// Seconds that a document holds: as long as a partner may go by one after ours has changed and cannot be reached.
const LIFETIME: u64 = 300;
