//! Every page: complete, in both languages, and with nothing in it that anybody brought as markup.

use crossgate_console::{Console, Reply};
use crossgate_control::roles::Action;
use crossgate_control::sign_ins::Crossed;
use http::StatusCode;
use serde_json::json;

use crate::stage::{HOSTILE, OWN, PARTNER, Stub, sent, shown, visit};

fn pages() -> Vec<String> {
    let mut pages: Vec<String> = [
        "/console",
        "/console/activity",
        "/console/activity?range=7d&tenant=a%22%3E%3Cscript%3E&user=%27%7B%7B&status=500213&direction=inbound",
        "/console/activity?range=custom&since=2026-01-31T12:00&until=2026-01-31T18:00Z",
        "/console/sign-ins?status=failure&app=%22%3E%3Cscript%3Ealert(1)&skiptoken=%22%3E%3Cscript%3E",
        "/console/decisions/c1",
        "/console/organizations",
        "/console/organizations?search=%22%3E%3Cscript%3Ealert(1)",
        "/console/collaboration",
        "/console/conditional-access",
        "/console/conditional-access/p1",
        "/console/conditional-access/new",
        "/console/drafts",
        "/console/drafts/d1",
        "/console/drafts/d1?check=1&done=publish&skiptoken=%22%3E%3Cscript%3E",
        "/console/drafts/d1/replay",
        "/console/default?draft=d1",
        "/console/default?draft=%22%3E%3Cscript%3E",
        "/console/organizations?draft=d1",
        "/console/collaboration?draft=d1&saved=1",
        "/console/conditional-access?draft=d1",
        "/console/conditional-access/p1?draft=d1",
        "/console/versions?document=default&draft=d1",
        "/console/history?result=success",
        "/console/history/Directory_1",
        "/console/versions?document=default",
        "/console/health",
        "/console/nowhere",
        "/console/conditional-access/none",
        "/console/organizations/%22%3E%3Cscript%3E",
    ]
    .map(str::to_owned)
    .to_vec();
    for tab in ["inbound", "outbound", "trust", "restrictions"] {
        pages.push(format!("/console/default?tab={tab}"));
        pages.push(format!(
            "/console/organizations/{PARTNER}?tab={tab}&saved=1"
        ));
    }
    pages
}

#[test]
fn every_page_has_a_title_a_heading_and_a_language_and_takes_nothing_from_elsewhere() {
    let stub = Stub::with("Somebody");
    for language in ["en", "sv"] {
        for target in pages() {
            let (_, html) = shown(&stub, &visit(language, &target));
            assert!(
                html.contains(&format!("<html lang=\"{language}\"")),
                "{target}"
            );
            assert_eq!(html.matches("<h1>").count(), 1, "{target}");
            let heading = html.split("<h1>").nth(1).unwrap();
            let heading = heading.split("</h1>").next().unwrap().trim();
            assert!(!heading.is_empty(), "{target}");
            let title = html.split("<title>").nth(1).unwrap();
            assert!(title.starts_with(heading), "{target}: {title}");
            for elsewhere in [
                "http://",
                "https://",
                " style=",
                "<style",
                "javascript:",
                " onclick",
            ] {
                assert!(!html.contains(elsewhere), "{target}: {elsewhere}");
            }
            let scripts: Vec<&str> = html.split("<script").skip(1).collect();
            assert_eq!(scripts.len(), 1, "{target}");
            assert!(
                scripts[0].starts_with(" src=\"/console/assets/"),
                "{target}"
            );
        }
    }
}

#[test]
fn what_anybody_brought_is_text_on_every_page() {
    let stub = Stub::with(HOSTILE);
    for target in pages() {
        let (_, html) = shown(&stub, &visit("en", &target));
        assert!(!html.contains("<script>"), "{target}: {html}");
        assert!(!html.contains("<SCRIPT"), "{target}");
    }
    let (_, overview) = shown(&stub, &visit("en", "/console"));
    assert!(
        overview.contains("&lt;script&gt;"),
        "it is shown all the same"
    );
    let mut stub = stub;
    stub.says_with(
        "POST policies/crossTenantAccessPolicy/partners",
        StatusCode::BAD_REQUEST,
        &json!({ "error": { "code": "x", "message": HOSTILE, "details": [{ "target": HOSTILE, "message": HOSTILE }] } }),
    );
    let fields = [("tenantId", HOSTILE), ("crossgate-csrf", "the-token")];
    let (status, html) = shown(&stub, &sent("/console/organizations?search=x", &fields));
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(!html.contains("<script>"), "{html}");
}

