//! Access reviews of guests.

use super::{ComplexType, EntityType, complex, complexes, date_time, open, text};

/// `accessReviewScheduleDefinition`.
pub static ACCESS_REVIEW: EntityType = EntityType {
    name: "accessReviewScheduleDefinition",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("displayName").at_creation(),
        date_time("createdDateTime").read_only(),
        date_time("lastModifiedDateTime").read_only(),
        text("status").read_only(),
        text("descriptionForAdmins"),
        text("descriptionForReviewers"),
        complex("createdBy", &USER_IDENTITY).read_only(),
        open("scope"),
        complexes("reviewers", &REVIEWER_SCOPE).initially("[]"),
        complexes("fallbackReviewers", &REVIEWER_SCOPE).initially("[]"),
        open("additionalNotificationRecipients").initially("[]"),
        open("settings"),
    ],
};

/// `accessReviewInstance`: a review has one.
pub static ACCESS_REVIEW_INSTANCE: EntityType = EntityType {
    name: "accessReviewInstance",
    key: "id",
    properties: &[
        text("id").read_only(),
        date_time("startDateTime").read_only(),
        date_time("endDateTime").read_only(),
        text("status").read_only(),
        open("scope").read_only(),
        complexes("reviewers", &REVIEWER_SCOPE)
            .read_only()
            .initially("[]"),
        complexes("fallbackReviewers", &REVIEWER_SCOPE)
            .read_only()
            .initially("[]"),
        open("errors").read_only().initially("[]"),
    ],
};

/// `accessReviewInstanceDecisionItem`.
pub static ACCESS_REVIEW_DECISION: EntityType = EntityType {
    name: "accessReviewInstanceDecisionItem",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("accessReviewId").read_only(),
        date_time("reviewedDateTime").read_only(),
        text("decision"),
        text("justification"),
        date_time("appliedDateTime").read_only(),
        text("applyResult").read_only(),
        text("recommendation").read_only(),
        complex("principal", &USER_IDENTITY).read_only(),
        complex("reviewedBy", &USER_IDENTITY).read_only(),
        open("insights").read_only().if_stored(),
    ],
};

static USER_IDENTITY: ComplexType = ComplexType {
    name: "userIdentity",
    properties: &[text("id"), text("displayName"), text("userPrincipalName")],
};

static REVIEWER_SCOPE: ComplexType = ComplexType {
    name: "accessReviewReviewerScope",
    properties: &[
        text("query"),
        text("queryType"),
        text("queryRoot"),
        open("crossgate").if_stored(),
    ],
};
