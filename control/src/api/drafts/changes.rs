//! What a draft changes: by the paths of the documents, and as a list.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Api, Draft, DraftChange, OfDraft, check_version, existing, open, planned};
use crate::api::asked::Asked;
use crate::api::call::Reply;
use crate::api::documents::missing;
use crate::api::error::{ApiError, Detail};
use crate::api::listed;
use crate::api::routes::{Need, Operation, ROUTES};
use crate::audit::modified;
use crate::document::{Address, DocumentKind, Write};
use crate::drafts::stage::target;
use crate::drafts::{Drafted, Draftee, MOST_CHANGES, change, holds};
use crate::ledger::{Changed, Confirmation, Current, Edit, Look, Planned};
use crate::model::{DRAFT_CHANGE, show};
use crate::resource::Resource;
use crate::roles::Required;
use crate::store::Store;
use crate::text::Document;

/// Changes a document in a draft as it would be changed in force; what that would lead to is told and hinders nothing.
pub(in super::super) fn edit(
    api: &Api,
    asked: &Asked<'_>,
    id: &str,
    address: &Address,
    edit: &dyn Fn(Option<&Current>) -> Result<Edit, ApiError>,
) -> Result<Changed, ApiError> {
    if !holds(address.kind) {
        return Err(ApiError::internal());
    }
    if asked.only_validates() {
        return would_become(api, id, address, edit);
    }
    let named = existing(api.ledger.store(), id)?;
    let by = Draftee::of(asked.who);
    let attempt = asked.attempt(OfDraft::Update.told(), target(id, named.name()));
    let mut done = None;
    api.ledger
        .change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
            let mut draft = existing(store, id)?;
            draft.check_open()?;
            let changes = DraftChange::all(store, id)?;
            let current = Drafted::by(store, &draft, &changes).current(address)?;
            let next = match edit(current.as_ref())? {
                Edit::Write(document) => Some(document),
                Edit::Remove => None,
                Edit::Keep => {
                    done = Some(Changed {
                        since: current.as_ref().map_or(0, |current| current.since),
                        document: current.map(|current| current.document),
                        advisories: Vec::new(),
                    });
                    return Ok(None);
                }
            };
            check_room(&changes, address)?;
            let before = changes.into_iter().find(|one| one.address == *address);
            let write = changed(store, id, address, before, next.clone(), asked)?;
            draft.edited(&by, Timestamp::now());
            let before = current.as_ref().map(|current| &current.document);
            let modified = modified(before, next.as_ref());
            let since = match &write.text {
                // Nobody else changes anything before this is stored.
                Some(_) => store.head()?.sequence + 1,
                // It is as in force again.
                None => store.get(address)?.map_or(0, |stored| stored.since),
            };
            done = Some(Changed {
                since,
                document: next,
                advisories: Vec::new(),
            });
            Ok(Some(Planned {
                writes: vec![draft.kept(), write],
                modified,
                details: vec![("Document", address.to_string())],
            }))
        })?;
    let mut done = done.ok_or_else(ApiError::internal)?;
    let changes = DraftChange::all(api.ledger.store(), id)?;
    let writes: Vec<Write> = changes.iter().map(DraftChange::write).collect();
    done.advisories = told(api, &writes)?;
    Ok(done)
}

/// What a change in a draft would lead to; nothing is changed.
fn would_become(
    api: &Api,
    id: &str,
    address: &Address,
    edit: &dyn Fn(Option<&Current>) -> Result<Edit, ApiError>,
) -> Result<Changed, ApiError> {
    let store = api.ledger.store();
    let draft = existing(store, id)?;
    draft.check_open()?;
    let changes = DraftChange::all(store, id)?;
    let current = Drafted::by(store, &draft, &changes).current(address)?;
    let document = match edit(current.as_ref())? {
        Edit::Write(document) => Some(document),
        Edit::Remove => None,
        Edit::Keep => current.as_ref().map(|current| current.document.clone()),
    };
    check_room(&changes, address)?;
    let others = changes.iter().filter(|one| one.address != *address);
    let mut writes: Vec<Write> = others.map(DraftChange::write).collect();
    writes.push(Write {
        address: address.clone(),
        text: document.as_ref().map(|document| document.to_text().into()),
    });
    Ok(Changed {
        since: current.map_or(0, |current| current.since),
        document,
        advisories: told(api, &writes)?,
    })
}

