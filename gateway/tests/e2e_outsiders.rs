//! People of no tenant with tokens of its own sign in: by a code that is mailed, an assertion, or a social account.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod site;

use std::time::{Duration, Instant};

use crossgate_testkit::browser::Tab;
use crossgate_testkit::people::People;
use crossgate_testkit::upstream::header_values;
use serde_json::json;
use site::outsiders::{Outsiders, guest};
use site::people::Lobby;
use site::{MICROSOFT_ACCOUNTS, TAILSPIN};

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
        let mut text = page.text.replace(address, "ADDRESS");
        // Nor from those to the wish for more, nor from when there are no more.
        for _ in 0..3 {
            tab.click("[name=new-code]");
            text += &tab.page().text.replace(address, "ADDRESS");
        }
        assert!(text.contains("No more codes"), "{text}");
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
    let _mail = outsiders.mail.newest("mia@contractor.example", 3);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(outsiders.mail.all().len(), 3, "to whom it is known only");
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

/// Discovery, sign-in, the page, a step-up and the sign-out, each from a browser that was never here.
#[test]
fn every_kind_of_provider_leads_from_a_cold_browser_to_the_page_through_a_step_up_and_out() {
    let outsiders = Outsiders::start();
    let trust = json!({
        "id": site::POLICY_ID, "b2bDirectConnectInbound": site::everyone(),
        "inboundTrust": { "isMfaAccepted": true, "isCompliantDeviceAccepted": false, "isHybridAzureADJoinedDeviceAccepted": false },
    });
    let doors = outsiders
        .before(Lobby::new())
        .policy("default.json", &trust)
        .open();
    // The own tenant's service knows its guests, and says whose MFA was done with it.
    doors.change(|gateway| {
        gateway.rewrite_config(|text| {
            let own = "[[provider]]\nname = \"contoso\"";
            assert!(text.contains(own), "{text}");
            let told =
                "[issuer.claims]\nresource_mfa = { pointer = \"/amr\", contains = [\"mfa\"] }\n";
            text.replacen(own, &format!("{told}{own}"), 1)
        });
        gateway.reload();
    });
    for (number, login, idp) in [
        (1, "mia@contractor.example", "mail"),
        (2, "sam@acme.example", outsiders.saml.issuer()),
        (3, "gwen@gmail.com", "google.com"),
        (4, "finn@contractor.example", "facebook.com"),
    ] {
        doors.contoso.account(&json!({
            "sub": guest(number), "email": login, "name": "A guest", "claims": { "idp": idp },
        }));
    }
    let sign_in = |tab: &Tab<'_>, who: &str| {
        match who {
            "sam@acme.example" => outsiders.saml.sign_in(tab, who),
            "tess@tailspin.example" => outsiders.wsfed.sign_in(tab, who),
            "gwen@gmail.com" => outsiders.google.sign_in(tab, who, None),
            "finn@contractor.example" => outsiders.facebook.sign_in(tab, who),
            "frida@fabrikam.com" => doors.fabrikam.sign_in(tab, who, None),
            mailbox => {
                tab.fill("[name=passcode]", &outsiders.code(mailbox, 1));
                tab.click("button[type=submit]")
            }
        };
    };
    let people = [
        ("frida@fabrikam.com", "frida", None),
        ("sam@acme.example", &*guest(2), None),
        ("tess@tailspin.example", "tess", None),
        ("gwen@gmail.com", &*guest(3), None),
        ("finn@contractor.example", &*guest(4), Some("facebook")),
        ("mia@contractor.example", &*guest(1), None),
    ];
    let tabs = people.map(|(address, id, by_name)| {
        let tab = doors.browser.open(address);
        match by_name {
            Some(name) => doors.choose(&tab, "/first?a=b", name),
            None => doors.tell_address(&tab, "/first?a=b", address),
        }
        sign_in(&tab, address);
        assert_eq!(
            tab.page().place.url,
            doors.app("/first?a=b"),
            "{address}: {}",
            tab.page().text
        );
        assert_eq!(doors.user(&tab), json!([id]), "{address}");
        tab
    });
    doors.change(|gateway| {
        let mfa = json!({
            "displayName": "MFA", "state": "enabled",
            "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
            "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
        });
        gateway.write_policy("conditional-access/mfa.json", &mfa.to_string());
        gateway.reload();
    });
    // What Tailspin's provider says from now on of a sign-in that was asked to be with several factors.
    outsiders.wsfed.account(&json!({
        "sub": "tess", "email": "tess@tailspin.example", "attributes": {
            "http://schemas.microsoft.com/claims/authnmethodsreferences": "http://schemas.microsoft.com/claims/multipleauthn",
        },
    }));
    for ((address, id, _), tab) in people.iter().zip(&tabs) {
        let place = tab.goto(&doors.app("/second?a=b"));
        match *address {
            "frida@fabrikam.com" => doors.fabrikam.sign_in(tab, address, Some("123456")),
            // Its provider has a session of its own, and answers at once.
            "tess@tailspin.example" => tab.rest(),
            // Nothing that was done elsewhere counts of a guest without a tenant.
            guest => {
                assert!(
                    place.url.starts_with(doors.contoso.issuer()),
                    "{guest}: {place:?} {}",
                    tab.page().text
                );
                doors.contoso.sign_in(tab, guest, Some("123456"))
            }
        };
        assert_eq!(
            tab.page().place.url,
            doors.app("/second?a=b"),
            "{address}: {}",
            tab.page().text
        );
        assert_eq!(doors.user(tab), json!([id]), "{address}");
        tab.goto(&doors.app("/.crossgate/sign-out"));
        tab.click("button[type=submit]");
        assert_eq!(tab.goto(&doors.app("/first")).status, 401, "{address}");
    }
}

