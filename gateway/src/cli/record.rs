//! A decision as JSON: what `decide` prints a line of, and `explain` with `--output json`.

use crossgate_policy::decision::{AccessType, Direction, Step};
use crossgate_policy::{Decision, Line, SuppliedBy};
use serde::Serialize;

/// A decision. The members come in this order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record<'a> {
    outcome: &'static str,
    status: u16,
    code: u32,
    reason: &'static str,
    step: Option<&'static str>,
    enforcement: &'static str,
    direction: Option<&'static str>,
    cross_tenant_access_type: Option<&'static str>,
    home_tenant_id: Option<String>,
    resource_tenant_id: Option<String>,
    mfa: &'static str,
    device: &'static str,
    requirements: Vec<String>,
    explanation: Vec<Explained<'a>>,
}

#[derive(Debug, Serialize)]
struct Explained<'a> {
    step: &'static str,
    document: &'a str,
    property: &'a str,
    result: &'a str,
    #[serde(flatten)]
    compared: Option<Compared<'a>>,
}

/// What a step compared, where that is told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared<'a> {
    supplied_by: Option<&'static str>,
    seen: &'a str,
    wanted: &'a str,
    explicit: bool,
    refuses: bool,
}

impl<'a> Record<'a> {
    /// The record of a decision, and of the lines that explain it.
    pub(super) fn new(decision: &Decision, lines: &'a [Line]) -> Self {
        let facts = decision.facts();
        Self {
            outcome: decision.outcome_name(),
            status: decision.status(),
            code: decision.code(),
            reason: decision.reason(),
            step: decision.step().map(Step::name),
            enforcement: decision.enforcement.name(),
            direction: facts.map(|facts| Direction::name(facts.direction)),
            cross_tenant_access_type: decision.access_type().map(AccessType::name),
            home_tenant_id: facts
                .and_then(|facts| facts.home_tenant_id())
                .map(|tenant| tenant.to_string()),
            resource_tenant_id: decision.resource_tenant.map(|tenant| tenant.0.to_string()),
            mfa: decision.mfa().name(),
            device: decision.device().name(),
            requirements: decision
                .requirements()
                .iter()
                .map(ToString::to_string)
                .collect(),
            explanation: lines.iter().map(Explained::new).collect(),
        }
    }
}

impl<'a> Explained<'a> {
    fn new(line: &'a Line) -> Self {
        let Line {
            step,
            document,
            property,
            result,
            refuses,
            values,
        } = line;
        Self {
            step: step.name(),
            document,
            property,
            result,
            compared: values.as_ref().map(|values| Compared {
                supplied_by: line.supplied_by().map(SuppliedBy::name),
                seen: &values.seen,
                wanted: &values.wanted,
                explicit: values.explicit,
                refuses: *refuses,
            }),
        }
    }
}
