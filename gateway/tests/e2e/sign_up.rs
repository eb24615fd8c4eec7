//! People without an invitation sign up by themselves, by the user flow of an app.

use std::time::{Duration, Instant};

use crate::site::sign_up::{CITY, FIRST, FLOW, Hall, SECOND, ended, fill, is_asked};
use crate::site::{FABRIKAM, nobody, partner};
use crossgate_testkit::gateway::OWN_TENANT;
use serde_json::{Value, json};

const FRIDA: &str = "frida@fabrikam.com";
const MIA: &str = "mia@contractor.example";
const GOES_ON: fn() -> Value = || json!([{ "body": { "version": "1.0.0", "action": "Continue" } }]);

fn code() -> String {
    format!("extension_{}_Code", OWN_TENANT.replace('-', ""))
}

#[test]
fn somebody_of_a_partner_signs_up_is_checked_at_both_steps_and_lands_at_the_app() {
    let hall = Hall::open();
    let doors = &hall.doors;
    let prefilled =
        json!({ "version": "1.0.0", "action": "Continue", "city": "Lund", "userType": "Member" });
    hall.asks(FIRST, &json!([{ "body": prefilled }]));
    let invalid = json!({ "version": "1.0.0", "status": 400, "action": "ValidationError", "userMessage": "No <b>such</b> city." });
    let corrected =
        json!({ "version": "1.0.0", "action": "Continue", "city": "Malmö", "extension_Code": 42 });
    hall.asks(
        SECOND,
        &json!([{ "status": 400, "body": invalid }, { "body": corrected }]),
    );
    let tab = hall.with_fabrikam("frida", FRIDA);
    is_asked(&tab);
    assert!(tab.page().html.contains("https://contoso.example/terms"));
    let city = tab.evaluate(&format!("document.querySelector('{CITY}').value"));
    assert_eq!(city, json!("Lund"), "as the first step told");
    fill(&tab, "Atlantis");
    let page = tab.page();
    assert_eq!(page.place.status, 400, "{}", page.text);
    assert!(page.text.contains("No <b>such</b> city."), "{}", page.text);
    assert!(hall.guests(FRIDA).is_empty());
    fill(&tab, "Malmo");
    assert_eq!(
        tab.page().place.url,
        doors.app("/a?b=c"),
        "{}",
        tab.page().text
    );
    let [guest] = &hall.guests(FRIDA)[..] else {
        panic!("one guest")
    };
    for (member, value) in [
        ("creationType", "SelfServiceSignUp"),
        ("externalUserState", "Accepted"),
        ("userType", "Guest"),
        ("displayName", "Frida Partner"),
        ("city", "Malmö"),
    ] {
        assert_eq!(guest[member], value, "{guest}");
    }
    assert_eq!(
        guest["identities"][0]["issuer"], "ExternalAzureAD",
        "{guest}"
    );
    let facts = &guest["crossgate"];
    assert_eq!(facts["homeTenantId"], FABRIKAM, "{guest}");
    assert_eq!(facts["homeUserId"], "frida", "{guest}");
    assert_eq!(facts["consentGiven"], true, "{guest}");
    assert_eq!(facts["attributes"][code()], 42, "{guest}");
    // What the service was asked, and how.
    let asked = hall.connector.asked();
    let paths: Vec<_> = asked
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, [FIRST.1, SECOND.1, SECOND.1]);
    for one in &asked {
        assert_eq!(
            (&one["method"], &one["type"]),
            (&json!("POST"), &json!("application/json"))
        );
        let basic = "Basic Y3Jvc3NnYXRlOmEtcGFzc3dvcmQtb2YtdGhpcy10ZXN0";
        assert_eq!(one["authorization"], basic);
    }
    let first = json!({ "email": FRIDA, "displayName": "Frida Partner", "ui_locales": "en" });
    assert_eq!(asked[0]["body"], first);
    let second = json!({ "email": FRIDA, "displayName": "Frida Partner", "city": "Malmo", "ui_locales": "en" });
    assert_eq!(asked[2]["body"], second);
    // Who signed up did it, and no secret stands anywhere.
    let record = hall.audited("Add user by self-service sign-up");
    assert_eq!(record["result"], "success", "{record}");
    assert_eq!(record["initiatedBy"]["user"]["id"], guest["id"], "{record}");
    assert_eq!(record["targetResources"][0]["id"], guest["id"], "{record}");
    let log = doors.gateway.log();
    for secret in ["in-the-address", "a-password-of-this-test"] {
        assert!(!log.contains(secret), "{log}");
    }
    // The event of the sign-up is the guest's.
    let events = doors.gateway.events();
    let is_theirs = |event: &&Value| event["userId"] == guest["id"];
    assert!(events.iter().any(|event| is_theirs(&event)), "{events:#?}");
}

