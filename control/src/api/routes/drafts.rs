//! The part of the table that is about drafts, and which other lines of it lead through one.

use super::super::listed::{OF_MANY, OF_ONE};
use super::Need::{self, Always};
use super::Operation::{self, Get, List, Special as Own};
use super::Special::Draft;
use super::Verb::{Delete as DELETE, Get as GET, Patch as PATCH, Post as POST};
use super::table::route;
use super::{Given, Route, Special, Taken};
use crate::audit::Activity;
use crate::drafts::{self, CATEGORY};
use crate::model;
use crate::resource;
use crate::roles::Action;

/// What of drafts no other resource has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OfDraft {
    /// One is made.
    Create,
    /// It is called otherwise.
    Update,
    /// It goes, and all that it would have changed stays.
    Delete,
    /// What it changes.
    ListChanges,
    /// It changes a document no more.
    RemoveChange,
    /// What would be told of it if it were published.
    Check,
    /// Recorded sign-ins are decided again under it.
    Replay,
    /// What came of that.
    GetReplay,
    /// That ends, or is forgotten.
    ForgetReplay,
    /// Somebody says what they think of it.
    Review,
    /// It comes to bind, for some or for all.
    Publish,
    /// What binds for some binds for all.
    Complete,
    /// What binds for some binds for nobody.
    Return,
}

impl OfDraft {
    /// What the audit calls it.
    pub(in super::super) const fn told(self) -> Activity {
        let drafts = &resource::DRAFTS;
        match self {
            Self::Create => drafts.create,
            Self::Update | Self::RemoveChange => drafts.update,
            Self::Delete => drafts.delete,
            Self::ListChanges | Self::Check | Self::GetReplay => drafts.read,
            Self::Replay | Self::ForgetReplay => {
                Activity::new(CATEGORY, "Read", "Replay sign-ins under policy draft")
            }
            Self::Review => Activity::new(CATEGORY, "Update", "Review policy draft"),
            Self::Publish => Activity::new(CATEGORY, "Update", "Publish policy draft"),
            Self::Complete => Activity::new(CATEGORY, "Update", "Complete staged policy draft"),
            Self::Return => drafts::stage::RETURN,
        }
    }

    pub(in super::super) const fn takes(self) -> Option<Taken> {
        match self {
            Self::Create => Some(Taken::New(&model::POLICY_DRAFT)),
            Self::Update => Some(Taken::Changes(&model::POLICY_DRAFT)),
            Self::Replay => Some(Taken::Members(&[
                ("since", "string"),
                ("until", "string"),
                ("against", "string"),
            ])),
            Self::Review => Some(Taken::Members(&[
                ("decision", "string"),
                ("comment", "string"),
                ("revision", "integer"),
            ])),
            Self::Publish => Some(Taken::Members(&[
                ("mode", "string"),
                ("percent", "integer"),
                ("gateway", "string"),
                ("maxNewRefusals", "integer"),
            ])),
            Self::Delete
            | Self::ListChanges
            | Self::RemoveChange
            | Self::Check
            | Self::GetReplay
            | Self::ForgetReplay
            | Self::Complete
            | Self::Return => None,
        }
    }

    pub(in super::super) const fn gives(self) -> Given {
        match self {
            Self::Create => Given::New(&model::POLICY_DRAFT),
            Self::ListChanges => Given::Many(&model::DRAFT_CHANGE),
            Self::Check | Self::GetReplay => Given::Anything,
            Self::Replay => Given::Later,
            Self::Review | Self::Publish | Self::Complete | Self::Return => {
                Given::One(&model::POLICY_DRAFT)
            }
            Self::Update | Self::Delete | Self::RemoveChange | Self::ForgetReplay => Given::Nothing,
        }
    }
}

