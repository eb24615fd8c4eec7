//! People of no tenant with tokens of its own sign in: by a code that is mailed, an assertion, or a social account.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod site;

use std::time::{Duration, Instant};

use crossgate_testkit::upstream::header_values;
use serde_json::json;
use site::TAILSPIN;
use site::outsiders::{Outsiders, guest};
use site::people::Lobby;

#[test]
fn a_guest_with_a_mailbox_and_nothing_else_comes_in_by_a_code_that_is_mailed_once() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let tab = doors.browser.open("mia");
    doors.tell_address(&tab, "/salaries?year=2026", "Mia@Contractor.example");
    let code = outsiders.code("mia@contractor.example", 1);
    tab.fill("[name=passcode]", "00000000");
    assert_eq!(tab.click("button[type=submit]").status, 400);
    tab.fill("[name=passcode]", &code);
    let place = tab.click("button[type=submit]");
    assert_eq!(
        place.url,
        doors.app("/salaries?year=2026"),
        "{}",
        tab.page().text
    );
    assert_eq!(doors.user(&tab), json!([guest(1)]));
    let event = doors.event("b2bCollaboration");
    assert_eq!(event["userId"], guest(1), "{event}");
    // The code is used up, in this browser and in any other.
    let other = doors.browser.open("mallory");
    doors.tell_address(&other, "/", "mia@contractor.example");
    other.fill("[name=passcode]", &code);
    assert_eq!(other.click("button[type=submit]").status, 400);
    assert!(doors.event("not_the_code").is_object());
}

#[test]
fn whether_an_address_is_a_guests_cannot_be_told_from_the_answer() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let answer = |address: &str| {
        let tab = doors.browser.open(address);
        let begun = Instant::now();
        doors.tell_address(&tab, "/", address);
        let page = tab.page();
        let text = page.text.replace(address, "ADDRESS");
        (page.place.status, text, begun.elapsed())
    };
    let (status, text, _) = answer("mia@contractor.example");
    assert_eq!(status, 200, "{text}");
    for address in ["nobody@contractor.example", "dora@contractor.example"] {
        let (other_status, other_text, _) = answer(address);
        assert_eq!(
            (other_status, other_text),
            (status, text.clone()),
            "{address}"
        );
    }
    let _mail = outsiders.mail.newest("mia@contractor.example", 1);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(outsiders.mail.all().len(), 1, "to whom it is known only");
}

#[test]
fn a_code_that_was_tried_too_often_is_none_and_another_can_be_asked_for() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let tab = doors.browser.open("mia");
    doors.tell_address(&tab, "/", "mia@contractor.example");
    let code = outsiders.code("mia@contractor.example", 1);
    for _ in 0..5 {
        tab.fill(
            "[name=passcode]",
            if code == "11111111" {
                "22222222"
            } else {
                "11111111"
            },
        );
        assert_eq!(tab.click("button[type=submit]").status, 400);
    }
    tab.fill("[name=passcode]", &code);
    assert_eq!(
        tab.click("button[type=submit]").status,
        400,
        "it was guessed at too often"
    );
    tab.click("[name=new-code]");
    tab.fill(
        "[name=passcode]",
        &outsiders.code("mia@contractor.example", 2),
    );
    assert_eq!(
        tab.click("button[type=submit]").url,
        doors.app("/"),
        "{}",
        tab.page().text
    );
}

#[test]
fn a_federations_guest_comes_in_by_a_signed_assertion_and_only_with_an_address_of_its_domain() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let tab = doors.browser.open("sam");
    doors.tell_address(&tab, "/a?b=c", "sam@acme.example");
    let place = outsiders.saml.sign_in(&tab, "sam");
    assert_eq!(place.url, doors.app("/a?b=c"), "{}", tab.page().text);
    assert_eq!(doors.user(&tab), json!([guest(2)]));
    // Whoever runs Acme's provider may not speak for others' addresses, not even for that of a record that is there.
    let tab = doors.browser.open("eve");
    doors.choose(&tab, "/", "acme");
    let place = outsiders.saml.sign_in(&tab, "eve");
    assert_eq!(place.status, 400, "{}", tab.page().text);
    assert!(doors.event("address_of_another_domain").is_object());
    let tab = doors.browser.open("stranger");
    doors.choose(&tab, "/", "acme");
    let place = outsiders.saml.sign_in(&tab, "stranger");
    assert_eq!(place.status, 403, "{}", tab.page().text);
    assert!(
        tab.page().text.contains("AADSTS50020"),
        "{}",
        tab.page().text
    );
}