/// Refuses one document more than a draft changes.
fn check_room(changes: &[DraftChange], address: &Address) -> Result<(), ApiError> {
    if changes.len() < MOST_CHANGES || changes.iter().any(|one| one.address == *address) {
        return Ok(());
    }
    Err(ApiError::bad(format!(
        "the draft changes {MOST_CHANGES} documents already; publish them, or make another draft"
    )))
}

/// What is kept of a change; nothing where the document is to be as it is in force.
fn changed(
    store: &dyn Store,
    id: &str,
    address: &Address,
    before: Option<DraftChange>,
    next: Option<Document>,
    asked: &Asked<'_>,
) -> Result<Write, ApiError> {
    let in_force = store.get(address)?;
    let mut change = before.unwrap_or_else(|| DraftChange {
        address: address.clone(),
        base: in_force.as_ref().map_or(0, |stored| stored.since),
        document: None,
        needs: Vec::new(),
    });
    change.takes(&asked.needed);
    change.document = next;
    let text = change.write().text;
    let is_as_before = text.as_deref() == in_force.as_ref().map(|stored| &*stored.text);
    let is_moved = in_force.map_or(0, |stored| stored.since) != change.base;
    if is_as_before && !is_moved {
        return Ok(Write {
            address: change::address(id, address),
            text: None,
        });
    }
    Ok(change.kept(id))
}

/// What whoever changes a draft should know of it as it is then.
fn told(api: &Api, writes: &[Write]) -> Result<Vec<String>, ApiError> {
    let examined = api.ledger.examine(writes, Look::Documents)?;
    let faults = examined.faults.iter().map(|fault| {
        if fault.target.is_empty() {
            format!("the draft cannot be published: {}", fault.message)
        } else {
            format!(
                "the draft cannot be published: {}: {}",
                fault.target, fault.message
            )
        }
    });
    Ok(faults.chain(examined.advisories).collect())
}

/// `GET drafts/{id}/changes`.
pub(super) fn list(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let store = api.ledger.store();
    let draft = super::draft(api, asked)?;
    let changes = DraftChange::all(store, &draft.id)?;
    let shown = changes.iter().map(|one| shown(api, asked, &draft, one));
    let shown = shown.collect::<Result<Vec<_>, _>>()?;
    let context = format!("crossgate/drafts('{}')/changes", draft.id);
    listed::page_of(asked, &DRAFT_CHANGE, &context, shown)
}

fn shown(
    api: &Api,
    asked: &Asked<'_>,
    draft: &Draft,
    change: &DraftChange,
) -> Result<Map<String, Value>, ApiError> {
    let store = api.ledger.store();
    let in_force = Drafted::in_force(store).current(&change.address)?;
    let is_moved = draft.check_open().is_ok() && change.moved_to(store)?.is_some();
    let kind = match (&in_force, &change.document) {
        (_, None) => "delete",
        (None, Some(_)) => "add",
        (Some(_), Some(_)) => "update",
    };
    // What a document says is for who may read it.
    let readable = readable(api, asked, change.address.kind);
    let members = |document: &Document| {
        readable.map(|resource| Value::Object(show(resource.entity, document.members())))
    };
    let told = json!({
        "id": change.address.to_string(),
        "change": kind,
        "isBaseMoved": is_moved,
        "base": change.base,
        "before": in_force.as_ref().and_then(|current| members(&current.document)),
        "after": change.document.as_ref().and_then(members),
        "needs": change.needs.iter().map(change::Need::name).collect::<Vec<_>>(),
    });
    let told = told.as_object().cloned().unwrap_or_default();
    Ok(show(&DRAFT_CHANGE, told))
}

