//! Who may let people into an app or a group and out of it; members of groups; and owners.

use crossgate_graph::Standing;
use crossgate_policy::ids::Id;
use serde_json::{Map, Value, json};

use super::asked::Asked;
use super::call::{Call, Reply};
use super::documents::{address_of, missing};
use super::error::ApiError;
use super::service_principals::target;
use super::{Api, body, gone, listed, permission, under};
use crate::audit::{Activity, TargetResource, modified};
use crate::delegation::{self, Capacity, Thing};
use crate::document::{DocumentKind, Write};
use crate::ledger::Planned;
use crate::model::{DIRECTORY_OBJECT, USER, show};
use crate::resource::{GROUPS, USERS};
use crate::roles::Action;
use crate::store::Store;
use crate::text::Document;

/// What putting somebody into a group is called.
pub(super) const ADD_MEMBER: Activity =
    Activity::new("GroupManagement", "Assign", "Add member to group");

/// What making somebody an owner is called.
pub(super) const fn add_owner_of(is_group: bool) -> Activity {
    if is_group {
        Activity::new("GroupManagement", "Assign", "Add owner to group")
    } else {
        Activity::new(
            "ApplicationManagement",
            "Assign",
            "Add owner to service principal",
        )
    }
}

/// What taking that away is called.
pub(super) const fn remove_owner_of(is_group: bool) -> Activity {
    if is_group {
        Activity::new("GroupManagement", "Unassign", "Remove owner from group")
    } else {
        Activity::new(
            "ApplicationManagement",
            "Unassign",
            "Remove owner from service principal",
        )
    }
}

/// What a path names, whether it is there or not.
pub(super) fn named(asked: &Asked<'_>) -> Thing {
    let id = Id::new(asked.parameter());
    if is_of_group(asked) {
        Thing::Group(id)
    } else {
        Thing::App(id)
    }
}

/// Whether a path is one of a group.
pub(super) fn is_of_group(asked: &Asked<'_>) -> bool {
    asked.route.path.starts_with("groups/")
}

/// The app or the group that a path names.
pub(super) fn thing(api: &Api, asked: &Asked<'_>) -> Result<Thing, ApiError> {
    let thing = named(asked);
    let name = thing.name(api.ledger.store(), &api.settings())?;
    name.map(|_| thing).ok_or_else(|| missing(asked))
}

/// By what the caller may do with an app or a group what the call does.
pub(super) fn capacity(
    api: &Api,
    asked: &Asked<'_>,
    thing: &Thing,
    store: &dyn Store,
) -> Result<Capacity, ApiError> {
    let action = asked.needed.first().copied().unwrap_or(thing.changing());
    delegation::capacity(
        &api.ledger.roles(),
        &asked.who.caller(),
        action,
        thing,
        store,
    )
}

/// Lets somebody out of an app or a group.
pub(super) fn let_out(
    api: &Api,
    asked: &Asked<'_>,
    thing: &Thing,
    principal: &str,
    none: &dyn Fn() -> ApiError,
) -> Result<Reply, ApiError> {
    let attempt = asked.attempt(thing.removing(), target(principal));
    let change = &mut |store: &dyn Store, _: &Standing| {
        let by = capacity(api, asked, thing, store)?;
        let planned = thing.let_out(store, principal, &by)?;
        planned.map(Some).ok_or_else(none)
    };
    let confirmation = asked.confirmation();
    let advisories = api
        .ledger
        .change_as_planned(&attempt, confirmation, change)?;
    Ok(Reply::nothing().advising(advisories.unwrap_or_default()))
}

/// Who is in a group.
pub(super) fn list_members(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let thing = thing(api, asked)?;
    let prefix = format!("{}/", thing.id());
    under::page(
        api,
        asked,
        (&USER, "directoryObjects"),
        (DocumentKind::GroupMember, &prefix),
        &|_, document| {
            let id = document.text_of("memberId").unwrap_or_default();
            let guest = delegation::guest(api.ledger.store(), &id)?;
            Ok(guest.filter(USERS.is).map(|guest| member(&guest)))
        },
    )
}

