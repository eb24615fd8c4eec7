//! Groups come, change and go. Each member's record says which groups of the home organisation it is in, for rules that name them.

use std::collections::BTreeSet;
use std::time::Duration;

use crossgate_policy::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use super::directory::{Directory, one_form};
use super::fault::Fault;
use super::limits::{MOST_AT_ONCE, check_groups};
use super::person::Person;
use super::schema::ResourceKind;
use super::users::written;
use super::values::{self, Attributes};
use super::{Call, Reply, Scim, group_at, now, patch, read, team, user_at};
use crate::api::error::ApiError;
use crate::audit::{Activity, Attempt, TargetResource, modified};
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

/// One of the steps of a change.
struct Step {
    planned: Planned,
    /// How many members' records are left to the steps that follow.
    left: usize,
    /// The members whose records it writes.
    written: Vec<Box<str>>,
}

/// The steps of a change that were made.
#[derive(Default)]
struct SoFar {
    steps: usize,
    written: Members,
}

/// What becomes of a member's record.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Change {
    Removed,
    Added,
    /// The group has another id at home.
    Renamed,
}

/// `None` where there is nothing to do.
type PlanStep<'a> = dyn FnMut(&dyn Store, &Directory, &SoFar) -> Result<Option<Step>, Fault> + 'a;

