//! An API that answers what it was told to, and remembers what it was asked.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crossgate_console::{Api, Console, Reply, Visit};
use crossgate_control::api::call::{Answer, Body, Call};
use crossgate_control::roles::Action;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

pub(crate) const OWN: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const PARTNER: &str = "22222222-2222-4222-8222-222222222222";
/// What would do harm where it became markup.
pub(crate) const HOSTILE: &str = "\"><script>alert(1)</script>{{ me }}'";

/// Answers by the path below the version.
pub(crate) struct Stub {
    answers: BTreeMap<String, (StatusCode, Value)>,
    pub(crate) asked: RefCell<Vec<Call>>,
}

impl Stub {
    /// Everything there is, each text of which is this.
    pub(crate) fn with(name: &str) -> Self {
        let mut stub = Self {
            answers: BTreeMap::new(),
            asked: RefCell::default(),
        };
        let all: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
        stub.says("crossgate/me", &json!({
            "id": name, "displayName": name, "userPrincipalName": name, "allowedResourceActions": all, "draftReviewers": 0,
        }));
        stub.says("crossgate/activity", &json!({ "complete": true, "leftOff": 3, "value": [{
            "from": "2026-01-31T12:00:00Z", "inbound": 5, "outbound": 2, "none": 1, "signIns": 8, "successSignIns": 6,
            "failedSignIns": 2, "requests": 1234567, "tenantId": name, "displayName": name, "direction": "inbound", "users": 3,
            "appId": name, "userId": name, "errorCode": "500213",
        }] }));
        stub.says("crossgate/health", &json!({
            "gateway": name, "version": name, "snapshot": name, "generation": 3, "enforcement": "enforce", "lastChange": 7, "sessions": 1,
            "waitingEvents": 0,
            "issuers": [{ "name": name, "issuer": name, "keys": 2, "keysAgeInSeconds": 61.0 },
                        { "name": "dark", "issuer": "x", "keys": null, "keysAgeInSeconds": null }],
            "sinks": [{ "name": name, "written": 5, "failed": 1 }],
            "receivers": [{ "name": name, "waiting": 4, "secondsBehind": 61.5, "delivered": 3, "lost": 1, "failedSendings": 2 }],
            "partnerGateways": [{ "displayName": name, "address": name, "known": false }],
        }));
        let record = json!({
            "id": "Directory_1", "activityDisplayName": name, "activityDateTime": "2026-01-31T12:00:00Z", "result": "success",
            "resultReason": name, "initiatedBy": { "user": { "userPrincipalName": name, "ipAddress": name } },
            "targetResources": [{ "id": name, "displayName": name, "modifiedProperties": [
                { "displayName": name, "oldValue": format!("{:?}", name), "newValue": null },
            ] }],
            "additionalDetails": [{ "key": name, "value": name }],
        });
        stub.says("auditLogs/directoryAudits", &page(&record));
        stub.says("auditLogs/directoryAudits/Directory_1", &record);
        stub.says("auditLogs/signIns", &page(&event(name)));
        stub.says("auditLogs/signIns/e1", &event(name));
        stub.says("policies/crossTenantAccessPolicy/default", &settings());
        let mut partner = json!({
            "tenantId": PARTNER, "@odata.etag": "W/\"4\"", "inboundTrust": null, "b2bDirectConnectInbound": null,
            "b2bCollaborationOutbound": null, "b2bDirectConnectOutbound": null, "tenantRestrictions": null,
            "automaticUserConsentSettings": { "inboundAllowed": null, "outboundAllowed": true },
        });
        partner["b2bCollaborationInbound"] = selected(name);
        stub.says("policies/crossTenantAccessPolicy/partners", &page(&partner));
        let one = format!("policies/crossTenantAccessPolicy/partners/{PARTNER}");
        stub.says(&one, &partner);
        stub.says(
            &format!("tenantRelationships/findTenantInformationByTenantId(tenantId='{PARTNER}')"),
            &json!({ "tenantId": PARTNER, "displayName": name }),
        );
        stub.says(
            "policies/authorizationPolicy",
            &json!({ "allowInvitesFrom": "adminsAndGuestInviters" }),
        );
        let definition = json!({ "B2BManagementPolicy": { "InvitationsAllowedAndBlockedDomainsPolicy": {
            "AllowedDomains": [], "BlockedDomains": [name] } } });
        stub.says(
            "legacy/policies/b2bManagementPolicy",
            &json!({ "definition": [definition.to_string()] }),
        );
        stub.says(
            "policies/externalIdentitiesPolicy",
            &json!({ "allowExternalIdentitiesToLeave": true }),
        );
        let policy = json!({
            "id": "p1", "displayName": name, "state": "enabled", "createdDateTime": "2026-01-31T12:00:00Z",
            "modifiedDateTime": null, "conditions": { "note": name }, "@odata.etag": "W/\"9\"",
        });
        stub.says("identity/conditionalAccess/policies", &page(&policy));
        stub.says("identity/conditionalAccess/policies/p1", &policy);
        let version = |change: u64, content: Value| {
            json!({
                "change": change, "activityDateTime": "2026-01-31T12:00:00Z", "activityDisplayName": name,
                "initiatedBy": { "user": { "displayName": name } }, "auditId": "x", "content": content,
            })
        };
        stub.says(
            "crossgate/versions",
            &json!({ "document": "default", "value": [
            version(9, json!({ "inboundTrust": { "isMfaAccepted": true }, "note": name })),
            version(5, json!({ "inboundTrust": { "isMfaAccepted": false } })),
        ] }),
        );
        stub.has_drafts(name);
        stub
    }

