//! Whose token, of whose account: the shapes that a verified token can have, and tenants by what is written about them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crossgate_config::HomeIs;
use crossgate_policy::decision::Direction;
use crossgate_policy::ids::{Cloud, HomeTenant, Id, TenantId, UnixTime};
use crossgate_policy::snapshot::{
    Consent, ExternalTenants, Guest, PartnerSettings, RevocationKind, Snapshot,
};
use crossgate_policy::subject::{Home, HomeCloud, SubjectKind};
use crossgate_policy::target::{Resource, Target};
use crossgate_token::{IssuerKind, Issuers, Tenants};

use super::atoms::{Atoms, policies};
use super::people::{Marks, People, unnamed_tenant};
use super::search::{Goal, Search};

/// The shape of a token.
#[derive(Clone, Debug)]
pub(super) struct Skeleton {
    pub(super) issuer: TenantId,
    pub(super) home: Home,
    pub(super) kind: SubjectKind,
    pub(super) direction: Direction,
    /// Whose settings apply.
    pub(super) counterpart: Option<TenantId>,
    /// The `[[issuer]]`.
    pub(super) named: Option<Arc<str>>,
}

impl Skeleton {
    pub(super) fn is_home_issued(&self) -> bool {
        self.home.recorded_tenant() == Some(self.issuer)
    }
}

/// Everything that is written about a tenant, as far as decisions about one app go.
#[derive(Eq, Hash, PartialEq)]
struct Written {
    partner: Vec<Option<PartnerSettings>>,
    cloud: Option<Cloud>,
    published: bool,
    mentioned: Vec<bool>,
    signers: Vec<Option<Cloud>>,
    records: [BTreeSet<Marks>; 2],
    revoked: Vec<bool>,
}

impl<'a> Search<'a> {
    /// Every shape of token that may come to an app.
    pub(super) fn skeletons(&self, target: &'a Target) -> Vec<Skeleton> {
        let own = self.own();
        let mut all = Vec::new();
        let mut add = |issuer: TenantId, home: Home, named: Option<Arc<str>>| {
            if !self.may_live(home) {
                return;
            }
            let direction = direction(own, home, target.resource);
            let counterpart = match direction {
                Direction::Internal => None,
                Direction::Inbound | Direction::TenantRestricted => home.recorded_tenant(),
                Direction::Outbound => Some(resource(own, target)),
            };
            let home_issued = home.recorded_tenant() == Some(issuer);
            // A workload signs in at home alone, and Microsoft accounts have none.
            let works = home_issued && matches!(home, Home::Tenant { .. });
            let kinds = [Some(SubjectKind::User), works.then_some(SubjectKind::App)];
            for kind in kinds.into_iter().flatten() {
                all.push(Skeleton {
                    issuer,
                    home,
                    kind,
                    direction,
                    counterpart,
                    named: named.clone(),
                });
            }
        };
        let tenants = self.tenants(target);
        let owner = resource(own, target);
        // The owner of the app may say whose account it is, and is believed.
        if let Some((name, cloud)) = first_signer(self.site.issuers, owner) {
            add(
                owner,
                lives_in(owner, HomeCloud::Issuer(cloud)),
                Some(Arc::clone(&name)),
            );
            for tenant in tenants.iter().copied().chain((owner != own).then_some(own)) {
                for cloud in self.named_clouds(tenant) {
                    add(owner, lives_in(tenant, cloud), Some(Arc::clone(&name)));
                }
            }
            for home in [Home::MicrosoftAccount, Home::NoTenant] {
                add(owner, home, Some(Arc::clone(&name)));
            }
        } else if self.site.signs_in && owner == own {
            for home in [Home::MicrosoftAccount, Home::NoTenant] {
                add(owner, home, None);
            }
        }
        // Everybody else speaks for their own accounts only.
        let others = tenants.iter().copied().chain((owner != own).then_some(own));
        for tenant in others {
            for (name, cloud) in signers(self.site.issuers, tenant) {
                add(
                    tenant,
                    lives_in(tenant, HomeCloud::Issuer(cloud)),
                    Some(name),
                );
            }
        }
        let microsoft = TenantId::MICROSOFT_ACCOUNTS;
        if let Some((name, _)) = first_signer(self.site.issuers, microsoft) {
            add(microsoft, Home::MicrosoftAccount, Some(name));
        }
        all
    }

