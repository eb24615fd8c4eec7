//! What a role is.

use crossgate_policy::ids::Guid;
use serde_json::{Value, json};

use super::nearest::LONGEST;
use super::reader::{Fault, Members, kind, suggested};
use super::{Action, ActionSet, BuiltInRole};

/// Graph's `unifiedRoleDefinition`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleDefinition {
    id: Guid,
    display_name: Box<str>,
    description: Option<Box<str>>,
    /// Of a custom role that names none, its id.
    template_id: Box<str>,
    version: Option<Box<str>>,
    built_in: bool,
    enabled: bool,
    /// What it lists, enabled or not.
    allowed: ActionSet,
}

impl RoleDefinition {
    /// Reads a custom role. The caller has put in the `id` that a new one lacks, and has seen to it that no member
    /// stands twice.
    ///
    /// # Errors
    /// Every fault, each with the path of its property.
    pub fn from_json(document: &Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let role = Self::read(document, &mut faults);
        match role {
            Some(role) if faults.is_empty() => Ok(role),
            Some(_) | None => Err(faults),
        }
    }

    fn read(document: &Value, faults: &mut Vec<Fault>) -> Option<Self> {
        let members = Members::of(document, String::new(), MEMBERS, faults);
        let id = members.guid("id", faults);
        let display_name = members.text("displayName", faults);
        let description = members.free_text("description", faults);
        let version = members.optional_text("version", faults);
        let template_id = members.optional_text("templateId", faults);
        for (name, id) in [
            ("id", id),
            ("templateId", template_id.and_then(Guid::parse)),
        ] {
            if let Some(role) = id.and_then(BuiltInRole::from_id) {
                let role = role.display_name();
                let message = format!("that of the built-in role `{role}`; choose another");
                members.fault(name, message, faults);
            }
        }
        let enabled = members.flag("isEnabled", faults);
        if members.optional_flag("isBuiltIn", faults) == Some(true) {
            let message = "no role can be made a built-in one; expected `false`";
            members.fault("isBuiltIn", message, faults);
        }
        members.optional_flag("isPrivileged", faults);
        if members
            .optional_list("inheritsPermissionsFrom", faults)
            .is_some_and(|roles| !roles.is_empty())
        {
            let message = "only Entra's own roles inherit; list the actions themselves";
            members.fault("inheritsPermissionsFrom", message, faults);
        }
        scopes(&members, faults);
        let allowed = permissions(&members, faults);
        let id = id?;
        Some(Self {
            id,
            display_name: display_name?.into(),
            description: description.map(Into::into),
            template_id: template_id.map_or_else(|| id.to_string().into(), Into::into),
            version: version.map(Into::into),
            built_in: false,
            enabled: enabled?,
            allowed: allowed?,
        })
    }

    /// Graph's JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self {
            id,
            display_name,
            description,
            template_id,
            version,
            built_in,
            enabled,
            allowed,
        } = self;
        let actions: Vec<_> = allowed.iter().map(Action::name).collect();
        json!({
            "id": id.to_string(),
            "description": description,
            "displayName": display_name,
            "isBuiltIn": built_in,
            "isEnabled": enabled,
            "resourceScopes": ["/"],
            "rolePermissions": [{ "allowedResourceActions": actions, "condition": null }],
            "templateId": template_id,
            "version": version,
        })
    }

    /// `id`.
    #[must_use]
    pub fn id(&self) -> Guid {
        self.id
    }

    /// `displayName`.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// What an assignment of it gives: what it lists and what that includes; nothing while it is disabled.
    #[must_use]
    pub fn gives(&self) -> ActionSet {
        if self.enabled {
            self.allowed.with_implied()
        } else {
            ActionSet::EMPTY
        }
    }
}

impl From<BuiltInRole> for RoleDefinition {
    fn from(role: BuiltInRole) -> Self {
        Self {
            id: role.id(),
            display_name: role.display_name().into(),
            description: Some(role.description().into()),
            template_id: role.id().to_string().into(),
            version: Some("1".into()),
            built_in: true,
            enabled: true,
            allowed: role.actions(),
        }
    }
}

