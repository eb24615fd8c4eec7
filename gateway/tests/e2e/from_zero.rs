//! A guest's whole way with the tools that people have: Microsoft's SDK on one side, a mailbox and a browser on the other.

use std::process::Command;

use crate::site::admin::SECRET;
use crate::site::outsiders::Outsiders;
use crate::site::people::{Doors, Lobby};
use crossgate_testkit::browser::Tab;
use crossgate_testkit::curl::Curl;
use crossgate_testkit::people::People;
use serde_json::{Value, json};

/// What Microsoft's SDK for JavaScript answers to one call.
#[track_caller]
fn sdk(doors: &Doors, method: &str, path: &str, body: &Value) -> Value {
    timed(doors, method, path, body)["answer"].take()
}

/// The same with the time of the answer, in milliseconds.
#[track_caller]
fn timed(doors: &Doors, method: &str, path: &str, body: &Value) -> Value {
    let called = Command::new("node")
        .arg("graph-call.mjs")
        .args([method, path])
        .args((!body.is_null()).then(|| body.to_string()))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/node"))
        .env(
            "GRAPH_BASE",
            format!("https://localhost:{}/v1.0", doors.gateway.admin().port()),
        )
        .env("GRAPH_TOKEN", SECRET)
        .env(
            "NODE_EXTRA_CA_CERTS",
            doors.gateway.directory().join("tls-cert.pem"),
        )
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&called.stderr);
    assert!(called.status.success(), "{complaint}");
    serde_json::from_slice(&called.stdout).unwrap()
}

fn invitation(doors: &Doors, address: &str) -> Value {
    json!({
        "invitedUserEmailAddress": address, "inviteRedirectUrl": doors.app("/welcome"), "sendInvitationMessage": true,
        "invitedUserMessageInfo": { "customizedMessageBody": "See you on Monday." },
    })
}

/// The link in the newest of so many mails.
fn mailed_link(outsiders: &Outsiders, address: &str, count: usize) -> String {
    let mail = outsiders.mail.newest(address, count);
    let text = mail["text"].as_str().unwrap();
    assert!(text.contains("> See you on Monday."), "{text}");
    let mut words = text.split_whitespace();
    words
        .find(|word| word.starts_with("https://"))
        .unwrap()
        .to_owned()
}

/// Does what the provider that a tab is at asks.
fn sign_in(outsiders: &Outsiders, doors: &Doors, tab: &Tab<'_>, who: &str, mails: usize) {
    match who {
        "sam@acme.example" => drop(outsiders.saml.sign_in(tab, who)),
        "tess@tailspin.example" => drop(outsiders.wsfed.sign_in(tab, who)),
        "gwen@gmail.com" => drop(outsiders.google.sign_in(tab, who, None)),
        "frida@fabrikam.com" => drop(doors.fabrikam.sign_in(tab, who, None)),
        mailbox => {
            tab.click("button[type=submit]");
            tab.fill("[name=passcode]", &outsiders.code(mailbox, mails));
            tab.click("button[type=submit]");
        }
    }
}

/// Opens a WebSocket to the app in a tab, which notes how it ends.
fn open_socket(doors: &Doors, tab: &Tab<'_>) {
    let address = doors.app("/socket").replace("https://", "wss://");
    let opened = tab.evaluate(&format!(
        "new Promise((done) => {{ window.ended = 0; const socket = new WebSocket('{address}'); \
         socket.onopen = () => done('open'); socket.onclose = ({{ code }}) => {{ window.ended = code; window.at = Date.now(); done('shut'); }}; }})"
    ));
    assert_eq!(opened, json!("open"));
}

