//! Guests are invited by Graph's API, accept in a browser, and are gone when they are removed.

use crate::site::Stage;
use crate::site::command::run;
use crate::site::outsiders::Outsiders;
use crate::site::people::{Doors, Lobby};
use crossgate_testkit::browser::Tab;
use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};
use std::time::Duration;

fn open(outsiders: &Outsiders) -> Doors {
    outsiders.before_nobody(Lobby::new()).with_store().open()
}

fn link(invitation: &Value) -> String {
    invitation["inviteRedeemUrl"].as_str().unwrap().to_owned()
}

fn id(invitation: &Value) -> String {
    invitation["invitedUser"]["id"].as_str().unwrap().to_owned()
}

fn guest(doors: &Doors, id: &str) -> Value {
    let answer = doors.admin("GET", &format!("users/{id}"), &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Does what the provider that a tab is at asks.
fn sign_in(outsiders: &Outsiders, doors: &Doors, tab: &Tab<'_>, who: &str, codes: usize) {
    match who {
        "sam@acme.example" => outsiders.saml.sign_in(tab, who),
        "tess@tailspin.example" => outsiders.wsfed.sign_in(tab, who),
        "gwen@gmail.com" => outsiders.google.sign_in(tab, who, None),
        "finn@contractor.example" => outsiders.facebook.sign_in(tab, who),
        "frida@fabrikam.com" => doors.fabrikam.sign_in(tab, who, None),
        mailbox => {
            // Whoever opens a link has no code sent yet: the page asks for the address, which stands there.
            if tab.page().html.contains("name=\"email\"") {
                tab.click("button[type=submit]");
            }
            tab.fill("[name=passcode]", &outsiders.code(mailbox, codes));
            tab.click("button[type=submit]")
        }
    };
}

#[test]
fn whoever_is_invited_accepts_by_every_kind_of_provider_and_reaches_the_app() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    for (address, state) in [
        ("frida@fabrikam.com", "ExternalAzureAD"),
        ("tess@tailspin.example", "ExternalAzureAD"),
        ("sam@acme.example", outsiders.saml.issuer()),
        ("gwen@gmail.com", "google.com"),
        ("mia@contractor.example", "mail"),
    ] {
        let invitation = doors.invite(address, &json!({}));
        assert_eq!(invitation["status"], "PendingAcceptance", "{invitation}");
        let id = id(&invitation);
        assert_eq!(guest(&doors, &id)["externalUserState"], "PendingAcceptance");
        let tab = doors.browser.open(address);
        tab.goto(&link(&invitation));
        sign_in(&outsiders, &doors, &tab, address, 1);
        doors.accept(&tab);
        assert_eq!(
            tab.page().place.url,
            doors.app("/welcome"),
            "{address}: {}",
            tab.page().text
        );
        let told = doors.told(&tab);
        assert!(
            told.to_string().contains("x-crossgate"),
            "{address}: {told}"
        );
        let user = guest(&doors, &id);
        assert_eq!(user["externalUserState"], "Accepted", "{user}");
        assert_eq!(user["identities"][0]["issuer"], state, "{user}");
        assert_eq!(
            user["userPrincipalName"],
            format!("{}#EXT#@contoso.com", address.replace('@', "_"))
        );
        // The link is used up, and says so to everybody.
        let other = doors
            .browser
            .open(&format!("another with the link of {address}"));
        assert_eq!(
            other.goto(&link(&invitation)).status,
            404,
            "{}",
            other.page().text
        );
    }
}

#[test]
fn a_guest_is_found_by_name_and_by_address_in_any_letter_case_and_nobody_else_is() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let frida = id(&doors.invite("frida@fabrikam.com", &json!({})));
    doors.invite("fred_the_2nd@fabrikam.com", &json!({}));
    let get = |path: &str| doors.admin("GET", path, &json!({}));
    let named = |name: &str| format!("users/{name}%23EXT%23@contoso.com");
    for name in ["frida_fabrikam.com", "FRIDA_Fabrikam.com"] {
        assert_eq!(get(&named(name)).json()["id"], frida.as_str());
    }
    let fred = get(&named("fred_the_2nd_fabrikam.com")).json();
    assert_eq!(fred["mail"], "fred_the_2nd@fabrikam.com");
    for nobody in ["nobody_fabrikam.com", "frida", "frida_fabrikam.com.example"] {
        assert_eq!(get(&named(nobody)).status, 404, "{nobody}");
    }
    let path = named("frida_fabrikam.com");
    let renamed = doors.admin("PATCH", &path, &json!({ "displayName": "Frida F." }));
    assert_eq!(renamed.status, 204, "{}", renamed.text());
    assert_eq!(guest(&doors, &frida)["displayName"], "Frida F.");
    let mails = |filter: &str| {
        let found = get(&format!(
            "users?$select=mail&$filter={}",
            filter.replace(' ', "%20")
        ))
        .json();
        let found = found["value"].as_array().unwrap().clone();
        found
            .iter()
            .map(|user| user["mail"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        mails("mail eq 'Frida@Fabrikam.com'"),
        ["frida@fabrikam.com"]
    );
    assert_eq!(
        mails("mail eq 'frida@fabrikam.com' and displayName eq 'Fred'"),
        [""; 0]
    );
    assert_eq!(
        mails("mail eq 'frida@fabrikam.com' or mail eq 'x'"),
        ["frida@fabrikam.com"]
    );
    assert_eq!(mails("mail eq 'nobody@fabrikam.com'"), [""; 0]);
    assert_eq!(doors.admin("DELETE", &path, &json!({})).status, 204);
    assert_eq!(get(&path).status, 404);
    assert_eq!(mails("mail eq 'frida@fabrikam.com'"), [""; 0]);
}

#[test]
fn an_invitation_is_mailed_in_the_inviters_words_and_its_link_is_as_good_as_the_one_that_was_answered()
 {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let more = json!({
        "sendInvitationMessage": true,
        "invitedUserMessageInfo": {
            "messageLanguage": "sv-SE", "customizedMessageBody": "Hej!\n<b>Titta</b>",
            "ccRecipients": [{ "emailAddress": { "address": "boss@contoso.com" } }],
        },
    });
    doors.invite("mia@contractor.example", &more);
    let mail = outsiders.mail.newest("mia@contractor.example", 1);
    let text = mail["text"].as_str().unwrap();
    assert!(
        text.contains("> <b>Titta</b>") && text.contains("Godk\u{e4}nn inbjudan"),
        "{text}"
    );
    assert!(
        mail["html"].as_str().unwrap().contains("&lt;b&gt;Titta"),
        "{mail}"
    );
    assert!(mail.to_string().contains("boss@contoso.com"), "{mail}");
    let link = text
        .split_whitespace()
        .find(|word| word.starts_with("https://"))
        .unwrap();
    let tab = doors.browser.open("mia");
    tab.goto(link);
    sign_in(&outsiders, &doors, &tab, "mia@contractor.example", 2);
    doors.accept(&tab);
    assert_eq!(
        tab.page().place.url,
        doors.app("/welcome"),
        "{}",
        tab.page().text
    );
}

#[test]
fn nobody_accepts_for_another_by_a_forwarded_a_guessed_or_an_old_link() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let invitation = doors.invite("frida@fabrikam.com", &json!({}));
    let id = id(&invitation);
    let tab = doors.browser.open("fred");
    tab.goto(&link(&invitation));
    doors.fabrikam.sign_in(&tab, "fred@fabrikam.com", None);
    assert_eq!(tab.page().place.status, 403, "{}", tab.page().text);
    assert!(doors.event("invitation_of_another").is_object());
    assert_eq!(guest(&doors, &id)["externalUserState"], "PendingAcceptance");
    let stranger = doors.browser.open("stranger");
    let base = doors.app("/.crossgate/redeem");
    for link in [
        format!("{base}?user={id}&ticket=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        format!("{base}?user={id}&ticket="),
        format!("{base}?user=nobody&ticket=x"),
        link(&invitation).replace(&id, "aaaaaaaa-1111-4111-8111-000000000001"),
    ] {
        assert_eq!(stranger.goto(&link).status, 404, "{link}");
    }
    // Invited again, the newest links count, and the first one does no more after so many.
    for _ in 0..4 {
        doors.invite("frida@fabrikam.com", &json!({}));
    }
    assert_eq!(stranger.goto(&link(&invitation)).status, 404);
    // A form of another site accepts nothing.
    let invitation = doors.invite("frida@fabrikam.com", &json!({}));
    let tab = doors.browser.open("frida");
    tab.goto(&link(&invitation));
    doors.fabrikam.sign_in(&tab, "frida@fabrikam.com", None);
    let cookie = format!("__Host-crossgate={}", Doors::session_cookie(&tab));
    let path = link(&invitation)
        .split_once("/.crossgate")
        .map(|(_, rest)| format!("/.crossgate{rest}"))
        .unwrap();
    let answer = doors
        .curl(&path)
        .method("POST")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Sec-Fetch-Site", "cross-site")
        .header("Cookie", &cookie)
        .body("a=b")
        .send();
    assert_eq!(answer.status, 200, "the page that asks, once more");
    assert_eq!(guest(&doors, &id)["externalUserState"], "PendingAcceptance");
}

#[test]
fn a_guest_who_is_deleted_is_refused_at_once_and_can_be_brought_back() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let invitation = doors.invite("mia@contractor.example", &json!({}));
    let id = id(&invitation);
    let tab = doors.browser.open("mia");
    tab.goto(&link(&invitation));
    sign_in(&outsiders, &doors, &tab, "mia@contractor.example", 1);
    doors.accept(&tab);
    assert_eq!(tab.goto(&doors.app("/a")).status, 200);
    assert_eq!(
        doors
            .admin("DELETE", &format!("users/{id}"), &json!({}))
            .status,
        204
    );
    assert_eq!(tab.goto(&doors.app("/a")).status, 403);
    assert_eq!(
        doors
            .admin("GET", &format!("users/{id}"), &json!({}))
            .status,
        404
    );
    let list = |path: &str| doors.admin("GET", path, &json!({})).json()["value"].clone();
    assert_eq!(list("users"), json!([]));
    assert_eq!(
        list("directory/deletedItems/microsoft.graph.user")[0]["id"],
        id
    );
    let restored = doors.admin(
        "POST",
        &format!("directory/deletedItems/{id}/restore"),
        &json!({}),
    );
    assert_eq!(restored.status, 200, "{}", restored.text());
    assert_eq!(tab.goto(&doors.app("/a")).status, 200);
    assert_eq!(
        doors
            .admin(
                "PATCH",
                &format!("users/{id}"),
                &json!({ "accountEnabled": false })
            )
            .status,
        204
    );
    assert_eq!(tab.goto(&doors.app("/a")).status, 403);
    doors.admin("DELETE", &format!("users/{id}"), &json!({}));
    assert_eq!(
        doors
            .admin(
                "DELETE",
                &format!("directory/deletedItems/{id}"),
                &json!({})
            )
            .status,
        204
    );
    assert_eq!(
        list("directory/deletedItems/microsoft.graph.user"),
        json!([])
    );
    // For good: neither the session nor a link that was never used brings anybody in without a record.
    assert_eq!(tab.goto(&doors.app("/a")).status, 401);
    let unused = doors.invite("gwen@gmail.com", &json!({}));
    let gwen = self::id(&unused);
    doors.admin("DELETE", &format!("users/{gwen}"), &json!({}));
    let purged = doors.admin(
        "DELETE",
        &format!("directory/deletedItems/{gwen}"),
        &json!({}),
    );
    assert_eq!(purged.status, 204, "{}", purged.text());
    assert_eq!(tab.goto(&link(&unused)).status, 404);
}

#[test]
fn redemption_that_is_reset_gives_the_guest_another_identity_and_takes_the_old_one_away() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let invitation = doors.invite("mia@contractor.example", &json!({}));
    let id = id(&invitation);
    let mia = doors.browser.open("mia");
    mia.goto(&link(&invitation));
    sign_in(&outsiders, &doors, &mia, "mia@contractor.example", 1);
    doors.accept(&mia);
    let reset = doors.invite(
        "gwen@gmail.com",
        &json!({ "resetRedemption": true, "invitedUser": { "id": id } }),
    );
    assert_eq!(reset["invitedUser"]["id"], id);
    assert_ne!(
        mia.goto(&doors.app("/a")).status,
        200,
        "{}",
        mia.page().text
    );
    let gwen = doors.browser.open("gwen");
    gwen.goto(&link(&reset));
    sign_in(&outsiders, &doors, &gwen, "gwen@gmail.com", 0);
    doors.accept(&gwen);
    assert_eq!(doors.user(&gwen), json!([id]), "the same object");
    assert_ne!(mia.goto(&doors.app("/a")).status, 200);
}

