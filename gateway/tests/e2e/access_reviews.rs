//! Access reviews of guests by HTTP: who is asked, what is decided, and what comes of it.

use std::time::Duration;

use crate::guest_ends::{audited, of, record, with_guests};
use crate::site::admin::{ADA, GLOBAL_ADMINISTRATOR, SECURITY_READER};
use crate::site::{Site, Stage};
use crossgate_testkit::curl::Answer;
use crossgate_testkit::mail::MailServer;
use crossgate_testkit::programs::wait_for;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const AMY: &str = "0a0e0000-0000-4000-8000-00000000000a";
const BEN: &str = "0a0e0000-0000-4000-8000-00000000000b";
const CAT: &str = "0a0e0000-0000-4000-8000-00000000000c";
const DAN: &str = "0a0e0000-0000-4000-8000-00000000000d";
const BOB: &str = "0b0e0000-0000-4000-8000-00000000000b";

const DEFINITIONS: &str = "identityGovernance/accessReviews/definitions";

const SOON: Duration = Duration::from_secs(15);

/// Four guests: who came long ago, who came lately, nobody who ever came, and one of our members.
fn open() -> Site {
    opened(Stage::new())
}

/// The same with a mail server.
fn open_with_mail(server: &MailServer) -> Site {
    let lines = format!(
        "server = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"no-reply@contoso.example\"",
        server.port()
    );
    opened(Stage::new().section("mail", &lines))
}

fn opened(stage: Stage) -> Site {
    let old = |id: &str, mail: &str, kind: &str| {
        let mut record = record(id, mail, &json!({}));
        record["createdDateTime"] = json!("2020-01-01T00:00:00Z");
        record["userType"] = json!(kind);
        record
    };
    let records = [
        old(AMY, "amy@wingtip.com", "Guest"),
        old(BEN, "ben@wingtip.com", "Guest"),
        old(CAT, "cat@wingtip.com", "Guest"),
        old(DAN, "dan@wingtip.com", "Member"),
    ];
    with_guests(stage, &records)
}

/// Who reviews, without any role.
fn bob(site: &Site) -> String {
    site.caller(json!({ "oid": BOB, "name": "Bob", "scp": "AccessReview.ReadWrite.All" }))
}

fn admin(site: &Site) -> String {
    site.administrator(GLOBAL_ADMINISTRATOR)
}

fn definition(settings: &Value) -> Value {
    let mut all = json!({ "instanceDurationInDays": 3 });
    all.as_object_mut()
        .unwrap()
        .extend(settings.as_object().unwrap().clone());
    json!({
        "displayName": "Guests of Wingtip",
        "scope": { "@odata.type": "#microsoft.graph.accessReviewQueryScope", "queryType": "MicrosoftGraph",
                   "query": "/users?$filter=(userType eq 'Guest')" },
        "reviewers": [{ "query": format!("/users/{BOB}"), "queryType": "MicrosoftGraph" }],
        "settings": all,
    })
}

/// Makes a review, and waits until it is under way; answers with the path of its instance.
fn begin(site: &Site, definition: &Value) -> String {
    let made = site.send(&admin(site), "POST", DEFINITIONS, definition);
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    let path = format!("{DEFINITIONS}/{id}/instances/{id}");
    reaches(site, &path, "InProgress");
    path
}

fn reaches(site: &Site, instance: &str, status: &str) {
    wait_for(status, SOON, || {
        let now = site.read(&admin(site), instance)["status"].clone();
        (now == status).then_some(())
    });
}

fn decisions(site: &Site, instance: &str) -> Vec<Value> {
    let all = site.read(&admin(site), &format!("{instance}/decisions"));
    all["value"].as_array().unwrap().clone()
}

fn of_guest(site: &Site, instance: &str, guest: &str) -> Value {
    site.read(&admin(site), &format!("{instance}/decisions/{guest}"))
}

fn decide(site: &Site, token: &str, instance: &str, guest: &str, decision: &Value) -> Answer {
    let path = format!("{instance}/decisions/{guest}");
    site.send(token, "PATCH", &path, decision)
}

fn status(site: &Site, guest: &str) -> u16 {
    site.payroll("/").bearer(&of(site, guest)).send().status
}