#[test]
fn somebody_with_a_mailbox_signs_up_and_comes_back_by_a_code() {
    let hall = Hall::open();
    hall.asks(SECOND, &GOES_ON());
    let tab = hall.with_mailbox("mia", MIA, 1);
    is_asked(&tab);
    // What is wrong is told at the field.
    tab.evaluate("document.forms[0].noValidate = true");
    tab.click("button[type=submit]");
    assert!(
        tab.page().text.contains("This must be filled in."),
        "{}",
        tab.page().text
    );
    let form = tab.evaluate(
        "new URLSearchParams(new FormData(document.forms[0])).toString().replace('attribute-city=', 'attribute-city=Lund')",
    );
    fill(&tab, "Lund");
    assert_eq!(
        tab.page().place.url,
        hall.doors.app("/a?b=c"),
        "{}",
        tab.page().text
    );
    let [guest] = &hall.guests(MIA)[..] else {
        panic!("one guest")
    };
    assert_eq!(hall.doors.user(&tab), json!([guest["id"]]));
    let identities =
        json!([{ "signInType": "federated", "issuer": "mail", "issuerAssignedId": null }]);
    assert_eq!(guest["identities"], identities);
    let told = hall.connector.asked();
    let identity =
        json!([{ "signInType": "federated", "issuer": "mail", "issuerAssignedId": MIA }]);
    assert_eq!(told[0]["body"]["identities"], identity, "{told:?}");
    // Signed out, the form that was sent is no way in, from the same browser either.
    tab.goto(&hall.doors.app("/.crossgate/sign-out"));
    tab.click("button[type=submit]");
    let again = hall
        .doors
        .curl("/.crossgate/sign-up")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Sec-Fetch-Site", "same-origin")
        .header("Cookie", &crate::site::people::Doors::jar(&tab))
        .body(form.as_str().unwrap())
        .send();
    assert_eq!(again.status, 303, "{}", again.text());
    let set = again.header_values("set-cookie");
    assert!(
        !set.iter()
            .any(|cookie| cookie.starts_with("__Host-crossgate=")),
        "{set:?}"
    );
    let tab = hall.with_mailbox("mia again", MIA, 2);
    assert_eq!(
        tab.page().place.url,
        hall.doors.app("/a?b=c"),
        "{}",
        tab.page().text
    );
}

#[test]
fn nobody_signs_up_by_a_name_that_they_write_themselves() {
    let hall = Hall::open();
    hall.asks(SECOND, &GOES_ON());
    hall.doors.fabrikam.account(&json!({
        "sub": "mallory", "email": "mallory@fabrikam.com", "name": "Mallory Partner",
        "claims": { "preferred_username": "ceo@fabrikam.com", "upn": "ceo@fabrikam.com" },
    }));
    let tab = hall.with_fabrikam("mallory", "mallory@fabrikam.com");
    is_asked(&tab);
    fill(&tab, "Lund");
    assert!(hall.guests("ceo@fabrikam.com").is_empty());
    assert_eq!(hall.guests("mallory@fabrikam.com").len(), 1);
}

