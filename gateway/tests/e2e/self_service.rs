//! What people do by themselves with their browser: guests see what they may open, and leave; inviters invite.

use std::time::Duration;

use crate::site::outsiders::Outsiders;
use crate::site::people::{Doors, Lobby};
use crossgate_testkit::browser::Tab;
use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};

const ME: &str = "/.crossgate/me";
const LEAVE: &str = "/.crossgate/leave";
const FOREIGN: &str = "form_of_another_site";
const INVITE: &str = "/.crossgate/invite";
const LEAVES: &str = "a[href='/.crossgate/leave']";
const INVITES: &str = "a[href='/.crossgate/invite']";
/// What policies name the admin API by.
const ADMIN_API: &str = "c4055a7e-0000-4000-8000-000000000001";
const GUEST_INVITER: &str = "95e79109-95c0-4d8e-aee3-d01accf2d47b";

fn open(outsiders: &Outsiders) -> Doors {
    outsiders.before_nobody(Lobby::new()).with_store().open()
}

/// Invites somebody with a mailbox, and has them accept; answers with their id.
fn become_guest(outsiders: &Outsiders, doors: &Doors, tab: &Tab<'_>, address: &str) -> String {
    let invitation = doors.invite(address, &json!({}));
    tab.goto(invitation["inviteRedeemUrl"].as_str().unwrap());
    tab.click("button[type=submit]");
    tab.fill("[name=passcode]", &outsiders.code(address, 1));
    tab.click("button[type=submit]");
    doors.accept(tab);
    assert_eq!(tab.page().place.status, 200, "{}", tab.page().text);
    let id = invitation["invitedUser"]["id"].as_str().unwrap();
    id.to_owned()
}

fn status(doors: &Doors, guest: &str) -> u16 {
    let path = format!("users/{guest}");
    doors.admin("GET", &path, &json!({})).status
}

fn list(doors: &Doors, path: &str) -> Vec<Value> {
    let answer = doors.admin("GET", path, &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["value"].as_array().unwrap().clone()
}

/// The newest audit records of an activity.
fn audited(doors: &Doors, activity: &str) -> Vec<Value> {
    let filter = format!(
        "activityDisplayName%20eq%20'{}'",
        activity.replace(' ', "%20")
    );
    list(
        doors,
        &format!("auditLogs/directoryAudits?$filter={filter}&$orderby=activityDateTime%20desc"),
    )
}

fn inviters(doors: &Doors, who: &str) {
    let body = json!({ "allowInvitesFrom": who });
    let answer = doors.admin("PATCH", "policies/authorizationPolicy", &body);
    assert_eq!(answer.status, 204, "{}", answer.text());
}

fn may_leave(doors: &Doors, may: bool) {
    let body = json!({ "allowExternalIdentitiesToLeave": may });
    let path = "/beta/policies/externalIdentitiesPolicy";
    let answer = doors.admin("PATCH", path, &body);
    assert_eq!(answer.status, 204, "{}", answer.text());
    let told = doors.admin("GET", path, &json!({})).json();
    assert_eq!(told["allowExternalIdentitiesToLeave"], may, "{told}");
}

/// Signs one of ours in.
fn ada(doors: &Doors) -> Tab<'_> {
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    tab
}

/// Posts a form of ours without a browser, with a session and whatever else.
fn post(doors: &Doors, path: &str, cookies: &str, site: &str, body: &str) -> u16 {
    doors
        .curl(path)
        .method("POST")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Sec-Fetch-Site", site)
        .header("Cookie", cookies)
        .body(body)
        .send()
        .status
}

/// What stands in a field of the page.
fn value(tab: &Tab<'_>, selector: &str) -> String {
    let value = tab.evaluate(&format!("document.querySelector(\"{selector}\").value"));
    value.as_str().unwrap().to_owned()
}

/// Puts more into the form than it asks for, and sends it.
fn submit_with(tab: &Tab<'_>, more: &[(&str, &str)]) {
    for (name, value) in more {
        tab.evaluate(&format!(
            "(() => {{ const i = document.createElement('input'); i.type = 'hidden'; i.name = '{name}'; \
             i.value = '{value}'; document.forms[0].append(i); }})()"
        ));
    }
    tab.click("button[type=submit]");
}