#[test]
fn who_is_denied_is_gone_at_once_and_everything_is_on_record() {
    let site = open();
    let instance = begin(
        &site,
        &definition(&json!({ "justificationRequiredOnApproval": true })),
    );
    let ids: Vec<Value> = decisions(&site, &instance)
        .iter()
        .map(|item| item["id"].clone())
        .collect();
    assert_eq!(ids, [AMY, BEN, CAT], "guests, and no members");
    let bob = bob(&site);
    // A reviewer without a role reads and decides in their own review.
    let all = site.read(
        &bob,
        &format!("{instance}/decisions?$filter=decision%20eq%20'NotReviewed'&$count=true&$top=2"),
    );
    assert_eq!(all["@odata.count"], 3, "{all}");
    assert_eq!(all["value"].as_array().unwrap().len(), 2, "{all}");
    let next = all["@odata.nextLink"].as_str().unwrap();
    let next = &next[next.find("/v1.0").unwrap()..];
    assert_eq!(site.read(&bob, next)["value"][0]["id"], CAT);
    let deny = json!({ "decision": "Deny", "justification": "Left the project" });
    assert_eq!(decide(&site, &bob, &instance, AMY, &deny).status, 204);
    let bare = decide(
        &site,
        &bob,
        &instance,
        BEN,
        &json!({ "decision": "Approve" }),
    );
    assert_eq!(bare.status, 400, "an approval wants a reason: {bare:?}");
    let approve = json!({ "decision": "Approve", "justification": "Still here" });
    assert_eq!(decide(&site, &bob, &instance, BEN, &approve).status, 204);
    let doubt = json!({ "decision": "DontKnow" });
    assert_eq!(decide(&site, &bob, &instance, CAT, &doubt).status, 204);
    let item = of_guest(&site, &instance, AMY);
    assert_eq!(item["reviewedBy"]["id"], BOB, "{item}");
    assert_eq!(item["principal"]["id"], AMY, "{item}");
    assert_eq!(item["applyResult"], "New", "{item}");

    // And does no more than that.
    let id = instance.rsplit('/').next().unwrap();
    for (method, path) in [
        ("POST", format!("{instance}/stop")),
        ("POST", format!("{instance}/applyDecisions")),
        ("POST", format!("{instance}/sendReminder")),
        ("DELETE", format!("{DEFINITIONS}/{id}")),
        ("POST", DEFINITIONS.to_owned()),
        ("GET", DEFINITIONS.to_owned()),
        ("GET", "users".to_owned()),
    ] {
        assert_eq!(
            site.send(&bob, method, &path, &json!({})).status,
            403,
            "{method} {path}"
        );
    }

    // Nothing comes of it before it ends and is applied.
    let token = admin(&site);
    assert_eq!(
        site.send(
            &token,
            "POST",
            &format!("{instance}/applyDecisions"),
            &json!({})
        )
        .status,
        400
    );
    assert_eq!(status(&site, AMY), 200);
    let mut amys = site.socket(&of(&site, AMY));
    let mut bens = site.socket(&of(&site, BEN));
    amys.echoes("before");
    assert_eq!(
        site.send(&token, "POST", &format!("{instance}/stop"), &json!({}))
            .status,
        204
    );
    reaches(&site, &instance, "Completed");
    assert_eq!(
        decide(&site, &bob, &instance, BEN, &deny).status,
        400,
        "it has ended"
    );
    assert_eq!(status(&site, AMY), 200);
    assert_eq!(
        site.send(
            &token,
            "POST",
            &format!("{instance}/applyDecisions"),
            &json!({})
        )
        .status,
        204
    );
    let last = amys.frame();
    assert_eq!(
        last.closing(),
        (1008, "AADSTS50057: access has ended"),
        "{last:?}"
    );
    reaches(&site, &instance, "Applied");
    assert_eq!(
        (status(&site, AMY), status(&site, BEN), status(&site, CAT)),
        (403, 200, 200)
    );
    bens.echoes("stays");
    let results: Vec<Value> = decisions(&site, &instance)
        .iter()
        .map(|item| item["applyResult"].clone())
        .collect();
    assert_eq!(
        results,
        ["AppliedSuccessfully", "AppliedSuccessfully", "New"]
    );

    for (activity, target, count) in [
        ("Create access review", None, 1),
        ("Access review started", None, 1),
        ("Deny decision", Some(AMY), 1),
        ("Approve decision", Some(BEN), 1),
        ("Stop access review", None, 1),
        ("Request apply review result", None, 1),
        ("Apply decision", Some(AMY), 1),
        ("Apply review", None, 1),
    ] {
        let mut records = audited(&site, activity);
        records.retain(|record| record["result"] == "success");
        assert_eq!(records.len(), count, "{activity}: {records:#?}");
        assert_eq!(records[0]["category"], "AccessReviews", "{activity}");
        if let Some(target) = target {
            assert_eq!(records[0]["targetResources"][0]["id"], target, "{activity}");
        }
    }
    let removal = audited(&site, "Apply decision").remove(0);
    let changed = removal["targetResources"][0]["modifiedProperties"].to_string();
    assert!(changed.contains("deletedDateTime"), "{removal:#}");
    // Brought back as anybody who was deleted.
    let restore = format!("directory/deletedItems/{AMY}/restore");
    assert_eq!(
        site.send_meaning_it(&token, "POST", &restore, &json!({}))
            .status,
        200
    );
    assert_eq!(status(&site, AMY), 200);
    assert_eq!(
        site.send(&token, "DELETE", &format!("{DEFINITIONS}/{id}"), &json!({}))
            .status,
        204
    );
    assert_eq!(site.graph(&token, "GET", &instance).send().status, 404);
}