#[test]
fn both_the_domain_list_and_the_cross_tenant_settings_must_admit_and_are_asked_again_at_the_acceptance()
 {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let invite = |address: &str| {
        let body =
            json!({ "invitedUserEmailAddress": address, "inviteRedirectUrl": doors.app("/") });
        doors.admin("POST", "invitations", &body)
    };
    let invitation = doors.invite("mia@contractor.example", &json!({}));
    let domains = |blocked: &Value| {
        let definition = json!({ "B2BManagementPolicy": { "InvitationsAllowedAndBlockedDomainsPolicy": {
            "AllowedDomains": [], "BlockedDomains": blocked } } });
        let body = json!({ "definition": [definition.to_string()] });
        let path = "/beta/legacy/policies/b2bManagementPolicy";
        let answer = doors.admin("PATCH", path, &body);
        assert_eq!(answer.status, 204, "{}", answer.text());
    };
    // Adatum's domain is blocked, and cross-tenant access is open: no invitation. Who was invited before does not get in either.
    domains(&json!(["adatum.com", "contractor.example"]));
    assert_eq!(invite("ann@adatum.com").status, 400);
    let tab = doors.browser.open("mia");
    tab.goto(&link(&invitation));
    sign_in(&outsiders, &doors, &tab, "mia@contractor.example", 1);
    doors.accept(&tab);
    assert_eq!(tab.page().place.status, 404, "{}", tab.page().text);
    assert!(doors.event("not_invitable").is_object());
    // Fabrikam is let in, a guest comes, then its domain is blocked: no new guests, those who are there go on.
    let frida = doors.invite("frida@fabrikam.com", &json!({}));
    let tab = doors.browser.open("frida");
    tab.goto(&link(&frida));
    sign_in(&outsiders, &doors, &tab, "frida@fabrikam.com", 0);
    doors.accept(&tab);
    domains(&json!(["fabrikam.com"]));
    assert_eq!(invite("fred@fabrikam.com").status, 400);
    assert_eq!(
        tab.goto(&doors.app("/a")).status,
        200,
        "{}",
        tab.page().text
    );
    // The cross-tenant settings say no, and no list does.
    domains(&json!([]));
    let closed = json!({ "tenantId": crate::site::FABRIKAM, "b2bCollaborationInbound": crate::site::nobody() });
    assert_eq!(
        doors
            .admin("POST", "policies/crossTenantAccessPolicy/partners", &closed)
            .status,
        201
    );
    assert_eq!(invite("fred@fabrikam.com").status, 400);
    assert_eq!(
        tab.goto(&doors.app("/a")).status,
        403,
        "those who are there are cut off"
    );
    for (address, why) in [
        ("ada@contoso.com", "own people"),
        ("nobody", "no address"),
        ("a<b>@x.example", "no address"),
    ] {
        assert_eq!(invite(address).status, 400, "{why}");
    }
}