fn all_cookies(tab: &Tab<'_>) -> String {
    let cookies = tab.cookies();
    let pairs = cookies.iter().map(|cookie| {
        let text = |name: &str| cookie[name].as_str().unwrap();
        format!("{}={}", text("name"), text("value"))
    });
    pairs.collect::<Vec<_>>().join("; ")
}

#[test]
fn a_guest_sees_what_they_may_open_and_leaves_and_everything_they_have_open_ends() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let tab = doors.browser.open("mia");
    let id = become_guest(&outsiders, &doors, &tab, "mia@contractor.example");
    tab.goto(&doors.app(ME));
    let page = tab.page();
    for part in [
        "Your applications",
        "Payroll",
        "Travel",
        "Guest of",
        "Guest since",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    for href in [doors.app("/"), doors.other("/")] {
        assert!(
            page.html.contains(&format!("href=\"{href}\"")),
            "{href}: {}",
            page.html
        );
    }
    // What she has open in another tab, and in another browser.
    let at_work = doors.browser.open("mia");
    at_work.goto(&doors.app("/a"));
    let socket = format!(
        "new Promise((r) => {{ window.left = 0; const s = new WebSocket('{}'); s.onopen = () => r('open'); \
         s.onclose = (e) => {{ window.left = e.code; r('closed'); }}; }})",
        doors.app("/ws").replace("https:", "wss:")
    );
    assert_eq!(at_work.evaluate(&socket), json!("open"));
    let elsewhere = doors.browser.open("mia elsewhere");
    doors.tell_address(&elsewhere, "/a", "mia@contractor.example");
    elsewhere.fill(
        "[name=passcode]",
        &outsiders.code("mia@contractor.example", 2),
    );
    elsewhere.click("button[type=submit]");
    assert_eq!(elsewhere.goto(&doors.app("/a")).status, 200);
    let before = format!("__Host-crossgate={}", Doors::session_cookie(&tab));

    // Browsers hold up what is behind another tab.
    let tab = doors.browser.open("mia");
    tab.goto(&doors.app(ME));
    tab.click(LEAVES);
    let page = tab.page();
    assert!(page.text.contains("You lose your access"), "{}", page.text);
    assert_eq!(status(&doors, &id), 200, "asking is not leaving");
    tab.click("button[type=submit]");
    let page = tab.page();
    assert!(
        page.place.url.ends_with("/.crossgate/signed-out"),
        "{}",
        page.place.url
    );
    assert_eq!(status(&doors, &id), 404);
    let code = wait_for("the end", Duration::from_secs(5), || {
        let code = at_work.evaluate("window.left");
        (code != json!(0)).then_some(code)
    });
    assert_eq!(code, json!(1008));
    assert_ne!(elsewhere.goto(&doors.app("/a")).status, 200);
    assert_ne!(doors.status_with(&before), 200);
    // Kept as one who was deleted, and on record as what the guest did.
    let deleted = list(&doors, "directory/deletedItems/microsoft.graph.user");
    assert_eq!(deleted[0]["id"], id);
    let record = &audited(&doors, "Delete user")[0];
    assert_eq!(record["result"], "success", "{record:#}");
    assert_eq!(record["initiatedBy"]["user"]["id"], id, "{record:#}");
    assert_eq!(record["targetResources"][0]["id"], id, "{record:#}");
    // Brought back, the guest signs in anew.
    let restored = doors.admin(
        "POST",
        &format!("directory/deletedItems/{id}/restore"),
        &json!({}),
    );
    assert_eq!(restored.status, 200, "{}", restored.text());
    assert_ne!(doors.status_with(&before), 200);
}

