//! What is told of one decision; none of Graph's.

use super::{ComplexType, EntityType, boolean, complex, complexes, date_time, number, text, texts};

/// The decisions about the requests of one correlation id.
pub static DECISION: EntityType = EntityType {
    name: "crossgateDecision",
    key: "correlationId",
    properties: &[
        text("correlationId").read_only(),
        complexes("events", &EVENT).read_only(),
    ],
};

static EVENT: ComplexType = ComplexType {
    name: "crossgateDecisionEvent",
    properties: &[
        text("id"),
        date_time("createdDateTime"),
        text("outcome"),
        number("code"),
        text("reason"),
        text("step"),
        text("enforcement"),
        text("snapshot"),
        number("count"),
        boolean("complete"),
        text("incompleteReason"),
        complexes("steps", &STEP),
        complex("nearestChange", &NEAREST_CHANGE),
    ],
};

static STEP: ComplexType = ComplexType {
    name: "crossgateDecisionStep",
    properties: &[
        text("step"),
        text("result"),
        text("document"),
        text("property"),
        text("suppliedBy"),
        text("seen"),
        text("wanted"),
        boolean("explicit"),
        boolean("refuses"),
        text("text"),
    ],
};

static NEAREST_CHANGE: ComplexType = ComplexType {
    name: "crossgateNearestChange",
    properties: &[
        text("text"),
        text("document"),
        text("property"),
        texts("requirements"),
    ],
};
