//! The rules that hold for a tenant, merged of its partner document and the default as every request has them: read from the snapshot
//! itself, each with the document that it comes from.

use std::sync::Arc;

use crossgate_config::{AppSettings, Enforcement, ResourceTenant, Settings};
use crossgate_policy::Admitted;
use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::snapshot::{
    Access, AccessPolicy, AppTargets, DefaultSettings, Origin, PartnerSettings, PolicyState,
    Setting, Snapshot, UserTargets,
};
use serde_json::{Map, Value, json};

use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use super::parameters::Parameters;

/// `GET /crossgate/effective?tenant=&app=`.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let wanted = Wanted::read(asked.call.query.as_deref())?;
    let settings = api.settings();
    if wanted.tenant == settings.tenant.id {
        return Err(ApiError::bad_address(
            "`tenant`: is the own organization, to whose people no cross-tenant setting applies; expected another one's id",
        ));
    }
    let app = wanted.app.map(|id| {
        let found = settings.apps.iter().find(|app| app.id == id);
        found.ok_or_else(|| ApiError::not_found(format!("there is no app `{id}`")))
    });
    let app = app.transpose()?;
    let in_force = api.ledger.enforcer().in_force(wanted.tenant);
    let in_force = in_force.ok_or_else(ApiError::internal)?;
    let merged = Merged {
        tenant: wanted.tenant,
        snapshot: &in_force.snapshot,
        partner: in_force.snapshot.partners.get(wanted.tenant),
        app,
    };
    let mut told = merged.told(&settings);
    told.insert("snapshot".to_owned(), json!(&*in_force.hash));
    let draft = in_force.staged.map(|draft| draft.to_string());
    told.insert("stagedDraft".to_owned(), json!(draft));
    Ok(Reply::ok(Value::Object(told)))
}

/// Whose rules are asked for.
struct Wanted {
    tenant: TenantId,
    app: Option<Id>,
}

impl Wanted {
    fn read(query: Option<&str>) -> Result<Self, ApiError> {
        let mut given = Parameters::read(query, &["tenant", "app"])?;
        let (tenant, app) = (given.take("tenant"), given.take("app"));
        let tenant = tenant.ok_or_else(|| {
            ApiError::bad_address("`tenant`: is missing; expected the id of another organization")
        })?;
        let id = TenantId::parse(&tenant).ok_or_else(|| {
            ApiError::bad_address(format!(
                "`tenant`: `{tenant}` is not the id of an organization; expected a GUID"
            ))
        })?;
        Ok(Self {
            tenant: id,
            app: app.map(|app| Id::new(&app)),
        })
    }
}

/// A tenant, as the snapshot has it.
struct Merged<'a> {
    tenant: TenantId,
    snapshot: &'a Snapshot,
    partner: Option<&'a PartnerSettings>,
    app: Option<&'a AppSettings>,
}

/// A setting with its name, and where the two documents have it.
type Property = (
    &'static str,
    fn(&PartnerSettings) -> Option<&Arc<Setting>>,
    fn(&DefaultSettings) -> &Arc<Setting>,
);

const SETTINGS: [Property; 5] = [
    (
        "b2bCollaborationInbound",
        |partner| partner.collaboration_inbound.as_ref(),
        |default| &default.collaboration_inbound,
    ),
    (
        "b2bCollaborationOutbound",
        |partner| partner.collaboration_outbound.as_ref(),
        |default| &default.collaboration_outbound,
    ),
    (
        "b2bDirectConnectInbound",
        |partner| partner.direct_connect_inbound.as_ref(),
        |default| &default.direct_connect_inbound,
    ),
    (
        "b2bDirectConnectOutbound",
        |partner| partner.direct_connect_outbound.as_ref(),
        |default| &default.direct_connect_outbound,
    ),
    (
        "tenantRestrictions",
        |partner| partner.tenant_restrictions.as_ref(),
        |default| &default.tenant_restrictions,
    ),
];

