//! Access reviews as their time passes.

use crossgate_control::document::{DocumentKind, Write};
use crossgate_control::outbox::{self, Letter};
use crossgate_control::reviews::{Occasion, Reviewing, tend};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::support::{Site, body, break_glass, put, write};

const DEFINITIONS: &str = "/v1.0/identityGovernance/accessReviews/definitions";

fn guest(id: &str, more: &Value) -> Write {
    let mut guest =
        json!({ "id": id, "userType": "Guest", "createdDateTime": "2020-01-01T00:00:00Z" });
    let more = more.as_object().cloned().unwrap_or_default();
    guest.as_object_mut().unwrap().extend(more);
    put(DocumentKind::Guest, id, &guest)
}

/// A review of all guests for three days; answers with its id.
fn create(site: &Site, settings: &Value) -> String {
    let mut all = json!({ "instanceDurationInDays": 3 });
    let settings = settings.as_object().cloned().unwrap_or_default();
    all.as_object_mut().unwrap().extend(settings);
    let definition = json!({
        "displayName": "Guests", "scope": { "query": "/users?$filter=(userType eq 'Guest')" },
        "reviewers": [{ "query": "/users/bob" }], "settings": all,
    });
    let made = site.send(&break_glass(), "POST", DEFINITIONS, &definition.to_string());
    assert_eq!(made.status, 201, "{}", body(&made));
    body(&made)["id"].as_str().unwrap().to_owned()
}

fn get(site: &Site, path: &str) -> Value {
    let answer = site.call(&break_glass(), "GET", path);
    assert_eq!(answer.status, 200, "{path}: {}", body(&answer));
    body(&answer)
}

fn instance(site: &Site, id: &str) -> Value {
    get(site, &format!("{DEFINITIONS}/{id}/instances/{id}"))
}

fn of_items(site: &Site, id: &str, member: &str) -> Vec<Value> {
    let items = get(
        site,
        &format!("{DEFINITIONS}/{id}/instances/{id}/decisions"),
    );
    let items = items["value"].as_array().unwrap().iter();
    items.map(|item| item[member].clone()).collect()
}

fn after_days(days: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(24 * days)
}

fn there(site: &Site) -> usize {
    get(site, "/v1.0/users")["value"].as_array().unwrap().len()
}

#[test]
fn a_review_ends_by_itself_and_who_nobody_spoke_for_goes_where_that_is_the_default() {
    let site = Site::with(vec![guest("amy", &json!({})), guest("ben", &json!({}))]);
    let settings = json!({
        "defaultDecisionEnabled": true, "defaultDecision": "Deny", "autoApplyDecisionsEnabled": true,
    });
    let id = create(&site, &settings);
    assert_eq!(instance(&site, &id)["status"], "NotStarted");
    tend(&site.ledger, after_days(0)).unwrap();
    assert_eq!(instance(&site, &id)["status"], "InProgress");
    tend(&site.ledger, after_days(2)).unwrap();
    assert_eq!(instance(&site, &id)["status"], "InProgress");
    let path = format!("{DEFINITIONS}/{id}/instances/{id}/decisions/amy");
    let approve = json!({ "decision": "Approve" }).to_string();
    assert_eq!(
        site.send(&break_glass(), "PATCH", &path, &approve).status,
        204
    );
    tend(&site.ledger, after_days(4)).unwrap();
    assert_eq!(instance(&site, &id)["status"], "Applied");
    assert_eq!(of_items(&site, &id, "decision"), ["Approve", "Deny"]);
    assert_eq!(there(&site), 1);
    // What is over stays as it is, however often it is looked at.
    let before = site.ledger.store().head().unwrap();
    tend(&site.ledger, after_days(5)).unwrap();
    assert_eq!(site.ledger.store().head().unwrap(), before);
}

#[test]
fn without_a_default_nobody_goes_and_nothing_is_done_before_somebody_says_so() {
    let site = Site::with(vec![guest("amy", &json!({})), guest("ben", &json!({}))]);
    let id = create(&site, &json!({}));
    tend(&site.ledger, after_days(0)).unwrap();
    let path = format!("{DEFINITIONS}/{id}/instances/{id}/decisions/amy");
    let deny = json!({ "decision": "Deny" }).to_string();
    assert_eq!(site.send(&break_glass(), "PATCH", &path, &deny).status, 204);
    tend(&site.ledger, after_days(4)).unwrap();
    assert_eq!(instance(&site, &id)["status"], "Completed");
    assert_eq!(there(&site), 2);
    let apply = format!("{DEFINITIONS}/{id}/instances/{id}/applyDecisions");
    assert_eq!(site.call(&break_glass(), "POST", &apply).status, 204);
    tend(&site.ledger, after_days(4)).unwrap();
    assert_eq!(of_items(&site, &id, "decision"), ["Deny", "NotReviewed"]);
    assert_eq!(there(&site), 1);
}

