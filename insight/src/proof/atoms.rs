//! What the policies in question and the property name, as far as one app and one kind of token are concerned.

use std::collections::BTreeSet;
use std::sync::Arc;

use crossgate_config::{Condition, Selection};
use crossgate_policy::decision::Direction;
use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::snapshot::{AccessPolicy, PolicyState, Setting, Snapshot, Strength};
use crossgate_policy::target::{Clients, Target};
use ipnet::IpNet;

use super::search::Goal;
use super::tenants::Skeleton;
use super::unions::Lists;

/// Everything that is named.
#[derive(Default)]
pub(super) struct Atoms<'a> {
    /// Ids of the directory that issued the token.
    pub(super) users: Lists<'a>,
    /// Its groups.
    pub(super) groups: Lists<'a>,
    /// Ids of the home directory, where that did not issue the token.
    pub(super) home_users: Lists<'a>,
    /// For the `id` of a guest's record.
    pub(super) record_ids: Lists<'a>,
    /// For its home user id.
    pub(super) record_users: Lists<'a>,
    /// For its home groups.
    pub(super) record_groups: Lists<'a>,
    /// Directory roles.
    pub(super) roles: Lists<'a>,
    /// Calling clients.
    pub(super) clients: Lists<'a>,
    /// Ranges of addresses.
    pub(super) ranges: Vec<IpNet>,
    /// Somebody looks at addresses, if only at whether one is known.
    pub(super) located: bool,
    /// Terms of use.
    pub(super) agreements: BTreeSet<&'a Id>,
    /// Some policy looks at methods.
    pub(super) methods: bool,
    /// Some policy may apply.
    pub(super) policies: bool,
}

impl<'a> Atoms<'a> {
    pub(super) fn of(
        sides: &[&'a Snapshot],
        goal: Goal<'a>,
        target: &'a Target,
        skeleton: &Skeleton,
    ) -> Self {
        let mut atoms = Self::default();
        let own = sides.first().map(|side| side.own.id);
        let own_issued = own == Some(skeleton.issuer);
        let home_issued = skeleton.is_home_issued();
        let (mut own_users, mut own_groups) = (Vec::new(), Vec::new());
        let (mut home_users, mut home_groups): (Vec<&'a [Id]>, Vec<&'a [Id]>) = Default::default();
        for side in sides {
            for policy in policies(side, goal, target) {
                atoms.policies = true;
                for scope in [&policy.include, &policy.exclude] {
                    own_users.push(&*scope.users);
                    own_groups.push(&*scope.groups);
                    atoms.roles.add(&scope.roles);
                }
                if let Some(locations) = &policy.locations {
                    atoms.located = true;
                    let both = locations.include.iter().chain(&locations.exclude);
                    atoms.ranges.extend(both);
                }
                atoms.agreements.extend(&policy.controls.terms_of_use);
                atoms.methods |= match policy.controls.strength {
                    Some(Strength::Passwordless | Strength::PhishingResistant) => true,
                    Some(Strength::Multifactor) | None => false,
                };
            }
            for setting in settings(side, skeleton.direction, skeleton.counterpart) {
                home_users.push(setting.users.users());
                home_groups.push(setting.users.groups());
                atoms.clients.add(setting.apps.apps());
            }
        }
        own_users.push(&*target.assigned);
        own_groups.push(&*target.assigned);
        if let Clients::Only(clients) = &target.clients {
            atoms.clients.add(clients);
        }
        atoms.clients.add(&target.app_clients);
        for condition in goal.conditions() {
            let user: &'a [Id] = condition.user.as_deref().unwrap_or_default();
            own_users.push(user);
            home_users.push(user);
            let group: &'a [Id] = condition.group.as_deref().unwrap_or_default();
            own_groups.push(group);
            home_groups.push(group);
            atoms
                .clients
                .add(condition.client.as_deref().unwrap_or_default());
            atoms.ranges.extend(condition.address.iter().flatten());
        }
        for users in &own_users {
            atoms.record_ids.add(users);
        }
        for users in &home_users {
            atoms.record_users.add(users);
        }
        for groups in &home_groups {
            atoms.record_groups.add(groups);
        }
        // What the token says of users and groups is of its issuer's directory.
        if own_issued {
            own_users.iter().for_each(|users| atoms.users.add(users));
            own_groups
                .iter()
                .for_each(|groups| atoms.groups.add(groups));
        }
        if home_issued {
            home_users.iter().for_each(|users| atoms.users.add(users));
            home_groups
                .iter()
                .for_each(|groups| atoms.groups.add(groups));
        } else {
            home_users
                .iter()
                .for_each(|users| atoms.home_users.add(users));
            // A property may ask for groups in a token that nothing else believes.
            for condition in goal.conditions() {
                atoms
                    .users
                    .add(condition.user.as_deref().unwrap_or_default());
                atoms
                    .groups
                    .add(condition.group.as_deref().unwrap_or_default());
            }
        }
        atoms
    }
}

/// The Conditional Access policies that may have a say.
pub(super) fn policies<'a>(
    side: &'a Snapshot,
    goal: Goal<'_>,
    target: &Target,
) -> impl Iterator<Item = &'a AccessPolicy> {
    let also_reports = matches!(goal, Goal::Reached(_));
    let all = side.conditional_access.iter();
    all.filter(move |policy| {
        (also_reports || policy.state == PolicyState::Enabled) && policy.apps.covers(target)
    })
}

/// The settings that may apply in a direction: the counterpart's, or the default's in the place of each.
fn settings(
    side: &Snapshot,
    direction: Direction,
    counterpart: Option<TenantId>,
) -> Vec<&Arc<Setting>> {
    let partner = counterpart.and_then(|tenant| side.partners.get(tenant));
    let default = &side.default;
    match direction {
        Direction::Internal => Vec::new(),
        Direction::Inbound => vec![
            partner
                .and_then(|partner| partner.collaboration_inbound.as_ref())
                .unwrap_or(&default.collaboration_inbound),
            partner
                .and_then(|partner| partner.direct_connect_inbound.as_ref())
                .unwrap_or(&default.direct_connect_inbound),
        ],
        Direction::Outbound => vec![
            partner
                .and_then(|partner| partner.collaboration_outbound.as_ref())
                .unwrap_or(&default.collaboration_outbound),
            partner
                .and_then(|partner| partner.direct_connect_outbound.as_ref())
                .unwrap_or(&default.direct_connect_outbound),
        ],
        Direction::TenantRestricted => vec![
            partner
                .and_then(|partner| partner.tenant_restrictions.as_ref())
                .unwrap_or(&default.tenant_restrictions),
        ],
    }
}

impl<'a> Goal<'a> {
    /// What the property itself says of requests.
    pub(super) fn conditions(self) -> impl Iterator<Item = &'a Condition> {
        let selection: Option<&'a Selection> = match self {
            Self::LetIn(selection) | Self::New(selection) => Some(selection),
            Self::Reached(_) => None,
        };
        selection
            .into_iter()
            .flat_map(|selection| std::iter::once(&selection.all_of).chain(&selection.except))
    }
}
