//! Drafts: settings are edited in them by their own pages, and what is done to them is one call for each form.

use crossgate_console::{Console, Reply};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::stage::{PARTNER, StepUp, Stub, sent, shown, visit};

const HERE: &str = "/console/drafts/d1";

/// Where a form leads, and what it has the API called with.
#[track_caller]
fn sends(stub: &Stub, target: &str, fields: &[(&str, &str)]) -> (String, Method, String, Value) {
    let reply = Console::new().answer(&sent(target, fields), stub);
    let Reply::Go(to) = reply else {
        panic!("{reply:?}");
    };
    let call = stub.changed();
    let body = serde_json::from_slice(&call.body).unwrap_or(Value::Null);
    (to, call.method, call.path, body)
}

/// The API of an organisation where somebody else has to approve of changes.
fn reviewed() -> Stub {
    let mut stub = Stub::with("Somebody");
    let all = crossgate_control::roles::Action::ALL.iter();
    let all: Vec<&str> = all.map(|action| action.name()).collect();
    stub.says(
        "crossgate/me",
        &json!({
            "id": "ada", "displayName": "Ada", "userPrincipalName": null, "allowedResourceActions": all, "draftReviewers": 1,
        }),
    );
    stub
}

/// Changes what is told of the draft.
fn tells(stub: &mut Stub, change: impl FnOnce(&mut Value)) {
    let mut draft = json!({
        "id": "d1", "displayName": "Less", "state": "open", "revision": 3, "createdBy": null, "lastModifiedBy": null,
        "editors": [], "isEditedByProgram": false, "reviews": [], "@odata.etag": "W/\"4\"",
    });
    change(&mut draft);
    stub.says("crossgate/drafts/d1", &draft);
}

#[test]
fn a_setting_is_read_and_changed_in_the_draft_that_the_address_names_and_leads_back_into_it() {
    let stub = Stub::with("Less");
    let here = format!("/console/organizations/{PARTNER}");
    let (status, html) = shown(&stub, &visit("en", &format!("{here}?draft=d1")));
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("You are editing the draft Less."), "{html}");
    let within =
        format!("/v1.0/crossgate/drafts/d1/policies/crossTenantAccessPolicy/partners/{PARTNER}");
    assert!(
        stub.asked.borrow().iter().any(|call| call.path == within),
        "{:?}",
        stub.asked.borrow()
    );
    // Each form stays in it, and so does each link to another page of settings.
    let forms = html.matches("<form").count();
    assert_eq!(html.matches("name=\"draft\" value=\"d1\"").count(), forms);
    assert!(html.contains("?tab=trust&amp;draft=d1"), "{html}");
    let fields = [("draft", "d1"), ("tab", "trust"), ("version", "W/\"4\"")];
    let (to, method, path, _) = sends(&stub, &here, &fields);
    assert_eq!(to, format!("{here}?tab=trust&saved=1&draft=d1"));
    assert_eq!((method, path), (Method::PATCH, within));
    assert_eq!(stub.changed().headers["if-match"], "W/\"4\"");
}

#[test]
fn what_beta_alone_has_is_edited_in_a_draft_too() {
    let stub = Stub::with("x");
    let fields = [("draft", "d1"), ("form", "leaving")];
    let (to, _, path, _) = sends(&stub, "/console/collaboration", &fields);
    assert_eq!(to, "/console/collaboration?saved=1&draft=d1");
    assert_eq!(
        path,
        "/beta/crossgate/drafts/d1/policies/externalIdentitiesPolicy"
    );
}

#[test]
fn nothing_is_saved_in_a_draft_that_is_not_open() {
    let mut stub = Stub::with("x");
    tells(&mut stub, |draft| draft["state"] = json!("published"));
    let (_, html) = shown(&stub, &visit("en", "/console/default?draft=d1"));
    assert!(html.contains("It is not open"), "{html}");
    assert!(!html.contains("type=\"submit\""), "{html}");
}