/// What a document of this kind looks like to a caller who may read it by its own path.
fn readable(api: &Api, asked: &Asked<'_>, kind: DocumentKind) -> Option<&'static Resource> {
    let get = ROUTES.iter().find_map(|route| match route.operation {
        Operation::Get(resource) => (resource.kind == kind).then_some((route, resource)),
        Operation::List(_)
        | Operation::Create(_)
        | Operation::Update(_)
        | Operation::Delete(_)
        | Operation::Reset(_)
        | Operation::Special(_) => None,
    });
    let (route, resource) = get?;
    let needed = route.needs.iter().filter_map(|need| match need {
        Need::Always(action) => Some(*action),
        Need::ForMember(..) | Need::ForOthers(_) | Need::ForExpanded(..) | Need::ForNamed(..) => {
            None
        }
    });
    let required = Required::all(needed.collect())?;
    let caller = asked.who.caller();
    let may = api.ledger.roles().check(&caller, required);
    may.is_ok().then_some(resource)
}

/// `DELETE drafts/{id}/changes/{changeId}`: the document is as it is in force.
pub(super) fn remove(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let named = super::draft(api, asked)?;
    let of = asked.parameters.get(1).map_or("", String::as_str);
    let address: Address = of
        .parse()
        .map_err(|error| ApiError::bad_address(format!("{error}")))?;
    let by = Draftee::of(asked.who);
    planned(
        api,
        asked,
        OfDraft::RemoveChange.told(),
        &named,
        &mut |store| {
            let mut draft = open(store, asked, &named.id)?;
            let changes = DraftChange::all(store, &draft.id)?;
            let change = changes.iter().find(|one| one.address == address);
            let change = change.ok_or_else(|| missing(asked))?;
            let in_force = Drafted::in_force(store).current(&address)?;
            draft.edited(&by, Timestamp::now());
            Ok(Planned {
                modified: modified(
                    change.document.as_ref(),
                    in_force.as_ref().map(|current| &current.document),
                ),
                writes: vec![
                    draft.kept(),
                    Write {
                        address: change::address(&draft.id, &address),
                        text: None,
                    },
                ],
                details: vec![("Document", address.to_string())],
            })
        },
    )?;
    Ok(Reply::nothing())
}

/// Documents that were changed by others since a draft changed them.
pub(super) fn moved(store: &dyn Store, changes: &[DraftChange]) -> Result<Vec<Detail>, ApiError> {
    let mut moved = Vec::new();
    for change in changes {
        let Some(now) = change.moved_to(store)? else {
            continue;
        };
        let message = match (change.base, now) {
            (_, 0) => format!("was removed; the draft has changed version {}", change.base),
            (0, now) => {
                format!("was added as version {now}; there was none when the draft added it")
            }
            (base, now) => format!("is version {now} now; the draft has changed version {base}"),
        };
        moved.push(Detail {
            code: "BaseMoved",
            target: change.address.to_string(),
            message,
        });
    }
    Ok(moved)
}

/// All that a draft changes, which must be something and go with what is in force.
pub(super) fn publishable(
    store: &dyn Store,
    asked: &Asked<'_>,
    draft: &Draft,
) -> Result<Vec<DraftChange>, ApiError> {
    check_version(asked, draft)?;
    let changes = DraftChange::all(store, &draft.id)?;
    if changes.is_empty() {
        return Err(ApiError::state(
            "the draft changes nothing; change documents by their paths behind `/crossgate/drafts/ID` first",
        ));
    }
    let moved = moved(store, &changes)?;
    if moved.is_empty() {
        Ok(changes)
    } else {
        Err(ApiError::moved(moved))
    }
}
