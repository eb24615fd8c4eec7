//! Who signs up: by the word of their provider, with an address that it vouches for.

use std::sync::Arc;

use crossgate_control::invitations::Acceptance;
use crossgate_control::signing_up::Applicant;
use crossgate_graph::UserFlow;
use crossgate_policy::decision::Step;
use crossgate_policy::ids::{Guid, Id, TenantId};
use crossgate_policy::snapshot::{
    Guest, GuestDirectory, GuestRecords, Redemption, Snapshot, UserType,
};
use crossgate_policy::subject::Home;
use crossgate_portal::attempt::Attempt;
use crossgate_portal::return_path::ReturnPath;
use serde_json::{Map, Value, json};

use super::super::PersonSession;
use super::super::call::Call;
use super::super::guests::Acquaintance;
use super::super::me::name;
use super::super::provider::{Class, Provider, SpeaksFor};
use super::super::redeem::{Way, names};
use crate::request::admit::admit_by;
use crate::request::route::App;

/// Somebody who came from a provider that speaks for no tenant, and whom no record knows.
#[derive(Clone)]
pub(in super::super) struct Stranger {
    /// The sign-in, which goes on once they are a guest.
    pub(in super::super) attempt: Attempt,
    /// Who they are.
    pub(in super::super) who: Acquaintance,
}

/// Somebody who signs up.
#[derive(Clone)]
pub(super) struct Candidate {
    pub(super) applicant: Applicant,
    pub(super) origin: Origin,
}

/// How they came.
#[derive(Clone)]
pub(super) enum Origin {
    /// They are signed in, by a token of their home organisation, and go here afterwards.
    Session { return_to: ReturnPath },
    /// From their provider; the sign-in goes on afterwards.
    Provider(Box<Stranger>),
}

impl Candidate {
    /// Whoever is signed in by a tenant's token; `None` where the provider vouches for none of their addresses.
    pub(super) fn of_session(
        call: &Call<'_>,
        session: &PersonSession,
        app: &App,
        return_to: ReturnPath,
    ) -> Option<Self> {
        let token = session.subject.token()?;
        let addresses = names(call, session, &token, Way::SignUp);
        let addresses: Vec<String> = addresses.into_iter().map(str::to_owned).collect();
        let (tenant, user) = home(session)?;
        let applicant = Applicant {
            identity: Acceptance::Tenant { tenant, user },
            provider: session.provider.to_string(),
            name: name(&token).map(str::to_owned),
            ..applicant(call, app, addresses)?
        };
        Some(Self {
            applicant,
            origin: Origin::Session { return_to },
        })
    }

    /// Whoever a provider without a tenant tells of; `None` where it vouches for no address of theirs.
    pub(super) fn of_stranger(
        call: &Call<'_>,
        provider: &Provider,
        app: &App,
        stranger: Stranger,
    ) -> Option<Self> {
        let SpeaksFor::Guests(voucher) = &provider.speaks_for else {
            return None;
        };
        let mail = stranger.who.mail.clone()?;
        let order = &call.in_force.snapshot.redemption;
        // Those that lead there; and of social accounts, which confirm addresses of others, those that lead to no organisation.
        let vouches = match call.settings.of_address(&mail, order) {
            Some(leads) => {
                leads.name == provider.name
                    || provider.class() == Class::Social && leads.class() == Class::Passcode
            }
            None => provider.class() == Class::Social,
        };
        if !vouches {
            return None;
        }
        let applicant = Applicant {
            identity: Acceptance::Account {
                issuer: voucher.identity_provider()?.to_owned(),
                assigned: stranger.who.id.clone(),
            },
            provider: provider.name.clone(),
            name: stranger.who.name.clone(),
            ..applicant(call, app, vec![mail])?
        };
        Some(Self {
            applicant,
            origin: Origin::Provider(Box::new(stranger)),
        })
    }

    /// Whether it is who is signed in here.
    pub(super) fn is_of(&self, session: &PersonSession) -> bool {
        let Some((tenant, user)) = home(session) else {
            return false;
        };
        match &self.applicant.identity {
            Acceptance::Tenant {
                tenant: own,
                user: own_user,
            } => {
                *own == tenant && *own_user == user && *self.applicant.provider == *session.provider
            }
            Acceptance::Account { .. } => false,
        }
    }

