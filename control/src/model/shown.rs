//! A stored document as an answer shows it.

use serde_json::{Map, Value};

use super::{EntityType, Property};

/// Every property: what is stored, or what stands for it where nothing is. What is stored and not in the model, such as
/// annotations of an imported document, is not shown.
#[must_use]
pub fn show(entity: &EntityType, mut stored: Map<String, Value>) -> Map<String, Value> {
    let mut shown = Map::new();
    for property in entity.properties {
        let value = stored.remove(property.name);
        let value = match value {
            None | Some(Value::Null) => initial(property),
            Some(value) => Some(value),
        };
        if let Some(value) = value {
            shown.insert(property.name.to_owned(), value);
        }
    }
    shown
}

/// What stands for a property that is not stored; `None` where it is then left out.
#[must_use]
pub fn initial(property: &Property) -> Option<Value> {
    serde_json::from_str(property.initial).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, Kind, Written};

    #[test]
    fn what_stands_for_a_missing_property_is_json_or_nothing() {
        for entity in model::ENTITIES {
            for property in entity.properties {
                let shown = initial(property).is_some();
                assert_eq!(
                    shown,
                    !property.initial.is_empty(),
                    "{}.{}",
                    entity.name,
                    property.name
                );
                if property.written == Written::AtCreation {
                    assert!(
                        !matches!(property.kind, Kind::Complex(_)),
                        "{}",
                        property.name
                    );
                }
            }
        }
    }

    #[test]
    fn a_fresh_partner_is_shown_as_graph_documents_it() {
        let stored = serde_json::json!({"tenantId": "3d0f5dec-0000-4000-8000-e2af1ae4d31a", "identitySynchronization": {}});
        let Value::Object(stored) = stored else {
            unreachable!()
        };
        let shown = Value::Object(show(&model::PARTNER, stored));
        let expected = serde_json::json!({
            "tenantId": "3d0f5dec-0000-4000-8000-e2af1ae4d31a",
            "isServiceProvider": null,
            "isInMultiTenantOrganization": false,
            "inboundTrust": null,
            "b2bCollaborationOutbound": null, "b2bCollaborationInbound": null,
            "b2bDirectConnectOutbound": null, "b2bDirectConnectInbound": null,
            "tenantRestrictions": null,
            "automaticUserConsentSettings": { "inboundAllowed": null, "outboundAllowed": null },
        });
        assert_eq!(shown, expected);
    }
}
