//! Guests whose access ends at a time that was set: from then on no decision lets them in. What is done here comes after: the account
//! is disabled, so that the directory and the audit tell of it.

use crossgate_policy::ids::{Id, UnixTime};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::error::ApiError;
use crate::audit::{Activity, Attempt, Initiator, TargetResource, modified};
use crate::document::{Address, DocumentKind, Write};
use crate::home::facts;
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::resource::USERS;
use crate::scim::here;
use crate::store::StoreError;
use crate::text::Document;

/// The member of a record's `crossgate` that says when it ends.
pub(crate) const EXPIRES: &str = "expiresDateTime";

/// The member that says that it has ended, and the account was disabled for it.
const IS_EXPIRED: &str = "isExpired";

/// Guests whose time is up and who are not disabled yet, as many as are asked for.
#[must_use]
pub fn due(ledger: &Ledger, now: UnixTime, most: usize) -> Vec<Id> {
    let records = ledger.compiled().guests.records;
    let due = records
        .iter()
        .filter(|record| record.enabled && !record.deleted && record.has_expired(now));
    due.take(most).map(|record| record.id.clone()).collect()
}

/// Disables a guest whose time is up. Whoever was faster, or has put it off, is not undone; whether there was anything to do.
///
/// # Errors
/// The store cannot be written.
pub fn disable(ledger: &Ledger, guest: &Id) -> Result<bool, ApiError> {
    let address = Address::new(DocumentKind::Guest, &guest.to_string());
    let attempt = Attempt {
        activity: EXPIRED,
        by: Initiator::Program("Crossgate guest expiry"),
        correlation: Uuid::new_v4(),
        target: TargetResource {
            id: guest.to_string(),
            name: None,
            kind: USERS.target,
        },
        details: Vec::new(),
    };
    let done = ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        let Some(stored) = store.get(&address)? else {
            return Ok(None);
        };
        let before = Document::parse(&stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
        let is_enabled = before.get("accountEnabled") != Some(Value::Bool(false));
        let ends = end_of(&before).filter(|_| is_enabled && (USERS.is)(&before));
        let Some(ends) = ends.filter(|ends| *ends <= Timestamp::now()) else {
            return Ok(None);
        };
        let mut after = before.clone();
        after.set("accountEnabled", &json!(false));
        let mut crossgate = facts(&after);
        crossgate.insert(IS_EXPIRED.to_owned(), json!(true));
        after.set("crossgate", &Value::Object(crossgate));
        Ok(Some(Planned {
            modified: modified(Some(&before), Some(&after)),
            writes: vec![Write {
                address: address.clone(),
                text: Some(after.to_text().into()),
            }],
            details: vec![("Expired", ends.to_string())],
        }))
    })?;
    Ok(done.is_some())
}

/// What an administrator's change of a record comes to: of `crossgate` the members that it names change. Who was disabled
/// because their time was up comes back where that is put off, and in no other way; whether they did. Whom their partner has
/// deactivated stays so until the partner says otherwise.
///
/// # Errors
/// The account is to be enabled, and would be disabled again at once.
pub(crate) fn amend(
    before: &Document,
    changes: &Document,
    after: &mut Document,
) -> Result<bool, ApiError> {
    let was_expired = is_expired(before);
    if let Some(Value::Object(changed)) = changes.get("crossgate") {
        let mut crossgate = facts(before);
        for (name, value) in changed {
            if value.is_null() {
                crossgate.remove(&name);
            } else {
                crossgate.insert(name, value);
            }
        }
        after.set("crossgate", &Value::Object(crossgate));
    }
    let mut crossgate = facts(after);
    let has_ended = end_of(after).is_some_and(|ends| ends <= Timestamp::now());
    let enables = changes.get("accountEnabled") == Some(Value::Bool(true));
    if has_ended && enables {
        return Err(ApiError::property(
            "accountEnabled",
            "the guest's time is up; set a later `crossgate.expiresDateTime`, or null",
        ));
    }
    let disables = changes.get("accountEnabled") == Some(Value::Bool(false));
    let stays_expired = was_expired && has_ended && !disables;
    let is_put_off = was_expired && !has_ended && !disables;
    if is_put_off && here::is_active(before) {
        after.set("accountEnabled", &json!(true));
    }
    if is_expired(after) != stays_expired {
        if stays_expired {
            crossgate.insert(IS_EXPIRED.to_owned(), json!(true));
        } else {
            crossgate.remove(IS_EXPIRED);
        }
        after.set("crossgate", &Value::Object(crossgate));
    }
    Ok(is_put_off)
}

/// Whether a change of a record's `crossgate` says no more than when it ends.
pub(crate) fn is_all_of(changes: &Document) -> bool {
    let Some(Value::Object(changed)) = changes.get("crossgate") else {
        return false;
    };
    changed.keys().all(|name| name == EXPIRES)
}

