//! The body of a call: one JSON object, whose members are what the resource has and its caller may write.

use std::collections::HashSet;
use std::fmt;

use http::header::CONTENT_TYPE;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::call::Call;
use super::error::{ApiError, Detail};
use crate::model::{EntityType, Property, Written, show};
use crate::text::Document;

/// The body as a document.
///
/// # Errors
/// 415 where it is not JSON by its type, 400 where it is none.
pub(super) fn read(call: &Call) -> Result<Document, ApiError> {
    let content_type = call.headers.get(CONTENT_TYPE);
    let is_json = content_type.is_some_and(|value| {
        let media = value.to_str().unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        media.eq_ignore_ascii_case("application/json")
    });
    if !is_json {
        return Err(ApiError::media_type(
            "the body must be JSON; send it with `Content-Type: application/json`",
        ));
    }
    if call.headers.contains_key(http::header::CONTENT_ENCODING) {
        return Err(ApiError::media_type(
            "the body is compressed; send it without `Content-Encoding`",
        ));
    }
    let text =
        std::str::from_utf8(&call.body).map_err(|_| ApiError::bad("the body is not UTF-8"))?;
    let none = |error| ApiError::bad(format!("the body is not one JSON object: {error}"));
    // Counted first: much of what follows is done while nobody else can change anything.
    let Size(size) = serde_json::from_str(text).map_err(none)?;
    if size > MOST_VALUES {
        return Err(ApiError::bad(format!(
            "the body has {size} members and items of lists, those within others counted too; expected at most {MOST_VALUES}"
        )));
    }
    Document::parse(text).map_err(none)
}

/// Refuses members other than these.
///
/// # Errors
/// The first other one.
pub(super) fn only(body: &Document, known: &[&str]) -> Result<(), ApiError> {
    match body.names().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => Err(ApiError::property(
            name,
            format!("is not known here; expected {}", known.join(", ")),
        )),
    }
}

/// One of the names that a member may have.
///
/// # Errors
/// It is not there, or is something else than what is `expected`.
pub(super) fn named<T>(
    body: &Document,
    name: &str,
    expected: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, ApiError> {
    let wrong = |told: String| ApiError::property(name, format!("{told}; expected {expected}"));
    match body.get(name) {
        None | Some(Value::Null) => Err(wrong("is needed".to_owned())),
        Some(Value::String(given)) => {
            read(&given).ok_or_else(|| wrong(format!("`{given}` is none")))
        }
        Some(_) => Err(wrong("is no text".to_owned())),
    }
}

/// How many members and items of lists a value has, at every depth.
struct Size(usize);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Counter)
    }
}

struct Counter;

