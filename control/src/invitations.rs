//! Invitations: who is invited, and what becomes of it. A ticket is kept as a digest, counts until the invitation is accepted or
//! expires, and is found in no history.

use crossgate_config::Settings;
use crossgate_graph::{Compiled, CrossTenantVerdict, InvitationVerdict};
use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::snapshot::{Access, PartnerSettings};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::api::error::ApiError;
use crate::audit::{Activity, Attempt, Initiator, TargetResource, modified};
use crate::document::{Address, DocumentKind, Write};
use crate::expiry;
use crate::home;
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::secret::{Fingerprint, Secret};
use crate::store::{Store, StoreError};
use crate::text::Document;

/// An invitation that is open.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The guest that it makes.
    pub guest: String,
    /// Whom it is for: only the owner of this address can accept it.
    pub address: String,
    /// What it was opened by says; where nothing was, the newest of them.
    pub offer: Offer,
    tickets: Vec<Ticket>,
}

/// What an inviter said, and until when it counts. Several may invite the same guest; the link of one never speaks for another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offer {
    /// Where the guest goes afterwards.
    pub redirect: String,
    /// Who invited, as people are told.
    pub inviter: Option<String>,
    /// When it counts no more.
    pub expires: Timestamp,
}

/// One link.
#[derive(Clone, Debug)]
struct Ticket {
    fingerprint: Fingerprint,
    offer: Offer,
}

/// Who accepts, by the word of whoever they signed in with.
#[derive(Clone, Debug)]
pub enum Acceptance {
    /// A user of a tenant.
    Tenant {
        /// Their tenant.
        tenant: TenantId,
        /// Their id there.
        user: Id,
    },
    /// Somebody without a tenant, who is known to this provider as guest records name it.
    Account {
        /// The provider.
        issuer: String,
        /// Their account there, where it has an id.
        assigned: Option<String>,
    },
}

/// Why nobody may be invited with an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotInvitable {
    /// It is one of the own tenant's.
    Own,
    /// The list of domains does not admit it.
    Domain,
    /// The cross-tenant settings let nobody of its organisation in.
    CrossTenant,
}

impl NotInvitable {
    /// What the inviter, or the guest, is told.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Own => "the address is one of the own organization's, whose people are no guests",
            Self::Domain => {
                "the domain of this address may not be invited, by the list of allowed or blocked domains"
            }
            Self::CrossTenant => {
                "nobody of this address's organization may come in, by the cross-tenant access settings"
            }
        }
    }
}

/// Whether somebody with this address may become a guest: the list of domains and the cross-tenant settings must both agree.
///
/// # Errors
/// They do not.
pub fn invitable(
    address: &str,
    policy: &Compiled,
    settings: &Settings,
) -> Result<(), NotInvitable> {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let is = |domains: &[String]| domains.iter().any(|own| own.eq_ignore_ascii_case(domain));
    if is(&settings.tenant.domains) {
        return Err(NotInvitable::Own);
    }
    let mut partners = settings.partners.iter();
    let tenant = partners.find(|partner| is(&partner.domains));
    let verdict = match tenant.map(|partner| partner.tenant) {
        // Nothing of cross-tenant settings applies to who has no tenant.
        None => CrossTenantVerdict::Admits,
        Some(tenant) => cross_tenant(policy, tenant),
    };
    match policy
        .external_collaboration
        .invitation_verdict(domain, verdict)
    {
        InvitationVerdict::Allowed => Ok(()),
        InvitationVerdict::DomainRefused => Err(NotInvitable::Domain),
        InvitationVerdict::CrossTenantRefused => Err(NotInvitable::CrossTenant),
    }
}

/// Whether any user of a tenant may come in as a guest.
pub(crate) fn admits_tenant(policy: &Compiled, tenant: TenantId) -> bool {
    cross_tenant(policy, tenant) == CrossTenantVerdict::Admits
}

/// Whether any user of a tenant may come in. Which one it will be is known when they do.
fn cross_tenant(policy: &Compiled, tenant: TenantId) -> CrossTenantVerdict {
    let of_partner = policy.partners.get(tenant);
    let written =
        of_partner.and_then(|partner: &PartnerSettings| partner.collaboration_inbound.as_ref());
    let users = &written
        .unwrap_or(&policy.default.collaboration_inbound)
        .users;
    match (users.access, users.everyone) {
        (Access::Blocked, true) => CrossTenantVerdict::Refuses,
        (Access::Blocked, false) | (Access::Allowed, true | false) => CrossTenantVerdict::Admits,
    }
}