    /// Other tenants than the own one and the owner of the app, one of each class.
    fn tenants(&self, target: &'a Target) -> Vec<TenantId> {
        let own = self.own();
        let owner = resource(own, target);
        let mut named: BTreeSet<TenantId> = BTreeSet::new();
        let mut mentions: Vec<BTreeSet<TenantId>> = Vec::new();
        let mut records: BTreeMap<TenantId, Vec<&'a Guest>> = BTreeMap::new();
        for side in &self.sides {
            named.extend(side.partners.iter().map(|(tenant, _)| tenant));
            named.extend(side.partner_facts.keys());
            for record in side.guests.iter() {
                if let Some(home) = record.home_tenant {
                    records.entry(home).or_default().push(record);
                }
            }
            for policy in policies(side, self.goal, target) {
                for scope in [&policy.include, &policy.exclude] {
                    if let Some(kinds) = &scope.kinds
                        && let ExternalTenants::Enumerated(tenants) = &kinds.tenants
                    {
                        mentions.push(tenants.iter().copied().collect());
                    }
                }
            }
        }
        for condition in self.goal.conditions() {
            let homes = condition.home.iter().flatten();
            mentions.extend(homes.filter_map(|home| match home {
                HomeIs::Tenant(tenant) => Some(BTreeSet::from([*tenant])),
                HomeIs::Own | HomeIs::Other | HomeIs::Nowhere => None,
            }));
        }
        if let Goal::Reached(place) = self.goal {
            let tenant = place.document.strip_prefix("partners/");
            let tenant = tenant.and_then(TenantId::parse);
            mentions.extend(tenant.map(|tenant| BTreeSet::from([tenant])));
        }
        for issuer in self.site.issuers.iter() {
            match &issuer.kind {
                IssuerKind::Oidc { tenant, .. } => {
                    named.insert(*tenant);
                }
                IssuerKind::Entra {
                    tenants: Tenants::Only(tenants),
                } => named.extend(tenants),
                IssuerKind::Entra {
                    tenants: Tenants::Any | Tenants::AnyBut(_),
                } => {}
            }
        }
        named.extend(mentions.iter().flatten());
        named.extend(records.keys());
        named.extend([own, owner, TenantId::MICROSOFT_ACCOUNTS]);
        let unnamed = unnamed_tenant(&named);
        named.insert(unnamed);
        let mut classes: HashMap<Written, TenantId> = HashMap::new();
        for tenant in named {
            let is_other =
                tenant != own && tenant != owner && tenant != TenantId::MICROSOFT_ACCOUNTS;
            if is_other && self.may_live(lives_in(tenant, HomeCloud::Issuer(Cloud::Global))) {
                let of_tenant = records.get(&tenant).map(Vec::as_slice);
                let written =
                    self.written(target, tenant, &mentions, of_tenant.unwrap_or_default());
                classes.entry(written).or_insert(tenant);
            }
        }
        let mut tenants: Vec<TenantId> = classes.into_values().collect();
        tenants.sort_unstable();
        tenants
    }

