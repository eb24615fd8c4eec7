//! People of no tenant with tokens of its own sign in: by an assertion or a social account.

use std::time::Duration;

use crate::site::outsiders::{Outsiders, guest};
use crate::site::people::Lobby;
use crate::site::{MICROSOFT_ACCOUNTS, TAILSPIN};
use crossgate_testkit::browser::Tab;
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::people::People;
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::upstream::header_values;
use serde_json::json;

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
        crate::site::people::Doors::session_cookie(&tab)
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
        "id": crate::site::POLICY_ID, "b2bDirectConnectInbound": crate::site::everyone(),
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
            "id": crate::site::POLICY_ID, "b2bDirectConnectInbound": crate::site::everyone(),
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

/// Whoever ends a session means the person: they must not be back with a click.
#[test]
fn a_guest_who_was_revoked_does_not_come_back_by_a_provider_that_proves_no_sign_in_time() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let tab = doors.browser.open("finn");
    doors.choose(&tab, "/", "facebook");
    outsiders.facebook.sign_in(&tab, "1001");
    assert_eq!(doors.user(&tab), json!([guest(4)]));
    let cookie = doors.cookie(&tab);
    assert_eq!(doors.status_with(&cookie), 200);
    // By the record as signals of the own tenant's provider name it, by the account, and as the directory does.
    for revoked in [
        json!({ "kind": "user", "id": guest(4), "tenant": OWN_TENANT }),
        json!({ "kind": "user", "id": "1001" }),
        json!({ "kind": "user", "id": guest(4) }),
        json!({ "kind": "guest", "id": guest(4) }),
    ] {
        // Sign-ins are told by the second: from the next one on they are later than this.
        let at = jiff::Timestamp::now().as_second() + 1;
        let mut line = revoked.clone();
        line["notBefore"] = json!(jiff::Timestamp::from_second(at).unwrap().to_string());
        doors.change(|gateway| gateway.write_policy("revocations.jsonl", &line.to_string()));
        assert_eq!(doors.status_with(&cookie), 401, "{revoked}");
        wait_for("the next second", Duration::from_secs(5), || {
            (jiff::Timestamp::now().as_second() > at).then_some(())
        });
        let anew = doors.browser.open(&revoked.to_string());
        anew.goto(&doors.app("/.crossgate/sign-in?provider=facebook"));
        outsiders.facebook.sign_in(&anew, "1001");
        let place = anew.page().place;
        assert_eq!(place.status, 400, "{revoked}: {}", anew.page().text);
        assert_eq!(anew.goto(&doors.app("/")).status, 401, "{revoked}");
    }
    doors.event("sign_in_from_before");
    // Another's revocation is not theirs, nor one of the same id in another tenant.
    doors.change(|gateway| {
        let other = json!({ "kind": "user", "id": "1001", "tenant": TAILSPIN, "notBefore": "2030-01-01T00:00:00Z" });
        gateway.write_policy("revocations.jsonl", &other.to_string());
    });
    tab.goto(&doors.app("/.crossgate/sign-in?provider=facebook"));
    outsiders.facebook.sign_in(&tab, "1001");
    assert_eq!(tab.page().place.url, doors.app("/"), "{}", tab.page().text);
}

#[test]
fn a_social_provider_that_ends_its_session_ends_its_guests_and_no_others() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let google = &outsiders.google;
    let finn = doors.browser.open("finn");
    doors.choose(&finn, "/", "facebook");
    outsiders.facebook.sign_in(&finn, "1001");
    let finn = doors.cookie(&finn);
    // By a frame in the browser: that session alone.
    let (_, at_home) = doors.with_google(google, "gwen at home", "gwen@gmail.com");
    let (tab, at_work) = doors.with_google(google, "gwen at work", "gwen@gmail.com");
    tab.goto(&format!("{}/session/end", google.issuer()));
    tab.click("button");
    assert_eq!(doors.status_with(&at_work), 401);
    assert_eq!(doors.status_with(&at_home), 200);
    // By itself, with the session's id, and with the account alone.
    let (_, again) = doors.with_google(google, "gwen again", "gwen@gmail.com");
    let ends = |cookies: [&str; 2]| {
        let told = google.sign_out("g-1");
        assert!(
            !told.is_empty() && told.iter().all(|client| client["error"].is_null()),
            "{told:?}"
        );
        for cookie in cookies {
            assert_eq!(doors.status_with(cookie), 401);
        }
    };
    ends([&at_home, &again]);
    let origin = doors.app("");
    outsiders.register_at_google(&origin, false);
    let (_, one) = doors.with_google(google, "gwen once more", "gwen@gmail.com");
    let (_, other) = doors.with_google(google, "gwen elsewhere", "gwen@gmail.com");
    ends([&one, &other]);
    assert_eq!(doors.status_with(&finn), 200);
}

