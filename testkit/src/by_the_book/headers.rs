//! Section 9, the headers: they can only take access away, whoever sent them.
//!
//! Readings taken where the page is silent:
//! - an anonymous call has no restriction claim and is nobody's own account;
//! - a partner that publishes its restrictions does so in a document a case cannot carry, so another tenant's v2 header is
//!   recorded only.

use serde_json::Value;

use super::access::{Direction, Placed};
use super::answer::Refusal;
use super::home::Home;
use super::ids::{is_guid, same};
use super::raw::{Book, flag, text, texts};

const STEP: &str = "tenant_restrictions";
const POLICY: &str = "sec-restrict-tenant-access-policy";
const LIST: &str = "restrict-access-to-tenants";
const CONTEXT: &str = "restrict-access-context";

/// Step 3, in the order of section 12. `placed` is absent for an anonymous call.
pub(super) fn check(
    book: &Book,
    case: &Value,
    app: &Value,
    placed: Option<&Placed<'_>>,
) -> Result<(), Refusal> {
    let refuse = |code: u64| Err(Refusal::new(STEP, code));
    if malformed(case) {
        return refuse(9_002_313);
    }
    let policy = policy_header(case);
    let claim = placed.and_then(|placed| text(placed.token.claims, "xms_trpid"));
    if let Some((tenant, guid)) = policy {
        let own_account = placed
            .is_some_and(|p| matches!(p.direction, Direction::Internal | Direction::Outbound));
        let is_ours = text(&book.policy.default, "id").is_some_and(|id| same(id, guid));
        if book.is_own(tenant) && !is_ours && !own_account {
            return refuse(1_000_108);
        }
        if claim.is_some_and(|claim| !same(claim, guid)) {
            return refuse(1_000_108);
        }
    }
    if let Some(list) = values(case, LIST).first()
        && !on_the_list(book, app, list)
    {
        return refuse(500_021);
    }
    let microsoft_account =
        placed.is_some_and(|placed| matches!(placed.token.home, Home::MicrosoftAccount));
    if microsoft_account && values(case, POLICY) == ["restrict-msa"] {
        return refuse(500_022);
    }
    if flag(app, "require_restriction_claim") && policy.is_some() && claim.is_none() {
        return Err(Refusal::new(STEP, 2_000_020).requiring(vec!["restrictionClaim".to_owned()]));
    }
    Ok(())
}

/// Whether the v2 header puts our own restrictions in force.
pub(super) fn names_own_tenant(book: &Book, case: &Value) -> bool {
    policy_header(case).is_some_and(|(tenant, _)| book.is_own(tenant))
}

/// The v2 header taken apart: the tenant and the policy's guid.
fn policy_header(case: &Value) -> Option<(&str, &str)> {
    let (tenant, guid) = values(case, POLICY).first()?.split_once(':')?;
    Some((tenant, guid))
}

fn malformed(case: &Value) -> bool {
    let (policy, list, context) = (
        values(case, POLICY),
        values(case, LIST),
        values(case, CONTEXT),
    );
    if policy.len() > 1 || list.len() > 1 || context.len() > 1 || list.len() != context.len() {
        return true;
    }
    let policy_is_bad = policy.iter().any(|value| {
        let pair = value
            .split_once(':')
            .is_some_and(|(tenant, guid)| is_guid(tenant) && is_guid(guid));
        *value != "restrict-msa" && !pair
    });
    let list_is_bad = list
        .iter()
        .any(|value| value.split(',').any(|entry| !is_tenant_name(entry.trim())));
    policy_is_bad || list_is_bad || context.iter().any(|id| !is_guid(id))
}

/// A domain or an id, by its letters.
fn is_tenant_name(entry: &str) -> bool {
    !entry.is_empty()
        && entry
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn on_the_list(book: &Book, app: &Value, list: &str) -> bool {
    let tenant = book.resource_tenant(app);
    let domains = if book.is_own(tenant) {
        texts(&book.config["tenant"], "domains")
    } else {
        book.configured_partner(tenant)
            .map(|partner| texts(partner, "domains"))
            .unwrap_or_default()
    };
    list.split(',')
        .map(str::trim)
        .any(|entry| same(entry, tenant) || domains.iter().any(|d| d.eq_ignore_ascii_case(entry)))
}

/// Every value sent under a name, in any letter case, trimmed.
fn values<'a>(case: &'a Value, name: &str) -> Vec<&'a str> {
    let Some(headers) = case.get("headers").and_then(Value::as_object) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (header, value) in headers {
        if header.eq_ignore_ascii_case(name) {
            found.extend(value.as_str());
            found.extend(
                value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str),
            );
        }
    }
    found.into_iter().map(str::trim).collect()
}
