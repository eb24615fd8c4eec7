//! Guests who are let out again, and what goes with a guest who goes.

use crossgate_config::Settings;
use crossgate_graph::Standing;
use crossgate_policy::ids::Id;
use serde_json::Value;

use super::thing::owned_by;
use super::{Capacity, Thing, answers_for, guest};
use crate::api::error::ApiError;
use crate::audit::{Activity, modified};
use crate::document::{Address, DocumentKind, Write};
use crate::expiry::EXPIRES;
use crate::ledger::Planned;
use crate::reviews;
use crate::roles::Roles;
use crate::store::Store;
use crate::text::Document;

/// What letting somebody out of an app is called.
pub(crate) const UNASSIGN: Activity = Activity::new(
    "UserManagement",
    "Unassign",
    "Remove app role assignment from user",
);

/// What letting somebody out of a group is called.
pub(crate) const REMOVE_MEMBER: Activity =
    Activity::new("GroupManagement", "Unassign", "Remove member from group");

impl Thing {
    /// What letting somebody out is called.
    pub(crate) const fn removing(&self) -> Activity {
        match self {
            Self::App(_) => UNASSIGN,
            Self::Group(_) => REMOVE_MEMBER,
        }
    }

    /// What is to be written to let somebody out, by whoever may; `None` where they are not in.
    pub(crate) fn let_out(
        &self,
        store: &dyn Store,
        principal: &str,
        by: &Capacity,
    ) -> Result<Option<Planned>, ApiError> {
        let address = self.entry(principal);
        let Some(before) = super::read(store, &address)? else {
            return Ok(None);
        };
        if let Capacity::Owner(_) = by {
            let is_user = before.text_of("principalType").as_deref() != Some("Group");
            if !is_user || guest(store, principal)?.is_none() {
                return Err(ApiError::denied(
                    "an owner without a role lets guests out, and neither groups nor people of your own organization",
                ));
            }
        }
        Ok(Some(Planned {
            modified: modified(Some(&before), None),
            writes: vec![Write {
                address,
                text: None,
            }],
            details: vec![("From", self.id().to_string())],
        }))
    }
}

/// Refuses an owner who is to delete a guest that is not theirs alone: they answer for the guest, and whatever the guest is in is theirs.
pub(crate) fn may_delete(
    user: &Id,
    guest: &Document,
    id: &Id,
    (store, standing, roles): (&dyn Store, &Standing, &Roles),
    settings: &Settings,
) -> Result<(), ApiError> {
    let owned = owned_by(store, user)?;
    let is_member = guest.text_of("userType").as_deref() == Some("Member");
    let assignments = standing.compiled().assignments;
    let apps = assignments.apps_of(id).iter().cloned().map(Thing::App);
    let groups = assignments.groups_of(id).iter().cloned().map(Thing::Group);
    let listing = settings.apps.iter().filter(|app| app.assigned.contains(id));
    let mut things = apps
        .chain(groups)
        .chain(listing.map(|app| Thing::App(app.id.clone())));
    let is_theirs = !owned.is_empty()
        && !is_member
        && answers_for(user, guest)
        && nothing_is_held_against(store, guest, id)?
        && things.all(|thing| owned.contains(&thing))
        && owned_by(store, id)?.is_empty()
        && roles.assignments().all(|role| role.principal() != id);
    if is_theirs {
        return Ok(());
    }
    Err(ApiError::denied(
        "an owner without a role deletes only guests whom they answer for, who are in nothing but what is theirs, and whom nobody has disabled, given a date or put into an access review",
    ))
}

/// Whether nobody with a role has decided about the guest, or is about to: a new invitation would do away with that.
fn nothing_is_held_against(store: &dyn Store, guest: &Document, id: &Id) -> Result<bool, ApiError> {
    let is_enabled = guest.get("accountEnabled") != Some(Value::Bool(false));
    let facts = guest.get("crossgate").unwrap_or(Value::Null);
    let ends = facts.get(EXPIRES).is_some_and(|date| !date.is_null());
    Ok(is_enabled && !ends && !reviews::is_about(store, &id.to_string())?)
}

/// What goes with a guest who goes for good: what they were in, and what they owned.
pub(crate) fn traces_of(
    store: &dyn Store,
    standing: &Standing,
    guest: &Id,
) -> Result<Vec<Write>, ApiError> {
    let assignments = standing.compiled().assignments;
    let id = guest.to_string();
    let apps = assignments.apps_of(guest).iter().cloned().map(Thing::App);
    let groups = assignments.groups_of(guest).iter();
    let entries = apps
        .chain(groups.cloned().map(Thing::Group))
        .map(|thing| thing.entry(&id));
    let owned = owned_by(store, guest)?.into_iter();
    let addresses = entries.chain(owned.map(|thing| thing.owner(guest)));
    Ok(addresses.map(gone).collect())
}

/// What goes with a group: who is in it, where it is assigned, and who owns it.
pub(crate) fn traces_of_group(
    store: &dyn Store,
    standing: &Standing,
    group: &Id,
) -> Result<Vec<Write>, ApiError> {
    let assignments = standing.compiled().assignments;
    let id = group.to_string();
    let apps = assignments.apps_of_group(group).iter().cloned();
    let mut writes: Vec<Write> = apps.map(|app| gone(Thing::App(app).entry(&id))).collect();
    let members = format!("{id}/");
    super::each_under(store, DocumentKind::GroupMember, &members, &mut |key| {
        writes.push(gone(Address::new(DocumentKind::GroupMember, key)));
    })?;
    let thing = Thing::Group(group.clone());
    let owners = thing.owners(store)?;
    writes.extend(owners.iter().map(|owner| gone(thing.owner(owner))));
    Ok(writes)
}

const fn gone(address: Address) -> Write {
    Write {
        address,
        text: None,
    }
}
