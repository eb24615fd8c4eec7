//! Who holds a role.

use crossgate_policy::ids::{Guid, Id};
use serde_json::Value;

use super::reader::{Fault, Members};

/// Graph's `unifiedRoleAssignment`, for the whole directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleAssignment {
    id: Id,
    principal: Id,
    role: Guid,
}

impl RoleAssignment {
    /// Reads an assignment. The caller has put in the `id` that a new one lacks, and has seen to it that no member
    /// stands twice.
    ///
    /// # Errors
    /// Every fault, each with the path of its property.
    pub fn from_json(document: &Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let assignment = Self::read(document, &mut faults);
        match assignment {
            Some(assignment) if faults.is_empty() => Ok(assignment),
            Some(_) | None => Err(faults),
        }
    }

    fn read(document: &Value, faults: &mut Vec<Fault>) -> Option<Self> {
        let members = Members::of(document, String::new(), MEMBERS, faults);
        let id = members.id("id", faults);
        let principal = members.id("principalId", faults);
        let role = members.guid("roleDefinitionId", faults);
        let scopes = [
            members.text("directoryScopeId", faults),
            members.optional_text("resourceScope", faults),
        ];
        for (name, scope) in ["directoryScopeId", "resourceScope"].iter().zip(scopes) {
            if scope.is_some_and(|scope| scope != "/") {
                let message = "roles are assigned for the whole directory here; expected `/`";
                members.fault(name, message, faults);
            }
        }
        let message = "roles are assigned for the whole directory here; expected null";
        members.refuse("appScopeId", message, faults);
        let message = "assignments have no conditions; expected null";
        members.refuse("condition", message, faults);
        members.optional_text("principalOrganizationId", faults);
        Some(Self {
            id: Id::new(id?),
            principal: Id::new(principal?),
            role: role?,
        })
    }

    /// `id`.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// `principalId`: the object id of a user or of a group.
    #[must_use]
    pub fn principal(&self) -> &Id {
        &self.principal
    }

    /// `roleDefinitionId`.
    #[must_use]
    pub fn role(&self) -> Guid {
        self.role
    }
}

/// `resourceScope`, `condition` and `principalOrganizationId` are in answers of beta; the last is only told.
const MEMBERS: &[&str] = &[
    "id",
    "principalId",
    "roleDefinitionId",
    "directoryScopeId",
    "appScopeId",
    "resourceScope",
    "condition",
    "principalOrganizationId",
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample() -> Value {
        json!({
            "id": "lAPpYvVpN0KRkAEhdxReEJC2sEqbR_9Hr48lds9SGHI-1",
            "principalId": "0aaad501-92fb-4f3d-9a4c-08b3c4a1c1d1",
            "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10",
            "directoryScopeId": "/",
        })
    }

    fn faults(document: &Value) -> Vec<String> {
        let faults = RoleAssignment::from_json(document).unwrap_err();
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_assignment_is_read() {
        let assignment = RoleAssignment::from_json(&sample()).unwrap();
        assert_eq!(assignment.id().to_string(), sample()["id"]);
        assert_eq!(assignment.role().to_string(), sample()["roleDefinitionId"]);
        assert_eq!(
            assignment.principal(),
            &Id::new("0AAAD501-92FB-4F3D-9A4C-08B3C4A1C1D1")
        );
    }

    #[test]
    fn what_beta_answers_can_be_sent_back() {
        let mut document = sample();
        document["@odata.type"] = json!("#microsoft.graph.unifiedRoleAssignment");
        document["resourceScope"] = json!("/");
        document["appScopeId"] = Value::Null;
        document["condition"] = Value::Null;
        document["principalOrganizationId"] = json!("84841066-274d-4ec0-a5c1-276be684bdd3");
        assert_eq!(
            RoleAssignment::from_json(&document),
            RoleAssignment::from_json(&sample())
        );
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_property() {
        let document = json!({
            "id": "a/b",
            "principalID": "x",
            "principalId": "two words",
            "roleDefinitionId": "Global Administrator",
            "directoryScopeId": "/administrativeUnits/1",
            "appScopeId": "/AccessPackageCatalog/1",
            "condition": "x",
        });
        assert_eq!(
            faults(&document),
            [
                "principalID: not a property here; the nearest that is one is `principalId`",
                "id: not an id; expected at most 200 characters without spaces and slashes",
                "principalId: not an id; expected at most 200 characters without spaces and slashes",
                "roleDefinitionId: not a GUID; expected one such as `3f2504e0-4f89-41d3-9a0c-0305e82c3301`",
                "directoryScopeId: roles are assigned for the whole directory here; expected `/`",
                "appScopeId: roles are assigned for the whole directory here; expected null",
                "condition: assignments have no conditions; expected null",
            ]
        );
        assert_eq!(
            faults(&json!({})),
            [
                "id: `id` is missing; expected a string",
                "principalId: `principalId` is missing; expected a string",
                "roleDefinitionId: `roleDefinitionId` is missing; expected a string",
                "directoryScopeId: `directoryScopeId` is missing; expected a string",
            ]
        );
    }
}
