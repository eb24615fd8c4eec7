//! Which file of a policy directory holds what.

/// What a file holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Graph's `crossTenantAccessPolicy`.
    Policy,
    /// Its default configuration.
    Default,
    /// Partner configurations.
    Partners,
    /// Partner configurations, one a line.
    PartnerLines,
    /// Conditional Access policies.
    ConditionalAccess,
    /// Named locations.
    NamedLocations,
    /// External collaboration settings.
    Collaboration,
    /// Graph's `externalIdentitiesPolicy`.
    ExternalIdentities,
    /// Graph's `authenticationFlowsPolicy`.
    AuthenticationFlows,
    /// API connectors.
    ApiConnectors,
    /// Custom attributes of user flows.
    UserFlowAttributes,
    /// User flows.
    UserFlows,
    /// Guest records, one a line.
    Guests,
    /// Revocations, one a line.
    Revocations,
    /// Assignments to apps, one a line.
    AppRoleAssignments,
    /// Groups, one a line.
    Groups,
    /// Who is in a group, one a line.
    GroupMembers,
    /// Who owns what, one a line.
    Owners,
    /// The template for partners of a multitenant organization.
    PartnerTemplate,
    /// The template for how its users are synchronized.
    SynchronizationTemplate,
    /// Custom roles and their assignments, which are read elsewhere.
    Roles,
    /// Nothing of ours.
    Ignored,
    /// A file that should not be here.
    Unknown,
}

impl Kind {
    /// What the file with this path holds.
    pub(crate) fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        if path.split('/').any(|part| part.starts_with('.')) || name.starts_with("README") {
            return Self::Ignored;
        }
        match path.split_once('/') {
            None => match name {
                "cross-tenant-access-policy.json" => Self::Policy,
                "default.json" => Self::Default,
                "partners.json" => Self::Partners,
                "partners.jsonl" => Self::PartnerLines,
                "conditional-access.json" => Self::ConditionalAccess,
                "named-locations.json" => Self::NamedLocations,
                "external-collaboration.json" => Self::Collaboration,
                "external-identities-policy.json" => Self::ExternalIdentities,
                "authentication-flows-policy.json" => Self::AuthenticationFlows,
                GUESTS_FILE => Self::Guests,
                "revocations.jsonl" => Self::Revocations,
                "app-role-assignments.jsonl" => Self::AppRoleAssignments,
                "groups.jsonl" => Self::Groups,
                "group-members.jsonl" => Self::GroupMembers,
                "owners.jsonl" => Self::Owners,
                _ => Self::Unknown,
            },
            Some(("templates", "partner-configuration.json")) => Self::PartnerTemplate,
            Some(("templates", "identity-synchronization.json")) => Self::SynchronizationTemplate,
            Some((folder, file)) if file.ends_with(".json") && !file.contains('/') => {
                match folder {
                    "partners" => Self::Partners,
                    "conditional-access" => Self::ConditionalAccess,
                    "named-locations" => Self::NamedLocations,
                    "api-connectors" => Self::ApiConnectors,
                    "user-flow-attributes" => Self::UserFlowAttributes,
                    "user-flows" => Self::UserFlows,
                    "role-definitions" | "role-assignments" => Self::Roles,
                    _ => Self::Unknown,
                }
            }
            Some(_) => Self::Unknown,
        }
    }
}

impl Kind {
    /// Whether it has a document a line.
    pub(crate) const fn is_lines(self) -> bool {
        match self {
            Self::PartnerLines
            | Self::Guests
            | Self::Revocations
            | Self::AppRoleAssignments
            | Self::Groups
            | Self::GroupMembers
            | Self::Owners => true,
            Self::Policy
            | Self::Default
            | Self::Partners
            | Self::ConditionalAccess
            | Self::NamedLocations
            | Self::Collaboration
            | Self::ExternalIdentities
            | Self::AuthenticationFlows
            | Self::ApiConnectors
            | Self::UserFlowAttributes
            | Self::UserFlows
            | Self::PartnerTemplate
            | Self::SynchronizationTemplate
            | Self::Roles
            | Self::Ignored
            | Self::Unknown => false,
        }
    }
}

/// The path of the file with guest records.
pub const GUESTS_FILE: &str = "guests.jsonl";

/// What to say of an unknown file.
pub(crate) const EXPECTED_FILES: &str = "not a file of a policy directory; expected `cross-tenant-access-policy.json`, \
    `default.json`, `partners/*.json`, `partners.json`, `partners.jsonl`, `conditional-access/*.json`, \
    `conditional-access.json`, `named-locations/*.json`, `named-locations.json`, `external-collaboration.json`, `external-identities-policy.json`, \
    `authentication-flows-policy.json`, `user-flows/*.json`, `api-connectors/*.json`, `user-flow-attributes/*.json`, \
    `templates/partner-configuration.json`, `templates/identity-synchronization.json`, `role-definitions/*.json`, \
    `role-assignments/*.json`, `guests.jsonl`, `revocations.jsonl`, `app-role-assignments.jsonl`, `groups.jsonl`, \
    `group-members.jsonl` or `owners.jsonl`";
