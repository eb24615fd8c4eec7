//! Who may invite, and whom, and whether guests may leave.

use crate::documents::collaboration::{
    AllowInvitesFrom, B2bManagementPolicy, CollaborationDocument, Definition, DomainLists,
    ExternalIdentitiesDocument, GuestUserRole,
};
use crate::reader::path::At;
use crate::reader::report::Notes;
use crate::reader::values::{Object, Text, set};

use super::defaults::{advise_unenforced, unenforced};

/// Graph's `authorizationPolicy` and the domain list beside it, as far as they govern invitations.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ExternalCollaboration {
    /// `allowInvitesFrom`.
    pub inviters: Inviters,
    /// The domain list.
    pub domains: InvitedDomains,
    /// Of `externalIdentitiesPolicy`: whether guests may leave by themselves.
    pub leaving: Leaving,
    /// `guestUserRoleId`.
    pub guests_see: GuestsSee,
}

/// `guestUserRoleId`: what guests are shown of the directory.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum GuestsSee {
    /// As members, or as Guest User, which at a gateway is the same: nobody without a role is shown others but who answers for them.
    #[default]
    WhoAnswersForThem,
    /// As Restricted Guest User: nobody but themselves.
    Themselves,
}

/// `allowExternalIdentitiesToLeave`: whether guests may leave the organisation by themselves.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Leaving {
    /// They may.
    #[default]
    Allowed,
    /// Only an administrator removes them.
    Refused,
}

/// `allowInvitesFrom`: who may invite.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Inviters {
    /// `none`.
    Nobody,
    /// `adminsAndGuestInviters`.
    AdminsAndGuestInviters,
    /// `adminsGuestInvitersAndAllMembers`.
    Members,
    /// `everyone`, guests too.
    #[default]
    Everyone,
}

/// Domains that may be invited. INVARIANT: in lower case.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum InvitedDomains {
    /// There is no list.
    #[default]
    Any,
    /// Only these.
    Only(Box<[Box<str>]>),
    /// All but these.
    AllBut(Box<[Box<str>]>),
}

/// What the cross-tenant settings say of inviting somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CrossTenantVerdict {
    /// Inbound collaboration admits, or the identity has no tenant.
    Admits,
    /// Inbound collaboration refuses.
    Refuses,
}

/// Whether an invitation may go out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InvitationVerdict {
    /// It may.
    Allowed,
    /// The domain list refuses; asked first.
    DomainRefused,
    /// The cross-tenant settings refuse.
    CrossTenantRefused,
}

impl ExternalCollaboration {
    /// Whether an address of this domain may be invited: the domain list and the cross-tenant settings must both agree.
    ///
    /// Domains are compared whole, in any letter case; a list says nothing of subdomains.
    #[must_use]
    pub fn invitation_verdict(
        &self,
        domain: &str,
        cross_tenant: CrossTenantVerdict,
    ) -> InvitationVerdict {
        let domain = domain.to_lowercase();
        let listed = |list: &[Box<str>]| list.iter().any(|listed| **listed == *domain);
        let invited = match &self.domains {
            InvitedDomains::Any => true,
            InvitedDomains::Only(list) => listed(list),
            InvitedDomains::AllBut(list) => !listed(list),
        };
        match (invited, cross_tenant) {
            (false, CrossTenantVerdict::Admits | CrossTenantVerdict::Refuses) => {
                InvitationVerdict::DomainRefused
            }
            (true, CrossTenantVerdict::Refuses) => InvitationVerdict::CrossTenantRefused,
            (true, CrossTenantVerdict::Admits) => InvitationVerdict::Allowed,
        }
    }
}

/// What several documents say together.
#[derive(Debug, Default)]
pub(crate) struct Collaboration {
    inviters: Option<Inviters>,
    domains: Option<InvitedDomains>,
    leaving: Leaving,
    guests_see: Option<GuestsSee>,
}

impl Collaboration {
    /// Takes the document that says whether guests may leave.
    pub(crate) fn take_identities(
        &mut self,
        document: &ExternalIdentitiesDocument,
        notes: &mut Notes<'_>,
    ) {
        self.leaving = match document.allow_external_identities_to_leave {
            Some(false) => Leaving::Refused,
            Some(true) | None => Leaving::Allowed,
        };
        if document.allow_deleted_identities_data_removal == Some(true) {
            let name = "allowDeletedIdentitiesDataRemoval";
            notes.advise(&At::Root.member(name), &unenforced(name));
        }
    }

