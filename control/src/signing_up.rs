//! Self-service sign-up: somebody without a record becomes a guest by the user flow of an app, or waits for approval.

use std::net::IpAddr;
use std::sync::Arc;

use crossgate_config::Settings;
use crossgate_graph::{Compiled, UserFlow, is_custom};
use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::snapshot::{Guest, Redemption};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::administrator::{Administrator, Credential, Person};
use crate::api::error::ApiError;
use crate::api::users::now;
use crate::audit::{Activity, Attempt, Initiator, Outcome, TargetResource, modified};
use crate::delegation::Thing;
use crate::document::{Address, DocumentKind, Write};
use crate::expiry;
use crate::home;
use crate::invitations::{Acceptance, NotInvitable, accepted, admits_tenant, invitable};
use crate::inviting::user_principal_name;
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::resource::{SIGN_UP_REQUESTS, USERS};
use crate::roles::{ScopeSet, Standing};
use crate::sign_up_requests::{self, Standing as RequestStanding};
use crate::text::Document;

/// Who signs up, where and with what.
#[derive(Clone, Debug)]
pub struct Applicant {
    /// Who they are by the word of their provider.
    pub identity: Acceptance,
    /// The addresses that the provider vouches for. INVARIANT: not empty; the first is the guest's.
    pub addresses: Vec<String>,
    /// The `[[provider]]` that they signed in at.
    pub provider: String,
    /// The app that they came for.
    pub app: Id,
    /// What they are called by their provider.
    pub name: Option<String>,
    /// The language they read.
    pub language: String,
    /// The origin of the app, where they were.
    pub origin: String,
}

/// What became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SignedUp {
    /// They are a guest from now on, with this record.
    Guest(Id),
    /// They were one already, with this record.
    Already(Id),
    /// They wait for approval.
    Waits,
}

/// Why somebody cannot sign up.
#[derive(Clone, Debug)]
pub enum NotSignedUp {
    /// No flow takes them, or no more.
    NoFlow,
    /// Who they are cannot become a guest.
    NotInvitable(NotInvitable),
    /// They have an invitation to accept.
    Invited,
    /// They have a record, which lets them in no more.
    Known,
    /// They were denied before.
    Denied,
    /// Too many wait for approval.
    Full,
    /// The store does not do what it should.
    Fault(ApiError),
}

impl NotSignedUp {
    /// For the audit.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::NoFlow => "no user flow takes them any more".to_owned(),
            Self::NotInvitable(why) => why.told().to_owned(),
            Self::Invited => "they have an invitation to accept".to_owned(),
            Self::Known => {
                "they have a record, which was disabled, deleted, or given to somebody else"
                    .to_owned()
            }
            Self::Denied => "they were denied before".to_owned(),
            Self::Full => "too many wait for approval".to_owned(),
            Self::Fault(fault) => fault.told(),
        }
    }
}

impl From<ApiError> for NotSignedUp {
    fn from(fault: ApiError) -> Self {
        Self::Fault(fault)
    }
}

/// How somebody stands before they are asked anything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Now {
    /// They can go on.
    MaySignUp,
    /// They are a guest already.
    Guest(Id),
    /// They wait for approval.
    Waits,
}

/// Whether somebody can sign up now.
///
/// # Errors
/// Why not.
pub fn stands(ledger: &Ledger, who: &Applicant) -> Result<Now, NotSignedUp> {
    let (policy, settings) = (ledger.compiled(), ledger.enforcer().settings());
    if let Some(id) = check(who, &policy, &settings)? {
        return Ok(Now::Guest(id));
    }
    let request = sign_up_requests::standing(ledger.store(), &who.identity, who.address());
    match request.map_err(ApiError::from)? {
        RequestStanding::None => Ok(Now::MaySignUp),
        RequestStanding::Waits => Ok(Now::Waits),
        RequestStanding::Denied => Err(NotSignedUp::Denied),
    }
}

