//! People who use no mouse: every form is reached, filled in and sent with the keyboard alone, and one sees where one is.

use crate::site::outsiders::Outsiders;
use crate::site::people::Lobby;
use crossgate_testkit::browser::{Place, Tab};
use serde_json::{Value, json};

/// What has the focus; null where nothing has.
fn focused(tab: &Tab<'_>) -> Value {
    tab.evaluate(
        "(() => { const e = document.activeElement; if (!e || e === document.body) return null; \
         const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden])')]; \
         const s = getComputedStyle(e); const at = e.getBoundingClientRect(); \
         const outlined = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; \
         return { place: all.indexOf(e), all: all.length, top: at.top + scrollY, \
           name: e.name || e.getAttribute('href') || e.textContent.trim(), \
           shown: outlined || s.boxShadow !== 'none', within: at.top > -1 && at.bottom < innerHeight + 1 }; })()",
    )
}

/// Goes through the whole page with Tab. Whatever can be used is come by once, in the order of the page and of reading; it is
/// on the screen then, and can be told from what has no focus. Answers with the names.
#[track_caller]
fn walk(tab: &Tab<'_>) -> Vec<String> {
    let (mut names, mut top) = (Vec::new(), f64::NEG_INFINITY);
    if focused(tab).is_null() {
        tab.press("Tab");
    }
    loop {
        let focus = focused(tab);
        if focus.is_null() || focus["place"] == 0 && !names.is_empty() {
            break;
        }
        assert_eq!(
            focus["place"],
            json!(names.len()),
            "{names:?}, then {focus}"
        );
        assert_eq!(focus["shown"], json!(true), "one does not see it: {focus}");
        assert_eq!(
            focus["within"],
            json!(true),
            "it is off the screen: {focus}"
        );
        let next = focus["top"].as_f64().unwrap();
        assert!(next >= top, "it is above the one before: {focus}");
        top = next;
        names.push(focus["name"].as_str().unwrap().to_owned());
        if focus["all"] == json!(names.len()) {
            break;
        }
        tab.press("Tab");
    }
    names
}

/// Goes on with Tab until this has the focus.
#[track_caller]
fn tab_to<'t>(tab: &'t Tab<'t>, name: &str) -> &'t Tab<'t> {
    for _ in 0..20 {
        if focused(tab)["name"] == name {
            return tab;
        }
        tab.press("Tab");
    }
    panic!("{name} is not come by: {}", tab.page().text);
}

#[track_caller]
fn assert_at(place: &Place, url: &str, tab: &Tab<'_>) {
    assert!(place.url.starts_with(url), "{place:?}: {}", tab.page().text);
}

#[test]
fn a_guest_comes_in_accepts_all_and_leaves_without_ever_clicking() {
    let outsiders = Outsiders::start();
    let doors = outsiders.with_terms(Lobby::new());
    let address = "mia@contractor.example";
    let invitation = doors.invite(address, &json!({}));
    let tab = doors.browser.open("mia");
    // A small window, so that one sees whether the page follows.
    tab.look(&json!({ "width": 360, "height": 480, "dark": true }));
    tab.goto(invitation["inviteRedeemUrl"].as_str().unwrap());
    let names = walk(&tab);
    assert_eq!(names[..2], ["email", "Continue"]);
    assert!(names.len() > 5, "{names:?}");
    tab_to(&tab, "email").press("Enter");
    // One can type at once, and Enter sends the code: it does not ask for another.
    assert_eq!(focused(&tab)["name"], "passcode");
    assert_eq!(walk(&tab), ["passcode", "Sign in", "new-code"]);
    tab_to(&tab, "passcode").write(&outsiders.code(address, 1));
    let place = tab.press("Enter");
    assert_at(&place, &doors.app("/.crossgate/redeem"), &tab);
    assert_eq!(walk(&tab), ["https://contoso.example/privacy", "Accept"]);
    let place = tab_to(&tab, "Accept").press("Enter");
    assert_at(&place, &doors.app("/.crossgate/terms"), &tab);
    assert_eq!(walk(&tab), ["I accept"]);
    let place = tab_to(&tab, "I accept").press("Enter");
    assert_at(&place, &doors.app("/welcome"), &tab);
    doors.told(&tab);
    tab.goto(&doors.app("/.crossgate/me"));
    let names = walk(&tab);
    let ends = (names.first().unwrap(), names.last().unwrap());
    assert_eq!(ends, (&"/".to_owned(), &"/.crossgate/sign-out".to_owned()));
    assert!(
        names.iter().any(|name| name == "/.crossgate/leave"),
        "{names:?}"
    );
    tab_to(&tab, "/.crossgate/sign-out").press("Enter");
    assert_eq!(walk(&tab), ["Sign out", "/"]);
    let place = tab_to(&tab, "Sign out").press("Enter");
    assert_at(&place, &doors.app("/.crossgate/signed-out"), &tab);
    assert_eq!(tab.goto(&doors.app("/")).status, 401);
}

#[test]
fn an_address_is_typed_put_right_and_sent_and_a_provider_chosen_without_ever_clicking() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/a?b=c"));
    tab_to(&tab, "email").write("frida@nowhere.example");
    assert_eq!(tab.press("Enter").status, 400);
    // What is wrong is where one goes on.
    assert_eq!(focused(&tab)["name"], "email");
    tab.press("End");
    for _ in 0.."nowhere.example".len() {
        tab.press("Backspace");
    }
    tab.write("fabrikam.com");
    let place = tab.press("Enter");
    assert_at(&place, doors.fabrikam.issuer(), &tab);
    tab.goto(&doors.app("/a?b=c"));
    let names = walk(&tab);
    let link = names.iter().find(|name| name.contains("provider=contoso"));
    let place = tab_to(&tab, link.unwrap()).press("Enter");
    assert_at(&place, doors.contoso.issuer(), &tab);
    doors.contoso.sign_in(&tab, "ada", None);
    assert_eq!(tab.page().place.url, doors.app("/a?b=c"));
}

#[test]
fn a_form_that_was_kept_is_sent_without_ever_clicking() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    tab.evaluate(
        "(() => { const f = document.createElement('form'); f.method = 'post'; f.action = '/pay'; \
         document.body.append(f); f.submit(); })()",
    );
    tab.rest();
    doors.sign_in(&tab, "contoso", "ada");
    assert_eq!(walk(&tab), ["Send the form"]);
    tab_to(&tab, "Send the form").press("Enter");
    assert_eq!(doors.told(&tab)["method"], "POST");
}
