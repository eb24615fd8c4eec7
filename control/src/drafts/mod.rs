//! Drafts: named sets of changes to the settings of a policy, which are read, decided by and reviewed before they bind, and take no part in
//! what is in force until they are published as a whole.
//!
//! A draft is a document of its own, and so is each change in it: nothing of the policy is copied. What a change was made over is kept as the
//! version of the document then, so that nobody's later change is overwritten unseen.

pub(crate) mod change;
pub(crate) mod draft;
pub(crate) mod drafted;
pub(crate) mod stage;

use crate::document::DocumentKind;
pub(crate) use change::DraftChange;
pub(crate) use draft::{Draft, Draftee, Review, State};
pub(crate) use drafted::Drafted;
pub use stage::{NewRefusals, Percent, Reach, Scope, Stage, Why, end};

/// Whether a document is one of a draft: it binds for nobody unless the draft is staged.
#[must_use]
pub const fn is_of_drafts(kind: DocumentKind) -> bool {
    matches!(kind, DocumentKind::Draft | DocumentKind::DraftChange)
}

/// Whether drafts change documents of this kind: what an organisation sets. Who is there, who may do what, and what happens of itself is
/// changed at once.
#[must_use]
pub const fn holds(kind: DocumentKind) -> bool {
    match kind {
        DocumentKind::Policy
        | DocumentKind::Default
        | DocumentKind::Partner
        | DocumentKind::PartnerTemplate
        | DocumentKind::SynchronizationTemplate
        | DocumentKind::ConditionalAccess
        | DocumentKind::NamedLocation
        | DocumentKind::Authorization
        | DocumentKind::Domains
        | DocumentKind::ExternalIdentities
        | DocumentKind::AuthenticationFlows => true,
        DocumentKind::ApiConnector
        | DocumentKind::UserFlowAttribute
        | DocumentKind::UserFlow
        | DocumentKind::Guest
        | DocumentKind::Revocation
        | DocumentKind::AppRoleAssignment
        | DocumentKind::Group
        | DocumentKind::GroupMember
        | DocumentKind::Owner
        | DocumentKind::RoleDefinition
        | DocumentKind::RoleAssignment
        | DocumentKind::Bootstrap
        | DocumentKind::Invitation
        | DocumentKind::Mail
        | DocumentKind::SynchronizedGroup
        | DocumentKind::AccessReview
        | DocumentKind::AccessReviewDecision
        | DocumentKind::SignUpRequest
        | DocumentKind::Draft
        | DocumentKind::DraftChange => false,
    }
}

/// How many there are at a time, those that were published counted.
pub(crate) const MOST_DRAFTS: u64 = 500;

/// How many documents one of them changes.
pub(crate) const MOST_CHANGES: usize = 500;

/// What drafts are called in the audit.
pub(crate) const CATEGORY: &str = "Policy";
