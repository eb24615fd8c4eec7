//! People sign in with a real browser at real providers, and every request of their session is decided.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod site;

use crossgate_testkit::upstream::header_values;
use serde_json::json;
use site::people::Lobby;
use site::{FABRIKAM, nobody};

#[test]
fn a_person_signs_in_and_comes_to_the_page_that_they_wanted() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    let place = tab.goto(&doors.app("/salaries?year=2026"));
    assert_eq!(place.status, 401, "{place:?}");
    assert!(tab.page().text.contains("Fabrikam"), "{}", tab.page().text);
    doors.sign_in(&tab, "fabrikam", "frida");
    let page = tab.page();
    assert_eq!(
        page.place.url,
        doors.app("/salaries?year=2026"),
        "{}",
        page.text
    );
    let told = doors.told(&tab);
    assert_eq!(
        header_values(&told, "x-crossgate-home-tenant"),
        [FABRIKAM],
        "{told}"
    );
    assert_eq!(header_values(&told, "x-ms-client-principal-id"), ["frida"]);
    assert!(!told.to_string().contains("__Host-crossgate"), "{told}");
    let cookie = tab.cookie("__Host-crossgate").unwrap();
    assert_eq!(
        (&cookie["secure"], &cookie["httpOnly"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        (&cookie["sameSite"], &cookie["path"]),
        (&json!("Lax"), &json!("/"))
    );
}

#[test]
fn every_request_of_a_session_is_decided_by_the_policy_in_force() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "fabrikam", "frida");
    assert_eq!(tab.goto(&doors.app("/a")).status, 200);
    let before = doors.gateway.generation();
    let closed = json!({ "id": site::POLICY_ID, "b2bDirectConnectInbound": nobody() });
    doors
        .gateway
        .write_policy("default.json", &closed.to_string());
    crossgate_testkit::programs::wait_for("the policy", std::time::Duration::from_secs(10), || {
        (doors.gateway.generation() != before).then_some(())
    });
    let place = tab.goto(&doors.app("/a"));
    assert_eq!(place.status, 403, "{}", tab.page().text);
    assert!(
        tab.page().text.contains("AADSTS500213"),
        "{}",
        tab.page().text
    );
}