#[test]
fn a_form_is_saved_in_a_draft_that_it_names_or_begins() {
    let stub = Stub::with("x");
    let fields = [("tab", "trust"), ("save", "draft"), ("save-in", "d1")];
    let (to, method, path, _) = sends(&stub, "/console/default", &fields);
    assert_eq!(to, "/console/default?tab=trust&saved=1&draft=d1");
    assert_eq!(method, Method::PATCH);
    assert!(path.starts_with("/v1.0/crossgate/drafts/d1/"), "{path}");
    let mut stub = Stub::with("x");
    stub.says(
        "POST crossgate/drafts",
        &json!({ "id": "d1", "displayName": "Trust less", "state": "open" }),
    );
    let fields = [
        ("tab", "trust"),
        ("save", "draft"),
        ("save-in", "new"),
        ("draft-name", "Trust less"),
    ];
    let (to, _, path, _) = sends(&stub, "/console/default", &fields);
    assert!(to.ends_with("&draft=d1"), "{to}");
    assert!(path.starts_with("/v1.0/crossgate/drafts/d1/"), "{path}");
    let asked = stub.asked.borrow();
    let begun = asked.iter().find(|call| call.method == Method::POST);
    let begun: Value = serde_json::from_slice(&begun.unwrap().body).unwrap();
    assert_eq!(begun, json!({ "displayName": "Trust less" }));
    drop(asked);
    // Whoever means a draft changes nothing that binds.
    let nowhere = [("tab", "trust"), ("save", "draft")];
    let mut stub = Stub::with("x");
    let refused = json!({ "error": { "code": "x", "message": "needs a role" } });
    stub.says_with("POST crossgate/drafts", StatusCode::FORBIDDEN, &refused);
    let (status, _) = shown(&stub, &sent("/console/default", &nowhere));
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(stub.changed().path, "/v1.0/crossgate/drafts");
    // A script that asks what would become of the form begins none.
    let stub = Stub::with("x");
    let mut fields = fields.to_vec();
    fields.push(("checks", "/console/default"));
    let _ = Console::new().answer(&sent("/console/check", &fields), &stub);
    let asked = stub.asked.borrow();
    assert!(asked.iter().all(|call| call.method != Method::POST));
}

#[test]
fn where_others_have_to_approve_a_page_offers_to_save_in_a_draft_alone() {
    let stub = reviewed();
    let pages = [
        "/console/default".to_owned(),
        format!("/console/organizations/{PARTNER}"),
        "/console/organizations".to_owned(),
        "/console/collaboration".to_owned(),
        "/console/conditional-access/p1".to_owned(),
        "/console/versions?document=default".to_owned(),
    ];
    for target in pages {
        let (_, html) = shown(&stub, &visit("en", &target));
        let buttons: Vec<&str> = html.split("<button").skip(1).collect();
        for button in &buttons {
            let button = button.split("</button>").next().unwrap();
            let finds = button.contains(">Search");
            let saves = button.contains("name=\"save\" value=\"draft\"");
            assert!(finds || saves, "{target}: {button}");
        }
        assert!(!buttons.is_empty(), "{target}: {html}");
    }
    let (_, html) = shown(&stub, &visit("en", "/console/default?draft=d1"));
    assert!(html.contains(">Save in the draft<"), "{html}");
}

#[test]
fn enter_in_the_name_of_a_new_draft_saves_in_one_and_changes_nothing_in_force() {
    let mut stub = Stub::with("x");
    stub.says(
        "POST crossgate/drafts",
        &json!({ "id": "d9", "displayName": "Less", "state": "open" }),
    );
    // As browsers send it: by the first button, which has no name.
    let fields = [("tab", "trust"), ("save-in", "new"), ("draft-name", "Less")];
    let _ = shown(&stub, &sent("/console/default", &fields));
    let asked = stub.asked.borrow();
    let changes = asked.iter().filter(|call| call.method != Method::GET);
    let paths: Vec<&str> = changes.map(|call| call.path.as_str()).collect();
    assert!(!paths.is_empty());
    assert!(
        paths
            .iter()
            .all(|path| path.starts_with("/v1.0/crossgate/drafts")),
        "{paths:?}"
    );
}