#[test]
fn a_reviewer_decides_in_their_own_reviews_only_and_with_the_permission() {
    let site = open();
    let instance = begin(&site, &definition(&json!({})));
    let deny = json!({ "decision": "Deny" });
    for (claims, what) in [
        (
            json!({ "oid": BOB, "scp": "AccessReview.Read.All" }),
            "reads only",
        ),
        (
            json!({ "oid": BOB, "scp": "User.ReadWrite.All" }),
            "another permission",
        ),
        (
            json!({ "oid": ADA, "scp": "AccessReview.ReadWrite.All" }),
            "somebody else",
        ),
        (
            json!({ "oid": ADA, "wids": [SECURITY_READER], "scp": "AccessReview.ReadWrite.All" }),
            "who may read",
        ),
    ] {
        let answer = decide(&site, &site.caller(claims), &instance, AMY, &deny);
        assert_eq!(answer.status, 403, "{what}: {answer:?}");
    }
    let reads = site.caller(json!({ "oid": BOB, "scp": "AccessReview.Read.All" }));
    assert_eq!(site.graph(&reads, "GET", &instance).send().status, 200);
    let other = site.caller(json!({ "oid": ADA, "scp": "AccessReview.ReadWrite.All" }));
    for path in [
        instance.clone(),
        format!("{instance}/decisions"),
        format!("{instance}/decisions/{AMY}"),
    ] {
        assert_eq!(
            site.graph(&other, "GET", &path).send().status,
            403,
            "{path}"
        );
    }
    assert_eq!(of_guest(&site, &instance, AMY)["decision"], "NotReviewed");
    // Of another's review they know no more than others.
    let mut theirs = definition(&json!({}));
    theirs["reviewers"][0]["query"] = json!(format!("/users/{ADA}"));
    let second = begin(&site, &theirs);
    assert_eq!(decide(&site, &bob(&site), &second, AMY, &deny).status, 403);
    let nobody = decide(&site, &bob(&site), &instance, DAN, &deny);
    assert_eq!(nobody.status, 404, "not in its scope: {nobody:?}");
}

#[test]
fn a_review_of_who_stayed_away_leaves_out_whom_nobody_could_have_seen() {
    let site = open();
    let mut inactive = definition(&json!({}));
    inactive["scope"]["@odata.type"] =
        json!("#microsoft.graph.accessReviewInactiveUsersQueryScope");
    inactive["scope"]["inactiveDuration"] = json!("P1D");
    let instance = begin(&site, &inactive);
    assert_eq!(decisions(&site, &instance), Vec::<Value>::new());
    let file = site.gateway.directory().join("policy.db");
    rusqlite::Connection::open(file)
        .unwrap()
        .execute("UPDATE sign_ins_since SET at = 0", ())
        .unwrap();
    let instance = begin(&site, &inactive);
    assert!(!decisions(&site, &instance).is_empty());
    // By when they came is asked so, and in no filter: that would admit whom it does not know of.
    inactive["scope"]["query"] =
        json!("/users?$filter=signInActivity/lastSuccessfulSignInDateTime le 2030-01-01T00:00:00Z");
    let path = "identityGovernance/accessReviews/definitions";
    let refused = site.send(&admin(&site), "POST", path, &inactive);
    assert_eq!(refused.status, 400, "{}", refused.text());
}