impl<'de> Visitor<'de> for Counter {
    type Value = Size;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Size, E> {
        Ok(Size(0))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Size, E> {
        Ok(Size(0))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Size, E> {
        Ok(Size(0))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Size, E> {
        Ok(Size(0))
    }

    fn visit_str<E>(self, _: &str) -> Result<Size, E> {
        Ok(Size(0))
    }

    fn visit_unit<E>(self) -> Result<Size, E> {
        Ok(Size(0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Size, A::Error> {
        let mut size = 0;
        while let Some(Size(within)) = items.next_element()? {
            size += 1 + within;
        }
        Ok(Size(size))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Size, A::Error> {
        let mut size = 0;
        while let Some((IgnoredAny, Size(within))) = members.next_entry()? {
            size += 1 + within;
        }
        Ok(Size(size))
    }
}

/// What of a body is to be written over a resource, `stored` where there is one: annotations are left out, and what only Crossgate writes, as long as
/// it says what is so anyway.
///
/// # Errors
/// Every member that the resource does not have or a caller may not write.
pub(super) fn accept(
    entity: &EntityType,
    mut body: Document,
    stored: Option<&Document>,
) -> Result<Document, ApiError> {
    let shown = show(entity, stored.map(Document::members).unwrap_or_default());
    let mut faults = Vec::new();
    let mut kept = HashSet::new();
    for name in body.names() {
        let property = entity.property(name);
        let fault = match property {
            None if name.starts_with('@') || name.contains("@odata.") => continue,
            None => Some(unknown(entity, name)),
            Some(property) => refusal(property, &body, stored.is_some(), &shown),
        };
        match (fault, property) {
            (Some(message), _) => faults.push(Detail {
                code: "InvalidProperty",
                target: name.to_owned(),
                message,
            }),
            (None, Some(property)) if !is_fixed(property, stored.is_some()) => {
                kept.insert(property.name);
            }
            (None, _) => {}
        }
    }
    if stored.is_none() {
        let missing = entity.properties.iter().filter(|property| {
            property.written == Written::AtCreation
                && body
                    .written(property.name)
                    .is_none_or(|value| value == "null")
        });
        faults.extend(missing.map(|property| Detail {
            code: "MissingProperty",
            target: property.name.to_owned(),
            message: format!("`{}` is needed to create a {}", property.name, entity.name),
        }));
    }
    if faults.is_empty() {
        body.retain(|name| kept.contains(name));
        Ok(body)
    } else {
        Err(ApiError::faults(faults))
    }
}

/// Whether a caller cannot write a property of a resource that is there, or is not yet.
fn is_fixed(property: &Property, exists: bool) -> bool {
    match property.written {
        Written::Always => false,
        Written::AtCreation => exists,
        Written::Never => true,
    }
}

/// Why a member may not be in a body. Whoever reads a resource, changes a property and sends all of it back is not refused for the rest.
fn refusal(
    property: &Property,
    body: &Document,
    exists: bool,
    shown: &Map<String, Value>,
) -> Option<String> {
    let name = property.name;
    if !is_fixed(property, exists) {
        return None;
    }
    let given = body.get(name)?;
    let same = says_no_more(&given, shown.get(name).unwrap_or(&Value::Null));
    (!same).then(|| format!("`{name}` is read-only; leave it out"))
}

/// Whether a value says nothing that is not so. Clients leave members out that are null.
fn says_no_more(given: &Value, shown: &Value) -> bool {
    match (given, shown) {
        (Value::Null, _) => true,
        (Value::String(given), Value::String(shown)) => given.eq_ignore_ascii_case(shown),
        (Value::Object(given), Value::Object(shown)) => given
            .iter()
            .all(|(name, given)| says_no_more(given, shown.get(name).unwrap_or(&Value::Null))),
        (given, shown) => given == shown,
    }
}

fn unknown(entity: &EntityType, name: &str) -> String {
    let other_case = entity
        .properties
        .iter()
        .find(|property| property.name.eq_ignore_ascii_case(&name.replace('_', "")));
    other_case.map_or_else(
        || {
            format!(
                "Invalid property '{name}': a {} has none of this name",
                entity.name
            )
        },
        |property| {
            format!(
                "Invalid property '{name}': names are taken as they are spelt; write `{}`",
                property.name
            )
        },
    )
}

/// A named location of 2,000 addresses, Entra's most, has some 6,000.
const MOST_VALUES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DEFAULT, PARTNER};

    fn accepted(
        entity: &EntityType,
        body: &str,
        stored: Option<&str>,
    ) -> Result<String, Vec<String>> {
        let stored = stored.map(|text| Document::parse(text).unwrap());
        accept(entity, Document::parse(body).unwrap(), stored.as_ref())
            .map(|document| document.to_text())
            .map_err(|error| {
                error
                    .details
                    .into_iter()
                    .map(|detail| format!("{}: {}", detail.target, detail.message))
                    .collect()
            })
    }

    #[test]
    fn what_was_read_can_be_sent_back_with_one_property_changed() {
        let stored = r#"{"id":"5c027107-0000-4000-8000-7df394bffd0a"}"#;
        let mut shown = Value::Object(show(&DEFAULT, Document::parse(stored).unwrap().members()));
        shown["inboundTrust"] = serde_json::json!({"isMfaAccepted": true});
        shown["@odata.context"] = serde_json::json!("https://graph.microsoft.com/");
        let taken = accepted(&DEFAULT, &shown.to_string(), Some(stored)).unwrap();
        let taken: Value = serde_json::from_str(&taken).unwrap();
        assert_eq!(taken["inboundTrust"]["isMfaAccepted"], true);
        for name in [
            "id",
            "isServiceDefault",
            "@odata.context",
            "automaticUserConsentSettings",
        ] {
            assert!(taken.get(name).is_none(), "{name}");
        }
    }

    #[test]
    fn every_member_that_cannot_be_written_is_named() {
        let faults = accepted(
            &PARTNER,
            r#"{"tenantId":"22222222-2222-4222-8222-222222222222","isInMultiTenantOrganization":true,"b2BDirectConnectInbound":{},"color":"red"}"#,
            None,
        )
        .unwrap_err();
        assert_eq!(
            faults,
            [
                "isInMultiTenantOrganization: `isInMultiTenantOrganization` is read-only; leave it out",
                "b2BDirectConnectInbound: Invalid property 'b2BDirectConnectInbound': names are taken as they are spelt; write `b2bDirectConnectInbound`",
                "color: Invalid property 'color': a crossTenantAccessPolicyConfigurationPartner has none of this name",
            ]
        );
        let faults = accepted(&PARTNER, "{}", None).unwrap_err();
        assert_eq!(
            faults,
            [
                "tenantId: `tenantId` is needed to create a crossTenantAccessPolicyConfigurationPartner"
            ]
        );
    }

    #[test]
    fn a_key_that_is_there_cannot_become_another() {
        let stored = Some(r#"{"tenantId":"22222222-2222-4222-8222-22222222222a"}"#);
        let same = accepted(
            &PARTNER,
            r#"{"tenantId":"22222222-2222-4222-8222-22222222222A"}"#,
            stored,
        );
        assert_eq!(same.unwrap(), "{}");
        let other = accepted(
            &PARTNER,
            r#"{"tenantId":"33333333-2222-4222-8222-222222222222"}"#,
            stored,
        );
        assert!(other.is_err());
    }
}