#[test]
fn microsoft_accounts_come_in_until_passcodes_alone_are_the_fallback_and_the_order_leads_addresses()
{
    let outsiders = Outsiders::start();
    let consumers = People::start();
    let lobby = outsiders.before(Lobby::new());
    consumers.account(&json!({ "sub": "m-1", "email": "mo@outlook.com", "name": "Mo Consumer" }));
    consumers.client(&json!({
        "client_id": "crossgate", "client_secret": "a-secret-of-this-test",
        "redirect_uris": [format!("{}/.crossgate/callback/consumers", lobby.origin())],
    }));
    let record = format!(
        r#"{{"id":"{}","mail":"mo@outlook.com","crossgate":{{"homeTenantId":"{MICROSOFT_ACCOUNTS}","homeUserId":"m-1"}}}}"#,
        guest(8)
    );
    lobby.write("policy/guests.jsonl", &record);
    let entries = format!(
        "[[issuer]]\nname = \"consumers\"\nkind = \"oidc\"\nissuer = \"{}\"\ntenant = \"{MICROSOFT_ACCOUNTS}\"\n\
         [[provider]]\nname = \"consumers\"\nlabel = \"Microsoft account\"\nissuer = \"consumers\"\n\
         client_id = \"crossgate\"\nclient_secret = \"a-secret-of-this-test\"\n",
        consumers.issuer()
    );
    let doors = lobby.configure(|setup| setup.entries(&entries)).open();
    let tab = doors.browser.open("mo");
    doors.tell_address(&tab, "/", "mo@outlook.com");
    consumers.sign_in(&tab, "mo@outlook.com", None);
    assert_eq!(tab.page().place.url, doors.app("/"), "{}", tab.page().text);
    assert_eq!(doors.user(&tab), json!([guest(8)]));
    let order = |primary: &[&str], fallback: &str| {
        let policy = json!({
            "id": site::POLICY_ID, "b2bDirectConnectInbound": site::everyone(),
            "invitationRedemptionIdentityProviderConfiguration": {
                "primaryIdentityProviderPrecedenceOrder": primary, "fallbackIdentityProvider": fallback,
            },
        });
        doors.change(|gateway| {
            gateway.write_policy("default.json", &policy.to_string());
            gateway.reload();
        });
    };
    order(&["socialIdentityProviders"], "emailOneTimePasscode");
    // The session that began with one counts no more, and none is offered.
    assert_eq!(tab.goto(&doors.app("/")).status, 401);
    assert!(
        !tab.page().text.contains("Microsoft account"),
        "{}",
        tab.page().text
    );
    let place = tab.goto(&doors.app("/.crossgate/sign-in?provider=consumers"));
    assert!(place.url.starts_with(&doors.app("/")), "{place:?}");
    let tab = doors.browser.open("sam");
    doors.tell_address(&tab, "/", "sam@acme.example");
    assert!(
        tab.page().html.contains("name=\"passcode\""),
        "federations are not in the order"
    );
    order(&["externalFederation"], "defaultConfiguredIdp");
    doors.tell_address(&tab, "/", "sam@acme.example");
    assert!(
        tab.page().place.url.starts_with(outsiders.saml.sso()),
        "{:?}",
        tab.page().place
    );
}
