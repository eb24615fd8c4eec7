//! The console, walked by administrators in a real browser, against the API and the gateway themselves.

mod drafts;
mod sessions;

use std::path::Path;
use std::time::Duration;

use crate::site::FABRIKAM;
use crate::site::admin::{DEFAULT, GLOBAL_ADMINISTRATOR, POLICIES};
use crate::site::command;
use crate::site::console::lobby;
use crate::site::people::{Doors, asked, of};
use crossgate_insight::sign_ins::{Keep, Store};
use crossgate_testkit::browser::Tab;
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::sign_ins::Invention;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What anybody from Fabrikam gets at the app.
fn frida(doors: &Doors) -> Tab<'_> {
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/a"));
    doors.sign_in(&tab, "fabrikam", "frida");
    tab
}

/// Goes on with Tab until what has the focus fits this selector; one sees where one is all the while.
#[track_caller]
fn tab_to(tab: &Tab<'_>, selector: &str) {
    for _ in 0..120 {
        tab.press("Tab");
        let focus = tab.evaluate(&format!(
            "(() => {{ const e = document.activeElement; const s = getComputedStyle(e); \
             return {{ there: e.matches({selector:?}), seen: e === document.body || !document.querySelector('.bar') || \
             (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2) }}; }})()"
        ));
        assert_eq!(
            focus["seen"],
            json!(true),
            "one does not see what has the focus"
        );
        if focus["there"] == json!(true) {
            return;
        }
    }
    panic!("{selector} is not come by: {}", tab.page().text);
}