#[test]
fn nobody_leaves_by_the_form_of_another_a_forged_one_or_a_second_time() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let (mia, nina) = (doors.browser.open("mia"), doors.browser.open("nina"));
    let id = become_guest(&outsiders, &doors, &mia, "mia@contractor.example");
    let other = become_guest(&outsiders, &doors, &nina, "nina@contractor.example");
    nina.goto(&doors.app(LEAVE));
    mia.goto(&doors.app(LEAVE));
    let (hers, anothers) = (
        value(&mia, "[name=crossgate-csrf]"),
        value(&nina, "[name=crossgate-csrf]"),
    );
    let cookies = all_cookies(&mia);
    let session = format!("__Host-crossgate={}", Doors::session_cookie(&mia));
    let form = |token: &str| format!("crossgate-csrf={token}");
    for (what, cookies, site, body) in [
        (
            "a page of another site",
            &cookies,
            "cross-site",
            form(&hers),
        ),
        (
            "a form without its token",
            &cookies,
            "same-origin",
            "a=b".to_owned(),
        ),
        (
            "the form of another browser",
            &cookies,
            "same-origin",
            form(&anothers),
        ),
        (
            "a session without its browser",
            &session,
            "same-origin",
            form(&hers),
        ),
    ] {
        let leave = || post(&doors, LEAVE, cookies, site, &body);
        let answered = doors.told_once(what, FOREIGN, leave);
        assert_eq!(answered, 200, "{what}: the question, once more");
        assert_eq!(status(&doors, &id), 200, "{what}");
    }
    // Whatever the form says, it is the one who sends it who leaves.
    submit_with(&mia, &[("user", &other), ("id", &other), ("guest", &other)]);
    assert_eq!(status(&doors, &id), 404);
    assert_eq!(status(&doors, &other), 200);
    assert_eq!(nina.goto(&doors.app("/a")).status, 200);
    // Once more, after somebody has brought her back.
    let path = format!("directory/deletedItems/{id}/restore");
    assert_eq!(doors.admin("POST", &path, &json!({})).status, 200);
    let again = post(&doors, LEAVE, &cookies, "same-origin", &form(&hers));
    assert_eq!(again, 303, "nobody is signed in");
    assert_eq!(status(&doors, &id), 200);
}

#[test]
fn members_do_not_leave_nor_do_guests_where_the_organisation_does_not_let_them() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let tab = ada(&doors);
    tab.goto(&doors.app(ME));
    assert!(
        !tab.page().html.contains("/.crossgate/leave"),
        "{}",
        tab.page().html
    );
    assert_eq!(tab.goto(&doors.app(LEAVE)).status, 404);
    // Who comes without being a guest has nothing to leave.
    let mia = doors.browser.open("mia");
    let id = become_guest(&outsiders, &doors, &mia, "mia@contractor.example");
    mia.goto(&doors.app(LEAVE));
    may_leave(&doors, false);
    mia.click("button[type=submit]");
    let page = mia.page();
    assert_eq!(page.place.status, 403, "{}", page.text);
    assert!(page.text.contains("cannot leave"), "{}", page.text);
    assert!(doors.event("may_not_leave").is_object());
    assert_eq!(status(&doors, &id), 200);
    let record = &audited(&doors, "Delete user")[0];
    assert_eq!(record["result"], "failure", "{record:#}");
    assert_eq!(record["initiatedBy"]["user"]["id"], id, "{record:#}");
    mia.goto(&doors.app(ME));
    assert!(
        !mia.page().html.contains("/.crossgate/leave"),
        "{}",
        mia.page().html
    );
    may_leave(&doors, true);
    mia.goto(&doors.app(ME));
    assert!(
        mia.page().html.contains("/.crossgate/leave"),
        "{}",
        mia.page().html
    );
    // An external member is a member.
    let member = json!({ "userType": "Member" });
    let patched = doors.admin("PATCH", &format!("users/{id}"), &member);
    assert_eq!(patched.status, 204, "{}", patched.text());
    assert_eq!(mia.goto(&doors.app(LEAVE)).status, 404);
}

