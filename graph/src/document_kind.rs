//! The kinds of documents a policy is made of, and the file of a policy directory that each stands in.

/// A kind of document.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum DocumentKind {
    /// Graph's `crossTenantAccessPolicy`. There is one.
    Policy,
    /// Its default configuration. There is one.
    Default,
    /// A partner configuration, by `tenantId`. What Graph keeps as its `identitySynchronization` is a member of it, as with
    /// `$expand`.
    Partner,
    /// `multiTenantOrganizationPartnerConfigurationTemplate`. There is one.
    PartnerTemplate,
    /// `multiTenantOrganizationIdentitySyncPolicyTemplate`. There is one.
    SynchronizationTemplate,
    /// A Conditional Access policy, by `id`.
    ConditionalAccess,
    /// A named location, by `id`.
    NamedLocation,
    /// Graph's `authorizationPolicy`. There is one.
    Authorization,
    /// The legacy `B2BManagementPolicy` with the domain list. There is one.
    Domains,
    /// Graph's `externalIdentitiesPolicy`. There is one.
    ExternalIdentities,
    /// Graph's `authenticationFlowsPolicy`. There is one.
    AuthenticationFlows,
    /// An API connector that sign-ups ask, by `id`.
    ApiConnector,
    /// A custom attribute of user flows, by `id`.
    UserFlowAttribute,
    /// A user flow by which people sign up, by `id`, with all that Graph has it navigate to.
    UserFlow,
    /// A guest, by `id`.
    Guest,
    /// A revocation, by kind and id: `user/ID`; of one tenant `user@TENANT/ID`.
    Revocation,
    /// Graph's `appRoleAssignment`: somebody is assigned to an app, `APP/PRINCIPAL`.
    AppRoleAssignment,
    /// Graph's `group`, by `id`. Not one of Entra's, which tokens tell of.
    Group,
    /// Somebody is in a group, `GROUP/MEMBER`.
    GroupMember,
    /// Somebody owns an app or a group, `OWNER/servicePrincipal/APP` or `OWNER/group/GROUP`.
    Owner,
    /// Graph's `unifiedRoleDefinition` of a custom role, by `id`.
    RoleDefinition,
    /// Graph's `unifiedRoleAssignment`, by `id`.
    RoleAssignment,
    /// The digest of the secret that gives somebody the first role. There is one, and no file of a directory holds it.
    Bootstrap,
    /// An invitation that is open, by the `id` of the guest that it makes. No file of a directory holds it.
    Invitation,
    /// Mail that is to be sent, by `id`. No file of a directory holds it.
    Mail,
    /// A group that a partner synchronises, by `id`. Its members say themselves that they are. No file of a directory holds it.
    SynchronizedGroup,
    /// Graph's `accessReviewScheduleDefinition`, with the state of its one instance, by `id`. No file of a directory holds it.
    AccessReview,
    /// What is decided of a guest in a review: `REVIEW/GUEST`. No file of a directory holds it.
    AccessReviewDecision,
    /// Somebody who signed up and waits for approval, by `id`. No file of a directory holds it.
    SignUpRequest,
    /// A draft of changes, by `id`. It takes no part in what is in force. No file of a directory holds it.
    Draft,
    /// What a draft makes of one document: `DRAFT/DOCUMENT`, with the document's address. No file of a directory holds it.
    DraftChange,
}

impl DocumentKind {
    /// All, in the order in which a policy is read.
    pub const ALL: [Self; 31] = [
        Self::Policy,
        Self::Default,
        Self::Partner,
        Self::PartnerTemplate,
        Self::SynchronizationTemplate,
        Self::ConditionalAccess,
        Self::NamedLocation,
        Self::Authorization,
        Self::Domains,
        Self::ExternalIdentities,
        Self::AuthenticationFlows,
        Self::ApiConnector,
        Self::UserFlowAttribute,
        Self::UserFlow,
        Self::Guest,
        Self::Revocation,
        Self::AppRoleAssignment,
        Self::Group,
        Self::GroupMember,
        Self::Owner,
        Self::RoleDefinition,
        Self::RoleAssignment,
        Self::Bootstrap,
        Self::Invitation,
        Self::Mail,
        Self::SynchronizedGroup,
        Self::AccessReview,
        Self::AccessReviewDecision,
        Self::SignUpRequest,
        Self::Draft,
        Self::DraftChange,
    ];

