//! Who and what partners synchronise, by the names it is looked for: a view of the store, kept as it changes. The store alone counts.

use std::collections::{BTreeSet, HashMap};

use crossgate_policy::ids::{Id, TenantId};
use serde_json::Value;

use super::person;
use super::team;
use crate::document::{Address, DocumentKind};
use crate::store::{Sequence, Share, Store, StoreError};
use crate::text::Document;

/// A user, as far as they are looked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Known {
    pub(super) tenant: TenantId,
    /// In lower case.
    pub(super) user_name: String,
    /// In the one form of ids.
    pub(super) external_id: Option<String>,
    pub(super) groups: Vec<Box<str>>,
    pub(super) state: State,
    /// An administrator of ours has disabled the account, or said when it ends: no other record takes its place.
    pub(super) bound: bool,
}

/// Whether they are there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    There,
    /// Removed by their partner, who may bring them back.
    Removed,
    /// Removed here: only here can they be brought back.
    Deleted,
}

/// A group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Team {
    pub(super) tenant: TenantId,
    pub(super) display_name: String,
    pub(super) external_id: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Directory {
    /// The change that it stands at; `None` before it was read.
    at: Option<Sequence>,
    people: HashMap<Box<str>, Known>,
    by_name: HashMap<(TenantId, String), Box<str>>,
    by_external_id: HashMap<(TenantId, String), Box<str>>,
    /// Several may have had one id, one after the other.
    gone: HashMap<(TenantId, String), BTreeSet<Box<str>>>,
    of: HashMap<TenantId, BTreeSet<Box<str>>>,
    teams: HashMap<Box<str>, Team>,
    teams_of: HashMap<TenantId, BTreeSet<Box<str>>>,
    members: HashMap<Box<str>, BTreeSet<Box<str>>>,
}

impl Directory {
    /// Takes up what has changed in the store.
    pub(super) fn follow(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let Some(at) = self.at else {
            return self.read(store);
        };
        let head = store.head()?;
        if head.changed <= at {
            return Ok(());
        }
        let (addresses, head) = store.changed_since(at)?;
        for address in addresses {
            let text = |address: &Address| -> Result<Option<Box<str>>, StoreError> {
                Ok(store.get(address)?.map(|stored| stored.text))
            };
            if address.kind == DocumentKind::Guest {
                self.person(&address.key, text(&address)?.as_deref());
            } else if address.kind == DocumentKind::SynchronizedGroup {
                self.team(&address.key, text(&address)?.as_deref());
            }
        }
        self.at = Some(head.sequence);
        Ok(())
    }

    /// All that is there. What changes while it is read is taken up afterwards.
    fn read(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let head = store.head()?;
        store.each(
            DocumentKind::SynchronizedGroup,
            Share::WHOLE,
            &mut |key, text| {
                self.team(key, Some(text));
            },
        )?;
        store.each(DocumentKind::Guest, Share::WHOLE, &mut |key, text| {
            // Of a million guests few may be synchronised; only those are taken apart.
            if text.contains(person::MEMBER) {
                self.person(key, Some(text));
            }
        })?;
        self.at = Some(head.sequence);
        self.follow(store)
    }

    fn person(&mut self, id: &str, text: Option<&str>) {
        self.forget(id);
        let known = text
            .and_then(|text| Document::parse(text).ok())
            .and_then(|document| person::known(&document));
        let Some(known) = known else { return };
        let tenant = known.tenant;
        let id: Box<str> = id.into();
        match known.state {
            State::There => {
                self.by_name
                    .insert((tenant, known.user_name.clone()), id.clone());
                if let Some(external_id) = &known.external_id {
                    self.by_external_id
                        .insert((tenant, external_id.clone()), id.clone());
                }
                self.of.entry(tenant).or_default().insert(id.clone());
                for group in &known.groups {
                    let members = self.members.entry(group.clone()).or_default();
                    members.insert(id.clone());
                }
            }
            State::Removed | State::Deleted => {
                if let Some(external_id) = &known.external_id {
                    let gone = self.gone.entry((tenant, external_id.clone())).or_default();
                    gone.insert(id.clone());
                }
            }
        }
        self.people.insert(id, known);
    }