impl Invited {
    /// The document that keeps it, with one more ticket for what an inviter said, in place of one that was never used. Of many the newest
    /// count.
    #[must_use]
    pub fn kept_with(&self, ticket: &Secret, offer: &Offer, in_place_of: Option<&str>) -> Write {
        let mut tickets = self.tickets.clone();
        tickets.retain(|kept| in_place_of != Some(kept.fingerprint.to_string().as_str()));
        tickets.push(Ticket {
            fingerprint: ticket.fingerprint(),
            offer: offer.clone(),
        });
        let surplus = tickets.len().saturating_sub(MOST_TICKETS);
        tickets.drain(..surplus);
        let mut document = Document::default();
        document.set("id", &json!(self.guest));
        document.set("address", &json!(self.address));
        self.offer.write(&mut document);
        let tickets = tickets.iter().map(|ticket| {
            let mut kept = Document::default();
            kept.set("ticket", &json!(ticket.fingerprint.to_string()));
            ticket.offer.write(&mut kept);
            Value::Object(kept.members())
        });
        document.set("tickets", &tickets.collect());
        Write {
            address: address_of(&self.guest),
            text: Some(document.to_text().into()),
        }
    }

    /// A new one, which no ticket opens yet.
    #[must_use]
    pub fn new(guest: &str, address: &str, redirect: &str, inviter: Option<&str>) -> Self {
        Self {
            guest: guest.to_owned(),
            address: address.to_owned(),
            offer: Offer {
                redirect: redirect.to_owned(),
                inviter: inviter.map(str::to_owned),
                expires: Timestamp::now() + LIFETIME,
            },
            tickets: Vec::new(),
        }
    }

    /// The same as one of those who invited made it.
    pub(crate) fn of(self, offer: Offer) -> Self {
        Self { offer, ..self }
    }

    /// The same where the tickets of one before count on.
    #[must_use]
    pub fn with_tickets_of(mut self, before: Option<Self>) -> Self {
        let same = before.filter(|before| before.address.eq_ignore_ascii_case(&self.address));
        self.tickets = same.map_or_else(Vec::new, |before| before.tickets);
        self
    }

    /// The one of a guest, whether it can still be accepted or not.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn read(store: &dyn Store, guest: &str) -> Result<Option<Self>, StoreError> {
        let Some(stored) = store.get(&address_of(guest))? else {
            return Ok(None);
        };
        let corrupt = || StoreError::Corrupt(format!("{}: no invitation", stored.address));
        let document = Document::parse(&stored.text).map_err(|_| corrupt())?;
        let text = |name: &str| document.text_of(name);
        let offer = Offer::read(&document).ok_or_else(corrupt)?;
        let tickets = document.get("tickets").unwrap_or(Value::Null);
        let tickets = tickets.as_array().into_iter().flatten();
        let invited = Self {
            guest: guest.to_owned(),
            address: text("address").ok_or_else(corrupt)?,
            tickets: tickets
                .filter_map(|kept| {
                    let kept = Document::of(kept.as_object()?);
                    Some(Ticket {
                        fingerprint: Fingerprint::parse(&kept.text_of("ticket")?)?,
                        offer: Offer::read(&kept)?,
                    })
                })
                .collect(),
            offer,
        };
        Ok(Some(invited))
    }

    /// The same as whoever holds this ticket is to know it; `None` where it opens nothing any more.
    fn opened_by(self, ticket: &str, now: Timestamp) -> Option<Self> {
        // All are looked at, so that it takes as long whichever fits.
        let mut fitting = None;
        for kept in self
            .tickets
            .iter()
            .filter(|kept| kept.fingerprint.fits(ticket))
        {
            fitting = Some(kept.offer.clone());
        }
        let offer = fitting.filter(|offer| now < offer.expires)?;
        Some(self.of(offer))
    }
}

impl Offer {
    /// The one that a document tells of.
    pub(crate) fn read(document: &Document) -> Option<Self> {
        Some(Self {
            redirect: document.text_of("redirectUrl")?,
            inviter: document.text_of("inviter"),
            expires: document.text_of("expires")?.parse().ok()?,
        })
    }

    pub(crate) fn write(&self, document: &mut Document) {
        document.set("redirectUrl", &json!(self.redirect));
        document.set("inviter", &json!(self.inviter));
        document.set("expires", &json!(self.expires.to_string()));
    }
}

/// The open invitation that a ticket is for.
///
/// # Errors
/// The store cannot be read.
pub fn find(ledger: &Ledger, guest: &str, ticket: &str) -> Result<Option<Invited>, ApiError> {
    let guest = Id::new(guest).to_string();
    let invited = Invited::read(ledger.store(), &guest)?;
    Ok(invited.and_then(|invited| invited.opened_by(ticket, Timestamp::now())))
}

/// The open invitation of a guest who can still accept, as the store has it.
///
/// # Errors
/// The store cannot be read.
pub fn open_in(store: &dyn Store, guest: &str) -> Result<Option<Invited>, StoreError> {
    let Some(invited) = Invited::read(store, guest)? else {
        return Ok(None);
    };
    let stored = store.get(&Address::new(DocumentKind::Guest, guest))?;
    let record = stored.and_then(|stored| Document::parse(&stored.text).ok());
    let open = record.is_some_and(|record| is_open(&record, &invited.address));
    Ok((open && Timestamp::now() < invited.offer.expires).then_some(invited))
}