impl Merged<'_> {
    fn told(&self, settings: &Settings) -> Map<String, Value> {
        let mut configured = settings.partners.iter();
        let configured = configured.find(|partner| partner.tenant == self.tenant);
        let mut told = Map::new();
        let mut tell = |name: &str, value: Value| drop(told.insert(name.to_owned(), value));
        tell("tenantId", json!(self.tenant.to_string()));
        tell(
            "displayName",
            json!(configured.map(|partner| &partner.name)),
        );
        let facts = self.snapshot.partner_facts.get(&self.tenant);
        let cloud = facts.and_then(|facts| facts.cloud);
        tell(
            "cloud",
            json!(cloud.map(crossgate_policy::ids::Cloud::name)),
        );
        tell("isPartner", json!(self.partner.is_some()));
        tell(
            "isServiceProvider",
            json!(
                self.partner
                    .is_some_and(|partner| partner.is_service_provider)
            ),
        );
        for (name, of_partner, of_default) in SETTINGS {
            let own = self.partner.and_then(of_partner);
            let setting = own.unwrap_or_else(|| of_default(&self.snapshot.default));
            let holder = if own.is_some() {
                self.document()
            } else {
                DEFAULT.to_owned()
            };
            tell(name, self.setting(setting, &holder));
        }
        tell("inboundTrust", self.trust());
        let automatic = self.partner.map(|partner| {
            json!({
                "inboundAllowed": partner.automatic_consent_inbound,
                "outboundAllowed": partner.automatic_consent_outbound,
            })
        });
        tell("automaticUserConsentSettings", json!(automatic));
        let side = self.snapshot.partner_sides.get(&self.tenant);
        let side = side.map(|side| {
            json!({"automaticUserConsentSettings": {"outboundAllowed": side.automatic_consent_outbound}})
        });
        tell("publishedByPartner", json!(side));
        if let Some(app) = self.app {
            tell("app", application(app));
            let policies = self.snapshot.conditional_access.iter();
            let policies = policies.filter(|policy| reaches(policy, app));
            tell("conditionalAccessPolicies", policies.map(policy).collect());
        }
        told
    }

    fn document(&self) -> String {
        format!("partners/{}", self.tenant)
    }

    fn setting(&self, setting: &Setting, holder: &str) -> Value {
        let users = &setting.users;
        let apps = &setting.apps;
        let mut told = json!({
            "usersAndGroups": half(users.access, users_named(users), (users.origin, holder)),
            "applications": half(apps.access, apps_named(apps), (apps.origin, holder)),
        });
        if let (Some(app), Some(members)) = (self.app, told.as_object_mut()) {
            let admitted = match Admitted::by(setting, &app.id) {
                Admitted::Everyone => "everyone",
                Admitted::Nobody => "nobody",
                Admitted::Listed => "listed",
                Admitted::Unlisted => "unlisted",
            };
            members.insert("admitsToApp".to_owned(), json!(admitted));
        }
        told
    }

    fn trust(&self) -> Value {
        let default = &self.snapshot.default.trust;
        let own = self.partner.map(|partner| partner.trust);
        let told = |own: Option<bool>, default: Option<bool>| {
            let document = match (own, default) {
                (Some(_), _) => Some(self.document()),
                (None, Some(_)) => Some(DEFAULT.to_owned()),
                (None, None) => None,
            };
            json!({"value": own.or(default).unwrap_or(false), "document": document})
        };
        json!({
            "isMfaAccepted": told(own.and_then(|own| own.mfa), default.mfa),
            "isCompliantDeviceAccepted": told(own.and_then(|own| own.compliant_device), default.compliant_device),
            "isHybridAzureADJoinedDeviceAccepted":
                told(own.and_then(|own| own.hybrid_joined_device), default.hybrid_joined_device),
        })
    }
}

/// One half of a setting, with the document that it was taken from: `null` where no document has it, and Entra's initial value holds.
fn half(access: Access, targets: Vec<Value>, (origin, holder): (Origin, &str)) -> Value {
    let document = match origin {
        Origin::Written => Some(holder),
        Origin::Default => Some(DEFAULT),
        Origin::Initial => None,
    };
    let access = match access {
        Access::Allowed => "allowed",
        Access::Blocked => "blocked",
    };
    json!({"accessType": access, "targets": targets, "document": document})
}

fn target(name: &str, kind: &str) -> Value {
    json!({"target": name, "targetType": kind})
}

fn users_named(users: &UserTargets) -> Vec<Value> {
    let everyone = users.everyone.then(|| target("AllUsers", "user"));
    let named = |ids: &[Id], kind: &'static str| -> Vec<Value> {
        ids.iter().map(|id| target(&id.text(), kind)).collect()
    };
    let mut all: Vec<Value> = everyone.into_iter().collect();
    all.extend(named(users.users(), "user"));
    all.extend(named(users.groups(), "group"));
    all
}

fn apps_named(apps: &AppTargets) -> Vec<Value> {
    let all = apps.all.then(|| target("AllApplications", "application"));
    let named = apps.apps().iter();
    all.into_iter()
        .chain(named.map(|id| target(&id.text(), "application")))
        .collect()
}

/// What the configuration says of an app that bears on who comes in.
fn application(app: &AppSettings) -> Value {
    let resource = match app.resource_tenant {
        ResourceTenant::Own => None,
        ResourceTenant::External(egress) => Some(egress.tenant.to_string()),
    };
    let enforcement = match app.enforcement {
        Enforcement::Enforce => "enforce",
        Enforcement::ReportOnly => "report-only",
    };
    json!({
        "id": app.id.text(), "displayName": app.name, "resourceTenantId": resource, "enforcement": enforcement,
        "assignmentRequired": app.assignment_required, "anonymous": app.anonymous, "authenticationContexts": app.auth_contexts,
        "scopes": app.scopes, "roles": app.roles,
    })
}

/// Whether a policy can apply to requests of this app, by its application condition.
fn reaches(policy: &AccessPolicy, app: &AppSettings) -> bool {
    let condition = &policy.apps;
    let named = condition.all || condition.include.contains(&app.id);
    let by_context = |context: &String| condition.contexts.iter().any(|named| **named == **context);
    (named && !condition.exclude.contains(&app.id)) || app.auth_contexts.iter().any(by_context)
}

fn policy(policy: &AccessPolicy) -> Value {
    let state = match policy.state {
        PolicyState::Enabled => "enabled",
        PolicyState::ReportOnly => "enabledForReportingButNotEnforced",
    };
    json!({"id": policy.id, "displayName": policy.name, "state": state})
}

const DEFAULT: &str = "default";