#[track_caller]
fn default_of(doors: &Doors) -> Value {
    let answer = doors.admin("GET", DEFAULT, &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The token of the forms of this session.
fn token(tab: &Tab<'_>) -> String {
    let token = tab.evaluate("document.querySelector('[name=crossgate-csrf]').value");
    token.as_str().unwrap().to_owned()
}

/// The fields of the trust tab of the default settings, as a browser sends them.
fn trusting(token: &str) -> String {
    let mut fields = url::form_urlencoded::Serializer::new(String::new());
    fields.append_pair("crossgate-csrf", token);
    fields.append_pair("tab", "trust");
    fields.append_pair("inboundTrust.isMfaAccepted", "true");
    fields.finish()
}

/// A policy that binds nobody, sent in the form for a new one.
fn send_policy(tab: &Tab<'_>, doors: &Doors, name: &str) {
    tab.goto(&doors.console("/console/conditional-access/new"));
    let policy = json!({
        "displayName": name, "state": "disabled",
        "conditions": { "clientAppTypes": ["all"], "users": { "includeUsers": ["GuestsOrExternalUsers"] },
            "applications": { "includeApplications": ["All"] } },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
    });
    tab.evaluate(&format!(
        "document.querySelector('#document').value = {:?}",
        policy.to_string()
    ));
    tab.click("main form [type=submit]");
}

/// The keyboard alone: direct connect is allowed to all, from everywhere.
fn allow_direct_connect(tab: &Tab<'_>) {
    for part in ["usersAndGroups", "applications"] {
        tab_to(
            tab,
            &format!("[name='b2bDirectConnectInbound.{part}.access']"),
        );
        // Allowing is above blocking.
        tab.press("ArrowUp");
    }
}

/// As policies name the admin API.
const ADMIN_APP: &str = "c4055a7e-0000-4000-8000-000000000001";

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn an_administrator_without_a_mouse_changes_a_setting_that_binds_on_the_next_request() {
    let doors = lobby().open();
    let frida = frida(&doors);
    assert_eq!(frida.page().place.status, 403, "{}", frida.page().text);
    let tab = doors.browser.open("ada");
    tab.goto(&doors.console("/"));
    tab_to(&tab, "[name=login]");
    tab.write("ada");
    tab_to(&tab, "[name=password]");
    tab.write("right");
    tab_to(&tab, "[value=sign-in]");
    let place = tab.press("Enter");
    assert_eq!(place.url, doors.console("/console"), "{}", tab.page().text);
    tab_to(&tab, "a.skip");
    tab_to(&tab, "nav a[href='/console/default']");
    tab.press("Enter");
    allow_direct_connect(&tab);
    tab_to(&tab, "main [type=submit]");
    tab.press("Enter");
    let page = tab.page();
    assert!(page.text.contains("Saved"), "{}", page.text);
    assert_eq!(frida.goto(&doors.app("/a")).status, 200);
    let record = doors.admin("GET", "auditLogs/directoryAudits?$top=1", &json!({}));
    let record = &record.json()["value"][0];
    let by = &record["initiatedBy"]["user"];
    assert_eq!(by["id"], "ada", "{record:#}");
    assert!(record.to_string().contains("console"), "{record:#}");
}

#[test]
fn a_contradiction_is_told_while_one_types_and_what_is_saved_all_the_same_is_told_at_its_field() {
    let doors = lobby().open();
    let tab = doors.administrator("ada");
    tab.goto(&doors.console("/console/default?tab=inbound"));
    let path = "b2bCollaborationInbound.usersAndGroups";
    tab.click(&format!("[name='{path}.access'][value=blocked]"));
    tab.wait_for(".live .problem");
    let told = tab.page().text;
    assert!(told.contains("could not be saved"), "{told}");
    assert!(told.to_lowercase().contains("application"), "{told}");
    assert_eq!(
        default_of(&doors)["b2bCollaborationInbound"]["usersAndGroups"]["accessType"],
        "allowed"
    );
    tab.click("main form [type=submit]");
    let page = tab.page();
    assert_eq!(page.place.status, 400, "{}", page.text);
    assert!(page.text.contains("Nothing was changed"), "{}", page.text);
    // What was chosen is not lost.
    let chosen = tab.evaluate(&format!(
        "document.querySelector(\"[name='{path}.access'][value=blocked]\").checked"
    ));
    assert_eq!(chosen, json!(true));
    tab.click("[name='b2bCollaborationInbound.applications.access'][value=blocked]");
    tab.wait_for(".live .good");
    tab.click("main form [type=submit]");
    assert!(tab.page().text.contains("Saved"), "{}", tab.page().text);
}

#[test]
fn everything_can_be_done_without_script() {
    let doors = lobby().open();
    let tab = doors.administrator("ada");
    tab.scripts(false);
    tab.goto(&doors.console("/console/organizations"));
    tab.fill("[name=tenantId]", "fabrikam.com");
    tab.click("main form.setting [type=submit]");
    let page = tab.page();
    let here = format!("/console/organizations/{FABRIKAM}");
    assert_eq!(page.place.url, doors.console(&here), "{}", page.text);
    assert!(page.title.starts_with("Fabrikam"), "{}", page.title);
    tab.click("[name=b2bDirectConnectInbound][value=own]");
    for part in ["usersAndGroups", "applications"] {
        tab.click(&format!(
            "[name='b2bDirectConnectInbound.{part}.access'][value=allowed]"
        ));
    }
    tab.click("main form.setting [type=submit]");
    assert!(tab.page().text.contains("Saved"), "{}", tab.page().text);
    let partner = doors.admin(
        "GET",
        &format!("policies/crossTenantAccessPolicy/partners/{FABRIKAM}"),
        &json!({}),
    );
    let partner = partner.json();
    assert_eq!(
        partner["b2bDirectConnectInbound"],
        crate::site::everyone(),
        "{partner:#}"
    );
    assert_eq!(
        partner["b2bCollaborationInbound"],
        Value::Null,
        "it is inherited still"
    );
    tab.click(".links a");
    tab.click("section.version:last-of-type form [type=submit]");
    assert!(tab.page().text.contains("Saved"), "{}", tab.page().text);
    let partner = doors.admin(
        "GET",
        &format!("policies/crossTenantAccessPolicy/partners/{FABRIKAM}"),
        &json!({}),
    );
    assert_eq!(partner.json()["b2bDirectConnectInbound"], Value::Null);
    tab.goto(&doors.console(&here));
    tab.click("details.danger summary");
    tab.click("details.danger [type=submit]");
    assert_eq!(
        tab.page().place.url,
        doors.console("/console/organizations")
    );
    assert!(!tab.page().text.contains("Fabrikam"), "{}", tab.page().text);
}

#[test]
fn whoever_may_only_read_is_offered_no_change_and_refused_one_by_the_api_itself() {
    let doors = lobby().open();
    let tab = doors.administrator("ruth");
    tab.goto(&doors.console("/console/default?tab=trust"));
    let page = tab.page();
    assert!(page.text.contains("not change them"), "{}", page.text);
    assert!(!page.text.contains("Save"), "{}", page.text);
    let body = trusting(&token(&tab));
    let answer = doors
        .curl_console(&tab, "/console/default")
        .method("POST")
        .header("Content-Type", FORM)
        .body(body)
        .send();
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(
        answer.text().contains("your roles do not allow it"),
        "{}",
        answer.text()
    );
    assert_eq!(
        default_of(&doors)["inboundTrust"]["isMfaAccepted"],
        json!(false)
    );
    let records = doors
        .admin("GET", "auditLogs/directoryAudits?$top=5", &json!({}))
        .json();
    let mut records = records["value"].as_array().unwrap().iter();
    let attempt = records.find(|record| record["initiatedBy"]["user"]["id"] == "ruth");
    assert_eq!(attempt.unwrap()["result"], "failure");
}

#[test]
fn a_form_that_no_page_of_this_session_sent_changes_nothing() {
    let doors = lobby().open();
    let (ada, ruth) = (doors.administrator("ada"), doors.administrator("ruth"));
    ada.goto(&doors.console("/console/default?tab=trust"));
    ruth.goto(&doors.console("/console/default?tab=trust"));
    let good = token(&ada);
    let post = |body: &str| {
        doors
            .curl_console(&ada, "/console/default")
            .method("POST")
            .header("Content-Type", FORM)
            .body(body.to_owned())
    };
    let foreign = trusting(&token(&ruth));
    for (what, request) in [
        (
            "no token",
            post("tab=trust&inboundTrust.isMfaAccepted=true"),
        ),
        ("the token of another session", post(&foreign)),
        (
            "another site",
            post(&trusting(&good)).header("Origin", "https://elsewhere.example"),
        ),
        (
            "a site beside",
            post(&trusting(&good)).header("Sec-Fetch-Site", "same-site"),
        ),
    ] {
        let answer = request.send();
        assert_eq!(answer.status, 403, "{what}: {}", answer.text());
        assert_eq!(
            default_of(&doors)["inboundTrust"]["isMfaAccepted"],
            json!(false),
            "{what}"
        );
    }
    // By GET nothing changes at all.
    let query = format!("/console/default?{}", trusting(&good));
    assert_eq!(doors.curl_console(&ada, &query).send().status, 200);
    assert_eq!(
        default_of(&doors)["inboundTrust"]["isMfaAccepted"],
        json!(false)
    );
    assert_eq!(post(&trusting(&good)).send().status, 303);
    assert_eq!(
        default_of(&doors)["inboundTrust"]["isMfaAccepted"],
        json!(true)
    );
}

#[test]
fn a_session_at_an_app_is_none_at_the_console_nor_the_other_way_round() {
    let doors = lobby().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    let of_app = Doors::session_cookie(&tab);
    let set = |cookie: &str, url: &str| {
        let cookie = json!({ "name": "__Host-crossgate", "value": cookie, "url": url, "secure": true, "path": "/", "httpOnly": true });
        let tab = doors.browser.open("thief");
        tab.set_cookie(&cookie);
        tab.goto(url)
    };
    let console = doors.console("/console/health");
    let place = set(&of_app, &console);
    assert!(place.url.starts_with(doors.contoso.issuer()), "{place:?}");
    let tab = doors.administrator("ada");
    let of_console = Doors::session_cookie(&tab);
    assert_eq!(set(&of_console, &doors.app("/a")).status, 401);
    assert_eq!(
        set(&of_console, &console).status,
        200,
        "at its own place it counts"
    );
    // Neither is a token, and no session opens the API.
    let answer = doors
        .curl_console(&tab, "/v1.0/policies/crossTenantAccessPolicy/default")
        .send();
    assert_eq!(answer.status, 401, "{}", answer.text());
}

#[test]
fn whoever_has_no_role_sees_nothing_and_whoever_signs_out_is_out() {
    let doors = lobby().open();
    let tab = doors.administrator("nils");
    let page = tab.page();
    assert_eq!(page.place.status, 403, "{}", page.text);
    assert!(page.text.contains("You have no role here"), "{}", page.text);
    let tab = doors.administrator("ada");
    assert_eq!(tab.goto(&doors.console("/console/health")).status, 200);
    tab.click(".who a");
    tab.click("button[type=submit]");
    let answer = doors
        .curl_console(&tab, "/console/health")
        .header("Accept", "text/html")
        .send();
    assert_eq!(answer.status, 302, "{answer:?}");
    // Programs are led nowhere.
    assert_eq!(
        doors.curl_console(&tab, "/console/health").send().status,
        401
    );
}

#[test]
fn a_protected_action_asks_for_more_of_a_sign_in_and_then_does_what_was_sent() {
    let lobby = lobby();
    let lobby =
        lobby.configure(|setup| setup.section("admin", "protected_actions_context = \"c1\""));
    let doors = lobby.open();
    let tab = doors.administrator("ada");
    send_policy(&tab, &doors, "Made in the console");
    let place = tab.page().place;
    assert!(place.url.starts_with(doors.contoso.issuer()), "{place:?}");
    let asked = asked(&tab, doors.contoso.issuer());
    assert!(of(&asked, "claims").contains("c1"), "{asked:?}");
    doors.contoso.sign_in(&tab, "ada", Some("123456"));
    assert!(
        tab.page().place.url.contains("/.crossgate/resume/"),
        "{}",
        tab.page().text
    );
    tab.click("button[type=submit]");
    let page = tab.page();
    assert!(
        page.title.starts_with("Made in the console"),
        "{}",
        page.text
    );
    let made = doors.admin("GET", POLICIES, &json!({})).json();
    assert_eq!(made["value"].as_array().unwrap().len(), 1, "{made:#}");
}

#[test]
fn who_is_not_given_what_an_action_takes_is_led_to_no_page_that_the_console_has_not() {
    let lobby = lobby();
    let lobby =
        lobby.configure(|setup| setup.section("admin", "protected_actions_context = \"c1\""));
    // Whatever she is asked for, it is another one that she shows.
    lobby.contoso.account(&json!({
        "sub": "ada", "email": "ada@contoso.com", "name": "Ada Own",
        "claims": { "wids": [GLOBAL_ADMINISTRATOR], "acrs": ["c9"] },
    }));
    let doors = lobby.open();
    let tab = doors.administrator("ada");
    tab.goto(&doors.console("/console/conditional-access/new"));
    tab.click("main form [type=submit]");
    doors.contoso.sign_in(&tab, "ada", Some("123456"));
    tab.click("button[type=submit]");
    let page = tab.page();
    assert!(page.text.contains("AADSTS50076"), "{}", page.text);
    let links = "[...document.querySelectorAll('a')].map((link) => link.getAttribute('href'))";
    let links = tab.evaluate(links).to_string();
    assert!(links.contains("/.crossgate/sign-in"), "{links}");
    assert!(!links.contains("/.crossgate/me"), "{links}");
}

#[test]
fn a_form_that_no_page_of_the_console_sent_is_kept_over_no_sign_in() {
    let doors = lobby().open();
    let tab = doors.administrator("ada");
    tab.goto(&doors.console("/console/default?tab=trust"));
    let good = trusting(&token(&tab));
    let post = |with_session: bool, body: &str| {
        let request = if with_session {
            doors.curl_console(&tab, "/console/default")
        } else {
            doors.curl_console(&doors.browser.open("nobody"), "/console/default")
        };
        let request = request.method("POST").header("Content-Type", FORM);
        request
            .header("Accept", "text/html")
            .header("Origin", &doors.console(""))
            .body(body.to_owned())
            .send()
    };
    for body in ["tab=trust", &good.replace("csrf=", "csrf=x")] {
        let answer = post(false, body);
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert!(answer.header("location").is_none(), "{answer:?}");
        assert!(
            !answer.text().contains(doors.contoso.issuer()),
            "{}",
            answer.text()
        );
    }
    // One of a session that is over meanwhile is kept.
    let answer = post(false, &good);
    assert!(
        answer.text().contains(doors.contoso.issuer()),
        "{}",
        answer.text()
    );
    assert_eq!(post(true, &good).status, 303);
}

#[test]
fn sign_ins_at_the_console_and_those_that_fail_leave_events() {
    let doors = lobby().open();
    let tab = doors.administrator("ada");
    let forged = "/.crossgate/callback/contoso?state=forged&code=x";
    let answer = doors.curl_console(&tab, forged).send();
    assert!(answer.status >= 400, "{answer:?}");
    let filter = format!("auditLogs/signIns?$filter=resourceId%20eq%20'{ADMIN_APP}'");
    let events = wait_for("both events", Duration::from_secs(20), || {
        let told = doors.admin("GET", &filter, &json!({})).json();
        let events = told["value"].as_array()?.clone();
        (events.len() >= 2).then_some(events)
    });
    assert_eq!(events.len(), 2, "pages leave none: {events:#?}");
    let [failed, signed_in] = [&events[0], &events[1]];
    assert_eq!(signed_in["userId"], "ada", "{signed_in:#}");
    assert_eq!(signed_in["crossgate"]["outcome"], "allow");
    assert_eq!(signed_in["crossgate"]["provider"], "contoso");
    assert_eq!(signed_in["isInteractive"], true);
    assert_ne!(failed["crossgate"]["outcome"], "allow", "{failed:#}");
    assert_eq!(failed["crossgate"]["provider"], "contoso");
}

#[test]
fn a_sign_in_at_the_console_is_decided_again_like_one_at_an_app() {
    let doors = lobby().open();
    doors.administrator("ada");
    let filter = format!("auditLogs/signIns?$filter=resourceId%20eq%20'{ADMIN_APP}'");
    let event = wait_for("the event", Duration::from_secs(20), || {
        let told = doors.admin("GET", &filter, &json!({})).json();
        told["value"].as_array()?.first().cloned()
    });
    let id = event["correlationId"].as_str().unwrap();
    let path = format!("crossgate/decisions/{id}");
    let told = doors.admin("GET", &path, &json!({})).json();
    assert_eq!(told["events"][0]["complete"], true, "{told:#}");

    let directory = doors.gateway.directory();
    let run = |arguments: &[&str]| command::run(directory, arguments).good();
    let events = run(&["sign-ins", "export"]);
    std::fs::write(directory.join("recorded.jsonl"), &events).unwrap();
    let told = run(&["verify-receipts", "recorded.jsonl"]);
    assert!(told.contains("the same answer: 1 event"), "{told}");
    let event: Value = serde_json::from_str(&events).unwrap();
    let case = event["crossgate"]["receipt"]["case"].to_string();
    std::fs::write(directory.join("case.jsonl"), case).unwrap();
    run(&["policy", "export", "draft"]);
    let told = run(&["decide", "--policy", "draft", "--cases", "case.jsonl"]);
    let decided: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(decided["outcome"], "allow", "{told}");
    let replay = ["replay", "--draft", "draft", "--events", "recorded.jsonl"];
    let told = run(&[&replay[..], &["--max-new-refusals", "0"]].concat());
    assert!(told.contains("decided again: 1 request"), "{told}");

    let made = doors.admin(
        "POST",
        "crossgate/drafts",
        &json!({ "displayName": "As it is" }),
    );
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let draft = made["id"].as_str().unwrap();
    let path = format!("crossgate/drafts/{draft}/replay");
    let begun = doors.admin("POST", &path, &json!({}));
    assert!(begun.status < 300, "{begun:?}");
    let told = wait_for("the replay", Duration::from_secs(20), || {
        let told = doors.admin("GET", &path, &json!({})).json();
        (told["state"] != "running").then_some(told)
    });
    assert_eq!(told["decided"]["events"], 1, "{told:#}");
    assert_eq!(told["notDecided"]["events"], 0, "{told:#}");
}

#[test]
fn a_refusal_is_followed_from_the_workbook_down_to_the_rule_that_refused() {
    let doors = lobby().open();
    let frida = frida(&doors);
    assert_eq!(frida.page().place.status, 403);
    let tab = doors.administrator("ada");
    wait_for("the sign-in in the log", Duration::from_secs(20), || {
        tab.goto(&doors.console("/console/activity"));
        tab.page().text.contains("Fabrikam").then_some(())
    });
    tab.click("[aria-labelledby=by-tenant] tbody a");
    assert!(
        tab.page().place.url.contains(FABRIKAM),
        "{:?}",
        tab.page().place
    );
    tab.click("[aria-labelledby=by-user] tbody a");
    let page = tab.page();
    assert!(
        page.place.url.contains("/console/sign-ins?"),
        "{}",
        page.place.url
    );
    assert!(page.text.contains("Frida Partner"), "{}", page.text);
    tab.click("tbody a");
    let page = tab.page();
    assert!(
        page.place.url.contains("/console/decisions/"),
        "{}",
        page.place.url
    );
    for told in [
        "AADSTS500213",
        "Refused here",
        "Default settings",
        "b2bDirectConnectInbound",
    ] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    // The rule is one click away.
    tab.click(".steps .refused a");
    assert!(
        tab.page().place.url.ends_with("/console/default"),
        "{:?}",
        tab.page().place
    );
}

/// A language of the pages.
const LANGUAGES: [(&str, &str, &str); 2] = [("en", "en-GB,en", ""), ("sv", "sv-SE,sv", "-sv")];

#[test]
fn every_page_of_the_console_can_be_used_by_everybody() {
    // Pictures of the documentation name no file of this machine.
    let lobby = lobby();
    let lobby = lobby.configure(|setup| setup.section("sign_ins", "sinks = [\"stdout\"]"));
    let doors = lobby.open();
    let closed = frida(&doors);
    drop(closed);
    doors.adds_fabrikam();
    let policy = json!({
        "displayName": "Guests need MFA", "state": "enabledForReportingButNotEnforced",
        "conditions": { "clientAppTypes": ["all"], "users": { "includeUsers": ["GuestsOrExternalUsers"] },
            "applications": { "includeApplications": ["All"] } },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
    });
    let made = doors.admin("POST", POLICIES, &policy);
    assert_eq!(made.status, 201, "{}", made.text());
    let policy = made.json()["id"].as_str().unwrap().to_owned();
    for (tag, asked, suffix) in LANGUAGES {
        let tab = doors.browser.open(&format!("ada {tag}"));
        tab.language(asked);
        tab.goto(&doors.console("/console"));
        doors.contoso.sign_in(&tab, "ada", None);
        let decision = decision(&doors, &tab);
        for (name, path) in [
            ("overview", "/console".to_owned()),
            ("activity", "/console/activity".to_owned()),
            ("sign-ins", "/console/sign-ins".to_owned()),
            ("decision", decision),
            ("organizations", "/console/organizations".to_owned()),
            ("organization", format!("/console/organizations/{FABRIKAM}")),
            (
                "trust",
                format!("/console/organizations/{FABRIKAM}?tab=trust"),
            ),
            ("default", "/console/default".to_owned()),
            (
                "restrictions",
                "/console/default?tab=restrictions".to_owned(),
            ),
            ("collaboration", "/console/collaboration".to_owned()),
            ("policies", "/console/conditional-access".to_owned()),
            ("policy", format!("/console/conditional-access/{policy}")),
            ("history", "/console/history".to_owned()),
            (
                "versions",
                format!("/console/versions?document=partners/{FABRIKAM}"),
            ),
            ("health", "/console/health".to_owned()),
        ] {
            let place = tab.goto(&doors.console(&path));
            assert_eq!(place.status, 200, "{name}: {}", tab.page().text);
            examine(&tab, tag, &format!("console-{name}{suffix}"));
        }
        tab.goto(&doors.console("/console/history"));
        tab.click("tbody a");
        examine(&tab, tag, &format!("console-change{suffix}"));
    }
}

/// Where the decision about Fabrikam's person is shown.
fn decision(doors: &Doors, tab: &Tab<'_>) -> String {
    wait_for("the sign-in in the log", Duration::from_secs(20), || {
        tab.goto(&doors.console("/console/sign-ins?status=failure&direction=inbound"));
        let href = tab.evaluate("document.querySelector('tbody a')?.getAttribute('href') ?? null");
        href.as_str().map(str::to_owned)
    })
}

/// Looks at the page that a tab shows as different people do.
fn examine(tab: &Tab<'_>, tag: &str, name: &str) {
    let page = tab.page();
    assert!(page.html.contains(&format!("lang=\"{tag}\"")), "{name}");
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'"), "{name}: {policy}");
    for dark in [false, true] {
        for width in [320, 768, 1280] {
            tab.look(&json!({ "width": width, "height": 800, "dark": dark, "still": true }));
            let wide = tab.evaluate("document.documentElement.scrollWidth > innerWidth");
            assert_eq!(wide, json!(false), "{name} is wider than {width}");
        }
        let faults = tab.axe();
        assert!(faults.is_empty(), "{name}, dark {dark}: {faults:#?}");
    }
    let said = tab.console();
    assert!(said.is_empty(), "{name}: {said:?}");
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        tab.look(&json!({ "width": 1120, "height": 760, "dark": false, "still": true }));
        let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures");
        tab.screenshot(&pictures.join(format!("{name}.png")), false);
    }
    tab.look(&json!({ "width": 1280, "height": 800, "dark": false }));
}

#[test]
fn a_change_that_shuts_its_own_author_out_is_made_only_where_it_is_meant() {
    let doors = lobby().open();
    let tab = doors.administrator("ada");
    tab.goto(&doors.console("/console/conditional-access/new"));
    let policy = json!({
        "displayName": "Nobody", "state": "enabled",
        "conditions": { "clientAppTypes": ["all"], "users": { "includeUsers": ["All"] },
            "applications": { "includeApplications": ["c4055a7e-0000-4000-8000-000000000001"] } },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] },
    });
    tab.evaluate(&format!(
        "document.querySelector('#document').value = {:?}",
        policy.to_string()
    ));
    tab.click("main form [type=submit]");
    let page = tab.page();
    assert_eq!(page.place.status, 409, "{}", page.text);
    let told = "you would be shut out of the admin API yourself";
    assert!(page.text.contains(told), "{}", page.text);
    let made = || doors.admin("GET", POLICIES, &json!({})).json()["value"].clone();
    assert_eq!(made(), json!([]));
    let confirm = "({ there: !document.querySelector('[data-confirm]').hidden, ticked: document.querySelector('[name=confirm-lock-out]').checked })";
    tab.click("[name=confirm-lock-out]");
    assert_eq!(
        tab.evaluate(confirm),
        json!({ "there": true, "ticked": true })
    );
    // What is typed afterwards was not meant by it, and is asked about without it.
    tab.evaluate("document.querySelector('#document').dispatchEvent(new Event('input', { bubbles: true })), null");
    assert_eq!(
        tab.evaluate(confirm),
        json!({ "there": false, "ticked": false })
    );
    tab.wait_for("[data-confirm]:not([hidden])");
    let live = tab.page().text;
    assert!(!live.contains("No conflicts"), "{live}");
    tab.click("[name=confirm-lock-out]");
    tab.click("main form [type=submit]");
    // It binds on the page that is shown next.
    let page = tab.page();
    assert_eq!(page.place.status, 403, "{}", page.text);
    assert!(page.text.contains("AADSTS53003"), "{}", page.text);
    assert_eq!(made().as_array().unwrap().len(), 1);
    // And says in the log whom it keeps out.
    let events = format!("auditLogs/signIns?$filter=resourceId%20eq%20'{ADMIN_APP}'");
    let refused = wait_for("the refusal", Duration::from_secs(20), || {
        let told = doors.admin("GET", &events, &json!({})).json();
        let events = told["value"].as_array()?.clone();
        let mut events = events.into_iter();
        events.find(|event| event["status"]["errorCode"] == 53003)
    });
    assert_eq!(refused["userId"], "ada", "{refused:#}");
}

