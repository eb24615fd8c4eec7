//! What a document was, version by version, and bringing one of them back.

use http::Method;
use serde_json::{Map, Value, json};

use super::{items, number, text, time};
use crate::api::{Ask, Failed, part};
use crate::form::{self, Problem, checks};
use crate::render::Shown;
use crate::reply::Reply;

/// `/console/versions?document=…`.
pub(super) fn open(shown: &Shown<'_>) -> Reply {
    let sent = shown.visit.field("document");
    let asked = shown.visit.asked("document");
    let document = if sent.is_empty() {
        asked
    } else {
        sent.to_owned()
    };
    let told = match versions(shown, &document) {
        Ok(told) => told,
        Err(failed) => return shown.failed("history", &failed),
    };
    if !shown.visit.changes() {
        return page(shown, &document, &told, None);
    }
    let wanted = shown.visit.field("change");
    let mut all = items(&told).iter();
    let version = all.find(|version| number(version, "/change").to_string() == wanted);
    let Some(version) = version else {
        let failed = Problem::of("change", shown.say("versions.none"));
        return page(shown, &document, &told, Some(&failed));
    };
    let content = version.get("content").unwrap_or(&Value::Null);
    let changed = match restore(shown, &document, content) {
        Ok(ask) => shown.change(ask),
        Err(failed) => return shown.failed("history", &failed),
    };
    if checks(shown.visit) {
        return super::settings::checked(changed.as_ref(), &[]);
    }
    match changed {
        Ok(told) => {
            let saved = [("document", &*document), ("saved", shown.saved(&told))];
            Reply::Go(shown.of_settings(HERE, &saved))
        }
        Err(problem) if problem.more_needed() => Reply::MoreNeeded,
        Err(problem) => page(shown, &document, &told, Some(&problem)),
    }
}

fn versions(shown: &Shown<'_>, document: &str) -> Result<Value, Failed> {
    let asked = [("document", document)];
    let told = Ask::get("crossgate/versions")
        .query(&asked)
        .send(shown.api)?;
    Ok(told.body)
}

/// Where a document is, among the resources of the API.
fn resource(document: &str) -> Option<(String, &'static str)> {
    let at = |collection: &'static str, id: &str| {
        Some((format!("{collection}/{}", part(id)), collection))
    };
    match document.split_once('/') {
        None => match document {
            "default" => Some(("policies/crossTenantAccessPolicy/default".to_owned(), "")),
            "cross-tenant-access-policy" => {
                Some(("policies/crossTenantAccessPolicy".to_owned(), ""))
            }
            _ => None,
        },
        Some(("partners", id)) => at("policies/crossTenantAccessPolicy/partners", id),
        Some(("conditional-access", id)) => at("identity/conditionalAccess/policies", id),
        Some(("named-locations", id)) => at("identity/conditionalAccess/namedLocations", id),
        Some((_, _)) => None,
    }
}

/// The call that makes a document what it was: the ordinary one, so that it takes what any such change takes.
fn restore(shown: &Shown<'_>, document: &str, content: &Value) -> Result<Ask, Failed> {
    let (path, collection) = resource(document).ok_or_else(|| Failed {
        status: http::StatusCode::BAD_REQUEST,
        code: String::new(),
        message: shown.say("versions.not-restorable"),
        details: Vec::new(),
        more_needed: false,
    })?;
    let now = shown.setting(Method::GET, &path).send(shown.api);
    let Some(content) = content.as_object() else {
        return Ok(shown.setting(Method::DELETE, &path));
    };
    let mut body = content.clone();
    body.retain(|name, _| !is_read_only(name));
    match now {
        Ok(now) => {
            // What it did not have then goes.
            for name in now.body.as_object().into_iter().flat_map(Map::keys) {
                if !is_read_only(name) && !body.contains_key(name) {
                    body.insert(name.clone(), Value::Null);
                }
            }
            body.remove("tenantId");
            let ask = shown.setting(Method::PATCH, &path);
            Ok(ask.body(&Value::Object(body)))
        }
        Err(failed) if failed.status == http::StatusCode::NOT_FOUND && !collection.is_empty() => {
            let ask = shown.setting(Method::POST, collection);
            Ok(ask.body(&Value::Object(body)))
        }
        Err(failed) => Err(failed),
    }
}