    /// Takes one document; its faults are noted.
    pub(crate) fn take(&mut self, document: &CollaborationDocument, notes: &mut Notes<'_>) {
        let root = At::Root;
        if let Some(inviters) = document.allow_invites_from {
            let inviters = match inviters {
                AllowInvitesFrom::None => Inviters::Nobody,
                AllowInvitesFrom::AdminsAndGuestInviters => Inviters::AdminsAndGuestInviters,
                AllowInvitesFrom::AdminsGuestInvitersAndAllMembers => Inviters::Members,
                AllowInvitesFrom::Everyone => Inviters::Everyone,
            };
            let at = root.member("allowInvitesFrom");
            if self.inviters.replace(inviters).is_some() {
                notes.fault(&at, "another document says this already; keep one");
            }
        }
        if let Some(role) = document.guest_user_role_id {
            let see = match role {
                GuestUserRole::User | GuestUserRole::GuestUser => GuestsSee::WhoAnswersForThem,
                GuestUserRole::RestrictedGuestUser => GuestsSee::Themselves,
            };
            let at = root.member("guestUserRoleId");
            if self.guests_see.replace(see).is_some() {
                notes.fault(&at, "another document says this already; keep one");
            }
        }
        if let Some(policy) = &document.b2b_management_policy {
            let at = root.member("B2BManagementPolicy");
            self.legacy(policy, &at, notes);
        }
        let at = root.member("definition");
        for (index, text) in document.definition.iter().flatten().enumerate() {
            let at = at.item(index);
            match serde_json::from_str::<Object<Definition>>(&text.0) {
                Ok(definition) => {
                    if let Some(policy) = definition.b2b_management_policy.as_deref() {
                        self.legacy(policy, &at, notes);
                    }
                }
                Err(_) => notes.fault(
                    &at,
                    "not the text of a `B2BManagementPolicy`; expected one such as \
                     `{\"B2BManagementPolicy\":{\"InvitationsAllowedAndBlockedDomainsPolicy\":\
                     {\"AllowedDomains\":[\"fabrikam.com\"]}}}`",
                ),
            }
        }
        advise_unenforced(
            [
                (
                    "allowedToSignUpEmailBasedSubscriptions",
                    document.allowed_to_sign_up_email_based_subscriptions,
                ),
                ("allowedToUseSSPR", document.allowed_to_use_sspr),
                (
                    "allowEmailVerifiedUsersToJoinOrganization",
                    document.allow_email_verified_users_to_join_organization,
                ),
                (
                    "allowUserConsentForRiskyApps",
                    document.allow_user_consent_for_risky_apps,
                ),
                ("blockMsolPowerShell", document.block_msol_power_shell),
                (
                    "defaultUserRolePermissions",
                    document.default_user_role_permissions,
                ),
            ],
            notes,
        );
    }

    /// What holds; Entra's initial values where nothing was said.
    pub(crate) fn finish(self) -> ExternalCollaboration {
        ExternalCollaboration {
            inviters: self.inviters.unwrap_or_default(),
            domains: self.domains.unwrap_or_default(),
            leaving: self.leaving,
            guests_see: self.guests_see.unwrap_or_default(),
        }
    }

    fn legacy(&mut self, policy: &B2bManagementPolicy, at: &At<'_>, notes: &mut Notes<'_>) {
        self.domains(policy.domains.as_deref(), at, notes);
        for (name, value) in [
            ("AutoRedeemPolicy", policy.auto_redeem_policy),
            ("PreviewPolicy", policy.preview_policy),
        ] {
            if set(value) {
                notes.advise(at, &unenforced(name));
            }
        }
    }

    fn domains(&mut self, lists: Option<&DomainLists>, at: &At<'_>, notes: &mut Notes<'_>) {
        let Some(DomainLists { allowed, blocked }) = lists else {
            return;
        };
        let lower = |list: &Option<Vec<Text>>| -> Box<[Box<str>]> {
            let list = list.iter().flatten();
            list.map(|domain| domain.0.to_lowercase().into()).collect()
        };
        let (allowed, blocked) = (lower(allowed), lower(blocked));
        let domains = match (allowed.is_empty(), blocked.is_empty()) {
            (true, true) => return,
            (false, true) => InvitedDomains::Only(allowed),
            (true, false) => InvitedDomains::AllBut(blocked),
            (false, false) => {
                notes.fault(
                    at,
                    "there can be `AllowedDomains` or `BlockedDomains`, not both; empty one of them",
                );
                return;
            }
        };
        if self.domains.replace(domains).is_some() {
            notes.fault(at, "there is a domain list already; keep one");
        }
    }
}