    /// A draft that changes a partner and something that its reader may not read, and what is told of it.
    fn has_drafts(&mut self, name: &str) {
        let by = json!({ "id": "other", "displayName": name, "userPrincipalName": name });
        let review = json!({
            "decision": "approve", "comment": name, "reviewedBy": by, "reviewedDateTime": "2026-01-31T12:00:00Z", "revision": 3,
        });
        let draft = json!({
            "id": "d1", "displayName": name, "description": name, "state": "open", "revision": 3, "createdBy": by,
            "createdDateTime": "2026-01-31T12:00:00Z", "lastModifiedBy": by, "lastModifiedDateTime": "2026-01-31T12:00:00Z",
            "editors": ["other"], "isEditedByProgram": true, "reviews": [review], "stage": null, "@odata.etag": "W/\"4\"",
            "lastStage": { "percent": 10, "maxNewRefusals": 5, "startedDateTime": "2026-01-31T12:00:00Z", "outcome": "returned",
                "endedDateTime": "2026-01-31T12:00:00Z", "reason": name, "newRefusals": [name] },
        });
        self.says("crossgate/drafts", &page(&draft));
        self.says("crossgate/drafts/d1", &draft);
        let change = |id: &str, before: Value, after: Value| json!({ "id": id, "change": "update", "isBaseMoved": true, "base": 3, "before": before, "after": after, "needs": [] });
        let changes = json!({ "value": [
            change(&format!("partners/{PARTNER}"), json!({ "note": null }), json!({ "note": name })),
            change("conditional-access/p1", json!({ "displayName": name, "state": "enabled" }), json!({ "displayName": name, "state": "disabled" })),
            change("authorization-policy", Value::Null, Value::Null),
        ] });
        self.says("crossgate/drafts/d1/changes", &changes);
        let one = json!([{ "code": "x", "target": name, "message": name, "name": name }]);
        self.says("crossgate/drafts/d1/check", &json!({
            "revision": 3, "isPublishable": false, "faults": one, "baseMoved": one, "shutOut": one, "assertionsBroken": one,
            "advisories": [name], "newRefusals": { "count": 2, "samples": [name] }, "reviewersWanted": 2, "approvals": 1, "rejectedBy": null,
        }));
        let answer = |outcome: &str| json!({ "outcome": outcome, "code": 500_213, "reason": name });
        let row = json!({ "tenant": name, "app": name, "user": name, "events": 2, "requests": 1234, "sample": {
            "event": name, "time": "2026-01-31T12:00:00Z", "before": answer("allow"), "after": answer("block"), "change": name } });
        let sum = json!({ "events": 1, "requests": 1234 });
        self.says("crossgate/drafts/d1/replay", &json!({
            "draftRevision": 2, "since": "2026-01-01T12:00:00Z", "until": "2026-01-31T12:00:00Z", "against": "recorded",
            "eventsLookedAt": 7, "state": "done", "decided": sum, "same": sum, "otherwise": sum, "reportOnly": sum, "notDecided": sum,
            "loses": { "events": 2, "requests": 1234, "users": 3, "rows": [row] },
            "gains": { "events": 0, "requests": 0, "users": 0, "rows": [] },
        }));
    }

    pub(crate) fn says(&mut self, path: &str, body: &Value) {
        self.says_with(path, StatusCode::OK, body);
    }

    pub(crate) fn says_with(&mut self, path: &str, status: StatusCode, body: &Value) {
        self.answers.insert(path.to_owned(), (status, body.clone()));
    }

    /// The last call that changes something.
    #[track_caller]
    pub(crate) fn changed(&self) -> Call {
        let asked = self.asked.borrow();
        let mut asked = asked.iter().rev();
        asked
            .find(|call| call.method != Method::GET)
            .unwrap()
            .clone()
    }
}