impl Scim {
    /// A group is made.
    pub(super) fn create_group(&self, call: &Call<'_>, body: &Value) -> Result<Reply, Fault> {
        let mut attributes = values::resource(ResourceKind::Group, body)?;
        let members = members_of(&mut attributes)?;
        let id = Uuid::new_v4().to_string();
        let name = attributes.get("displayName").and_then(Value::as_str);
        let attempt = call.attempt(ADD, target(&id, name));
        self.in_steps(call, &attempt, &mut |store, directory, so_far| {
            let before = match so_far.steps {
                0 => None,
                _ => Some(existing(call, store, directory, (&id, so_far))?),
            };
            let next = Next {
                id: &id,
                tenant: call.tenant(),
                before: before.as_ref(),
                attributes: attributes.clone(),
                members: members.clone(),
            };
            next.plan(store, directory, so_far).map(Some)
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
        self.in_steps(call, &attempt, &mut |store, directory, so_far| {
            let before = existing(call, store, directory, (id, so_far))?;
            let (told, are) = (team::attributes(&before), directory.members(id));
            let (attributes, members) = next(told.clone(), are.clone())?;
            if attributes == told && members == are && !team::is_unsettled(&before) {
                return Ok(None);
            }
            let next = Next {
                id,
                tenant: call.tenant(),
                before: Some(&before),
                attributes,
                members,
            };
            next.plan(store, directory, so_far).map(Some)
        })?;
        self.changed(call, 200, ResourceKind::Group, id)
    }

    /// A group goes; who was in it is in it no more.
    pub(super) fn delete_group(&self, call: &Call<'_>, id: &str) -> Result<Reply, Fault> {
        let attempt = call.attempt(DELETE, target(id, None));
        self.in_steps(call, &attempt, &mut |store, directory, so_far| {
            let before = existing(call, store, directory, (id, so_far))?;
            let members = directory.members(id);
            let mut planned = Planned::default();
            for member in members.iter().take(MOST_AT_ONCE) {
                let left = membership(store, directory, member, (id, None), false)?;
                planned.writes.extend(left);
            }
            let left = members.len().saturating_sub(MOST_AT_ONCE);
            if left == 0 {
                planned.modified = modified(Some(&before), None);
                planned.writes.push(Write {
                    address: group_at(id),
                    text: None,
                });
            }
            Ok(Some(Step {
                planned,
                left,
                written: Vec::new(),
            }))
        })?;
        Ok(Reply::nothing(204, "deleted"))
    }

    /// Changes a group and the records of its members, so many at a time. Whoever asks for the same again after a step failed goes on from
    /// there.
    fn in_steps(
        &self,
        call: &Call<'_>,
        attempt: &Attempt<'_>,
        plan: &mut PlanStep<'_>,
    ) -> Result<(), Fault> {
        let mut so_far = SoFar::default();
        let mut most = usize::MAX;
        loop {
            let mut planned = None;
            self.change(call.tenant(), attempt, &mut |store, _, directory| {
                planned = plan(store, directory, &so_far)?;
                Ok(planned
                    .as_mut()
                    .map(|step| std::mem::take(&mut step.planned)))
            })?;
            let Some(step) = planned.filter(|step| step.left > 0) else {
                return Ok(());
            };
            if step.left >= most {
                // Two changes of one group would undo each other's steps without end.
                return Err(ApiError::concurrent().into());
            }
            most = step.left;
            so_far.steps += 1;
            so_far.written.extend(step.written);
            // Whoever waits is woken in less, and takes the lock before it is asked for again.
            std::thread::sleep(TURN_OF_OTHERS);
        }
    }
}

impl Next<'_> {
    /// What is written: the group, and the records of those for whom something changes.
    fn plan(
        &self,
        store: &dyn Store,
        directory: &Directory,
        so_far: &SoFar,
    ) -> Result<Step, Fault> {
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
        let team = directory.known_team(*tenant, id);
        // The records of its members may still name the id that it had.
        let is_renamed = before.is_some_and(team::is_unsettled)
            || team.is_some_and(|team| team.external_id != external_id);
        let removed = are
            .difference(members)
            .map(|member| (member, Change::Removed));
        let others = members.iter().filter_map(|member| {
            if !are.contains(member) {
                return Some((member, Change::Added));
            }
            let is_to_do = is_renamed && !so_far.written.contains(member);
            is_to_do.then_some((member, Change::Renamed))
        });
        let mut changes: Vec<_> = removed.chain(others).collect();
        let left = changes.len().saturating_sub(MOST_AT_ONCE);
        changes.truncate(MOST_AT_ONCE);
        let group = (*id, external_id.as_deref());
        let mut planned = Planned::default();
        for (member, change) in &changes {
            let is_in = *change != Change::Removed;
            let record = membership(store, directory, member, group, is_in)?;
            planned.writes.extend(record);
            match change {
                Change::Removed => planned.details.push(("Removed member", member.to_string())),
                Change::Added => planned.details.push(("Added member", member.to_string())),
                Change::Renamed => {}
            }
        }
        let count = planned.details.len();
        planned.details.truncate(MOST_NAMED);
        if count > MOST_NAMED {
            planned.details.push(("Members changed", count.to_string()));
        }
        // A new one is there before anybody is in it, and a new id before anybody is told to be in the group that has it: whatever else
        // writes a member's record meanwhile finds it.
        if left == 0 || so_far.steps == 0 && (before.is_none() || is_renamed) {
            let mut document = team::document(*before, id, *tenant, attributes, &now());
            team::set_unsettled(&mut document, is_renamed && left > 0);
            planned.modified = modified(*before, Some(&document));
            planned.writes.push(Write {
                address: group_at(id),
                text: Some(document.to_text().into()),
            });
        }
        Ok(Step {
            planned,
            left,
            written: changes
                .into_iter()
                .map(|(member, _)| member.clone())
                .collect(),
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
        check_groups(person.groups.len())?;
        home_groups.extend(external_id.map(|id| Value::String(id.to_owned())));
    }
    person.tell(&mut record, home_groups);
    Ok(Some(written(member, &record)))
}

/// A group of the partner's, where it is the version that the sender knows.
fn existing(
    call: &Call<'_>,
    store: &dyn Store,
    directory: &Directory,
    (id, so_far): (&str, &SoFar),
) -> Result<Document, Fault> {
    let missing = || Fault::not_found(&format!("Groups/{id}"));
    let team = directory.known_team(call.tenant(), id);
    team.ok_or_else(missing)?;
    let (document, version) = read(store, &group_at(id))?.ok_or_else(missing)?;
    // After the first step the version is of our own making.
    if so_far.steps == 0 {
        call.check_version(&version)?;
    }
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

/// Between two steps.
const TURN_OF_OTHERS: Duration = Duration::from_millis(1);