#[test]
fn only_apps_that_let_somebody_in_stand_among_theirs() {
    let outsiders = Outsiders::start();
    let lobby = Lobby::new().app("assignment_required = true");
    let doors = outsiders.before_nobody(lobby).with_store().open();
    let tab = doors.browser.open("mia");
    let invitation = doors.invite(
        "mia@contractor.example",
        &json!({ "inviteRedirectUrl": doors.other("/welcome") }),
    );
    tab.goto(invitation["inviteRedeemUrl"].as_str().unwrap());
    tab.click("button[type=submit]");
    tab.fill(
        "[name=passcode]",
        &outsiders.code("mia@contractor.example", 1),
    );
    tab.click("button[type=submit]");
    doors.accept(&tab);
    tab.goto(&doors.other(ME));
    let page = tab.page();
    assert!(
        page.html
            .contains(&format!("href=\"{}\"", doors.other("/"))),
        "{}",
        page.html
    );
    assert!(
        !page.html.contains(&format!("href=\"{}\"", doors.app("/"))),
        "{}",
        page.html
    );
}

#[test]
fn a_member_invites_with_the_browser_and_the_guest_gets_mail_accepts_and_lands_at_the_app_that_was_chosen()
 {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    inviters(&doors, "adminsGuestInvitersAndAllMembers");
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app(INVITE));
    doors.sign_in(&tab, "contoso", "ada");
    let page = tab.page();
    assert!(
        page.text.contains("Invite a guest"),
        "signed in, and back here: {}",
        page.text
    );
    tab.fill("[name=email]", "mia@contractor.example");
    tab.fill("[name=name]", "Mia Mail");
    tab.fill("[name=app]", "aaaaaaaa-0000-4000-8000-000000000003");
    tab.fill("[name=message]", "Welcome to the project");
    tab.click("button[type=submit]");
    let page = tab.page();
    assert_eq!(page.place.status, 200, "{}", page.text);
    assert!(page.text.contains("We have sent an email"), "{}", page.text);
    assert!(
        !page.html.contains("ticket="),
        "whose link it is gets it by mail"
    );
    let mail = outsiders.mail.newest("mia@contractor.example", 1);
    let text = mail["text"].as_str().unwrap();
    assert!(
        text.contains("Ada Own") && text.contains("> Welcome to the project"),
        "{text}"
    );
    let link = text
        .split_whitespace()
        .find(|word| word.starts_with("https://"))
        .unwrap();
    let users = list(&doors, "users");
    assert_eq!(users[0]["displayName"], "Mia Mail");
    assert_eq!(users[0]["userType"], "Guest");
    let id = users[0]["id"].as_str().unwrap();
    assert_eq!(
        list(&doors, &format!("users/{id}/sponsors"))[0]["id"],
        "ada"
    );
    let record = &audited(&doors, "Invite external user")[0];
    assert_eq!(record["initiatedBy"]["user"]["id"], "ada", "{record:#}");
    let mia = doors.browser.open("mia");
    mia.goto(link);
    mia.click("button[type=submit]");
    mia.fill(
        "[name=passcode]",
        &outsiders.code("mia@contractor.example", 2),
    );
    mia.click("button[type=submit]");
    doors.accept(&mia);
    assert_eq!(
        mia.page().place.url,
        doors.other("/"),
        "{}",
        mia.page().text
    );
    mia.goto(&doors.other(ME));
    let page = mia.page();
    assert!(
        page.text.contains("Ada Own"),
        "who answers for her: {}",
        page.text
    );
    // To a Restricted Guest User nobody else is shown.
    for (role, status) in [
        ("2af84b1e-32c8-42b7-82bc-daa82404023b", 204),
        ("2af84b1e-32c8-42b7-82bc-daa82404023c", 400),
    ] {
        let body = json!({ "guestUserRoleId": role });
        let changed = doors.admin("PATCH", "policies/authorizationPolicy", &body);
        assert_eq!(changed.status, status, "{}", changed.text());
    }
    mia.goto(&doors.other(ME));
    assert!(!mia.page().text.contains("Ada"), "{}", mia.page().text);
    // Somebody who has accepted needs no link.
    tab.goto(&doors.app(INVITE));
    tab.fill("[name=email]", "mia@contractor.example");
    tab.click("button[type=submit]");
    assert!(
        tab.page()
            .text
            .contains("has accepted an invitation before"),
        "{}",
        tab.page().text
    );
    assert_eq!(
        list(&doors, "users").len(),
        1,
        "sent again, the form makes nobody twice"
    );
}

