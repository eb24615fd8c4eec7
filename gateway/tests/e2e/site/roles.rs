//! Calls of every route of the admin API, and what each of them takes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crossgate_control::api::routes::{Need, ROUTES, Route, Verb, Versions};
use crossgate_control::roles::{Action, ActionSet, BuiltInRole};
use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};

use super::admin::{AUDITS, DEFAULT, GLOBAL_ADMINISTRATOR, PARTNERS};
use super::line::Line;
use super::{PAYROLL, Site, WINGTIP, everyone, nobody, partner};

pub const ASSIGNMENTS: &str = "roleManagement/directory/roleAssignments";
pub const DEFINITIONS: &str = "roleManagement/directory/roleDefinitions";
const POLICIES: &str = "identity/conditionalAccess/policies";
const LOCATIONS: &str = "identity/conditionalAccess/namedLocations";
const FLOWS: &str = "identity/b2xUserFlows";
const CONNECTORS: &str = "identity/apiConnectors";
const ATTRIBUTES: &str = "identity/userFlowAttributes";
const SIGN_INS: &str = "auditLogs/signIns";
const SYNC: &str = "identitySynchronization";
const INVITATIONS: &str = "invitations";
const REVIEWS: &str = "identityGovernance/accessReviews/definitions";
const GROUPS: &str = "groups";
const DRAFTS: &str = "crossgate/drafts";
/// Owns every group here, and now and then an app.
const OWNER: &str = "0b0e0000-0000-4000-8000-00000000005b";
/// Who answers for every guest that is invited here.
const SPONSOR: &str = "0b0e0000-0000-4000-8000-00000000005a";

/// What the API keeps, but for the audit.
const KEPT: &[&str] = &[
    "v1.0/policies/crossTenantAccessPolicy",
    "v1.0/policies/crossTenantAccessPolicy/default",
    "v1.0/policies/crossTenantAccessPolicy/partners?$top=999&$expand=identitySynchronization",
    "v1.0/policies/crossTenantAccessPolicy/templates/multiTenantOrganizationPartnerConfiguration",
    "v1.0/policies/crossTenantAccessPolicy/templates/multiTenantOrganizationIdentitySynchronization",
    "v1.0/policies/authorizationPolicy",
    "beta/legacy/policies/b2bManagementPolicy",
    "beta/policies/externalIdentitiesPolicy",
    "v1.0/identity/conditionalAccess/policies?$top=999",
    "v1.0/identity/conditionalAccess/namedLocations?$top=999",
    "v1.0/roleManagement/directory/roleDefinitions?$top=999",
    "v1.0/roleManagement/directory/roleAssignments?$top=999",
    "v1.0/policies/authenticationFlowsPolicy",
    "v1.0/identity/b2xUserFlows?$top=999",
    "v1.0/identity/apiConnectors?$top=999",
    "v1.0/identity/userFlowAttributes?$top=999",
    "v1.0/crossgate/signUpRequests?$top=999",
    "v1.0/users?$top=999",
    "v1.0/directory/deletedItems/microsoft.graph.user?$top=999",
    "v1.0/groups?$top=999",
    "v1.0/crossgate/drafts?$top=999",
    "v1.0/servicePrincipals/aaaaaaaa-0000-4000-8000-000000000001/appRoleAssignedTo?$top=999",
    "v1.0/servicePrincipals/aaaaaaaa-0000-4000-8000-000000000001/owners?$top=999",
];

/// What calls are about. All of it is there before each caller comes.
struct Things {
    policy: String,
    location: String,
    role: String,
    assignment: String,
    audit: String,
    sign_in: String,
    /// The correlation id of some request.
    correlation: String,
    guest: String,
    flow: String,
    connector: String,
    attribute: String,
    /// Who is to be restored, and who is to be removed for good.
    deleted: [String; 2],
    group: String,
    /// Who is in the group.
    member: String,
    app_role_assignment: String,
    draft: String,
    /// A draft that others have a say in.
    reviewed: String,
}