#[test]
fn a_guest_invited_by_microsofts_sdk_comes_by_each_kind_of_provider_moves_to_another_account_and_is_gone_at_once()
 {
    let outsiders = Outsiders::start();
    let doors = outsiders.before_nobody(Lobby::new()).with_store().open();
    // Somebody of our own is there too: whoever takes the only one away is asked whether that is meant.
    let ada = doors.browser.open("ada");
    ada.goto(&doors.app("/a"));
    doors.sign_in(&ada, "contoso", "ada");
    assert_eq!(ada.page().place.status, 200, "{}", ada.page().text);
    let all = [
        "frida@fabrikam.com",
        "tess@tailspin.example",
        "sam@acme.example",
        "gwen@gmail.com",
        "mia@contractor.example",
    ];
    for address in all {
        let made = sdk(&doors, "POST", "/invitations", &invitation(&doors, address));
        assert_eq!(made["status"], "PendingAcceptance", "{made}");
        let id = made["invitedUser"]["id"].as_str().unwrap().to_owned();
        let path = format!("/users/{id}");
        let tab = doors.browser.open(address);
        tab.goto(&mailed_link(&outsiders, address, 1));
        sign_in(&outsiders, &doors, &tab, address, 2);
        doors.accept(&tab);
        assert_eq!(tab.page().place.url, doors.app("/welcome"), "{address}");
        assert_eq!(
            sdk(&doors, "GET", &path, &Value::Null)["externalUserState"],
            "Accepted"
        );
        open_socket(&doors, &tab);
        // Another account takes over, and what the first has open ends.
        let takes_over = format!(
            "heir-of-{}@contractor.example",
            address.split('@').next().unwrap()
        );
        let mut reset = invitation(&doors, &takes_over);
        reset["resetRedemption"] = json!(true);
        reset["invitedUser"] = json!({ "id": id });
        let again = sdk(&doors, "POST", "/invitations", &reset);
        assert_eq!(again["invitedUser"]["id"], id.as_str(), "{again}");
        ended(&doors, &tab);
        let heir = doors.browser.open(&takes_over);
        heir.goto(&mailed_link(&outsiders, &takes_over, 1));
        sign_in(&outsiders, &doors, &heir, &takes_over, 2);
        doors.accept(&heir);
        assert_eq!(doors.user(&heir), json!([id]), "the same object");
        open_socket(&doors, &heir);
        let deleted = timed(&doors, "DELETE", &path, &Value::Null);
        let closed = ended(&doors, &heir);
        let late = closed - deleted["at"].as_i64().unwrap();
        println!("{address}: closed {late} ms after the call was answered");
    }
}

/// The socket of a tab is closed for policy, and its next request is refused. Answers when it was closed, in milliseconds.
#[track_caller]
fn ended(doors: &Doors, tab: &Tab<'_>) -> i64 {
    let code = tab.evaluate(
        "new Promise((done) => { const end = Date.now() + 10000; const look = () => window.ended || Date.now() > end \
         ? done(window.ended) : setTimeout(look, 5); look(); })",
    );
    assert_eq!(code, json!(1008));
    let at = tab.evaluate("window.at");
    assert_ne!(
        tab.goto(&doors.app("/a")).status,
        200,
        "{}",
        tab.page().text
    );
    at.as_i64().unwrap()
}

