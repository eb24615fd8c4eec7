//! People sign in with a browser at Entra, whose tenants share one host and are told apart by the path and the token alone.

use crate::site::entra::{ADA, Entra, FRED, FRIDA, FRIDAS_RECORD, MOS_RECORD, user};
use crate::site::people::{Doors, Lobby, MULTI_FACTOR, asked, of};
use crate::site::{FABRIKAM, MICROSOFT_ACCOUNTS, POLICY_ID, everyone, nobody, partner};
use crossgate_testkit::browser::Tab;
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::people::People;
use crossgate_testkit::upstream::header_values;
use serde_json::{Value, json};

/// Comes with a browser that was never here, tells an address, and signs in where that leads.
#[track_caller]
fn arrives<'d>(doors: &'d Doors, people: &People, address: &str) -> Tab<'d> {
    let tab = doors.browser.open(address);
    doors.tell_address(&tab, "/salaries?year=2026", address);
    is_at(&tab, people);
    people.sign_in(&tab, address, None);
    tab
}

#[track_caller]
fn is_at(tab: &Tab<'_>, people: &People) {
    let page = tab.page();
    assert!(
        page.place.url.starts_with(people.pages()),
        "{:?}, and not {}: {}",
        page.place,
        people.pages(),
        page.text
    );
}

/// The tab shows the page that was wanted, which the app was asked for in the name of this user of that tenant.
#[track_caller]
fn shows_the_page_to(doors: &Doors, tab: &Tab<'_>, home: &str, user: &str) -> Value {
    let page = tab.page();
    let wanted = doors.app("/salaries?year=2026");
    assert_eq!(page.place.url, wanted, "{}", page.text);
    let told = doors.told(tab);
    let who = ["x-crossgate-home-tenant", "x-ms-client-principal-id"]
        .map(|header| header_values(&told, header));
    assert_eq!(who, [[home], [user]], "{told}");
    told
}

#[track_caller]
fn is_refused(tab: &Tab<'_>, status: u16, code: &str) {
    let page = tab.page();
    assert_eq!(page.place.status, status, "{}", page.text);
    assert!(page.text.contains(code), "{}", page.text);
}

fn everybody_needs_mfa(lobby: Lobby) -> Lobby {
    let policy = json!({
        "displayName": "MFA", "state": "enabled",
        "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
    });
    lobby.policy("conditional-access/mfa.json", &policy)
}

/// What was asked for in words for MFA: those of the standard, and those that Entra reads.
#[track_caller]
fn was_asked_for_mfa(tab: &Tab<'_>, people: &People) {
    let asked = asked(tab, people.pages());
    let claims: Value = serde_json::from_str(of(&asked, "claims")).unwrap();
    let mfa = json!({ "id_token": { "amr": { "essential": true, "values": ["mfa"] } } });
    assert_eq!(claims, mfa, "{asked:?}");
    assert_eq!(of(&asked, "acr_values"), MULTI_FACTOR, "{asked:?}");
}

#[test]
fn each_address_leads_to_its_own_tenant_and_back_to_the_page_as_the_user_of_that_object_id() {
    let (entra, lobby) = Entra::before_a_lobby();
    let doors = lobby.open();
    for (address, people, home, user) in [
        ("ada@contoso.com", &doors.contoso, OWN_TENANT, ADA),
        ("fred@fabrikam.com", &doors.fabrikam, FABRIKAM, FRED),
        (
            "mo@outlook.com",
            &entra.consumers,
            MICROSOFT_ACCOUNTS,
            MOS_RECORD,
        ),
    ] {
        let tab = arrives(&doors, people, address);
        shows_the_page_to(&doors, &tab, home, user);
    }
}

