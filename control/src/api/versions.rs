//! `crossgate/versions`: what a policy document was before, and who changed it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use serde_json::{Map, Value, json};

use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use super::parameters::Parameters;
use crate::document::{Address, DocumentKind};
use crate::store::{AuditRange, Audited, Sequence, Store, StoreError};

/// The latest versions of a document, the latest first; one with a document of `null` is its end.
pub(super) fn list(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let mut given = Parameters::read(asked.call.query.as_deref(), &["document"])?;
    let named = given.take("document").ok_or_else(|| {
        ApiError::bad_address(
            "`document`: is missing; expected one such as `default` or `partners/ID`",
        )
    })?;
    let address: Address = named
        .parse()
        .map_err(|error| ApiError::bad_address(format!("`document`: {error}")))?;
    if !is_shown(address.kind) {
        return Err(ApiError::bad_address(format!(
            "`document`: versions of `{}` are not shown; expected a policy document such as `default` or `partners/ID`",
            address.kind.name()
        )));
    }
    let store = api.ledger.store();
    let versions = store.latest(&address, MOST_SHOWN)?;
    let began: BTreeSet<Sequence> = versions.iter().map(|version| version.since).collect();
    let mut changes: Vec<(Sequence, Value)> = Vec::new();
    for version in &versions {
        let document = serde_json::from_str(&version.text).unwrap_or(Value::Null);
        changes.push((version.since, document));
        changes.extend(
            version
                .until
                .filter(|until| !began.contains(until))
                .map(|until| (until, Value::Null)),
        );
    }
    changes.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    changes.truncate(MOST_SHOWN);
    let mut shown = Vec::with_capacity(changes.len());
    for (number, document) in changes {
        let audited = record(store, number)?;
        shown.push(told(number, document, audited.as_ref()));
    }
    Ok(Reply::ok(
        json!({ "document": address.to_string(), "value": shown }),
    ))
}

fn told(number: Sequence, document: Value, audited: Option<&Audited>) -> Value {
    let record: Map<String, Value> = audited
        .and_then(|audited| serde_json::from_str(&audited.record).ok())
        .unwrap_or_default();
    let member = |name: &str| record.get(name).cloned().unwrap_or(Value::Null);
    json!({
        "change": number,
        "activityDateTime": member("activityDateTime"),
        "activityDisplayName": member("activityDisplayName"),
        "initiatedBy": member("initiatedBy"),
        "auditId": member("id"),
        "content": document,
    })
}

/// The audit record of a change.
fn record(store: &dyn Store, number: Sequence) -> Result<Option<Audited>, StoreError> {
    let range = AuditRange {
        after: number.checked_sub(1).filter(|before| *before > 0),
        ..AuditRange::default()
    };
    let mut found = None;
    store.audits(range, &mut |audited| {
        found = Some(audited);
        ControlFlow::Break(())
    })?;
    Ok(found.filter(|audited| audited.sequence == number))
}

/// Documents that say what is decided. Secrets are none of them, and people have pages of their own.
const fn is_shown(kind: DocumentKind) -> bool {
    matches!(
        kind,
        DocumentKind::Policy
            | DocumentKind::Default
            | DocumentKind::Partner
            | DocumentKind::ConditionalAccess
            | DocumentKind::NamedLocation
            | DocumentKind::Authorization
            | DocumentKind::Domains
            | DocumentKind::ExternalIdentities
    )
}

/// Who looks for more takes the command line.
const MOST_SHOWN: usize = 50;
