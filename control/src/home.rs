//! Who somebody is at home: the part of a record's `crossgate` that tells of the account, and is written as one. The rest of it is
//! others': when the guest's access ends, and what they told when they signed up.

use crossgate_config::OwnTenant;
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

/// Whether somebody has an account of the own tenant and no other: no invitation, no identity elsewhere, and a name of its own domains
/// that no guest is given.
pub(crate) fn is_internal(record: &Document, own: &OwnTenant) -> bool {
    let home = facts(record);
    let name = record.text_of("userPrincipalName").unwrap_or_default();
    let is_of_ours = name.rsplit_once('@').is_some_and(|(local, domain)| {
        let mut domains = own.domains.iter();
        domains.any(|own| own.eq_ignore_ascii_case(domain)) && !local.ends_with("#EXT#")
    });
    is_of_ours
        && record.text_of("externalUserState").is_none()
        && !home.contains_key("homeTenantId")
        && !home.contains_key(SYNCHRONIZATION)
        && own_identities(record).len() == identities(record).len()
}

/// Of the identities those that the own tenant gave.
pub(crate) fn own_identities(record: &Document) -> Vec<Value> {
    let mut own = identities(record);
    own.retain(|identity| identity.get("signInType").and_then(Value::as_str) != Some("federated"));
    own
}

fn identities(record: &Document) -> Vec<Value> {
    match record.get("identities") {
        Some(Value::Array(identities)) => identities,
        _ => Vec::new(),
    }
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