    fn written(
        &self,
        target: &'a Target,
        tenant: TenantId,
        mentions: &[BTreeSet<TenantId>],
        records: &[&'a Guest],
    ) -> Written {
        let first = self.sides.first();
        let facts = first.and_then(|side| side.partner_facts.get(&tenant));
        let own = self.own();
        let home = lives_in(tenant, HomeCloud::Issuer(Cloud::Global));
        let classes = |issuer: TenantId| {
            if records.is_empty() {
                return BTreeSet::new();
            }
            let skeleton = Skeleton {
                issuer,
                home,
                kind: SubjectKind::User,
                direction: direction(own, home, target.resource),
                counterpart: Some(tenant),
                named: None,
            };
            let atoms = Atoms::of(&self.sides, self.goal, target, &skeleton);
            let people = People {
                sides: &self.sides,
                target,
                skeleton: &skeleton,
                atoms: &atoms,
                changed: &[],
                signed_in: self.signed_in(),
                now: self.now(),
            };
            people.recorded(records)
        };
        Written {
            partner: self
                .sides
                .iter()
                .map(|side| side.partners.get(tenant).cloned())
                .collect(),
            cloud: facts.and_then(|facts| facts.cloud),
            published: facts.is_some_and(|facts| facts.consent == Consent::Published),
            mentioned: mentions.iter().map(|of| of.contains(&tenant)).collect(),
            signers: self
                .site
                .issuers
                .iter()
                .map(|issuer| speaks_for(issuer, tenant).then_some(issuer.cloud))
                .collect(),
            records: [classes(own), classes(tenant)],
            revoked: self
                .sides
                .iter()
                .map(|side| is_revoked(side, tenant, self.signed_in()))
                .collect(),
        }
    }

    /// Whether the property may be about accounts that live there.
    fn may_live(&self, home: Home) -> bool {
        let selection = match self.goal {
            Goal::LetIn(selection) | Goal::New(selection) => selection,
            Goal::Reached(_) => return true,
        };
        let own = self.own();
        selection.all_of.home.as_ref().is_none_or(|homes| {
            homes.iter().any(|is| match (is, home) {
                (HomeIs::Own, Home::Tenant { tenant, .. }) => tenant.0 == own,
                (HomeIs::Other, Home::Tenant { tenant, .. }) => tenant.0 != own,
                (HomeIs::Nowhere, Home::MicrosoftAccount | Home::NoTenant) => true,
                (HomeIs::Tenant(tenant), home) => home.recorded_tenant() == Some(*tenant),
                (HomeIs::Own | HomeIs::Other, Home::MicrosoftAccount | Home::NoTenant)
                | (HomeIs::Nowhere, Home::Tenant { .. }) => false,
            })
        })
    }

    /// What `idp` can tell of a tenant's cloud. Where it is configured, that goes first.
    fn named_clouds(&self, tenant: TenantId) -> Vec<HomeCloud> {
        let facts = self
            .sides
            .first()
            .and_then(|side| side.partner_facts.get(&tenant));
        match facts.and_then(|facts| facts.cloud) {
            Some(cloud) => vec![HomeCloud::Named(cloud)],
            None => Cloud::ALL
                .into_iter()
                .map(HomeCloud::Named)
                .chain([HomeCloud::GlobalOrUsGov])
                .collect(),
        }
    }
}

fn direction(own: TenantId, home: Home, resource: Resource) -> Direction {
    let is_own = matches!(home, Home::Tenant { tenant, .. } if tenant.0 == own);
    match (is_own, resource) {
        (true, Resource::Own) => Direction::Internal,
        (false, Resource::Own) => Direction::Inbound,
        (true, Resource::External { .. }) => Direction::Outbound,
        (false, Resource::External { .. }) => Direction::TenantRestricted,
    }
}

const fn resource(own: TenantId, target: &Target) -> TenantId {
    match target.resource {
        Resource::Own => own,
        Resource::External { tenant, .. } => tenant.0,
    }
}

const fn lives_in(tenant: TenantId, cloud: HomeCloud) -> Home {
    Home::Tenant {
        tenant: HomeTenant(tenant),
        cloud,
    }
}

fn is_revoked(side: &Snapshot, tenant: TenantId, signed_in: UnixTime) -> bool {
    let latest = side
        .revocations
        .of(RevocationKind::Tenant, &Id::Guid(tenant.0), None);
    latest.is_some_and(|not_before| not_before > signed_in)
}

/// Who may sign tokens of a tenant's, one of each cloud.
fn signers(issuers: &Issuers, tenant: TenantId) -> Vec<(Arc<str>, Cloud)> {
    let mut signers: Vec<(Arc<str>, Cloud)> = Vec::new();
    for issuer in issuers.iter().filter(|issuer| speaks_for(issuer, tenant)) {
        if signers.iter().all(|(_, cloud)| *cloud != issuer.cloud) {
            signers.push((Arc::clone(&issuer.name), issuer.cloud));
        }
    }
    signers
}

fn first_signer(issuers: &Issuers, tenant: TenantId) -> Option<(Arc<str>, Cloud)> {
    signers(issuers, tenant).into_iter().next()
}

fn speaks_for(issuer: &crossgate_token::Issuer, tenant: TenantId) -> bool {
    match &issuer.kind {
        IssuerKind::Oidc { tenant: of, .. } => *of == tenant,
        IssuerKind::Entra { tenants } => match tenants {
            Tenants::Any => true,
            Tenants::AnyBut(but) => *but != tenant,
            Tenants::Only(tenants) => tenants.contains(&tenant),
        },
    }
}
