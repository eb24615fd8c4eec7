//! What can have owners: an app, or a group.

use std::sync::Arc;

use crossgate_config::Settings;
use crossgate_policy::ids::Id;
use serde_json::json;

use super::{each_under, read};
use crate::api::error::ApiError;
use crate::api::users::now;
use crate::document::{Address, DocumentKind};
use crate::ledger::Ledger;
use crate::roles::Action;
use crate::store::Store;
use crate::text::Document;

/// What people are let into.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Thing {
    /// An app of the configuration, which Graph calls a service principal.
    App(Id),
    /// A group that is kept here.
    Group(Id),
}

/// Something that somebody owns, as people know it.
#[derive(Clone, Debug)]
pub struct Owned {
    /// What it is.
    pub thing: Thing,
    /// What it is called.
    pub name: String,
}

impl Thing {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &Id {
        match self {
            Self::App(id) | Self::Group(id) => id,
        }
    }

    /// The one that a key of an owner tells of.
    fn of_owner(key: &str) -> Option<Self> {
        let mut parts = key.splitn(3, '/').skip(1);
        let (kind, id) = (parts.next()?, Id::new(parts.next()?));
        match kind {
            APP => Some(Self::App(id)),
            GROUP => Some(Self::Group(id)),
            _ => None,
        }
    }

    const fn word(&self) -> &'static str {
        match self {
            Self::App(_) => APP,
            Self::Group(_) => GROUP,
        }
    }

    /// What it takes to let somebody in or out by a role.
    pub(crate) const fn changing(&self) -> Action {
        match self {
            Self::App(_) => Action::AppRoleAssignedToUpdate,
            Self::Group(_) => Action::GroupMembersUpdate,
        }
    }

    /// Where it stands that somebody is in.
    pub(crate) fn entry(&self, principal: &str) -> Address {
        let (kind, id) = match self {
            Self::App(id) => (DocumentKind::AppRoleAssignment, id),
            Self::Group(id) => (DocumentKind::GroupMember, id),
        };
        Address::new(kind, &format!("{id}/{principal}"))
    }

    /// What stands there of a user.
    pub(crate) fn entry_of_user(&self, user: &str) -> Document {
        match self {
            Self::App(_) => self.entry_of(user, "User"),
            Self::Group(group) => of_members(&[
                ("groupId", group.to_string()),
                ("memberId", user.to_owned()),
                ("createdDateTime", now()),
            ]),
        }
    }

    /// What stands there of a principal of this type, of an app.
    pub(crate) fn entry_of(&self, principal: &str, kind: &str) -> Document {
        of_members(&[
            ("principalId", principal.to_owned()),
            ("principalType", kind.to_owned()),
            ("resourceId", self.id().to_string()),
            ("appRoleId", DEFAULT_ACCESS.to_owned()),
            ("createdDateTime", now()),
        ])
    }

    /// Where it stands that somebody owns it.
    pub(crate) fn owner(&self, user: &Id) -> Address {
        let key = format!("{user}/{}/{}", self.word(), self.id());
        Address::new(DocumentKind::Owner, &key)
    }

    /// What stands there.
    pub(crate) fn owner_document(&self, user: &Id) -> Document {
        of_members(&[
            ("ownerId", user.to_string()),
            ("objectType", self.word().to_owned()),
            ("objectId", self.id().to_string()),
            ("createdDateTime", now()),
        ])
    }

    /// What it is called; `None` where there is no such thing.
    pub(crate) fn name(
        &self,
        store: &dyn Store,
        settings: &Settings,
    ) -> Result<Option<String>, ApiError> {
        match self {
            Self::App(id) => {
                let app = settings.apps.iter().find(|app| app.id == *id);
                Ok(app.map(|app| app.name.clone()))
            }
            Self::Group(id) => {
                let address = Address::new(DocumentKind::Group, &id.to_string());
                let group = read(store, &address)?;
                Ok(group.map(|group| {
                    let name = group.text_of("displayName");
                    name.unwrap_or_else(|| id.to_string())
                }))
            }
        }
    }

    /// Its owners' ids, in order.
    pub(crate) fn owners(&self, store: &dyn Store) -> Result<Vec<Id>, ApiError> {
        let end = format!("/{}/{}", self.word(), self.id());
        let mut owners = Vec::new();
        each_under(store, DocumentKind::Owner, "", &mut |key| {
            owners.extend(key.strip_suffix(&end).map(Id::new));
        })?;
        Ok(owners)
    }
}

/// What somebody owns, whether it is there or not.
pub(super) fn owned_by(store: &dyn Store, user: &Id) -> Result<Vec<Thing>, ApiError> {
    let mut things = Vec::new();
    let prefix = format!("{user}/");
    each_under(store, DocumentKind::Owner, &prefix, &mut |key| {
        things.extend(Thing::of_owner(key));
    })?;
    Ok(things)
}

/// What somebody owns and is there, with names, apps first.
///
/// # Errors
/// The store cannot be read.
pub fn looked_after(ledger: &Arc<Ledger>, user: &Id) -> Result<Vec<Owned>, ApiError> {
    let settings = ledger.enforcer().settings();
    let mut owned = Vec::new();
    for thing in owned_by(ledger.store(), user)? {
        if let Some(name) = thing.name(ledger.store(), &settings)? {
            owned.push(Owned { thing, name });
        }
    }
    owned.sort_by(|a, b| a.thing.cmp(&b.thing));
    Ok(owned)
}

fn of_members(members: &[(&str, String)]) -> Document {
    let mut document = Document::default();
    for (name, value) in members {
        document.set(name, &json!(value));
    }
    document
}

const APP: &str = "servicePrincipal";

const GROUP: &str = "group";

/// Graph's `appRoleId` of an assignment that gives no role of the app.
pub(crate) const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";