#[test]
fn without_a_mail_server_the_inviter_hands_the_link_over() {
    let doors = Lobby::new().with_store().open();
    let tab = ada(&doors);
    tab.goto(&doors.app(ME));
    tab.click(INVITES);
    tab.fill("[name=email]", "fred@fabrikam.com");
    tab.click("button[type=submit]");
    let link = value(&tab, "#link");
    assert!(
        link.starts_with(&doors.app("/.crossgate/redeem?")),
        "{link}"
    );
    let fred = doors.browser.open("fred");
    fred.goto(&link);
    doors.fabrikam.sign_in(&fred, "fred@fabrikam.com", None);
    doors.accept(&fred);
    assert_eq!(fred.goto(&doors.app("/a")).status, 200);
    assert_eq!(list(&doors, "users")[0]["externalUserState"], "Accepted");
}

#[test]
fn the_page_lets_those_invite_whom_the_setting_names_and_nobody_else() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    let (member, guest) = (ada(&doors), doors.browser.open("mia"));
    become_guest(&outsiders, &doors, &guest, "mia@contractor.example");
    let asked = |tab: &Tab<'_>| tab.goto(&doors.app(INVITE)).status;
    for (setting, of_member, of_guest) in [
        ("none", 403, 403),
        ("adminsAndGuestInviters", 403, 403),
        ("adminsGuestInvitersAndAllMembers", 200, 403),
        ("everyone", 200, 200),
    ] {
        inviters(&doors, setting);
        assert_eq!(
            asked(&member),
            of_member,
            "{setting}: {}",
            member.page().text
        );
        assert_eq!(asked(&guest), of_guest, "{setting}: {}", guest.page().text);
        member.goto(&doors.app(ME));
        let offered = member.page().html.contains("/.crossgate/invite");
        assert_eq!(offered, of_member == 200, "{setting}");
    }
    assert!(doors.event("may_not_invite").is_object());
    // A form that was shown before the setting changed.
    asked(&member);
    asked(&guest);
    inviters(&doors, "none");
    for (tab, id) in [(&member, Some("ada")), (&guest, None)] {
        tab.fill("[name=email]", "nina@contractor.example");
        tab.click("button[type=submit]");
        assert_eq!(tab.page().place.status, 403, "{}", tab.page().text);
        let record = &audited(&doors, "Invite external user")[0];
        assert_eq!(record["result"], "failure", "{record:#}");
        if let Some(id) = id {
            assert_eq!(record["initiatedBy"]["user"]["id"], id, "{record:#}");
        }
    }
    assert_eq!(list(&doors, "users").len(), 1);
    // By the role alone.
    inviters(&doors, "adminsAndGuestInviters");
    let role =
        json!({ "principalId": "ada", "roleDefinitionId": GUEST_INVITER, "directoryScopeId": "/" });
    let given = doors.admin("POST", "roleManagement/directory/roleAssignments", &role);
    assert_eq!(given.status, 201, "{}", given.text());
    assert_eq!(asked(&member), 200, "{}", member.page().text);
    // Who is refused at the door is refused here.
    let revoked = doors.admin("POST", "users/ada/revokeSignInSessions", &json!({}));
    assert_eq!(revoked.status, 200, "{}", revoked.text());
    asked(&member);
    let page = member.page();
    assert!(
        !page.text.contains("Email address of the guest"),
        "{}",
        page.text
    );
    // A policy for the admin API alone is one for the page too.
    inviters(&doors, "everyone");
    assert_eq!(asked(&guest), 200, "{}", guest.page().text);
    let closed = json!({ "displayName": "Closed", "state": "enabled", "conditions": {
        "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": [ADMIN_API] },
        "clientAppTypes": ["all"] },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] } });
    let made = doors.admin("POST", "identity/conditionalAccess/policies", &closed);
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(guest.goto(&doors.app("/a")).status, 200);
    assert_eq!(asked(&guest), 403, "{}", guest.page().text);
}

