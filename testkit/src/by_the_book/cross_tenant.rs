//! Section 6, steps 4 and 5: the clouds, and the cross-tenant setting of the direction.

use serde_json::Value;

use super::access::{Direction, Placed};
use super::answer::Refusal;
use super::headers;
use super::home::Home;
use super::people::{self, Groups};
use super::raw::{Book, text, texts};
use super::setting::{self, Subject, Verdict};

/// Step `cloud`: another cloud must be allowed, its tenant must have a document, and it must not be direct connect.
pub(super) fn cloud(book: &Book, placed: &Placed<'_>) -> Result<(), Refusal> {
    let (tenant, clouds, code) = match (placed.direction, &placed.token.home) {
        (Direction::Inbound, Home::Tenant { id, clouds }) => (*id, clouds.clone(), 500_213),
        (Direction::Outbound, _) => {
            let target = text(placed.app, "resource_cloud").unwrap_or("global");
            (placed.resource_tenant, vec![target], 500_212)
        }
        _ => return Ok(()),
    };
    let allowed = texts(&book.policy.root, "allowedCloudEndpoints");
    for cloud in clouds {
        let open = allowed.contains(&endpoint(cloud))
            && book.partner(tenant).is_some()
            && placed.access != "b2bDirectConnect";
        if cloud != book.own_cloud() && !open {
            return Err(Refusal::new("cloud", code));
        }
    }
    Ok(())
}

fn endpoint(cloud: &str) -> &'static str {
    match cloud {
        "usgov" => "microsoftonline.us",
        "china" => "partner.microsoftonline.cn",
        _ => "microsoftonline.com",
    }
}

/// Step 5 of the direction.
pub(super) fn settings(book: &Book, case: &Value, placed: &Placed<'_>) -> Result<(), Refusal> {
    match placed.direction {
        Direction::Internal => Ok(()),
        Direction::Inbound => inbound(book, placed),
        Direction::Outbound => outbound(book, placed),
        Direction::TenantRestricted => restrictions(book, case, placed),
    }
}

/// No cross-tenant setting applies to an identity without a tenant.
fn inbound(book: &Book, placed: &Placed<'_>) -> Result<(), Refusal> {
    let Some(home) = placed.token.home.tenant() else {
        return Ok(());
    };
    let refusal = Refusal::new("inbound", 500_213);
    if placed.access == "passthrough" {
        let client_listed = placed
            .client()
            .is_some_and(|client| people::app_lists(placed.app, "app_clients", client));
        if !client_listed {
            return Err(refusal);
        }
    }
    let direct = placed.access == "b2bDirectConnect";
    let property = if direct {
        "b2bDirectConnectInbound"
    } else {
        "b2bCollaborationInbound"
    };
    admitted(
        setting::verdict(
            &setting::effective(book, Some(home), property),
            &at_home(placed),
            placed,
        ),
        refusal,
    )?;
    // A published document is never among the facts of a case, so a partner that must publish has not consented.
    let published = book
        .configured_partner(home)
        .and_then(|partner| text(partner, "consent"))
        == Some("published");
    if direct && published {
        Err(Refusal::new("inbound", 500_213))
    } else {
        Ok(())
    }
}

/// Our user, by the ids we gave; in a token of the partner's making they are unknown.
fn outbound(book: &Book, placed: &Placed<'_>) -> Result<(), Refusal> {
    let property = if placed.access == "b2bDirectConnect" {
        "b2bDirectConnectOutbound"
    } else {
        "b2bCollaborationOutbound"
    };
    let subject = Subject {
        user: people::own_user(placed),
        groups: people::own_groups(placed),
        app_only: placed.token.app_only,
    };
    let setting = setting::effective(book, Some(placed.resource_tenant), property);
    admitted(
        setting::verdict(&setting, &subject, placed),
        Refusal::new("outbound", 500_212),
    )
}

/// Section 9, second part: in force on a managed route, or where the v2 header names us.
fn restrictions(book: &Book, case: &Value, placed: &Placed<'_>) -> Result<(), Refusal> {
    let managed = placed
        .app
        .get("managed")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    if !managed && !headers::names_own_tenant(book, case) {
        return Ok(());
    }
    let setting = setting::effective(book, placed.token.home.recorded(), "tenantRestrictions");
    admitted(
        setting::verdict(&setting, &at_home(placed), placed),
        Refusal::new("tenant_restrictions", 5_000_211),
    )
}

fn at_home<'a>(placed: &Placed<'a>) -> Subject<'a> {
    let groups: Groups<'a> = people::home_groups(placed);
    Subject {
        user: people::home_user(placed),
        groups,
        app_only: placed.token.app_only,
    }
}

fn admitted(verdict: Verdict, refusal: Refusal) -> Result<(), Refusal> {
    match verdict {
        Verdict::Admits => Ok(()),
        Verdict::Refuses => Err(refusal),
        Verdict::Unknown => Err(refusal.because("membership_unknown")),
    }
}