    fn forget(&mut self, id: &str) {
        let Some(known) = self.people.remove(id) else {
            return;
        };
        let tenant = known.tenant;
        let clear = |map: &mut HashMap<(TenantId, String), Box<str>>, name: String| {
            let key = (tenant, name);
            // Somebody else may have the name by now.
            if map.get(&key).is_some_and(|of| **of == *id) {
                map.remove(&key);
            }
        };
        clear(&mut self.by_name, known.user_name);
        if let Some(external_id) = known.external_id {
            clear(&mut self.by_external_id, external_id.clone());
            let key = (tenant, external_id);
            if let Some(gone) = self.gone.get_mut(&key) {
                gone.remove(id);
                if gone.is_empty() {
                    self.gone.remove(&key);
                }
            }
        }
        if let Some(all) = self.of.get_mut(&tenant) {
            all.remove(id);
        }
        for group in known.groups {
            if let Some(members) = self.members.get_mut(&group) {
                members.remove(id);
            }
        }
    }

    fn team(&mut self, id: &str, text: Option<&str>) {
        if let Some(before) = self.teams.remove(id)
            && let Some(all) = self.teams_of.get_mut(&before.tenant)
        {
            all.remove(id);
        }
        let team = text
            .and_then(|text| Document::parse(text).ok())
            .and_then(|document| team::known(&document));
        if let Some(team) = team {
            let all = self.teams_of.entry(team.tenant).or_default();
            all.insert(id.into());
            self.teams.insert(id.into(), team);
        }
    }

    /// A user who is there, where they are the partner's.
    pub(super) fn known(&self, tenant: TenantId, id: &str) -> Option<&Known> {
        let known = self.people.get(id)?;
        (known.tenant == tenant && known.state == State::There).then_some(known)
    }

    /// A user whom the partner has made, whether they are there or not.
    pub(super) fn ever_known(&self, tenant: TenantId, id: &str) -> Option<&Known> {
        self.people.get(id).filter(|known| known.tenant == tenant)
    }

    pub(super) fn named(&self, tenant: TenantId, user_name: &str) -> Option<&str> {
        let key = (tenant, user_name.to_lowercase());
        self.by_name.get(&key).map(|id| &**id)
    }

    pub(super) fn with_external_id(&self, tenant: TenantId, external_id: &str) -> Option<&str> {
        let key = (tenant, one_form(external_id));
        self.by_external_id.get(&key).map(|id| &**id)
    }

    /// Those with this id at home who were there once.
    pub(super) fn gone(
        &self,
        tenant: TenantId,
        external_id: &str,
    ) -> impl Iterator<Item = (&str, &Known)> {
        let key = (tenant, one_form(external_id));
        let gone = self.gone.get(&key).into_iter().flatten();
        gone.filter_map(|id| Some((&**id, self.people.get(id)?)))
    }

    /// A group of the partner's.
    pub(super) fn known_team(&self, tenant: TenantId, id: &str) -> Option<&Team> {
        self.teams.get(id).filter(|team| team.tenant == tenant)
    }

    /// The members of a group.
    pub(super) fn members(&self, team: &str) -> BTreeSet<Box<str>> {
        self.members.get(team).cloned().unwrap_or_default()
    }

    /// The users of a partner, in the order of their ids.
    pub(super) fn people(&self, tenant: TenantId) -> impl ExactSizeIterator<Item = &str> {
        all(self.of.get(&tenant))
    }

    /// The groups of a partner, in the order of their ids.
    pub(super) fn teams(&self, tenant: TenantId) -> impl ExactSizeIterator<Item = &str> {
        all(self.teams_of.get(&tenant))
    }

    /// The ids at home of these groups.
    pub(super) fn home_groups<'g>(
        &self,
        groups: impl IntoIterator<Item = &'g Box<str>>,
    ) -> Vec<Value> {
        let teams = groups.into_iter().filter_map(|group| self.teams.get(group));
        teams
            .filter_map(|team| team.external_id.clone().map(Value::String))
            .collect()
    }
}

fn all(of: Option<&BTreeSet<Box<str>>>) -> impl ExactSizeIterator<Item = &str> {
    static NONE: BTreeSet<Box<str>> = BTreeSet::new();
    of.unwrap_or(&NONE).iter().map(|id| &**id)
}

/// Letter case does not count in a GUID.
pub(super) fn one_form(id: &str) -> String {
    Id::new(id).to_string()
}
