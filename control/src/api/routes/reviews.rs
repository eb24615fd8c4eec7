//! What the API serves of access reviews.

use super::super::listed::{OF_MANY, OF_ONE};
use super::Need::Always;
use super::Operation::{List, Special as Own};
use super::Verb::{Delete as DELETE, Get as GET, Patch as PATCH, Post as POST};
use super::table::route;
use super::{Route, Special};
use crate::resource;
use crate::roles::Action;

pub(super) const ROUTES: &[Route] = &[
    route(
        GET,
        "identityGovernance/accessReviews/definitions",
        List(&resource::ACCESS_REVIEWS),
        &[Always(Action::AccessReviewsRead)],
        OF_MANY,
        "List access reviews",
    ),
    route(
        POST,
        "identityGovernance/accessReviews/definitions",
        Own(Special::CreateReview),
        &[Always(Action::AccessReviewsManage)],
        &[],
        "Create an access review of guests",
    ),
    route(
        GET,
        "identityGovernance/accessReviews/definitions/{id}",
        Own(Special::GetReview),
        &[Always(Action::AccessReviewsRead)],
        OF_ONE,
        "Get an access review",
    ),
    route(
        DELETE,
        "identityGovernance/accessReviews/definitions/{id}",
        Own(Special::DeleteReview),
        &[Always(Action::AccessReviewsManage)],
        &[],
        "Delete an access review, with what was decided in it",
    ),
    route(
        GET,
        "identityGovernance/accessReviews/definitions/{id}/instances",
        Own(Special::ListReviewInstances),
        &[Always(Action::AccessReviewsRead)],
        OF_MANY,
        "List the instances of an access review, of which there is one",
    ),
    route(
        GET,
        "identityGovernance/accessReviews/definitions/{id}/instances/{instanceId}",
        Own(Special::GetReviewInstance),
        &[Always(Action::AccessReviewsRead)],
        OF_ONE,
        "Get an instance of an access review",
    ),
    route(
        GET,
        "identityGovernance/accessReviews/definitions/{id}/instances/{instanceId}/decisions",
        Own(Special::ListReviewDecisions),
        &[Always(Action::AccessReviewsRead)],
        OF_MANY,
        "List what is decided of guests",
    ),
    route(
        GET,
        "identityGovernance/accessReviews/definitions/{id}/instances/{instanceId}/decisions/{decisionId}",
        Own(Special::GetReviewDecision),
        &[Always(Action::AccessReviewsRead)],
        OF_ONE,
        "Get what is decided of a guest",
    ),
    route(
        PATCH,
        "identityGovernance/accessReviews/definitions/{id}/instances/{instanceId}/decisions/{decisionId}",
        Own(Special::DecideInReview),
        &[Always(Action::AccessReviewsManage)],
        &[],
        "Decide whether a guest stays",
    ),
    route(
        POST,
        "identityGovernance/accessReviews/definitions/{id}/instances/{instanceId}/batchRecordDecisions",
        Own(Special::RecordDecisions),
        &[Always(Action::AccessReviewsManage)],
        &[],
        "Decide the same of many guests",
    ),
    route(
        POST,
        "identityGovernance/accessReviews/definitions/{id}/instances/{instanceId}/acceptRecommendations",
        Own(Special::AcceptRecommendations),
        &[Always(Action::AccessReviewsManage)],
        &[],
        "Decide as is recommended where nobody has decided",
    ),
    route(
        POST,
        "identityGovernance/accessReviews/definitions/{id}/instances/{instanceId}/stop",
        Own(Special::StopReview),
        &[Always(Action::AccessReviewsManage)],
        &[],
        "End an access review before its time",
    ),
    route(
        POST,
        "identityGovernance/accessReviews/definitions/{id}/instances/{instanceId}/applyDecisions",
        Own(Special::ApplyReview),
        &[Always(Action::AccessReviewsManage)],
        &[],
        "Remove the guests who are denied",
    ),
    route(
        POST,
        "identityGovernance/accessReviews/definitions/{id}/instances/{instanceId}/sendReminder",
        Own(Special::RemindReviewers),
        &[Always(Action::AccessReviewsManage)],
        &[],
        "Remind the reviewers",
    ),
];