/// `resourceScopes`, which may only be the whole directory.
fn scopes(members: &Members<'_>, faults: &mut Vec<Fault>) {
    let Some(scopes) = members.optional_list("resourceScopes", faults) else {
        return;
    };
    let whole = matches!(scopes, [only] if only.as_str() == Some("/"));
    if !whole {
        let message = "a role applies to the whole directory here; expected `[\"/\"]`";
        members.fault("resourceScopes", message, faults);
    }
}

/// `rolePermissions`, all of them together: none has a condition.
fn permissions(members: &Members<'_>, faults: &mut Vec<Fault>) -> Option<ActionSet> {
    let list = members.list("rolePermissions", faults)?;
    // Names without end would be compared with every action, while nobody else can change anything.
    let names = |permission: &Value| {
        let names = permission.get("allowedResourceActions");
        names.and_then(Value::as_array).map_or(0, Vec::len)
    };
    for (count, what) in [
        (list.len(), "permissions"),
        (list.iter().map(names).sum(), "actions"),
    ] {
        if count > MOST_OF_ALL {
            let message = format!("lists {count} {what} in all; expected at most {MOST_OF_ALL}");
            members.fault("rolePermissions", message, faults);
            return None;
        }
    }
    let before = faults.len();
    let mut allowed = ActionSet::EMPTY;
    for (index, permission) in list.iter().enumerate() {
        let path = format!("{}[{index}]", members.at("rolePermissions"));
        allowed = allowed.union(permission_actions(permission, path, faults));
    }
    if allowed.is_empty() && faults.len() == before {
        let message = "a role without actions gives nothing; expected at least one action";
        members.fault("rolePermissions", message, faults);
    }
    Some(allowed)
}

fn permission_actions(permission: &Value, path: String, faults: &mut Vec<Fault>) -> ActionSet {
    let members = Members::of(permission, path, PERMISSION_MEMBERS, faults);
    let message = "custom roles have no conditions; expected null";
    members.refuse("condition", message, faults);
    if members
        .optional_list("excludedResourceActions", faults)
        .is_some_and(|actions| !actions.is_empty())
    {
        let message = "actions cannot be excluded; list those that are allowed";
        members.fault("excludedResourceActions", message, faults);
    }
    let Some(names) = members.list("allowedResourceActions", faults) else {
        return ActionSet::EMPTY;
    };
    if names.len() > MOST_ACTIONS {
        let count = names.len();
        let message = format!("lists {count} actions; expected at most {MOST_ACTIONS}");
        members.fault("allowedResourceActions", message, faults);
        return ActionSet::EMPTY;
    }
    let mut actions = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match action(name, faults) {
            Ok(action) => actions.push(action),
            Err(message) => {
                let path = format!("{}[{index}]", members.at("allowedResourceActions"));
                faults.push(Fault { path, message });
            }
        }
    }
    actions.into_iter().collect()
}

fn action(name: &Value, faults: &[Fault]) -> Result<Action, String> {
    let Some(name) = name.as_str() else {
        return Err(format!("{} does not fit; expected a string", kind(name)));
    };
    Action::from_name(name).ok_or_else(|| {
        let known = Action::ALL.iter().map(|action| action.name());
        match suggested(name, known, faults) {
            Some(known) => {
                format!("`{name}` is not an action here; the nearest that is one is `{known}`")
            }
            None if name.len() > LONGEST => "not an action here; it is longer than any".to_owned(),
            None => format!("`{name}` is not an action here"),
        }
    })
}

/// `isPrivileged` is in answers of beta, and only told.
const MEMBERS: &[&str] = &[
    "id",
    "displayName",
    "description",
    "isEnabled",
    "isBuiltIn",
    "isPrivileged",
    "rolePermissions",
    "resourceScopes",
    "templateId",
    "version",
    "inheritsPermissionsFrom",
];

const PERMISSION_MEMBERS: &[&str] = &[
    "allowedResourceActions",
    "excludedResourceActions",
    "condition",
];

/// A list may repeat itself, but not without end.
const MOST_ACTIONS: usize = 256;

/// Neither may permissions, and the actions of all of them.
const MOST_OF_ALL: usize = 1_000;

#[cfg(test)]
mod tests;
