//! The page that tells people how they are signed in here: what counts of it, and, where that is not enough, why and what helps.

use crate::site::people::{Doors, Lobby};
use crate::site::{FABRIKAM, POLICY_ID, everyone, nobody};
use crossgate_testkit::browser::{Place, Tab};
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};
use std::time::Duration;

/// What the page says by its labels; under `title` what it says of the app, and under `link` what is offered first.
fn me(doors: &Doors, tab: &Tab<'_>) -> Value {
    tab.goto(&doors.app("/.crossgate/me"));
    let told = tab.evaluate(
        "(() => { const told = {}; for (const t of document.querySelectorAll('dt')) \
         told[t.textContent] = t.nextElementSibling.textContent.trim(); \
         const app = [...document.querySelectorAll('h2')].find((h) => h.textContent === 'Payroll'); \
         told.title = app.nextElementSibling.textContent; \
         told.link = document.querySelector('.choices a')?.textContent ?? null; return told; })()",
    );
    // The record of this very page is found by what it has people quote.
    let event = doors.gateway.event(told["Reference"].as_str().unwrap());
    let code = format!("AADSTS{}", event["status"]["errorCode"]);
    assert_eq!(told["Code"].as_str().unwrap_or("AADSTS0"), code, "{event}");
    assert_eq!(event["userDisplayName"], told["Name"], "{event}");
    let explanation = event["crossgate"]["explanation"].to_string();
    assert!(!explanation.contains("no_token"), "{event}");
    told
}

#[track_caller]
fn assert_told(told: &Value, expected: &[(&str, &str)]) {
    for (label, text) in expected {
        assert_eq!(told[*label], *text, "{told:#}");
    }
}

/// Follows what is offered first.
fn follow(tab: &Tab<'_>) -> Place {
    tab.click(".choices a")
}

fn ada(doors: &Doors, amr: &[&str], device: &[&str]) {
    doors.contoso.account(&json!({
        "sub": "ada", "email": "ada@contoso.com", "name": "Ada Own", "amr": amr,
        "claims": { "oid": "ada", "signin_state": device },
    }));
}

fn come<'d>(doors: &'d Doors, with: &str, who: &str) -> Tab<'d> {
    let tab = doors.browser.open(who);
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, with, who);
    tab
}

/// A policy that everybody has to meet.
fn demands(grant: &Value) -> Value {
    json!({
        "displayName": "Demand", "state": "enabled",
        "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
        "grantControls": grant,
    })
}

const DEMAND: &str = "conditional-access/demand.json";

#[test]
fn what_counts_of_a_sign_in_is_told_and_what_is_not_trusted_counts_as_nothing() {
    let doors = Lobby::new().open();
    ada(&doors, &["pwd", "mfa"], &["dvc_cmp"]);
    doors.fabrikam.account(&json!({
        "sub": "frida", "email": "frida@fabrikam.com", "name": "Frida Partner", "amr": ["pwd", "mfa"],
        "claims": { "signin_state": ["dvc_dmjd"] },
    }));
    let own = come(&doors, "contoso", "ada");
    let home = format!("Contoso {OWN_TENANT}");
    assert_told(
        &me(&doors, &own),
        &[
            ("Name", "Ada Own"),
            ("Your organisation", &home),
            ("Signed in with", "Contoso"),
            ("Extra confirmation", "Given"),
            ("Device", "Meets your organisation's requirements"),
            ("title", "You can use Payroll."),
            ("link", "Go to the start page"),
        ],
    );
    let partner = come(&doors, "fabrikam", "frida");
    let home = format!("Fabrikam {FABRIKAM}");
    assert_told(
        &me(&doors, &partner),
        &[
            ("Name", "Frida Partner"),
            ("Your organisation", &home),
            ("Signed in with", "Fabrikam"),
            ("Extra confirmation", "Not given"),
            ("Device", "We know nothing about it"),
        ],
    );
    doors.change(|gateway| {
        let trusting = json!({
            "id": POLICY_ID, "b2bDirectConnectInbound": everyone(),
            "inboundTrust": { "isMfaAccepted": true, "isHybridAzureADJoinedDeviceAccepted": true },
        });
        gateway.write_policy("default.json", &trusting.to_string());
    });
    assert_told(
        &me(&doors, &partner),
        &[
            ("Extra confirmation", "Given"),
            ("Device", "Managed by your organisation"),
        ],
    );
}

