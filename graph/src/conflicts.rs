//! Settings that contradict themselves (decision.md, section 5, "Conflicts refused").

use crossgate_policy::snapshot::{Access, Origin, Setting};

/// What a setting contradicts itself in, told with what to change; `None` where it is in order.
///
/// Looks at both halves as they will be read: one that is missing is filled already.
pub(crate) fn conflict(setting: &Setting) -> Option<String> {
    let (users, apps) = (&setting.users, &setting.apps);
    let every_app = apps.all;
    let text = match (users.access, apps.access) {
        (Access::Blocked, Access::Allowed) if users.everyone => ALL_USERS_BLOCKED,
        (Access::Blocked, Access::Blocked) if users.everyone && !every_app => ALL_USERS_BLOCKED,
        (Access::Allowed, Access::Blocked) if every_app => ALL_APPLICATIONS_BLOCKED,
        // A blocked group with all applications blocked loses all, and everybody else has all.
        (Access::Blocked, Access::Blocked | Access::Allowed)
        | (Access::Allowed, Access::Allowed | Access::Blocked) => return None,
    };
    let filled = match (users.origin, apps.origin) {
        (Origin::Written, Origin::Written) => "",
        (Origin::Default | Origin::Initial, _) => {
            " (`usersAndGroups` is missing here: write it out)"
        }
        (Origin::Written, Origin::Default | Origin::Initial) => {
            " (`applications` is missing here: write it out)"
        }
    };
    Some(format!("{text}{filled}"))
}

const ALL_USERS_BLOCKED: &str = "all users are blocked, so all applications must be blocked too; block \
                                 `AllApplications`, or name the users and groups to block";

const ALL_APPLICATIONS_BLOCKED: &str = "all applications are blocked, so users cannot be allowed; set \
                                        `usersAndGroups.accessType` to `blocked`, or name the applications to block";