/// Accepts an invitation, once, whoever else tries at the same time: the guest is one from now on, and the tickets open nothing more. Answers
/// where the link leads.
///
/// `owned` is the address that the person has shown to be theirs: the invitation and the record must be for it when they accept. `ticket` is
/// `None` where they came by the app itself.
///
/// # Errors
/// It is not open any more, or the guest may not come in any more.
pub fn accept(
    ledger: &Ledger,
    (guest, owned): (&str, &str),
    ticket: Option<&str>,
    acceptance: &Acceptance,
) -> Result<Option<String>, ApiError> {
    let guest = Id::new(guest).to_string();
    let address = Address::new(DocumentKind::Guest, &guest);
    let attempt = attempt(REDEEM, &guest);
    let settings = ledger.enforcer().settings();
    let mut redirect = None;
    ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, standing| {
        let gone = || {
            ApiError::not_found("the invitation was accepted before, is too old, or was taken back")
        };
        let now = Timestamp::now();
        let invited = Invited::read(store, &guest)?;
        let invited = invited.and_then(|invited| match ticket {
            Some(ticket) => invited.opened_by(ticket, now),
            None => Some(invited).filter(|invited| now < invited.offer.expires),
        });
        let invited = invited.filter(|invited| invited.address.eq_ignore_ascii_case(owned));
        let invited = invited.ok_or_else(gone)?;
        let stored = store.get(&address)?.ok_or_else(gone)?;
        let before = Document::parse(&stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
        if !is_open(&before, owned) {
            return Err(gone());
        }
        invitable(owned, &standing.compiled(), &settings)
            .map_err(|why| ApiError::denied(why.told().to_owned()))?;
        let mut after = before.clone();
        accepted(&mut after, acceptance, now);
        // Who came by the app itself was sent by none of the inviters, and stays there.
        redirect = ticket.map(|_| invited.offer.redirect);
        Ok(Some(Planned {
            modified: modified(Some(&before), Some(&after)),
            writes: vec![
                Write {
                    address: address.clone(),
                    text: Some(after.to_text().into()),
                },
                Write {
                    address: address_of(&guest),
                    text: None,
                },
            ],
            details: Vec::new(),
        }))
    })?;
    Ok(redirect)
}

/// Where a guest accepts.
#[must_use]
pub fn link(origin: &str, guest: &str, ticket: &Secret) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("user", guest);
    query.append_pair("ticket", ticket.expose());
    format!("{origin}/.crossgate/redeem?{}", query.finish())
}

/// Whether a record can still be accepted by the owner of this address.
fn is_open(guest: &Document, owned: &str) -> bool {
    let text = |name: &str| guest.text_of(name);
    text("externalUserState").as_deref() == Some(PENDING)
        && text("deletedDateTime").is_none()
        && guest.get("accountEnabled") != Some(Value::Bool(false))
        && expiry::end_of(guest).is_none_or(|ends| Timestamp::now() < ends)
        && text("mail").is_some_and(|mail| mail.eq_ignore_ascii_case(owned))
}

/// What of a guest's record says who they are from now on.
pub(crate) fn accepted(document: &mut Document, acceptance: &Acceptance, now: Timestamp) {
    document.set("externalUserState", &json!("Accepted"));
    let now = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    document.set("externalUserStateChangeDateTime", &json!(now));
    let mut home = Map::new();
    let (issuer, assigned) = match acceptance {
        Acceptance::Tenant { tenant, user } => {
            home.insert("homeTenantId".to_owned(), json!(tenant.to_string()));
            home.insert("homeUserId".to_owned(), json!(user.to_string()));
            let is_personal = *tenant == TenantId::MICROSOFT_ACCOUNTS;
            let issuer = if is_personal {
                "MicrosoftAccount"
            } else {
                "ExternalAzureAD"
            };
            (issuer, None)
        }
        Acceptance::Account { issuer, assigned } => (issuer.as_str(), assigned.as_deref()),
    };
    home.insert("consentGiven".to_owned(), json!(true));
    let identity =
        json!({"signInType": "federated", "issuer": issuer, "issuerAssignedId": assigned});
    let mut identities = home::own_identities(document);
    identities.push(identity);
    document.set("identities", &json!(identities));
    home::set(document, home);
}

/// An attempt of this program's own, for a guest.
fn attempt(activity: Activity, guest: &str) -> Attempt<'static> {
    Attempt {
        activity,
        by: Initiator::Program("Crossgate invitations"),
        correlation: Uuid::new_v4(),
        target: TargetResource {
            id: guest.to_owned(),
            name: None,
            kind: "User",
        },
        details: Vec::new(),
    }
}

/// Where an invitation is kept.
#[must_use]
pub fn address_of(guest: &str) -> Address {
    Address::new(DocumentKind::Invitation, guest)
}

/// `externalUserState` of a guest who has not accepted yet.
pub const PENDING: &str = "PendingAcceptance";

const REDEEM: Activity = Activity::new("UserManagement", "Update", "Redeem external user invite");

/// As long as people are away.
const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Links that count at a time: one that was answered, and those of the newest mails.
const MOST_TICKETS: usize = 4;
