//! Groups come, change and go. Each member's record says which groups of the home organisation it is in, for rules that name them.

use std::collections::BTreeSet;

use crossgate_policy::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use super::directory::{Directory, one_form};
use super::fault::Fault;
use super::person::Person;
use super::schema::ResourceKind;
use super::users::written;
use super::values::{self, Attributes};
use super::{Call, Reply, Scim, group_at, now, patch, read, team, user_at};
use crate::audit::{Activity, TargetResource, modified};
use crate::document::Write;
use crate::ledger::Planned;
use crate::store::Store;
use crate::text::Document;

type Members = BTreeSet<Box<str>>;

/// A group as it is to be.
struct Next<'a> {
    id: &'a str,
    tenant: TenantId,
    before: Option<&'a Document>,
    attributes: Attributes,
    members: Members,
}

impl Scim {
    /// A group is made.
    pub(super) fn create_group(&self, call: &Call<'_>, body: &Value) -> Result<Reply, Fault> {
        let mut attributes = values::resource(ResourceKind::Group, body)?;
        let members = members_of(&mut attributes)?;
        let id = Uuid::new_v4().to_string();
        let name = attributes.get("displayName").and_then(Value::as_str);
        let attempt = call.attempt(ADD, target(&id, name));
        self.change(call.tenant(), &attempt, &mut |store, _, directory| {
            let next = Next {
                id: &id,
                tenant: call.tenant(),
                before: None,
                attributes: attributes.clone(),
                members: members.clone(),
            };
            next.plan(store, directory).map(Some)
        })?;
        self.changed(call, 201, ResourceKind::Group, &id)
    }

    /// A group becomes what the partner says.
    pub(super) fn replace_group(
        &self,
        call: &Call<'_>,
        id: &str,
        body: &Value,
    ) -> Result<Reply, Fault> {
        let mut attributes = values::resource(ResourceKind::Group, body)?;
        let members = members_of(&mut attributes)?;
        self.update_group(call, id, &|_, _| Ok((attributes.clone(), members.clone())))
    }

    /// Parts of a group change.
    pub(super) fn patch_group(
        &self,
        call: &Call<'_>,
        id: &str,
        body: &Value,
    ) -> Result<Reply, Fault> {
        let operations = patch::operations(ResourceKind::Group, body)?;
        self.update_group(call, id, &|mut attributes, mut members| {
            patch::apply(&mut attributes, Some(&mut members), &operations)?;
            Ok((attributes, members))
        })
    }

    fn update_group(
        &self,
        call: &Call<'_>,
        id: &str,
        next: &dyn Fn(Attributes, Members) -> Result<(Attributes, Members), Fault>,
    ) -> Result<Reply, Fault> {
        let attempt = call.attempt(UPDATE, target(id, None));
        self.change(call.tenant(), &attempt, &mut |store, _, directory| {
            let before = existing(call, store, directory, id)?;
            let (told, are) = (team::attributes(&before), directory.members(id));
            let (attributes, members) = next(told.clone(), are.clone())?;
            if attributes == told && members == are {
                return Ok(None);
            }
            let next = Next {
                id,
                tenant: call.tenant(),
                before: Some(&before),
                attributes,
                members,
            };
            next.plan(store, directory).map(Some)
        })?;
        self.changed(call, 200, ResourceKind::Group, id)
    }

    /// A group goes; who was in it is in it no more.
    pub(super) fn delete_group(&self, call: &Call<'_>, id: &str) -> Result<Reply, Fault> {
        let attempt = call.attempt(DELETE, target(id, None));
        self.change(call.tenant(), &attempt, &mut |store, _, directory| {
            let before = existing(call, store, directory, id)?;
            let mut writes = vec![Write {
                address: group_at(id),
                text: None,
            }];
            for member in directory.members(id) {
                writes.extend(membership(store, directory, &member, (id, None), false)?);
            }
            Ok(Some(Planned {
                modified: modified(Some(&before), None),
                writes,
                details: Vec::new(),
            }))
        })?;
        Ok(Reply::nothing(204, "deleted"))
    }
}

