//! One world of documents, and every combination of what is not a restriction.

use std::sync::Arc;

use crossgate_policy::context::Context;
use crossgate_policy::ids::{Cloud, Id, ResourceTenant, TenantId, UnixTime};
use crossgate_policy::snapshot::{
    AccessPolicy, AppCondition, Assignments, ByTenant, ClientApps, Controls, DefaultSettings,
    DirectoryMode, GuestDirectory, Operator, OwnTenant, PartnerSettings, PolicyState,
    RedemptionOrder, Revocations, Setting, Snapshot, TrustOverrides, UserScope,
};
use crossgate_policy::subject::Subject;
use crossgate_policy::target::{Clients, Enforcement, Resource, Target};
use crossgate_policy::{Caller, Decision, decide};

use crate::callers::{FABRIKAM, NORTHWIND, OWN, POLICY, Says, read};
use crate::settings::{APP, CLIENT, FOR_A_GROUP, OPEN, SHUT, Shape};

/// When requests are made.
pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// `default` and the partners' documents; of the settings the four that are no restrictions, in the order of [`set`].
#[derive(Clone, Copy)]
pub(crate) struct Others<'a> {
    pub(crate) default: [&'a Arc<Setting>; 4],
    pub(crate) partner: [Option<&'a Arc<Setting>>; 4],
    pub(crate) default_trust: TrustOverrides,
    pub(crate) partner_trust: TrustOverrides,
}

impl<'a> Others<'a> {
    /// The same setting everywhere in both documents, and no flag.
    pub(crate) fn all(setting: &'a Arc<Setting>) -> Self {
        Self {
            default: [setting; 4],
            partner: [Some(setting); 4],
            default_trust: TrustOverrides::default(),
            partner_trust: TrustOverrides::default(),
        }
    }
}

/// A world, changed in place: building one for each of millions of decisions would take longer than they do.
pub(crate) struct World(pub(crate) Snapshot);

impl World {
    pub(crate) fn new() -> Self {
        let mut default = DefaultSettings::initial();
        default.id = Some(POLICY);
        let demanding = AccessPolicy {
            id: "demanding".into(),
            name: "Demanding".into(),
            state: PolicyState::Enabled,
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
                compliant_device: true,
                hybrid_joined_device: true,
                terms_of_use: Box::new([]),
                strength: None,
            },
        };
        let homes = [FABRIKAM, NORTHWIND, TenantId::MICROSOFT_ACCOUNTS];
        Self(Snapshot {
            own: OwnTenant {
                id: OWN,
                cloud: Cloud::Global,
                domains: Box::new([]),
            },
            allowed_clouds: Box::new([]),
            default,
            partners: homes
                .map(|home| (home, PartnerSettings::default()))
                .into_iter()
                .collect(),
            partner_facts: ByTenant::default(),
            partner_sides: Arc::default(),
            guests: GuestDirectory::empty(DirectoryMode::Optional),
            conditional_access: [demanding].into(),
            revocations: Revocations::default(),
            assignments: Assignments::default(),
            redemption: RedemptionOrder::default(),
        })
    }

    /// Writes the same into every partner's document, so that each caller's home has it.
    fn each_partner(&mut self, mut write: impl FnMut(&mut PartnerSettings)) {
        self.0.partners.each_settings_mut(&mut write);
    }

    pub(crate) fn others(&mut self, others: &Others<'_>) {
        for (property, setting) in others.default.into_iter().enumerate() {
            *default_place(&mut self.0.default, property) = Arc::clone(setting);
        }
        self.each_partner(|partner| {
            for (property, setting) in others.partner.into_iter().enumerate() {
                *partner_place(partner, property) = setting.cloned();
            }
        });
        self.trust(others.default_trust, others.partner_trust);
    }

    pub(crate) fn trust(&mut self, default: TrustOverrides, partner: TrustOverrides) {
        self.0.default.trust = default;
        self.each_partner(|document| document.trust = partner);
    }

    pub(crate) fn restrictions(&mut self, default: &Arc<Setting>, partner: Option<&Arc<Setting>>) {
        self.0.default.tenant_restrictions = Arc::clone(default);
        self.each_partner(|document| document.tenant_restrictions = partner.cloned());
    }

    pub(crate) fn decide(
        &self,
        subject: &Subject,
        target: &Target,
        context: &Context<'_>,
    ) -> Decision {
        decide(&self.0, Caller::Verified(subject), target, context)
    }
}

