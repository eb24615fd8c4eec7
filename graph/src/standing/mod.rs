//! The policy in force, document by document.

mod assignments;
mod draft;
mod guests;
mod partners;
mod reading;
pub(crate) mod revocations;
mod rules;
mod sign_up;
mod source;

use std::sync::Arc;

use crossgate_policy::ids::Cloud;
use crossgate_policy::snapshot::{
    Assignments, DefaultSettings, GuestRecords, OwnTenant, PartnerBook, RedemptionOrder,
    Revocations,
};

use self::draft::Draft;
use self::rules::Rules;
use self::sign_up::SignUps;
pub use self::source::{Change, Documents, Refused};
use crate::advisory::{Advisories, Advisory};
use crate::compile::collaboration::ExternalCollaboration;
use crate::compile::setting::Interner;
use crate::document_kind::DocumentKind;
use crate::load::{Compiled, Counts, ReadGuests};

/// A policy that is changed document by document. What a change costs grows with the change, not with the policy.
#[derive(Clone, Debug)]
pub struct Standing {
    own: OwnTenant,
    parts: Parts,
    advisories: Vec<Advisory>,
}

/// What a policy would be after changes. One that is dropped changes nothing.
#[derive(Clone, Debug)]
#[must_use]
pub struct Proposal {
    parts: Parts,
    advisories: Vec<Advisory>,
}

/// What documents come to. Clones share all that is large.
#[derive(Clone, Debug)]
struct Parts {
    allowed_clouds: Box<[Cloud]>,
    default: DefaultSettings,
    redemption: RedemptionOrder,
    /// The settings that the default document has.
    of_default: Interner,
    partners: Arc<PartnerBook>,
    guests: Arc<GuestRecords>,
    rules: Rules,
    authorization: Option<Arc<str>>,
    domains: Option<Arc<str>>,
    external_identities: Option<Arc<str>>,
    collaboration: ExternalCollaboration,
    sign_up: SignUps,
    revocations: Revocations,
    assignments: Assignments,
}

impl Standing {
    /// The policy without any document: Entra's initial values.
    #[must_use]
    pub fn initial(own: &OwnTenant) -> Self {
        Self {
            own: own.clone(),
            parts: Parts::initial(),
            advisories: Vec::new(),
        }
    }

    /// Reads, checks and compiles every document.
    ///
    /// # Errors
    ///
    /// Every fault of every document, sorted; or the source's error.
    pub fn load<S: Documents>(own: &OwnTenant, source: &S) -> Result<Self, Refused<S::Error>> {
        let empty = Self::initial(own);
        let mut few = Vec::new();
        for kind in DocumentKind::ALL {
            if !is_read_apart(kind) {
                source
                    .each(kind, (0, 1), &mut |key, text| {
                        few.push((kind, Box::<str>::from(key), Box::<str>::from(text)));
                    })
                    .map_err(Refused::Source)?;
            }
        }
        let changes: Vec<_> = few
            .iter()
            .map(|(kind, key, text)| Change {
                kind: *kind,
                key,
                text: Some(text),
            })
            .collect();
        let mut draft = Draft::new(&empty);
        draft.few(&changes);
        draft.all_partners(source).map_err(Refused::Source)?;
        draft.all_guests(source).map_err(Refused::Source)?;
        draft.all_revocations(source).map_err(Refused::Source)?;
        draft.all_assignments(source).map_err(Refused::Source)?;
        draft.advise_of_partners();
        let (parts, advisories) = draft.finish().map_err(Refused::Faults)?;
        Ok(Self {
            parts,
            advisories,
            ..empty
        })
    }