#[test]
fn every_order_of_redemption_leads_every_invited_address_where_it_says() {
    const PRIMARY: [&str; 3] = [
        "azureActiveDirectory",
        "externalFederation",
        "socialIdentityProviders",
    ];
    let outsiders = Outsiders::start();
    let consumers = People::start();
    consumers.client(&json!({
        "client_id": "crossgate", "client_secret": "a-secret-of-this-test", "redirect_uris": ["https://payroll.contoso.example/x"],
    }));
    let entries = format!(
        "[[issuer]]\nname = \"consumers\"\nkind = \"oidc\"\nissuer = \"{}\"\ntenant = \"{}\"\n\
         [[provider]]\nname = \"consumers\"\nissuer = \"consumers\"\nclient_id = \"crossgate\"\nclient_secret = \"a-secret-of-this-test\"\n",
        consumers.issuer(),
        crate::site::MICROSOFT_ACCOUNTS
    );
    // All three kinds know Fabrikam's addresses.
    let doors = outsiders
        .before_nobody(Lobby::new())
        .configure(|setup| {
            setup
                .replacing(
                    "domains = [\"acme.example\"]",
                    "domains = [\"acme.example\", \"fabrikam.com\"]",
                )
                .replacing(
                    "issuer = \"google\"\nclient_id",
                    "issuer = \"google\"\ndomains = [\"gmail.com\", \"fabrikam.com\"]\nclient_id",
                )
                .entries(&entries)
        })
        .with_store()
        .open();
    let at = |place: &str| -> &str {
        [
            (doors.fabrikam.issuer(), "azureActiveDirectory"),
            (outsiders.saml.sso(), "externalFederation"),
            (outsiders.google.issuer(), "socialIdentityProviders"),
            (consumers.issuer(), "microsoftAccount"),
        ]
        .into_iter()
        .find(|(origin, _)| place.starts_with(origin))
        .map_or("somewhere else", |(_, kind)| kind)
    };
    let leads = |link: &str| -> String {
        let url = url::Url::parse(link).unwrap();
        let target = format!("{}?{}", url.path(), url.query().unwrap());
        let authority = doors.gateway.directory().join("tls-cert.pem");
        let answer = Curl::get_tls(
            doors.gateway.proxy(),
            url.host_str().unwrap(),
            &target,
            &authority,
        )
        .header("Accept", "text/html")
        .send();
        match answer.header("location") {
            Some(place) => at(place).to_owned(),
            // Whoever is to have a code is asked on the page.
            None if answer.text().contains("type=\"submit\"") => "emailOneTimePasscode".to_owned(),
            None => panic!("{} {}", answer.status, answer.text()),
        }
    };
    let invited: Vec<(&str, &[&str], String)> = [
        ("anna@fabrikam.com", &PRIMARY[..]),
        ("sam@acme.example", &PRIMARY[1..2]),
        ("gwen@gmail.com", &PRIMARY[2..]),
        ("mia@contractor.example", &[]),
    ]
    .map(|(address, kinds)| {
        let made = doors.invite(address, &json!({}));
        (
            address,
            kinds,
            made["inviteRedeemUrl"].as_str().unwrap().to_owned(),
        )
    })
    .into();
    let mut looked = 0;
    for order in orders(&PRIMARY) {
        for fallback in [
            "defaultConfiguredIdp",
            "emailOneTimePasscode",
            "microsoftAccount",
        ] {
            let changed = doors.admin(
                "PATCH",
                "policies/crossTenantAccessPolicy/default",
                &json!({ "invitationRedemptionIdentityProviderConfiguration": {
                    "primaryIdentityProviderPrecedenceOrder": order, "fallbackIdentityProvider": fallback,
                }}),
            );
            assert_eq!(changed.status, 204, "{}", changed.text());
            for (address, kinds, link) in &invited {
                let primary = order.iter().find(|kind| kinds.contains(kind));
                let expected = primary.copied().unwrap_or(match fallback {
                    "microsoftAccount" => "microsoftAccount",
                    _ => "emailOneTimePasscode",
                });
                assert_eq!(
                    leads(link),
                    expected,
                    "{address}, {order:?}, then {fallback}"
                );
                looked += 1;
            }
        }
    }
    assert_eq!(looked, 16 * 3 * 4);
}

/// Every choice of some of these, in every order.
fn orders<'k>(kinds: &[&'k str]) -> Vec<Vec<&'k str>> {
    let mut all = vec![Vec::new()];
    for first in kinds {
        let others: Vec<&str> = kinds.iter().copied().filter(|kind| kind != first).collect();
        all.extend(
            orders(&others)
                .into_iter()
                .map(|rest| [vec![*first], rest].concat()),
        );
    }
    all
}
