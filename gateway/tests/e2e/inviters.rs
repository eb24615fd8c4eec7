//! Who may invite guests, as `allowInvitesFrom` says, and who answers for them.

use crate::site::admin::{ADMIN_AUDIENCE, GLOBAL_ADMINISTRATOR, record_of};
use crate::site::{Site, Stage, WINGTIP};
use crossgate_testkit::curl::Answer;
use crossgate_testkit::gateway::OWN_TENANT;
use serde_json::{Value, json};

const USER_ADMINISTRATOR: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";
const GUEST_INVITER: &str = "95e79109-95c0-4d8e-aee3-d01accf2d47b";
const MEMBER: &str = "0b0e0000-0000-4000-8000-0000000000e1";
const GUEST: &str = "0b0e0000-0000-4000-8000-0000000000e2";

fn open() -> Site {
    Stage::new().with_store().with_sign_in().open()
}

fn set(site: &Site, inviters: &str) {
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let body = json!({ "allowInvitesFrom": inviters });
    let answer = site.send(&token, "PATCH", "policies/authorizationPolicy", &body);
    assert_eq!(answer.status, 204, "{}", answer.text());
    // It is enforced, so nothing is remarked.
    assert_eq!(answer.header("crossgate-advisory"), None, "{inviters}");
}

fn invite(site: &Site, token: &str, address: &str, more: &Value) -> Answer {
    let mut body = json!({
        "invitedUserEmailAddress": address, "inviteRedirectUrl": "https://guests.contoso.com/",
    });
    let members = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    site.send(token, "POST", "invitations", &body)
}

/// One of ours without any role, whose token is for inviting.
fn member(site: &Site, scopes: &str) -> String {
    site.caller(json!({ "oid": MEMBER, "scp": scopes }))
}

/// A guest of ours, with the token that our tenant issued.
fn guest(site: &Site, more: Value) -> String {
    let order = site.mint.token("b2b-guest").issued_by(OWN_TENANT);
    let order = order.home(WINGTIP).audience(ADMIN_AUDIENCE);
    let claims = json!({ "oid": GUEST, "scp": "User.Invite.All" });
    order.claims(claims).claims(more).mint()
}

fn application(site: &Site, permission: &str) -> String {
    let order = site.mint.token("app-only").issued_by(OWN_TENANT);
    let order = order.audience(ADMIN_AUDIENCE);
    order.claims(json!({ "roles": [permission] })).mint()
}

#[test]
fn allow_invites_from_says_who_may_invite_each_setting_by_each_kind_of_caller() {
    let site = open();
    let callers = [
        (
            "admin",
            site.caller(json!({ "wids": [USER_ADMINISTRATOR], "scp": "User.Invite.All" })),
        ),
        (
            "guest inviter",
            site.caller(json!({ "wids": [GUEST_INVITER], "scp": "User.Invite.All" })),
        ),
        ("member", member(&site, "User.Invite.All")),
        ("guest", guest(&site, json!({}))),
        ("app", application(&site, "User.Invite.All")),
    ];
    let admin = site.administrator(GLOBAL_ADMINISTRATOR);
    for (setting, may) in [
        ("none", [false, false, false, false, false]),
        ("adminsAndGuestInviters", [true, true, false, false, false]),
        (
            "adminsGuestInvitersAndAllMembers",
            [true, true, true, false, true],
        ),
        ("everyone", [true, true, true, true, true]),
    ] {
        set(&site, setting);
        for ((who, token), may) in callers.iter().zip(may) {
            let address = format!("{}@{setting}.example", who.replace(' ', "."));
            let answer = invite(&site, token, &address, &json!({}));
            let expected = if may { 201 } else { 403 };
            assert_eq!(
                answer.status,
                expected,
                "{setting}, {who}: {}",
                answer.text()
            );
            let record = record_of(&site, &admin, &answer);
            let result = if may { "success" } else { "failure" };
            assert_eq!(record["result"], result, "{setting}, {who}: {record:#}");
            assert_eq!(record["activityDisplayName"], "Invite external user");
            // Inviting is all that anybody may by the setting.
            let read = site.graph(token, "GET", "users").send();
            assert_eq!(read.status, 403, "{setting}, {who}");
        }
    }
}

