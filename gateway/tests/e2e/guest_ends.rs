//! Guests whose access ends at a time that was set: at that second, whatever they have open.

use std::time::Duration;

use crate::site::admin::{AUDITS, GLOBAL_ADMINISTRATOR};
use crate::site::command::run;
use crate::site::outsiders::Outsiders;
use crate::site::people::{Doors, Lobby};
use crate::site::{Site, Stage, WINGTIP};
use crossgate_testkit::programs::wait_for;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const AMY: &str = "0a0e0000-0000-4000-8000-00000000000a";
const BEN: &str = "0a0e0000-0000-4000-8000-00000000000b";

const SOON: Duration = Duration::from_secs(10);

/// A record of one of Wingtip's.
pub fn record(id: &str, mail: &str, crossgate: &Value) -> Value {
    let mut home = json!({ "homeTenantId": WINGTIP, "homeUserId": id.replace("0a0e", "0f0e"), "consentGiven": true });
    let more = crossgate.as_object().unwrap().clone();
    home.as_object_mut().unwrap().extend(more);
    json!({
        "id": id, "displayName": mail, "mail": mail, "userType": "Guest", "accountEnabled": true,
        "externalUserState": "Accepted", "crossgate": home,
    })
}

/// A store with these records.
pub fn with_guests(stage: Stage, records: &[Value]) -> Site {
    let site = stage.with_store().open();
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    site.gateway.write_policy("guests.jsonl", &lines);
    let before = site.gateway.generation();
    run(site.gateway.directory(), &["policy", "import", "policy"]).good();
    wait_for("the guests", SOON, || {
        (site.gateway.generation() != before).then_some(())
    });
    site
}

fn open() -> Site {
    let records = [
        record(AMY, "amy@wingtip.com", &json!({})),
        record(BEN, "ben@wingtip.com", &json!({})),
    ];
    with_guests(Stage::new(), &records)
}

/// A token that our tenant issued to a guest.
pub fn of(site: &Site, guest: &str) -> String {
    site.guest().claims(json!({ "oid": guest })).mint()
}

fn amend(site: &Site, guest: &str, changes: &Value) -> u16 {
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let answer = site.send_meaning_it(&token, "PATCH", &format!("users/{guest}"), changes);
    answer.status
}

fn ends_at(at: Timestamp) -> Value {
    json!({ "crossgate": { "expiresDateTime": at.to_string() } })
}

/// The beginning of the second after so many.
fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second() + seconds + 1).unwrap()
}

fn user(site: &Site, guest: &str) -> Value {
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    site.read(&token, &format!("users/{guest}"))
}

/// The records of an activity.
pub fn audited(site: &Site, activity: &str) -> Vec<Value> {
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let activity = activity.replace(' ', "%20");
    let filter = format!("{AUDITS}?$filter=activityDisplayName%20eq%20'{activity}'");
    let found = site.read(&token, &filter);
    found["value"].as_array().unwrap().clone()
}

#[test]
fn a_guest_is_closed_and_refused_at_the_second_that_was_set_and_comes_back_where_it_is_put_off() {
    let site = open();
    let (amy, ben) = (of(&site, AMY), of(&site, BEN));
    let (mut amys, mut bens) = (site.socket(&amy), site.socket(&ben));
    // Set while the socket is open, put off, and brought forward: what was said last holds.
    assert_eq!(amend(&site, AMY, &ends_at(in_seconds(60))), 204);
    assert_eq!(amend(&site, AMY, &ends_at(in_seconds(600))), 204);
    let end = in_seconds(2);
    assert_eq!(amend(&site, AMY, &ends_at(end)), 204);
    amys.echoes("before");
    let asked = Timestamp::now();
    if asked < end {
        assert_eq!(site.payroll("/").bearer(&amy).send().status, 200);
    }
    let last = amys.frame();
    let closed = Timestamp::now();
    assert_eq!(
        last.closing(),
        (1008, "AADSTS50057: access has ended"),
        "{last:?}"
    );
    assert!(closed >= end, "{closed} before {end}");
    assert!(
        closed.duration_since(end) < SignedDuration::from_secs(1),
        "{closed} long after {end}"
    );
    let event = site.expect("expired", site.payroll("/").bearer(&amy), 403, 50_057);
    let explanation = event["crossgate"]["explanation"].to_string();
    assert!(
        explanation.contains("crossgate.expiresDateTime"),
        "{explanation}"
    );
    bens.echoes("nobody else");

    // The directory and the audit tell of it.
    let record = wait_for("the record of it", SOON, || {
        audited(&site, "Guest expired").first().cloned()
    });
    assert_eq!(record["result"], "success", "{record:#}");
    assert_eq!(record["category"], "UserManagement");
    assert_eq!(record["targetResources"][0]["id"], AMY);
    assert_eq!(
        record["initiatedBy"]["app"]["displayName"], "Crossgate guest expiry",
        "{record:#}"
    );
    let told = user(&site, AMY);
    assert_eq!(
        (&told["accountEnabled"], &told["crossgate"]["isExpired"]),
        (&json!(false), &json!(true)),
        "{told:#}"
    );
    assert_eq!(told["crossgate"]["homeTenantId"], WINGTIP, "{told:#}");

    // An administrator brings the guest back by the date and in no other way, and what was signed in before counts.
    assert_eq!(amend(&site, AMY, &json!({ "accountEnabled": true })), 400);
    assert_eq!(amend(&site, AMY, &json!({ "department": "Sales" })), 204);
    site.expect("still", site.payroll("/").bearer(&amy), 403, 50_057);
    assert_eq!(amend(&site, AMY, &ends_at(in_seconds(3600))), 204);
    site.expect("back", site.payroll("/").bearer(&amy), 200, 0);
    let told = user(&site, AMY);
    assert_eq!(told["accountEnabled"], true, "{told:#}");
    assert_eq!(told["crossgate"].get("isExpired"), None, "{told:#}");
    let forever = json!({ "crossgate": { "expiresDateTime": null } });
    assert_eq!(amend(&site, AMY, &forever), 204);
    assert_eq!(user(&site, AMY)["crossgate"].get("expiresDateTime"), None);
    assert_eq!(audited(&site, "Guest expired").len(), 1);
}