#[test]
fn what_nobody_decided_is_decided_by_default_and_recommendations_go_by_when_guests_came() {
    let site = open();
    // Ben has just come. Cat and Amy never did; how long that is noted is set back, as in a store of old.
    assert_eq!(status(&site, BEN), 200);
    let file = site.gateway.directory().join("policy.db");
    rusqlite::Connection::open(file)
        .unwrap()
        .execute("UPDATE sign_ins_since SET at = 0", ())
        .unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let settings = json!({
        "defaultDecisionEnabled": true, "defaultDecision": "Recommendation",
        "autoApplyDecisionsEnabled": true, "recommendationLookBackDuration": "P30D",
    });
    let instance = begin(&site, &definition(&settings));
    let recommended: Vec<Value> = decisions(&site, &instance)
        .iter()
        .map(|item| item["recommendation"].clone())
        .collect();
    assert_eq!(recommended, ["Deny", "Approve", "Deny"]);
    let came = &of_guest(&site, &instance, BEN)["insights"][0]["lastSignInDateTime"];
    assert!(came.is_string(), "{came}");
    // Amy comes after all: it is told, and the reviewer's word counts.
    assert_eq!(status(&site, AMY), 200);
    wait_for("the insight", SOON, || {
        site.read(
            &admin(&site),
            &format!("users/{AMY}?$select=signInActivity"),
        );
        let item = of_guest(&site, &instance, AMY);
        item["insights"][0]["lastSignInDateTime"]
            .is_string()
            .then_some(())
    });
    let approve = json!({ "decision": "Approve", "justification": "Came back" });
    assert_eq!(
        decide(&site, &bob(&site), &instance, AMY, &approve).status,
        204
    );
    assert_eq!(
        site.send(
            &admin(&site),
            "POST",
            &format!("{instance}/stop"),
            &json!({})
        )
        .status,
        204
    );
    reaches(&site, &instance, "Applied");
    let decided: Vec<Value> = decisions(&site, &instance)
        .iter()
        .map(|item| item["decision"].clone())
        .collect();
    assert_eq!(decided, ["Approve", "Approve", "Deny"]);
    assert_eq!(
        (status(&site, AMY), status(&site, BEN), status(&site, CAT)),
        (200, 200, 403)
    );

    // Those who have not come for a day, and are there.
    let mut inactive = definition(&json!({}));
    inactive["scope"]["@odata.type"] =
        json!("#microsoft.graph.accessReviewInactiveUsersQueryScope");
    inactive["scope"]["inactiveDuration"] = json!("P1D");
    let instance = begin(&site, &inactive);
    assert_eq!(decisions(&site, &instance), [] as [Value; 0]);
}

