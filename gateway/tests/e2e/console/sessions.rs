//! Who is signed in at the console: what of it counts for how long, what is kept for them alone, and that they can always go.

use std::fs::OpenOptions;
use std::process::Command;

use super::{ADMIN_APP, FORM, send_policy, token, trusting};
use crate::site::admin::{GLOBAL_ADMINISTRATOR, POLICIES};
use crate::site::console::lobby;
use crate::site::people::{CONSOLE_HOST, Doors, Lobby};
use crossgate_testkit::curl::{Answer, Curl};
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::people::People;
use serde_json::{Value, json};

/// A group of Contoso's.
const GROUP: &str = "99999999-9999-4999-8999-999999999999";

/// Has everybody's sign-in be an hour older.
fn an_hour_later(doors: &mut Doors) {
    doors.gateway.terminate();
    drop(doors.gateway.wait());
    let file = doors.gateway.directory().join("portal.db");
    let store = rusqlite::Connection::open(file).unwrap();
    let changed = store.execute("UPDATE sessions SET begun = begun - 3600", ());
    assert!(changed.unwrap() > 0);
    doors.gateway.start_again();
}

/// A request of the session with this cookie.
fn request(doors: &Doors, cookie: &str, accept: &str) -> Curl {
    let authority = doors.gateway.directory().join("tls-cert.pem");
    Curl::get_tls(
        doors.gateway.admin(),
        CONSOLE_HOST,
        "/console/default",
        &authority,
    )
    .header("Cookie", &format!("__Host-crossgate={cookie}"))
    .header("Accept", accept)
}

fn ask(doors: &Doors, cookie: &str, accept: &str) -> Answer {
    request(doors, cookie, accept).send()
}

/// Somebody else who may do everything.
fn with_bea(lobby: Lobby) -> Lobby {
    lobby.contoso.account(&json!({
        "sub": "bea", "email": "bea@contoso.com", "name": "Bea Own",
        "claims": { "wids": [GLOBAL_ADMINISTRATOR], "preferred_username": "bea@contoso.com" },
    }));
    lobby
}

