//! Conditional Access policies and named locations. There are few: their texts are kept, and all are compiled anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::{AccessPolicy, PolicyState};

use super::reading::{Reading, name, same_key};
use super::source::Change;
use crate::advisory::Advisories;
use crate::compile::conditional_access::{self, Outcome, wants_mfa_of_direct_connect};
use crate::compile::locations::Locations;
use crate::document_kind::DocumentKind;
use crate::documents::conditional_access::PolicyDocument;
use crate::documents::named_location::LocationDocument;
use crate::load::Counts;

type Texts = BTreeMap<Box<str>, Arc<str>>;

/// All of them, in the order of their keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    policies: Texts,
    locations: Texts,
    compiled: Arc<[AccessPolicy]>,
    disabled: usize,
}

impl Rules {
    /// Policies that are evaluated.
    pub(super) const fn compiled(&self) -> &Arc<[AccessPolicy]> {
        &self.compiled
    }

    /// Whether a policy demands MFA of direct connect users.
    pub(super) fn want_mfa_of_direct_connect(&self) -> bool {
        self.compiled.iter().any(wants_mfa_of_direct_connect)
    }

    /// Counts policies and locations.
    pub(super) fn count(&self, counts: &mut Counts) {
        let in_state = |state| self.compiled.iter().filter(|p| p.state == state).count();
        counts.enabled_policies = in_state(PolicyState::Enabled);
        counts.report_only_policies = in_state(PolicyState::ReportOnly);
        counts.disabled_policies = self.disabled;
        counts.named_locations = self.locations.len();
    }

    /// The rules after changes. What is found in documents that do not change is told where it is a fault.
    pub(super) fn changed(&self, changes: &[&Change<'_>], reading: &mut Reading) -> Self {
        let mut next = self.clone();
        let mut changed = BTreeSet::new();
        for change in changes {
            let texts = if change.kind == DocumentKind::NamedLocation {
                &mut next.locations
            } else {
                &mut next.policies
            };
            match change.text {
                Some(text) => texts.insert(change.key.into(), text.into()),
                None => texts.remove(change.key),
            };
            changed.insert((change.kind, change.key));
        }
        let mut unchanged = Reading::default();
        let mut named = Locations::default();
        for (key, text) in &self.locations {
            // One that goes is still there for policies that name it: the fault is told at the location, once.
            if !next.locations.contains_key(key) {
                location(key, text, &mut named, &mut Reading::default());
            }
        }
        for (key, text) in &next.locations {
            let changed = changed.contains(&(DocumentKind::NamedLocation, &**key));
            let reading = if changed {
                &mut *reading
            } else {
                &mut unchanged
            };
            location(key, text, &mut named, reading);
        }
        let (mut compiled, mut used) = (Vec::new(), BTreeMap::new());
        next.disabled = 0;
        for (key, text) in &next.policies {
            let changed = changed.contains(&(DocumentKind::ConditionalAccess, &**key));
            let reading = if changed {
                &mut *reading
            } else {
                &mut unchanged
            };
            match policy(key, text, &named, &mut used, reading) {
                Some(Outcome::Evaluated(policy)) => compiled.push(*policy),
                Some(Outcome::Disabled) => next.disabled += 1,
                Some(Outcome::LeftOut) | None => {}
            }
        }
        next.compiled = compiled.into();
        for key in self
            .locations
            .keys()
            .filter(|key| !next.locations.contains_key(*key))
        {
            if let Some(policy) = used.get(&Id::new(key)) {
                let policy = name(DocumentKind::ConditionalAccess, policy);
                let message = format!("`{policy}` names the location; change that first");
                reading.fault(DocumentKind::NamedLocation, key, "", message);
            }
        }
        *unchanged.advisories() = Advisories::default();
        reading.extend(unchanged);
        next
    }
}

fn location(key: &str, text: &str, named: &mut Locations, reading: &mut Reading) {
    let of = (DocumentKind::NamedLocation, key);
    reading.document(of, text, |document: LocationDocument, notes| {
        if let Some(id) = &document.id {
            same_key("id", &id.0.text(), key, notes);
        }
        named.take(document, notes);
    });
}

/// Compiles a policy, and tells which locations it names.
fn policy<'k>(
    key: &'k str,
    text: &str,
    named: &Locations,
    used: &mut BTreeMap<Id, &'k str>,
    reading: &mut Reading,
) -> Option<Outcome> {
    let of = (DocumentKind::ConditionalAccess, key);
    reading.document(of, text, |document: PolicyDocument, notes| {
        // One without an id goes by its key, as it does by its file's name in a directory.
        if let Some(id) = &document.id {
            same_key("id", &Id::new(&id.0).text(), key, notes);
        }
        let conditions = document.conditions.as_deref();
        if let Some(locations) = conditions.and_then(|conditions| conditions.locations.as_deref()) {
            let lists = [&locations.include_locations, &locations.exclude_locations];
            for location in lists.into_iter().flatten().flatten() {
                used.insert(Id::new(&location.0), key);
            }
        }
        conditional_access::compile(&document, named, notes)
    })
}
