//! Access reviews as their time passes.

use crossgate_control::document::{DocumentKind, Write};
use crossgate_control::reviews::tend;
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