fn is_read_only(name: &str) -> bool {
    name.contains('@')
        || matches!(
            name,
            "id" | "templateId"
                | "isServiceDefault"
                | "createdDateTime"
                | "modifiedDateTime"
                | "deletedDateTime"
                | "isInMultiTenantOrganization"
                | "identitySynchronization"
                | "crossgate"
        )
}

fn page(shown: &Shown<'_>, document: &str, told: &Value, problem: Option<&Problem>) -> Reply {
    let all = items(told);
    let rows = all.iter().enumerate().map(|(place, version)| {
        let content = version.get("content").filter(|content| !content.is_null());
        let older = all.get(place + 1).and_then(|older| older.get("content"));
        json!({
            "change": number(version, "/change"),
            "at": time(&text(version, "/activityDateTime")),
            "by": super::history::by(version),
            "name": text(version, "/activityDisplayName"),
            "content": content.and_then(|content| serde_json::to_string_pretty(content).ok()),
            "differences": differences(older.unwrap_or(&Value::Null), content.unwrap_or(&Value::Null)),
            "current": place == 0,
            // It is a resource of its own in the API, whose connection somebody has to agree to.
            "without_synchronization": place > 0
                && synchronization(content) != synchronization(all.first().and_then(|now| now.get("content"))),
        })
    });
    let may_restore = may_restore(shown, document);
    let values = json!({
        "document": document,
        "version": form::version(shown.visit, problem, &etag(shown, document, may_restore)),
        "rows": rows.collect::<Vec<_>>(),
        "may_restore": may_restore,
        "saved": !shown.visit.asked("saved").is_empty(),
        "change": shown.visit.field("change"),
        "problem": problem.map(|problem| problem.shown(&[])),
    });
    match problem {
        Some(problem) => shown.page_with(problem.status(), "versions.html", "history", &values),
        None => shown.page("versions.html", "history", &values),
    }
}

/// What is synchronized with a partner, in a version of its document.
fn synchronization(content: Option<&Value>) -> Option<&Value> {
    let policy = content?.get("identitySynchronization")?;
    (!policy.is_null()).then_some(policy)
}

/// The version that is brought back over; none where there is no document, for then it is made anew.
fn etag(shown: &Shown<'_>, document: &str, may_restore: bool) -> String {
    let resource = resource(document).filter(|_| may_restore);
    let told = resource.and_then(|(path, _)| {
        let told = shown.setting(Method::GET, &path).send(shown.api);
        told.ok()
    });
    told.and_then(|told| told.etag).unwrap_or_default()
}

/// Whether a button is shown: what exactly it takes says the API.
fn may_restore(shown: &Shown<'_>, document: &str) -> bool {
    resource(document).is_some()
        && shown.may_set(match document.split('/').next().unwrap_or_default() {
            "default" => "crossTenantAccessPolicy/default/b2bCollaboration/update",
            "partners" => "crossTenantAccessPolicy/partners/b2bCollaboration/update",
            "conditional-access" => "conditionalAccessPolicies/basic/update",
            "named-locations" => "namedLocations/basic/update",
            _ => "crossTenantAccessPolicy/basic/update",
        })
}

/// The members in which two versions differ.
pub(super) fn differences(old: &Value, new: &Value) -> Vec<Value> {
    let empty = Map::new();
    let (old, new) = (
        old.as_object().unwrap_or(&empty),
        new.as_object().unwrap_or(&empty),
    );
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let pretty =
        |value: Option<&Value>| value.and_then(|value| serde_json::to_string_pretty(value).ok());
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| json!({ "name": name, "old": pretty(old.get(name)), "new": pretty(new.get(name)) }))
        .collect()
}

const HERE: &str = "/console/versions";