#[test]
fn a_change_that_is_not_made_leaves_no_new_draft_and_its_page_still_says_where_it_was_to_be_saved()
{
    let partner = format!("policies/crossTenantAccessPolicy/partners/{PARTNER}");
    let organization = format!("/console/organizations/{PARTNER}");
    let fault = json!({ "error": { "code": "InvalidProperty", "message": "m", "details": [] } });
    type Fields<'a> = &'a [(&'a str, &'a str)];
    let cases: [(&str, StatusCode, &str, Fields<'_>); 6] = [
        (
            &partner,
            StatusCode::BAD_REQUEST,
            &organization,
            &[("tab", "inbound")],
        ),
        (
            &partner,
            StatusCode::PRECONDITION_FAILED,
            &organization,
            &[("tab", "trust")],
        ),
        (
            "policies/authorizationPolicy",
            StatusCode::FORBIDDEN,
            "/console/collaboration",
            &[("form", "invites")],
        ),
        (
            &partner,
            StatusCode::NOT_FOUND,
            "/console/organizations/somebody-else",
            &[("tab", "trust")],
        ),
        (
            "identity/conditionalAccess/policies/p1",
            StatusCode::OK,
            "/console/conditional-access/p1",
            &[("form", "document"), ("document", "{ no JSON")],
        ),
        (
            "policies/crossTenantAccessPolicy/default",
            StatusCode::CONFLICT,
            "/console/versions",
            &[("document", "default"), ("change", "5")],
        ),
    ];
    for (document, status, target, fields) in cases {
        let mut stub = Stub::with("x");
        stub.says(
            "POST crossgate/drafts",
            &json!({ "id": "d1", "displayName": "Less", "state": "open" }),
        );
        stub.says_with(
            &format!("PATCH crossgate/drafts/d1/{document}"),
            status,
            &fault,
        );
        let named = [
            ("save", "draft"),
            ("save-in", "new"),
            ("draft-name", "Less of it"),
        ];
        let (answered, html) = shown(&stub, &sent(target, &[fields, &named].concat()));
        assert!(answered.is_client_error(), "{target}: {answered}");
        let asked = stub.asked.borrow();
        let count = |method: Method, path: &str| {
            let calls = asked.iter();
            let calls = calls.filter(|call| call.method == method && call.path == path);
            calls.count()
        };
        assert_eq!(
            count(Method::POST, "/v1.0/crossgate/drafts"),
            count(Method::DELETE, "/v1.0/crossgate/drafts/d1"),
            "{target}: {asked:?}"
        );
        let mut changes = asked.iter().filter(|call| call.method != Method::GET);
        assert!(
            changes.all(|call| call.path.starts_with("/v1.0/crossgate/drafts")),
            "{target}: {asked:?}"
        );
        assert!(!html.contains("You are editing the draft"), "{html}");
        if answered != StatusCode::NOT_FOUND {
            assert!(
                html.contains("name=\"draft-name\" maxlength=\"120\" value=\"Less of it\""),
                "{target}: {html}"
            );
            assert!(html.contains("class=\"aside\" open"), "{target}: {html}");
        }
    }
}

#[test]
fn a_step_up_leaves_no_draft_behind_that_the_form_will_begin_anew() {
    let mut stub = Stub::with("x");
    stub.says(
        "POST crossgate/drafts",
        &json!({ "id": "d1", "displayName": "x", "state": "open" }),
    );
    let stub = StepUp::before(&[Method::PATCH], stub);
    let fields = [("tab", "trust"), ("save", "draft"), ("save-in", "new")];
    let reply = Console::new().answer(&sent("/console/default", &fields), &stub);
    assert!(matches!(reply, Reply::MoreNeeded), "{reply:?}");
    let last = stub.stub.changed();
    assert_eq!(
        (last.method, &*last.path),
        (Method::DELETE, "/v1.0/crossgate/drafts/d1")
    );
}

#[test]
fn each_form_of_a_draft_is_one_call_with_the_version_that_was_shown() {
    let named = json!({ "displayName": "New", "description": null });
    let review = |decision: &str| json!({ "decision": decision, "comment": "good", "revision": 3 });
    let staged = json!({ "mode": "staged", "percent": 10, "maxNewRefusals": 5 });
    for (act, method, path, body) in [
        ("rename", Method::PATCH, "", named),
        ("delete", Method::DELETE, "", Value::Null),
        (
            "take-out",
            Method::DELETE,
            "/changes/partners%2Fp",
            Value::Null,
        ),
        ("approve", Method::POST, "/reviews", review("approve")),
        ("reject", Method::POST, "/reviews", review("reject")),
        (
            "publish",
            Method::POST,
            "/publish",
            json!({ "mode": "all" }),
        ),
        ("stage", Method::POST, "/publish", staged),
        ("complete", Method::POST, "/complete", Value::Null),
        ("return", Method::POST, "/return", Value::Null),
    ] {
        let mut stub = Stub::with("x");
        let whole = format!("crossgate/drafts/d1{path}");
        stub.says(&format!("{method} {whole}"), &json!({}));
        let fields = [
            ("do", act),
            ("version", "W/\"4\""),
            ("displayName", "New"),
            ("document", "partners/p"),
            ("comment", "good"),
            ("revision", "3"),
            ("percent", "10"),
            ("maxNewRefusals", "5"),
            ("reach", "tenants"),
            ("gateway", "gw-1"),
        ];
        let sent = sends(&stub, HERE, &fields);
        let to = if act == "delete" {
            "/console/drafts".to_owned()
        } else {
            format!("{HERE}?done={act}")
        };
        assert_eq!(sent, (to, method, format!("/v1.0/{whole}"), body), "{act}");
        assert_eq!(stub.changed().headers["if-match"], "W/\"4\"", "{act}");
    }
}

#[test]
fn a_draft_is_staged_at_the_gateway_where_that_is_chosen() {
    let mut stub = Stub::with("x");
    stub.says("POST crossgate/drafts/d1/publish", &json!({}));
    let fields = [
        ("do", "stage"),
        ("version", "W/\"4\""),
        ("percent", "10"),
        ("maxNewRefusals", "5"),
        ("reach", "gateway"),
        ("gateway", "gw-1"),
    ];
    let (_, _, _, body) = sends(&stub, HERE, &fields);
    let staged = json!({ "mode": "staged", "gateway": "gw-1", "maxNewRefusals": 5 });
    assert_eq!(body, staged);
    tells(&mut stub, |draft| {
        draft["stage"] = json!({ "gateway": "gw-1", "maxNewRefusals": 5 });
    });
    let (_, html) = shown(&stub, &visit("en", HERE));
    assert!(html.contains("Everybody at gateway gw-1"), "{html}");
}

#[test]
fn what_is_in_the_way_of_publishing_is_told_and_a_lock_out_is_meant_at_its_own_form() {
    let mut stub = Stub::with("x");
    tells(&mut stub, |_| {});
    let error = json!({ "error": { "code": "Crossgate_LockOut", "message": "m", "details": [
        { "code": "AppShutOut", "target": "app", "message": "nobody could go on" },
    ] } });
    stub.says_with(
        "POST crossgate/drafts/d1/publish",
        StatusCode::CONFLICT,
        &error,
    );
    let fields = [("do", "stage"), ("percent", "33"), ("version", "W/\"4\"")];
    let (status, html) = shown(&stub, &sent(HERE, &fields));
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(html.contains("nobody could go on"), "{html}");
    assert_eq!(html.matches("name=\"confirm-lock-out\"").count(), 1);
    let form = html.split("value=\"stage\"").nth(1).unwrap();
    assert!(
        form.split("</form>")
            .next()
            .unwrap()
            .contains("confirm-lock-out")
    );
    assert!(
        html.contains(
            "name=\"percent\" type=\"number\" min=\"1\" max=\"99\" required value=\"33\""
        )
    );
    let error =
        json!({ "error": { "code": "Crossgate_State", "message": "has 0 of the 1 approvals" } });
    stub.says_with(
        "POST crossgate/drafts/d1/publish",
        StatusCode::CONFLICT,
        &error,
    );
    let (_, html) = shown(&stub, &sent(HERE, &[("do", "publish")]));
    assert!(html.contains("Nothing was changed:</strong>"), "{html}");
    assert!(html.contains("has 0 of the 1 approvals"), "{html}");
}

#[test]
fn a_draft_shows_what_it_changes_and_what_its_check_says_where_that_is_asked_for() {
    let stub = Stub::with("Somebody");
    let (_, html) = shown(&stub, &visit("en", HERE));
    for told in [
        "&quot;disabled&quot;",
        "Your roles do not show this document.",
        "Somebody changed this document since.",
        "Returned from 10 of a hundred tenants",
        "That was revision 2",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    // Of what nobody has written yet the draft changes what Entra begins with.
    let mut stub = stub;
    let trusting = json!({ "id": null, "isServiceDefault": false, "inboundTrust": { "isMfaAccepted": false } });
    stub.says(
        "policies/crossTenantAccessPolicy/default",
        &json!({ "id": "d", "isServiceDefault": true, "@odata.context": "x", "inboundTrust": { "isMfaAccepted": true } }),
    );
    stub.says(
        "crossgate/drafts/d1/changes",
        &json!({ "value": [{ "id": "default", "change": "add", "isBaseMoved": false, "before": null, "after": trusting }] }),
    );
    let (_, html) = shown(&stub, &visit("en", HERE));
    assert!(html.contains("Changed: Default settings"), "{html}");
    assert_eq!(html.matches("class=\"property\"").count(), 1, "{html}");
    let is_check = |call: &crossgate_control::api::call::Call| call.path.ends_with("/check");
    assert!(!stub.asked.borrow().iter().any(is_check));
    let (_, html) = shown(&stub, &visit("en", &format!("{HERE}?check=1")));
    for told in [
        "It cannot be published as it is.",
        "It would shut out",
        "1 of 2",
        "New refusals",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    // One is looked at at a time.
    let busy =
        json!({ "error": { "code": "ServiceUnavailable", "message": "another is being checked" } });
    stub.says_with(
        "crossgate/drafts/d1/check",
        StatusCode::SERVICE_UNAVAILABLE,
        &busy,
    );
    let (status, html) = shown(&stub, &visit("en", &format!("{HERE}?check=1")));
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("another is being checked"), "{html}");
}

#[test]
fn only_who_had_no_hand_in_a_draft_is_offered_a_review_of_the_revision_that_is_shown() {
    let mut stub = reviewed();
    tells(&mut stub, |draft| draft["editors"] = json!(["bob"]));
    let (_, html) = shown(&stub, &visit("en", HERE));
    assert!(html.contains("name=\"revision\" value=\"3\""), "{html}");
    assert!(html.contains("Approvals that are missing: 1"), "{html}");
    tells(&mut stub, |draft| draft["editors"] = json!(["bob", "ada"]));
    let (_, html) = shown(&stub, &visit("en", HERE));
    assert!(html.contains("You had a hand in this draft"), "{html}");
    assert!(!html.contains("value=\"approve\""), "{html}");
    // Of what was said, what is about this revision counts.
    let review = |revision: u64| json!({ "decision": "approve", "reviewedBy": { "id": "eve" }, "revision": revision });
    tells(&mut stub, |draft| draft["reviews"] = json!([review(2)]));
    let (_, html) = shown(&stub, &visit("en", HERE));
    assert!(html.contains("0 of 1"), "{html}");
    tells(&mut stub, |draft| {
        draft["reviews"] = json!([review(2), review(3)])
    });
    let (_, html) = shown(&stub, &visit("en", HERE));
    assert!(html.contains("1 of 1"), "{html}");
}

#[test]
fn a_staged_draft_is_completed_or_returned_and_nothing_else() {
    let mut stub = Stub::with("x");
    tells(&mut stub, |draft| {
        draft["state"] = json!("staged");
        draft["stage"] = json!({ "percent": 25, "maxNewRefusals": 7, "startedDateTime": "2026-01-31T12:00:00Z" });
    });
    let (_, html) = shown(&stub, &visit("en", HERE));
    assert!(
        html.contains("25 of a hundred tenants; returned after more than 7"),
        "{html}"
    );
    let acts = html.split("name=\"do\" value=\"").skip(1);
    let acts: Vec<&str> = acts.map(|act| act.split('"').next().unwrap()).collect();
    assert_eq!(acts, ["complete", "return"]);
}

#[test]
fn that_something_was_done_is_said_of_a_draft_that_is_as_that_leaves_it_alone() {
    let mut stub = reviewed();
    let says = |stub: &Stub, done: &str| {
        let (_, html) = shown(stub, &visit("en", &format!("{HERE}?done={done}")));
        html.contains("class=\"notice good\"")
    };
    let approved = json!([{ "decision": "approve", "reviewedBy": { "id": "ada" }, "revision": 3 }]);
    for (state, reviews, so) in [
        ("open", json!([]), &["rename", "take-out", "return"][..]),
        (
            "open",
            approved.clone(),
            &["rename", "take-out", "return", "approve"],
        ),
        ("staged", json!([]), &["stage"]),
        ("published", approved, &["publish", "complete", "approve"]),
    ] {
        tells(&mut stub, |draft| {
            draft["state"] = json!(state);
            draft["reviews"] = reviews.clone();
        });
        for done in [
            "rename", "take-out", "approve", "reject", "publish", "stage", "complete", "return",
            "whatever",
        ] {
            assert_eq!(says(&stub, done), so.contains(&done), "{state}: {done}");
        }
    }
}

#[test]
fn a_replay_is_begun_for_a_time_and_tells_who_loses_with_a_request_that_leads_to_its_decision() {
    let mut stub = Stub::with("Somebody");
    stub.says("POST crossgate/drafts/d1/replay", &json!({}));
    let here = format!("{HERE}/replay");
    let fields = [("do", "begin"), ("range", "7d"), ("against", "in-force")];
    let (to, _, path, body) = sends(&stub, &here, &fields);
    assert_eq!((&*to, &*path), (&*here, "/v1.0/crossgate/drafts/d1/replay"));
    assert_eq!(
        body,
        json!({ "since": "2026-01-24T12:34:56Z", "until": "2026-01-31T12:34:56Z", "against": "in-force" })
    );
    // A time that is filled in is not left out of account either.
    for (range, since, field, told) in [
        ("custom", "lately", "since", "is no time"),
        (
            "30d",
            "2026-01-31T12:00Z",
            "range",
            "A time is filled in below as well",
        ),
        ("for ever", "", "range", "no such time range"),
    ] {
        let wrong = [("do", "begin"), ("range", range), ("since", since)];
        let begun = stub.asked.borrow().len();
        let (status, html) = shown(&stub, &sent(&here, &wrong));
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let at = html.split(&format!("data-faults=\"{field}\"")).nth(1);
        let at = at.unwrap().split("</div>").next().unwrap();
        assert!(at.contains(told), "{range}: {at}");
        let asked = stub.asked.borrow();
        let mut asked = asked.iter().skip(begun);
        assert!(asked.all(|call| call.method == Method::GET), "{range}");
    }
    let (_, html) = shown(&stub, &visit("en", &here));
    for told in [
        "Users of applications: 3.",
        "/console/sign-ins/Somebody\"",
        "2 more are not shown",
        "(AADSTS500213)",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    let reply = Console::new().answer(&visit("en", "/console/sign-ins/e1"), &stub);
    assert!(
        matches!(&reply, Reply::Go(to) if to == "/console/decisions/Somebody"),
        "{reply:?}"
    );
    stub.says(
        "crossgate/drafts/d1/replay",
        &json!({ "state": "running", "eventsLookedAt": 12, "draftRevision": 3 }),
    );
    let (_, html) = shown(&stub, &visit("en", &here));
    assert!(
        html.contains("Sign-ins looked at: 12") && html.contains("data-under-way"),
        "{html}"
    );
    let (_, method, path, _) = sends(&stub, &here, &[("do", "end")]);
    assert_eq!(method, Method::DELETE);
    assert!(path.ends_with("/replay"), "{path}");
}