/// Access reviews: one under way, one that is to be stopped, and one that is to be applied; and a guest of theirs.
struct Reviews {
    open: String,
    running: String,
    ended: String,
    guest: String,
}

/// One call, and the actions it takes.
#[derive(Debug)]
struct Asking {
    method: Verb,
    path: String,
    body: Option<Value>,
    takes: Vec<Action>,
}

/// What a caller was told.
#[derive(Debug, Default)]
pub struct Tally {
    pub denied: usize,
    /// Calls that were permitted and failed all the same.
    pub failed: Vec<String>,
    pub permitted: usize,
}

/// Whoever looks after everything while others try.
pub struct Inspector<'s> {
    site: &'s Site,
    line: Line,
    token: String,
    fresh: u32,
    reviews: Option<Reviews>,
}

impl<'s> Inspector<'s> {
    /// Where nobody invites but by a role.
    pub fn new(site: &'s Site) -> Self {
        Self::where_inviters_are(site, "adminsAndGuestInviters")
    }

    /// Where `allowInvitesFrom` is this.
    pub fn where_inviters_are(site: &'s Site, inviters: &str) -> Self {
        let token = site.administrator(GLOBAL_ADMINISTRATOR);
        let body = json!({ "allowInvitesFrom": inviters });
        let set = site.send(&token, "PATCH", "policies/authorizationPolicy", &body);
        assert_eq!(set.status, 204, "{set:?}");
        Self {
            site,
            line: Line::open(site.gateway.admin()),
            token,
            fresh: 0,
            reviews: None,
        }
    }

    /// An id that nothing has yet.
    pub fn fresh(&mut self) -> String {
        self.fresh += 1;
        format!("0fee0000-0000-4000-8000-{:012}", self.fresh)
    }

    #[track_caller]
    pub fn get(&mut self, path: &str) -> Value {
        let told = self.line.call(&self.token, "GET", path, "");
        assert_eq!(told.status, 200, "{path}\n{told:?}");
        told.json()
    }

    /// Makes something and answers with its id.
    #[track_caller]
    pub fn make(&mut self, path: &str, body: &Value) -> String {
        let path = format!("v1.0/{path}");
        let told = self
            .line
            .call(&self.token, "POST", &path, &body.to_string());
        assert_eq!(told.status, 201, "{path}\n{told:?}");
        told.json()["id"].as_str().unwrap_or_default().to_owned()
    }

    /// A custom role.
    #[track_caller]
    pub fn role(&mut self, enabled: bool, actions: &[Action]) -> String {
        let names: Vec<_> = actions.iter().map(|action| action.name()).collect();
        let name = self.fresh();
        let body = json!({
            "displayName": name, "isEnabled": enabled,
            "rolePermissions": [{ "allowedResourceActions": names }],
        });
        self.make(DEFINITIONS, &body)
    }

    /// Gives a role to somebody and answers with the assignment's id.
    #[track_caller]
    pub fn assign(&mut self, role: &str, principal: &str) -> String {
        let body =
            json!({ "principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/" });
        self.make(ASSIGNMENTS, &body)
    }