#[test]
fn a_member_without_a_role_needs_the_scope_and_invites_guests_and_nobody_else() {
    let site = open();
    set(&site, "adminsGuestInvitersAndAllMembers");
    let token = member(&site, "User.Invite.All");
    let other = member(&site, "openid User.Read.All");
    let refused = invite(&site, &other, "amy@adatum.example", &json!({}));
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(
        refused.text().contains("`User.Invite.All`"),
        "{}",
        refused.text()
    );
    let as_member = json!({ "invitedUserType": "Member" });
    let refused = invite(&site, &token, "amy@adatum.example", &as_member);
    assert_eq!(refused.status, 403, "{}", refused.text());
    // A scope for more does not stand for the role.
    let wide = member(&site, "User.ReadWrite.All");
    assert_eq!(
        invite(&site, &wide, "amy@adatum.example", &as_member).status,
        403
    );
    let made = invite(&site, &token, "amy@adatum.example", &json!({}));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["invitedUser"]["id"].clone();
    // Somebody who is a guest already is named, and stays who they are.
    let again = invite(&site, &wide, "AMY@adatum.example", &json!({}));
    assert_eq!(again.status, 201, "{}", again.text());
    assert_eq!(again.json()["invitedUser"]["id"], id);
    let reset = json!({ "invitedUser": { "id": id }, "resetRedemption": true });
    for token in [&token, &wide] {
        let refused = invite(&site, token, "me@evil.example", &reset);
        assert_eq!(refused.status, 403, "{}", refused.text());
    }
    let admin = site.administrator(GLOBAL_ADMINISTRATOR);
    let guest = site.read(&admin, &format!("users/{}", id.as_str().unwrap()));
    assert_eq!(guest["mail"], "amy@adatum.example");
    assert_eq!(guest["userType"], "Guest");
}

#[test]
fn whoever_may_invite_is_bound_by_the_domain_list_and_the_cross_tenant_settings() {
    let site = open();
    set(&site, "everyone");
    let admin = site.administrator(GLOBAL_ADMINISTRATOR);
    let definition = json!({ "B2BManagementPolicy": { "InvitationsAllowedAndBlockedDomainsPolicy": {
        "AllowedDomains": [], "BlockedDomains": ["blocked.example"] } } });
    let body = json!({ "definition": [definition.to_string()] });
    let path = "/beta/legacy/policies/b2bManagementPolicy";
    assert_eq!(site.send(&admin, "PATCH", path, &body).status, 204);
    let closed = json!({ "tenantId": WINGTIP, "b2bCollaborationInbound": crate::site::nobody() });
    let partners = "policies/crossTenantAccessPolicy/partners";
    let made = site.send_meaning_it(&admin, "POST", partners, &closed);
    assert_eq!(made.status, 201, "{}", made.text());
    for token in [
        member(&site, "User.Invite.All"),
        application(&site, "User.Invite.All"),
    ] {
        for address in ["eve@blocked.example", "wanda@wingtip.com"] {
            let refused = invite(&site, &token, address, &json!({}));
            assert_eq!(refused.status, 400, "{address}: {}", refused.text());
        }
        let made = invite(&site, &token, "amy@adatum.example", &json!({}));
        assert_eq!(made.status, 201, "{}", made.text());
    }
}