#[test]
fn a_tenant_that_is_chosen_by_name_is_where_the_browser_goes_and_is_remembered() {
    let (_entra, lobby) = Entra::before_a_lobby();
    let doors = lobby.open();
    let tab = doors.browser.open("ada");
    doors.choose(&tab, "/salaries?year=2026", "contoso");
    doors.contoso.sign_in(&tab, "ada@contoso.com", None);
    let tab = doors.browser.open("fred");
    doors.choose(&tab, "/salaries?year=2026", "fabrikam");
    is_at(&tab, &doors.fabrikam);
    doors.fabrikam.sign_in(&tab, "fred@fabrikam.com", None);
    shows_the_page_to(&doors, &tab, FABRIKAM, FRED);
    // His session is over, and Entra's is not: he is back without a word.
    let cookie = json!({ "name": "__Host-crossgate", "value": null, "url": doors.app("/") });
    tab.set_cookie(&cookie);
    tab.goto(&doors.app("/salaries?year=2026"));
    shows_the_page_to(&doors, &tab, FABRIKAM, FRED);
}

#[test]
fn an_entry_for_every_tenant_leads_to_common_and_takes_the_tenant_that_the_token_names() {
    let (_entra, lobby) = Entra::before_a_lobby();
    let own = format!("kind = \"entra\"\ntenants = [\"{OWN_TENANT}\"]");
    let doors = lobby
        .configure(|setup| setup.replacing(&own, "kind = \"entra\""))
        .open();
    let tab = arrives(&doors, &doors.contoso, "ada@contoso.com");
    asked(
        &tab,
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?",
    );
    shows_the_page_to(&doors, &tab, OWN_TENANT, ADA);
    // The narrower entry is the one of its tenant.
    let other = arrives(&doors, &doors.fabrikam, "fred@fabrikam.com");
    shows_the_page_to(&doors, &other, FABRIKAM, FRED);
    tab.goto(&doors.app("/.crossgate/sign-out"));
    tab.click("button[type=submit]");
    assert!(doors.contoso.signed_in().is_empty());
}

#[test]
fn a_partners_people_come_as_guests_and_by_direct_connect_until_its_document_blocks_them() {
    let (_entra, lobby) = Entra::before_a_lobby();
    let doors = lobby.open();
    let guest = arrives(&doors, &doors.fabrikam, "frida@fabrikam.com");
    let told = shows_the_page_to(&doors, &guest, FABRIKAM, FRIDAS_RECORD);
    let access = header_values(&told, "x-crossgate-access-type");
    assert_eq!(access, ["b2bCollaboration"], "{told}");
    let direct = arrives(&doors, &doors.fabrikam, "fred@fabrikam.com");
    let told = shows_the_page_to(&doors, &direct, FABRIKAM, FRED);
    let access = header_values(&told, "x-crossgate-access-type");
    assert_eq!(access, ["b2bDirectConnect"], "{told}");

    let change = |members: Value| {
        let document = partner(FABRIKAM, members).to_string();
        doors.change(|gateway| gateway.write_policy("partners/fabrikam.json", &document));
    };
    let mut without_frida = everyone();
    without_frida["usersAndGroups"] =
        json!({ "accessType": "blocked", "targets": [{ "target": FRIDA, "targetType": "user" }] });
    change(json!({ "b2bCollaborationInbound": without_frida }));
    guest.goto(&doors.app("/"));
    is_refused(&guest, 403, "AADSTS500213");
    assert_eq!(direct.goto(&doors.app("/")).status, 200);
    change(json!({ "b2bDirectConnectInbound": nobody() }));
    direct.goto(&doors.app("/"));
    is_refused(&direct, 403, "AADSTS500213");
    assert_eq!(guest.goto(&doors.app("/")).status, 200);
}