/// Makes somebody a guest, or has them wait, once, whoever else tries at the same time.
///
/// # Errors
/// Why not. It is recorded.
pub fn sign_up(
    ledger: &Ledger,
    who: &Applicant,
    attributes: &Map<String, Value>,
    (address, correlation): (Option<IpAddr>, Uuid),
) -> Result<SignedUp, NotSignedUp> {
    let settings = ledger.enforcer().settings();
    let fresh = Id::new(&Uuid::new_v4().to_string());
    let person = Administrator {
        credential: Credential::Session(Person {
            user: fresh.clone(),
            standing: Standing::Guest,
            scopes: ScopeSet::default(),
        }),
        display_name: who.name.as_deref().map(Into::into),
        user_principal_name: None,
        terms_accepted: Arc::default(),
    };
    let approves = ledger
        .compiled()
        .sign_up
        .of_app(&who.app)
        .is_some_and(|flow| flow.requires_approval);
    let attempt = Attempt {
        activity: if approves { REQUEST } else { SIGN_UP },
        by: Initiator::Administrator(&person, address),
        correlation,
        target: target(who, approves, &fresh),
        details: Vec::new(),
    };
    let mut done: Result<SignedUp, NotSignedUp> = Err(NotSignedUp::NoFlow);
    let changed =
        ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, standing| {
            let policy = standing.compiled();
            let flow = match taking(who, &policy) {
                Ok(flow) => flow,
                Err(why) => return refuse(&mut done, why),
            };
            match check(who, &policy, &settings) {
                Ok(None) => {}
                // Another tab was faster.
                Ok(Some(id)) => {
                    done = Ok(SignedUp::Already(id));
                    return Ok(None);
                }
                Err(why) => return refuse(&mut done, why),
            }
            let told = vec![("UserFlow", flow.id.to_string())];
            match sign_up_requests::standing(store, &who.identity, who.address())? {
                RequestStanding::None => {}
                RequestStanding::Denied => return refuse(&mut done, NotSignedUp::Denied),
                RequestStanding::Waits => {
                    done = Ok(SignedUp::Waits);
                    return Ok(None);
                }
            }
            if flow.requires_approval != approves {
                // Whether it does was changed meanwhile; what is recorded must be what was done.
                return Err(ApiError::concurrent());
            }
            if flow.requires_approval {
                let Some(write) = sign_up_requests::queued(store, who, flow, attributes)? else {
                    return refuse(&mut done, NotSignedUp::Full);
                };
                done = Ok(SignedUp::Waits);
                return Ok(Some(Planned {
                    writes: vec![write],
                    modified: Vec::new(),
                    details: told,
                }));
            }
            let document = record(&fresh, &Made::of(who, attributes), &settings);
            done = Ok(SignedUp::Guest(fresh.clone()));
            Ok(Some(Planned {
                modified: modified(None, Some(&document)),
                writes: made_a_guest(&fresh, &document, &who.app, &settings),
                details: told,
            }))
        });
    let done = match changed {
        Ok(_) => done,
        Err(fault) => Err(NotSignedUp::Fault(fault)),
    };
    if let Err(why) = &done {
        ledger.record(&attempt, Outcome::Failure(&why.told()))?;
    }
    done
}

/// What is made, for the audit: the request, by which its approval is found too, or the guest.
fn target(who: &Applicant, approves: bool, fresh: &Id) -> TargetResource {
    let (id, kind) = if approves {
        let request = sign_up_requests::id_of(&who.identity, who.address());
        (request, SIGN_UP_REQUESTS.target)
    } else {
        (fresh.to_string(), USERS.target)
    };
    TargetResource {
        id,
        name: Some(who.address().to_owned()),
        kind,
    }
}

/// Nothing is to be done, for this reason.
fn refuse<T>(
    done: &mut Result<SignedUp, NotSignedUp>,
    why: NotSignedUp,
) -> Result<Option<T>, ApiError> {
    *done = Err(why);
    Ok(None)
}

impl Applicant {
    /// The address that the guest gets.
    #[must_use]
    pub fn address(&self) -> &str {
        self.addresses.first().map_or("", String::as_str)
    }
}

/// The flow that takes somebody.
fn taking<'p>(who: &Applicant, policy: &'p Compiled) -> Result<&'p UserFlow, NotSignedUp> {
    let flow = policy.sign_up.of_app(&who.app).map(|flow| &**flow);
    flow.filter(|flow| flow.takes(&who.provider))
        .ok_or(NotSignedUp::NoFlow)
}

/// Whether somebody may become a guest, and is none yet; the record, where they are one already.
fn check(
    who: &Applicant,
    policy: &Compiled,
    settings: &Settings,
) -> Result<Option<Id>, NotSignedUp> {
    taking(who, policy)?;
    if let Some(id) = found(&who.identity, &who.addresses, policy)? {
        return Ok(Some(id));
    }
    may_be_guest(&who.identity, who.address(), policy, settings)?;
    Ok(None)
}

/// Whether both controls let somebody become a guest.
pub(crate) fn may_be_guest(
    identity: &Acceptance,
    address: &str,
    policy: &Compiled,
    settings: &Settings,
) -> Result<(), NotSignedUp> {
    invitable(address, policy, settings).map_err(NotSignedUp::NotInvitable)?;
    match identity {
        Acceptance::Tenant { tenant, .. } if *tenant == settings.tenant.id => {
            Err(NotSignedUp::NotInvitable(NotInvitable::Own))
        }
        // Whatever the address says of its organisation.
        Acceptance::Tenant { tenant, .. }
            if *tenant != TenantId::MICROSOFT_ACCOUNTS && !admits_tenant(policy, *tenant) =>
        {
            Err(NotSignedUp::NotInvitable(NotInvitable::CrossTenant))
        }
        Acceptance::Tenant { .. } | Acceptance::Account { .. } => Ok(()),
    }
}