#[test]
fn who_calls_itself_a_member_and_lives_elsewhere_is_a_guest_to_the_setting() {
    let site = open();
    set(&site, "adminsGuestInvitersAndAllMembers");
    let claimed = guest(&site, json!({ "acct": 0 }));
    assert_eq!(
        invite(&site, &claimed, "amy@adatum.example", &json!({})).status,
        403
    );
    // And who lives here as a guest is one too.
    let internal = site.caller(json!({ "oid": MEMBER, "scp": "User.Invite.All", "acct": 1 }));
    assert_eq!(
        invite(&site, &internal, "amy@adatum.example", &json!({})).status,
        403
    );
    set(&site, "everyone");
    assert_eq!(
        invite(&site, &internal, "amy@adatum.example", &json!({})).status,
        201
    );
}

#[test]
fn a_guest_has_the_sponsors_that_are_named_or_whoever_invited() {
    let site = open();
    set(&site, "everyone");
    let admin = site.administrator(GLOBAL_ADMINISTRATOR);
    let sponsors = |id: &str| {
        let list = site.read(&admin, &format!("users/{id}/sponsors"));
        let list = list["value"].as_array().unwrap().clone();
        let ids = list
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let id = |answer: &Answer| {
        assert_eq!(answer.status, 201, "{}", answer.text());
        let id = answer.json()["invitedUser"]["id"].clone();
        id.as_str().unwrap().to_owned()
    };
    let token = member(&site, "User.Invite.All");
    let amy = id(&invite(&site, &token, "amy@adatum.example", &json!({})));
    assert_eq!(sponsors(&amy), [MEMBER]);
    // Inviting once more is not a way to take somebody over.
    let more = json!({ "invitedUserSponsors": [{ "id": GUEST }] });
    id(&invite(&site, &token, "amy@adatum.example", &more));
    assert_eq!(sponsors(&amy), [MEMBER]);
    let bob = id(&invite(&site, &token, "bob@adatum.example", &more));
    assert_eq!(sponsors(&bob), [GUEST]);
    let app = application(&site, "User.Invite.All");
    let cyn = id(&invite(&site, &app, "cyn@adatum.example", &json!({})));
    assert!(
        sponsors(&cyn).is_empty(),
        "an application answers for nobody"
    );

    let path = format!("users/{bob}/sponsors/$ref");
    let named = |id: &str| json!({ "@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}") });
    let added = site.send(&admin, "POST", &path, &named(MEMBER));
    assert_eq!(added.status, 204, "{}", added.text());
    assert_eq!(sponsors(&bob), [MEMBER, GUEST]);
    let twice = site.send(&admin, "POST", &path, &named(MEMBER));
    assert_eq!(twice.status, 400, "{}", twice.text());
    for number in 0..3 {
        let id = format!("0b0e0000-0000-4000-8000-0000000000f{number}");
        assert_eq!(site.send(&admin, "POST", &path, &named(&id)).status, 204);
    }
    let sixth = site.send(
        &admin,
        "POST",
        &path,
        &named("0b0e0000-0000-4000-8000-0000000000f9"),
    );
    assert_eq!(sixth.status, 400, "{}", sixth.text());
    let gone = format!("users/{bob}/sponsors/{}/$ref", GUEST.to_uppercase());
    assert_eq!(site.graph(&admin, "DELETE", &gone).send().status, 204);
    assert_eq!(site.graph(&admin, "DELETE", &gone).send().status, 404);
    assert!(!sponsors(&bob).contains(&GUEST.to_owned()));
    // Whoever may only invite says nothing of those who are guests already.
    let refused = site.send(&token, "POST", &path, &named(MEMBER));
    assert_eq!(refused.status, 403, "{}", refused.text());
    for wrong in [
        json!({}),
        json!({ "@odata.id": "" }),
        json!({ "@odata.id": "https://x.example/a b" }),
    ] {
        assert_eq!(
            site.send(&admin, "POST", &path, &wrong).status,
            400,
            "{wrong}"
        );
    }
    for wrong in [json!("x"), json!([{}]), json!([{ "id": "a b" }])] {
        let more = json!({ "invitedUserSponsors": wrong });
        let refused = invite(&site, &token, "dan@adatum.example", &more);
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.text());
    }
}
