//! Every shape a cross-tenant setting can have in a world with two users, two groups, two apps and one client, and
//! what each says of a caller by the truth table of the page, written here a second time.

use std::sync::Arc;

use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::{Access, AppTargets, Origin, Setting, UserTargets};

use crate::callers::Known;

/// Who a setting names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Users {
    Everyone,
    TheCaller,
    TheGroup,
    AnotherGroup,
    AnotherUser,
}

/// Which application a setting names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Apps {
    All,
    TheApp,
    TheClient,
    Another,
}

/// One setting, as it would be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) users: (Access, Users),
    pub(crate) apps: (Access, Apps),
}

pub(crate) const APP: &str = "payroll";
pub(crate) const CLIENT: &str = "the client";
pub(crate) const CALLER: &str = "ada";
pub(crate) const GROUP: &str = "finance";

const EITHER: [Access; 2] = [Access::Allowed, Access::Blocked];
const USERS: [Users; 5] = [
    Users::Everyone,
    Users::TheCaller,
    Users::TheGroup,
    Users::AnotherGroup,
    Users::AnotherUser,
];
const APPS: [Apps; 4] = [Apps::All, Apps::TheApp, Apps::TheClient, Apps::Another];

/// All 2 x 5 x 2 x 4 = 80 of them.
pub(crate) fn every_shape() -> Vec<Shape> {
    let users = EITHER
        .iter()
        .flat_map(|access| USERS.map(|users| (*access, users)));
    let apps = || {
        EITHER
            .iter()
            .flat_map(|access| APPS.map(|apps| (*access, apps)))
    };
    users
        .flat_map(|users| apps().map(move |apps| Shape { users, apps }))
        .collect()
}

/// Everybody and every app, allowed or blocked.
pub(crate) const OPEN: Shape = whole(Access::Allowed);
pub(crate) const SHUT: Shape = whole(Access::Blocked);

/// Says something only of those whose groups are known.
pub(crate) const FOR_A_GROUP: Shape = Shape {
    users: (Access::Allowed, Users::AnotherGroup),
    apps: (Access::Allowed, Apps::All),
};

const fn whole(access: Access) -> Shape {
    Shape {
        users: (access, Users::Everyone),
        apps: (access, Apps::All),
    }
}

impl Shape {
    pub(crate) fn compile(self) -> Arc<Setting> {
        let id = |name: &str| vec![Id::new(name)];
        let (everyone, users, groups) = match self.users.1 {
            Users::Everyone => (true, vec![], vec![]),
            Users::TheCaller => (false, id(CALLER), vec![]),
            Users::TheGroup => (false, vec![], id(GROUP)),
            Users::AnotherGroup => (false, vec![], id("sales")),
            Users::AnotherUser => (false, id("bob"), vec![]),
        };
        let (all, apps) = match self.apps.1 {
            Apps::All => (true, vec![]),
            Apps::TheApp => (false, id(APP)),
            Apps::TheClient => (false, id(CLIENT)),
            Apps::Another => (false, id("another app")),
        };
        Arc::new(Setting {
            users: UserTargets::new(self.users.0, everyone, users, groups, Origin::Written),
            apps: AppTargets::new(self.apps.0, all, apps, Origin::Written),
        })
    }

    /// Whether the setting admits this caller; `None` hangs on what is not known.
    pub(crate) fn admits(self, caller: Known) -> Option<bool> {
        let user = match self.users.1 {
            Users::Everyone => Some(true),
            Users::TheCaller => caller.is_named,
            Users::TheGroup => caller.is_in_the_group,
            Users::AnotherGroup => caller.is_in_another_group,
            // The caller is Ada, where it is known who it is.
            Users::AnotherUser => caller.is_named.map(|_| false),
        };
        let app = match (self.apps.1, self.apps.0) {
            (Apps::All | Apps::TheApp, _) | (Apps::TheClient, Access::Blocked) => true,
            (Apps::TheClient, Access::Allowed) | (Apps::Another, _) => false,
        };
        let table = |user: bool| match (self.users.0, self.apps.0) {
            (Access::Allowed, Access::Allowed) => user && app,
            (Access::Allowed, Access::Blocked) => user && !app,
            (Access::Blocked, Access::Allowed) => !user && app,
            (Access::Blocked, Access::Blocked) => !(user && app),
        };
        match user {
            Some(user) => Some(table(user)),
            None if table(true) == table(false) => Some(table(true)),
            None => None,
        }
    }
}
