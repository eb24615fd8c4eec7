//! An observation for tests to change.

use std::sync::Arc;
use std::time::Duration;

use crossgate_policy::context::Context;
use crossgate_policy::ids::{Cloud, Guid, HomeTenant, Id, IssuerTenant, TenantId, UnixTime};
use crossgate_policy::snapshot::{
    AccessPolicy, AppCondition, Assignments, ByTenant, ClientApps, Controls, DefaultSettings,
    DirectoryMode, GuestDirectory, Operator, OwnTenant, Partners, PolicyState, RedemptionOrder,
    Revocations, Snapshot, UserScope,
};
use crossgate_policy::subject::{
    Account, Home, HomeCloud, Proofs, Subject, SubjectKind, TokenGroups,
};
use crossgate_policy::target::{Clients, Enforcement, Resource, Target};
use crossgate_policy::{Caller, Decision};
use jiff::Timestamp;
use uuid::Uuid;

use super::observation::{CalledApp, Ending, Observation, PolicyInForce, TokenFacts};
use super::queue::Slot;
use super::repeats::Seen;
use crate::request::tokens::TokenDigest;

/// One request with this token.
pub(super) fn observation(token: u128) -> Observation {
    Observation {
        trace: None,
        decision_id: Uuid::new_v4(),
        correlation_id: "cccccccc-0000-4000-8000-000000000007".into(),
        arrived: Timestamp::UNIX_EPOCH,
        shown: false,
        duration: Duration::from_millis(7),
        status: 404,
        ending: Ending::Decided(Decision::unknown_app()),
        app: Some(CalledApp {
            target: Arc::new(target()),
            name: "Payroll".into(),
        }),
        subject: None,
        token: None,
        token_digest: TokenDigest(token),
        client_address: Some([192, 0, 2, 7].into()),
        user_agent: None,
        policy: None,
        signed_in_at: None,
        restriction: None,
        partner_outbound_allowed: false,
        terms_accepted: None,
    }
}

/// Records a request as it is seen.
pub(super) fn record(slot: Slot, observation: Observation) {
    let app = observation.app.clone();
    let seen = Seen {
        token: observation.token_digest,
        app: app.as_ref().map(|app| &app.target.id),
        outcome: observation.ending.outcome(),
        reason: observation.ending.reason(),
        client_address: observation.client_address,
        generation: 0,
        arrived: observation.arrived,
        by_itself: observation.shown || observation.signed_in_at.is_some(),
    };
    slot.record(&seen, || observation);
}

/// The same, so many seconds later.
pub(super) fn asked_at(observation: Observation, seconds: i64) -> Observation {
    Observation {
        arrived: Timestamp::from_second(seconds).unwrap(),
        ..observation
    }
}

/// One request of this caller, decided by this policy for [`target`].
pub(super) fn decided(snapshot: Snapshot, subject: Option<Subject>) -> Observation {
    let target = target();
    let caller = subject.as_ref().map_or(Caller::Anonymous, Caller::Verified);
    let context = Context {
        client_ip: Some([192, 0, 2, 7].into()),
        ..Context::at(UnixTime::from_secs(0))
    };
    let decision = crossgate_policy::decide(&snapshot, caller, &target, &context);
    Observation {
        status: decision.status(),
        ending: Ending::Decided(decision),
        policy: Some(PolicyInForce {
            snapshot: Arc::new(snapshot),
            generation: 3,
            hash: "content".into(),
            key_set_generation: 5,
            over: None,
        }),
        token: subject.is_some().then(|| {
            Arc::new(TokenFacts {
                issuer: "entra".into(),
                entra: true,
                display_name: Some("Ada \"the first\" Lovelace".into()),
                unique_token_identifier: Some("uti-1".into()),
                ..TokenFacts::default()
            })
        }),
        subject: subject.map(Arc::new),
        ..observation(1)
    }
}

pub(super) const OWN: TenantId = TenantId(Guid::from_u128(1));
pub(super) const PARTNER: TenantId = TenantId(Guid::from_u128(2));

/// Entra's initial values.
pub(super) fn snapshot() -> Snapshot {
    Snapshot {
        own: OwnTenant {
            id: OWN,
            cloud: Cloud::Global,
            domains: Box::default(),
        },
        allowed_clouds: Box::default(),
        default: DefaultSettings::initial(),
        partners: Partners::default(),
        partner_facts: ByTenant::default(),
        partner_sides: Arc::default(),
        guests: GuestDirectory::empty(DirectoryMode::Optional),
        conditional_access: std::sync::Arc::default(),
        revocations: Revocations::default(),
        assignments: Assignments::default(),
        redemption: RedemptionOrder::default(),
    }
}

/// A person of the partner, with a token of the own tenant.
pub(crate) fn guest() -> Subject {
    Subject {
        issuer: IssuerTenant(OWN),
        home: Home::Tenant {
            tenant: HomeTenant(PARTNER),
            cloud: HomeCloud::Named(Cloud::Global),
        },
        kind: SubjectKind::User,
        user_id: Some(Id::new("ada")),
        home_oid: None,
        groups: TokenGroups::default(),
        directory_roles: Arc::default(),
        account: Account::Unstated,
        app_roles: Arc::default(),
        scopes: Arc::default(),
        client: Some(Id::new("client")),
        proofs: Proofs::default(),
        auth_contexts: Arc::default(),
        session: None,
        token_id: None,
        jwt_id: None,
        authenticated_at: None,
        restriction_policy: None,
    }
}

/// A Conditional Access policy that demands MFA of everyone.
pub(super) fn mfa_for_everyone(state: PolicyState) -> AccessPolicy {
    AccessPolicy {
        id: "mfa".into(),
        name: "MFA for everyone".into(),
        state,
        include: UserScope {
            all: true,
            ..UserScope::default()
        },
        exclude: UserScope::default(),
        apps: AppCondition {
            all: true,
            ..AppCondition::default()
        },
        client_apps: ClientApps::Modern,
        locations: None,
        controls: Controls {
            operator: Operator::And,
            block: false,
            mfa: true,
            compliant_device: false,
            hybrid_joined_device: false,
            terms_of_use: Box::default(),
            strength: None,
        },
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