#[test]
fn what_gives_roles_by_the_providers_word_is_told_anew_after_an_hour_and_no_form_is_lost_by_that() {
    let lobby = lobby();
    lobby.contoso.account(&json!({
        "sub": "gina", "email": "gina@contoso.com", "name": "Gina Own", "groups": [GROUP],
        "claims": { "wids": [], "preferred_username": "gina@contoso.com" },
    }));
    let mut doors = lobby.open();
    let assigned = doors.admin(
        "POST",
        "roleManagement/directory/roleAssignments",
        &json!({ "principalId": GROUP, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/" }),
    );
    assert_eq!(assigned.status, 201, "{}", assigned.text());
    let tab = doors.administrator("ada");
    tab.goto(&doors.console("/console/default?tab=trust"));
    let ada = (Doors::session_cookie(&tab), token(&tab));
    let gina = Doors::session_cookie(&doors.administrator("gina"));
    drop(tab);
    for cookie in [&ada.0, &gina] {
        assert_eq!(ask(&doors, cookie, "text/html").status, 200);
    }
    an_hour_later(&mut doors);
    for cookie in [&ada.0, &gina] {
        let answer = ask(&doors, cookie, "text/html");
        assert_eq!(answer.status, 302, "{}", answer.text());
        let to = answer.header("location").unwrap_or_default();
        assert!(to.starts_with(doors.contoso.issuer()), "{to}");
        // Who cannot be sent there has no roles any more.
        let answer = ask(&doors, cookie, "*/*");
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert!(answer.text().contains("You have no role here"));
    }
    // As long as a form may be, less what its fields are called.
    let long = "x".repeat(250 << 10);
    let body = format!("{}&note={long}", trusting(&ada.1));
    let answer = request(&doors, &ada.0, "text/html")
        .method("POST")
        .header("Content-Type", FORM)
        .header("Origin", &doors.console(""))
        .body(body)
        .send();
    assert!(
        answer.text().contains(doors.contoso.issuer()),
        "{}",
        answer.text()
    );
}

#[test]
fn a_form_that_is_filled_in_after_an_hour_says_that_it_takes_a_sign_in_and_nothing_of_before() {
    let mut doors = lobby().open();
    {
        let tab = doors.administrator("ada");
        tab.goto(&doors.console("/console/default?tab=trust"));
        tab.click("[name='inboundTrust.isMfaAccepted']");
        tab.wait_for(".live .good");
    }
    an_hour_later(&mut doors);
    let tabs = doors.browser.tabs("console ada");
    let tab = tabs.first().unwrap();
    tab.click("[name='inboundTrust.isMfaAccepted']");
    tab.wait_for(".live .quiet");
    let live = tab.evaluate("document.querySelector('.live').textContent");
    let live = live.as_str().unwrap().to_owned();
    assert!(live.contains("asked to sign in again"), "{live}");
    assert!(!live.contains("No conflicts"), "{live}");
}

#[test]
fn the_form_of_one_administrator_is_not_offered_to_another_one_with_the_same_browser() {
    let lobby = with_bea(lobby())
        .configure(|setup| setup.section("admin", "protected_actions_context = \"c1\""));
    let doors = lobby.open();
    let tab = doors.administrator("ada");
    send_policy(&tab, &doors, "Made by one of them");
    doors.contoso.sign_in(&tab, "bea", Some("123456"));
    let page = tab.page();
    assert!(page.place.url.contains("/.crossgate/resume/"), "{page:?}");
    let text = &page.text;
    assert!(!page.html.contains("Made by one of them"), "{text}");
    tab.goto(&doors.console("/console"));
    assert!(tab.page().text.contains("Bea Own"), "{}", tab.page().text);
    let made = doors.admin("GET", POLICIES, &json!({})).json();
    assert_eq!(made["value"], json!([]), "{made:#}");
}

#[test]
fn whoever_is_signed_in_can_go_and_be_signed_out_where_there_is_no_room_for_events() {
    let lobby = with_bea(lobby());
    // A pipe that is not read takes little, and then its writer waits.
    let pipe = lobby.directory().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let reader = OpenOptions::new().read(true).write(true).open(&pipe);
    let reader = reader.unwrap();
    let events = format!(
        "mode = \"every-request\"\nqueue = 16\nstore = \"off\"\nsinks = [\"file:{}\"]",
        pipe.display()
    );
    let doors = lobby
        .configure(|setup| setup.section("sign_ins", &events))
        .open();
    doors.contoso.client(&json!({
        "client_id": "crossgate",
        "client_secret": "a-secret-of-this-test",
        "redirect_uris": [doors.console("/.crossgate/callback/contoso")],
        "post_logout_redirect_uris": [doors.console("/.crossgate/signed-out")],
        "backchannel_logout_uri": doors.console("/.crossgate/back-channel-logout/contoso"),
    }));
    let (ada, bea) = (doors.administrator("ada"), doors.administrator("bea"));
    let full = (0..2000).find(|_| doors.curl("/").send().status == 503);
    assert!(full.is_some(), "there is room for everything");
    for tab in [&ada, &bea] {
        assert_eq!(tab.goto(&doors.console("/console/health")).status, 200);
    }
    ada.click(".who a");
    ada.click("button[type=submit]");
    let told = doors.contoso.sign_out("bea");
    let told: Vec<&Value> = told.iter().map(|told| &told["error"]).collect();
    assert_eq!(told, [&Value::Null]);
    for tab in [&ada, &bea] {
        let answer = doors.curl_console(tab, "/console/health").send();
        assert_eq!(answer.status, 401, "{}", answer.text());
    }
    // Nobody comes in without an event.
    let callback = "/.crossgate/callback/contoso?state=x&code=x";
    assert_eq!(doors.curl_console(&ada, callback).send().status, 503);
    drop(reader);
}

#[test]
fn a_page_that_cannot_lead_to_its_provider_leaves_an_event() {
    let (contoso, fabrikam) = (People::start(), People::start());
    let keys = ureq::get(format!("{}/jwks", contoso.issuer())).call();
    let keys = keys.unwrap().body_mut().read_to_string().unwrap();
    let lobby = Lobby::of(contoso, fabrikam, |people, tenant| {
        let (issuer, keys) = if tenant == OWN_TENANT {
            ("http://127.0.0.1:9/", "jwks = \"file:keys.json\"")
        } else {
            (people.issuer(), "")
        };
        format!("kind = \"oidc\"\nissuer = \"{issuer}\"\ntenant = \"{tenant}\"\n{keys}")
    });
    lobby.write("keys.json", &keys);
    let origin = lobby.console();
    let doors = lobby
        .with_store()
        .configure(|setup| setup.section("admin", &format!("console = \"{origin}\"")))
        .open();
    let tab = doors.browser.open("ada");
    let place = tab.goto(&doors.console("/console"));
    assert_eq!(place.status, 502, "{}", tab.page().text);
    let event = doors.event("provider_unreachable");
    assert_eq!(event["crossgate"]["outcome"], "not-ready", "{event}");
    assert_eq!(event["resourceId"], ADMIN_APP, "{event}");
    assert_eq!(event["crossgate"]["provider"], "contoso", "{event}");
}