#[test]
fn a_service_that_says_no_or_says_nothing_that_counts_keeps_people_out() {
    let hall = Hall::with("timeout = \"1s\"");
    let block = json!([{ "body": { "version": "1.0.0", "action": "ShowBlockPage", "userMessage": "Ask <i>Olga</i> first." } }]);
    hall.asks(FIRST, &block);
    let tab = hall.with_fabrikam("blocked", FRIDA);
    ended(&tab, "Ask <i>Olga</i> first.", 50_020, 403);
    let failing = [
        json!([{ "status": 500, "body": {} }]),
        json!([{ "status": 302, "headers": { "location": "https://elsewhere.example/" }, "body": {} }]),
        json!([{ "body": "<html>" }]),
        json!([{ "status": 400, "body": { "version": "1.0.0", "status": 400, "action": "ValidationError", "userMessage": "x" } }]),
        json!([{ "body": { "version": "1.0.0", "action": "Continue" }, "delay": 4000 }]),
    ];
    for answers in failing {
        hall.connector.answers(FIRST.1, &answers);
        drop(hall.connector.asked());
        let begun = Instant::now();
        tab.goto(&hall.doors.app("/a?b=c"));
        ended(&tab, "You could not be signed up", 50_020, 502);
        assert!(begun.elapsed() < Duration::from_secs(4), "{answers}");
        let again = answers[0]["status"] == 500 || !answers[0]["delay"].is_null();
        assert_eq!(
            hall.connector.asked().len(),
            if again { 2 } else { 1 },
            "{answers}"
        );
    }
    // One that comes to itself is asked once more.
    let recovers = json!([{ "status": 503, "body": {} }, { "body": { "version": "1.0.0", "action": "Continue" } }]);
    hall.connector.answers(FIRST.1, &recovers);
    tab.goto(&hall.doors.app("/a?b=c"));
    is_asked(&tab);
    // The second step too.
    hall.asks_no_more(FIRST);
    hall.asks(SECOND, &block);
    fill(&tab, "Lund");
    ended(&tab, "Ask <i>Olga</i> first.", 50_020, 403);
    assert!(hall.guests(FRIDA).is_empty());
    assert!(hall.doors.event("sign_up_blocked_by_connector").is_object());
}

#[test]
fn who_needs_approval_waits_is_told_and_comes_in_once_approved_or_is_told_that_they_do_not() {
    let hall = Hall::open();
    hall.approval(true);
    let tab = hall.with_mailbox("mia", MIA, 1);
    fill(&tab, "Lund");
    ended(&tab, "Your sign-up is being looked at", 50_014, 403);
    let frida = hall.with_fabrikam("frida", FRIDA);
    fill(&frida, "Malmö");
    ended(&frida, "Your sign-up is being looked at", 50_014, 403);
    // Nobody is asked again, and nobody waits twice.
    frida.goto(&hall.doors.app("/a?b=c"));
    ended(&frida, "Your sign-up is being looked at", 50_014, 403);
    let requests = hall.get("crossgate/signUpRequests");
    let requests = requests["value"].as_array().unwrap();
    assert_eq!(requests.len(), 2, "{requests:?}");
    let of = |address: &str| {
        let found = requests.iter().find(|request| request["email"] == address);
        found
            .unwrap_or_else(|| panic!("{address} in {requests:?}"))
            .clone()
    };
    let request = of(MIA);
    assert_eq!(request["status"], "pending", "{request}");
    assert_eq!(request["userFlow"], FLOW, "{request}");
    assert_eq!(request["attributes"]["city"], "Lund", "{request}");
    let path = |request: &Value, what: &str| {
        format!(
            "crossgate/signUpRequests/{}/{what}",
            request["id"].as_str().unwrap()
        )
    };
    assert!(hall.guests(MIA).is_empty());
    let approved = hall
        .doors
        .admin("POST", &path(&request, "approve"), &json!({}));
    assert_eq!(approved.status, 200, "{}", approved.text());
    let approved = approved.json();
    assert_eq!(approved["creationType"], "SelfServiceSignUp", "{approved}");
    let again = hall
        .doors
        .admin("POST", &path(&request, "approve"), &json!({}));
    assert_eq!(again.status, 404, "{}", again.text());
    let record = hall.audited("Approve self-service sign-up");
    assert_eq!(
        record["initiatedBy"]["user"]["displayName"], "Crossgate break-glass",
        "{record}"
    );
    // The code, and that they were approved.
    let mail = hall.outsiders.mail.newest(MIA, 2);
    let text = mail["text"].as_str().unwrap();
    assert!(
        mail["subject"]
            .as_str()
            .unwrap()
            .contains("has approved you"),
        "{mail}"
    );
    assert!(text.contains(&hall.doors.app("/")), "{text}");
    let tab = hall.doors.browser.open("mia approved");
    hall.doors.tell_address(&tab, "/a?b=c", MIA);
    tab.fill("[name=passcode]", &hall.outsiders.code(MIA, 3));
    tab.click("button[type=submit]");
    assert_eq!(
        tab.page().place.url,
        hall.doors.app("/a?b=c"),
        "{}",
        tab.page().text
    );
    assert_eq!(hall.doors.user(&tab), json!([approved["id"]]));
    // Frida is denied.
    hall.change("POST", &path(&of(FRIDA), "deny"), &json!({}));
    frida.goto(&hall.doors.app("/a?b=c"));
    ended(&frida, "Your sign-up was not approved", 50_020, 403);
    assert!(hall.guests(FRIDA).is_empty());
}

