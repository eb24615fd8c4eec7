//! A cross-tenant setting between its document and its form: whom and what it admits.

use serde_json::{Map, Value, json};

use crate::visit::Visit;

/// The settings of a kind of access, by the tab that shows them.
pub(crate) const INBOUND: &[&str] = &["b2bCollaborationInbound", "b2bDirectConnectInbound"];
pub(crate) const OUTBOUND: &[&str] = &["b2bCollaborationOutbound", "b2bDirectConnectOutbound"];
pub(crate) const RESTRICTIONS: &[&str] = &["tenantRestrictions"];

/// What of the home tenant counts, by the names of the document.
pub(crate) const TRUST: [&str; 3] = [
    "isMfaAccepted",
    "isCompliantDeviceAccepted",
    "isHybridAzureADJoinedDeviceAccepted",
];

const CONSENT: &str = "automaticUserConsentSettings";

/// A setting as its form shows it. `inherits`: it may be left to the default, as a partner's.
pub(crate) fn shown(name: &str, document: &Value, default: Option<&Value>) -> Value {
    let own = document.get(name).filter(|value| !value.is_null());
    let inherits = default.is_some();
    let source = own.or_else(|| default.and_then(|default| default.get(name)));
    let source = source.cloned().unwrap_or(Value::Null);
    json!({
        "name": name,
        "can_inherit": inherits,
        "inherits": inherits && own.is_none(),
        "is_restriction": name == "tenantRestrictions",
        "parts": [
            part(name, "usersAndGroups", &source),
            part(name, "applications", &source),
        ],
    })
}

fn part(setting: &str, kind: &str, source: &Value) -> Value {
    let configuration = source.get(kind).cloned().unwrap_or(Value::Null);
    let access = configuration.get("accessType").and_then(Value::as_str);
    let targets = configuration.get("targets").and_then(Value::as_array);
    let of_type = |wanted: &str| -> Vec<String> {
        let targets = targets.into_iter().flatten();
        let named = targets.filter_map(|target| {
            let kind = target.get("targetType").and_then(Value::as_str)?;
            let name = target.get("target").and_then(Value::as_str)?;
            (kind == wanted && !is_all(name)).then(|| name.to_owned())
        });
        named.collect()
    };
    let all = targets.into_iter().flatten().any(|target| {
        let name = target.get("target").and_then(Value::as_str);
        name.is_some_and(is_all)
    });
    let lists: Vec<Value> = lists(kind)
        .iter()
        .map(|(list, target_type)| json!({ "key": list, "text": of_type(target_type).join("\n") }))
        .collect();
    json!({
        "key": kind,
        "path": format!("{setting}.{kind}"),
        "access": access.unwrap_or("allowed"),
        "all": all || targets.is_none(),
        "lists": lists,
    })
}

fn is_all(name: &str) -> bool {
    matches!(name, "AllUsers" | "AllApplications")
}

/// The lists of a part, and the type of what stands in each.
fn lists(kind: &str) -> &'static [(&'static str, &'static str)] {
    if kind == "applications" {
        &[("apps", "application")]
    } else {
        &[("users", "user"), ("groups", "group")]
    }
}

/// What a form makes of a setting; null where it is left to the default.
pub(crate) fn read(name: &str, visit: &Visit, before: &Value) -> Value {
    if visit.field(name) == "inherit" {
        return Value::Null;
    }
    let mut setting = Map::new();
    for (kind, all, target_type) in [
        ("usersAndGroups", "AllUsers", "user"),
        ("applications", "AllApplications", "application"),
    ] {
        let path = format!("{name}.{kind}");
        let field = |key: &str| visit.field(&format!("{path}.{key}"));
        let targets: Vec<Value> = if field("scope") == "select" {
            let lists = lists(kind).iter();
            let named = lists.flat_map(|(list, of_type)| {
                let names = field(list).split([',', ';', '\n', '\r', ' ', '\t']);
                let names = names.filter(|name| !name.is_empty());
                names.map(move |name| json!({ "target": name, "targetType": of_type }))
            });
            named.collect()
        } else {
            vec![json!({ "target": all, "targetType": target_type })]
        };
        let access = field("access");
        setting.insert(
            kind.to_owned(),
            json!({ "accessType": access, "targets": targets }),
        );
    }
    // What the form does not show stays.
    if let Some(devices) = before.get(name).and_then(|before| before.get("devices")) {
        setting.insert("devices".to_owned(), devices.clone());
    }
    Value::Object(setting)
}

/// A setting that was sent, shown again.
pub(crate) fn sent(name: &str, visit: &Visit, inherits: bool) -> Value {
    let read = read(name, visit, &Value::Null);
    let document = json!({ name: read });
    let default = inherits.then_some(Value::Null);
    let mut shown = shown(name, &document, default.as_ref());
    // What was chosen without a list is not lost either.
    if let Some(parts) = shown.get_mut("parts").and_then(Value::as_array_mut) {
        for part in parts {
            let path = crate::api::text_of(part, "/path").unwrap_or_default();
            let all = visit.field(&format!("{path}.scope")) != "select";
            if let Some(part) = part.as_object_mut() {
                part.insert("all".to_owned(), json!(all));
            }
        }
    }
    shown
}

/// What of others' sign-ins counts, as its form shows it.
pub(crate) fn trust_shown(document: &Value, default: Option<&Value>) -> Value {
    let own = document
        .get("inboundTrust")
        .filter(|value| !value.is_null());
    let source = own.or_else(|| default.and_then(|default| default.get("inboundTrust")));
    let accepted = |name: &str| {
        let accepted = source.and_then(|source| source.get(name));
        accepted.and_then(Value::as_bool).unwrap_or(false)
    };
    let claims = TRUST.map(|name| json!({ "key": name, "accepted": accepted(name) }));
    let consent = |name: &str| {
        let allowed = document.get(CONSENT).and_then(|consent| consent.get(name));
        allowed.and_then(Value::as_bool).unwrap_or(false)
    };
    json!({
        "can_inherit": default.is_some(),
        "inherits": default.is_some() && own.is_none(),
        "claims": claims,
        "consent": [
            { "key": "inboundAllowed", "allowed": consent("inboundAllowed") },
            { "key": "outboundAllowed", "allowed": consent("outboundAllowed") },
        ],
    })
}

/// What its form makes of it.
pub(crate) fn trust_read(visit: &Visit, is_partner: bool, before: &Value) -> Value {
    let mut body = Map::new();
    let trust = if visit.field("inboundTrust") == "inherit" {
        Value::Null
    } else {
        let kept = before.get("inboundTrust").and_then(Value::as_object);
        let mut trust = kept.cloned().unwrap_or_default();
        for name in TRUST {
            let ticked = visit.is_ticked(&format!("inboundTrust.{name}"));
            trust.insert(name.to_owned(), json!(ticked));
        }
        Value::Object(trust)
    };
    body.insert("inboundTrust".to_owned(), trust);
    // The default's is no setting: in Entra nobody can change it.
    if is_partner {
        let ticked = |name: &str| visit.is_ticked(&format!("{CONSENT}.{name}"));
        body.insert(
            CONSENT.to_owned(),
            json!({
                "inboundAllowed": ticked("inboundAllowed"),
                "outboundAllowed": ticked("outboundAllowed"),
            }),
        );
    }
    Value::Object(body)
}