/// Whether a record's account was disabled because its time was up.
pub(crate) fn is_expired(record: &Document) -> bool {
    facts(record).get(IS_EXPIRED) == Some(&Value::Bool(true))
}

/// The time, as decisions know it.
pub(crate) fn now() -> UnixTime {
    // Whatever is no time is late: then everything has ended.
    UnixTime::new(Timestamp::now().as_duration().as_secs_f64())
        .unwrap_or(UnixTime::from_secs(u32::MAX))
}

/// When a record ends; `None` where it does not.
pub(crate) fn end_of(record: &Document) -> Option<Timestamp> {
    let facts = facts(record);
    let ends: Timestamp = facts.get(EXPIRES)?.as_str()?.parse().ok()?;
    // As decisions take it: at its second, however much of that is meant to pass.
    Timestamp::from_second(ends.as_millisecond().div_euclid(1000)).ok()
}

const EXPIRED: Activity = Activity::new("UserManagement", "Update", "Guest expired");

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &Value) -> Document {
        Document::parse(&text.to_string()).unwrap()
    }

    fn amended(before: &Value, changes: &Value) -> Result<Value, String> {
        let (before, changes) = (document(before), document(changes));
        let mut after = before.clone();
        after.merge(&changes);
        amend(&before, &changes, &mut after).map_err(|error| error.told())?;
        Ok(Value::Object(after.members()))
    }

    const PAST: &str = "2020-01-01T00:00:00Z";
    const LATER: &str = "2100-01-01T00:00:00Z";

    #[test]
    fn of_what_is_known_of_a_guests_home_only_what_is_named_changes() {
        let before = json!({"crossgate": {"homeTenantId": "t", "consentGiven": true}});
        let after = amended(&before, &json!({"crossgate": {"expiresDateTime": LATER}})).unwrap();
        assert_eq!(
            after["crossgate"],
            json!({"homeTenantId": "t", "consentGiven": true, "expiresDateTime": LATER})
        );
        let after = amended(&after, &json!({"crossgate": {"expiresDateTime": null}})).unwrap();
        assert_eq!(after, before);
    }

    #[test]
    fn who_was_disabled_by_the_time_comes_back_where_it_is_put_off_and_nobody_else_does() {
        let expired = json!({"accountEnabled": false, "crossgate": {"expiresDateTime": PAST, "isExpired": true}});
        for end in [json!(LATER), Value::Null] {
            let after = amended(&expired, &json!({"crossgate": {"expiresDateTime": end}})).unwrap();
            assert_eq!(after["accountEnabled"], true, "{after}");
            assert_eq!(after["crossgate"].get("isExpired"), None);
        }
        let put_off = json!({"accountEnabled": false, "crossgate": {"expiresDateTime": LATER}});
        let after = amended(&expired, &put_off).unwrap();
        assert_eq!(after["accountEnabled"], false);
        assert_eq!(after["crossgate"].get("isExpired"), None);
        let after = amended(&expired, &json!({"department": "Sales"})).unwrap();
        assert_eq!(after["accountEnabled"], false);
        assert_eq!(after["crossgate"]["isExpired"], true);
        // An administrator had disabled them.
        let held = json!({"accountEnabled": false, "crossgate": {"expiresDateTime": PAST}});
        let after = amended(&held, &json!({"crossgate": {"expiresDateTime": LATER}})).unwrap();
        assert_eq!(after["accountEnabled"], false);
    }

    #[test]
    fn whom_the_partner_has_deactivated_meanwhile_does_not_come_back_where_the_end_is_put_off() {
        let expired = json!({"accountEnabled": false, "crossgate": {
            "expiresDateTime": PAST, "isExpired": true,
            "synchronization": {"tenantId": "t", "resource": {"active": false}},
        }});
        let later = json!({"crossgate": {"expiresDateTime": LATER}});
        let after = amended(&expired, &later).unwrap();
        assert_eq!(after["accountEnabled"], false);
        assert_eq!(after["crossgate"].get("isExpired"), None);
    }

    #[test]
    fn nobody_is_enabled_past_their_end_and_nobody_says_that_it_has_come() {
        let expired = json!({"accountEnabled": false, "crossgate": {"expiresDateTime": PAST, "isExpired": true}});
        let refused = amended(&expired, &json!({"accountEnabled": true})).unwrap_err();
        assert!(refused.contains("time is up"), "{refused}");
        let kept = amended(&expired, &json!({"crossgate": {"isExpired": null}})).unwrap();
        assert_eq!(kept["crossgate"]["isExpired"], true);
        let before = json!({"accountEnabled": false});
        let after = amended(&before, &json!({"crossgate": {"isExpired": true}})).unwrap();
        assert_eq!(after["crossgate"].get("isExpired"), None);
    }
}