#[test]
fn who_is_gone_or_a_guest_no_more_when_it_is_applied_is_told_and_left_alone() {
    let site = Site::with(vec![
        guest("amy", &json!({})),
        guest("ben", &json!({})),
        guest("cat", &json!({})),
    ]);
    let settings = json!({
        "defaultDecisionEnabled": true, "defaultDecision": "Deny", "autoApplyDecisionsEnabled": true,
    });
    let id = create(&site, &settings);
    tend(&site.ledger, after_days(0)).unwrap();
    assert_eq!(
        site.call(&break_glass(), "DELETE", "/v1.0/users/amy")
            .status,
        204
    );
    let member = json!({ "userType": "Member" }).to_string();
    assert_eq!(
        site.send(&break_glass(), "PATCH", "/v1.0/users/ben", &member)
            .status,
        204
    );
    tend(&site.ledger, after_days(4)).unwrap();
    assert_eq!(
        of_items(&site, &id, "applyResult"),
        [
            "AppliedSuccessfullyButObjectNotFound",
            "ApplyNotSupported",
            "AppliedSuccessfully"
        ]
    );
    assert_eq!(there(&site), 1);
}

#[test]
fn a_review_of_more_guests_than_anybody_can_decide_about_ends_at_once_and_says_why() {
    let many = (0..10_001).map(|number| guest(&format!("guest-{number:05}"), &json!({})));
    let site = Site::new();
    write(&*site.store, many.collect());
    site.ledger.follow().unwrap();
    let id = create(
        &site,
        &json!({ "autoApplyDecisionsEnabled": true, "defaultDecisionEnabled": true, "defaultDecision": "Deny" }),
    );
    tend(&site.ledger, after_days(0)).unwrap();
    let told = instance(&site, &id);
    assert_eq!(told["status"], "Applied", "{told}");
    assert_eq!(told["errors"][0]["code"], "TooManyItems", "{told}");
    tend(&site.ledger, after_days(5)).unwrap();
    let count = get(&site, "/v1.0/users?$count=true&$top=1");
    assert_eq!(count["@odata.count"], 10_001, "{count}");
}

#[test]
fn reviews_are_removed_with_what_was_decided_in_them() {
    let site = Site::with(vec![guest("amy", &json!({}))]);
    let id = create(&site, &json!({}));
    tend(&site.ledger, after_days(0)).unwrap();
    let store = site.ledger.store();
    assert_eq!(store.count(DocumentKind::AccessReviewDecision).unwrap(), 1);
    let path = format!("{DEFINITIONS}/{id}");
    assert_eq!(site.call(&break_glass(), "DELETE", &path).status, 204);
    assert_eq!(store.count(DocumentKind::AccessReviewDecision).unwrap(), 0);
    assert_eq!(site.call(&break_glass(), "GET", &path).status, 404);
}

const MAIL: &str =
    "[mail]\nserver = \"localhost\"\nsecurity = \"none\"\nfrom = \"gate@contoso.example\"\n";

/// A review of two guests by Ada of ours, whose address it says, Bob, whose nobody knows, Gus, a guest, and Dot, who is disabled.
fn mailing(settings: &Value) -> (Site, String) {
    let site = Site::configured(
        MAIL,
        vec![
            guest("amy", &json!({})),
            guest("ben", &json!({})),
            guest(
                "gus",
                &json!({ "userType": "Member", "mail": "gus@wingtip.com", "preferredLanguage": "sv-SE" }),
            ),
            guest(
                "dot",
                &json!({ "userType": "Member", "mail": "dot@wingtip.com", "accountEnabled": false }),
            ),
        ],
    );
    let mut all = json!({ "instanceDurationInDays": 4 });
    let settings = settings.as_object().cloned().unwrap_or_default();
    all.as_object_mut().unwrap().extend(settings);
    let ada = |mail: &str| json!({ "query": "/users/ada", "crossgate": { "mail": mail } });
    let definition = |ada: Value| {
        json!({
            "displayName": "Guests", "scope": { "query": "/users?$filter=(userType eq 'Guest')" },
            "reviewers": [ada, { "query": "/users/bob" }, { "query": "/users/gus" }, { "query": "/users/dot" }],
            "settings": all,
        })
        .to_string()
    };
    let made = site.send(
        &break_glass(),
        "POST",
        DEFINITIONS,
        &definition(ada("ada@contoso.com, eve@evil.example")),
    );
    assert_eq!(made.status, 400, "{}", body(&made));
    let made = site.send(
        &break_glass(),
        "POST",
        DEFINITIONS,
        &definition(ada("ada@contoso.com")),
    );
    assert_eq!(made.status, 201, "{}", body(&made));
    let id = body(&made)["id"].as_str().unwrap().to_owned();
    let shown = get(&site, &format!("{DEFINITIONS}/{id}"));
    assert_eq!(
        shown["reviewers"][0]["crossgate"]["mail"],
        "ada@contoso.com"
    );
    (site, id)
}