#[test]
fn a_guest_who_signs_out_does_so_at_the_provider_too_which_is_told_nothing_of_the_record() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let google = &outsiders.google;
    let (tab, cookie) = doors.with_google(google, "gwen", "gwen@gmail.com");
    tab.goto(&doors.app("/.crossgate/sign-out"));
    let place = tab.click("button[type=submit]");
    assert_eq!(doors.status_with(&cookie), 401);
    assert!(place.url.starts_with(google.issuer()), "{place:?}");
    assert!(!place.url.contains("id_token_hint"), "{place:?}");
    assert!(!place.url.contains(&guest(3)), "{place:?}");
    // Without a token of its own the provider asks the person.
    let place = tab.click("[name=logout]");
    assert_eq!(
        place.url,
        doors.app("/.crossgate/signed-out"),
        "{}",
        tab.page().text
    );
    assert!(google.signed_in().is_empty());
}

#[test]
fn a_session_ends_with_the_identity_that_its_record_had_however_that_was_taken_away() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let finn = doors.browser.open("finn");
    doors.choose(&finn, "/", "facebook");
    outsiders.facebook.sign_in(&finn, "1001");
    let finn = doors.cookie(&finn);
    let (_, gwen) = doors.with_google(&outsiders.google, "gwen", "gwen@gmail.com");
    let mia = doors.browser.open("mia");
    doors.tell_address(&mia, "/", "mia@contractor.example");
    mia.fill(
        "[name=passcode]",
        &outsiders.code("mia@contractor.example", 1),
    );
    mia.click("button[type=submit]");
    let mia = doors.cookie(&mia);
    let statuses = || [&finn, &gwen, &mia].map(|cookie| doors.status_with(cookie));
    assert_eq!(statuses(), [200, 200, 200]);
    // Their addresses are left. Facebook owns nobody's, Google its own, and a mailbox is one's own.
    doors.change(|gateway| {
        let record = |number, mail: &str| json!({ "id": guest(number), "mail": mail }).to_string();
        let records = [
            record(4, "finn@contractor.example"),
            record(3, "gwen@gmail.com"),
            record(1, "mia@contractor.example"),
        ];
        gateway.write_policy("guests.jsonl", &records.join("\n"));
        gateway.reload();
    });
    assert_eq!(statuses(), [401, 200, 200]);
    // Addresses lead elsewhere by the order of redemption alone.
    doors.change(|gateway| {
        let policy = json!({
            "id": crate::site::POLICY_ID, "b2bDirectConnectInbound": crate::site::everyone(),
            "invitationRedemptionIdentityProviderConfiguration": {
                "primaryIdentityProviderPrecedenceOrder": [], "fallbackIdentityProvider": "emailOneTimePasscode",
            },
        });
        gateway.write_policy("default.json", &policy.to_string());
        gateway.reload();
    });
    assert_eq!(statuses(), [401, 401, 200]);
}

#[test]
fn who_is_given_a_guests_record_accepts_the_terms_of_use_themselves() {
    let outsiders = Outsiders::start();
    let lobby = outsiders
        .before(Lobby::new())
        .policy("conditional-access/terms.json", &json!({
            "displayName": "Terms", "state": "enabled",
            "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
            "grantControls": { "operator": "OR", "builtInControls": [], "termsOfUse": ["tou-1"] },
        }))
        .configure(|setup| setup.entries(
            "[[terms]]\nid = \"tou-1\"\nname = \"House rules\"\nversion = \"1\"\nfile = \"rules.txt\"\n",
        ));
    lobby.write("rules.txt", "Be kind.\n");
    let doors = lobby.open();
    let asked = |tab: &Tab<'_>| tab.page().text.contains("House rules");
    let by_facebook = |browser: &str| {
        let tab = doors.browser.open(browser);
        doors.choose(&tab, "/", "facebook");
        outsiders.facebook.sign_in(&tab, "1001");
        tab
    };
    let tab = by_facebook("finn");
    assert!(asked(&tab), "{}", tab.page().text);
    let other = by_facebook("finn at home");
    assert!(asked(&other), "{}", other.page().text);
    tab.click("button[type=submit]");
    assert_eq!(doors.user(&tab), json!([guest(4)]));
    // What they accept counts for all their sessions, those that they begin later too.
    other.goto(&doors.app("/"));
    assert_eq!(doors.user(&other), json!([guest(4)]));
    assert_eq!(doors.user(&by_facebook("finn again")), json!([guest(4)]));
    doors.change(|gateway| {
        let record = json!({ "id": guest(4), "mail": "nora@contractor.example" });
        gateway.write_policy("guests.jsonl", &record.to_string());
        gateway.reload();
    });
    let nora = |browser: &str, mails: usize| {
        let tab = doors.browser.open(browser);
        doors.tell_address(&tab, "/", "nora@contractor.example");
        let code = outsiders.code("nora@contractor.example", mails);
        tab.fill("[name=passcode]", &code);
        tab.click("button[type=submit]");
        tab
    };
    let tab = nora("nora", 1);
    assert!(asked(&tab), "{}", tab.page().text);
    tab.click("button[type=submit]");
    assert_eq!(doors.user(&tab), json!([guest(4)]));
    assert_eq!(doors.user(&nora("nora at home", 2)), json!([guest(4)]));
}
