//! An observation for tests to change.

use std::sync::Arc;
use std::time::Duration;

use crossgate_policy::Decision;
use crossgate_policy::ids::Id;
use crossgate_policy::target::{Clients, Enforcement, Resource, Target};
use jiff::Timestamp;
use uuid::Uuid;

use super::observation::{CalledApp, Ending, Observation};

/// One request with this token.
pub(super) fn observation(token: u128) -> Observation {
    Observation {
        decision_id: Uuid::new_v4(),
        correlation_id: "cccccccc-0000-4000-8000-000000000007".into(),
        arrived: Timestamp::UNIX_EPOCH,
        duration: Duration::from_millis(7),
        status: 404,
        ending: Ending::Decided(Decision::unknown_app()),
        app: Some(CalledApp {
            target: Arc::new(target()),
            name: "Payroll".into(),
        }),
        subject: None,
        token: None,
        token_digest: token,
        client_address: Some([192, 0, 2, 7].into()),
        user_agent: None,
        policy: None,
        restriction: None,
        partner_outbound_allowed: false,
    }
}

/// The same, so many seconds later.
pub(super) fn asked_at(observation: Observation, seconds: i64) -> Observation {
    Observation {
        arrived: Timestamp::from_second(seconds).unwrap(),
        ..observation
    }
}

/// An app of the own tenant that demands nothing.
pub(super) fn target() -> Target {
    Target {
        id: Id::new("aaaaaaaa-0000-4000-8000-000000000001"),
        resource: Resource::Own,
        enforcement: Enforcement::Enforce,
        anonymous: false,
        require_restriction_claim: false,
        auth_contexts: Box::default(),
        clients: Clients::Any,
        app_clients: Box::default(),
        scopes: Box::default(),
        roles: Box::default(),
        assignment_required: false,
        assigned: Box::default(),
    }
}
