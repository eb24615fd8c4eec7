//! Whole queries of two resources: the audit and the partners.

mod evaluating;
mod ordering;
mod paging;
mod queries;
mod refusals;
mod selecting;

use PropertyType::{Many, One};
use ValueType::{Boolean, Complex, DateTime, Enum, Guid, Number, Text};
use serde_json::{Value, json};

use super::*;

pub(super) const AUDIT: Allowed<'static> = Allowed {
    resource: "directoryAudits",
    properties: &PropertyTable(&[
        ("id", One(Text)),
        ("activityDateTime", One(DateTime)),
        ("activityDisplayName", One(Text)),
        ("category", One(Text)),
        ("correlationId", One(Guid)),
        ("loggedByService", One(Text)),
        ("result", One(Enum)),
        ("initiatedBy", One(Complex)),
        ("initiatedBy/user", One(Complex)),
        ("initiatedBy/user/id", One(Text)),
        ("initiatedBy/user/userPrincipalName", One(Text)),
        ("initiatedBy/app", One(Complex)),
        ("initiatedBy/app/appId", One(Text)),
        ("targetResources", Many(Complex)),
        ("targetResources/id", One(Text)),
        ("targetResources/displayName", One(Text)),
        ("targetResources/modifiedProperties", Many(Complex)),
        ("targetResources/modifiedProperties/displayName", One(Text)),
        ("targetResources/modifiedProperties/oldValue", One(Text)),
    ]),
    options: &[
        QueryOption::Filter,
        QueryOption::OrderBy,
        QueryOption::Top,
        QueryOption::SkipToken,
    ],
    expand: &[],
    largest_page: 1000,
};

pub(super) const PARTNERS: Allowed<'static> = Allowed {
    expand: &["identitySynchronization"],
    ..Allowed::new(
        "partners",
        &PropertyTable(&[
            ("tenantId", One(Guid)),
            ("displayName", One(Text)),
            ("isServiceProvider", One(Boolean)),
            ("size", One(Number)),
            ("labels", Many(Text)),
            ("ids", Many(Guid)),
            ("since", One(DateTime)),
            ("inboundTrust", One(Complex)),
            ("inboundTrust/isMfaAccepted", One(Boolean)),
        ]),
        &QueryOption::ALL,
    )
};

pub(super) fn audit() -> Value {
    json!({
        "id": "Directory_1",
        "activityDateTime": "2026-01-13T17:14:06Z",
        "activityDisplayName": "Update a partner cross-tenant access setting",
        "category": "CrossTenantAccessSettings",
        "correlationId": "3F2504E0-4f89-11d3-9a0c-0305e82c3301",
        "result": "success",
        "loggedByService": "Core Directory",
        "initiatedBy": {
            "user": { "id": "ada", "userPrincipalName": "ada@fabrikam.example" },
            "app": null
        },
        "targetResources": [
            { "id": "one", "displayName": "Policy", "modifiedProperties": [] },
            {
                "id": "two",
                "displayName": null,
                "modifiedProperties": [{ "displayName": "tenantId", "oldValue": null }]
            }
        ]
    })
}

/// What a query with only this filter makes of it.
pub(super) fn filter(text: &str, allowed: &Allowed<'_>) -> Result<Filter, BadQuery> {
    let mut url = String::new();
    query::push(&mut url, "$filter", text);
    let options = Options::parse(url.strip_prefix('?'), allowed)?;
    Ok(options.filter.unwrap())
}

#[track_caller]
pub(super) fn good_filter(text: &str, allowed: &Allowed<'_>) -> Filter {
    match filter(text, allowed) {
        Ok(filter) => filter,
        Err(bad) => panic!("{text}: {bad}"),
    }
}