#[test]
fn a_review_goes_on_where_it_stopped_when_the_process_was_killed() {
    let many: Vec<Value> = (0..60)
        .map(|number| {
            let id = format!("0a0e0000-0000-4000-8000-0000000001{number:02}");
            record(&id, &format!("guest-{number}@wingtip.com"), &json!({}))
        })
        .collect();
    let mut site = with_guests(Stage::new(), &many);
    let settings = json!({ "defaultDecisionEnabled": true, "defaultDecision": "Deny", "autoApplyDecisionsEnabled": true });
    let instance = begin(&site, &definition(&settings));
    site.gateway.kill();
    site.gateway.start_again();
    site.gateway.wait_until_ready();
    assert_eq!(decisions(&site, &instance).len(), 60);
    assert_eq!(
        site.send(
            &admin(&site),
            "POST",
            &format!("{instance}/stop"),
            &json!({})
        )
        .status,
        204
    );
    wait_for("the first who goes", SOON, || {
        (!audited(&site, "Apply decision").is_empty()).then_some(())
    });
    site.gateway.kill();
    site.gateway.start_again();
    site.gateway.wait_until_ready();
    wait_for("the end", Duration::from_secs(60), || {
        let now = site.read(&admin(&site), &instance)["status"].clone();
        (now == "Applied").then_some(())
    });
    let token = admin(&site);
    let gone = site.read(
        &token,
        "directory/deletedItems/microsoft.graph.user?$top=999",
    );
    assert_eq!(gone["value"].as_array().unwrap().len(), 60);
    let records = site.read(
        &token,
        "auditLogs/directoryAudits?$filter=activityDisplayName%20eq%20'Apply%20decision'&$top=999",
    );
    let mut targets: Vec<String> = records["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            record["targetResources"][0]["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    targets.sort();
    targets.dedup();
    assert_eq!(
        (targets.len(), records["value"].as_array().unwrap().len()),
        (60, 60)
    );
}

#[test]
fn many_are_decided_at_once_and_what_is_not_to_be_had_is_refused_with_what_to_write() {
    let site = open();
    let instance = begin(
        &site,
        &definition(&json!({ "mailNotificationsEnabled": true })),
    );
    let bob = bob(&site);
    let all = json!({ "decision": "DontKnow" });
    let post =
        |path: &str, body: &Value| site.send(&bob, "POST", &format!("{instance}/{path}"), body);
    assert_eq!(post("batchRecordDecisions", &all).status, 204);
    let one = json!({ "decision": "Deny", "principalId": CAT });
    assert_eq!(post("batchRecordDecisions", &one).status, 204);
    let verdicts = || -> Vec<Value> {
        let items = decisions(&site, &instance);
        items.iter().map(|item| item["decision"].clone()).collect()
    };
    assert_eq!(verdicts(), ["DontKnow", "DontKnow", "Deny"]);
    let back = json!({ "decision": "NotReviewed" });
    assert_eq!(decide(&site, &bob, &instance, AMY, &back).status, 204);
    assert_eq!(of_guest(&site, &instance, AMY)["reviewedBy"], Value::Null);
    // Too little is known yet to recommend anything.
    assert_eq!(
        of_guest(&site, &instance, AMY)["recommendation"],
        "NoInfoAvailable"
    );
    assert_eq!(post("acceptRecommendations", &json!({})).status, 204);
    assert_eq!(verdicts(), ["NotReviewed", "DontKnow", "Deny"]);
    let token = admin(&site);
    let reminded = site.send(
        &token,
        "POST",
        &format!("{instance}/sendReminder"),
        &json!({}),
    );
    assert_eq!(reminded.status, 204, "{reminded:?}");
    let record = audited(&site, "Send reminder").remove(0);
    assert!(
        record.to_string().contains("nobody: no `[mail]` server"),
        "{record:#}"
    );

    let with = |path: &str, value: Value| {
        let mut body = definition(&json!({}));
        *body.pointer_mut(path).unwrap_or(&mut Value::Null) = value.clone();
        if body.pointer(path).is_none() {
            let (object, name) = path.rsplit_once('/').unwrap();
            body.pointer_mut(object).unwrap()[name] = value;
        }
        body
    };
    for (body, words) in [
        (
            with("/scope/query", json!("/groups/1/members")),
            "/users?$filter",
        ),
        (
            with("/scope/query", json!("/users?$filter=colour eq 'red'")),
            "scope.query",
        ),
        (with("/reviewers", json!([])), "reviewers"),
        (
            with("/reviewers/0/query", json!("/groups/1/transitiveMembers")),
            "/users/ID",
        ),
        (
            with("/settings/instanceDurationInDays", json!(0)),
            "1 to 365",
        ),
        (
            with(
                "/settings/recurrence",
                json!({ "pattern": { "type": "weekly" } }),
            ),
            "recur",
        ),
        (
            with("/settings/defaultDecision", json!("Maybe")),
            "Recommendation",
        ),
        (
            with("/settings/defaultDecisionEnabled", json!(true)),
            "defaultDecision",
        ),
        (with("/settings/colour", json!("red")), "colour"),
        (with("/displayName", json!(" ")), "name"),
        (
            with("/fallbackReviewers", json!([{ "query": "/users/1" }])),
            "fallbackReviewers",
        ),
        (with("/stageSettings", json!([])), "stageSettings"),
    ] {
        let answer = site.send(&token, "POST", DEFINITIONS, &body);
        assert_eq!(answer.status, 400, "{body}\n{answer:?}");
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    let wrong = decide(&site, &bob, &instance, AMY, &json!({ "decision": "Maybe" }));
    assert_eq!(wrong.status, 400, "{wrong:?}");
    let wrong = decide(
        &site,
        &bob,
        &instance,
        AMY,
        &json!({ "decision": "Deny", "recommendation": "Deny" }),
    );
    assert_eq!(wrong.status, 400, "{wrong:?}");
}

/// A review by Bob, by Ada, and by Dan, who has a record.
fn with_reviewers(settings: &Value) -> Value {
    let mut all = definition(settings);
    let reviewer =
        |id: &str| json!({ "query": format!("/users/{id}"), "queryType": "MicrosoftGraph" });
    all["reviewers"] = json!([reviewer(BOB), reviewer(ADA), reviewer(DAN)]);
    all["reviewers"][0]["crossgate"] = json!({ "mail": "bob@contoso.com", "language": "sv" });
    all
}

fn remind(site: &Site, instance: &str) -> Answer {
    let path = format!("{instance}/sendReminder");
    site.send(&admin(site), "POST", &path, &json!({}))
}

#[test]
fn a_reminder_reaches_reviewers_by_mail_once_an_hour_and_says_how_many_guests_wait() {
    let server = MailServer::start();
    let mut site = open_with_mail(&server);
    let instance = begin(&site, &with_reviewers(&json!({})));
    let deny = json!({ "decision": "Deny" });
    assert_eq!(
        decide(&site, &bob(&site), &instance, AMY, &deny).status,
        204
    );
    let reminded = remind(&site, &instance);
    assert_eq!(reminded.status, 204, "{reminded:?}");
    let swedish = server.newest("bob@contoso.com", 1);
    let english = server.newest("dan@wingtip.com", 1);
    let id = instance.rsplit('/').next().unwrap();
    for (mail, count) in [
        (&swedish, "G\u{e4}ster som inte \u{e4}r avgjorda: 2"),
        (&english, "Guests not decided yet: 2"),
    ] {
        let text = mail["text"].as_str().unwrap();
        for words in [count, id, "> Guests of Wingtip", " UTC"] {
            assert!(text.contains(words), "{words}\n{text}");
        }
        assert!(!text.contains("http"), "{text}");
    }
    let record = audited(&site, "Send reminder").remove(0);
    let details = record["additionalDetails"].to_string();
    assert!(details.contains(&format!("{BOB}, {DAN}")), "{details}");
    assert!(
        details.contains(&format!("{ADA} (no address is known)")),
        "{details}"
    );
    assert!(!details.contains('@'), "{details}");

    // The hour is counted whatever becomes of the process.
    site.gateway.kill();
    site.gateway.start_again();
    site.gateway.wait_until_ready();
    let again = remind(&site, &instance);
    assert_eq!(again.status, 429, "{again:?}");
    let wait: u64 = again.header("retry-after").unwrap().parse().unwrap();
    assert!((3000..=3600).contains(&wait), "{wait}");

    // Nobody is mailed where everything is decided.
    let second = begin(&site, &with_reviewers(&json!({})));
    let all = json!({ "decision": "Approve", "justification": "All stay" });
    let path = format!("{second}/batchRecordDecisions");
    assert_eq!(site.send(&bob(&site), "POST", &path, &all).status, 204);
    assert_eq!(remind(&site, &second).status, 204);
    let records = audited(&site, "Send reminder");
    let decided = records
        .iter()
        .any(|record| record.to_string().contains("every guest is decided"));
    assert!(decided, "{records:#?}");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(server.all().len(), 2);
}

#[test]
fn a_review_mails_at_its_start_and_half_way_once_whatever_becomes_of_the_process() {
    let server = MailServer::start();
    let mut site = open_with_mail(&server);
    let both = json!({ "mailNotificationsEnabled": true, "reminderNotificationsEnabled": true });
    let instance = begin(&site, &with_reviewers(&both));
    let began = server.newest("bob@contoso.com", 1);
    assert_eq!(
        began["subject"],
        "G\u{e4}ster att granska: Guests of Wingtip"
    );
    let _ = server.newest("dan@wingtip.com", 1);
    site.gateway.kill();
    // Two of its three days go by.
    let id = instance.rsplit('/').next().unwrap();
    let file = site.gateway.directory().join("policy.db");
    let at = |hours| (Timestamp::now() + SignedDuration::from_hours(hours)).to_string();
    rusqlite::Connection::open(file)
        .unwrap()
        .execute(
            "UPDATE documents SET text = json_set(text, '$.instanceStartDateTime', ?1, '$.instanceEndDateTime', ?2) WHERE key = ?3",
            (at(-48), at(24), id),
        )
        .unwrap();
    site.gateway.start_again();
    site.gateway.wait_until_ready();
    let half = server.newest("bob@contoso.com", 2);
    assert_eq!(
        half["subject"],
        "P\u{e5}minnelse, g\u{e4}ster att granska: Guests of Wingtip"
    );
    let _ = server.newest("dan@wingtip.com", 2);
    site.gateway.kill();
    site.gateway.start_again();
    site.gateway.wait_until_ready();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(server.all().len(), 4);
    for activity in ["Access review started", "Send reminder"] {
        let records = audited(&site, activity);
        assert_eq!(records.len(), 1, "{records:#?}");
        assert!(records[0].to_string().contains(BOB), "{records:#?}");
    }
}
