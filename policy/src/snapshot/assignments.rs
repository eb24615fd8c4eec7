//! Who is assigned to which app by documents: users by themselves, and by groups that are kept here.

mod relation;

use crate::ids::Id;

use relation::Relation;

/// One principal that is assigned to one app.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppAssignment {
    /// The app.
    pub app: Id,
    /// What is assigned.
    pub principal: Principal,
}

/// What can be assigned to an app.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Principal {
    /// A user of the own directory: a guest's record, or one of the own tenant's people.
    User(Id),
    /// A group that is kept here, with all of its members.
    Group(Id),
}

/// One user who is in one group that is kept here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GroupMember {
    /// The group.
    pub group: Id,
    /// The user, by the own id.
    pub member: Id,
}

/// By what somebody is assigned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AssignedBy<'a> {
    /// By themselves.
    User,
    /// By this group.
    Group(&'a Id),
}

/// All assignments. A clone shares them; a change copies a small part.
///
/// Groups stand for nothing else: they are in no condition of any policy.
#[derive(Clone, Debug, Default)]
pub struct Assignments {
    apps_of_users: Relation,
    apps_of_groups: Relation,
    groups_of_users: Relation,
}

impl Assignments {
    /// Assigns somebody to an app; whether they were not before.
    pub fn assign(&mut self, assignment: &AppAssignment) -> bool {
        let AppAssignment { app, principal } = assignment;
        let (relation, principal) = match principal {
            Principal::User(user) => (&mut self.apps_of_users, user),
            Principal::Group(group) => (&mut self.apps_of_groups, group),
        };
        relation.add(principal, app)
    }

    /// Takes an assignment away; whether there was one.
    pub fn unassign(&mut self, assignment: &AppAssignment) -> bool {
        let AppAssignment { app, principal } = assignment;
        let (relation, principal) = match principal {
            Principal::User(user) => (&mut self.apps_of_users, user),
            Principal::Group(group) => (&mut self.apps_of_groups, group),
        };
        relation.remove(principal, app)
    }

    /// Puts a user into a group; whether they were not in it before.
    pub fn join(&mut self, member: &GroupMember) -> bool {
        self.groups_of_users.add(&member.member, &member.group)
    }

    /// Takes a user out of a group; whether they were in it.
    pub fn leave(&mut self, member: &GroupMember) -> bool {
        self.groups_of_users.remove(&member.member, &member.group)
    }

    /// By what a user is assigned to an app, if at all.
    #[must_use]
    pub fn of<'a>(&'a self, user: &Id, app: &Id) -> Option<AssignedBy<'a>> {
        if self.apps_of_users.has(user, app) {
            return Some(AssignedBy::User);
        }
        let mut groups = self.groups_of(user).iter();
        let group = groups.find(|group| self.apps_of_groups.has(group, app))?;
        Some(AssignedBy::Group(group))
    }

    /// The apps that a user is assigned to by themselves, in order.
    #[must_use]
    pub fn apps_of(&self, user: &Id) -> &[Id] {
        self.apps_of_users.of(user)
    }

    /// The apps that a group is assigned to, in order.
    #[must_use]
    pub fn apps_of_group(&self, group: &Id) -> &[Id] {
        self.apps_of_groups.of(group)
    }

    /// The groups that a user is in, in order.
    #[must_use]
    pub fn groups_of(&self, user: &Id) -> &[Id] {
        self.groups_of_users.of(user)
    }

    /// Every user who is assigned to something by themselves or is in a group that is kept here; who is both, twice. In no order.
    pub fn users(&self) -> impl Iterator<Item = &Id> {
        self.apps_of_users.keys().chain(self.groups_of_users.keys())
    }

    /// How many assignments there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.apps_of_users.len() + self.apps_of_groups.len()
    }

    /// Whether nobody is assigned to anything.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many memberships there are.
    #[must_use]
    pub const fn members(&self) -> usize {
        self.groups_of_users.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        Id::new(text)
    }

    fn assignment(app: &str, principal: Principal) -> AppAssignment {
        AppAssignment {
            app: id(app),
            principal,
        }
    }

    #[test]
    fn somebody_is_assigned_by_themselves_or_by_a_group_they_are_in_and_by_nothing_else() {
        let mut all = Assignments::default();
        let ada = GroupMember {
            group: id("team"),
            member: id("ada"),
        };
        let of_team = assignment("payroll", Principal::Group(id("team")));
        assert!(all.assign(&assignment("crm", Principal::User(id("ada")))));
        assert!(all.assign(&of_team) && all.join(&ada));
        assert!(!all.assign(&of_team) && !all.join(&ada), "that is so");
        let of = |all: &Assignments, user: &str, app: &str| {
            all.of(&id(user), &id(app)).map(|by| match by {
                AssignedBy::User => "herself".to_owned(),
                AssignedBy::Group(group) => group.to_string(),
            })
        };
        assert_eq!(of(&all, "ada", "crm").as_deref(), Some("herself"));
        assert_eq!(of(&all, "ada", "payroll").as_deref(), Some("team"));
        assert_eq!(of(&all, "bob", "payroll"), None);
        assert_eq!(of(&all, "team", "payroll"), None, "a group is nobody");
        assert_eq!(of(&all, "ada", "wiki"), None);
        // A user who bears a group's id has nothing of the group.
        assert!(all.assign(&assignment("wiki", Principal::User(id("team")))));
        assert_eq!(of(&all, "ada", "wiki"), None);
        assert_eq!((all.len(), all.members()), (3, 1));
        let before = all.clone();
        assert!(all.leave(&ada) && !all.leave(&ada));
        assert_eq!(of(&all, "ada", "payroll"), None);
        assert_eq!(of(&before, "ada", "payroll").as_deref(), Some("team"));
        assert!(all.unassign(&of_team) && !all.unassign(&of_team));
        assert_eq!((all.len(), all.members()), (2, 0));
        assert_eq!(all.apps_of(&id("ada")), [id("crm")]);
        assert!(all.apps_of_group(&id("team")).is_empty());
    }
}
