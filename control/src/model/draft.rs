//! Drafts of changes to the policy. Crossgate's own.

use super::{
    ComplexType, EntityType, EnumType, boolean, choice, complex, complexes, date_time, number,
    open, text, texts,
};

/// A draft.
pub static POLICY_DRAFT: EntityType = EntityType {
    name: "policyDraft",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("displayName"),
        text("description"),
        choice("state", &STATE).read_only(),
        number("revision").read_only(),
        date_time("createdDateTime").read_only(),
        complex("createdBy", &DRAFTEE).read_only(),
        date_time("lastModifiedDateTime").read_only(),
        complex("lastModifiedBy", &DRAFTEE).read_only(),
        texts("editors").read_only().initially("[]"),
        boolean("isEditedByProgram").read_only().initially("false"),
        complexes("reviews", &REVIEW).read_only().initially("[]"),
        complex("stage", &STAGE).read_only(),
        complex("lastStage", &STAGE).read_only(),
    ],
};

/// What a draft makes of one document.
pub static DRAFT_CHANGE: EntityType = EntityType {
    name: "policyDraftChange",
    key: "id",
    properties: &[
        text("id").read_only(),
        choice("change", &CHANGE).read_only(),
        boolean("isBaseMoved").read_only(),
        number("base").read_only(),
        open("before").read_only(),
        open("after").read_only(),
        texts("needs").read_only().initially("[]"),
    ],
};

static STATE: EnumType = EnumType {
    name: "policyDraftState",
    members: &["open", "staged", "published"],
};

static CHANGE: EnumType = EnumType {
    name: "policyDraftChangeKind",
    members: &["add", "update", "delete"],
};

static DRAFTEE: ComplexType = ComplexType {
    name: "policyDraftee",
    properties: &[text("id"), text("displayName"), text("userPrincipalName")],
};

static REVIEW: ComplexType = ComplexType {
    name: "policyDraftReview",
    properties: &[
        text("decision"),
        text("comment"),
        complex("reviewedBy", &DRAFTEE),
        date_time("reviewedDateTime"),
        number("revision"),
    ],
};

static STAGE: ComplexType = ComplexType {
    name: "policyDraftStage",
    properties: &[
        number("percent"),
        text("gateway"),
        number("maxNewRefusals"),
        date_time("startedDateTime"),
        date_time("endedDateTime"),
        text("outcome"),
        text("reason"),
        texts("newRefusals"),
    ],
};
