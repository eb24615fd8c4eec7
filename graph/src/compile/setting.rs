//! One cross-tenant setting: targets, the half that is missing, conflicts.

use std::collections::HashSet;
use std::sync::Arc;

use crossgate_policy::snapshot::{
    Access, AppTargets, Hashing, Origin, PartnerBook, Setting, UserTargets,
};

use crate::conflicts::conflict;
use crate::documents::cross_tenant::Halves;
use crate::documents::target::{AccessType, Target, TargetConfiguration, TargetName, TargetType};
use crate::reader::path::At;
use crate::reader::report::Notes;
use crate::reader::values::Object;

/// Settings seen so far, each kept once: most partners have one of few.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    seen: HashSet<Arc<Setting>, Hashing>,
}

impl Interner {
    /// The one copy of this setting.
    pub(crate) fn share(&mut self, setting: Setting) -> Arc<Setting> {
        if let Some(shared) = self.seen.get(&setting) {
            return Arc::clone(shared);
        }
        let shared = Arc::new(setting);
        self.seen.insert(Arc::clone(&shared));
        shared
    }

    /// How many different settings there are, also among partners.
    pub(crate) fn count_with(&self, partners: &PartnerBook) -> usize {
        let others = self.seen.iter();
        partners.distinct_settings() + others.filter(|own| !partners.has_setting(own)).count()
    }
}

/// What surrounds a setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'s> {
    /// Where a missing half is taken from.
    pub(crate) fallback: &'s Setting,
    /// The document that the fallback is: default for a partner, none for the default.
    pub(crate) fallback_is: Fallback,
    /// Why single users and groups cannot be named, where they cannot.
    pub(crate) only_all_users: Option<&'static str>,
}

/// Where a missing half is taken from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fallback {
    /// Entra's initial value, for the default configuration.
    Initial,
    /// The default configuration, for a partner.
    Default,
    /// A default configuration that has faults: what it says is not certain.
    FaultyDefault,
}

/// Compiles a setting; `None` where it has faults, which are noted.
pub(crate) fn compile(
    written: Halves<'_>,
    surroundings: Surroundings<'_>,
    at: &At<'_>,
    notes: &mut Notes<'_>,
) -> Option<Setting> {
    let Halves {
        users_and_groups,
        applications,
        devices,
    } = written;
    if devices.is_some() {
        notes.fault(
            &at.member("devices"),
            "a device filter is not supported; set it to null",
        );
    }
    let users = match users_and_groups {
        Some(half) => users(
            half,
            surroundings.only_all_users,
            &at.member("usersAndGroups"),
            notes,
        ),
        None => {
            advise_missing("usersAndGroups", surroundings, at, notes);
            let mut users = surroundings.fallback.users.clone();
            users.origin = origin(users.origin, surroundings.fallback_is);
            Some(users)
        }
    };
    let apps = match applications {
        Some(half) => apps(half, &at.member("applications"), notes),
        None => {
            advise_missing("applications", surroundings, at, notes);
            let mut apps = surroundings.fallback.apps.clone();
            apps.origin = origin(apps.origin, surroundings.fallback_is);
            Some(apps)
        }
    };
    let (users, apps) = (users?, apps?);
    let uncertain = surroundings.fallback_is == Fallback::FaultyDefault
        && (users_and_groups.is_none() || applications.is_none());
    let setting = Setting { users, apps };
    if let Some(conflict) = conflict(&setting).filter(|_| !uncertain) {
        notes.fault(at, conflict);
        return None;
    }
    Some(setting)
}

fn advise_missing(half: &str, surroundings: Surroundings<'_>, at: &At<'_>, notes: &mut Notes<'_>) {
    let from = match surroundings.fallback_is {
        Fallback::Initial => "Entra's initial value",
        Fallback::Default | Fallback::FaultyDefault => "`default`",
    };
    notes.advise(
        at,
        &format!("`{half}` is missing and is taken from {from}; write it out"),
    );
}

pub(crate) const fn origin(of_fallback: Origin, fallback_is: Fallback) -> Origin {
    match (of_fallback, fallback_is) {
        (Origin::Initial, _) | (_, Fallback::Initial) => Origin::Initial,
        (Origin::Written | Origin::Default, Fallback::Default | Fallback::FaultyDefault) => {
            Origin::Default
        }
    }
}

const fn access(access: AccessType) -> Access {
    match access {
        AccessType::Allowed => Access::Allowed,
        AccessType::Blocked => Access::Blocked,
    }
}