/// The record of somebody who is a guest; an error where a record stands in the way: of the same account, or with the same address.
pub(crate) fn found(
    identity: &Acceptance,
    addresses: &[String],
    policy: &Compiled,
) -> Result<Option<Id>, NotSignedUp> {
    let records = &policy.guests.records;
    let mut theirs: Vec<&Guest> = Vec::new();
    match identity {
        Acceptance::Tenant { tenant, user } => theirs.extend(records.by_home(*tenant, user)),
        Acceptance::Account { issuer, assigned } => {
            if let Some(assigned) = assigned {
                theirs.extend(records.with_account(issuer, assigned));
            }
        }
    }
    let now = expiry::now();
    let is_active = |record: &Guest| record.is_active(now);
    let lets_in = |record: &&Guest| is_active(record) && record.redemption == Redemption::Accepted;
    let is_theirs = |record: &Guest| match identity {
        Acceptance::Tenant { .. } => false,
        // A mailbox has no id: whoever reads its mail is its owner.
        Acceptance::Account { issuer, assigned } => {
            assigned.is_none()
                && record.home_tenant.is_none()
                && record.sign_in.as_ref().is_some_and(|names| {
                    let mut identities = names.identities.iter();
                    identities.any(|identity| *identity.issuer == **issuer)
                })
        }
    };
    let mut others: Vec<&Guest> = Vec::new();
    for address in addresses {
        for record in records.with_mail(address) {
            if is_theirs(record) {
                theirs.push(record);
            } else if theirs.iter().all(|known| known.id != record.id) {
                others.push(record);
            }
        }
    }
    let is_open = |record: &&Guest| is_active(record) && record.redemption == Redemption::Pending;
    if theirs.iter().chain(&others).any(is_open) {
        return Err(NotSignedUp::Invited);
    }
    match (theirs.first(), others.is_empty()) {
        (Some(record), _) if lets_in(record) => Ok(Some(record.id.clone())),
        (None, true) => Ok(None),
        (Some(_), _) | (None, false) => Err(NotSignedUp::Known),
    }
}

/// The record, and that they are assigned to the app that they signed up for, where it takes nobody else.
pub(crate) fn made_a_guest(
    id: &Id,
    record: &Document,
    app: &Id,
    settings: &Settings,
) -> Vec<Write> {
    let mut writes = vec![Write {
        address: Address::new(DocumentKind::Guest, &id.to_string()),
        text: Some(record.to_text().into()),
    }];
    let mut apps = settings.apps.iter();
    if apps.any(|own| own.id == *app && own.assignment_required) {
        let (thing, id) = (Thing::App(app.clone()), id.to_string());
        writes.push(Write {
            address: thing.entry(&id),
            text: Some(thing.entry_of_user(&id).to_text().into()),
        });
    }
    writes
}

/// What a guest's record is made of.
pub(crate) struct Made<'a> {
    pub(crate) identity: &'a Acceptance,
    pub(crate) address: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) attributes: &'a Map<String, Value>,
}

impl<'a> Made<'a> {
    fn of(who: &'a Applicant, attributes: &'a Map<String, Value>) -> Self {
        Self {
            identity: &who.identity,
            address: who.address(),
            name: who.name.as_deref(),
            attributes,
        }
    }
}

/// The record of somebody who signed up.
pub(crate) fn record(id: &Id, made: &Made<'_>, settings: &Settings) -> Document {
    let members = [
        ("id", json!(id.to_string())),
        ("accountEnabled", json!(true)),
        ("createdDateTime", json!(now())),
        ("creationType", json!("SelfServiceSignUp")),
        ("displayName", json!(made.name)),
        ("mail", json!(made.address)),
        ("otherMails", json!([made.address])),
        (
            "userPrincipalName",
            json!(user_principal_name(made.address, settings)),
        ),
        ("userType", json!("Guest")),
    ];
    let members = members.map(|(name, value)| (name.to_owned(), value));
    let mut document = Document::of(&members.into_iter().collect());
    accepted(&mut document, made.identity, Timestamp::now());
    let mut custom = Map::new();
    for (name, value) in made.attributes {
        if is_custom(name) {
            custom.insert(name.clone(), value.clone());
        } else {
            document.set(name, value);
        }
    }
    if !custom.is_empty() {
        let mut facts = home::facts(&document);
        facts.insert(home::ATTRIBUTES.to_owned(), Value::Object(custom));
        document.set("crossgate", &Value::Object(facts));
    }
    document
}

const SIGN_UP: Activity =
    Activity::new("UserManagement", "Add", "Add user by self-service sign-up");

const REQUEST: Activity = Activity::new(
    "UserManagement",
    "Add",
    "Request approval of self-service sign-up",
);