#[test]
fn an_address_of_an_organization_that_is_not_there_says_so() {
    const PARTNERS: &str = "policies/crossTenantAccessPolicy/partners";
    let mut stub = Stub::with("Somebody");
    let other = "33333333-3333-4333-8333-333333333333";
    let wrong =
        |code: &str, message: &str| json!({ "error": { "code": code, "message": message } });
    let faults = [
        (
            "nope",
            StatusCode::BAD_REQUEST,
            wrong("BadRequest", "`nope` is not a tenant id"),
        ),
        (
            other,
            StatusCode::NOT_FOUND,
            wrong("Request_ResourceNotFound", "there is no partners/33"),
        ),
    ];
    for (id, status, fault) in faults {
        stub.says_with(&format!("{PARTNERS}/{id}"), status, &fault);
        let target = format!("/console/organizations/{id}");
        let (status, html) = shown(&stub, &visit("en", &target));
        assert_eq!(status, StatusCode::NOT_FOUND, "{id}");
        assert!(html.contains("There is no such organization"), "{html}");
        let message = fault["error"]["message"].as_str().unwrap();
        assert!(html.contains(message), "{html}");
    }
    let gone = wrong("ServiceUnavailable", "the store does not answer");
    stub.says_with(
        &format!("{PARTNERS}/{other}"),
        StatusCode::SERVICE_UNAVAILABLE,
        &gone,
    );
    let (status, html) = shown(
        &stub,
        &visit("en", &format!("/console/organizations/{other}")),
    );
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!html.contains("no such organization"), "{html}");
}

#[test]
fn whoever_may_only_read_is_shown_no_button_that_changes_anything() {
    let mut stub = Stub::with("Somebody");
    let reading = Action::ALL.iter().map(|action| action.name());
    let reading: Vec<&str> = reading.filter(|name| name.ends_with("read")).collect();
    stub.says(
        "crossgate/me",
        &json!({ "id": "a", "displayName": "A", "userPrincipalName": null, "allowedResourceActions": reading }),
    );
    for target in pages() {
        let (_, html) = shown(&stub, &visit("en", &target));
        assert!(!html.contains("type=\"submit\">Save"), "{target}");
        for part in html.split("<form").skip(1) {
            let form = part.split("</form>").next().unwrap();
            let sends = form.contains("method=\"post\"") && form.contains("type=\"submit\"");
            // Whoever reads drafts and sign-ins may hold one against the other, which changes nothing.
            let sends = sends && !target.ends_with("/replay");
            assert!(!sends, "{target}: {form}");
        }
    }
}

#[test]
fn the_first_page_asks_for_nothing_that_its_visitor_may_not_see() {
    let mut stub = Stub::with("Somebody");
    stub.says(
        "crossgate/me",
        &json!({
            "id": "a", "displayName": "A", "userPrincipalName": null,
            "allowedResourceActions": ["microsoft.directory/conditionalAccessPolicies/standard/read"],
        }),
    );
    let (status, html) = shown(&stub, &visit("en", "/console"));
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("Your roles do not show sign-ins"), "{html}");
    for call in stub.asked.borrow().iter() {
        let is_hidden = call.path.contains("activity") || call.path.contains("auditLogs");
        assert!(!is_hidden, "{}", call.path);
    }
}

#[test]
fn whoever_has_no_role_is_told_so_and_shown_nothing() {
    let mut stub = Stub::with("Somebody");
    stub.says(
        "crossgate/me",
        &json!({ "id": "my-id", "displayName": null, "userPrincipalName": null, "allowedResourceActions": [] }),
    );
    let (status, html) = shown(&stub, &visit("en", "/console/default"));
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(html.contains("my-id") && !html.contains("B2B"), "{html}");
}

#[test]
fn what_the_api_refuses_is_told_on_a_page_of_its_status() {
    let mut stub = Stub::with("Somebody");
    let error =
        json!({ "error": { "code": "Authorization_RequestDenied", "message": "needs a role" } });
    stub.says_with("crossgate/health", StatusCode::FORBIDDEN, &error);
    let (status, html) = shown(&stub, &visit("en", "/console/health"));
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(html.contains("needs a role"), "{html}");
    // What is not for this person is left out of a page that shows more.
    let (status, html) = shown(&stub, &visit("en", "/console"));
    assert_eq!(status, StatusCode::OK);
    assert!(!html.contains("More about the gateway"), "{html}");
}