#[test]
fn an_inviters_form_cannot_be_forged_nor_made_to_do_more_than_invite() {
    let outsiders = Outsiders::start();
    let doors = open(&outsiders);
    inviters(&doors, "everyone");
    let definition = json!({ "B2BManagementPolicy": { "InvitationsAllowedAndBlockedDomainsPolicy": {
        "AllowedDomains": [], "BlockedDomains": ["blocked.example"] } } });
    let body = json!({ "definition": [definition.to_string()] });
    let path = "/beta/legacy/policies/b2bManagementPolicy";
    assert_eq!(doors.admin("PATCH", path, &body).status, 204);
    let closed = json!({ "tenantId": crate::site::FABRIKAM, "b2bCollaborationInbound": crate::site::nobody() });
    let partners = "policies/crossTenantAccessPolicy/partners";
    assert_eq!(doors.admin("POST", partners, &closed).status, 201);
    let tab = ada(&doors);
    tab.goto(&doors.app(INVITE));
    let (cookies, token) = (all_cookies(&tab), value(&tab, "[name=crossgate-csrf]"));
    let form = |token: &str| {
        format!("crossgate-csrf={token}&email=eve%40evil.example&name=&app=&message=")
    };
    for (what, site, body) in [
        ("a page of another site", "cross-site", form(&token)),
        ("another token", "same-origin", form("x")),
    ] {
        let invite = || post(&doors, INVITE, &cookies, site, &body);
        assert_eq!(doors.told_once(what, FOREIGN, invite), 400, "{what}");
    }
    assert_eq!(post(&doors, INVITE, "", "same-origin", &form(&token)), 303);
    assert!(list(&doors, "users").is_empty());
    for (address, told) in [
        (
            "eve@blocked.example",
            "does not invite guests with this address",
        ),
        (
            "fred@fabrikam.com",
            "does not invite guests with this address",
        ),
        (
            "ben@contoso.com",
            "does not invite guests with this address",
        ),
        ("<b>@evil.example", "Enter an email address"),
    ] {
        tab.goto(&doors.app(INVITE));
        // The browser's own check is not what stands in the way.
        tab.evaluate("document.forms[0].noValidate = true");
        tab.fill("[name=email]", address);
        tab.click("button[type=submit]");
        let page = tab.page();
        assert_eq!(page.place.status, 400, "{address}: {}", page.text);
        assert!(page.text.contains(told), "{address}: {}", page.text);
        assert_eq!(value(&tab, "[name=email]"), address, "what was typed stays");
        let record = &audited(&doors, "Invite external user")[0];
        assert_eq!(record["result"], "failure", "{address}: {record:#}");
    }
    assert!(list(&doors, "users").is_empty());
    tab.goto(&doors.app(INVITE));
    tab.fill("[name=email]", "nina@contractor.example");
    submit_with(
        &tab,
        &[
            ("invitedUserType", "Member"),
            ("userType", "Member"),
            ("resetRedemption", "true"),
            ("inviteRedirectUrl", "https://evil.example/"),
        ],
    );
    assert_eq!(tab.page().place.status, 200, "{}", tab.page().text);
    let users = list(&doors, "users");
    assert_eq!(users.len(), 1);
    assert_eq!(users[0]["userType"], "Guest", "{}", users[0]);
    // An app that is not offered leads nowhere else.
    tab.goto(&doors.app(INVITE));
    tab.fill("[name=email]", "mia@contractor.example");
    tab.evaluate("document.querySelector('option').value = 'https://evil.example/'");
    tab.click("button[type=submit]");
    let mail = outsiders.mail.newest("mia@contractor.example", 1);
    assert!(!mail.to_string().contains("evil.example"), "{mail}");
    // Nor is mail sent to one address without end, whoever had the earlier ones sent.
    for _ in 0..4 {
        doors.invite(
            "mia@contractor.example",
            &json!({ "sendInvitationMessage": true }),
        );
    }
    tab.goto(&doors.app(INVITE));
    tab.fill("[name=email]", "mia@contractor.example");
    tab.click("button[type=submit]");
    let page = tab.page();
    assert_eq!(page.place.status, 429, "{}", page.text);
    assert!(
        page.text.contains("No more invitations can be mailed"),
        "{}",
        page.text
    );
    let record = &audited(&doors, "Invite external user")[0];
    assert_eq!(record["result"], "failure", "{record:#}");
}
