//! Users come, change and go.

use crossgate_graph::Standing;
use crossgate_policy::ids::{Id, TenantId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::directory::{Directory, State, one_form};
use super::fault::{Fault, FaultKind};
use super::person::{Person, Term};
use super::schema::ResourceKind;
use super::values::{self, Attributes};
use super::{Call, Reply, Scim, group_at, now, patch, read, team, user_at};
use crate::api::users::sign_in_anew;
use crate::audit::{TargetResource, modified};
use crate::document::Write;
use crate::ledger::Planned;
use crate::resource::{DELETED_USERS, USERS};
use crate::text::Document;

impl Scim {
    /// A user is made; or one whom the partner has removed comes back, with the same id.
    pub(super) fn create_user(&self, call: &Call<'_>, body: &Value) -> Result<Reply, Fault> {
        let attributes = values::resource(ResourceKind::User, body)?;
        let domain = self.own_domain();
        for _ in 0..MOST_TRIES {
            let directory = self.directory()?;
            let back = who_comes_back(&directory, call.tenant(), &attributes)?;
            // The step of the ledger looks for itself.
            drop(directory);
            let id = back.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
            let activity = if back.is_some() {
                DELETED_USERS.update
            } else {
                USERS.create
            };
            let name = attributes.get("userName").and_then(Value::as_str);
            let attempt = call.attempt(activity, target(&id, name));
            let mut is_as_it_was = true;
            self.change(
                call.tenant(),
                &attempt,
                &mut |store, standing, directory| {
                    is_as_it_was = who_comes_back(directory, call.tenant(), &attributes)? == back;
                    if !is_as_it_was {
                        return Ok(None);
                    }
                    let before = match &back {
                        Some(id) => read(store, &user_at(id))?.map(|(document, _)| document),
                        None => None,
                    };
                    let known = before.as_ref().and_then(Person::read);
                    let person = Person {
                        id: id.clone(),
                        tenant: call.tenant(),
                        attributes: attributes.clone(),
                        groups: Vec::new(),
                        held: known.as_ref().is_some_and(|before| before.held),
                        term: known.map_or(Term::Open, |before| before.term),
                        removed: false,
                        last_modified: now(),
                    };
                    check_free(directory, standing, &person)?;
                    let mut record = person.record(before.as_ref(), Vec::new(), &domain, &now());
                    record.remove("deletedDateTime");
                    Ok(Some(Planned {
                        modified: modified(before.as_ref(), Some(&record)),
                        writes: vec![written(&id, &record)],
                        details: Vec::new(),
                    }))
                },
            )?;
            if is_as_it_was {
                return self.changed(call, 201, ResourceKind::User, &id);
            }
        }
        Err(crate::api::error::ApiError::concurrent().into())
    }

    /// A user becomes what the partner says.
    pub(super) fn replace_user(
        &self,
        call: &Call<'_>,
        id: &str,
        body: &Value,
    ) -> Result<Reply, Fault> {
        let attributes = values::resource(ResourceKind::User, body)?;
        self.update_user(call, id, &|_| Ok(attributes.clone()))
    }

    /// Parts of a user change.
    pub(super) fn patch_user(
        &self,
        call: &Call<'_>,
        id: &str,
        body: &Value,
    ) -> Result<Reply, Fault> {
        let operations = patch::operations(ResourceKind::User, body)?;
        self.update_user(call, id, &|before| {
            let mut attributes = before.clone();
            patch::apply(&mut attributes, None, &operations)?;
            Ok(attributes)
        })
    }

    fn update_user(
        &self,
        call: &Call<'_>,
        id: &str,
        next: &dyn Fn(&Attributes) -> Result<Attributes, Fault>,
    ) -> Result<Reply, Fault> {
        let domain = self.own_domain();
        let attempt = call.attempt(USERS.update, target(id, None));
        self.change(
            call.tenant(),
            &attempt,
            &mut |store, standing, directory| {
                let missing = || Fault::not_found(&format!("Users/{id}"));
                let known = directory.known(call.tenant(), id);
                known.ok_or_else(missing)?;
                let (before, version) = read(store, &user_at(id))?.ok_or_else(missing)?;
                call.check_version(&version)?;
                let person = Person::read(&before).ok_or_else(missing)?;
                let attributes = next(&person.attributes)?;
                if attributes == person.attributes {
                    return Ok(None);
                }
                let home_before = person.external_id().map(one_form);
                let person = Person {
                    attributes,
                    last_modified: now(),
                    ..person
                };
                if person.is_bound() && home_before.is_some() && person.external_id().map(one_form) != home_before {
                    // Whoever has the id would be bound no more.
                    return Err(Fault::bad(
                        FaultKind::Mutability,
                        "`externalId` cannot be changed: an administrator of this organization has disabled this user, or set when access ends",
                    ));
                }
                check_free(directory, standing, &person)?;
                let home_groups = directory.home_groups(&person.groups);
                let record = person.record(Some(&before), home_groups, &domain, &now());
                let mut writes = vec![written(id, &record)];
                if person.external_id().map(one_form) != home_before {
                    // The record is another account's from now on.
                    writes.push(sign_in_anew(id));
                }
                Ok(Some(Planned {
                    modified: modified(Some(&before), Some(&record)),
                    writes,
                    details: Vec::new(),
                }))
            },
        )?;
        self.changed(call, 200, ResourceKind::User, id)
    }

    /// A user goes, as one whom an administrator deletes: the record is kept for a while, and lets nobody in.
    pub(super) fn delete_user(&self, call: &Call<'_>, id: &str) -> Result<Reply, Fault> {
        let attempt = call.attempt(USERS.delete, target(id, None));
        self.change(call.tenant(), &attempt, &mut |store, _, directory| {
            let missing = || Fault::not_found(&format!("Users/{id}"));
            let known = directory.known(call.tenant(), id);
            known.ok_or_else(missing)?;
            let (before, version) = read(store, &user_at(id))?.ok_or_else(missing)?;
            call.check_version(&version)?;
            let mut person = Person::read(&before).ok_or_else(missing)?;
            let groups = std::mem::take(&mut person.groups);
            person.removed = true;
            person.last_modified = now();
            let mut record = before.clone();
            record.set("deletedDateTime", &json!(crate::api::users::now()));
            person.tell(&mut record, Vec::new());
            let mut writes = vec![written(id, &record)];
            for group in groups {
                // Their groups are others without them, which their versions tell.
                if let Some((document, _)) = read(store, &group_at(&group))? {
                    let attributes = team::attributes(&document);
                    let tenant = call.tenant();
                    let document =
                        team::document(Some(&document), &group, tenant, &attributes, &now());
                    writes.push(Write {
                        address: group_at(&group),
                        text: Some(document.to_text().into()),
                    });
                }
            }
            Ok(Some(Planned {
                modified: modified(Some(&before), Some(&record)),
                writes,
                details: Vec::new(),
            }))
        })?;
        Ok(Reply::nothing(204, "deleted"))
    }
}

/// The record of somebody with this id at home whom the partner has removed.
fn who_comes_back(
    directory: &Directory,
    tenant: TenantId,
    attributes: &Attributes,
) -> Result<Option<String>, Fault> {
    let external_id = attributes.get("externalId").and_then(Value::as_str);
    let Some(external_id) = external_id.filter(|id| !id.is_empty()) else {
        return Ok(None);
    };
    let gone = || directory.gone(tenant, external_id);
    if gone().any(|(_, known)| known.state == State::Deleted) {
        return Err(Fault::taken(
            "an administrator of this organization has deleted this user, and can restore the record or remove it for good",
        ));
    }
    let back = gone().find(|(_, known)| known.bound).or(gone().next());
    Ok(back.map(|(id, _)| id.to_owned()))
}

/// Nobody else has the names: no other user of the partner's, and nobody here whom the partner has not made.
fn check_free(directory: &Directory, standing: &Standing, person: &Person) -> Result<(), Fault> {
    let (tenant, id) = (person.tenant, person.id.as_str());
    let is_other = |found: Option<&str>| found.is_some_and(|found| found != id);
    if is_other(directory.named(tenant, person.user_name())) {
        return Err(Fault::taken("another user has this `userName`"));
    }
    let guests = standing.compiled().guests.records;
    if let Some(external_id) = person.external_id() {
        let mut gone = directory.gone(tenant, external_id);
        // Under another record they would be let in again.
        if gone.any(|(other, known)| other != id && (known.state == State::Deleted || known.bound))
        {
            return Err(Fault::taken(
                "an administrator of this organization has disabled or deleted the user who had this `externalId`, or set when access ends; no other record takes the place of it",
            ));
        }
        let home = Id::new(external_id);
        let at_home = guests.by_home(tenant, &home);
        if is_other(directory.with_external_id(tenant, external_id))
            || at_home.is_some_and(|guest| !guest.deleted && *guest.id.text() != *id)
        {
            return Err(Fault::taken(
                "another user here has this `externalId`; one who was invited is changed by this organization's administrators only",
            ));
        }
    }
    for address in [Some(person.user_name()), person.mail()]
        .into_iter()
        .flatten()
    {
        let named = guests.with_mail(address);
        let is_strange = named.iter().any(|guest| {
            let other = guest.id.text();
            !guest.deleted && *other != *id && directory.ever_known(tenant, &other).is_none()
        });
        if is_strange {
            return Err(Fault::taken(format!(
                "a user of this organization has the address `{address}`, and is changed by its administrators only"
            )));
        }
    }
    Ok(())
}

pub(super) fn written(id: &str, record: &Document) -> Write {
    Write {
        address: user_at(id),
        text: Some(record.to_text().into()),
    }
}

fn target(id: &str, name: Option<&str>) -> TargetResource {
    TargetResource {
        id: id.to_owned(),
        name: name.map(str::to_owned),
        kind: "User",
    }
}

/// Others do remove and restore users meanwhile, but not for ever.
const MOST_TRIES: usize = 4;