/// Twenty thousand events of which everything is known; `SIGN_INS` says how many instead.
#[test]
fn the_first_page_and_the_workbook_add_up_what_the_log_holds() {
    let lobby = lobby();
    let events = std::env::var("SIGN_INS").ok();
    let events: u64 = events.map_or(20_000, |events| events.parse().unwrap());
    let now = Timestamp::now();
    let invention = Invention {
        days: 1,
        ..Invention::of(events, now.as_millisecond())
    };
    let keep = Keep {
        days: 30,
        size: 16 << 30,
    };
    let store = Store::open(&lobby.directory().join("sign-ins"), keep, false).unwrap();
    // As the overview does: whole hours, and this one.
    let since = (now.as_second().div_euclid(3600) - 23) * 3600 * 1000;
    let (mut text, mut inbound, mut failed) = (String::new(), 0, 0);
    for number in 0..events {
        let event = invention.event(number);
        event.write(&mut text);
        if text.len() > 8 << 20 || number + 1 == events {
            store.append(text.as_bytes()).unwrap();
            text.clear();
        }
        if event.at >= since {
            let from_elsewhere = event.home_tenant_id != OWN_TENANT;
            inbound += u64::from(from_elsewhere && event.cross_tenant_access_type != "none");
            failed += u64::from(event.error_code != 0);
        }
    }
    drop(store);
    let doors = lobby.open();
    let tab = doors.administrator("ada");
    tab.goto(&doors.console("/console"));
    let number = |tile: &str| {
        let shown = tab.evaluate(&format!(
            "document.querySelector('.{tile} .number').textContent"
        ));
        let digits = shown.as_str().unwrap().replace('\u{202f}', "");
        digits.parse::<u64>().unwrap()
    };
    assert_eq!(number("inbound"), inbound);
    // Beside it nobody was refused but whoever the test sent to sign in.
    assert!(
        (failed..failed + 5).contains(&number("refused")),
        "{failed}"
    );
    tab.goto(&doors.console("/console/activity?direction=inbound"));
    let rows =
        tab.evaluate("document.querySelectorAll('[aria-labelledby=by-tenant] tbody tr').length");
    assert_eq!(rows, json!(25), "the largest");
    assert!(
        tab.page().text.contains("more are not shown"),
        "{}",
        tab.page().text
    );
}