/// The mails that are due, sent.
fn mailed(site: &Site) -> Vec<Reviewing> {
    let mut mails = Vec::new();
    while let Some(order) = outbox::take_next(&site.ledger).unwrap() {
        outbox::done(&site.ledger, &order.id).unwrap();
        match order.letter {
            Letter::Review(reviewing) => mails.push(reviewing),
            other @ (Letter::Invitation(_) | Letter::Approval(_)) => panic!("{other:?}"),
        }
    }
    mails
}

fn addresses(mails: &[Reviewing]) -> Vec<&str> {
    mails.iter().map(|mail| mail.address.as_str()).collect()
}

fn remind(site: &Site, id: &str) -> (u16, Option<u64>) {
    let path = format!("{DEFINITIONS}/{id}/instances/{id}/sendReminder");
    let answer = site.call(&break_glass(), "POST", &path);
    let wait = answer.headers.get("retry-after");
    let wait = wait.map(|wait| wait.to_str().unwrap().parse().unwrap());
    (answer.status.as_u16(), wait)
}

fn decide(site: &Site, id: &str, guest: &str) {
    let path = format!("{DEFINITIONS}/{id}/instances/{id}/decisions/{guest}");
    let approve = json!({ "decision": "Approve" }).to_string();
    let answer = site.send(&break_glass(), "PATCH", &path, &approve);
    assert_eq!(answer.status, 204, "{}", body(&answer));
}

#[test]
fn reviewers_whose_address_is_known_are_reminded_and_the_audit_names_them_and_the_others() {
    let (site, id) = mailing(&json!({}));
    tend(&site.ledger, after_days(0)).unwrap();
    assert!(mailed(&site).is_empty(), "nobody asked for it");
    decide(&site, &id, "amy");
    assert_eq!(remind(&site, &id), (204, None));
    let record = site.latest();
    assert_eq!(record["activityDisplayName"], "Send reminder");
    let details = record["additionalDetails"].to_string();
    for words in [
        "ada, gus",
        "bob (no address is known)",
        "dot (a guest without access)",
        r#""value":"1""#,
    ] {
        assert!(details.contains(words), "{words}: {details}");
    }
    assert!(!details.contains('@'), "{details}");
    let mails = mailed(&site);
    assert_eq!(addresses(&mails), ["ada@contoso.com", "gus@wingtip.com"]);
    assert_eq!(mails[0].language, None);
    assert_eq!(mails[1].language.as_deref(), Some("sv-SE"));
    assert!(
        mails
            .iter()
            .all(|mail| mail.undecided == 1 && mail.occasion == Occasion::Reminder)
    );
    let record = site.latest();
    assert_eq!(record["activityDisplayName"], "Sent reviewer mail");
    assert_eq!(record["targetResources"][0]["id"], id.as_str());
    assert!(!record.to_string().contains("@"), "{record}");
}

#[test]
fn reviewers_are_reminded_once_an_hour_and_not_of_what_is_decided() {
    let (site, id) = mailing(&json!({}));
    tend(&site.ledger, after_days(0)).unwrap();
    assert_eq!(remind(&site, &id), (204, None));
    let (status, wait) = remind(&site, &id);
    assert_eq!(status, 429);
    assert!((3590..=3600).contains(&wait.unwrap()), "{wait:?}");
    // All is decided before it is sent: nobody needs it any more.
    decide(&site, &id, "amy");
    decide(&site, &id, "ben");
    assert!(mailed(&site).is_empty());
    assert_eq!(
        site.latest()["activityDisplayName"],
        "Send reviewer mail",
        "given up"
    );
    let (site, id) = mailing(&json!({}));
    tend(&site.ledger, after_days(0)).unwrap();
    decide(&site, &id, "amy");
    decide(&site, &id, "ben");
    for _ in 0..2 {
        assert_eq!(remind(&site, &id), (204, None), "nobody was mailed");
        let details = site.latest()["additionalDetails"].to_string();
        assert!(details.contains("every guest is decided"), "{details}");
    }
    assert!(mailed(&site).is_empty());
}