#[test]
fn a_tenant_leads_to_its_users_a_user_to_sign_ins_and_a_sign_in_to_its_decision() {
    let stub = Stub::with("abc");
    let (_, html) = shown(&stub, &visit("en", "/console/activity?range=7d"));
    let href = "/console/activity?range=7d&amp;tenant=abc\"";
    assert!(html.contains(href), "{html}");
    let (_, html) = shown(&stub, &visit("en", "/console/activity?range=7d&tenant=abc"));
    assert!(
        html.contains(
            "/console/sign-ins?range=7d&amp;direction=crossing&amp;tenant=abc&amp;user=abc\""
        ),
        "{html}"
    );
    let (_, html) = shown(
        &stub,
        &visit("en", "/console/sign-ins?range=7d&tenant=abc&user=abc"),
    );
    assert!(html.contains("/console/decisions/abc\""), "{html}");
    let asked = stub.asked.borrow();
    let filter = asked
        .iter()
        .rev()
        .find_map(|call| call.query.clone())
        .unwrap();
    assert!(filter.contains("homeTenantId+eq+%27abc%27"), "{filter}");
    drop(asked);
    let (_, html) = shown(&stub, &visit("en", "/console/decisions/abc"));
    for told in [
        "Refused here",
        "b2bCollaborationInbound",
        "Organizational settings",
        "What would turn it",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
}

/// The query that was asked last.
fn last_query(stub: &Stub) -> String {
    let asked = stub.asked.borrow();
    let query = asked.iter().rev().find_map(|call| call.query.clone());
    let query = query.unwrap();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let filter = pairs.find(|(name, _)| name == "$filter").unwrap();
    filter.1.into_owned()
}

#[test]
fn the_log_is_filtered_by_what_sums_are_made_of() {
    let stub = Stub::with("abc");
    let of = |query: &str| {
        let _ = shown(&stub, &visit("en", &format!("/console/sign-ins?{query}")));
        last_query(&stub)
    };
    let inbound = Crossed::Inbound.filter(OWN, None);
    let outbound = Crossed::Outbound.filter(OWN, None);
    assert!(of("direction=inbound").ends_with(&format!(" and {inbound}")));
    assert!(of("direction=outbound").ends_with(&format!(" and {outbound}")));
    let both = of("direction=crossing");
    assert!(
        both.ends_with(&format!(" and ({inbound} or {outbound})")),
        "{both}"
    );
    assert!(!of("").contains("crossTenantAccessType"));
    let of_partner = Crossed::Inbound.filter(OWN, Some(PARTNER));
    let query = format!("direction=inbound&tenant={PARTNER}");
    assert!(of(&query).ends_with(&of_partner));
    assert!(of(&format!("tenant={OWN}")).contains("homeTenantId eq"));
    // The end is the next one's.
    assert!(of("").contains("createdDateTime lt 2026-01-31T12:34:56.000Z"));
    // What the first page adds up is listed by the same times.
    let (_, html) = shown(&stub, &visit("en", "/console"));
    let href = "/console/sign-ins?range=custom&amp;since=2026-01-30T13%3A00%3A00Z&amp;until=2026-01-31T12%3A34%3A56Z&amp;direction=inbound\"";
    assert!(html.contains(href), "{html}");
}

#[test]
fn a_time_that_is_none_is_a_fault_at_its_field_and_nothing_is_asked() {
    let stub = Stub::with("abc");
    for page in ["sign-ins", "activity"] {
        let target = format!("/console/{page}?range=custom&since=yesterday&until=2026-01-31T18:00");
        let (status, html) = shown(&stub, &visit("en", &target));
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let field = html.split("id=\"since\"").nth(1).unwrap();
        let field = field.split("</p>").next().unwrap();
        assert!(field.contains("value=\"yesterday\""), "{field}");
        assert!(field.contains("aria-invalid=\"true\" aria-describedby=\"since-fault\""));
        assert!(
            field.contains("id=\"since-fault\">This is no time"),
            "{field}"
        );
        assert!(!html.contains("until-fault"), "{html}");
        let target =
            format!("/console/{page}?range=custom&since=2026-01-31T18:00&until=2026-01-31T12:00");
        let (_, html) = shown(&stub, &visit("en", &target));
        assert!(html.contains("This is not before the end"), "{html}");
        // Where another range is chosen they do not count.
        let target = format!("/console/{page}?range=7d&since=yesterday");
        assert_eq!(shown(&stub, &visit("en", &target)).0, StatusCode::OK);
    }
    let asked = stub.asked.borrow();
    let faulty = asked.iter().filter(|call| {
        let query = call.query.as_deref().unwrap_or_default();
        query.contains("yesterday")
    });
    assert_eq!(faulty.count(), 0);
}

#[test]
fn a_page_that_stopped_looking_does_not_say_that_there_is_nothing() {
    let mut stub = Stub::with("abc");
    let next = "http://x/v1.0/auditLogs/signIns?$skiptoken=n";
    for (page, told) in [
        (
            json!({ "value": [], "@odata.nextLink": next }),
            "None so far",
        ),
        (json!({ "value": [] }), "No sign-ins match"),
    ] {
        stub.says("auditLogs/signIns", &page);
        let (_, html) = shown(&stub, &visit("en", "/console/sign-ins?user=nobody"));
        assert!(html.contains(told), "{html}");
    }
}

#[test]
fn the_activity_of_a_tenant_is_that_of_the_other_one() {
    let mut stub = Stub::with("abc");
    let event = |home: &str, resource: &str| {
        json!({ "value": [{
        "id": "e1", "correlationId": "c", "createdDateTime": "2026-01-31T12:00:00Z", "homeTenantId": home, "resourceTenantId": resource,
        "crossgate": { "outcome": "allow", "direction": "inbound" },
    }] })
    };
    for (home, resource, tenant) in [
        (OWN, OWN, None),
        (OWN, PARTNER, Some(PARTNER)),
        (PARTNER, OWN, Some(PARTNER)),
    ] {
        stub.says("auditLogs/signIns", &event(home, resource));
        let (_, html) = shown(&stub, &visit("sv", "/console/decisions/c"));
        let href = tenant.map(|id| format!("/console/activity?range=7d&amp;tenant={id}\""));
        assert!(href.is_none_or(|href| html.contains(&href)), "{html}");
        assert_eq!(
            html.contains("Aktivitet för klientorganisationen"),
            tenant.is_some()
        );
        assert!(html.contains("<dd>Inkommande"), "{html}");
    }
}

#[test]
fn bars_of_several_days_say_which_day_they_are_of() {
    let mut stub = Stub::with("abc");
    let row = |from: &str| json!({ "from": from, "inbound": 1, "outbound": 0, "none": 0, "direction": "inbound" });
    let days = ["2026-01-30T23:00:00Z", "2026-01-31T00:00:00Z"].map(row);
    stub.says(
        "crossgate/activity",
        &json!({ "complete": true, "value": days }),
    );
    let (_, html) = shown(&stub, &visit("en", "/console/activity"));
    assert!(
        html.contains("<th scope=\"row\">01-30 23:00</th>"),
        "{html}"
    );
    assert!(html.contains("Time (UTC)"), "{html}");
    stub.says(
        "crossgate/activity",
        &json!({ "complete": true, "value": [row("2026-01-31T00:00:00Z")] }),
    );
    let (_, html) = shown(&stub, &visit("en", "/console/activity"));
    assert!(html.contains("<th scope=\"row\">00:00</th>"), "{html}");
}

#[test]
fn what_became_of_policies_is_said_in_the_readers_language() {
    let (_, html) = shown(&Stub::with("abc"), &visit("sv", "/console/decisions/abc"));
    assert!(html.contains(">Uppfylld</span>"), "{html}");
}

#[test]
fn what_each_step_compared_is_shown_where_the_decision_can_be_made_again() {
    let mut stub = Stub::with("abc");
    stub.says("crossgate/decisions/abc", &json!({ "correlationId": "abc", "events": [{ "id": "e1", "incompleteReason": null,
        "steps": [{ "step": "inbound", "result": "not listed", "document": "initial", "property": "b2bDirectConnectInbound",
            "seen": "user ada", "wanted": "group staff", "explicit": false, "refuses": true, "text": "The whole sentence." }],
        "nearestChange": { "text": "admit ada", "document": "default", "property": "b2bDirectConnectInbound" } }] }));
    let (_, html) = shown(&stub, &visit("en", "/console/decisions/abc"));
    for told in [
        "user ada",
        "group staff",
        "The whole sentence.",
        "follows from what is not written",
        ">admit ada</a>",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
}

#[test]
fn style_and_script_are_served_under_addresses_that_change_with_them() {
    let (stub, console) = (Stub::with("x"), Console::new());
    let (_, html) = shown(&stub, &visit("en", "/console"));
    for kind in ["href", "src"] {
        let path = html
            .split(&format!("{kind}=\"/console/assets/"))
            .nth(1)
            .unwrap();
        let path = format!("/console/assets/{}", path.split('"').next().unwrap());
        let answer = console.http(console.asset(&path).unwrap());
        assert!(
            answer.headers["cache-control"]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        assert!(!answer.body.is_empty());
    }
    assert!(console.asset("/console/assets/style-0.css").is_none());
}

#[test]
fn a_page_is_sent_with_a_policy_that_lets_nothing_run_but_the_consoles_own_script() {
    let stub = Stub::with("x");
    let console = Console::new();
    let reply = console.answer(&visit("en", "/console"), &stub);
    assert!(matches!(reply, Reply::Page { .. }));
    let headers = console.http(reply).headers;
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(
        !policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert_eq!(headers["cache-control"], "no-store");
}