#[test]
fn who_lacks_mfa_is_sent_for_it_to_the_own_tenant_and_who_has_done_it_is_not() {
    let (_entra, lobby) = Entra::before_a_lobby();
    let doors = everybody_needs_mfa(lobby).open();
    let tab = arrives(&doors, &doors.contoso, "ada@contoso.com");
    is_at(&tab, &doors.contoso);
    was_asked_for_mfa(&tab, &doors.contoso);
    doors
        .contoso
        .sign_in(&tab, "ada@contoso.com", Some("123456"));
    shows_the_page_to(&doors, &tab, OWN_TENANT, ADA);

    let mut by_phone = user(ADA, "ada@contoso.com", &json!({}));
    by_phone["amr"] = json!(["rsa", "mfa"]);
    doors.contoso.account(&by_phone);
    doors.browser.forget("ada@contoso.com");
    let tab = arrives(&doors, &doors.contoso, "ada@contoso.com");
    shows_the_page_to(&doors, &tab, OWN_TENANT, ADA);
}

#[test]
fn a_partners_mfa_counts_with_inbound_trust_and_else_what_the_own_tenant_asked_its_guest_for() {
    for trusted in [true, false] {
        let (_entra, lobby) = Entra::before_a_lobby();
        let own = "[[provider]]\nname = \"contoso\"";
        let told = "[issuer.claims]\nresource_mfa = { pointer = \"/amr\", contains = [\"mfa\"] }\n";
        let trust = json!({ "inboundTrust": {
            "isMfaAccepted": trusted, "isCompliantDeviceAccepted": false, "isHybridAzureADJoinedDeviceAccepted": false,
        } });
        let doors = everybody_needs_mfa(lobby)
            .policy("partners/fabrikam.json", &partner(FABRIKAM, trust))
            .configure(|setup| setup.replacing(own, &format!("{told}{own}")))
            .open();
        // The guest that she is to Contoso's service.
        let idp = json!({ "idp": format!("https://sts.windows.net/{FABRIKAM}/") });
        doors
            .contoso
            .account(&user(FRIDAS_RECORD, "frida@fabrikam.com", &idp));
        let mut frida = user(FRIDA, "frida@fabrikam.com", &json!({}));
        frida["amr"] = json!(["pwd", "mfa"]);
        doors.fabrikam.account(&frida);
        let tab = arrives(&doors, &doors.fabrikam, "frida@fabrikam.com");
        if !trusted {
            is_at(&tab, &doors.contoso);
            was_asked_for_mfa(&tab, &doors.contoso);
            doors
                .contoso
                .sign_in(&tab, "frida@fabrikam.com", Some("123456"));
        }
        shows_the_page_to(&doors, &tab, FABRIKAM, FRIDAS_RECORD);
    }
}

#[test]
fn signing_out_ends_the_session_here_and_at_the_tenant_that_it_began_with_and_no_other() {
    let (_entra, lobby) = Entra::before_a_lobby();
    let doors = lobby.open();
    let tab = arrives(&doors, &doors.contoso, "ada@contoso.com");
    let other = arrives(&doors, &doors.fabrikam, "fred@fabrikam.com");
    let cookie = Doors::session_cookie(&tab);
    let with_cookie = || doors.status_with(&format!("__Host-crossgate={cookie}"));
    assert_eq!(with_cookie(), 200);
    tab.goto(&doors.app("/.crossgate/sign-out"));
    let place = tab.click("button[type=submit]");
    let signed_out = doors.app("/.crossgate/signed-out");
    assert_eq!(place.url, signed_out, "{}", tab.page().text);
    let asked = asked(
        &tab,
        &format!("{}oauth2/v2.0/logout?", doors.contoso.pages()),
    );
    assert_eq!(of(&asked, "post_logout_redirect_uri"), signed_out);
    assert!(doors.contoso.signed_in().is_empty());
    assert_eq!(with_cookie(), 401);
    assert_eq!(doors.fabrikam.signed_in().len(), 1);
    assert_eq!(other.goto(&doors.app("/")).status, 200);
}

#[test]
fn who_signs_out_at_entra_is_signed_out_here_by_the_frame_that_it_opens() {
    let (_entra, lobby) = Entra::before_a_lobby();
    let doors = lobby.open();
    let tab = arrives(&doors, &doors.contoso, "ada@contoso.com");
    let other = arrives(&doors, &doors.fabrikam, "fred@fabrikam.com");
    let cookie = Doors::session_cookie(&tab);
    tab.goto(&format!("{}oauth2/v2.0/logout", doors.contoso.pages()));
    tab.click("button");
    assert_eq!(
        doors.status_with(&format!("__Host-crossgate={cookie}")),
        401
    );
    assert_eq!(other.goto(&doors.app("/")).status, 200);
}