#[test]
fn a_review_mails_when_it_starts_and_half_way_each_once_and_never_after_its_end() {
    let both = json!({ "mailNotificationsEnabled": true, "reminderNotificationsEnabled": true });
    let (site, id) = mailing(&both);
    for _ in 0..2 {
        tend(&site.ledger, after_days(0)).unwrap();
    }
    let mails = mailed(&site);
    assert_eq!(addresses(&mails), ["ada@contoso.com", "gus@wingtip.com"]);
    assert!(
        mails
            .iter()
            .all(|mail| mail.undecided == 2 && mail.occasion == Occasion::Start)
    );
    tend(&site.ledger, after_days(1)).unwrap();
    assert!(mailed(&site).is_empty(), "not half-way yet");
    // Also after the hour in which nobody is reminded again.
    for days in [2, 2, 3] {
        tend(&site.ledger, after_days(days)).unwrap();
    }
    let mails = mailed(&site);
    assert_eq!(addresses(&mails), ["ada@contoso.com", "gus@wingtip.com"]);
    assert!(mails.iter().all(|mail| mail.occasion == Occasion::Reminder));
    assert_eq!(instance(&site, &id)["status"], "InProgress");
    // What waits when the review ends is not sent.
    let (site, id) = mailing(&both);
    tend(&site.ledger, after_days(0)).unwrap();
    let stop = format!("{DEFINITIONS}/{id}/instances/{id}/stop");
    assert_eq!(site.call(&break_glass(), "POST", &stop).status, 204);
    tend(&site.ledger, after_days(2)).unwrap();
    assert!(mailed(&site).is_empty());
}

#[test]
fn half_way_waits_an_hour_where_somebody_has_just_reminded() {
    let (site, id) = mailing(&json!({ "reminderNotificationsEnabled": true }));
    tend(&site.ledger, after_days(0)).unwrap();
    assert_eq!(remind(&site, &id), (204, None));
    assert_eq!(mailed(&site).len(), 2);
    let store = site.ledger.store();
    let address = crossgate_control::document::Address::new(DocumentKind::AccessReview, &id);
    let mut kept: Value =
        serde_json::from_str(&store.get(&address).unwrap().unwrap().text).unwrap();
    kept["instanceStartDateTime"] = json!(after_days(-3).to_string());
    kept["instanceEndDateTime"] = json!(after_days(2).to_string());
    // It began three days ago.
    write(
        &*site.store,
        vec![put(DocumentKind::AccessReview, &id, &kept)],
    );
    site.ledger.follow().unwrap();
    tend(&site.ledger, after_days(0)).unwrap();
    assert!(mailed(&site).is_empty());
    let later = Timestamp::now() + SignedDuration::from_mins(61);
    tend(&site.ledger, later).unwrap();
    assert_eq!(mailed(&site).len(), 2);
}

#[test]
fn without_a_mail_server_nobody_is_mailed_and_whoever_asks_is_told() {
    let site = Site::with(vec![guest("amy", &json!({}))]);
    let id = create(
        &site,
        &json!({ "mailNotificationsEnabled": true, "reminderNotificationsEnabled": true }),
    );
    tend(&site.ledger, after_days(0)).unwrap();
    for _ in 0..2 {
        assert_eq!(remind(&site, &id), (204, None));
        let details = site.latest()["additionalDetails"].to_string();
        assert!(details.contains("nobody: no `[mail]`"), "{details}");
    }
    for _ in 0..2 {
        tend(&site.ledger, after_days(2)).unwrap();
    }
    assert_eq!(site.latest()["activityDisplayName"], "Send reminder");
    let before = site.ledger.store().head().unwrap();
    tend(&site.ledger, after_days(2)).unwrap();
    assert_eq!(site.ledger.store().head().unwrap(), before);
    assert_eq!(site.ledger.store().count(DocumentKind::Mail).unwrap(), 0);
}
