//! Apps and groups of guests, who is in them, and their owners: people without a role who may let guests into what is theirs, and
//! out of it, and nothing else.

mod removal;
mod thing;

use crossgate_graph::{Inviters, Standing};
use crossgate_policy::ids::Id;

use crate::api::directory::{LONGEST_ID, is_id};
use crate::api::error::ApiError;
use crate::document::{Address, DocumentKind, Write};
use crate::roles::{self, Action, ActionSet, Caller, Roles};
use crate::store::{Store, StoreError};
use crate::text::Document;

pub(crate) use removal::{REMOVE_MEMBER, UNASSIGN, may_delete, traces_of, traces_of_group};
pub(crate) use thing::DEFAULT_ACCESS;
pub use thing::{Owned, Thing, looked_after};

/// By what somebody may do something with an app or a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Capacity {
    /// By a role or a permission: with anybody in it.
    Role,
    /// As its owner, who is this: with guests alone.
    Owner(Id),
}

/// By what a caller may do something with an app or a group.
///
/// # Errors
/// They may not.
pub(crate) fn capacity(
    roles: &Roles,
    caller: &Caller,
    action: Action,
    thing: &Thing,
    store: &dyn Store,
) -> Result<Capacity, ApiError> {
    let denied = match roles.check(caller, action) {
        Ok(()) => return Ok(Capacity::Role),
        Err(denied) => denied,
    };
    if let Some(user) = acts_for(caller, action)
        && store.get(&thing.owner(user))?.is_some()
    {
        return Ok(Capacity::Owner(user.clone()));
    }
    Err(ApiError::denied(denied.to_string()))
}

/// Whom a caller acts for, where the application that calls may do this on behalf of somebody.
pub(crate) fn acts_for(caller: &Caller, action: Action) -> Option<&Id> {
    match caller {
        Caller::Delegated { user, scopes, .. } => {
            let may = ActionSet::of(&[action]).is_subset(scopes.permits());
            Some(user).filter(|user| may && !user.text().is_empty())
        }
        Caller::Application { .. } | Caller::Bootstrap | Caller::BreakGlass => None,
    }
}

/// Whether a caller acts for somebody who owns anything at all.
pub(crate) fn owns_anything(
    store: &dyn Store,
    caller: &Caller,
    action: Action,
) -> Result<bool, ApiError> {
    let Some(user) = acts_for(caller, action) else {
        return Ok(false);
    };
    Ok(!thing::owned_by(store, user)?.is_empty())
}

/// Whether owners without a role let anybody in, as `allowInvitesFrom` says. It binds them before anything else; to let somebody
/// out is always theirs.
///
/// # Errors
/// They do not.
pub(crate) fn owners_let_in(inviters: Inviters, caller: &Caller) -> Result<(), ApiError> {
    let is_member = matches!(
        caller,
        Caller::Delegated {
            standing: roles::Standing::Member { .. },
            ..
        }
    );
    match inviters {
        Inviters::Everyone => Ok(()),
        Inviters::Members if is_member => Ok(()),
        Inviters::Members | Inviters::AdminsAndGuestInviters | Inviters::Nobody => {
            Err(ApiError::denied(
                "owners without a role may let nobody in, by `allowInvitesFrom` of the authorization policy",
            ))
        }
    }
}

/// Refuses an owner who is to let in somebody whom they did not invite.
pub(crate) fn owner_may_add(
    owner: &Id,
    caller: &Caller,
    guest: Option<&Document>,
    standing: &Standing,
) -> Result<(), ApiError> {
    owners_let_in(standing.compiled().external_collaboration.inviters, caller)?;
    let answers = guest.is_some_and(|guest| answers_for(owner, guest));
    if answers {
        return Ok(());
    }
    // Whether there is such a guest at all is not told.
    Err(ApiError::denied(
        "an owner without a role lets in only guests whom they answer for; invite the guest for what is yours",
    ))
}

/// Whether somebody answers for a guest.
pub(crate) fn answers_for(user: &Id, guest: &Document) -> bool {
    let sponsors = crate::sponsors::Sponsor::of(guest);
    sponsors.iter().any(|sponsor| Id::new(&sponsor.id) == *user)
}

/// Lets a guest who is just invited into apps and groups. What they are in already stays as it is.
pub(crate) fn entries(
    store: &dyn Store,
    things: &[Thing],
    guest: &str,
) -> Result<Vec<Write>, ApiError> {
    let mut writes = Vec::new();
    for thing in things {
        let address = thing.entry(guest);
        if store.get(&address)?.is_none() {
            writes.push(Write {
                address,
                text: Some(thing.entry_of_user(guest).to_text().into()),
            });
        }
    }
    Ok(writes)
}

/// A guest of the directory, deleted or not.
pub(crate) fn guest(store: &dyn Store, id: &str) -> Result<Option<Document>, ApiError> {
    read(store, &Address::new(DocumentKind::Guest, id))
}

/// A document that somebody wrote.
pub(crate) fn read(store: &dyn Store, address: &Address) -> Result<Option<Document>, ApiError> {
    let Some(stored) = store.get(address)? else {
        return Ok(None);
    };
    let document = Document::parse(&stored.text)
        .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
    Ok(Some(document))
}

/// An id that can be part of what a document is found by.
pub(crate) fn plain_id(text: &str, property: &str) -> Result<Id, ApiError> {
    if text.is_empty() || !is_id(text) || text.contains('/') {
        return Err(ApiError::property(
            property,
            format!("not an id; expected at most {LONGEST_ID} characters without spaces and `/`"),
        ));
    }
    Ok(Id::new(text))
}

/// Goes through the keys of a kind that begin so, in their order.
pub(crate) fn each_under(
    store: &dyn Store,
    kind: DocumentKind,
    prefix: &str,
    take: &mut dyn FnMut(&str),
) -> Result<(), StoreError> {
    let mut after = prefix.to_owned();
    loop {
        let page = store.page(kind, Some(&after), AT_ONCE)?;
        let is_last = page.len() < AT_ONCE;
        for stored in page {
            let key = &*stored.address.key;
            if !key.starts_with(prefix) {
                return Ok(());
            }
            take(key);
            key.clone_into(&mut after);
        }
        if is_last {
            return Ok(());
        }
    }
}

const AT_ONCE: usize = 500;