#[test]
fn who_expired_while_nothing_ran_is_refused_by_the_first_request_and_recorded_once() {
    let site = with_guests(
        Stage::new(),
        &[record(
            AMY,
            "amy@wingtip.com",
            &json!({ "expiresDateTime": in_seconds(4).to_string() }),
        )],
    );
    let mut site = site;
    site.gateway.kill();
    std::thread::sleep(Duration::from_secs(5));
    site.gateway.start_again();
    site.gateway.wait_until_ready();
    let amy = of(&site, AMY);
    site.expect("expired", site.payroll("/").bearer(&amy), 403, 50_057);
    wait_for("the record of it", SOON, || {
        audited(&site, "Guest expired").first().cloned()
    });
    site.gateway.kill();
    site.gateway.start_again();
    site.gateway.wait_until_ready();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(audited(&site, "Guest expired").len(), 1);
}

#[test]
fn what_is_no_time_to_come_is_refused_with_what_to_write() {
    let site = open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    for (changes, words) in [
        (
            json!({ "crossgate": { "expiresDateTime": "tomorrow" } }),
            "is not a time",
        ),
        (
            json!({ "crossgate": { "expiresDateTime": "2200-01-01T00:00:00Z" } }),
            "lies too far ahead",
        ),
        (json!({ "crossgate": { "expires": "2030" } }), "expires"),
    ] {
        let answer = site.send_meaning_it(&token, "PATCH", &format!("users/{AMY}"), &changes);
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
}

#[test]
fn who_is_invited_until_a_time_stays_so_when_they_accept_and_their_browser_is_refused_from_then_on()
{
    let outsiders = Outsiders::start();
    let doors = outsiders.before_nobody(Lobby::new()).with_store().open();
    let mia = "mia@contractor.example";
    let until = in_seconds(3600);
    let invitation = doors.invite(mia, &ends_at(until));
    let id = invitation["invitedUser"]["id"].as_str().unwrap();
    assert_eq!(invitation.get("crossgate"), None, "{invitation}");
    for (more, words) in [
        (ends_at(in_seconds(7200)), "is a guest already"),
        (ends_at(in_seconds(-60)), "is a guest already"),
    ] {
        let mut body =
            json!({ "invitedUserEmailAddress": mia, "inviteRedirectUrl": doors.app("/welcome") });
        let more = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(more);
        let answer = doors.admin("POST", "invitations", &body);
        assert_eq!(answer.status, 400, "{}", answer.text());
        let told = answer.text();
        assert!(
            told.contains(words) || told.contains("has passed"),
            "{told}"
        );
    }
    let tab = doors.browser.open("mia");
    tab.goto(invitation["inviteRedeemUrl"].as_str().unwrap());
    tab.click("button[type=submit]");
    tab.fill("[name=passcode]", &outsiders.code(mia, 1));
    tab.click("button[type=submit]");
    doors.accept(&tab);
    assert_eq!(tab.page().place.status, 200, "{}", tab.page().text);
    let path = format!("users/{id}");
    let told = doors.admin("GET", &path, &json!({})).json();
    assert_eq!(
        told["crossgate"]["expiresDateTime"],
        until.to_string(),
        "{told}"
    );
    let end = in_seconds(2);
    let amend = |changes: &Value| {
        let answer = doors.admin("PATCH", &path, changes);
        assert_eq!(answer.status, 204, "{}", answer.text());
    };
    amend(&ends_at(end));
    let cookies = format!("__Host-crossgate={}", Doors::session_cookie(&tab));
    wait_for("the end", SOON, || {
        (doors.status_with(&cookies) != 200).then_some(())
    });
    assert!(Timestamp::now() >= end);
    let place = tab.goto(&doors.app("/a"));
    assert_eq!(place.status, 403, "{}", tab.page().text);
    amend(&json!({ "crossgate": { "expiresDateTime": null } }));
    assert_eq!(
        tab.goto(&doors.app("/a")).status,
        200,
        "{}",
        tab.page().text
    );
}

/// When a guest came last, as whoever may read logs is told.
fn activity(site: &Site, guest: &str) -> Value {
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let path = format!("users/{guest}?$select=id,signInActivity");
    site.read(&token, &path)["signInActivity"].clone()
}

fn time(activity: &Value, name: &str) -> Option<Timestamp> {
    activity[name].as_str().map(|text| text.parse().unwrap())
}

/// Waits until a guest has come after this.
fn came_after(site: &Site, guest: &str, since: Timestamp) -> Value {
    wait_for("the activity", SOON, || {
        let activity = activity(site, guest);
        let came = time(&activity, "lastSuccessfulSignInDateTime");
        came.is_some_and(|came| came >= since).then_some(activity)
    })
}

/// The beginning of this second: activity is told to the second.
fn this_second() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

#[test]
fn when_a_guest_came_is_told_to_whoever_may_read_logs_and_is_kept_over_a_restart() {
    let mut site = open();
    assert_eq!(activity(&site, AMY), Value::Null, "nobody has come yet");
    let begun = this_second();
    let event = site.expect("amy", site.payroll("/").bearer(&of(&site, AMY)), 200, 0);
    let told = came_after(&site, AMY, begun);
    assert_eq!(told["lastSuccessfulSignInRequestId"], event["id"], "{told}");
    assert_eq!(told["lastSignInRequestId"], event["id"], "{told}");
    // Her partner's own token finds the same record.
    let amy_at_home = site
        .direct()
        .claims(json!({ "oid": AMY.replace("0a0e", "0f0e") }));
    std::thread::sleep(Duration::from_secs(2));
    let later = this_second();
    let event = site.expect(
        "amy at home",
        site.payroll("/").bearer(&amy_at_home.mint()),
        200,
        0,
    );
    let told = came_after(&site, AMY, later);
    assert_eq!(told["lastSuccessfulSignInRequestId"], event["id"], "{told}");
    // Who is refused has tried, and not come.
    assert_eq!(amend(&site, AMY, &json!({ "accountEnabled": false })), 204);
    std::thread::sleep(Duration::from_secs(2));
    let refused = site.expect(
        "disabled",
        site.payroll("/").bearer(&of(&site, AMY)),
        403,
        50_057,
    );
    let told = wait_for("the attempt", SOON, || {
        let told = activity(&site, AMY);
        (told["lastSignInRequestId"] == refused["id"]).then_some(told)
    });
    assert_eq!(told["lastSuccessfulSignInRequestId"], event["id"], "{told}");

    // It is shown where it is asked for, filtered by, and told to nobody else.
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let plain = site.read(&token, &format!("users/{AMY}"));
    assert_eq!(plain.get("signInActivity"), None, "{plain}");
    let filter = format!(
        "users?$select=id&$count=true&$filter=signInActivity/lastSuccessfulSignInDateTime%20le%20{}",
        Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ")
    );
    let found = site.read(&token, &filter);
    assert_eq!(found["value"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(
        (&found["value"][0]["id"], &found["@odata.count"]),
        (&json!(AMY), &json!(1))
    );
    let reader = site.caller(json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": "User.Read.All" }));
    for path in [
        format!("users/{AMY}?$select=signInActivity"),
        "users?$select=id&$filter=signInActivity/lastSignInDateTime%20le%202030-01-01T00:00:00Z"
            .to_owned(),
    ] {
        assert_eq!(
            site.graph(&reader, "GET", &path).send().status,
            403,
            "{path}"
        );
    }
    assert_eq!(site.graph(&reader, "GET", "users").send().status, 200);

    // Written down at the end, whether anybody has asked or not.
    let before = this_second();
    site.expect("ben", site.payroll("/").bearer(&of(&site, BEN)), 200, 0);
    site.gateway.restart();
    assert_eq!(activity(&site, AMY), told);
    came_after(&site, BEN, before);
    // Gone for good, it goes with the guest.
    for path in [
        format!("users/{BEN}"),
        format!("directory/deletedItems/{BEN}"),
    ] {
        assert_eq!(
            site.send_meaning_it(&token, "DELETE", &path, &json!({}))
                .status,
            204
        );
    }
    assert_eq!(noted(&site, BEN), 0);
}

/// Notes of when a guest came, in the store's file.
fn noted(site: &Site, guest: &str) -> i64 {
    let file = site.gateway.directory().join("policy.db");
    let file = rusqlite::Connection::open(file).unwrap();
    let query = "SELECT count(*) FROM sign_ins WHERE guest = ?1";
    file.query_row(query, (guest,), |row| row.get(0)).unwrap()
}

#[test]
fn requests_that_are_only_counted_advance_it_too() {
    let counts = "mode = \"first-then-count\"";
    let stage = Stage::new().section("sign_ins", counts);
    let site = with_guests(stage, &[record(AMY, "amy@wingtip.com", &json!({}))]);
    let amy = of(&site, AMY);
    let begun = this_second();
    let ask = || assert_eq!(site.payroll("/").bearer(&amy).send().status, 200);
    ask();
    came_after(&site, AMY, begun);
    std::thread::sleep(Duration::from_secs(2));
    let again = this_second();
    ask();
    came_after(&site, AMY, again);
}
