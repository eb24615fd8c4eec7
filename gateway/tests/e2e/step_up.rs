//! A policy wants more than a sign-in: who is asked for it, in what words, and that nothing is lost on the way.

use crate::site::outsiders::Outsiders;
use crate::site::people::{Doors, Lobby, MULTI_FACTOR, asked, of};
use crate::site::{FABRIKAM, nobody};
use aws_lc_rs::digest::{SHA256, digest};
use crossgate_testkit::browser::Tab;
use crossgate_testkit::upstream::header_values;
use serde_json::{Value, json};

/// What the browser makes of the form's two fields.
const SENT: &str = "amount=5+%26+6&amount=%3C7%3E";

/// A policy that lets people in by these controls only.
fn demanding(controls: Value) -> Value {
    let mut all = json!({ "operator": "OR", "builtInControls": [] });
    let members = controls.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(members);
    json!({
        "displayName": "More", "state": "enabled",
        "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
        "grantControls": all,
    })
}

fn mfa() -> Value {
    demanding(json!({ "builtInControls": ["mfa"] }))
}

fn demand(doors: &Doors, policy: &Value) {
    doors.change(|gateway| {
        gateway.write_policy("conditional-access/more.json", &policy.to_string());
    });
}

/// Sends a form from the page that a tab is at.
fn post(tab: &Tab<'_>, action: &str, encoding: &str) {
    tab.evaluate(&format!(
        "(() => {{ const f = document.createElement('form'); f.method = 'post'; f.action = '{action}'; f.enctype = '{encoding}'; \
         for (const [n, v] of [['amount', '5 & 6'], ['amount', '<7>']]) {{ const i = document.createElement('input'); \
         i.name = n; i.value = v; f.append(i); }} document.body.append(f); f.submit(); }})()",
    ));
    tab.rest();
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Sends the form that was kept, and sees that the app gets it as it was.
#[track_caller]
fn sends_what_was_kept(doors: &Doors, tab: &Tab<'_>) {
    let page = tab.page();
    assert!(page.text.contains("/pay?to=bob"), "{}", page.text);
    tab.click("button[type=submit]");
    let told = doors.told(tab);
    assert_eq!(
        (&told["method"], &told["target"]),
        (&json!("POST"), &json!("/pay?to=bob"))
    );
    let expected = digest(&SHA256, SENT.as_bytes());
    let expected: String = expected
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(told["body"]["sha256"], json!(expected), "{told}");
    assert_eq!(header_values(&told, "content-type"), [FORM], "{told}");
}

#[test]
fn a_form_that_meets_a_step_up_reaches_the_app_as_it_was_filled_in() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    demand(&doors, &mfa());
    post(&tab, "/pay?to=bob", FORM);
    doors.contoso.sign_in(&tab, "ada", Some("123456"));
    sends_what_was_kept(&doors, &tab);
}

#[test]
fn a_form_that_meets_terms_of_use_reaches_the_app_as_it_was_filled_in() {
    let terms = "[[terms]]\nid = \"tou-1\"\nname = \"House rules\"\nversion = \"1\"\nfile = \"rules.txt\"\n";
    let lobby = Lobby::new().configure(|setup| setup.entries(terms));
    lobby.write("rules.txt", "Be kind.\n");
    let doors = lobby.open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    demand(&doors, &demanding(json!({ "termsOfUse": ["tou-1"] })));
    post(&tab, "/pay?to=bob", FORM);
    assert!(
        tab.page().text.contains("House rules"),
        "{}",
        tab.page().text
    );
    tab.click("button[type=submit]");
    sends_what_was_kept(&doors, &tab);
}

#[test]
fn a_form_whose_demand_the_provider_did_not_meet_is_kept_for_the_next_try() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    // Phishing-resistant, which this provider has nothing for.
    let strength = "00000000-0000-0000-0000-000000000004";
    demand(
        &doors,
        &demanding(json!({ "authenticationStrength": { "id": strength } })),
    );
    tab.goto(&doors.app("/"));
    doors.contoso.sign_in(&tab, "ada", Some("123456"));
    let page = tab.page();
    assert!(page.text.contains("AADSTS50076"), "{}", page.text);
    post(&tab, "/pay?to=bob", FORM);
    let page = tab.page();
    assert!(page.text.contains("AADSTS50076"), "{}", page.text);
    // Meanwhile it is asked for no more.
    demand(&doors, &mfa());
    tab.click("a[href*='provider=contoso']");
    sends_what_was_kept(&doors, &tab);
}