    /// The home tenant, where there is one.
    pub(super) const fn tenant(&self) -> Option<TenantId> {
        match &self.applicant.identity {
            Acceptance::Tenant { tenant, .. } => Some(*tenant),
            Acceptance::Account { .. } => None,
        }
    }

    /// Where they go afterwards.
    pub(super) fn path(&self) -> &str {
        match &self.origin {
            Origin::Session { return_to } => return_to.as_str(),
            Origin::Provider(stranger) => stranger.attempt.return_to.as_str(),
        }
    }

    /// Whether the app would let them in by the cross-tenant settings, were they a guest: decided as it will be, by a directory that has
    /// them alone.
    pub(super) fn would_come_in(&self, call: &Call<'_>) -> bool {
        let (Origin::Session { return_to }, Acceptance::Tenant { tenant, user }) =
            (&self.origin, &self.applicant.identity)
        else {
            // No setting is about people without a tenant.
            return true;
        };
        let Some(session) = &call.session else {
            return false;
        };
        let token = session.subject.token();
        let now = call
            .in_force
            .policy_for(token.as_ref().map(|token| &*token.subject));
        let record = Guest {
            id: Id::Guid(Guid::from_u128(1)),
            home_tenant: Some(*tenant),
            home_user_id: Some(user.clone()),
            home_groups: None,
            home_groups_complete: false,
            user_type: UserType::Guest,
            deleted: false,
            enabled: true,
            expires: None,
            redemption: Redemption::Accepted,
            consent_given: true,
            sign_in: None,
        };
        let records = GuestRecords::new(vec![record], |_| {});
        let then = Snapshot {
            guests: GuestDirectory::new(now.guests.mode(), Arc::new(records)),
            ..Snapshot::clone(now)
        };
        let app = super::app_of(call, return_to.as_str());
        let target = &app.called.target;
        let decision = admit_by(&then, call, target, &session.subject, &[]);
        match &decision.outcome {
            Ok(()) => true,
            Err(refusal) => !matches!(refusal.step, Some(Step::Cloud | Step::Inbound)),
        }
    }

    /// What is known of them that the flow asks.
    pub(super) fn known(&self, flow: &UserFlow) -> Map<String, Value> {
        let mut known = Map::new();
        let asks = flow.attributes.iter().any(|asked| *asked.id == *NAME);
        if let Some(name) = self.applicant.name.as_ref().filter(|_| asks) {
            known.insert(NAME.to_owned(), json!(name));
        }
        known
    }

    /// What a connector is told of them.
    pub(super) fn told(&self, values: &Map<String, Value>, call: &Call<'_>) -> Map<String, Value> {
        let mut told = Map::new();
        let address = self.applicant.address();
        told.insert("email".to_owned(), json!(address));
        if let Acceptance::Account { issuer, assigned } = &self.applicant.identity {
            let assigned = assigned.as_deref().unwrap_or(address);
            let identity =
                json!({"signInType": "federated", "issuer": issuer, "issuerAssignedId": assigned});
            told.insert("identities".to_owned(), json!([identity]));
        }
        if let Some(name) = &self.applicant.name {
            told.insert(NAME.to_owned(), json!(name));
        }
        told.extend(values.clone());
        told.insert("ui_locales".to_owned(), json!(call.language().tag()));
        told
    }
}

/// The home identity of whoever is signed in.
fn home(session: &PersonSession) -> Option<(TenantId, Id)> {
    let token = session.subject.token()?;
    let user = token.subject.user_id.clone()?;
    match token.subject.home {
        Home::Tenant { tenant, .. } => Some((tenant.0, user)),
        Home::MicrosoftAccount => Some((TenantId::MICROSOFT_ACCOUNTS, user)),
        Home::NoTenant => None,
    }
}

/// What all have; `None` where there is no address.
fn applicant(call: &Call<'_>, app: &App, addresses: Vec<String>) -> Option<Applicant> {
    let addresses: Vec<String> = addresses
        .into_iter()
        .filter(|address| crossgate_control::inviting::is_address(address))
        .collect();
    (!addresses.is_empty()).then(|| Applicant {
        // Each has one of its own.
        identity: Acceptance::Account {
            issuer: String::new(),
            assigned: None,
        },
        addresses,
        provider: String::new(),
        app: app.called.target.id.clone(),
        name: None,
        language: call.language().tag().to_owned(),
        origin: call.origin.clone(),
    })
}

const NAME: &str = "displayName";