#[test]
fn health_tells_what_waits_for_a_receiver_that_is_away() {
    let receiver = "[[sign_ins.sink]]\nname = \"siem\"\nkind = \"otlp-http\"\naddress = \"http://127.0.0.1:9/v1/logs\"\nspool = \"spool\"\n";
    let doors = lobby()
        .configure(|setup| {
            setup
                .section("sign_ins", "gateway = \"gw-7\"")
                .entries(receiver)
        })
        .open();
    frida(&doors);
    let tab = doors.administrator("ada");
    let row = wait_for("an event that waits", Duration::from_secs(10), || {
        tab.goto(&doors.console("/console/health"));
        let row = "document.querySelector('[aria-labelledby=receivers] tbody tr').textContent";
        let row = tab.evaluate(row).as_str().unwrap().to_owned();
        row.contains("s behind").then_some(row)
    });
    assert!(row.starts_with("siem0"), "{row}");
    assert!(tab.page().text.contains("gw-7"), "{}", tab.page().text);
    let health = doors.admin("GET", "crossgate/health", &json!({})).json();
    let receiver = &health["receivers"][0];
    assert_eq!(
        (&receiver["name"], &receiver["delivered"]),
        (&json!("siem"), &json!(0))
    );
    assert!(receiver["waiting"].as_u64().unwrap() > 0, "{health:#}");
}