    /// What the policy would be after these changes. All of them must be in order; of several of one document the last one
    /// counts. The source has the documents as they are in force, without the changes.
    ///
    /// # Errors
    ///
    /// Every fault of every document that changes, also what others are at odds with then, sorted; or the source's error.
    pub fn propose<S: Documents>(
        &self,
        changes: &[Change<'_>],
        source: &S,
    ) -> Result<Proposal, Refused<S::Error>> {
        let mut draft = Draft::new(self);
        draft.few(changes);
        draft.partners(changes);
        draft.guests(changes);
        draft
            .revocations(changes, source)
            .map_err(Refused::Source)?;
        draft
            .assignments(changes, source)
            .map_err(Refused::Source)?;
        let (parts, advisories) = draft.finish().map_err(Refused::Faults)?;
        Ok(Proposal { parts, advisories })
    }

    /// Puts a proposal in force, which must have been made of this policy as it stands.
    pub fn accept(&mut self, proposal: Proposal) {
        let Proposal { parts, advisories } = proposal;
        self.parts = parts;
        self.advisories = advisories;
    }

    /// What a snapshot is made of, with the remarks of the documents read last: all of them, or those that were changed.
    #[must_use]
    pub fn compiled(&self) -> Compiled {
        self.parts.compiled(self.advisories.clone())
    }
}

impl Proposal {
    /// What the next snapshot would be made of, with the remarks of the documents that change.
    #[must_use]
    pub fn compiled(&self) -> Compiled {
        self.parts.compiled(self.advisories.clone())
    }

    /// What an operator should know of the documents that change.
    #[must_use]
    pub fn advisories(&self) -> &[Advisory] {
        &self.advisories
    }

    /// How much there would be.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.parts.counts()
    }
}

impl Parts {
    fn initial() -> Self {
        Self {
            allowed_clouds: Box::default(),
            default: DefaultSettings::initial(),
            redemption: RedemptionOrder::default(),
            of_default: Interner::default(),
            partners: Arc::default(),
            guests: Arc::default(),
            rules: Rules::default(),
            authorization: None,
            domains: None,
            external_identities: None,
            collaboration: ExternalCollaboration::default(),
            sign_up: SignUps::default(),
            revocations: Revocations::default(),
            assignments: Assignments::default(),
        }
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts {
            partners: self.partners.len(),
            distinct_settings: self.of_default.count_with(&self.partners),
            guests: self.guests.len(),
            revocations: self.revocations.len(),
            app_role_assignments: self.assignments.len(),
            group_members: self.assignments.members(),
            ..Counts::default()
        };
        self.rules.count(&mut counts);
        counts
    }

    fn compiled(&self, advisories: Vec<Advisory>) -> Compiled {
        Compiled {
            allowed_clouds: self.allowed_clouds.clone(),
            default: self.default.clone(),
            partners: self.partners.partners(),
            guests: ReadGuests {
                records: Arc::clone(&self.guests),
                // They are among those of all documents, at the load.
                advisories: Advisories::default(),
            },
            conditional_access: Arc::clone(self.rules.compiled()),
            revocations: self.revocations.clone(),
            assignments: self.assignments.clone(),
            external_collaboration: self.collaboration.clone(),
            sign_up: Arc::clone(self.sign_up.compiled()),
            redemption: self.redemption.clone(),
            advisories,
            counts: self.counts(),
        }
    }
}

/// Whether there may be so many of a kind that they are not gone through with the others.
const fn is_read_apart(kind: DocumentKind) -> bool {
    match kind {
        DocumentKind::Partner
        | DocumentKind::Guest
        | DocumentKind::Revocation
        | DocumentKind::AppRoleAssignment
        | DocumentKind::GroupMember => true,
        // Nothing here hangs on the names of groups, on owners and on roles.
        DocumentKind::Group
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
        | DocumentKind::DraftChange => true,
        DocumentKind::Policy
        | DocumentKind::Default
        | DocumentKind::PartnerTemplate
        | DocumentKind::SynchronizationTemplate
        | DocumentKind::ConditionalAccess
        | DocumentKind::NamedLocation
        | DocumentKind::Authorization
        | DocumentKind::Domains
        | DocumentKind::ExternalIdentities
        | DocumentKind::AuthenticationFlows
        | DocumentKind::ApiConnector
        | DocumentKind::UserFlowAttribute
        | DocumentKind::UserFlow => false,
    }
}