/// What whoever looks after a group is to know of its members.
fn member(guest: &Document) -> Map<String, Value> {
    let mut shown = show(&USER, guest.members());
    shown.retain(|name, _| TOLD_OF_MEMBERS.contains(&name.as_str()));
    let kind = json!("#microsoft.graph.user");
    shown.insert("@odata.type".to_owned(), kind);
    shown
}

/// `POST …/members/$ref`: a guest is put into a group.
pub(super) fn add_member(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let (thing, guest) = (thing(api, asked)?, referred(asked.call)?);
    let (id, caller) = (guest.to_string(), asked.who.caller());
    let attempt = asked.attempt(ADD_MEMBER, target(&id));
    let change = &mut |store: &dyn Store, standing: &Standing| {
        let by = capacity(api, asked, &thing, store)?;
        if thing.name(store, &api.settings())?.is_none() {
            return Err(missing(asked));
        }
        let guest = delegation::guest(store, &id)?.filter(USERS.is);
        if let Capacity::Owner(owner) = &by {
            delegation::owner_may_add(owner, &caller, guest.as_ref(), standing)?;
        }
        if guest.is_none() {
            return Err(ApiError::property(
                REFERENCE,
                format!("there is no guest `{id}`; groups here are of guests"),
            ));
        }
        let address = thing.entry(&id);
        if store.get(&address)?.is_some() {
            return Err(already("members"));
        }
        let document = thing.entry_of_user(&id);
        Ok(Some(Planned {
            modified: modified(None, Some(&document)),
            writes: vec![Write {
                address,
                text: Some(document.to_text().into()),
            }],
            details: vec![("Group", thing.id().to_string())],
        }))
    };
    let confirmation = asked.confirmation();
    let advisories = api
        .ledger
        .change_as_planned(&attempt, confirmation, change)?;
    Ok(Reply::nothing().advising(advisories.unwrap_or_default()))
}

/// `DELETE …/members/{id}/$ref`: a guest is taken out of a group.
pub(super) fn remove_member(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let thing = thing(api, asked)?;
    let id = asked.parameters.get(1).map_or("", String::as_str);
    let none = || ApiError::not_found(format!("`{id}` is no member of this group"));
    let_out(api, asked, &thing, &Id::new(id).to_string(), &none)
}

/// A group goes, and with it who is in it, its assignments and its owners.
pub(super) fn delete_group(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let address = address_of(&GROUPS, asked)?;
    let (group, id) = (Id::new(&address.key), address.key.to_string());
    let attempt = asked.attempt(
        GROUPS.delete,
        TargetResource {
            id,
            name: None,
            kind: GROUPS.target,
        },
    );
    let traces = |store: &dyn Store, standing: &Standing| {
        delegation::traces_of_group(store, standing, &group)
    };
    gone::remove(api, asked, (&GROUPS, &address), &attempt, &traces)
}

/// Who owns an app or a group.
pub(super) fn list_owners(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let owners = thing(api, asked)?.owners(api.ledger.store())?;
    let owners = owners.into_iter().map(|owner| {
        let stored = [("id".to_owned(), json!(owner.to_string()))];
        show(&DIRECTORY_OBJECT, stored.into_iter().collect())
    });
    listed::page_of(asked, &DIRECTORY_OBJECT, "directoryObjects", owners)
}

/// `POST …/owners/$ref`: somebody owns an app or a group.
pub(super) fn add_owner(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let owner = referred(asked.call)?;
    change_owner(api, asked, &owner, &|store, thing| {
        if store.get(&thing.owner(&owner))?.is_some() {
            return Err(already("owners"));
        }
        if thing.owners(store)?.len() >= MOST_OWNERS {
            return Err(ApiError::property(
                "owners",
                format!("there are {MOST_OWNERS} owners at most"),
            ));
        }
        Ok(Some(thing.owner_document(&owner)))
    })
}