#[test]
fn who_comes_by_the_app_itself_is_asked_to_accept_there() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let invitation = doors.invite("mia@contractor.example", &json!({}));
    let tab = doors.browser.open("mia");
    doors.tell_address(&tab, "/a", "mia@contractor.example");
    sign_in(&outsiders, &doors, &tab, "mia@contractor.example", 1);
    doors.accept(&tab);
    assert_eq!(
        guest(&doors, &id(&invitation))["externalUserState"],
        "Accepted"
    );
    assert_eq!(
        tab.goto(&doors.app("/a")).status,
        200,
        "{}",
        tab.page().text
    );
}

#[test]
fn who_may_invite_may_neither_give_a_guest_to_somebody_else_nor_make_a_member() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let invitation = doors.invite("mia@contractor.example", &json!({}));
    let id = id(&invitation);
    let invite = |more: &Value| {
        let mut body = json!({ "invitedUserEmailAddress": "gwen@gmail.com", "inviteRedirectUrl": doors.app("/") });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        doors.admin("POST", "invitations", &body).status
    };
    let user = json!({ "id": id });
    assert_eq!(
        invite(&json!({ "invitedUser": user })),
        400,
        "another address without a reset"
    );
    assert_eq!(
        invite(&json!({ "inviteRedirectUrl": "https://payroll.contoso.com@evil.example/" })),
        400
    );
    assert_eq!(
        invite(&json!({ "inviteRedirectUrl": "http://payroll.contoso.com/" })),
        400
    );
    // An address that was mistyped: whoever owns it cannot accept once it is put right.
    let patched = doors.admin(
        "PATCH",
        &format!("users/{id}"),
        &json!({ "mail": "gwen@gmail.com" }),
    );
    assert_eq!(patched.status, 204, "{}", patched.text());
    let tab = doors.browser.open("mia");
    assert_eq!(tab.goto(&link(&invitation)).status, 404);
    assert_eq!(guest(&doors, &id)["externalUserState"], "PendingAcceptance");
}