/// A path within a draft: its id, and what stands behind.
pub(super) fn within<'p, 's>(path: &'p [&'s str]) -> Option<(&'s str, &'p [&'s str])> {
    let [first, second, draft, rest @ ..] = path else {
        return None;
    };
    let is_within = first.eq_ignore_ascii_case("crossgate")
        && second.eq_ignore_ascii_case("drafts")
        && rest
            .first()
            .is_some_and(|place| PLACES.iter().any(|own| own.eq_ignore_ascii_case(place)));
    is_within.then_some((*draft, rest))
}

/// Whether an operation on the policy in force is one on a draft too.
pub(super) fn leads_through(operation: &Operation) -> bool {
    match operation {
        Operation::Get(resource)
        | Operation::List(resource)
        | Operation::Create(resource)
        | Operation::Update(resource)
        | Operation::Delete(resource)
        | Operation::Reset(resource) => drafts::holds(resource.kind),
        Operation::Special(special) => matches!(
            special,
            Special::GetSynchronization
                | Special::PutSynchronization
                | Special::UpdateSynchronization
                | Special::DeleteSynchronization
        ),
    }
}

/// What the paths of settings begin with.
const PLACES: [&str; 3] = ["policies", "identity", "legacy"];

const READ: &[Need] = &[
    Always(Action::CrossTenantAccessRead),
    Always(Action::DefaultRead),
    Always(Action::PartnersRead),
    Always(Action::ConditionalAccessRead),
];

const READ_WITH_SIGN_INS: &[Need] = &[
    Always(Action::CrossTenantAccessRead),
    Always(Action::DefaultRead),
    Always(Action::PartnersRead),
    Always(Action::ConditionalAccessRead),
    Always(Action::SignInReportsRead),
];

/// Whoever publishes a draft, or has a say in it, must be allowed to do whatever it changes besides.
const WRITE: &[Need] = &[
    Always(Action::CrossTenantAccessRead),
    Always(Action::DefaultRead),
    Always(Action::PartnersRead),
    Always(Action::ConditionalAccessRead),
    Always(Action::CrossTenantAccessUpdate),
];

pub(super) const ROUTES: &[Route] = &[
    route(
        GET,
        "crossgate/drafts",
        List(&resource::DRAFTS),
        READ,
        OF_MANY,
        "List drafts of the policy",
    ),
    route(
        POST,
        "crossgate/drafts",
        Own(Draft(OfDraft::Create)),
        WRITE,
        &[],
        "Create a draft of the policy. Its documents are read and changed by their own paths behind `/crossgate/drafts/{id}`",
    ),
    route(
        GET,
        "crossgate/drafts/{id}",
        Get(&resource::DRAFTS),
        READ,
        OF_ONE,
        "Get a draft",
    ),
    route(
        PATCH,
        "crossgate/drafts/{id}",
        Own(Draft(OfDraft::Update)),
        WRITE,
        &[],
        "Update what a draft is called",
    ),
    route(
        DELETE,
        "crossgate/drafts/{id}",
        Own(Draft(OfDraft::Delete)),
        WRITE,
        &[],
        "Delete a draft",
    ),
    route(
        GET,
        "crossgate/drafts/{id}/changes",
        Own(Draft(OfDraft::ListChanges)),
        READ,
        OF_MANY,
        "List the documents that a draft changes, as they are in force and as they are to be",
    ),
    route(
        DELETE,
        "crossgate/drafts/{id}/changes/{changeId}",
        Own(Draft(OfDraft::RemoveChange)),
        WRITE,
        &[],
        "Take a document out of a draft",
    ),
    route(
        GET,
        "crossgate/drafts/{id}/check",
        Own(Draft(OfDraft::Check)),
        READ,
        &[],
        "Check a draft: faults, documents that were changed since, whom it would shut out, what is asserted and would not hold",
    ),
    route(
        POST,
        "crossgate/drafts/{id}/replay",
        Own(Draft(OfDraft::Replay)),
        READ_WITH_SIGN_INS,
        &[],
        "Decide recorded sign-ins again under a draft",
    ),
    route(
        GET,
        "crossgate/drafts/{id}/replay",
        Own(Draft(OfDraft::GetReplay)),
        READ_WITH_SIGN_INS,
        &[],
        "Get who would lose access under a draft, and who would gain it",
    ),
    route(
        DELETE,
        "crossgate/drafts/{id}/replay",
        Own(Draft(OfDraft::ForgetReplay)),
        READ_WITH_SIGN_INS,
        &[],
        "End a replay, and forget what it found",
    ),
    route(
        POST,
        "crossgate/drafts/{id}/reviews",
        Own(Draft(OfDraft::Review)),
        WRITE,
        &[],
        "Approve or reject a draft as it is",
    ),
    route(
        POST,
        "crossgate/drafts/{id}/publish",
        Own(Draft(OfDraft::Publish)),
        WRITE,
        &[],
        "Publish a draft as a whole, for all or for a share of the tenants first",
    ),
    route(
        POST,
        "crossgate/drafts/{id}/complete",
        Own(Draft(OfDraft::Complete)),
        WRITE,
        &[],
        "Publish for all what is staged",
    ),
    route(
        POST,
        "crossgate/drafts/{id}/return",
        Own(Draft(OfDraft::Return)),
        WRITE,
        &[],
        "Return a staged draft: it binds for nobody",
    ),
];
