//! Section 2, the user ids and the groups: what is known of the subject at home and here.
//!
//! Readings taken where the page is silent:
//! - a home-issued token without the claim that bears the user's id leaves the home user id unknown; `home_oid` does not
//!   stand in for it;
//! - a service principal has no guest record.

use serde_json::Value;

use super::access::{Direction, Placed};
use super::claim_map;
use super::guest;
use super::ids::listed;
use super::raw::{entries, flag, set, text, texts};

/// Whether something holds, where that may not be known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Known {
    Yes,
    No,
    Unknown,
}

/// The groups a subject is in: those listed, and perhaps others.
pub(super) struct Groups<'a> {
    pub(super) listed: Vec<&'a str>,
    pub(super) complete: bool,
}

impl Groups<'_> {
    pub(super) fn has(&self, group: &str) -> Known {
        if listed(&self.listed, group) {
            Known::Yes
        } else if self.complete {
            Known::No
        } else {
            Known::Unknown
        }
    }
}

/// The user's id in the home tenant.
pub(super) fn home_user<'a>(placed: &Placed<'a>) -> Option<&'a str> {
    if placed.home_issued {
        return claim_map::user(placed.token.issuer, placed.token.claims);
    }
    text(placed.token.claims, "home_oid").or_else(|| {
        let record = lending_record(placed)?;
        record
            .get("crossgate")
            .and_then(|ours| text(ours, "homeUserId"))
    })
}

/// The user's id in our own tenant.
pub(super) fn own_user<'a>(placed: &Placed<'a>) -> Option<&'a str> {
    if placed.own_issued {
        return claim_map::user(placed.token.issuer, placed.token.claims);
    }
    let record = placed.record.filter(|_| placed.home_issued)?;
    text(record, "id")
}

/// The user's groups in the home tenant.
pub(super) fn home_groups<'a>(placed: &Placed<'a>) -> Groups<'a> {
    let mut groups = if placed.home_issued {
        token_groups(placed)
    } else {
        Groups {
            listed: Vec::new(),
            complete: false,
        }
    };
    let ours = lending_record(placed).and_then(|record| record.get("crossgate"));
    if let Some(ours) = ours.filter(|ours| set(ours, "homeGroups").is_some()) {
        groups.listed.extend(texts(ours, "homeGroups"));
        // A list that says of itself that it is not whole completes nothing.
        groups.complete |= ours.get("homeGroupsComplete") != Some(&false.into());
    }
    groups
}

/// The user's groups in our own tenant.
pub(super) fn own_groups<'a>(placed: &Placed<'a>) -> Groups<'a> {
    if placed.own_issued {
        token_groups(placed)
    } else {
        Groups {
            listed: Vec::new(),
            complete: false,
        }
    }
}

fn token_groups<'a>(placed: &Placed<'a>) -> Groups<'a> {
    let claims = placed.token.claims;
    let elsewhere = claims
        .get("_claim_names")
        .is_some_and(|names| names.get("groups").is_some());
    let overage = elsewhere || flag(claims, "hasgroups");
    Groups {
        listed: claim_map::values(placed.token.issuer, claims, "groups"),
        complete: !overage,
    }
}

/// The subject's guest record, where it does not contradict the token's home tenant.
fn lending_record<'a>(placed: &Placed<'a>) -> Option<&'a Value> {
    placed
        .record
        .filter(|record| !guest::contradicts(record, placed))
}

/// The app roles that count: only the resource tenant's service may give them.
pub(super) fn app_roles<'a>(placed: &Placed<'a>) -> Vec<&'a str> {
    if placed.resource_issued {
        texts(placed.token.claims, "roles")
    } else {
        Vec::new()
    }
}

/// The directory roles, where the own tenant's service told them.
pub(super) fn directory_role(placed: &Placed<'_>, role: &str) -> Known {
    if !placed.own_issued {
        return Known::Unknown;
    }
    if listed(&texts(placed.token.claims, "wids"), role) {
        Known::Yes
    } else {
        Known::No
    }
}

/// `acct` of an own-issued token: 0 is a member, 1 a guest.
fn acct(placed: &Placed<'_>) -> Option<f64> {
    placed
        .token
        .claims
        .get("acct")
        .filter(|_| placed.own_issued)
        .and_then(Value::as_f64)
}

/// One of our own users who is marked a guest.
pub(super) fn internal_guest(placed: &Placed<'_>) -> bool {
    placed.direction == Direction::Internal && acct(placed) == Some(1.0)
}

/// Whether an external user counts as a member here: the record tells, else `acct`, else it is a guest.
pub(super) fn collaborates_as_member(placed: &Placed<'_>) -> bool {
    match placed.record {
        Some(record) => text(record, "userType") == Some("Member"),
        None => acct(placed) == Some(0.0),
    }
}

/// Whether a list holds the value, comparing identifiers.
pub(super) fn app_lists(app: &Value, member: &str, id: &str) -> bool {
    entries(app, member)
        .iter()
        .filter_map(Value::as_str)
        .any(|entry| super::ids::same(entry, id))
}
