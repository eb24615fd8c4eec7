//! Who somebody is at home: the part of a record's `crossgate` that tells of the account, and is written as one. The rest of it is
//! others': when the guest's access ends, and what they told when they signed up.

use serde_json::{Map, Value};

use crate::scim::MEMBER as SYNCHRONIZATION;
use crate::text::Document;

/// Makes a record say this of the account at home, and nothing more of it; what else its `crossgate` says stays.
pub(crate) fn set(record: &mut Document, home: Map<String, Value>) {
    let mut facts = facts(record);
    for name in HOME {
        facts.remove(name);
    }
    facts.extend(home);
    record.set("crossgate", &Value::Object(facts));
}

/// The record is another person's from now on: it says nothing of the account, nor what its former person told.
pub(crate) fn forget(record: &mut Document) {
    let mut facts = facts(record);
    facts.remove(ATTRIBUTES);
    record.set("crossgate", &Value::Object(facts));
    let nobody = [("consentGiven".to_owned(), Value::Bool(false))];
    set(record, nobody.into_iter().collect());
}

/// What a record's `crossgate` says.
pub(crate) fn facts(record: &Document) -> Map<String, Value> {
    match record.get("crossgate") {
        Some(Value::Object(facts)) => facts,
        _ => Map::new(),
    }
}

/// The member of `crossgate` with the custom attributes that a guest told.
pub(crate) const ATTRIBUTES: &str = "attributes";

const HOME: [&str; 6] = [
    "homeTenantId",
    "homeUserId",
    "homeGroups",
    "homeGroupsComplete",
    "consentGiven",
    SYNCHRONIZATION,
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> Document {
        let record = json!({"crossgate": {
            "homeTenantId": "t", "homeUserId": "u", "homeGroups": ["g"], "homeGroupsComplete": false, "consentGiven": true,
            "synchronization": {"tenantId": "t"},
            "expiresDateTime": "2100-01-01T00:00:00Z", "isExpired": true, "attributes": {"extension_a": 1},
        }});
        Document::parse(&record.to_string()).unwrap()
    }

    #[test]
    fn another_account_at_home_leaves_when_access_ends_and_what_the_guest_told() {
        let mut record = record();
        let home = json!({"homeTenantId": "other", "consentGiven": true});
        set(&mut record, home.as_object().unwrap().clone());
        assert_eq!(
            Value::Object(facts(&record)),
            json!({
                "homeTenantId": "other", "consentGiven": true,
                "expiresDateTime": "2100-01-01T00:00:00Z", "isExpired": true, "attributes": {"extension_a": 1},
            })
        );
    }

    #[test]
    fn another_person_has_the_date_and_nothing_that_the_former_told() {
        let mut record = record();
        forget(&mut record);
        assert_eq!(
            Value::Object(facts(&record)),
            json!({"consentGiven": false, "expiresDateTime": "2100-01-01T00:00:00Z", "isExpired": true})
        );
    }
}