#[test]
fn who_lacks_a_second_factor_is_told_so_and_gives_it_from_there() {
    let mfa = demands(&json!({ "operator": "OR", "builtInControls": ["mfa"] }));
    let doors = Lobby::new().policy(DEMAND, &mfa).open();
    let tab = come(&doors, "contoso", "ada");
    assert_told(
        &me(&doors, &tab),
        &[
            ("Extra confirmation", "Not given"),
            ("title", "One more step"),
            ("Code", "AADSTS50076"),
            ("link", "Confirm that it is you"),
        ],
    );
    let place = follow(&tab);
    assert!(place.url.starts_with(doors.contoso.issuer()), "{place:?}");
    doors.contoso.sign_in(&tab, "ada", Some("123456"));
    doors.told(&tab);
    assert_told(
        &me(&doors, &tab),
        &[
            ("Extra confirmation", "Given"),
            ("title", "You can use Payroll."),
        ],
    );
}

#[test]
fn who_has_not_accepted_terms_is_told_so_and_reads_them_from_there() {
    let terms = "[[terms]]\nid = \"tou-1\"\nname = \"House rules\"\nversion = \"1\"\nfile = \"rules.txt\"\n";
    let lobby = Lobby::new()
        .policy(
            DEMAND,
            &demands(&json!({ "operator": "OR", "builtInControls": [], "termsOfUse": ["tou-1"] })),
        )
        .configure(|setup| setup.entries(terms));
    lobby.write("rules.txt", "Be kind.\n");
    let doors = lobby.open();
    let tab = come(&doors, "contoso", "ada");
    assert_told(
        &me(&doors, &tab),
        &[
            ("title", "There are terms to accept"),
            ("link", "Read the terms"),
        ],
    );
    follow(&tab);
    assert!(tab.page().text.contains("Be kind."), "{}", tab.page().text);
    tab.click("button[type=submit]");
    doors.told(&tab);
    assert_told(&me(&doors, &tab), &[("title", "You can use Payroll.")]);
    // Who accepted before has met it with the sign-in.
    doors.browser.forget("ada");
    come(&doors, "contoso", "ada");
    let again = wait_for("the next sign-in", Duration::from_secs(10), || {
        let mut events = doors.gateway.events();
        events.retain(|event| event["isInteractive"] == true);
        (events.len() == 2).then(|| events.remove(1))
    });
    let applied = &again["appliedConditionalAccessPolicies"][0];
    assert_eq!(applied["result"], "success", "{again}");
}

#[test]
fn terms_that_nobody_can_accept_are_recorded_as_the_refusal_that_the_page_tells() {
    let nobodys =
        demands(&json!({ "operator": "OR", "builtInControls": [], "termsOfUse": ["nobodys"] }));
    let doors = Lobby::new().policy(DEMAND, &nobodys).open();
    let tab = come(&doors, "contoso", "ada");
    let page = tab.page();
    assert!(page.text.contains("AADSTS50158"), "{}", page.text);
    wait_for("the refusal", Duration::from_secs(10), || {
        let events = doors.gateway.events();
        events.into_iter().find(|event| {
            event["status"]["errorCode"] == 50_158
                && event["userDisplayName"] == "Ada Own"
                && page.text.contains(event["correlationId"].as_str().unwrap())
        })
    });
}

#[test]
fn who_comes_with_the_wrong_device_is_told_so_and_signs_in_again_from_there() {
    let complies = demands(&json!({ "operator": "OR", "builtInControls": ["compliantDevice"] }));
    let doors = Lobby::new().policy(DEMAND, &complies).open();
    ada(&doors, &["pwd"], &["dvc_dmjd"]);
    let tab = come(&doors, "contoso", "ada");
    assert_told(
        &me(&doors, &tab),
        &[
            ("Device", "Managed by your organisation"),
            ("title", "Your device does not meet the requirements"),
            ("Code", "AADSTS53000"),
            ("link", "Sign in again"),
        ],
    );
    // The device is put right; what is known of it is as old as the sign-in.
    ada(&doors, &["pwd"], &["dvc_cmp"]);
    follow(&tab);
    tab.click("a[href*='provider=contoso']");
    doors.told(&tab);
    assert_told(&me(&doors, &tab), &[("title", "You can use Payroll.")]);
}

#[test]
fn who_may_not_come_at_all_is_told_so_and_may_take_another_account() {
    let closed = json!({ "id": POLICY_ID, "b2bDirectConnectInbound": nobody() });
    let doors = Lobby::new().policy("default.json", &closed).open();
    let tab = come(&doors, "fabrikam", "frida");
    // The app's own page says the same.
    let page = tab.page();
    for told in [
        "You do not have access",
        "AADSTS500213",
        "Use another account",
    ] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    assert_told(
        &me(&doors, &tab),
        &[
            ("title", "You do not have access"),
            ("Code", "AADSTS500213"),
            ("link", "Use another account"),
        ],
    );
    let place = follow(&tab);
    assert_eq!(place.url, doors.app("/.crossgate/sign-out"));
    tab.click("button[type=submit]");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    doors.told(&tab);
}
