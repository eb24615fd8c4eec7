//! What people see, in a real browser: every page can be used by everybody, in both languages, light and dark, on a telephone
//! and on a desk. With `UPDATE_PICTURES` set, the pictures of the documentation are taken.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod site;

use std::path::Path;

use crossgate_testkit::browser::Tab;
use serde_json::json;
use site::outsiders::Outsiders;
use site::people::{Doors, Lobby};

/// Looks at the page that a tab shows as different people do.
fn examine(tab: &Tab<'_>, name: &str) {
    let page = tab.page();
    assert!(
        page.html.contains("<main"),
        "{name} is no page of ours: {}",
        page.text
    );
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'"), "{name}: {policy}");
    assert_eq!(
        page.header("referrer-policy"),
        Some("no-referrer"),
        "{name}"
    );
    for (width, dark) in [(360, false), (1280, true)] {
        tab.look(&json!({ "width": width, "height": 800, "dark": dark, "still": true }));
        let faults = tab.axe();
        assert!(faults.is_empty(), "{name} at {width}: {faults:#?}");
        let wide = tab.evaluate("document.documentElement.scrollWidth > innerWidth");
        assert_eq!(wide, json!(false), "{name} is wider than {width}");
    }
    let blocked = tab.console();
    let blocked: Vec<_> = blocked
        .iter()
        .filter(|line| line.to_string().contains("Content Security Policy"))
        .collect();
    assert!(blocked.is_empty(), "{name}: {blocked:?}");
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        tab.look(&json!({ "width": 720, "height": 560, "dark": false, "still": true }));
        let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures");
        std::fs::create_dir_all(&pictures).unwrap();
        tab.screenshot(&pictures.join(format!("{name}.png")), false);
    }
    tab.look(&json!({ "width": 1280, "height": 800, "dark": false }));
}

fn post(tab: &Tab<'_>, doors: &Doors, body: usize) {
    tab.goto(&doors.app("/.crossgate/sign-in"));
    tab.evaluate(&format!(
        "(() => {{ const f = document.createElement('form'); f.method = 'post'; f.action = '/pay'; \
         const i = document.createElement('input'); i.name = 'amount'; i.value = '5'.repeat({body}); f.append(i); \
         document.body.append(f); f.submit(); }})()"
    ));
    tab.rest();
}

#[test]
fn every_page_can_be_used_by_everybody() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/salaries"));
    examine(&tab, "choose");
    tab.fill("[name=email]", "ada@nowhere.example");
    tab.click("button[type=submit]");
    examine(&tab, "choose-not-known");
    tab.goto(&doors.app("/.crossgate/callback/contoso?state=x"));
    examine(&tab, "sign-in-failed");
    post(&tab, &doors, 70_000);
    examine(&tab, "not-kept");
    post(&tab, &doors, 3);
    examine(&tab, "choose-with-form");
    doors.sign_in(&tab, "contoso", "ada");
    examine(&tab, "resume");
    tab.goto(&doors.app("/.crossgate/me"));
    examine(&tab, "me");
    tab.goto(&doors.app("/.crossgate/nowhere"));
    examine(&tab, "not-found");
    tab.goto(&doors.app("/.crossgate/sign-out"));
    examine(&tab, "sign-out");
    tab.click("button[type=submit]");
    examine(&tab, "signed-out");
}

#[test]
fn the_pages_of_a_code_by_mail_and_of_who_is_no_guest_can_be_used_by_everybody() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let tab = doors.browser.open("mia");
    doors.tell_address(&tab, "/", "mia@contractor.example");
    examine(&tab, "passcode");
    tab.fill("[name=passcode]", "00000000");
    tab.click("button[type=submit]");
    examine(&tab, "passcode-wrong");
    tab.language("sv-SE,sv");
    doors.tell_address(&tab, "/", "mia@contractor.example");
    examine(&tab, "passcode-sv");
    let tab = doors.browser.open("stranger");
    doors.choose(&tab, "/", "acme");
    outsiders.saml.sign_in(&tab, "stranger");
    examine(&tab, "not-invited");
    let tab = doors.browser.open("gwen");
    tab.goto(&doors.app("/"));
    examine(&tab, "choose-of-many");
}

#[test]
fn the_pages_of_guests_and_inviters_can_be_used_by_everybody() {
    let doors = Lobby::new().with_store().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/.crossgate/invite"));
    doors.sign_in(&tab, "contoso", "ada");
    examine(&tab, "invite");
    // By the keyboard alone: field after field, and Enter.
    tab.evaluate("document.querySelector('[name=email]').focus()");
    tab.fill("[name=email]", "fred@contoso.com");
    tab.submit();
    examine(&tab, "invite-not-possible");
    let focused = tab.evaluate("document.activeElement.name");
    assert_eq!(focused, json!("email"), "where there is something to do");
    tab.fill("[name=email]", "fred@fabrikam.com");
    tab.submit();
    examine(&tab, "invited");
    let link = tab.evaluate("document.querySelector('#link').value");
    tab.language("sv-SE,sv");
    tab.goto(&doors.app("/.crossgate/invite"));
    assert!(
        tab.page().text.contains("Bjud in en g\u{e4}st"),
        "{}",
        tab.page().text
    );
    examine(&tab, "invite-sv");
    let fred = doors.browser.open("fred");
    fred.goto(link.as_str().unwrap());
    doors.fabrikam.sign_in(&fred, "fred@fabrikam.com", None);
    doors.accept(&fred);
    fred.goto(&doors.app("/.crossgate/me"));
    examine(&fred, "me-guest");
    fred.click("a[href='/.crossgate/leave']");
    examine(&fred, "leave");
    fred.language("sv-SE,sv");
    fred.goto(&doors.app("/.crossgate/me"));
    examine(&fred, "me-guest-sv");
    fred.goto(&doors.app("/.crossgate/leave"));
    examine(&fred, "leave-sv");
}

#[test]
fn a_refusal_is_told_in_the_persons_own_words_and_language() {
    let closed = json!({ "id": site::POLICY_ID, "b2bDirectConnectInbound": site::nobody() });
    let doors = Lobby::new().policy("default.json", &closed).open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "fabrikam", "frida");
    assert_eq!(tab.page().place.status, 403);
    examine(&tab, "refused");
    tab.language("sv-SE,sv");
    tab.goto(&doors.app("/"));
    let page = tab.page();
    assert!(page.html.contains("lang=\"sv\""), "{}", page.html);
    assert!(page.text.contains("AADSTS500213"), "{}", page.text);
    examine(&tab, "refused-sv");
    tab.goto(&doors.app("/.crossgate/me"));
    examine(&tab, "me-refused-sv");
}