impl Next<'_> {
    /// What is written: the group, and the records of those for whom something changes.
    fn plan(&self, store: &dyn Store, directory: &Directory) -> Result<Planned, Fault> {
        let Self {
            id,
            tenant,
            before,
            attributes,
            members,
        } = self;
        let external_id = attributes.get("externalId").and_then(Value::as_str);
        let external_id = external_id.filter(|id| !id.is_empty()).map(one_form);
        if let Some(external_id) = &external_id {
            let mut others = directory.teams(*tenant).filter(|other| other != id);
            let has_it = |other: &str| {
                let team = directory.known_team(*tenant, other);
                team.is_some_and(|team| team.external_id.as_ref() == Some(external_id))
            };
            if others.any(has_it) {
                return Err(Fault::taken("another group has this `externalId`"));
            }
        }
        for member in members {
            if directory.known(*tenant, member).is_none() {
                return Err(Fault::value(format!(
                    "`members`: there is no user `{}` that your tenant synchronizes",
                    crate::text::bounded(member, 100)
                )));
            }
        }
        let are = directory.members(id);
        let document = team::document(*before, id, *tenant, attributes, &now());
        let mut writes = vec![Write {
            address: group_at(id),
            text: Some(document.to_text().into()),
        }];
        let team = directory.known_team(*tenant, id);
        let is_renamed = team.is_some_and(|team| team.external_id != external_id);
        let group = (*id, external_id.as_deref());
        let mut details = Vec::new();
        for member in are.difference(members) {
            writes.extend(membership(store, directory, member, group, false)?);
            details.push(("Removed member", member.to_string()));
        }
        for member in members {
            let is_new = !are.contains(member);
            if is_new {
                details.push(("Added member", member.to_string()));
            }
            if is_new || is_renamed {
                writes.extend(membership(store, directory, member, group, true)?);
            }
        }
        let count = details.len();
        details.truncate(MOST_NAMED);
        if count > MOST_NAMED {
            details.push(("Members changed", count.to_string()));
        }
        Ok(Planned {
            modified: modified(*before, Some(&document)),
            writes,
            details,
        })
    }
}

/// The record of a member who is, or is no more, in a group with this id here and that one at home.
fn membership(
    store: &dyn Store,
    directory: &Directory,
    member: &str,
    (id, external_id): (&str, Option<&str>),
    is_in: bool,
) -> Result<Option<Write>, Fault> {
    let Some((mut record, _)) = read(store, &user_at(member))? else {
        return Ok(None);
    };
    let Some(mut person) = Person::read(&record) else {
        return Ok(None);
    };
    person.groups.retain(|group| **group != *id);
    let mut home_groups = directory.home_groups(&person.groups);
    if is_in {
        person.groups.push(id.into());
        home_groups.extend(external_id.map(|id| Value::String(id.to_owned())));
    }
    record.set("crossgate", &person.crossgate(home_groups));
    Ok(Some(written(member, &record)))
}

/// A group of the partner's, where it is the version that the sender knows.
fn existing(
    call: &Call<'_>,
    store: &dyn Store,
    directory: &Directory,
    id: &str,
) -> Result<Document, Fault> {
    let missing = || Fault::not_found(&format!("Groups/{id}"));
    let team = directory.known_team(call.tenant(), id);
    team.ok_or_else(missing)?;
    let (document, version) = read(store, &group_at(id))?.ok_or_else(missing)?;
    call.check_version(&version)?;
    Ok(document)
}

/// Takes the members out: they stand elsewhere.
fn members_of(attributes: &mut Attributes) -> Result<Members, Fault> {
    let members = attributes.remove("members");
    members.map_or_else(|| Ok(Members::new()), |members| patch::ids(&members))
}

fn target(id: &str, name: Option<&str>) -> TargetResource {
    TargetResource {
        id: id.to_owned(),
        name: name.map(str::to_owned),
        kind: "Group",
    }
}

const ADD: Activity = Activity::new("GroupManagement", "Add", "Add group");
const UPDATE: Activity = Activity::new("GroupManagement", "Update", "Update group");
const DELETE: Activity = Activity::new("GroupManagement", "Delete", "Delete group");

/// Members that a record names; of more it tells how many.
const MOST_NAMED: usize = 100;