#[test]
fn nobody_is_asked_to_sign_up_where_it_is_switched_off_or_not_for_the_app_or_the_provider() {
    let hall = Hall::open();
    let doors = &hall.doors;
    hall.switch(false);
    let tab = hall.with_fabrikam("frida", FRIDA);
    ended(&tab, "You do not have access", 500_213, 403);
    tab.goto(&doors.app("/.crossgate/sign-up?return=/a"));
    ended(&tab, "You do not have access", 500_213, 403);
    // Nobody is mailed a code, and everybody reads the same.
    let mia = doors.browser.open("mia");
    doors.tell_address(&mia, "/", MIA);
    assert!(
        mia.page().html.contains("name=\"passcode\""),
        "{}",
        mia.page().text
    );
    assert!(hall.outsiders.mail.mails(MIA).is_empty());
    hall.switch(true);
    // Another app.
    tab.goto(&doors.other("/"));
    // Fabrikam's provider has a session of its own.
    tab.click("a[href*='provider=fabrikam']");
    tab.rest();
    ended(&tab, "You do not have access", 500_213, 403);
    // A provider that the flow does not list.
    let tess = doors.browser.open("tess");
    doors.choose(&tess, "/", "tailspin");
    hall.outsiders.wsfed.sign_in(&tess, "tess");
    ended(&tess, "You do not have access", 500_213, 403);
    let gwen = doors.browser.open("gwen");
    doors.choose(&gwen, "/", "google");
    hall.outsiders.google.sign_in(&gwen, "gwen@gmail.com", None);
    ended(&gwen, "You have not been invited", 50_020, 403);
    // From now on it does.
    let google =
        json!({ "@odata.id": "https://graph.microsoft.com/v1.0/identityProviders/google" });
    let path = format!("identity/b2xUserFlows/{FLOW}/userFlowIdentityProviders/$ref");
    hall.change("POST", &path, &google);
    doors.choose(&gwen, "/", "google");
    gwen.rest();
    is_asked(&gwen);
    fill(&gwen, "Lund");
    let [guest] = &hall.guests("gwen@gmail.com")[..] else {
        panic!("one guest")
    };
    assert_eq!(guest["identities"][0]["issuer"], "google.com", "{guest}");
    assert_eq!(guest["identities"][0]["issuerAssignedId"], "g-1", "{guest}");
}

