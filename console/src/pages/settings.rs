//! Cross-tenant access settings: the default's, and an organisation's own.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::organizations::{PARTNERS, name_of};
use crate::api::{Failed, Told, part};
use crate::form::{self, Problem, checks};
use crate::query::href;
use crate::render::Shown;
use crate::reply::Reply;
use crate::setting::{self, INBOUND, OUTBOUND, RESTRICTIONS};

/// The tabs, in Entra's order.
const TABS: [&str; 4] = ["inbound", "outbound", "trust", "restrictions"];

const DEFAULT: &str = "policies/crossTenantAccessPolicy/default";

/// The documents that a page is made of.
struct Documents {
    /// What is changed.
    own: Value,
    etag: String,
    /// What it inherits; nothing where it is the default itself.
    default: Option<Value>,
}

/// `/console/default`, or `/console/organizations/ID`.
pub(super) fn open(shown: &Shown<'_>, partner: Option<&str>) -> Reply {
    let documents = match documents(shown, partner) {
        Ok(documents) => documents,
        Err(failed) => return unread(shown, partner, &failed),
    };
    if !shown.visit.changes() {
        return page(shown, partner, &documents, None);
    }
    let tab = tab(shown);
    let body = body(shown, tab, partner.is_some(), &documents.own);
    let ask = shown.setting(Method::PATCH, &path(partner)).body(&body);
    let changed = shown.change(ask);
    if checks(shown.visit) {
        return checked(changed.as_ref(), &fields(tab));
    }
    match changed {
        Ok(told) => {
            let saved = [("tab", tab), ("saved", shown.saved(&told))];
            Reply::Go(shown.of_settings(&here(partner), &saved))
        }
        Err(problem) if problem.more_needed() => Reply::MoreNeeded,
        Err(problem) => page(shown, partner, &documents, Some(&problem)),
    }
}

/// The page of an organisation with what was in the way of something else than its form.
pub(super) fn with_problem(shown: &Shown<'_>, partner: Option<&str>, problem: &Problem) -> Reply {
    match documents(shown, partner) {
        Ok(documents) => page(shown, partner, &documents, Some(problem)),
        Err(failed) => unread(shown, partner, &failed),
    }
}

/// Why there is nothing to make the page of. An id that is none is one that no organisation has.
fn unread(shown: &Shown<'_>, partner: Option<&str>, failed: &Failed) -> Reply {
    let is_nobody = matches!(
        failed.status,
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST
    );
    if partner.is_none() || !is_nobody {
        return shown.failed(current(partner), failed);
    }
    shown.page_with(
        StatusCode::NOT_FOUND,
        "failed.html",
        current(partner),
        &json!({ "kind": "no-organization", "status": 404, "message": failed.message }),
    )
}

/// What a script is told that asks what a form would do.
pub(super) fn checked(told: Result<&Told, &Problem>, fields: &[String]) -> Reply {
    let told = match told {
        Ok(told) => json!({ "kind": "good", "details": [], "advisories": told.advisories }),
        // It is not looked at before that.
        Err(problem) if problem.more_needed() => json!({ "kind": "sign-in-again", "details": [] }),
        Err(problem) => problem.shown(fields),
    };
    Reply::Data(told.to_string())
}

fn path(partner: Option<&str>) -> String {
    match partner {
        Some(id) => format!("{PARTNERS}/{}", part(id)),
        None => DEFAULT.to_owned(),
    }
}

fn here(partner: Option<&str>) -> String {
    match partner {
        Some(id) => format!("/console/organizations/{}", part(id)),
        None => "/console/default".to_owned(),
    }
}

const fn current(partner: Option<&str>) -> &'static str {
    match partner {
        Some(_) => "organizations",
        None => "default",
    }
}

fn documents(shown: &Shown<'_>, partner: Option<&str>) -> Result<Documents, Failed> {
    let get = |path: &str| shown.setting(Method::GET, path).send(shown.api);
    let Told { body, etag, .. } = get(&path(partner))?;
    let default = match partner {
        Some(_) => Some(get(DEFAULT)?.body),
        None => None,
    };
    Ok(Documents {
        own: body,
        etag: etag.unwrap_or_default(),
        default,
    })
}