fn default_place(default: &mut DefaultSettings, property: usize) -> &mut Arc<Setting> {
    [
        &mut default.collaboration_inbound,
        &mut default.collaboration_outbound,
        &mut default.direct_connect_inbound,
        &mut default.direct_connect_outbound,
    ]
    .into_iter()
    .nth(property)
    .unwrap()
}

fn partner_place(partner: &mut PartnerSettings, property: usize) -> &mut Option<Arc<Setting>> {
    [
        &mut partner.collaboration_inbound,
        &mut partner.collaboration_outbound,
        &mut partner.direct_connect_inbound,
        &mut partner.direct_connect_outbound,
    ]
    .into_iter()
    .nth(property)
    .unwrap()
}

/// Every combination of `{open, shut}` in `default` and `{absent, open, shut}` at the partner, four times: 6^4 = 1296.
pub(crate) fn every_combination<'a>(
    open: &'a Arc<Setting>,
    shut: &'a Arc<Setting>,
) -> Vec<Others<'a>> {
    let either = [open, shut];
    let maybe = [None, Some(open), Some(shut)];
    (0..6_usize.pow(4))
        .map(|number| {
            let digits = [0, 1, 2, 3].map(|place| number / 6_usize.pow(place) % 6);
            Others {
                default: digits.map(|digit| either[digit % 2]),
                partner: digits.map(|digit| maybe[digit / 2]),
                default_trust: TrustOverrides::default(),
                partner_trust: TrustOverrides::default(),
            }
        })
        .collect()
}

/// Every combination of the three flags of `inboundTrust`, each absent, true or false: 27.
pub(crate) fn every_trust() -> Vec<TrustOverrides> {
    let flag = |digit: usize| [None, Some(true), Some(false)][digit % 3];
    (0..27)
        .map(|number| TrustOverrides {
            mfa: flag(number),
            compliant_device: flag(number / 3),
            hybrid_joined_device: flag(number / 9),
        })
        .collect()
}

/// The three flags alike.
pub(crate) fn uniform_trust() -> [TrustOverrides; 3] {
    [None, Some(true), Some(false)].map(|flag| TrustOverrides {
        mfa: flag,
        compliant_device: flag,
        hybrid_joined_device: flag,
    })
}

/// One of each verdict, written by the partner or inherited.
pub(crate) fn every_verdict() -> [(Arc<Setting>, Option<Arc<Setting>>); 5] {
    [
        (OPEN, None),
        (SHUT, None),
        (SHUT, Some(OPEN)),
        (OPEN, Some(SHUT)),
        (OPEN, Some(FOR_A_GROUP)),
    ]
    .map(|(default, partner)| (default.compile(), partner.map(Shape::compile)))
}

pub(crate) fn target(resource: Resource) -> Target {
    Target {
        id: Id::new(APP),
        resource,
        enforcement: Enforcement::Enforce,
        anonymous: false,
        require_restriction_claim: false,
        auth_contexts: Box::new([]),
        clients: Clients::Any,
        app_clients: Box::new([Id::new(CLIENT)]),
        scopes: Box::new([]),
        roles: Box::new([]),
        assignment_required: false,
        assigned: Box::new([]),
    }
}

pub(crate) fn egress(tenant: TenantId, managed: bool) -> Target {
    target(Resource::External {
        tenant: ResourceTenant(tenant),
        cloud: Cloud::Global,
        managed,
    })
}

/// Runs `check` with the context that these headers make.
pub(crate) fn with_headers<T>(says: Says, check: impl FnOnce(&Context<'_>) -> T) -> T {
    let parts = says.headers();
    check(&Context {
        restriction: read(&parts),
        ..Context::at(NOW)
    })
}
