//! Who may reach what: the decision over an immutable snapshot, and the vocabulary everything else speaks.
//!
//! Pure. No I/O, no clock, no log, no async; the same arguments give the same answer. What documents look like, how
//! tokens are verified and what a refusal looks like on the wire is not here.

pub mod context;
pub mod decide;
pub mod decision;
pub mod explanation;
pub mod ids;
pub mod snapshot;
pub mod subject;
pub mod target;

pub use decide::{
    Admitted, Caller, consents_automatically, decide, explain, explain_with_values,
    newest_revocation,
};
pub use decision::{Decision, Facts, Outcome, Permit, Reason, Refusal, Requirement, Step};
pub use explanation::{Line, NearestChange, SuppliedBy, Values, nearest_change};