    /// Invites somebody and answers with their id.
    #[track_caller]
    fn invite(&mut self) -> String {
        let body = invitation(&self.fresh()).to_string();
        let path = format!("v1.0/{INVITATIONS}");
        let told = self.line.call(&self.token, "POST", &path, &body);
        assert_eq!(told.status, 201, "{told:?}");
        told.json()["invitedUser"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Somebody who was invited and deleted.
    #[track_caller]
    fn deleted(&mut self) -> String {
        let guest = self.invite();
        let path = format!("v1.0/users/{guest}");
        let told = self.line.call(&self.token, "DELETE", &path, "");
        assert_eq!(told.status, 204, "{told:?}");
        guest
    }

    /// All that is kept, with the versions of it.
    pub fn everything(&mut self) -> Vec<Value> {
        KEPT.iter()
            .map(|path| {
                let mut shown = self.get(path);
                assert_eq!(shown["@odata.nextLink"], Value::Null, "{path}");
                let value = shown["value"].take();
                if value.is_null() { shown } else { value }
            })
            .collect()
    }

    /// How many records have this result.
    pub fn records(&mut self, result: &str) -> u64 {
        let path = format!("v1.0/{AUDITS}?$filter=result%20eq%20'{result}'&$count=true&$top=1");
        self.get(&path)["@odata.count"].as_u64().unwrap()
    }

    /// Correlation and reason of the latest failures.
    fn latest_failures(&mut self, count: usize) -> BTreeMap<String, String> {
        let path = format!("v1.0/{AUDITS}?$filter=result%20eq%20'failure'&$top={count}");
        let records = self.get(&path)["value"].take();
        let records = records.as_array().unwrap().iter().map(|record| {
            let text = |name: &str| record[name].as_str().unwrap().to_owned();
            (text("correlationId"), text("resultReason"))
        });
        records.collect()
    }

    /// Makes or removes Wingtip's synchronization; it may be so already.
    fn synchronization(&mut self, method: &str, body: &str) {
        let path = format!("{}/{SYNC}", wingtip());
        let told = self.line.call(&self.token, method, &path, body);
        assert!(told.status < 300 || told.status == 409, "{told:?}");
    }

    /// Waits until no review does anything by itself.
    fn settle(&mut self) {
        wait_for("the reviews", Duration::from_secs(30), || {
            let path = format!("v1.0/{REVIEWS}?$top=999&$select=id,status");
            let all = self.get(&path)["value"].take();
            let rests = |review: &Value| {
                let status = review["status"].as_str().unwrap();
                ["InProgress", "Completed", "Applied"].contains(&status)
            };
            all.as_array().unwrap().iter().all(rests).then_some(())
        });
    }

    /// Once for all.
    fn set_out_reviews(&mut self) {
        if self.reviews.is_none() {
            let guest = self.invite();
            let reviews = Reviews {
                open: self.make(REVIEWS, &review()),
                running: self.make(REVIEWS, &review()),
                ended: self.make(REVIEWS, &review()),
                guest,
            };
            self.settle();
            let id = &reviews.ended;
            let path = format!("v1.0/{REVIEWS}/{id}/instances/{id}/stop");
            let told = self.line.call(&self.token, "POST", &path, "");
            assert_eq!(told.status, 204, "{told:?}");
            self.reviews = Some(reviews);
        }
        self.settle();
    }

    /// Makes what is not there.
    fn set_out(&mut self) -> Things {
        self.set_out_reviews();
        let path = format!("v1.0/{PARTNERS}/{WINGTIP}");
        if self.line.call(&self.token, "GET", &path, "").status == 404 {
            self.make(PARTNERS, &partner(WINGTIP, json!({})));
        }
        let body = json!({ "userSyncInbound": { "isSyncAllowed": false } });
        self.synchronization("PUT", &body.to_string());
        let role = self.role(true, &[Action::PartnersRead]);
        let reader = BuiltInRole::DirectoryReaders.id().to_string();
        let somebody = self.fresh();
        let (assigned, called) = (self.fresh(), self.fresh());
        let group = self.make(GROUPS, &group(&called));
        let member = self.invite();
        self.refer(&format!("{GROUPS}/{group}/members"), &member);
        self.refer(&format!("{GROUPS}/{group}/owners"), OWNER);
        self.refer(&format!("servicePrincipals/{PAYROLL}/owners"), OWNER);
        Things {
            policy: self.make(POLICIES, &policy()),
            location: self.make(LOCATIONS, &location()),
            assignment: self.assign(&reader, &somebody),
            audit: self.get(&format!("v1.0/{AUDITS}?$top=1"))["value"][0]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
            sign_in: self.of_sign_in("id"),
            correlation: self.of_sign_in("correlationId"),
            role,
            guest: self.invite(),
            flow: self.flow(),
            connector: self.make(CONNECTORS, &connector()),
            attribute: self.attribute(),
            deleted: [self.deleted(), self.deleted()],
            group,
            member,
            app_role_assignment: self.make(&assigned_to_payroll(), &assignment(&assigned)),
            draft: self.draft(),
            reviewed: self.draft(),
        }
    }

    /// A draft that changes a document.
    #[track_caller]
    fn draft(&mut self) -> String {
        let name = self.fresh();
        let draft = self.make(DRAFTS, &json!({ "displayName": name }));
        let path = format!("v1.0/{DRAFTS}/{draft}/policies/crossTenantAccessPolicy");
        let body = json!({ "displayName": name }).to_string();
        let told = self.line.call(&self.token, "PATCH", &path, &body);
        assert_eq!(told.status, 204, "{told:?}");
        draft
    }

    /// A member of the event of a request, whatever became of that.
    #[track_caller]
    fn of_sign_in(&mut self, member: &str) -> String {
        drop(self.site.payroll("/").send());
        wait_for("a sign-in in the log", Duration::from_secs(10), || {
            let found = self.get(&format!("v1.0/{SIGN_INS}?$top=1"));
            found["value"][0][member].as_str().map(ToOwned::to_owned)
        })
    }

    /// Puts a reference where it may stand already.
    #[track_caller]
    fn refer(&mut self, path: &str, id: &str) {
        let body = reference(id).to_string();
        let path = format!("v1.0/{path}/$ref");
        let told = self.line.call(&self.token, "POST", &path, &body);
        assert!(told.status == 204 || told.status == 400, "{told:?}");
    }

    /// A user flow that asks a city.
    #[track_caller]
    fn flow(&mut self) -> String {
        let name = self.fresh();
        let body = json!({
            "id": name, "userFlowType": "signUpOrSignIn", "userFlowTypeVersion": 1,
        });
        let flow = self.make(FLOWS, &body);
        let path = format!("{FLOWS}/{flow}/userAttributeAssignments");
        self.make(&path, &attribute_assignment("city"));
        flow
    }

    /// A custom attribute.
    #[track_caller]
    fn attribute(&mut self) -> String {
        let body = json!({ "displayName": self.fresh(), "dataType": "string" });
        self.make(ATTRIBUTES, &body)
    }

    /// Calls every route as somebody who holds these actions and no others: first what must be denied, of which nothing may come but a record
    /// each, then the rest.
    pub fn try_all(&mut self, who: &str, token: &str, held: ActionSet, beta: bool) -> Tally {
        let things = self.set_out();
        let mut askings = Vec::new();
        for route in ROUTES {
            self.askings(route, &things, beta, &mut askings);
        }
        let (mut permitted, denied): (Vec<_>, Vec<_>) = askings
            .into_iter()
            .partition(|asking| asking.takes.iter().all(|action| held.contains(*action)));
        let mut line = Line::open(self.site.gateway.admin());
        let mut call = |asking: &Asking| {
            let body = match &asking.body {
                None => String::new(),
                // A file.
                Some(Value::String(text)) => text.clone(),
                Some(body) => body.to_string(),
            };
            line.call(token, asking.method.name(), &asking.path, &body)
        };
        let before = (self.everything(), self.records("success"));
        let failures = self.records("failure");
        let mut reasons = BTreeMap::new();
        for asking in &denied {
            let told = call(asking);
            let error = told.json()["error"].clone();
            assert_eq!(
                (told.status, error["code"].as_str()),
                (403, Some("Authorization_RequestDenied")),
                "{who}: {asking:?}\n{told:?}"
            );
            let message = error["message"].as_str().unwrap().to_owned();
            assert!(!message.is_empty(), "{who}: {asking:?}");
            reasons.insert(told.id(), message);
        }
        assert_eq!(reasons.len(), denied.len(), "{who}: every call has its id");
        let after = (self.everything(), self.records("success"));
        assert_eq!(
            before, after,
            "{who}: what was denied has changed something"
        );
        let count = u64::try_from(denied.len()).unwrap();
        assert_eq!(self.records("failure"), failures + count, "{who}");
        if !denied.is_empty() {
            assert_eq!(self.latest_failures(denied.len()), reasons, "{who}");
        }
        // What others need is made first and goes last, and whose sessions end makes no more calls.
        let turn = |asking: &Asking| match asking.method {
            _ if asking.path.contains("/me/") => 3,
            Verb::Put => 0,
            Verb::Get | Verb::Post | Verb::Patch => 1,
            Verb::Delete => 2,
        };
        permitted.sort_by_key(turn);
        let removals = permitted.partition_point(|asking| turn(asking) < 2)
            ..permitted.partition_point(|asking| turn(asking) < 3);
        permitted[removals].reverse();
        self.synchronization("DELETE", "");
        let mut tally = Tally {
            denied: denied.len(),
            permitted: permitted.len(),
            ..Tally::default()
        };
        for asking in &permitted {
            let told = call(asking);
            assert!(
                told.status != 403 && told.status != 401 && told.status < 500,
                "{who}: {asking:?}\n{told:?}"
            );
            // Nobody waits: only browsers make requests, and `sign_up::` decides about them.
            // The version that is meant is in no body, and nothing is staged: `drafts::` publishes.
            let of_drafts = match asking.path.rsplit('/').next() {
                Some("publish") => told.status == 428,
                Some("complete" | "return") => told.status == 409,
                Some(_) | None => false,
            };
            let of_nobody = asking.path.contains("signUpRequests/") && told.status == 404;
            if told.status >= 300 && !of_nobody && !of_drafts {
                tally.failed.push(format!("{asking:?}\n{told:?}"));
            }
        }
        tally
    }

    /// All calls of a route.
    fn askings(&mut self, route: &Route, things: &Things, beta: bool, all: &mut Vec<Asking>) {
        let start = match route.versions {
            Versions::Both if beta => "beta/",
            Versions::Both => "v1.0/",
            Versions::Beta => "beta/",
            Versions::Neither => "",
        };
        let mut queries = vec![String::new()];
        queries.extend(route.expand.iter().map(|name| format!("?$expand={name}")));
        queries.extend(route.needs.iter().filter_map(|need| match need {
            Need::ForNamed(name, _) => Some(format!("?$select={name}")),
            Need::Always(_) | Need::ForMember(..) | Need::ForOthers(_) | Need::ForExpanded(..) => {
                None
            }
        }));
        for query in queries {
            for body in self.bodies(route, things) {
                let path = format!("{start}{}{query}", self.address(route, things));
                all.push(Asking {
                    method: route.method,
                    path,
                    takes: takes(route, body.as_ref(), !query.is_empty()),
                    body,
                });
            }
        }
    }

    /// The path with everything put in.
    fn address(&mut self, route: &Route, things: &Things) -> String {
        let Some((before, rest)) = route.path.split_once('{') else {
            let query = match route.path {
                "crossgate/effective" => format!("?tenant={WINGTIP}"),
                "crossgate/versions" => "?document=default".to_owned(),
                _ => String::new(),
            };
            return route.path.to_owned() + &query;
        };
        let (_, after) = rest.split_once('}').unwrap();
        if before.trim_end_matches('/') == REVIEWS {
            let reviews = self.reviews.as_ref().unwrap();
            let id = match after.rsplit('/').next() {
                Some("stop") => &reviews.running,
                Some("applyDecisions") => &reviews.ended,
                Some(_) | None => &reviews.open,
            };
            let path = route.path.replace("{id}", id).replace("{instanceId}", id);
            return path.replace("{decisionId}", &reviews.guest);
        }
        let somebody = self.fresh();
        let reader = BuiltInRole::DirectoryReaders.id().to_string();
        let own = crossgate_testkit::gateway::OWN_TENANT;
        let inside = match before.trim_end_matches('/') {
            PARTNERS => WINGTIP,
            POLICIES => &things.policy,
            LOCATIONS => &things.location,
            AUDITS => &things.audit,
            SIGN_INS => &things.sign_in,
            "crossgate/decisions" => &things.correlation,
            DEFINITIONS => &things.role,
            ASSIGNMENTS => &things.assignment,
            "directoryRoles" => &reader,
            "servicePrincipals" | GROUPS => {
                let id = if before == "groups/" {
                    &things.group
                } else {
                    PAYROLL
                };
                let path = route.path.replace("{id}", id);
                let path = path.replace("{assignmentId}", &things.app_role_assignment);
                let path = path.replace("{ownerId}", OWNER);
                return path.replace("{memberId}", &things.member);
            }
            FLOWS if route.path.contains("{providerId}") => {
                return format!(
                    "{FLOWS}/{}/userFlowIdentityProviders/fabrikam/$ref",
                    things.flow
                );
            }
            FLOWS if route.path.contains("{attributeId}") => {
                return format!("{FLOWS}/{}/userAttributeAssignments/city", things.flow);
            }
            FLOWS => &things.flow,
            CONNECTORS => &things.connector,
            ATTRIBUTES => &things.attribute,
            "identity/identityProviders" => "fabrikam",
            "crossgate/signUpRequests" => &somebody,
            DRAFTS if after == "/reviews" => &things.reviewed,
            DRAFTS => {
                let change = "cross-tenant-access-policy";
                let path = route.path.replace("{changeId}", change);
                return path.replace("{id}", &things.draft);
            }
            "users" if route.path.contains("/revoke") => &somebody,
            "users" if route.path.contains("{sponsorId}") => {
                return format!("users/{}/sponsors/{SPONSOR}/$ref", things.guest);
            }
            "crossgate/tenants" => &somebody,
            "users" => &things.guest,
            "directory/deletedItems" if after == "/restore" => &things.deleted[0],
            "directory/deletedItems" => &things.deleted[1],
            "organization" => own,
            "tenantRelationships/findTenantInformationByTenantId(tenantId='" => WINGTIP,
            "tenantRelationships/findTenantInformationByDomainName(domainName='" => "wingtip.com",
            other => panic!("what is named in {other}?"),
        };
        format!("{before}{inside}{after}")
    }

    /// The bodies to send: where members matter each alone, all pairs with the next, and none of them.
    fn bodies(&mut self, route: &Route, things: &Things) -> Vec<Option<Value>> {
        let mut members: Vec<&str> = Vec::new();
        for need in route.needs {
            match need {
                Need::ForMember(member, _) => members.push(member),
                Need::ForOthers(_) if route.path == "policies/crossTenantAccessPolicy" => {
                    members.push("displayName");
                }
                Need::ForOthers(_) => members.extend(["b2bCollaborationInbound", "inboundTrust"]),
                Need::Always(_) | Need::ForExpanded(..) | Need::ForNamed(..) => {}
            }
        }
        if members.is_empty() {
            return vec![self.body(route, things)];
        }
        let mut groups: Vec<Vec<&str>> = vec![Vec::new()];
        groups.extend(members.iter().map(|member| vec![*member]));
        groups.extend(members.windows(2).map(<[&str]>::to_vec));
        groups.push(members);
        let new = route.method == Verb::Post;
        let bodies = groups.into_iter().map(|names| {
            let mut body: serde_json::Map<String, Value> = names
                .into_iter()
                .map(|name| (name.to_owned(), value_of(name)))
                .collect();
            if new {
                body.insert("tenantId".to_owned(), json!(self.fresh()));
            }
            Some(Value::Object(body))
        });
        bodies.collect()
    }

    fn body(&mut self, route: &Route, things: &Things) -> Option<Value> {
        let fresh = self.fresh();
        let reader = BuiltInRole::DirectoryReaders.id().to_string();
        Some(match (route.method, route.path) {
            (Verb::Get | Verb::Delete, _) => return None,
            (_, path)
                if [
                    "/reset",
                    "/restore",
                    "/revoke",
                    "/acceptRecommendations",
                    "/stop",
                    "/applyDecisions",
                    "/sendReminder",
                ]
                .iter()
                .any(|end| path.contains(end)) =>
            {
                return None;
            }
            (_, "$batch") => json!({ "requests": [] }),
            (Verb::Put | Verb::Patch, path) if path.ends_with(SYNC) => {
                json!({ "userSyncInbound": { "isSyncAllowed": true } })
            }
            (_, path) if path.contains("templates/multiTenantOrganization") => {
                json!({ "templateApplicationLevel": "newPartners" })
            }
            // Who may invite stays as it is: others are tried after this.
            (_, path) if path.starts_with("policies/authorizationPolicy") => {
                json!({ "description": fresh })
            }
            (Verb::Patch, "policies/externalIdentitiesPolicy") => {
                json!({ "allowExternalIdentitiesToLeave": true })
            }
            (Verb::Patch, "policies/authenticationFlowsPolicy") => {
                json!({ "selfServiceSignUp": { "isEnabled": false } })
            }
            (Verb::Post, FLOWS) => json!({ "id": fresh }),
            (Verb::Patch, path) if path.ends_with("{attributeId}") => json!({ "isOptional": true }),
            (Verb::Patch, path) if path.starts_with(FLOWS) => {
                json!({ "crossgate": { "applications": [], "requiresApproval": true } })
            }
            (Verb::Post, path) if path.ends_with("userFlowIdentityProviders/$ref") => {
                json!({ "@odata.id": "https://graph.microsoft.com/v1.0/identityProviders/fabrikam" })
            }
            (Verb::Post, path) if path.ends_with("userAttributeAssignments") => {
                attribute_assignment("surname")
            }
            (Verb::Put, path) if path.starts_with(FLOWS) => json!({}),
            (Verb::Post, CONNECTORS) => connector(),
            (Verb::Patch, path) if path.starts_with(CONNECTORS) => json!({ "displayName": fresh }),
            (Verb::Post, ATTRIBUTES) => json!({ "displayName": fresh, "dataType": "string" }),
            (Verb::Patch, path) if path.starts_with(ATTRIBUTES) => json!({ "description": fresh }),
            (Verb::Post, path) if path.starts_with("crossgate/signUpRequests") => return None,
            (Verb::Patch, "legacy/policies/b2bManagementPolicy") => json!({ "description": fresh }),
            (Verb::Post, POLICIES) => policy(),
            (Verb::Post, LOCATIONS) => location(),
            (Verb::Patch, path) if path.starts_with(POLICIES) => json!({ "displayName": fresh }),
            (Verb::Patch, path) if path.starts_with(LOCATIONS) => json!({ "displayName": fresh }),
            (Verb::Post, DEFINITIONS) => json!({
                "displayName": fresh, "isEnabled": true,
                "rolePermissions": [{ "allowedResourceActions": [Action::DefaultRead.name()] }],
            }),
            (Verb::Patch, path) if path.starts_with(DEFINITIONS) => json!({ "description": fresh }),
            (Verb::Post, "groups/{id}/members/$ref") => reference(&things.guest),
            (Verb::Post, path) if path.ends_with("/$ref") => reference(&fresh),
            (Verb::Post, path) if path.ends_with("/appRoleAssignedTo") => assignment(&fresh),
            (Verb::Post, GROUPS) => group(&fresh),
            (Verb::Patch, path) if path.starts_with(GROUPS) => json!({ "description": fresh }),
            (Verb::Post, "crossgate/invitations/bulk") => json!(format!(
                "version:v1.0\n[inviteeEmail],[inviteRedirectURL]\n{fresh}@guests.example,https://guests.contoso.com/\n"
            )),
            (Verb::Patch, path) if path.starts_with("users") => json!({ "displayName": fresh }),
            (Verb::Post, INVITATIONS) => invitation(&fresh),
            (Verb::Post | Verb::Patch, path) if path.starts_with(DRAFTS) => {
                match path.rsplit('/').next() {
                    Some("reviews") => json!({ "decision": "approve", "revision": 2 }),
                    Some("publish") => json!({ "mode": "all" }),
                    Some("replay") => json!({}),
                    Some("complete" | "return") => return None,
                    Some(_) | None => json!({ "displayName": fresh }),
                }
            }
            (Verb::Post, REVIEWS) => review(),
            (_, path) if path.starts_with(REVIEWS) => json!({ "decision": "DontKnow" }),
            (Verb::Post, ASSIGNMENTS) => json!({
                "principalId": fresh, "roleDefinitionId": reader, "directoryScopeId": "/",
            }),
            (method, path) => panic!("what is sent with {method:?} {path}?"),
        })
    }
}

/// The actions that a call takes, as the table says.
fn takes(route: &Route, body: Option<&Value>, queries: bool) -> Vec<Action> {
    let members: BTreeSet<&str> = body
        .and_then(Value::as_object)
        .map(|body| body.keys().map(String::as_str).collect())
        .unwrap_or_default();
    let mut others = members.clone();
    for need in route.needs {
        if let Need::ForMember(name, _) = need {
            others.remove(name);
        }
    }
    let mut takes = Vec::new();
    for need in route.needs {
        match *need {
            Need::Always(action) => takes.push(action),
            Need::ForMember(name, action) if members.contains(name) => takes.push(action),
            Need::ForOthers(action) if members.is_empty() || !others.is_empty() => {
                takes.push(action);
            }
            Need::ForExpanded(_, action) | Need::ForNamed(_, action) if queries => {
                takes.push(action);
            }
            Need::ForMember(..)
            | Need::ForOthers(_)
            | Need::ForExpanded(..)
            | Need::ForNamed(..) => {}
        }
    }
    takes
}

/// A value that a member can have, whatever has it.
fn value_of(member: &str) -> Value {
    match member {
        "displayName" => json!("Renamed"),
        "allowedCloudEndpoints" => json!(["microsoftonline.us"]),
        "isServiceProvider" => json!(false),
        "inboundTrust" => json!({ "isMfaAccepted": true }),
        "automaticUserConsentSettings" | "crossCloudMeetingConfiguration" => {
            json!({ "inboundAllowed": true, "outboundAllowed": true })
        }
        "m365CollaborationInbound" | "m365CollaborationOutbound" => json!({
            "users": { "accessType": "allowed", "targets": [{ "target": "AllUsers", "targetType": "user" }] },
        }),
        "tenantRestrictions" => nobody(),
        _ => everyone(),
    }
}

fn policy() -> Value {
    let mut policy = super::guests_need_mfa();
    policy.as_object_mut().unwrap().remove("id");
    policy["state"] = json!("disabled");
    policy
}

fn location() -> Value {
    json!({
        "@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "Office", "isTrusted": false,
        "ipRanges": [{ "@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "203.0.113.0/24" }],
    })
}

fn reference(id: &str) -> Value {
    json!({ "@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}") })
}

fn group(name: &str) -> Value {
    json!({ "displayName": name, "mailEnabled": false, "securityEnabled": true, "mailNickname": "x" })
}

fn assigned_to_payroll() -> String {
    format!("servicePrincipals/{PAYROLL}/appRoleAssignedTo")
}

fn assignment(principal: &str) -> Value {
    json!({
        "principalId": principal, "resourceId": PAYROLL,
        "appRoleId": "00000000-0000-0000-0000-000000000000",
    })
}

fn connector() -> Value {
    json!({ "displayName": "Approvals", "targetUrl": "https://approvals.contoso.com/check" })
}

fn attribute_assignment(attribute: &str) -> Value {
    json!({
        "isOptional": false, "requiresVerification": false, "userInputType": "TextBox", "displayName": attribute,
        "userAttributeValues": [], "userAttribute": { "id": attribute },
    })
}

fn invitation(name: &str) -> Value {
    json!({
        "invitedUserEmailAddress": format!("{name}@guests.example"),
        "inviteRedirectUrl": "https://guests.contoso.com/",
        "invitedUserSponsors": [{ "@odata.type": "#microsoft.graph.user", "id": SPONSOR }],
    })
}

fn review() -> Value {
    json!({
        "displayName": "Guests", "scope": { "query": "/users?$filter=userType eq 'Guest'", "queryType": "MicrosoftGraph" },
        "reviewers": [{ "query": format!("/users/{SPONSOR}"), "queryType": "MicrosoftGraph" }],
        "settings": { "instanceDurationInDays": 1 },
    })
}

/// Where Wingtip's configuration is.
pub fn wingtip() -> String {
    format!("v1.0/{PARTNERS}/{WINGTIP}")
}

/// Where the default is.
pub fn default() -> String {
    format!("v1.0/{DEFAULT}")
}