fn users(
    half: &TargetConfiguration,
    only_all_users: Option<&'static str>,
    at: &At<'_>,
    notes: &mut Notes<'_>,
) -> Option<UserTargets> {
    let (mut everyone, mut users, mut groups) = (false, Vec::new(), Vec::new());
    let (access, sound) = targets(half, "AllUsers", at, notes, |at, target, kind| {
        if let (Some(why), TargetName::Id(_)) = (only_all_users, target) {
            return Err((at.member("target").steps(), why.to_owned()));
        }
        let list = match (target, kind) {
            (TargetName::AllUsers, TargetType::User) => {
                everyone = true;
                return Ok(());
            }
            (TargetName::AllUsers, TargetType::Group | TargetType::Application) => {
                let why = "`AllUsers` goes with the target type `user`, and means groups too";
                return Err((at.member("targetType").steps(), why.to_owned()));
            }
            (TargetName::AllApplications | TargetName::Bundle(_), _) => {
                let why = "applications cannot stand among users and groups; expected `AllUsers` or \
                           the id of a user or group";
                return Err((at.member("target").steps(), why.to_owned()));
            }
            (TargetName::Id(_), TargetType::Application) => {
                let why = "applications cannot stand among users and groups; move the target to \
                           `applications`";
                return Err((at.member("targetType").steps(), why.to_owned()));
            }
            (TargetName::Id(id), TargetType::User) => (&mut users, id),
            (TargetName::Id(id), TargetType::Group) => (&mut groups, id),
        };
        list.0.push(list.1.clone());
        Ok(())
    });
    let access = access?;
    sound.then(|| UserTargets::new(access, everyone, users, groups, Origin::Written))
}

fn apps(half: &TargetConfiguration, at: &At<'_>, notes: &mut Notes<'_>) -> Option<AppTargets> {
    let (mut all, mut apps) = (false, Vec::new());
    let mut bundles = Vec::new();
    let (access, sound) = targets(half, "AllApplications", at, notes, |at, target, kind| {
        match (target, kind) {
            (TargetName::AllUsers, _) => {
                let why = "users cannot stand among applications; expected `AllApplications` or the id \
                           of an application";
                return Err((at.member("target").steps(), why.to_owned()));
            }
            (TargetName::AllApplications, TargetType::User | TargetType::Group) => {
                let why = "`AllApplications` goes with the target type `application`";
                return Err((at.member("targetType").steps(), why.to_owned()));
            }
            (TargetName::Bundle(_) | TargetName::Id(_), TargetType::User | TargetType::Group) => {
                let why = "users and groups cannot stand among applications; move the target to \
                           `usersAndGroups`";
                return Err((at.member("targetType").steps(), why.to_owned()));
            }
            (TargetName::AllApplications, TargetType::Application) => all = true,
            (TargetName::Bundle(bundle), TargetType::Application) => bundles.push(*bundle),
            (TargetName::Id(id), TargetType::Application) => apps.push(id.clone()),
        }
        Ok(())
    });
    for bundle in bundles {
        notes.advise(at, &bundle_matches_none(bundle));
    }
    let access = access?;
    sound.then(|| AppTargets::new(access, all, apps, Origin::Written))
}

/// What to know of a keyword for Microsoft's apps.
pub(crate) fn bundle_matches_none(bundle: &str) -> String {
    format!("`{bundle}` names Microsoft's own apps and matches none behind this gateway")
}

type Misplaced = (Vec<crate::reader::path::Step>, String);

/// Goes through the targets of one half; tells whether all of them are sound.
fn targets(
    half: &TargetConfiguration,
    everything: &str,
    at: &At<'_>,
    notes: &mut Notes<'_>,
    mut take: impl FnMut(&At<'_>, &TargetName, TargetType) -> Result<(), Misplaced>,
) -> (Option<Access>, bool) {
    let TargetConfiguration {
        access_type,
        targets,
    } = half;
    if access_type.is_none() {
        notes.fault(
            &at.member("accessType"),
            "`accessType` is missing; expected `allowed` or `blocked`",
        );
    }
    let list = targets.as_deref().unwrap_or_default();
    let targets_at = at.member("targets");
    let mut sound = !list.is_empty();
    if list.is_empty() {
        notes.fault(
            &targets_at,
            format!("no targets, which names nobody and nothing; write `{everything}` for all"),
        );
    }
    for (index, Object(target)) in list.iter().enumerate() {
        let at = targets_at.item(index);
        let Target {
            target,
            target_type,
        } = target;
        let outcome = match (target, target_type) {
            (Some(target), Some(kind)) => take(&at, target, *kind),
            (None, _) => Err((
                at.member("target").steps(),
                format!("`target` is missing; expected an id or `{everything}`"),
            )),
            (Some(_), None) => Err((
                at.member("targetType").steps(),
                "`targetType` is missing; expected `user`, `group` or `application`".to_owned(),
            )),
        };
        if let Err((steps, why)) = outcome {
            sound = false;
            notes.fault_at(steps, why);
        }
    }
    (access_type.map(access), sound)
}