    /// The name in stores and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy => "cross-tenant-access-policy",
            Self::Default => "default",
            Self::Partner => "partners",
            Self::PartnerTemplate => "templates/partner-configuration",
            Self::SynchronizationTemplate => "templates/identity-synchronization",
            Self::ConditionalAccess => "conditional-access",
            Self::NamedLocation => "named-locations",
            Self::Authorization => "authorization-policy",
            Self::Domains => "domain-policy",
            Self::ExternalIdentities => "external-identities-policy",
            Self::AuthenticationFlows => "authentication-flows-policy",
            Self::ApiConnector => "api-connectors",
            Self::UserFlowAttribute => "user-flow-attributes",
            Self::UserFlow => "user-flows",
            Self::Guest => "guests",
            Self::Revocation => "revocations",
            Self::AppRoleAssignment => "app-role-assignments",
            Self::Group => "groups",
            Self::GroupMember => "group-members",
            Self::Owner => "owners",
            Self::RoleDefinition => "role-definitions",
            Self::RoleAssignment => "role-assignments",
            Self::Bootstrap => "bootstrap",
            Self::Invitation => "invitations",
            Self::Mail => "mail",
            Self::SynchronizedGroup => "synchronized-groups",
            Self::AccessReview => "access-reviews",
            Self::AccessReviewDecision => "access-review-decisions",
            Self::SignUpRequest => "sign-up-requests",
            Self::Draft => "drafts",
            Self::DraftChange => "draft-changes",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether there is only one document of it.
    #[must_use]
    pub const fn is_single(self) -> bool {
        match self {
            Self::Policy
            | Self::Default
            | Self::PartnerTemplate
            | Self::SynchronizationTemplate
            | Self::Authorization
            | Self::Domains
            | Self::ExternalIdentities
            | Self::AuthenticationFlows
            | Self::Bootstrap => true,
            Self::Partner
            | Self::ConditionalAccess
            | Self::NamedLocation
            | Self::ApiConnector
            | Self::UserFlowAttribute
            | Self::UserFlow
            | Self::Guest
            | Self::Revocation
            | Self::AppRoleAssignment
            | Self::Group
            | Self::GroupMember
            | Self::Owner
            | Self::RoleDefinition
            | Self::RoleAssignment
            | Self::Invitation
            | Self::Mail
            | Self::SynchronizedGroup
            | Self::AccessReview
            | Self::AccessReviewDecision
            | Self::SignUpRequest
            | Self::Draft
            | Self::DraftChange => false,
        }
    }

    /// Whether it says who may do what: who has a role, owns, is assigned, or is in a group. What was taken away must not come back
    /// unasked for.
    #[must_use]
    pub const fn gives_rights(self) -> bool {
        match self {
            Self::AppRoleAssignment
            | Self::Group
            | Self::GroupMember
            | Self::Owner
            | Self::RoleDefinition
            | Self::RoleAssignment => true,
            Self::Policy
            | Self::Default
            | Self::Partner
            | Self::PartnerTemplate
            | Self::SynchronizationTemplate
            | Self::ConditionalAccess
            | Self::NamedLocation
            | Self::Authorization
            | Self::Domains
            | Self::ExternalIdentities
            | Self::AuthenticationFlows
            | Self::ApiConnector
            | Self::UserFlowAttribute
            | Self::UserFlow
            | Self::Guest
            | Self::Revocation
            | Self::Bootstrap
            | Self::Invitation
            | Self::Mail
            | Self::SynchronizedGroup
            | Self::AccessReview
            | Self::AccessReviewDecision
            | Self::SignUpRequest
            | Self::Draft
            | Self::DraftChange => false,
        }
    }

    /// Whether it is what an organisation sets, and may be kept in files: the others are of a store's own doing.
    #[must_use]
    pub const fn is_setting(self) -> bool {
        match self {
            Self::Bootstrap
            | Self::Invitation
            | Self::Mail
            | Self::SynchronizedGroup
            | Self::AccessReview
            | Self::AccessReviewDecision
            | Self::SignUpRequest
            | Self::Draft
            | Self::DraftChange => false,
            Self::Policy
            | Self::Default
            | Self::Partner
            | Self::PartnerTemplate
            | Self::SynchronizationTemplate
            | Self::ConditionalAccess
            | Self::NamedLocation
            | Self::Authorization
            | Self::Domains
            | Self::ExternalIdentities
            | Self::AuthenticationFlows
            | Self::ApiConnector
            | Self::UserFlowAttribute
            | Self::UserFlow
            | Self::Guest
            | Self::Revocation
            | Self::AppRoleAssignment
            | Self::Group
            | Self::GroupMember
            | Self::Owner
            | Self::RoleDefinition
            | Self::RoleAssignment => true,
        }
    }
}