#[test]
fn both_controls_hold_for_who_signs_up_as_for_who_is_invited() {
    let hall = Hall::open();
    let doors = &hall.doors;
    let domains = json!({ "definition": [
        r#"{"B2BManagementPolicy":{"InvitationsAllowedAndBlockedDomainsPolicy":{"BlockedDomains":["contractor.example"]}}}"#,
    ] });
    let changed = doors.admin(
        "PATCH",
        "/beta/legacy/policies/b2bManagementPolicy",
        &domains,
    );
    assert_eq!(changed.status, 204, "{}", changed.text());
    let mia = hall.with_mailbox("mia", MIA, 1);
    ended(&mia, "You cannot sign up with this account", 50_020, 403);
    let frida = hall.with_fabrikam("frida", FRIDA);
    is_asked(&frida);
    // Blocked while the form is filled in.
    let blocked = json!({ "b2bCollaborationInbound": nobody() });
    hall.make(
        "policies/crossTenantAccessPolicy/partners",
        &partner(FABRIKAM, blocked),
    );
    fill(&frida, "Lund");
    ended(&frida, "You cannot sign up with this account", 500_213, 403);
    frida.goto(&doors.app("/a?b=c"));
    ended(&frida, "You cannot sign up with this account", 500_213, 403);
    // Another user of Fabrikam's alone is let in.
    let one = json!({ "b2bCollaborationInbound": {
        "usersAndGroups": { "accessType": "allowed", "targets": [{ "target": "fred", "targetType": "user" }] },
        "applications": { "accessType": "allowed", "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    } });
    hall.change(
        "PATCH",
        &format!("policies/crossTenantAccessPolicy/partners/{FABRIKAM}"),
        &one,
    );
    frida.goto(&doors.app("/a?b=c"));
    ended(&frida, "You cannot sign up with this account", 500_213, 403);
    let fred = hall.with_fabrikam("fred", "fred@fabrikam.com");
    is_asked(&fred);
    assert!(hall.guests(FRIDA).is_empty() && hall.guests(MIA).is_empty());
}

#[test]
fn nobody_comes_back_around_a_deleted_or_disabled_record_or_an_open_invitation() {
    let hall = Hall::open();
    let doors = &hall.doors;
    let mia = hall.with_mailbox("mia", MIA, 1);
    // The form is there before the invitation is.
    doors.invite(MIA, &json!({}));
    fill(&mia, "Lund");
    ended(&mia, "You have been invited already", 50_014, 403);
    doors.invite(FRIDA, &json!({}));
    let frida = hall.with_fabrikam("frida", FRIDA);
    ended(&frida, "You have been invited already", 50_014, 403);
    let guest = |address: &str| {
        let [guest] = &hall.guests(address)[..] else {
            panic!("one guest of {address}")
        };
        guest["id"].as_str().unwrap().to_owned()
    };
    let id = guest(FRIDA);
    hall.change(
        "PATCH",
        &format!("users/{id}"),
        &json!({ "accountEnabled": false }),
    );
    frida.goto(&doors.app("/a?b=c"));
    ended(&frida, "You cannot sign up again", 50_020, 403);
    hall.change("DELETE", &format!("users/{id}"), &json!({}));
    frida.goto(&doors.app("/a?b=c"));
    ended(&frida, "You cannot sign up again", 50_020, 403);
    assert!(hall.guests(FRIDA).is_empty());
    let deleted = hall.get("directory/deletedItems/microsoft.graph.user");
    assert_eq!(deleted["value"].as_array().unwrap().len(), 1, "{deleted}");
    // Who signed up, and was deleted.
    let fred = hall.with_fabrikam("fred", "fred@fabrikam.com");
    fill(&fred, "Lund");
    let id = guest("fred@fabrikam.com");
    hall.change("DELETE", &format!("users/{id}"), &json!({}));
    fred.goto(&doors.app("/a?b=c"));
    let page = fred.page();
    assert_eq!(page.place.status, 403, "{}", page.text);
    assert!(page.text.contains("AADSTS50057"), "{}", page.text);
    fred.goto(&doors.app("/.crossgate/sign-up?return=/a"));
    assert!(
        fred.page().text.contains("AADSTS50057"),
        "{}",
        fred.page().text
    );
    assert!(hall.guests("fred@fabrikam.com").is_empty());
}

#[test]
fn two_tabs_make_one_guest_and_a_form_of_another_site_or_person_makes_none() {
    let hall = Hall::open();
    let doors = &hall.doors;
    let tab = hall.with_fabrikam("frida", FRIDA);
    is_asked(&tab);
    let fields = tab.evaluate(
        "new URLSearchParams(new FormData(document.forms[0])).toString().replace('attribute-city=', 'attribute-city=Lund')",
    );
    let fields = fields.as_str().unwrap().to_owned();
    let jar = crate::site::people::Doors::jar(&tab);
    let post = |site: &str, cookies: &str, body: &str| {
        doors
            .curl("/.crossgate/sign-up")
            .method("POST")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Sec-Fetch-Site", site)
            .header("Cookie", cookies)
            .body(body)
            .send()
            .status
    };
    doors.told_once("a form of another site", "form_of_another_site", || {
        assert_eq!(post("cross-site", &jar, &fields), 400);
    });
    // Another browser, with the session and without the cookie that the form is for; and the other way round.
    let session = format!(
        "__Host-crossgate={}",
        crate::site::people::Doors::session_cookie(&tab)
    );
    assert_eq!(post("same-origin", &session, &fields), 400);
    let without = jar
        .split("; ")
        .filter(|cookie| !cookie.starts_with("__Host-crossgate="));
    let without = without.collect::<Vec<_>>().join("; ");
    assert_eq!(post("same-origin", &without, &fields), 400);
    // What is sealed cannot be changed.
    let (before, rest) = fields.split_once("sign-up=").unwrap();
    let changed = format!("{before}sign-up=A{rest}");
    assert_eq!(post("same-origin", &jar, &changed), 400);
    assert!(hall.guests(FRIDA).is_empty());
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| post("same-origin", &jar, &fields)))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses, [303; 4]);
    assert_eq!(hall.guests(FRIDA).len(), 1);
    // The way back is the app's own, for who is a guest and for who is nobody.
    for elsewhere in crossgate_testkit::redirects::ELSEWHERE {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("return", elsewhere).finish();
        for cookies in [&*jar, "none=1"] {
            let asked = doors.curl(&format!("/.crossgate/sign-up?{query}"));
            let answer = asked.header("Cookie", cookies).send();
            let led = (answer.status, answer.header("location"));
            assert_eq!(led, (303, Some("/")), "{elsewhere:?}");
        }
    }
}

#[test]
fn what_cannot_be_is_refused_by_the_api_with_what_to_do() {
    let hall = Hall::open();
    let connectors = "identity/apiConnectors";
    let flows = "identity/b2xUserFlows";
    let own = hall.connector.host();
    let basic = |more: Value| {
        let mut all = json!({ "@odata.type": "#microsoft.graph.basicAuthentication", "username": "crossgate" });
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        all
    };
    for (path, body, told) in [
        (
            connectors,
            json!({ "displayName": "x", "targetUrl": "https://169.254.169.254/latest" }),
            "add a `[[connector]]`",
        ),
        (
            connectors,
            json!({ "displayName": "x", "targetUrl": "https://elsewhere.example/" }),
            "add a `[[connector]]`",
        ),
        (
            connectors,
            json!({ "displayName": "x", "targetUrl": format!("http://{own}/") }),
            "not an https address",
        ),
        (
            connectors,
            json!({ "displayName": "x", "targetUrl": format!("https://a:b@{own}/") }),
            "names a user",
        ),
        (
            connectors,
            json!({ "displayName": "x", "targetUrl": format!("https://{own}/"), "authenticationConfiguration": basic(json!({ "password": "p-secret" })) }),
            "password_file",
        ),
        (
            connectors,
            json!({ "displayName": "x", "targetUrl": format!("https://{own}/"), "authenticationConfiguration": basic(json!({ "username": "other" })) }),
            "both must say the same",
        ),
        (
            connectors,
            json!({ "displayName": "x", "targetUrl": format!("https://{own}/"), "authenticationConfiguration": { "@odata.type": "#microsoft.graph.pkcs12Certificate", "pkcs12Value": "eA==", "password": "p" } }),
            "client certificates are not supported",
        ),
        (
            flows,
            json!({ "id": "x", "crossgate": { "applications": ["aaaaaaaa-0000-4000-8000-0000000000ff"] } }),
            "with `sign_in`",
        ),
        (
            flows,
            json!({ "id": "x", "crossgate": { "applications": [crate::site::PAYROLL] } }),
            "already, and has at most one",
        ),
        (
            flows,
            json!({ "id": "x y" }),
            "is not the id of a user flow",
        ),
        (
            flows,
            json!({ "id": "x", "userFlowIdentityProviders": [{ "id": "nowhere" }] }),
            "there is no identity provider",
        ),
        (
            flows,
            json!({ "id": "x", "userFlowIdentityProviders": [{ "id": "contoso" }] }),
            "whose people are no guests",
        ),
    ] {
        let answer = hall.doors.admin("POST", path, &body);
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        assert!(answer.text().contains(told), "{body}: {}", answer.text());
        let audit = hall.get("auditLogs/directoryAudits?$top=1").to_string();
        assert!(!audit.contains("p-secret"), "{audit}");
    }
    // A connector that a flow asks does not go.
    hall.asks(FIRST, &GOES_ON());
    let all = hall.get(connectors);
    let id = all["value"][0]["id"].as_str().unwrap();
    let answer = hall
        .doors
        .admin("DELETE", &format!("{connectors}/{id}"), &json!({}));
    assert_eq!(answer.status, 400, "{}", answer.text());
    let shown = hall.get(&format!("{connectors}/{id}"));
    assert_eq!(
        shown["authenticationConfiguration"]["username"], "crossgate",
        "{shown}"
    );
    let providers = hall.get("identity/identityProviders");
    let types: Vec<_> = providers["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["@odata.type"].as_str().unwrap())
        .collect();
    assert!(
        types.contains(&"#microsoft.graph.builtInIdentityProvider")
            && types.contains(&"#microsoft.graph.samlOrWsFedProvider"),
        "{types:?}"
    );
}