#[test]
fn who_uploads_or_has_not_accepted_an_invitation_is_told_that_the_form_was_not_sent() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before_nobody(Lobby::new()).with_store().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    post(&tab, "/pay?to=bob", "multipart/form-data");
    let page = tab.page();
    assert!(
        page.text.contains("Your form was not sent"),
        "{}",
        page.text
    );
    assert!(page.text.contains("/pay?to=bob"), "{}", page.text);

    doors.invite("mia@contractor.example", &json!({}));
    let tab = doors.browser.open("mia");
    doors.tell_address(&tab, "/", "mia@contractor.example");
    tab.fill(
        "[name=passcode]",
        &outsiders.code("mia@contractor.example", 1),
    );
    tab.click("button[type=submit]");
    assert!(
        tab.page().text.contains("invites you to"),
        "{}",
        tab.page().text
    );
    tab.goto(&doors.app("/.crossgate/me"));
    post(&tab, "/pay?to=bob", FORM);
    let page = tab.page();
    assert!(
        page.text.contains("Your form was not sent"),
        "{}",
        page.text
    );
}

#[test]
fn a_partners_mfa_is_asked_for_at_home_where_it_is_trusted_and_else_here() {
    let open = |trusted: bool| {
        json!({
            "id": crate::site::POLICY_ID, "b2bDirectConnectInbound": nobody(), "b2bCollaborationInbound": crate::site::everyone(),
            "inboundTrust": { "isMfaAccepted": trusted, "isCompliantDeviceAccepted": false, "isHybridAzureADJoinedDeviceAccepted": false },
        })
    };
    let record = json!({
        "id": "aaaaaaaa-1111-4111-8111-00000000000f", "mail": "frida@fabrikam.com", "userType": "Guest",
        "externalUserState": "Accepted", "accountEnabled": true,
        "crossgate": { "homeTenantId": FABRIKAM, "homeUserId": "frida", "consentGiven": true },
    });
    for trusted in [true, false] {
        let lobby = Lobby::new()
            .policy("default.json", &open(trusted))
            .configure(|setup| setup.section("guests", "directory = \"required\""));
        lobby.write("policy/guests.jsonl", &format!("{record}\n"));
        let doors = lobby.open();
        let tab = doors.browser.open("frida");
        tab.goto(&doors.app("/"));
        doors.sign_in(&tab, "fabrikam", "frida");
        doors.told(&tab);
        demand(&doors, &mfa());
        let place = tab.goto(&doors.app("/pay"));
        let asked_of = if trusted {
            &doors.fabrikam
        } else {
            &doors.contoso
        };
        assert!(
            place.url.starts_with(asked_of.issuer()),
            "{trusted}: {place:?} {}",
            tab.page().text
        );
        let asked = asked(&tab, asked_of.issuer());
        assert_eq!(of(&asked, "acr_values"), MULTI_FACTOR, "{asked:?}");
        if trusted {
            asked_of.sign_in(&tab, "frida", Some("123456"));
            assert_eq!(tab.page().place.url, doors.app("/pay"));
            doors.told(&tab);
        }
    }
}

#[test]
fn an_authentication_context_and_a_strength_are_asked_for_by_name_and_count_when_they_are_given() {
    let doors = Lobby::new().app("auth_contexts = [\"c1\"]").open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/pay?month=11"));
    doors.sign_in(&tab, "contoso", "ada");
    let asked_for = asked(&tab, doors.contoso.issuer());
    let claims: Value = serde_json::from_str(of(&asked_for, "claims")).unwrap();
    assert_eq!(
        claims["id_token"]["acrs"],
        json!({ "essential": true, "value": "c1" }),
        "{asked_for:?}"
    );
    doors.contoso.sign_in(&tab, "ada", Some("123456"));
    assert_eq!(
        tab.page().place.url,
        doors.app("/pay?month=11"),
        "{}",
        tab.page().text
    );
    doors.told(&tab);

    // The other app asks for no context; a policy asks for Entra's strength `Multifactor authentication`.
    let strength = "00000000-0000-0000-0000-000000000002";
    demand(
        &doors,
        &demanding(json!({ "authenticationStrength": { "id": strength } })),
    );
    let tab = doors.browser.open("ada at home");
    tab.goto(&doors.other("/trip"));
    doors.sign_in(&tab, "contoso", "ada");
    let asked_for = asked(&tab, doors.contoso.issuer());
    assert_eq!(of(&asked_for, "acr_values"), MULTI_FACTOR, "{asked_for:?}");
    doors.contoso.sign_in(&tab, "ada", Some("123456"));
    assert_eq!(
        tab.page().place.url,
        doors.other("/trip"),
        "{}",
        tab.page().text
    );
    doors.told(&tab);
}

#[test]
fn who_was_revoked_has_to_show_themselves_again_although_the_provider_knows_them() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    doors.change(|gateway| {
        let now = jiff::Timestamp::now();
        let revoked = json!({ "kind": "user", "id": "ada", "notBefore": now.to_string() });
        gateway.write_policy("revocations.jsonl", &revoked.to_string());
    });
    let place = tab.goto(&doors.app("/pay"));
    assert!(place.url.starts_with(doors.contoso.issuer()), "{place:?}");
    let asked = asked(&tab, doors.contoso.issuer());
    assert_eq!(
        (of(&asked, "prompt"), of(&asked, "max_age")),
        ("login", "0"),
        "{asked:?}"
    );
}