/// `DELETE …/owners/{id}/$ref`: somebody owns it no more.
pub(super) fn remove_owner(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let id = asked.parameters.get(1).map_or("", String::as_str);
    let owner = Id::new(id);
    change_owner(api, asked, &owner, &|store, thing| {
        if store.get(&thing.owner(&owner))?.is_none() {
            return Err(ApiError::not_found(format!("`{id}` is no owner of it")));
        }
        Ok(None)
    })
}

/// What stands of an owner afterwards.
type Change<'a> = dyn Fn(&dyn Store, &Thing) -> Result<Option<Document>, ApiError> + 'a;

fn change_owner(
    api: &Api,
    asked: &Asked<'_>,
    owner: &Id,
    how: &Change<'_>,
) -> Result<Reply, ApiError> {
    let thing = thing(api, asked)?;
    let attempt = owner_attempt(asked);
    let change = &mut |store: &dyn Store, _: &Standing| {
        // Nobody owns a thing by owning it: owners make no owners.
        permission::by_role(api, asked, &api.ledger.roles())?;
        if thing.name(store, &api.settings())?.is_none() {
            return Err(missing(asked));
        }
        let after = how(store, &thing)?;
        let address = thing.owner(owner);
        let before = delegation::read(store, &address)?;
        Ok(Some(Planned {
            modified: modified(before.as_ref(), after.as_ref()),
            writes: vec![Write {
                address,
                text: after.map(|document| document.to_text().into()),
            }],
            details: vec![("Owner", owner.to_string())],
        }))
    };
    let confirmation = asked.confirmation();
    let advisories = api
        .ledger
        .change_as_planned(&attempt, confirmation, change)?;
    Ok(Reply::nothing().advising(advisories.unwrap_or_default()))
}

/// A change of owners, for the audit.
pub(super) fn owner_attempt<'a>(asked: &'a Asked<'_>) -> crate::audit::Attempt<'a> {
    let is_group = is_of_group(asked);
    let activity = if asked.route.method == super::routes::Verb::Post {
        add_owner_of(is_group)
    } else {
        remove_owner_of(is_group)
    };
    let target = TargetResource {
        id: asked.parameter().to_owned(),
        name: None,
        kind: if is_group {
            "Group"
        } else {
            "ServicePrincipal"
        },
    };
    asked.attempt(activity, target)
}

/// Whom a reference names: the last part of the address says it; which service and which collection it names does not matter.
fn referred(call: &Call) -> Result<Id, ApiError> {
    let body = body::read(call)?;
    let named = body.text_of(REFERENCE).unwrap_or_default();
    let id = named.trim_end_matches('/').rsplit('/').next();
    delegation::plain_id(id.unwrap_or_default(), REFERENCE)
}

fn already(property: &'static str) -> ApiError {
    ApiError::property(
        property,
        format!(
            "One or more added object references already exist for the following modified properties: '{property}'."
        ),
    )
}

/// Whether a caller without the role for a call may make it as an owner. What it is about is checked again when it is done.
pub(super) fn owner_may(api: &Api, asked: &Asked<'_>, action: Action) -> Result<bool, ApiError> {
    let caller = asked.who.caller();
    let Some(user) = delegation::acts_for(&caller, action) else {
        return Ok(false);
    };
    let owner = named(asked).owner(user);
    Ok(api.ledger.store().get(&owner)?.is_some())
}

const REFERENCE: &str = "@odata.id";

const TOLD_OF_MEMBERS: &[&str] = &[
    "id",
    "displayName",
    "mail",
    "userPrincipalName",
    "userType",
    "externalUserState",
];

/// As Entra has it.
const MOST_OWNERS: usize = 100;
