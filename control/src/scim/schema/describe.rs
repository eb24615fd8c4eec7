//! Schemas and resource types as clients read them (RFC 7643, sections 6 and 7).

use serde_json::{Map, Value, json};

use super::{Attribute, Kind, Mutability, ResourceKind, Schema};

/// What `/Schemas` lists.
pub(in crate::scim) fn schemas(base: &str) -> Vec<(&'static str, Value)> {
    let all = ResourceKind::ALL
        .into_iter()
        .flat_map(|kind| [Some(kind.schema()), kind.extension()])
        .flatten();
    all.map(|schema| (schema.urn, described(schema, base)))
        .collect()
}

/// What `/ResourceTypes` lists.
pub(in crate::scim) fn resource_types(base: &str) -> Vec<(&'static str, Value)> {
    ResourceKind::ALL
        .into_iter()
        .map(|kind| {
            let extensions = kind.extension().into_iter();
            let extensions: Vec<_> = extensions
                .map(|schema| json!({"schema": schema.urn, "required": false}))
                .collect();
            let mut described = json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
                "id": kind.name(),
                "name": kind.name(),
                "description": kind.schema().about,
                "endpoint": format!("/{}", kind.endpoint()),
                "schema": kind.schema().urn,
                "meta": meta("ResourceType", &format!("{base}/ResourceTypes/{}", kind.name())),
            });
            if !extensions.is_empty() {
                crate::text::put(&mut described, "schemaExtensions", Value::Array(extensions));
            }
            (kind.name(), described)
        })
        .collect()
}

fn described(schema: &Schema, base: &str) -> Value {
    let attributes: Vec<_> = schema.attributes.iter().map(attribute).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.about,
        "attributes": attributes,
        "meta": meta("Schema", &format!("{base}/Schemas/{}", schema.urn)),
    })
}

fn meta(kind: &str, location: &str) -> Value {
    json!({"resourceType": kind, "location": location})
}

fn attribute(attribute: &Attribute) -> Value {
    let mut told = Map::new();
    let mut put = |name: &str, value: Value| told.insert(name.to_owned(), value);
    put("name", json!(attribute.name));
    let kind = match attribute.kind {
        Kind::Text => "string",
        Kind::Boolean => "boolean",
        Kind::DateTime => "dateTime",
        Kind::Reference => "reference",
        Kind::Complex(_) => "complex",
    };
    put("type", json!(kind));
    put("multiValued", json!(attribute.many));
    put("required", json!(attribute.required));
    put("caseExact", json!(attribute.case_exact));
    let mutability = match attribute.mutability {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
        Mutability::Immutable => "immutable",
    };
    put("mutability", json!(mutability));
    put("returned", json!("default"));
    let uniqueness = if attribute.unique { "server" } else { "none" };
    put("uniqueness", json!(uniqueness));
    if !attribute.canonical.is_empty() {
        put("canonicalValues", json!(attribute.canonical));
    }
    if !attribute.refers.is_empty() {
        put("referenceTypes", json!(attribute.refers));
    }
    if !attribute.parts().is_empty() {
        let parts = attribute.parts().iter().map(self::attribute);
        put("subAttributes", parts.collect());
    }
    Value::Object(told)
}