#[test]
fn a_mail_that_the_server_refuses_for_good_is_given_up_and_holds_nobody_up() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    outsiders.mail.fail(1);
    let sends = json!({ "sendInvitationMessage": true });
    let first = doors.invite("mia@contractor.example", &sends);
    doors.invite("gwen@gmail.com", &sends);
    let _second = outsiders.mail.newest("gwen@gmail.com", 1);
    assert!(outsiders.mail.mails("mia@contractor.example").is_empty());
    let given_up = wait_for("the record", Duration::from_secs(5), || {
        let audits = doors.admin("GET", "auditLogs/directoryAudits", &json!({}));
        let told = audits.text();
        told.contains("Given up").then_some(told)
    });
    assert!(given_up.contains("550"), "{given_up}");
    // The link that was answered is not used up by tries.
    let tab = doors.browser.open("mia");
    assert_eq!(tab.goto(&link(&first)).status, 401, "{}", tab.page().text);
}

#[test]
fn a_guest_inviter_invites_guests_and_does_no_more() {
    let site = Stage::new().with_store().with_sign_in().open();
    let ours = "aaaaaaaa-2222-4222-8222-000000000003";
    let place = site.gateway.directory();
    std::fs::create_dir(place.join("exported")).unwrap();
    let exported = internal(ours, "olga", "olga@contoso.com");
    std::fs::write(place.join("exported/guests.jsonl"), exported).unwrap();
    let imported = run(place, &["policy", "import", "exported"]);
    assert_eq!(imported.code, 0, "{}", imported.err);
    let inviter = site.administrator("95e79109-95c0-4d8e-aee3-d01accf2d47b");
    let body = |more: &Value| {
        let mut body = json!({ "invitedUserEmailAddress": "amy@adatum.example", "inviteRedirectUrl": "https://guests.contoso.com/" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let invite = |more: &Value| site.send(&inviter, "POST", "invitations", &body(more));
    let made = invite(&json!({}));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["invitedUser"]["id"].clone();
    assert_eq!(invite(&json!({ "invitedUserType": "Member" })).status, 403);
    let reset = json!({ "resetRedemption": true, "invitedUser": { "id": id }, "invitedUserEmailAddress": "me@evil.example" });
    assert_eq!(invite(&reset).status, 403);
    let path = format!("users/{}", id.as_str().unwrap());
    assert_eq!(
        site.send(
            &inviter,
            "PATCH",
            &path,
            &json!({ "mail": "me@evil.example" })
        )
        .status,
        403
    );
    assert_eq!(site.graph(&inviter, "DELETE", &path).send().status, 403);
    // Nor convert an account of ours, which nothing turns back.
    let turned = invite(&json!({ "invitedUser": { "id": ours } }));
    assert_eq!(turned.status, 403, "{}", turned.text());
    let helpdesk = site.administrator("729827e3-9c14-49f7-bb1b-9608f156bbb8");
    assert_eq!(
        site.send(&helpdesk, "POST", "invitations", &body(&reset))
            .status,
        201
    );
}

/// An account of Contoso's own, as its directory exports it.
fn internal(id: &str, name: &str, mail: &str) -> String {
    let user = json!({
        "id": id, "userPrincipalName": format!("{name}@contoso.com"), "mail": mail, "userType": "Member", "displayName": name,
        "identities": [{ "signInType": "userPrincipalName", "issuer": "contoso.com", "issuerAssignedId": format!("{name}@contoso.com") }],
    });
    format!("{user}\n")
}

#[test]
fn an_internal_user_who_accepts_an_invitation_is_an_external_one_with_the_same_id_and_name() {
    const MIA: &str = "aaaaaaaa-2222-4222-8222-000000000001";
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let sam = internal(
        "aaaaaaaa-2222-4222-8222-000000000002",
        "sam",
        "sam@acme.example",
    );
    let place = doors.gateway.directory();
    std::fs::create_dir(place.join("exported")).unwrap();
    let exported = internal(MIA, "mia", "mia@contoso.com") + &sam;
    std::fs::write(place.join("exported/guests.jsonl"), exported).unwrap();
    let imported = run(place, &["policy", "import", "exported"]);
    assert_eq!(imported.code, 0, "{}", imported.err);
    // Whoever has an account here is not converted by the way, nor by half.
    let invite = |more: &Value| {
        let mut body = json!({ "invitedUserEmailAddress": "sam@acme.example", "inviteRedirectUrl": doors.app("/") });
        let members = body.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        doors.admin("POST", "invitations", &body)
    };
    let unnamed = invite(&json!({}));
    assert_eq!(unnamed.status, 400);
    assert!(
        unnamed.text().contains("internal user"),
        "{}",
        unnamed.text()
    );
    let named = json!({ "id": MIA });
    let reset = invite(&json!({ "invitedUser": named, "resetRedemption": true }));
    assert_eq!(reset.status, 400, "{}", reset.text());
    assert_eq!(guest(&doors, MIA)["externalUserState"], Value::Null);

    let invitation = doors.invite("mia@contractor.example", &json!({ "invitedUser": named }));
    assert_eq!(invitation["status"], "PendingAcceptance", "{invitation}");
    assert_eq!(id(&invitation), MIA);
    let tab = doors.browser.open("mia");
    tab.goto(&link(&invitation));
    sign_in(&outsiders, &doors, &tab, "mia@contractor.example", 1);
    doors.accept(&tab);
    assert_eq!(tab.page().place.status, 200, "{}", tab.page().text);
    assert_eq!(doors.user(&tab), json!([MIA]));
    let mia = guest(&doors, MIA);
    assert_eq!(mia["externalUserState"], "Accepted", "{mia}");
    assert_eq!(mia["userPrincipalName"], "mia@contoso.com");
    assert_eq!(
        mia["userType"], "Member",
        "what she is here is not changed by the way"
    );
    assert_eq!(mia["mail"], "mia@contractor.example");
    let kinds: Vec<&Value> = mia["identities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["issuer"])
        .collect();
    assert_eq!(kinds, ["contoso.com", "mail"]);
}

#[test]
fn whoever_accepts_sees_both_organisations() {
    const FABRIKAMS: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"30\"><path d=\"M0 0h90v30z\"/></svg>";
    let outsiders = Outsiders::start();
    let lobby = Lobby::new();
    lobby.write("fabrikam.svg", FABRIKAMS);
    let doors = outsiders
        .before_nobody(lobby)
        .configure(|setup| {
            setup.replacing(
                "name = \"Fabrikam\"",
                "name = \"Fabrikam\"\nlogo = \"fabrikam.svg\"",
            )
        })
        .with_store()
        .open();
    let asked = |address: &str| {
        let tab = doors.browser.open(address);
        tab.goto(&link(&doors.invite(address, &json!({}))));
        sign_in(&outsiders, &doors, &tab, address, 1);
        let seen = "(() => { const i = document.querySelector('main img'); return i && [i.naturalWidth, i.naturalHeight]; })()";
        (tab.page().text, tab.evaluate(seen))
    };
    let (text, logo) = asked("frida@fabrikam.com");
    assert!(text.contains("(Fabrikam)"), "{text}");
    assert_eq!(logo, json!([90, 30]));
    // A federation without a tenant is an organisation too, and one without a logo has a name.
    let (text, logo) = asked("sam@acme.example");
    assert!(text.contains("(Acme)"), "{text}");
    assert_eq!(logo, Value::Null);
    // Who comes from a mailbox comes from nowhere else.
    let (text, _) = asked("mia@contractor.example");
    assert!(!text.contains('('), "{text}");
}
