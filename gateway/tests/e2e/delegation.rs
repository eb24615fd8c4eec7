//! Apps and groups of guests, and owners who let guests into what is theirs, and out of it, without any role.

use crate::site::admin::{ALL_SCOPES, GLOBAL_ADMINISTRATOR, record_of};
use crate::site::outsiders::Outsiders;
use crate::site::people::Lobby;
use crate::site::{PAYROLL, PORTAL, Site, Stage};
use crossgate_testkit::curl::Answer;
use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};
use std::time::Duration;

const BOB: &str = "0b0e0000-0000-4000-8000-00000000000b";
const OWNER: &str = "0b0e0000-0000-4000-8000-0000000000d1";
const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";
const SOON: Duration = Duration::from_secs(10);

/// Payroll lets in only who is assigned.
fn open() -> Site {
    let stage = Stage::new().payroll("assignment_required = true");
    stage.with_store().with_sign_in().open()
}

fn admin(site: &Site) -> String {
    site.administrator(GLOBAL_ADMINISTRATOR)
}

/// Somebody of ours who has no role, by an application that may do all on their behalf.
fn owner(site: &Site) -> String {
    site.caller(json!({ "oid": OWNER, "scp": ALL_SCOPES }))
}

fn assigned_to(app: &str) -> String {
    format!("servicePrincipals/{app}/appRoleAssignedTo")
}

fn assign(site: &Site, token: &str, app: &str, principal: &str) -> Answer {
    let body = json!({ "principalId": principal, "resourceId": app, "appRoleId": DEFAULT_ACCESS });
    site.send(token, "POST", &assigned_to(app), &body)
}

/// The id of what an answer has made.
#[track_caller]
fn made(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn done(answer: &Answer) {
    assert_eq!(answer.status, 204, "{}", answer.text());
}

#[track_caller]
fn denied(answer: &Answer) {
    assert_eq!(answer.status, 403, "{}", answer.text());
}

fn refer(site: &Site, token: &str, path: &str, id: &str) -> Answer {
    let id = format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}");
    site.send(
        token,
        "POST",
        &format!("{path}/$ref"),
        &json!({ "@odata.id": id }),
    )
}

/// Meant whomever it shuts out.
fn delete(site: &Site, token: &str, path: &str) -> Answer {
    let call = site.graph(token, "DELETE", path);
    call.header("Crossgate-Confirm-Lock-Out", "true").send()
}

fn own(site: &Site, path: &str) {
    done(&refer(site, &admin(site), &format!("{path}/owners"), OWNER));
}

fn invite(site: &Site, token: &str, address: &str, to: &Value) -> Answer {
    let body = json!({
        "invitedUserEmailAddress": address, "inviteRedirectUrl": "https://guests.contoso.com/",
        "crossgate": to,
    });
    site.send(token, "POST", "invitations", &body)
}

/// The id of a guest who is invited now.
#[track_caller]
fn guest(site: &Site, token: &str, address: &str, to: &Value) -> String {
    made(&invite(site, token, address, to))
}

fn to_payroll() -> Value {
    json!({ "applications": [PAYROLL] })
}

fn inviters(site: &Site, who: &str) {
    let body = json!({ "allowInvitesFrom": who });
    done(&site.send(&admin(site), "PATCH", "policies/authorizationPolicy", &body));
}