#[test]
fn people_of_a_tenant_that_federates_are_judged_by_its_settings() {
    let outsiders = Outsiders::start();
    let doors = outsiders
        .before(Lobby::new())
        .policy("conditional-access/mfa.json", &json!({
            "displayName": "MFA", "state": "enabled",
            "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
            "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
        }))
        .open();
    let tab = doors.browser.open("tess");
    doors.choose(&tab, "/", "tailspin");
    outsiders.wsfed.sign_in(&tab, "tess");
    // Direct connect, whose MFA is not trusted here, cannot meet the policy.
    assert!(
        tab.page().text.contains("AADSTS53003"),
        "{}",
        tab.page().text
    );
    doors.change(|gateway| {
        std::fs::remove_file(
            gateway
                .directory()
                .join("policy/conditional-access/mfa.json"),
        )
        .unwrap();
        gateway.reload();
    });
    assert_eq!(
        tab.goto(&doors.app("/a")).status,
        200,
        "{}",
        tab.page().text
    );
    let told = doors.told(&tab);
    assert_eq!(
        header_values(&told, "x-crossgate-home-tenant"),
        [TAILSPIN],
        "{told}"
    );
}

#[test]
fn a_social_account_is_the_guest_whose_record_names_it() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let tab = doors.browser.open("gwen");
    doors.tell_address(&tab, "/", "gwen@gmail.com");
    outsiders.google.sign_in(&tab, "gwen@gmail.com", None);
    assert_eq!(tab.page().place.url, doors.app("/"), "{}", tab.page().text);
    assert_eq!(doors.user(&tab), json!([guest(3)]));
    // The provider has confirmed an address that is not of its own domains: the record would have to name it.
    let tab = doors.browser.open("olga");
    doors.choose(&tab, "/", "google");
    outsiders
        .google
        .sign_in(&tab, "olga@contractor.example", None);
    assert_eq!(tab.page().place.status, 403, "{}", tab.page().text);
    let tab = doors.browser.open("finn");
    doors.choose(&tab, "/", "facebook");
    outsiders.facebook.sign_in(&tab, "1001");
    assert_eq!(tab.page().place.url, doors.app("/"), "{}", tab.page().text);
    assert_eq!(doors.user(&tab), json!([guest(4)]));
}

#[test]
fn sessions_of_outsiders_outlive_a_restart_and_end_with_the_guest() {
    let outsiders = Outsiders::start();
    let mut doors = outsiders.before(Lobby::new()).open();
    let tab = doors.browser.open("mia");
    doors.tell_address(&tab, "/", "mia@contractor.example");
    tab.fill(
        "[name=passcode]",
        &outsiders.code("mia@contractor.example", 1),
    );
    tab.click("button[type=submit]");
    let cookie = format!(
        "__Host-crossgate={}",
        site::people::Doors::session_cookie(&tab)
    );
    assert_eq!(doors.status_with(&cookie), 200);
    assert!(doors.gateway.hand_over().success());
    assert_eq!(doors.status_with(&cookie), 200);
    doors.change(|gateway| {
        let disabled = format!(
            r#"{{"id":"{}","mail":"mia@contractor.example","accountEnabled":false}}"#,
            guest(1)
        );
        gateway.write_policy("guests.jsonl", &disabled);
        gateway.reload();
    });
    assert_eq!(doors.status_with(&cookie), 403);
}
