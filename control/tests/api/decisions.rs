//! Why requests were let in or refused, over a log of a few events.

use std::sync::Arc;

use crossgate_config::Settings;
use crossgate_control::administrator::Administrator;
use crossgate_control::enforcer::{Asking, Enforcer, InForce, ShutOut, StagedPolicy};
use crossgate_control::odata::Outline;
use crossgate_control::sign_ins::{
    ActivityQuery, ActivitySum, Added, Crossed, Looked, SignInFound, SignInQuery, SignIns, Walked,
};
use crossgate_control::store::{Head, Store, StoreError};
use crossgate_graph::Compiled;
use crossgate_policy::decision::{Reason, Refusal, Step};
use crossgate_policy::ids::TenantId;
use crossgate_policy::{Decision, Line, Requirement, Values};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{ADA, Site, application, body, break_glass, settings, user};

const BLOCKED: &str = "c0000000-0000-4000-8000-000000000001";
const STEPPED_UP: &str = "c0000000-0000-4000-8000-000000000002";
const SHOWN: &str = "c0000000-0000-4000-8000-000000000003";

/// A gateway that has these events, and decides those again that have a receipt.
#[derive(Debug)]
struct Logged(Vec<String>);

impl SignIns for Logged {
    fn walk(
        &self,
        asked: &SignInQuery<'_>,
        take: &mut dyn FnMut(SignInFound<'_>) -> Looked,
    ) -> Result<Walked, String> {
        assert!(asked.descending, "the latest first");
        assert!(!matches!(asked.outline, Outline::Unknown));
        for (place, event) in self.0.iter().enumerate().rev() {
            let found = SignInFound {
                event,
                place: &place,
            };
            if take(found) == Looked::Enough {
                return Ok(Walked::Stopped);
            }
        }
        Ok(Walked::All)
    }

    fn get(&self, _: &str) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn add_up(
        &self,
        asked: &ActivityQuery<'_>,
        take: &mut dyn FnMut(ActivitySum<'_>),
    ) -> Result<Added, String> {
        // It has enough in the middle of the last part but one.
        let steps: Vec<_> = asked.steps().collect();
        for step in &steps[steps.len() - 2..] {
            take(ActivitySum {
                step: step.begin,
                crossed: Crossed::Inbound,
                tenant: None,
                app: None,
                app_name: None,
                user: None,
                user_name: None,
                code: Some("0"),
                events: 5,
                requests: 7,
            });
        }
        let middle = steps[steps.len() - 2].begin + SignedDuration::from_mins(30);
        Ok(Added::Since(middle))
    }
}

impl Enforcer for Logged {
    fn settings(&self) -> Arc<Settings> {
        Arc::new(settings())
    }

    fn gateway(&self) -> String {
        "here".to_owned()
    }

    fn in_force(&self, _: TenantId) -> Option<InForce> {
        None
    }

    fn shut_out(&self, _: &Compiled, _: Option<Asking<'_>>) -> Vec<ShutOut> {
        Vec::new()
    }

    fn write_activity(&self, _: &dyn Store) -> Result<(), StoreError> {
        Ok(())
    }

    fn enforce(&self, _: &Compiled, _: Option<&StagedPolicy>, _: &Head) {}

    fn sign_ins(&self) -> Option<&dyn SignIns> {
        Some(self)
    }

    fn decided_again(&self, event: &str) -> Result<(Decision, Vec<Line>), String> {
        let event: Value = serde_json::from_str(event).unwrap();
        match event["correlationId"].as_str() {
            Some(BLOCKED) => Ok((refused(Step::Inbound, Reason::InboundNotAdmitted), halves())),
            Some(STEPPED_UP) => Ok((
                refused(Step::ConditionalAccess, Reason::MfaRequired),
                policies(),
            )),
            Some(_) | None => Err("the event has no receipt".to_owned()),
        }
    }
}

fn refused(step: Step, reason: Reason) -> Decision {
    let requirements = if reason == Reason::MfaRequired {
        vec![Requirement::Mfa]
    } else {
        Vec::new()
    };
    let refusal = Refusal {
        step: Some(step),
        reason,
        requirements,
    };
    Decision::refused(refusal, None)
}

fn line(step: Step, document: &'static str, property: &'static str, result: &'static str) -> Line {
    Line {
        step,
        document: document.into(),
        property: property.into(),
        result: result.into(),
        refuses: result.contains("refuses"),
        values: None,
    }
}

fn halves() -> Vec<Line> {
    let values = |seen, wanted, explicit| {
        Some(Values {
            seen,
            wanted,
            explicit,
            ..Values::default()
        })
    };
    let inbound = |document, property, result| line(Step::Inbound, document, property, result);
    vec![
        line(Step::Token, "", "", "accepted"),
        Line {
            refuses: true,
            values: values("user ada".into(), "one of user eve".into(), false),
            ..inbound(
                "default",
                "b2bCollaborationInbound.usersAndGroups",
                "allowed: not listed",
            )
        },
        Line {
            refuses: false,
            values: values("app a".into(), "one of AllApplications".into(), true),
            ..inbound(
                "default",
                "b2bCollaborationInbound.applications",
                "allowed: listed, refuses",
            )
        },
    ]
}

fn policies() -> Vec<Line> {
    let policy =
        |document, result| line(Step::ConditionalAccess, document, "grantControls", result);
    vec![
        line(Step::Token, "", "", "accepted"),
        policy("conditional-access/one", "met"),
        policy("conditional-access/two", "refuses: mfa"),
    ]
}

fn event(id: &str, correlation_id: &str, outcome: &str, more: &Value) -> String {
    let mut ours = json!({
        "outcome": outcome, "reason": "not_admitted", "step": "inbound", "enforcement": "enforce", "snapshot": "5f2b", "count": 1,
        "requirements": [], "nearestChange": null, "explanation": [],
    });
    let members = ours.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    json!({
        "id": id, "createdDateTime": "2026-01-01T00:00:00.000Z", "correlationId": correlation_id, "status": {"errorCode": 500_213},
        "crossgate": ours,
    })
    .to_string()
}

fn site() -> Site {
    let shown = json!({
        "correlationIds": [SHOWN], "nearestChange": "exclude the caller from `grantControls` of `conditional-access/two`",
        "step": "conditional_access",
        "explanation": [{"step": "conditional_access", "document": "conditional-access/two", "property": "grantControls",
            "result": "refuses: block"}],
    });
    let events = vec![
        event("first", BLOCKED, "block", &json!({})),
        event(
            "other",
            "c0000000-0000-4000-8000-00000000000f",
            "block",
            &shown,
        ),
        event("second", BLOCKED, "block", &json!({})),
        event(
            "mfa",
            STEPPED_UP,
            "step-up",
            &json!({"reason": "mfa_required"}),
        ),
    ];
    Site::enforced_by(Arc::new(Logged(events)), Vec::new())
}

fn asked(site: &Site, who: &Administrator, id: &str) -> Value {
    let path = format!("/beta/crossgate/decisions/{id}");
    let answer = site.call(who, "GET", &path);
    assert_eq!(answer.status, 200, "{}", body(&answer));
    body(&answer)
}

#[test]
fn each_event_of_a_correlation_id_is_told_step_by_step_the_latest_first() {
    let site = site();
    let told = asked(&site, &break_glass(), BLOCKED);
    assert_eq!(told["correlationId"], BLOCKED);
    let events = told["events"].as_array().unwrap();
    let ids: Vec<_> = events.iter().map(|event| &event["id"]).collect();
    assert_eq!(ids, ["second", "first"]);
    let event = &events[0];
    assert_eq!(event["complete"], true);
    assert_eq!(event["incompleteReason"], Value::Null);
    assert_eq!(
        (&event["outcome"], &event["code"]),
        (&json!("block"), &json!(500_213))
    );
    let step = &event["steps"][1];
    let expected = json!({
        "step": "inbound", "result": "allowed: not listed", "document": "default", "property": "b2bCollaborationInbound.usersAndGroups",
        "suppliedBy": "default", "seen": "user ada", "wanted": "one of user eve", "explicit": false, "refuses": true,
        "text": "`b2bCollaborationInbound.usersAndGroups` of `default`: allowed: not listed. Seen: user ada. Wanted: one of user eve. \
                 Nothing there names what was seen, and that refuses.",
    });
    assert_eq!(*step, expected);
    assert_eq!(event["steps"][0]["document"], Value::Null);
    let nearest = json!({
        "text": "admit this caller in `b2bCollaborationInbound.usersAndGroups` of `default`", "document": "default",
        "property": "b2bCollaborationInbound.usersAndGroups", "requirements": [],
    });
    assert_eq!(event["nearestChange"], nearest);
}

#[test]
fn what_cannot_be_decided_again_is_told_as_it_was_recorded_and_says_so() {
    let told = asked(&site(), &break_glass(), SHOWN);
    let event = &told["events"][0];
    assert_eq!(
        event["id"], "other",
        "found by the reference that a person was shown"
    );
    assert_eq!(event["complete"], false);
    assert_eq!(event["incompleteReason"], "the event has no receipt");
    let step = &event["steps"][0];
    assert_eq!(step["document"], "conditional-access/two");
    assert_eq!(step["suppliedBy"], "conditionalAccess");
    for member in ["seen", "wanted", "explicit"] {
        assert_eq!(step[member], Value::Null, "{member}");
    }
    assert_eq!(event["nearestChange"]["document"], "conditional-access/two");
}

#[test]
fn which_conditional_access_policies_decided_is_for_who_may_read_them() {
    let site = site();
    let reader = application(&["AuditLog.Read.All"]);
    for id in [STEPPED_UP, SHOWN] {
        let told = asked(&site, &reader, id);
        assert!(
            !told.to_string().contains("conditional-access/"),
            "{told:#}"
        );
        let steps = told["events"][0]["steps"].as_array().unwrap();
        let of_policies: Vec<_> = steps
            .iter()
            .filter(|step| step["step"] == "conditional_access")
            .collect();
        assert_eq!(
            of_policies.len(),
            1,
            "not even how many there are: {told:#}"
        );
        assert_eq!(of_policies[0]["result"], "refuses");
    }
    let change = |id| asked(&site, &reader, id)["events"][0]["nearestChange"].clone();
    assert_eq!(
        change(STEPPED_UP)["text"],
        "meet mfa",
        "callers are told that anyway"
    );
    assert_eq!(change(STEPPED_UP)["requirements"], json!(["mfa"]));
    let both = application(&["AuditLog.Read.All", "Policy.Read.All"]);
    let told = asked(&site, &both, STEPPED_UP);
    assert_eq!(
        told["events"][0]["steps"][2]["document"],
        "conditional-access/two"
    );
}

#[test]
fn whom_settings_name_is_for_who_may_read_settings() {
    let site = site();
    let reader = application(&["AuditLog.Read.All"]);
    let told = asked(&site, &reader, BLOCKED);
    assert!(!told.to_string().contains("user eve"), "{told:#}");
    let step = &told["events"][0]["steps"][1];
    assert_eq!(step["seen"], "user ada");
    assert_eq!(step["document"], "default");
    let both = application(&["AuditLog.Read.All", "Policy.Read.All"]);
    let told = asked(&site, &both, BLOCKED);
    assert_eq!(told["events"][0]["steps"][1]["wanted"], "one of user eve");
}

#[test]
fn a_decision_is_for_who_may_read_sign_ins_and_an_unknown_id_says_what_may_be_the_reason() {
    let site = site();
    let path = format!("/v1.0/crossgate/decisions/{BLOCKED}");
    for who in [
        application(&["Policy.Read.All"]),
        user(ADA, &["AuditLog.Read.All"]),
    ] {
        assert_eq!(site.call(&who, "GET", &path).status, 403);
    }
    let unknown = site.call(&break_glass(), "GET", "/v1.0/crossgate/decisions/nothing");
    assert_eq!(unknown.status, 404);
    let said = body(&unknown)["error"]["message"].to_string();
    for said_of in ["first-then-count", "let in or refused", "auditLogs/signIns"] {
        assert!(said.contains(said_of), "{said}");
    }
}

#[test]
fn hours_of_which_not_all_was_added_up_are_no_rows() {
    let site = Site::enforced_by(Arc::new(Logged(Vec::new())), Vec::new());
    let path = "/v1.0/crossgate/activity?by=hour&user=ada&since=2026-01-01T08:00:00Z&until=2026-01-01T12:00:00Z";
    let told = body(&site.call(&break_glass(), "GET", path));
    assert_eq!(told["complete"], false);
    let rows = told["value"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{told}");
    assert_eq!(rows[0]["from"], "2026-01-01T11:00:00Z");
    assert_eq!(rows[0]["inbound"], 5);
}