/// Who is in, by their ids.
#[track_caller]
fn ids(site: &Site, token: &str, path: &str, member: &str) -> Vec<String> {
    let list = site.read(token, path)["value"].clone();
    let list = list.as_array().unwrap().iter();
    let mut ids: Vec<_> = list
        .map(|one| one[member].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

#[test]
fn whoever_is_assigned_comes_in_and_when_the_assignment_goes_is_refused_and_their_websocket_closes()
{
    let site = open();
    let (admin, bob) = (
        admin(&site),
        site.member().claims(json!({ "oid": BOB })).mint(),
    );
    let ask = || site.payroll("/").bearer(&bob).send().status;
    assert_eq!(ask(), 403, "nobody is assigned");
    let answer = assign(&site, &admin, PAYROLL, BOB);
    let assignment = made(&answer);
    let shown = answer.json();
    assert_eq!(shown["principalType"], "User", "{shown}");
    assert_eq!(shown["resourceDisplayName"], "Payroll", "{shown}");
    assert_eq!(ask(), 200);
    let record = record_of(&site, &admin, &answer);
    assert_eq!(
        record["activityDisplayName"],
        "Add app role assignment grant to user"
    );
    assert_eq!(record["targetResources"][0]["id"], BOB);
    assert_eq!(
        ids(
            &site,
            &admin,
            &format!("users/{BOB}/appRoleAssignments"),
            "resourceId"
        ),
        [PAYROLL]
    );
    let other = site.member().claims(json!({ "oid": OWNER })).mint();
    assert_eq!(site.payroll("/").bearer(&other).send().status, 403);
    let mut socket = site.socket(&bob);
    socket.echoes("before");
    done(&delete(
        &site,
        &admin,
        &format!("{}/{assignment}", assigned_to(PAYROLL)),
    ));
    let last = socket.frame();
    assert_eq!(
        last.closing(),
        (1008, "AADSTS50105: access has ended"),
        "{last:?}"
    );
    assert_eq!(ask(), 403);
    let again = delete(
        &site,
        &admin,
        &format!("{}/{assignment}", assigned_to(PAYROLL)),
    );
    assert_eq!(again.status, 404);
}

#[test]
fn an_owner_without_a_role_lets_guests_into_their_own_app_and_out_of_it_and_no_other() {
    let site = open();
    let (admin, token) = (admin(&site), owner(&site));
    let amys = |token: &str| invite(&site, token, "amy@adatum.example", &to_payroll());
    denied(&amys(&token));
    denied(&site.graph(&token, "GET", &assigned_to(PAYROLL)).send());
    own(&site, &format!("servicePrincipals/{PAYROLL}"));
    // Invited, and let in with the same step.
    let amy = made(&amys(&token));
    let listed = site.read(&token, &assigned_to(PAYROLL))["value"].clone();
    assert_eq!(listed[0]["principalId"], amy.as_str(), "{listed}");
    assert_eq!(
        listed[0]["principalDisplayName"], "amy@adatum.example",
        "{listed}"
    );
    let assignment = listed[0]["id"].as_str().unwrap();
    let place = format!("{}/{assignment}", assigned_to(PAYROLL));
    done(&delete(&site, &token, &place));
    made(&assign(&site, &token, PAYROLL, &amy));
    let twice = assign(&site, &token, PAYROLL, &amy);
    assert_eq!(twice.status, 400, "{}", twice.text());
    // Nobody else's app, by any way.
    denied(&invite(
        &site,
        &token,
        "bea@adatum.example",
        &json!({ "applications": [PORTAL] }),
    ));
    denied(&invite(
        &site,
        &token,
        "bea@adatum.example",
        &json!({ "applications": [PAYROLL, PORTAL] }),
    ));
    denied(&invite(
        &site,
        &token,
        "bea@adatum.example",
        &json!({ "groups": [PAYROLL] }),
    ));
    denied(&assign(&site, &token, PORTAL, &amy));
    denied(&site.graph(&token, "GET", &assigned_to(PORTAL)).send());
    let of_portal = made(&assign(&site, &admin, PORTAL, &amy));
    denied(&delete(
        &site,
        &token,
        &format!("{}/{of_portal}", assigned_to(PORTAL)),
    ));
    // An id of another app's assignment leads nowhere in their own.
    let crossed = delete(
        &site,
        &token,
        &format!("{}/{of_portal}", assigned_to(PAYROLL)),
    );
    assert_eq!(crossed.status, 404, "{}", crossed.text());
    // Only guests, and only those whom they answer for.
    let dan = guest(&site, &admin, "dan@adatum.example", &Value::Null);
    denied(&assign(&site, &token, PAYROLL, &dan));
    denied(&assign(&site, &token, PAYROLL, BOB));
    denied(&assign(&site, &token, PAYROLL, "nobody"));
    let bobs = made(&assign(&site, &admin, PAYROLL, BOB));
    denied(&delete(
        &site,
        &token,
        &format!("{}/{bobs}", assigned_to(PAYROLL)),
    ));
    // A guest whom an administrator let in can be let out: the app is theirs.
    let dans = made(&assign(&site, &admin, PAYROLL, &dan));
    done(&delete(
        &site,
        &token,
        &format!("{}/{dans}", assigned_to(PAYROLL)),
    ));
    // And nothing beside.
    denied(&refer(
        &site,
        &token,
        &format!("servicePrincipals/{PAYROLL}/owners"),
        BOB,
    ));
    denied(&delete(
        &site,
        &token,
        &format!("servicePrincipals/{PAYROLL}/owners/{OWNER}/$ref"),
    ));
    for path in [
        "users",
        "groups",
        "servicePrincipals",
        "auditLogs/directoryAudits",
    ] {
        denied(&site.graph(&token, "GET", path).send());
    }
    denied(&site.send(
        &token,
        "PATCH",
        &format!("users/{amy}"),
        &json!({ "displayName": "x" }),
    ));
    // An application that may not do it on their behalf cannot.
    let narrow = site.caller(json!({ "oid": OWNER, "scp": "User.Invite.All User.Read.All" }));
    denied(&amys(&narrow));
    denied(&site.graph(&narrow, "GET", &assigned_to(PAYROLL)).send());
    // Once the app is no longer theirs, nothing is.
    done(&delete(
        &site,
        &admin,
        &format!("servicePrincipals/{PAYROLL}/owners/{OWNER}/$ref"),
    ));
    denied(&site.graph(&token, "GET", &assigned_to(PAYROLL)).send());
    denied(&amys(&token));
    denied(&delete(&site, &token, &place));
    let former = denied_record(&site, &admin, &delete(&site, &token, &place));
    assert_eq!(former["initiatedBy"]["user"]["id"], OWNER, "{former:#}");
}

#[track_caller]
fn denied_record(site: &Site, admin: &str, answer: &Answer) -> Value {
    denied(answer);
    let record = record_of(site, admin, answer);
    assert_eq!(record["result"], "failure", "{record:#}");
    record
}

#[test]
fn who_may_invite_binds_owners_first_and_to_let_somebody_out_is_always_theirs() {
    let site = open();
    let (admin, token) = (admin(&site), owner(&site));
    own(&site, &format!("servicePrincipals/{PAYROLL}"));
    for (setting, may) in [
        ("everyone", true),
        ("adminsGuestInvitersAndAllMembers", true),
        ("adminsAndGuestInviters", false),
        ("none", false),
    ] {
        inviters(&site, "everyone");
        let address = format!("amy@{setting}.example");
        let amy = guest(&site, &token, &address, &to_payroll());
        inviters(&site, setting);
        let again = invite(
            &site,
            &token,
            &format!("bob@{setting}.example"),
            &to_payroll(),
        );
        assert_eq!(again.status, if may { 201 } else { 403 }, "{setting}");
        let place = site.read(&admin, &format!("users/{amy}/appRoleAssignments"));
        let place = place["value"][0]["id"].as_str().unwrap().to_owned();
        done(&delete(
            &site,
            &token,
            &format!("{}/{place}", assigned_to(PAYROLL)),
        ));
        let back = assign(&site, &token, PAYROLL, &amy);
        assert_eq!(back.status, if may { 201 } else { 403 }, "{setting}");
    }
    // An owner who is a guest is none of the members.
    inviters(&site, "adminsGuestInvitersAndAllMembers");
    let visitor = site.caller(json!({ "oid": OWNER, "acct": 1, "scp": ALL_SCOPES }));
    denied(&invite(
        &site,
        &visitor,
        "eve@adatum.example",
        &to_payroll(),
    ));
}

#[test]
fn an_owner_deletes_a_guest_whom_they_answer_for_and_who_is_in_nothing_else() {
    let site = open();
    let (admin, token) = (admin(&site), owner(&site));
    let address = |name: &str| format!("{name}@adatum.example");
    let early = guest(&site, &token, &address("early"), &Value::Null);
    // Whoever only invites deletes nobody.
    denied(&delete(&site, &token, &format!("users/{early}")));
    own(&site, &format!("servicePrincipals/{PAYROLL}"));
    done(&delete(&site, &token, &format!("users/{early}")));
    let theirs = guest(&site, &admin, &address("theirs"), &to_payroll());
    denied(&delete(&site, &token, &format!("users/{theirs}")));
    let shared = guest(&site, &token, &address("shared"), &to_payroll());
    made(&assign(&site, &admin, PORTAL, &shared));
    denied(&delete(&site, &token, &format!("users/{shared}")));
    let body = json!({ "displayName": "Team", "mailEnabled": false, "securityEnabled": true, "mailNickname": "team" });
    let team = made(&site.send(&admin, "POST", "groups", &body));
    let member = guest(&site, &token, &address("member"), &to_payroll());
    done(&refer(
        &site,
        &admin,
        &format!("groups/{team}/members"),
        &member,
    ));
    denied(&delete(&site, &token, &format!("users/{member}")));
    let powerful = guest(&site, &token, &address("powerful"), &to_payroll());
    let role = json!({ "principalId": powerful, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/" });
    made(&site.send_meaning_it(
        &admin,
        "POST",
        "roleManagement/directory/roleAssignments",
        &role,
    ));
    denied(&delete(&site, &token, &format!("users/{powerful}")));
    let amy = guest(&site, &token, &address("amy"), &to_payroll());
    let gone = delete(&site, &token, &format!("users/{amy}"));
    done(&gone);
    let record = record_of(&site, &admin, &gone);
    assert_eq!(record["activityDisplayName"], "Delete user");
    assert_eq!(record["initiatedBy"]["user"]["id"], OWNER, "{record:#}");
    denied(&delete(&site, &token, &format!("users/{amy}")));
    denied(&delete(&site, &token, "users/nobody"));
    // What was decided about a guest is not undone by deleting and inviting them anew.
    for (name, decided) in [
        ("held", json!({ "accountEnabled": false })),
        (
            "ends",
            json!({ "crossgate": { "expiresDateTime": "2040-01-01T00:00:00Z" } }),
        ),
    ] {
        let guest = guest(&site, &token, &address(name), &to_payroll());
        done(&site.send(&admin, "PATCH", &format!("users/{guest}"), &decided));
        denied(&delete(&site, &token, &format!("users/{guest}")));
    }
    denied(&invite(&site, &token, &address("early"), &to_payroll()));
    made(&invite(&site, &admin, &address("early"), &to_payroll()));
    // Gone for good, the guest is in nothing any more.
    done(&delete(
        &site,
        &admin,
        &format!("directory/deletedItems/{amy}"),
    ));
    assert!(!ids(&site, &admin, &assigned_to(PAYROLL), "principalId").contains(&amy));
}

#[test]
fn the_owner_of_a_group_looks_after_its_guests_and_the_group_opens_the_apps_it_is_assigned_to() {
    let site = open();
    let (admin, token) = (admin(&site), owner(&site));
    let body = json!({ "displayName": "Auditors", "description": "Of the year", "mailNickname": "auditors" });
    let answer = site.send(&admin, "POST", "groups", &body);
    let group = made(&answer);
    assert_eq!(answer.json()["securityEnabled"], true, "{}", answer.text());
    let (path, members) = (format!("groups/{group}"), format!("groups/{group}/members"));
    let to_group = json!({ "groups": [group] });
    denied(&invite(&site, &token, "amy@adatum.example", &to_group));
    own(&site, &path);
    assert_eq!(ids(&site, &admin, &format!("{path}/owners"), "id"), [OWNER]);
    let amy = guest(&site, &token, "amy@adatum.example", &to_group);
    let bea = guest(&site, &token, "bea@adatum.example", &Value::Null);
    done(&refer(&site, &token, &members, &bea));
    let dan = guest(&site, &admin, "dan@adatum.example", &Value::Null);
    denied(&refer(&site, &token, &members, &dan));
    // Groups here are of guests, whoever puts somebody in.
    let own_user = refer(&site, &admin, &members, BOB);
    assert_eq!(own_user.status, 400, "{}", own_user.text());
    let mut both = vec![amy.clone(), bea.clone()];
    both.sort();
    assert_eq!(ids(&site, &token, &members, "id"), both);
    let shown = site.read(&token, &members)["value"][0].clone();
    assert_eq!(shown["@odata.type"], "#microsoft.graph.user");
    assert!(
        shown["identities"].is_null(),
        "no more than is needed: {shown}"
    );
    // Page by page, each once.
    let first = site.read(&token, &format!("{members}?$top=1&$count=true"));
    assert_eq!(first["@odata.count"], 2);
    let next = first["@odata.nextLink"].as_str().unwrap();
    let second = site.read(&token, &next[next.find("/v1.0/").unwrap()..]);
    assert_ne!(first["value"][0]["id"], second["value"][0]["id"]);
    assert!(second["@odata.nextLink"].is_null(), "{second}");
    let assignment = made(&assign(&site, &admin, PAYROLL, &group));
    let listed = site.read(&admin, &assigned_to(PAYROLL))["value"][0].clone();
    assert_eq!(listed["principalType"], "Group", "{listed}");
    assert_eq!(listed["principalDisplayName"], "Auditors", "{listed}");
    // The owner of the group is none of the app, nor the other way round.
    denied(&delete(
        &site,
        &token,
        &format!("{}/{assignment}", assigned_to(PAYROLL)),
    ));
    own(&site, &format!("servicePrincipals/{PAYROLL}"));
    denied(&delete(
        &site,
        &token,
        &format!("{}/{assignment}", assigned_to(PAYROLL)),
    ));
    denied(&assign(&site, &token, PAYROLL, &group));
    done(&delete(&site, &token, &format!("{members}/{bea}/$ref")));
    assert_eq!(ids(&site, &token, &members, "id"), [amy.as_str()]);
    denied(&delete(&site, &token, &path));
    denied(&site.send(&token, "PATCH", &path, &json!({ "displayName": "x" })));
    done(&site.send(
        &admin,
        "PATCH",
        &path,
        &json!({ "description": "Of all years" }),
    ));
    let mail = site.send(&admin, "PATCH", &path, &json!({ "mailEnabled": true }));
    assert_eq!(mail.status, 400, "{}", mail.text());
    // With the group goes all that it stood for.
    done(&delete(&site, &admin, &path));
    assert!(ids(&site, &admin, &assigned_to(PAYROLL), "principalId").is_empty());
    assert_eq!(site.graph(&admin, "GET", &members).send().status, 404);
    denied(&site.graph(&token, "GET", &members).send());
}

#[test]
fn apps_are_found_by_clients_of_graph_and_what_is_none_is_told() {
    let site = open();
    let admin = admin(&site);
    let found = site.read(
        &admin,
        &format!("servicePrincipals?$filter=appId%20eq%20'{PAYROLL}'"),
    );
    let found = found["value"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["displayName"], "Payroll");
    assert_eq!(found[0]["appRoleAssignmentRequired"], true);
    assert_eq!(
        site.read(&admin, &format!("servicePrincipals/{PAYROLL}"))["id"],
        PAYROLL
    );
    let role = json!({ "principalId": BOB, "resourceId": PAYROLL, "appRoleId": PORTAL });
    let other = json!({ "principalId": BOB, "resourceId": PORTAL, "appRoleId": DEFAULT_ACCESS });
    let slash = json!({ "principalId": "a/b", "resourceId": PAYROLL, "appRoleId": DEFAULT_ACCESS });
    for (body, told) in [
        (role, "appRoleId"),
        (other, "resourceId"),
        (slash, "principalId"),
    ] {
        let refused = site.send(&admin, "POST", &assigned_to(PAYROLL), &body);
        assert_eq!(refused.status, 400, "{body}: {}", refused.text());
        assert!(refused.text().contains(told), "{}", refused.text());
    }
    let nowhere = "servicePrincipals/none/appRoleAssignedTo";
    assert_eq!(site.graph(&admin, "GET", nowhere).send().status, 404);
    let to_none = invite(
        &site,
        &admin,
        "amy@adatum.example",
        &json!({ "applications": ["none"] }),
    );
    assert_eq!(to_none.status, 400, "{}", to_none.text());
    for wrong in [
        json!("x"),
        json!({ "apps": [] }),
        json!({ "groups": [1] }),
        json!({ "groups": ["a/b"] }),
    ] {
        let refused = invite(&site, &admin, "amy@adatum.example", &wrong);
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.text());
    }
}

#[test]
fn an_owner_invites_with_the_browser_to_their_own_app_and_the_guest_comes_in_until_they_are_let_out()
 {
    let outsiders = Outsiders::start();
    let lobby = outsiders.before_nobody(Lobby::new().app("assignment_required = true"));
    let doors = lobby.with_store().open();
    let admin = |method: &str, path: &str, body: &Value| doors.admin(method, path, body);
    let tab = doors.browser.open("ada");
    tab.goto(&doors.other("/.crossgate/invite"));
    doors.sign_in(&tab, "contoso", "ada");
    assert!(
        !tab.page().html.contains("name=\"lets-into\""),
        "ada owns nothing yet"
    );
    let owners = format!("servicePrincipals/{PAYROLL}/owners/$ref");
    let ada = json!({ "@odata.id": "https://graph.microsoft.com/v1.0/users/ada" });
    done(&admin("POST", &owners, &ada));
    tab.goto(&doors.other("/.crossgate/invite"));
    tab.fill("[name=email]", "mia@contractor.example");
    // It is hers, though she is not assigned to it herself.
    tab.fill("[name=app]", PAYROLL);
    tab.fill("[name=lets-into]", &format!("app:{PAYROLL}"));
    tab.click("button[type=submit]");
    assert_eq!(tab.page().place.status, 200, "{}", tab.page().text);
    let mail = outsiders.mail.newest("mia@contractor.example", 1);
    let text = mail["text"].as_str().unwrap();
    let link = text
        .split_whitespace()
        .find(|word| word.starts_with("https://"));
    let mia = doors.browser.open("mia");
    mia.goto(link.unwrap());
    mia.click("button[type=submit]");
    mia.fill(
        "[name=passcode]",
        &outsiders.code("mia@contractor.example", 2),
    );
    mia.click("button[type=submit]");
    doors.accept(&mia);
    assert_eq!(mia.goto(&doors.app("/a")).status, 200);
    let list = admin("GET", &assigned_to(PAYROLL), &Value::Null).json();
    let assignment = list["value"][0]["id"].as_str().unwrap();
    // A form that names what is not hers makes nobody.
    tab.goto(&doors.other("/.crossgate/invite"));
    tab.fill("[name=email]", "eve@contractor.example");
    tab.evaluate("document.querySelector('[name=lets-into]').options[0].value = 'app:aaaaaaaa-0000-4000-8000-000000000003'");
    tab.click("button[type=submit]");
    assert_eq!(tab.page().place.status, 403, "{}", tab.page().text);
    let users = admin("GET", "users", &Value::Null).json();
    assert_eq!(users["value"].as_array().unwrap().len(), 1, "{users}");
    done(&admin(
        "DELETE",
        &format!("{}/{assignment}", assigned_to(PAYROLL)),
        &Value::Null,
    ));
    wait_for("mia to be out", SOON, || {
        (mia.goto(&doors.app("/a")).status == 403).then_some(())
    });
}