/// The tab of a visit: of a form the one it was sent from.
fn tab(shown: &Shown<'_>) -> &'static str {
    let sent = shown.visit.field("tab");
    let asked = shown.visit.asked("tab");
    let wanted: &str = if sent.is_empty() { &asked } else { sent };
    let known = TABS.into_iter().find(|tab| *tab == wanted);
    known.unwrap_or("inbound")
}

fn settings_of(tab: &str) -> &'static [&'static str] {
    match tab {
        "inbound" => INBOUND,
        "outbound" => OUTBOUND,
        "restrictions" => RESTRICTIONS,
        _ => &[],
    }
}

/// The fields of a tab that something can be wrong with.
fn fields(tab: &str) -> Vec<String> {
    let names = settings_of(tab).iter();
    let parts = names.flat_map(|name| {
        [
            (*name).to_owned(),
            format!("{name}.usersAndGroups"),
            format!("{name}.applications"),
        ]
    });
    let trust = ["inboundTrust", "automaticUserConsentSettings"];
    parts.chain(trust.into_iter().map(str::to_owned)).collect()
}

fn body(shown: &Shown<'_>, tab: &str, is_partner: bool, before: &Value) -> Value {
    if tab == "trust" {
        return setting::trust_read(shown.visit, is_partner, before);
    }
    let names = settings_of(tab).iter();
    names
        .map(|name| {
            let read = setting::read(name, shown.visit, before);
            ((*name).to_owned(), read)
        })
        .collect()
}

fn page(
    shown: &Shown<'_>,
    partner: Option<&str>,
    documents: &Documents,
    problem: Option<&Problem>,
) -> Reply {
    let tab = tab(shown);
    let default = documents.default.as_ref();
    let was_sent = problem.is_some() && !shown.visit.field("tab").is_empty();
    let settings = settings_of(tab).iter().map(|name| {
        if was_sent {
            setting::sent(name, shown.visit, partner.is_some())
        } else {
            setting::shown(name, &documents.own, default)
        }
    });
    let settings: Vec<Value> = settings.collect();
    let own = if was_sent && tab == "trust" {
        setting::trust_read(shown.visit, partner.is_some(), &documents.own)
    } else {
        documents.own.clone()
    };
    let kind = if partner.is_some() {
        "partners"
    } else {
        "default"
    };
    let actions: &[&str] = match tab {
        "restrictions" => &["tenantRestrictions"],
        "trust" => &["b2bCollaboration"],
        _ => &["b2bCollaboration", "b2bDirectConnect"],
    };
    let may_change = actions
        .iter()
        .all(|action| shown.may_set(&format!("crossTenantAccessPolicy/{kind}/{action}/update")));
    let here = here(partner);
    let tabs = TABS.map(|name| {
        json!({ "key": name, "href": shown.of_settings(&here, &[("tab", name)]), "current": name == tab })
    });
    let document = partner.map_or_else(
        || "default".to_owned(),
        |id| format!("partners/{}", id.to_lowercase()),
    );
    let name = partner.map(|id| name_of(shown, id));
    let values = json!({
        "partner": partner,
        "name": name,
        "tab": tab,
        "tabs": tabs,
        "here": here,
        "settings": settings,
        "trust": (tab == "trust").then(|| setting::trust_shown(&own, default)),
        "may_change": may_change,
        "may_remove": partner.is_some() && shown.may_set("crossTenantAccessPolicy/partners/delete"),
        "version": form::version(shown.visit, problem, &documents.etag),
        "saved": !shown.visit.asked("saved").is_empty(),
        "problem": problem.map(|problem| problem.shown(&fields(tab))),
        "list": shown.of_settings("/console/organizations", &[]),
        "versions": shown.of_settings("/console/versions", &[("document", &document)]),
        "activity": partner.map(|id| href("/console/activity", &[("range", "7d"), ("tenant", id)])),
    });
    match problem {
        Some(problem) => {
            shown.page_with(problem.status(), "settings.html", current(partner), &values)
        }
        None => shown.page("settings.html", current(partner), &values),
    }
}
