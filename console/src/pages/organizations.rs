//! Organisations with settings of their own: found, added, removed.

use http::Method;
use serde_json::{Value, json};

use super::overview::or;
use super::{items, text};
use crate::api::{Ask, part};
use crate::form::{Problem, checks};
use crate::query::skip_token;
use crate::render::Shown;
use crate::reply::Reply;

pub(super) const PARTNERS: &str = "policies/crossTenantAccessPolicy/partners";

/// `/console/organizations`: all, or those that a search finds.
pub(super) fn show(shown: &Shown<'_>, problem: Option<&Problem>) -> Reply {
    let search = shown.visit.asked("search");
    let token = shown.visit.asked("skiptoken");
    let found = found(shown, &search, &token);
    let (rows, next) = match found {
        Ok(found) => found,
        Err(failed) => return shown.failed("organizations", &failed),
    };
    let next =
        next.map(|next| shown.of_settings(HERE, &[("search", &search), ("skiptoken", &next)]));
    let fields = ["tenantId".to_owned()];
    let values = json!({
        "search": search,
        "rows": rows,
        "next": next,
        "first": (!token.is_empty()).then(|| shown.of_settings(HERE, &[("search", &search)])),
        "may_add": shown.may_set("crossTenantAccessPolicy/partners/create"),
        "may_remove": shown.may_set("crossTenantAccessPolicy/partners/delete"),
        "tenant": shown.visit.field("tenantId"),
        "saved": false,
        "problem": problem.map(|problem| problem.shown(&fields)),
    });
    match problem {
        Some(problem) => shown.page_with(
            problem.status(),
            "organizations.html",
            "organizations",
            &values,
        ),
        None => shown.page("organizations.html", "organizations", &values),
    }
}

type Found = (Vec<Value>, Option<String>);

fn found(shown: &Shown<'_>, search: &str, token: &str) -> Result<Found, crate::api::Failed> {
    let select = "tenantId,inboundTrust,b2bCollaborationInbound,b2bCollaborationOutbound,b2bDirectConnectInbound,b2bDirectConnectOutbound,tenantRestrictions";
    if search.is_empty() {
        let asked = [("$top", "50"), ("$select", select), ("$skiptoken", token)];
        let told = shown.setting(Method::GET, PARTNERS);
        let told = told.query(&asked).send(shown.api)?;
        let rows = items(&told.body).iter().map(|partner| row(shown, partner));
        return Ok((rows.collect(), skip_token(&told.body)));
    }
    // A name is one of the configuration; an id may be that of anybody.
    let id = if is_id(search) {
        Some(search.to_owned())
    } else {
        tenant_of(shown, search)
    };
    let Some(id) = id else {
        return Ok((Vec::new(), None));
    };
    let path = format!("{PARTNERS}/{}", part(&id));
    match shown.setting(Method::GET, &path).send(shown.api) {
        Ok(told) => Ok((vec![row(shown, &told.body)], None)),
        Err(failed) if failed.status == http::StatusCode::NOT_FOUND => Ok((Vec::new(), None)),
        Err(failed) => Err(failed),
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// The tenant of a domain.
fn tenant_of(shown: &Shown<'_>, domain: &str) -> Option<String> {
    let domain = part(&domain.replace('\'', ""));
    let path =
        format!("tenantRelationships/findTenantInformationByDomainName(domainName='{domain}')");
    let told = Ask::get(&path).send(shown.api).ok()?;
    crate::api::text_of(&told.body, "/tenantId")
}

/// What an organisation is called; its id where nobody says.
pub(super) fn name_of(shown: &Shown<'_>, id: &str) -> String {
    let path = format!(
        "tenantRelationships/findTenantInformationByTenantId(tenantId='{}')",
        part(id)
    );
    let told = Ask::get(&path).send(shown.api);
    told.map_or_else(
        |_| id.to_owned(),
        |told| or(text(&told.body, "/displayName"), id),
    )
}

fn row(shown: &Shown<'_>, partner: &Value) -> Value {
    let id = text(partner, "/tenantId");
    let own = |names: &[&str]| {
        let mut names = names.iter();
        names.any(|name| partner.get(*name).is_some_and(|value| !value.is_null()))
    };
    json!({
        "id": id,
        "name": name_of(shown, &id),
        "etag": text(partner, "/@odata.etag"),
        "inbound": own(&["b2bCollaborationInbound", "b2bDirectConnectInbound", "inboundTrust"]),
        "outbound": own(&["b2bCollaborationOutbound", "b2bDirectConnectOutbound"]),
        "restrictions": own(&["tenantRestrictions"]),
        "href": shown.of_settings(&format!("{HERE}/{}", part(&id)), &[]),
    })
}

/// An organisation gets settings of its own, which begin as the default's.
pub(super) fn add(shown: &Shown<'_>) -> Reply {
    let given = shown.visit.field("tenantId");
    let id = if is_id(given) {
        given.to_owned()
    } else {
        tenant_of(shown, given).unwrap_or_else(|| given.to_owned())
    };
    let ask = shown.setting(Method::POST, PARTNERS);
    let ask = ask.body(&json!({ "tenantId": id }));
    match shown.change(ask) {
        Ok(told) if checks(shown.visit) => super::settings::checked(Ok(&told), &[]),
        Ok(_) => {
            let here = format!("{HERE}/{}", part(&id.to_lowercase()));
            Reply::Go(shown.of_settings(&here, &[]))
        }
        Err(problem) if problem.more_needed() => Reply::MoreNeeded,
        Err(problem) if checks(shown.visit) => {
            super::settings::checked(Err(&problem), &["tenantId".to_owned()])
        }
        Err(problem) => show(shown, Some(&problem)),
    }
}

/// An organisation has none any more.
pub(super) fn remove(shown: &Shown<'_>, id: &str) -> Reply {
    let ask = shown.setting(Method::DELETE, &format!("{PARTNERS}/{}", part(id)));
    match shown.change(ask) {
        Ok(_) => Reply::Go(shown.of_settings(HERE, &[])),
        Err(problem) if problem.more_needed() => Reply::MoreNeeded,
        Err(problem) => super::settings::with_problem(shown, Some(id), &problem),
    }
}

const HERE: &str = "/console/organizations";
