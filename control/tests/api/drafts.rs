//! Drafts over the API, with a store: changed by the paths of the documents, checked, reviewed, published as a whole.

use std::io::Write;
use std::sync::{Arc, Mutex};

use crossgate_control::administrator::Administrator;
use crossgate_control::api::call::Answer;
use crossgate_control::document::{Address, DocumentKind};
use crossgate_control::drafts::{self, NewRefusals, Why};
use crossgate_policy::ids::Guid;
use serde_json::{Value, json};

use super::support::{
    ADA, BOB, PARTNERS, Site, administrator_of, application, body, break_glass, put, with_role,
    write,
};

const DRAFTS: &str = "/v1.0/crossgate/drafts";
const FABRIKAM: &str = "22222222-2222-4222-8222-222222222222";
const WINGTIP: &str = "33333333-3333-4333-8333-333333333333";
const POLICIES: &str = "/identity/conditionalAccess/policies";

fn partner(tenant: &str, mfa: bool) -> Value {
    json!({ "tenantId": tenant, "inboundTrust": { "isMfaAccepted": mfa } })
}

/// A new draft's id.
#[track_caller]
fn draft(site: &Site, who: &Administrator) -> String {
    let made = site.send(who, "POST", DRAFTS, r#"{"displayName":"Trust less"}"#);
    assert_eq!(made.status, 201, "{}", body(&made));
    body(&made)["id"].as_str().unwrap().to_owned()
}

fn within(id: &str, path: &str) -> String {
    let path = path.trim_start_matches("/v1.0").trim_start_matches('/');
    format!("{DRAFTS}/{id}/{path}")
}

#[track_caller]
fn good(answer: &Answer) -> Value {
    assert!(answer.status.is_success(), "{}", body(answer));
    body(answer)
}

fn publish(site: &Site, who: &Administrator, id: &str, how: &Value) -> Answer {
    let read = site.call(who, "GET", &format!("{DRAFTS}/{id}"));
    let tag = body(&read)["@odata.etag"].as_str().unwrap().to_owned();
    let path = format!("{DRAFTS}/{id}/publish");
    site.send_with(who, "POST", &path, &how.to_string(), &[("if-match", &tag)])
}

fn all() -> Value {
    json!({ "mode": "all" })
}

/// What is logged while this is done.
fn logged(done: impl FnOnce()) -> String {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let to = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || to.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, done);
    let bytes = log.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_change_in_a_draft_that_is_only_asked_about_is_told_of_and_not_made() {
    let site = Site::with(Vec::new());
    let ada = administrator_of(ADA);
    let id = draft(&site, &ada);
    let default = within(&id, "/policies/crossTenantAccessPolicy/default");
    let ask = |change: &str| {
        let headers = [("crossgate-validate-only", "true")];
        site.send_with(&ada, "PATCH", &default, change, &headers)
    };
    let before = site.store_head();
    let good = ask(r#"{"inboundTrust":{"isMfaAccepted":true}}"#);
    assert!(good.status.is_success(), "{}", body(&good));
    assert!(!good.headers.contains_key("crossgate-advisory"));
    let unknown = ask(r#"{"inboundTrusts":{"isMfaAccepted":true}}"#);
    assert_eq!(unknown.status, 400, "{}", body(&unknown));
    // What would keep the draft from being published hinders no change in it.
    let wrong = ask(r#"{"inboundTrust":{"isMfaAccepted":"perhaps"}}"#);
    let told = wrong.headers["crossgate-advisory"].to_str().unwrap();
    assert!(told.contains("cannot be published"), "{told}");
    let changes = site.call(&ada, "GET", &format!("{DRAFTS}/{id}/changes"));
    assert_eq!(body(&changes)["value"], json!([]));
    assert_eq!(site.store_head(), before);
}

#[test]
fn documents_change_in_a_draft_by_their_own_paths_and_in_force_not_before_it_is_published() {
    let site = Site::with(vec![
        put(DocumentKind::Partner, FABRIKAM, &partner(FABRIKAM, true)),
        put(DocumentKind::Partner, WINGTIP, &partner(WINGTIP, true)),
    ]);
    let ada = administrator_of(ADA);
    let id = draft(&site, &ada);
    let fabrikam = format!("{PARTNERS}/{FABRIKAM}");
    let changed = site.send(
        &ada,
        "PATCH",
        &within(&id, &fabrikam),
        r#"{"inboundTrust":{"isMfaAccepted":false}}"#,
    );
    good(&changed);
    let wingtip = format!("{PARTNERS}/{WINGTIP}");
    good(&site.call(&ada, "DELETE", &within(&id, &wingtip)));
    let third = "44444444-4444-4444-8444-444444444444";
    let new = partner(third, true).to_string();
    good(&site.send(&ada, "POST", &within(&id, PARTNERS), &new));
    let default = "/policies/crossTenantAccessPolicy/default";
    let trusts = r#"{"inboundTrust":{"isCompliantDeviceAccepted":true}}"#;
    good(&site.send(&ada, "PATCH", &within(&id, default), trusts));

    // The draft shows what it makes of them, one by one and as pages; in force is what was.
    let mfa = |answer: &Answer| body(answer)["inboundTrust"]["isMfaAccepted"].clone();
    let read = |path: &str| site.call(&ada, "GET", path);
    assert_eq!(mfa(&read(&within(&id, &fabrikam))), false);
    assert_eq!(mfa(&read(&fabrikam)), true);
    assert_eq!(read(&within(&id, &wingtip)).status, 404);
    let listed = |path: &str| {
        let page = good(&read(&format!("{path}?$count=true")));
        let ids = page["value"].as_array().unwrap().iter();
        let ids: Vec<_> = ids
            .map(|one| one["tenantId"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(page["@odata.count"], ids.len());
        ids
    };
    assert_eq!(listed(&within(&id, PARTNERS)), [FABRIKAM, third]);
    assert_eq!(listed(PARTNERS), [FABRIKAM, WINGTIP]);
    let first = good(&read(&format!("{}?$top=1", within(&id, PARTNERS))));
    let next = first["@odata.nextLink"].as_str().unwrap();
    let next = good(&read(next.trim_start_matches("http://localhost")));
    assert_eq!(next["value"][0]["tenantId"], third);
    let changes = good(&read(&format!("{DRAFTS}/{id}/changes")));
    let changes: Vec<_> = changes["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["change"].as_str().unwrap()))
        .map(|(id, change)| format!("{change} {id}"))
        .collect();
    let expected = [
        "add default".to_owned(),
        format!("update partners/{FABRIKAM}"),
        format!("delete partners/{WINGTIP}"),
        format!("add partners/{third}"),
    ];
    assert_eq!(changes, expected);
    let check = good(&read(&format!("{DRAFTS}/{id}/check")));
    assert_eq!(check["isPublishable"], true, "{check}");

    // Published in one step, with one record that names every document.
    let before = site.store_head();
    good(&publish(&site, &ada, &id, &all()));
    assert_eq!(site.store_head(), before + 1);
    assert_eq!(mfa(&read(&fabrikam)), false);
    assert_eq!(listed(PARTNERS), [FABRIKAM, third]);
    let record = site.latest();
    assert_eq!(record["activityDisplayName"], "Publish policy draft");
    let details = record["additionalDetails"].as_array().unwrap();
    let documents = details.iter().filter(|detail| detail["key"] == "Document");
    assert_eq!(documents.count(), 4, "{record}");
    let modified = &record["targetResources"][0]["modifiedProperties"];
    assert!(
        modified
            .to_string()
            .contains(&format!("partners/{FABRIKAM}: inboundTrust")),
        "{record}"
    );
    let read = good(&read(&format!("{DRAFTS}/{id}")));
    assert_eq!(read["state"], "published");
    let again = publish(&site, &ada, &id, &all());
    assert_eq!(again.status, 409, "{}", body(&again));
}

#[test]
fn what_was_changed_since_is_told_by_document_and_never_overwritten() {
    let site = Site::with(vec![
        put(DocumentKind::Partner, FABRIKAM, &partner(FABRIKAM, true)),
        put(DocumentKind::Partner, WINGTIP, &partner(WINGTIP, true)),
    ]);
    let ada = administrator_of(ADA);
    let id = draft(&site, &ada);
    for tenant in [FABRIKAM, WINGTIP] {
        let path = within(&id, &format!("{PARTNERS}/{tenant}"));
        let less = r#"{"inboundTrust":{"isMfaAccepted":false}}"#;
        good(&site.send(&ada, "PATCH", &path, less));
    }
    let live = format!("{PARTNERS}/{FABRIKAM}");
    good(&site.send(&ada, "PATCH", &live, r#"{"isServiceProvider":true}"#));
    let check = good(&site.call(&ada, "GET", &format!("{DRAFTS}/{id}/check")));
    assert_eq!(check["isPublishable"], false);
    assert_eq!(
        check["baseMoved"][0]["target"],
        format!("partners/{FABRIKAM}")
    );
    let refused = publish(&site, &ada, &id, &all());
    assert_eq!(refused.status, 409);
    let error = &body(&refused)["error"];
    assert_eq!(error["code"], "Crossgate_BaseMoved");
    assert_eq!(error["details"].as_array().unwrap().len(), 1, "{error}");
    // Also in a draft that goes on: it was made over another document.
    let still = within(&id, &live);
    let more = r#"{"inboundTrust":{"isMfaAccepted":null}}"#;
    good(&site.send(&ada, "PATCH", &still, more));
    assert_eq!(publish(&site, &ada, &id, &all()).status, 409);
    // Taken out, the rest is published, and what others did stays.
    let out = format!("{DRAFTS}/{id}/changes/partners%2F{FABRIKAM}");
    good(&site.call(&ada, "DELETE", &out));
    good(&publish(&site, &ada, &id, &all()));
    let fabrikam = good(&site.call(&ada, "GET", &live));
    assert_eq!(fabrikam["isServiceProvider"], true);
    assert_eq!(fabrikam["inboundTrust"]["isMfaAccepted"], true);
}

#[test]
fn faults_are_told_when_they_are_drafted_and_keep_the_draft_from_being_published() {
    let site = Site::new();
    let ada = administrator_of(ADA);
    let id = draft(&site, &ada);
    let policy = json!({
        "displayName": "From nowhere", "state": "enabled",
        "conditions": {
            "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] },
            "clientAppTypes": ["all"], "locations": { "includeLocations": ["5eee0000-0000-4000-8000-000000000001"] },
        },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] },
    });
    let made = site.send(&ada, "POST", &within(&id, POLICIES), &policy.to_string());
    let made = good(&made);
    let told = made["@crossgate.advisories"].to_string();
    assert!(told.contains("cannot be published"), "{made}");
    let check = good(&site.call(&ada, "GET", &format!("{DRAFTS}/{id}/check")));
    assert_eq!(check["faults"].as_array().unwrap().len(), 1, "{check}");
    let refused = publish(&site, &ada, &id, &all());
    assert_eq!(refused.status, 400, "{}", body(&refused));
    let replayed = site.send(&ada, "POST", &format!("{DRAFTS}/{id}/replay"), "{}");
    assert_eq!(replayed.status, 404, "no sign-ins are kept here");
}

#[test]
fn a_draft_takes_the_version_that_is_meant_and_whatever_its_changes_take() {
    let site = Site::with(vec![put(
        DocumentKind::Partner,
        FABRIKAM,
        &partner(FABRIKAM, true),
    )]);
    let ada = administrator_of(ADA);
    let id = draft(&site, &ada);
    let path = format!("{DRAFTS}/{id}");
    let read = good(&site.call(&ada, "GET", &path));
    let old = read["@odata.etag"].as_str().unwrap().to_owned();
    let fabrikam = within(&id, &format!("{PARTNERS}/{FABRIKAM}"));
    let less = r#"{"inboundTrust":{"isMfaAccepted":false}}"#;
    good(&site.send(&ada, "PATCH", &fabrikam, less));
    let to = format!("{path}/publish");
    let without = site.send(&ada, "POST", &to, &all().to_string());
    assert_eq!(without.status, 428, "{}", body(&without));
    let any = site.send_with(&ada, "POST", &to, &all().to_string(), &[("if-match", "*")]);
    assert_eq!(any.status, 428, "{}", body(&any));
    let stale = site.send_with(&ada, "POST", &to, &all().to_string(), &[("if-match", &old)]);
    assert_eq!(stale.status, 412, "{}", body(&stale));
    // A document within it has the draft's version.
    let tagged = site.send_with(&ada, "PATCH", &fabrikam, less, &[("if-match", &old)]);
    assert_eq!(tagged.status, 412, "{}", body(&tagged));

    // Who may name the policy but not change partners neither drafts nor publishes that, nor has a say in it.
    let namer = application(&["Policy.Read.All"]);
    assert_eq!(site.send(&namer, "POST", DRAFTS, "{}").status, 403);
    let reader = site.send(&namer, "PATCH", &fabrikam, less);
    assert_eq!(reader.status, 403);
    let record = site.latest();
    assert_eq!(record["activityDisplayName"], "Update policy draft");
    assert_eq!(record["result"], "failure");
    assert_eq!(good(&site.call(&namer, "GET", &path))["id"], *id);

    // Nor does who may publish drafts, but not do what is in this one.
    let policy = json!({
        "displayName": "MFA", "state": "disabled",
        "conditions": {
            "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] },
            "clientAppTypes": ["all"],
        },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
    });
    good(&site.send(&ada, "POST", &within(&id, POLICIES), &policy.to_string()));
    let half = application(&["Policy.ReadWrite.CrossTenantAccess", "Policy.Read.All"]);
    let refused = publish(&site, &half, &id, &all());
    assert_eq!(refused.status, 403, "{}", body(&refused));
    let told = body(&refused)["error"]["message"].to_string();
    assert!(
        told.contains("Policy.ReadWrite.ConditionalAccess"),
        "{told}"
    );
    let changes = good(&site.call(&ada, "GET", &format!("{path}/changes")));
    let taken = changes["value"].to_string();
    assert!(
        taken.contains("conditionalAccessPolicies/create"),
        "{taken}"
    );
    let whole = application(&[
        "Policy.ReadWrite.CrossTenantAccess",
        "Policy.ReadWrite.ConditionalAccess",
        "Policy.Read.All",
    ]);
    good(&publish(&site, &whole, &id, &all()));
}

#[test]
fn another_person_approves_of_the_very_revision_and_whoever_had_a_hand_in_it_does_not() {
    let site = Site::configured("[admin]\ndraft_reviewers = 1\n", Vec::new());
    let (ada, bob) = (administrator_of(ADA), administrator_of(BOB));
    // What drafts can change is changed by drafts alone.
    let direct = site.send(&ada, "POST", PARTNERS, &partner(FABRIKAM, true).to_string());
    assert_eq!(direct.status, 403, "{}", body(&direct));
    let id = draft(&site, &ada);
    let path = format!("{DRAFTS}/{id}");
    let new = partner(FABRIKAM, true).to_string();
    good(&site.send(&ada, "POST", &within(&id, PARTNERS), &new));
    let revision = || good(&site.call(&ada, "GET", &path))["revision"].clone();
    let review = |who: &Administrator, decision: &str, revision: &Value| {
        let said = json!({ "decision": decision, "revision": revision, "comment": "because" });
        site.send(who, "POST", &format!("{path}/reviews"), &said.to_string())
    };
    assert_eq!(publish(&site, &ada, &id, &all()).status, 409);
    let own = review(&ada, "approve", &revision());
    assert_eq!(own.status, 403, "{}", body(&own));
    let program = review(
        &application(&["Policy.ReadWrite.CrossTenantAccess", "Policy.Read.All"]),
        "approve",
        &revision(),
    );
    assert_eq!(program.status, 409, "{}", body(&program));
    assert_eq!(review(&break_glass(), "approve", &revision()).status, 409);
    let stale = review(&bob, "approve", &json!(1));
    assert_eq!(stale.status, 412, "{}", body(&stale));
    good(&review(&bob, "approve", &revision()));
    // An edit makes it another one; nobody has approved of that.
    let fabrikam = within(&id, &format!("{PARTNERS}/{FABRIKAM}"));
    good(&site.send(&ada, "PATCH", &fabrikam, r#"{"isServiceProvider":true}"#));
    let void = publish(&site, &ada, &id, &all());
    assert_eq!(void.status, 409, "{}", body(&void));
    good(&review(&bob, "reject", &revision()));
    let rejected = publish(&site, &ada, &id, &all());
    assert_eq!(
        body(&rejected)["error"]["message"],
        format!("the draft was rejected by {BOB}: because")
    );
    // The same person, whose token says what they are called.
    let named = Administrator {
        display_name: Some("Bob Bee".into()),
        ..bob.clone()
    };
    good(&review(&named, "reject", &revision()));
    let by = format!("Bob Bee ({BOB}): because");
    let rejected = publish(&site, &ada, &id, &all());
    assert_eq!(
        body(&rejected)["error"]["message"],
        format!("the draft was rejected by {by}")
    );
    let check = good(&site.call(&ada, "GET", &format!("{path}/check")));
    assert_eq!(check["rejectedBy"], json!(by));
    good(&review(&bob, "approve", &revision()));
    // Staging it changes nothing in it.
    good(&publish(
        &site,
        &ada,
        &id,
        &json!({ "mode": "staged", "percent": 10, "maxNewRefusals": 0 }),
    ));
    good(&site.send(&ada, "POST", &format!("{path}/complete"), ""));
    assert!(
        site.ledger
            .current(&Address::new(DocumentKind::Partner, FABRIKAM))
            .unwrap()
            .is_some()
    );
    // Who edits what others began had a hand in it too.
    let second = draft(&site, &ada);
    let path = within(&second, &format!("{PARTNERS}/{FABRIKAM}"));
    good(&site.send(&bob, "PATCH", &path, r#"{"isServiceProvider":false}"#));
    let revision = good(&site.call(&ada, "GET", &format!("{DRAFTS}/{second}")))["revision"].clone();
    let said = json!({ "decision": "approve", "revision": revision });
    let both = site.send(
        &bob,
        "POST",
        &format!("{DRAFTS}/{second}/reviews"),
        &said.to_string(),
    );
    assert_eq!(both.status, 403, "{}", body(&both));
}

#[test]
fn while_a_draft_is_staged_what_it_changes_is_nobody_elses_and_another_is_not_staged() {
    let site = Site::with(vec![put(
        DocumentKind::Partner,
        FABRIKAM,
        &partner(FABRIKAM, true),
    )]);
    let ada = administrator_of(ADA);
    let staged = json!({ "mode": "staged", "percent": 10, "maxNewRefusals": 3 });
    let [first, second] = [FABRIKAM, WINGTIP].map(|tenant| {
        let id = draft(&site, &ada);
        if tenant == FABRIKAM {
            let path = within(&id, &format!("{PARTNERS}/{tenant}"));
            good(&site.send(&ada, "PATCH", &path, r#"{"isServiceProvider":true}"#));
        } else {
            let new = partner(tenant, true).to_string();
            good(&site.send(&ada, "POST", &within(&id, PARTNERS), &new));
        }
        id
    });
    for wrong in [
        json!({ "mode": "staged" }),
        json!({ "mode": "staged", "percent": 100, "maxNewRefusals": 0 }),
        json!({ "mode": "staged", "percent": 0, "maxNewRefusals": 0 }),
        json!({ "mode": "all", "percent": 10 }),
        json!({ "mode": "all", "gateway": "here" }),
        json!({ "mode": "all", "gateway": ["here"] }),
        json!({ "mode": "staged", "gateway": "elsewhere", "maxNewRefusals": 0 }),
        json!({ "mode": "staged", "gateway": "here", "percent": 10, "maxNewRefusals": 0 }),
        json!({ "mode": "staged", "gateway": "here" }),
        json!({}),
    ] {
        assert_eq!(publish(&site, &ada, &first, &wrong).status, 400, "{wrong}");
    }
    // What is there and wrong is not told to be missing.
    let fault = |answer: &Answer| body(answer)["error"]["details"][0]["message"].to_string();
    let publishing = |how: Value| fault(&publish(&site, &ada, &first, &how));
    let reviewing = |how: Value| {
        let path = format!("{DRAFTS}/{first}/reviews");
        fault(&site.send(&ada, "POST", &path, &how.to_string()))
    };
    for (told, wanted) in [
        (publishing(json!({})), "is needed; expected `all`"),
        (publishing(json!({ "mode": "nope" })), "`nope` is none"),
        (publishing(json!({ "mode": 7 })), "is no text"),
        (
            publishing(json!({ "mode": "staged", "percent": 0, "maxNewRefusals": 0 })),
            "`0` is no share; expected 1 to 99",
        ),
        (
            publishing(json!({ "mode": "staged", "percent": 10, "maxNewRefusals": 100_001 })),
            "`100001` is too many; expected 0 to 100000",
        ),
        (reviewing(json!({})), "is needed; expected `approve`"),
        (
            reviewing(json!({ "decision": "maybe" })),
            "`maybe` is none; expected `approve` or `reject`",
        ),
        (
            reviewing(json!({ "decision": "approve", "revision": "1" })),
            "is no whole number",
        ),
    ] {
        assert!(told.contains(wanted), "{told}: {wanted}");
    }
    let shown = good(&publish(&site, &ada, &first, &staged));
    assert_eq!(
        (&shown["state"], &shown["stage"]["percent"]),
        (&json!("staged"), &json!(10))
    );
    assert_eq!(publish(&site, &ada, &second, &staged).status, 409);
    let live = format!("{PARTNERS}/{FABRIKAM}");
    let held = site.send(&ada, "PATCH", &live, r#"{"isServiceProvider":false}"#);
    assert_eq!(held.status, 409, "{}", body(&held));
    assert_eq!(
        body(&held)["error"]["details"][0]["target"],
        format!("partners/{FABRIKAM}")
    );
    let path = within(&first, &live);
    assert_eq!(
        site.send(&ada, "PATCH", &path, r#"{"isServiceProvider":false}"#)
            .status,
        409
    );
    assert_eq!(
        site.call(&ada, "DELETE", &format!("{DRAFTS}/{first}"))
            .status,
        409
    );
    // Others are changed all the same.
    good(&publish(&site, &ada, &second, &all()));
    // The program ends it, and says why in the audit: this stage, and none that began at another time.
    let started = shown["stage"]["startedDateTime"]
        .as_str()
        .unwrap()
        .to_owned();
    let why = Why::Refuses(NewRefusals {
        count: 4,
        samples: vec!["ada at Payroll".to_owned()],
    });
    let end = || drafts::end(&site.ledger, Guid::parse(&first).unwrap(), &started, &why).unwrap();
    let log = logged(end);
    let warning = "4 users of apps were refused who would have been let in without the draft; its stage is over";
    assert!(log.contains("WARN") && log.contains(warning), "{log}");
    assert!(log.contains(&first), "{log}");
    let record = site.latest();
    assert_eq!(record["activityDisplayName"], "Return staged policy draft");
    assert!(record.to_string().contains("ada at Payroll"), "{record}");
    let shown = good(&site.call(&ada, "GET", &format!("{DRAFTS}/{first}")));
    assert_eq!(
        (&shown["state"], &shown["lastStage"]["outcome"]),
        (&json!("open"), &json!("returned"))
    );
    // What was approved of it before is to be looked at again.
    assert_eq!(shown["revision"], 3, "{shown}");
    // Once: what is over is not ended again.
    let head = site.store_head();
    assert_eq!(logged(end), "");
    assert_eq!(site.store_head(), head);
    good(&publish(&site, &ada, &first, &staged));
    let again = site.store_head();
    end();
    assert_eq!(site.store_head(), again, "another stage of it");
    good(&site.send(&ada, "POST", &format!("{DRAFTS}/{first}/return"), ""));
    assert_eq!(
        site.send(&ada, "POST", &format!("{DRAFTS}/{first}/return"), "")
            .status,
        409
    );
    good(&site.call(&ada, "DELETE", &format!("{DRAFTS}/{first}")));
    assert_eq!(
        site.store_count(DocumentKind::DraftChange),
        1,
        "that of the other draft"
    );
}

#[test]
fn a_stage_that_another_program_makes_impossible_is_over_and_what_it_stored_binds() {
    let location = "5eee0000-0000-4000-8000-000000000001";
    let office = json!({
        "@odata.type": "#microsoft.graph.ipNamedLocation", "id": location, "displayName": "Office", "isTrusted": false,
        "ipRanges": [{ "@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "203.0.113.0/24" }],
    });
    let site = Site::with(vec![put(DocumentKind::NamedLocation, location, &office)]);
    let ada = administrator_of(ADA);
    let id = draft(&site, &ada);
    let policy = json!({
        "displayName": "Not from the office", "state": "enabled",
        "conditions": {
            "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] },
            "clientAppTypes": ["all"], "locations": { "includeLocations": [location] },
        },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] },
    });
    good(&site.send(&ada, "POST", &within(&id, POLICIES), &policy.to_string()));
    good(&publish(
        &site,
        &ada,
        &id,
        &json!({ "mode": "staged", "percent": 10, "maxNewRefusals": 3 }),
    ));
    // By the API it is refused, for the staged draft names it.
    let refused = site.call(
        &ada,
        "DELETE",
        &format!("/v1.0/identity/conditionalAccess/namedLocations/{location}"),
    );
    assert_eq!(refused.status, 409, "{}", body(&refused));
    let removed = crossgate_control::document::Write {
        address: Address::new(DocumentKind::NamedLocation, location),
        text: None,
    };
    write(&site.elsewhere(), vec![removed]);
    site.ledger.follow().unwrap();
    site.ledger.end_unfit_stage().unwrap();
    let shown = good(&site.call(&ada, "GET", &format!("{DRAFTS}/{id}")));
    assert_eq!(shown["state"], "open", "{shown}");
    assert_eq!(
        site.latest()["activityDisplayName"],
        "Return staged policy draft"
    );
}

#[test]
fn a_stage_at_a_gateway_that_is_called_otherwise_now_is_not_completed_and_ends_of_itself() {
    let (site, name) = Site::named();
    let ada = administrator_of(ADA);
    let staged = |id: &str| {
        let how = json!({ "mode": "staged", "gateway": "here", "maxNewRefusals": 3 });
        good(&publish(&site, &ada, id, &how));
    };
    let shown = |id: &str| good(&site.call(&ada, "GET", &format!("{DRAFTS}/{id}")));
    let id = draft(&site, &ada);
    let new = partner(FABRIKAM, true).to_string();
    good(&site.send(&ada, "POST", &within(&id, PARTNERS), &new));
    staged(&id);
    site.ledger.end_unfit_stage().unwrap();
    assert_eq!(shown(&id)["state"], "staged");
    // As after a change of the settings.
    *name.lock().unwrap() = Some("there".to_owned());
    let refused = site.send(&ada, "POST", &format!("{DRAFTS}/{id}/complete"), "");
    assert_eq!(refused.status, 409, "{}", body(&refused));
    let told = body(&refused)["error"]["message"].to_string();
    assert!(
        told.contains("`here`") && told.contains("`there`") && told.contains("return it"),
        "{told}"
    );
    site.ledger.end_unfit_stage().unwrap();
    let over = shown(&id);
    assert_eq!(over["state"], "open", "{over}");
    let why = over["lastStage"]["reason"].as_str().unwrap();
    assert!(why.contains("`here`") && why.contains("`there`"), "{why}");
    let record = site.latest();
    assert_eq!(record["activityDisplayName"], "Return staged policy draft");
    // What is staged by a process that took over with another name is its own.
    let old = site.started_again_as("there");
    *name.lock().unwrap() = None;
    staged(&id);
    old.follow().unwrap();
    old.end_unfit_stage().unwrap();
    assert_eq!(shown(&id)["state"], "staged");
    // At the start too.
    let head = site.store_head();
    site.started_again_as("here").end_unfit_stage().unwrap();
    assert_eq!(site.store_head(), head);
    site.started_again_as("there").end_unfit_stage().unwrap();
    assert_eq!(shown(&id)["state"], "open");
}

#[test]
fn nobody_writes_into_a_draft_what_only_happens_to_it() {
    let site = Site::new();
    let ada = administrator_of(ADA);
    let id = draft(&site, &ada);
    for (member, value) in [
        (
            "reviews",
            json!([{ "decision": "approve", "revision": 2, "reviewedBy": { "id": BOB } }]),
        ),
        ("state", json!("published")),
        ("revision", json!(1_000)),
        ("editors", json!([BOB])),
        ("createdBy", json!({ "id": BOB })),
        ("stage", json!({ "percent": 99, "maxNewRefusals": 0 })),
        ("needs", json!([])),
    ] {
        let given = json!({ "displayName": "Mine", member: value }).to_string();
        for (method, path) in [
            ("PATCH", format!("{DRAFTS}/{id}")),
            ("POST", DRAFTS.to_owned()),
        ] {
            let refused = site.send(&ada, method, &path, &given);
            assert_eq!(refused.status, 400, "{member}: {}", body(&refused));
        }
    }
    let named = r#"{"displayName":"Less","description":"of it"}"#;
    good(&site.send(&ada, "PATCH", &format!("{DRAFTS}/{id}"), named));
    let shown = good(&site.call(&ada, "GET", &format!("{DRAFTS}/{id}")));
    assert_eq!(
        (&shown["displayName"], &shown["revision"]),
        (&json!("Less"), &json!(2))
    );
}

#[test]
fn pages_of_a_draft_hold_each_document_once_however_large_they_are() {
    let tenant = |number: u32| format!("{number:08x}-0000-4000-8000-000000000001");
    let partners = (0..40).map(|number| {
        let tenant = tenant(number * 3);
        put(DocumentKind::Partner, &tenant, &partner(&tenant, true))
    });
    let site = Site::with(partners.collect());
    let ada = administrator_of(ADA);
    let id = draft(&site, &ada);
    let mut expected: Vec<String> = (0..40).map(|number| tenant(number * 3)).collect();
    // Whole stretches go, and others come between them, before them and behind.
    for number in (5..17).chain(30..34) {
        let gone = tenant(number * 3);
        good(&site.call(&ada, "DELETE", &within(&id, &format!("{PARTNERS}/{gone}"))));
        expected.retain(|tenant| *tenant != gone);
    }
    for number in [1, 2, 16, 40, 41, 118, 200, 201] {
        let new = tenant(number);
        let body = partner(&new, false).to_string();
        good(&site.send(&ada, "POST", &within(&id, PARTNERS), &body));
        expected.push(new);
    }
    expected.sort();
    for top in [1, 2, 3, 5, 7, 100] {
        let mut found = Vec::new();
        let mut path = format!("{}?$top={top}", within(&id, PARTNERS));
        loop {
            let page = good(&site.call(&ada, "GET", &path));
            let values = page["value"].as_array().unwrap();
            assert!(values.len() <= top);
            let tenants = values.iter().map(|one| one["tenantId"].as_str().unwrap());
            found.extend(tenants.map(ToOwned::to_owned));
            let Some(next) = page["@odata.nextLink"].as_str() else {
                break;
            };
            path = next.trim_start_matches("http://localhost").to_owned();
        }
        assert_eq!(found, expected, "pages of {top}");
    }
    let trusted = "$filter=inboundTrust/isMfaAccepted%20eq%20false&$count=true";
    let page = good(&site.call(&ada, "GET", &format!("{}?{trusted}", within(&id, PARTNERS))));
    assert_eq!(page["@odata.count"], 8, "{page}");
}

#[test]
fn what_a_program_had_a_hand_in_takes_one_approval_more() {
    let site = Site::configured("[admin]\ndraft_reviewers = 1\n", Vec::new());
    let program = application(&["Policy.ReadWrite.CrossTenantAccess", "Policy.Read.All"]);
    let id = draft(&site, &program);
    let path = format!("{DRAFTS}/{id}");
    let new = partner(FABRIKAM, true).to_string();
    good(&site.send(&program, "POST", &within(&id, PARTNERS), &new));
    let said = json!({ "decision": "approve", "revision": 2 }).to_string();
    let reviews = format!("{path}/reviews");
    // Ada may be who runs the program.
    let ada = administrator_of(ADA);
    good(&site.send(&ada, "POST", &reviews, &said));
    assert_eq!(publish(&site, &ada, &id, &all()).status, 409);
    good(&site.send(&administrator_of(BOB), "POST", &reviews, &said));
    good(&publish(&site, &program, &id, &all()));
}

#[test]
fn documents_of_a_draft_are_shown_to_who_may_read_them() {
    let site = Site::new();
    let ada = administrator_of(ADA);
    let id = draft(&site, &ada);
    let flows = within(&id, "/policies/authenticationFlowsPolicy");
    let on = r#"{"selfServiceSignUp":{"isEnabled":true}}"#;
    good(&site.send(&ada, "PATCH", &flows, on));
    let new = partner(FABRIKAM, true).to_string();
    good(&site.send(&ada, "POST", &within(&id, PARTNERS), &new));
    let path = format!("{DRAFTS}/{id}/changes");
    let after = |who: &Administrator| {
        let changes = good(&site.call(who, "GET", &path));
        let changes = changes["value"].as_array().unwrap().clone();
        let shown = changes.iter().map(|one| one["after"].is_object());
        shown.collect::<Vec<_>>()
    };
    assert_eq!(after(&ada), [true, true]);
    // Reads partners, and no switch of sign-up.
    let reader = with_role("ac434307-12b9-4fa1-a708-88bf58caabc1", BOB);
    let flow = site.call(&reader, "GET", "/v1.0/policies/authenticationFlowsPolicy");
    assert_eq!(flow.status, 403, "{}", body(&flow));
    assert_eq!(after(&reader), [false, true]);
}
