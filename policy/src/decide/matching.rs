//! Matching one cross-tenant setting (decision.md, section 5).

use super::parties::Seen;
use crate::ids::Id;
use crate::snapshot::{Access, AppTargets, Setting, UserTargets};
use crate::subject::SubjectKind;
use crate::target::Target;

/// Whether something is listed, as far as is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Listed {
    Yes,
    No,
    Unknown,
}

/// What a setting says of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Admits,
    Refuses,
    /// It hangs on a membership that is not known: a refusal with a reason of its own.
    Unknown,
}

/// How one setting was matched.
pub(super) struct Match {
    pub(super) verdict: Verdict,
    pub(super) user: Listed,
    pub(super) app: bool,
}

pub(super) fn apply(
    setting: &Setting,
    seen: &Seen<'_>,
    target: &Target,
    client: Option<&Id>,
) -> Match {
    let user = user_listed(&setting.users, seen);
    let app = app_listed(&setting.apps, target, client);
    let admits = |user| admits(setting.users.access, setting.apps.access, user, app);
    let verdict = match user {
        Listed::Yes => verdict(admits(true)),
        Listed::No => verdict(admits(false)),
        Listed::Unknown if admits(true) == admits(false) => verdict(admits(true)),
        Listed::Unknown => Verdict::Unknown,
    };
    Match { verdict, user, app }
}

/// The truth table of section 5, row by row.
const fn admits(users: Access, apps: Access, user: bool, app: bool) -> bool {
    match (users, apps) {
        (Access::Allowed, Access::Allowed) => user && app,
        (Access::Allowed, Access::Blocked) => user && !app,
        (Access::Blocked, Access::Allowed) => !user && app,
        (Access::Blocked, Access::Blocked) => !(user && app),
    }
}

/// Whom a setting admits to one app.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Admitted {
    /// Everybody.
    Everyone,
    /// Nobody.
    Nobody,
    /// Those whom `usersAndGroups` lists.
    Listed,
    /// Everybody but those.
    Unlisted,
}

impl Admitted {
    /// By a setting, to the app of this id, whatever client calls.
    #[must_use]
    pub fn by(setting: &Setting, app: &Id) -> Self {
        let Setting { users, apps } = setting;
        let app = apps.all || apps.names(app);
        let admits = |user| admits(users.access, apps.access, user, app);
        match (admits(true), admits(false)) {
            (true, true) => Self::Everyone,
            (true, false) if users.everyone => Self::Everyone,
            (true, false) => Self::Listed,
            (false, true) if users.everyone => Self::Nobody,
            (false, true) => Self::Unlisted,
            (false, false) => Self::Nobody,
        }
    }
}

const fn verdict(admits: bool) -> Verdict {
    if admits {
        Verdict::Admits
    } else {
        Verdict::Refuses
    }
}

fn user_listed(targets: &UserTargets, seen: &Seen<'_>) -> Listed {
    if targets.everyone || seen.user.is_some_and(|user| targets.names_user(user)) {
        return Listed::Yes;
    }
    let user_unknown = seen.user.is_none() && !targets.users().is_empty();
    let groups_unknown = match seen.kind {
        // A service principal is in no group that a setting can name.
        SubjectKind::App => false,
        SubjectKind::User => {
            let any_named = !targets.groups().is_empty();
            if any_named && seen.groups.any(|group| targets.names_group(group)) {
                return Listed::Yes;
            }
            any_named && !seen.groups.complete
        }
    };
    if user_unknown || groups_unknown {
        Listed::Unknown
    } else {
        Listed::No
    }
}

/// A client counts in a blocked list only: listed in an allowed one it would open every app.
fn app_listed(targets: &AppTargets, target: &Target, client: Option<&Id>) -> bool {
    targets.all
        || targets.names(&target.id)
        || match targets.access {
            Access::Blocked => client.is_some_and(|client| targets.names(client)),
            Access::Allowed => false,
        }
}