#[test]
fn a_microsoft_account_is_let_in_with_a_record_only_and_while_the_redemption_order_takes_any() {
    let (entra, lobby) = Entra::before_a_lobby();
    let doors = lobby.open();
    let max = user(
        "00000000-0000-0000-66f3-3332eca7ea82",
        "max@hotmail.com",
        &json!({}),
    );
    entra.consumers.account(&max);
    let tab = arrives(&doors, &entra.consumers, "max@hotmail.com");
    is_refused(&tab, 403, "AADSTS50020");
    let known = arrives(&doors, &entra.consumers, "mo@outlook.com");
    shows_the_page_to(&doors, &known, MICROSOFT_ACCOUNTS, MOS_RECORD);

    let on_the_way = doors.browser.open("mo elsewhere");
    doors.tell_address(&on_the_way, "/", "mo@outlook.com");
    let order = json!({
        "id": POLICY_ID, "b2bDirectConnectInbound": everyone(),
        "invitationRedemptionIdentityProviderConfiguration": {
            "primaryIdentityProviderPrecedenceOrder": ["azureActiveDirectory"], "fallbackIdentityProvider": "emailOneTimePasscode",
        },
    });
    doors.change(|gateway| gateway.write_policy("default.json", &order.to_string()));
    entra.consumers.sign_in(&on_the_way, "mo@outlook.com", None);
    assert_eq!(on_the_way.page().place.status, 400);
    assert_eq!(on_the_way.cookie("__Host-crossgate"), None);
    assert_eq!(known.goto(&doors.app("/")).status, 401);
}

#[test]
fn an_answer_that_names_its_own_tenant_is_taken_and_one_that_names_another_is_not() {
    let (_entra, lobby) = Entra::before_a_lobby();
    let doors = lobby.open();
    let contoso = &doors.contoso;
    contoso.names_in_answers(OWN_TENANT, doors.fabrikam.issuer());
    let tab = doors.browser.open("ada@contoso.com");
    doors.tell_address(&tab, "/", "ada@contoso.com");
    doors.told_once("another", "answer_of_another_issuer", || {
        contoso.sign_in(&tab, "ada@contoso.com", None)
    });
    assert_eq!(tab.cookie("__Host-crossgate"), None);
    contoso.names_in_answers(OWN_TENANT, contoso.issuer());
    doors.browser.forget("ada@contoso.com");
    let tab = arrives(&doors, contoso, "ada@contoso.com");
    shows_the_page_to(&doors, &tab, OWN_TENANT, ADA);
}

#[test]
fn a_token_that_names_another_tenant_than_its_issuers_begins_no_session() {
    let (entra, lobby) = Entra::before_a_lobby();
    let doors = lobby.open();
    for (people, address, tenant) in [
        (&doors.contoso, "eve@contoso.com", FABRIKAM),
        (&doors.fabrikam, "eve@fabrikam.com", OWN_TENANT),
        (&entra.consumers, "eve@outlook.com", OWN_TENANT),
    ] {
        people.account(&user(ADA, address, &json!({ "tid": tenant })));
        let tab = doors.browser.open(address);
        doors.tell_address(&tab, "/", address);
        doors.told_once(address, "tid_contradicts_iss", || {
            people.sign_in(&tab, address, None)
        });
        assert_eq!(tab.cookie("__Host-crossgate"), None, "{address}");
        assert_eq!(tab.goto(&doors.app("/")).status, 401, "{address}");
    }
    // The same user says who they are.
    let tab = arrives(&doors, &doors.contoso, "ada@contoso.com");
    shows_the_page_to(&doors, &tab, OWN_TENANT, ADA);
}