impl Api for Stub {
    fn answer(&self, call: Call) -> Answer {
        self.asked.borrow_mut().push(call.clone());
        let path = call.path.splitn(3, '/').nth(2).unwrap_or_default();
        // A change has an answer of its own where the test says one.
        let own = format!("{} {path}", call.method);
        let found = self.answers.get(&own).or_else(|| self.answers.get(path));
        // A draft has whatever is in force.
        let found = found.or_else(|| self.answers.get(path.strip_prefix("crossgate/drafts/d1/")?));
        let (status, body) = found.cloned().unwrap_or((
            StatusCode::NOT_FOUND,
            json!({ "error": { "code": "Request_ResourceNotFound", "message": format!("no {path}") } }),
        ));
        Answer {
            status,
            headers: HeaderMap::from_iter([(
                http::header::ETAG,
                HeaderValue::from_static("W/\"4\""),
            )]),
            body: Body::Whole(body.to_string().into_bytes()),
        }
    }
}

fn page(item: &Value) -> Value {
    json!({ "value": [item], "@odata.nextLink": "http://x/v1.0/y?$skiptoken=n%26ext" })
}

fn event(name: &str) -> Value {
    json!({
        "id": "e1", "createdDateTime": "2026-01-31T12:00:00Z", "userDisplayName": name, "userPrincipalName": name, "userId": name,
        "resourceDisplayName": name, "resourceId": name, "homeTenantId": name, "resourceTenantId": name, "ipAddress": name,
        "correlationId": name, "crossTenantAccessType": "b2bCollaboration",
        "status": { "errorCode": 500_213, "failureReason": name },
        "appliedConditionalAccessPolicies": [{ "id": name, "displayName": name, "result": "success" }],
        "crossgate": {
            "outcome": "block", "reason": "inbound_not_admitted", "step": "inbound", "direction": "inbound", "count": 4,
            "mfa": "none", "device": "none", "enforcement": "enforce", "snapshot": name, "requirements": ["mfa"],
            "nearestChange": name,
            "explanation": [
                { "step": "token", "document": "crossgate.toml", "property": name, "result": name },
                { "step": "inbound", "document": format!("partners/{PARTNER}"), "property": "b2bCollaborationInbound", "result": name },
            ],
        },
    })
}

fn selected(name: &str) -> Value {
    json!({
        "usersAndGroups": { "accessType": "allowed", "targets": [{ "target": name, "targetType": "group" }] },
        "applications": { "accessType": "blocked", "targets": [{ "target": name, "targetType": "application" }] },
    })
}

pub(crate) fn everyone() -> Value {
    json!({
        "usersAndGroups": { "accessType": "allowed", "targets": [{ "target": "AllUsers", "targetType": "user" }] },
        "applications": { "accessType": "allowed", "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    })
}

fn settings() -> Value {
    json!({
        "id": "d", "inboundTrust": { "isMfaAccepted": true, "isCompliantDeviceAccepted": false, "isHybridAzureADJoinedDeviceAccepted": false },
        "b2bCollaborationInbound": everyone(), "b2bCollaborationOutbound": everyone(), "b2bDirectConnectInbound": everyone(),
        "b2bDirectConnectOutbound": everyone(), "automaticUserConsentSettings": { "inboundAllowed": false, "outboundAllowed": false },
        "tenantRestrictions": { "usersAndGroups": everyone()["usersAndGroups"], "applications": everyone()["applications"], "devices": null },
    })
}

/// A visit of somebody who reads this language.
pub(crate) fn visit(language: &'static str, target: &str) -> Visit {
    Visit {
        method: Method::GET,
        target: target.to_owned(),
        form: Vec::new(),
        is_own: true,
        language,
        csrf: "the-token".to_owned(),
        organisation: "Contoso".to_owned(),
        own: OWN.to_owned(),
        now: "2026-01-31T12:34:56Z".parse().unwrap(),
    }
}

/// A form that is sent.
pub(crate) fn sent(target: &str, fields: &[(&str, &str)]) -> Visit {
    let fields = fields.iter();
    Visit {
        method: Method::POST,
        form: fields
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..visit("en", target)
    }
}

/// Status and document of a page.
#[track_caller]
pub(crate) fn shown(stub: &Stub, visit: &Visit) -> (StatusCode, String) {
    let reply = Console::new().answer(visit, stub);
    let Reply::Page { status, html } = reply else {
        panic!("{}: {reply:?}", visit.target);
    };
    (status, html)
}

/// The same, where some calls take another sign-in.
pub(crate) struct StepUp {
    methods: &'static [Method],
    pub(crate) stub: Stub,
}

impl StepUp {
    /// Before calls of these methods are answered.
    pub(crate) const fn before(methods: &'static [Method], stub: Stub) -> Self {
        Self { methods, stub }
    }
}

impl Api for StepUp {
    fn answer(&self, call: Call) -> Answer {
        let asks = self.methods.contains(&call.method);
        let mut answer = self.stub.answer(call);
        if asks {
            answer.status = StatusCode::FORBIDDEN;
            let challenge = "Bearer error=\"insufficient_claims\", claims=\"e30=\"";
            let challenge = HeaderValue::from_static(challenge);
            answer.headers.insert("www-authenticate", challenge);
        }
        answer
    }
}
