//! Who may invite guests, and the one way in which an invitation is made: for callers of the API, and for people at a page of ours.

mod rates;

use std::net::IpAddr;
use std::sync::PoisonError;

use crossgate_config::{OwnTenant, Settings};
use crossgate_graph::{Inviters, Standing};
use crossgate_policy::ids::Id;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use crate::administrator::Administrator;
use crate::api::error::ApiError;
use crate::api::users::{now, sign_in_anew};
use crate::audit::{Activity, Attempt, Initiator, Outcome, TargetResource, modified};
use crate::delegation::{self, Thing};
use crate::document::{Address, DocumentKind, Write};
use crate::expiry::EXPIRES;
use crate::home;
use crate::invitations::{Invited, PENDING, invitable, link};
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::outbox;
use crate::roles::{self, Action, ActionSet, Caller, Denied, Required, Roles};
use crate::secret::Secret;
use crate::sponsors::Sponsor;
use crate::store::{Store, StoreError};
use crate::text::Document;

use rates::Counts;
pub(crate) use rates::Rates;

/// What an inviter wants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Whom to invite.
    pub address: String,
    /// Where the guest goes afterwards: an https address.
    pub redirect: String,
    /// Mail is sent.
    pub sends: bool,
    /// `invitedUserMessageInfo`.
    pub message: Value,
    /// What the guest is called.
    pub display_name: Option<String>,
    /// The guest who is invited again.
    pub user: Option<String>,
    /// The guest's record is given to this address.
    pub reset: bool,
    /// Not a guest, but a member.
    pub member: bool,
    /// Who answers for the guest; the inviter where nobody is named.
    pub sponsors: Option<Vec<Sponsor>>,
    /// When the guest's access ends.
    pub expires: Option<Timestamp>,
    /// What the guest is let into.
    pub to: Vec<Thing>,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Made {
    /// The guest's id.
    pub guest: String,
    /// Where they accept, or go where there is nothing to accept any more.
    pub link: String,
    /// They have not accepted yet.
    pub is_open: bool,
    /// Nobody had invited them before.
    pub is_new: bool,
    /// What the inviter should know.
    pub advisories: Vec<String>,
}

/// How an invitation is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    /// Who asks.
    pub(crate) who: &'a Administrator,
    /// For the audit.
    pub(crate) attempt: &'a dyn Fn(TargetResource) -> Attempt<'a>,
    /// Whether it is meant whatever it does.
    pub(crate) confirmation: Confirmation<'a>,
    /// What else is asked of whoever asks, once their turn has come.
    pub(crate) may: &'a dyn Fn() -> Result<(), ApiError>,
}

/// What inviting is called.
pub(crate) const INVITE: Activity = Activity::new("UserManagement", "Add", "Invite external user");

/// Whether somebody may invite guests: by a role or permission, or as one of those whom `allowInvitesFrom` admits without.
///
/// An application is neither a member nor a guest, and is denied where only administrators and Guest Inviters may
/// (Microsoft Graph, create invitation).
///
/// # Errors
/// They may not.
pub fn may_invite(inviters: Inviters, roles: &Roles, caller: &Caller) -> Result<(), ApiError> {
    let by_role = || {
        roles
            .check(caller, Action::UsersInvite)
            .map_err(|denied| ApiError::denied(denied.to_string()))
    };
    match (inviters, caller) {
        (Inviters::Nobody, _) => Err(ApiError::denied(
            "nobody may invite guests, by `allowInvitesFrom` of the authorization policy",
        )),
        (Inviters::AdminsAndGuestInviters, Caller::Application { .. }) => Err(ApiError::denied(
            "applications may not invite guests, by `allowInvitesFrom` of the authorization policy",
        )),
        (
            Inviters::Members,
            Caller::Delegated {
                standing: roles::Standing::Member { .. },
                scopes,
                ..
            },
        )
        | (Inviters::Everyone, Caller::Delegated { scopes, .. }) => {
            let required = ActionSet::of(&[Action::UsersInvite]);
            let no_scope = required.without(scopes.permits());
            if no_scope.is_empty() {
                return Ok(());
            }
            let denied = Denied::Delegated {
                no_scope,
                no_role: ActionSet::EMPTY,
            };
            Err(ApiError::denied(denied.to_string()))
        }
        (
            Inviters::AdminsAndGuestInviters,
            Caller::Delegated { .. } | Caller::Bootstrap | Caller::BreakGlass,
        )
        | (
            Inviters::Members,
            Caller::Delegated {
                standing: roles::Standing::Guest,
                ..
            }
            | Caller::Application { .. }
            | Caller::Bootstrap
            | Caller::BreakGlass,
        )
        | (
            Inviters::Everyone,
            Caller::Application { .. } | Caller::Bootstrap | Caller::BreakGlass,
        ) => by_role(),
    }
}

/// Invites somebody for a person at a page of ours. What comes to nothing is recorded too.
///
/// # Errors
/// As for callers of the API.
pub fn invite_by_page(
    ledger: &Ledger,
    who: &Administrator,
    address: Option<IpAddr>,
    correlation: Uuid,
    wanted: &Wanted,
) -> Result<Made, ApiError> {
    let attempt = |target| Attempt {
        activity: INVITE,
        by: Initiator::Administrator(who, address),
        correlation,
        target,
        details: Vec::new(),
    };
    let asking = Asking {
        who,
        attempt: &attempt,
        confirmation: Confirmation::Given,
        may: &|| Ok(()),
    };
    let made = invite(ledger, asking, wanted);
    if let Err(error) = &made {
        let target = target(wanted, String::new());
        ledger.record(&attempt(target), Outcome::Failure(&error.told()))?;
    }
    made
}

/// Invites somebody.
pub(crate) fn invite(
    ledger: &Ledger,
    asking: Asking<'_>,
    wanted: &Wanted,
) -> Result<Made, ApiError> {
    let caller = asking.who.caller();
    let settings = ledger.enforcer().settings();
    let check = |inviters: Inviters, store: &dyn Store| {
        let roles = ledger.roles();
        may_invite(inviters, &roles, &caller)?;
        wanted.check_permission(&roles, &caller)?;
        wanted.check_things((&roles, &caller), store, &settings)?;
        (asking.may)()
    };
    let policy = ledger.compiled();
    // Whoever may not is told nothing of settings and addresses.
    check(policy.external_collaboration.inviters, ledger.store())?;
    wanted.check()?;
    let origin = redeemed_at(&settings, &wanted.redirect)?;
    if wanted.sends && settings.mail.is_none() {
        return Err(ApiError::property(
            "sendInvitationMessage",
            "no mail server is configured; add `[mail]`, or hand the link over yourself",
        ));
    }
    let ticket = Secret::ticket().ok_or_else(ApiError::internal)?;
    let fresh = Uuid::new_v4().to_string();
    let attempt = (asking.attempt)(target(wanted, fresh.clone()));
    invitable(&wanted.address, &policy, &settings)
        .map_err(|why| ApiError::property("invitedUserEmailAddress", why.told()))?;
    let inviter = asking.who.display_name.as_deref();
    let sponsors = wanted.sponsors.clone();
    let sponsors = sponsors.unwrap_or_else(|| Sponsor::by_default(asking.who));
    let counts = Counts::of(wanted, without_a_role(&ledger.roles(), &caller));
    // Held until it is known whether one more is sent: of several at a time none goes uncounted.
    let mut rates = wanted.sends.then(|| {
        let rates = ledger.invitation_rates().lock();
        rates.unwrap_or_else(PoisonError::into_inner)
    });
    let mut made = None;
    let advisories =
        ledger.change_as_planned(&attempt, asking.confirmation, &mut |store, standing| {
            check(standing.compiled().external_collaboration.inviters, store)?;
            let before = existing(store, standing, (wanted, &settings.tenant))?;
            let turns = before.as_ref().is_some_and(|(_, record)| {
                home::is_internal(record, &settings.tenant)
            });
            if turns {
                wanted.check_turning(&ledger.roles(), &caller)?;
            }
            if before.is_none() && counts.is_without_a_role() {
                was_not_removed(standing, &wanted.address)?;
            }
            if before.is_some() && wanted.expires.is_some() {
                return Err(ApiError::property(
                    "crossgate.expiresDateTime",
                    "who is invited is a guest already, and only an administrator changes when that ends; change the user",
                ));
            }
            let (id, document) = match &before {
                Some((id, document)) => (id.clone(), invited_again(document, wanted, turns)),
                None => (
                    fresh.clone(),
                    invited_anew(&fresh, wanted, &sponsors, &settings),
                ),
            };
            let is_open = document.text_of("externalUserState").as_deref() == Some(PENDING);
            let mut writes = vec![Write {
                address: Address::new(DocumentKind::Guest, &id),
                text: Some(document.to_text().into()),
            }];
            if wanted.reset {
                writes.push(sign_in_anew(&id));
            }
            writes.extend(delegation::entries(store, &wanted.to, &id)?);
            if is_open {
                if let Some(rates) = &rates {
                    rates.check(&counts, Timestamp::now())?;
                }
                let invited = Invited::new(&id, &wanted.address, &wanted.redirect, inviter);
                let invited = invited.with_tickets_of(Invited::read(store, &id)?);
                writes.push(invited.kept_with(&ticket, &invited.offer, None));
                if wanted.sends {
                    let offer = &invited.offer;
                    writes.push(outbox::invitation(&id, &origin, offer, &wanted.message));
                }
            }
            made = Some((id, is_open, before.is_none()));
            let things = wanted.to.iter();
            Ok(Some(Planned {
                modified: modified(before.as_ref().map(|(_, before)| before), Some(&document)),
                writes,
                details: things
                    .map(|thing| ("InvitedTo", thing.id().to_string()))
                    .collect(),
            }))
        })?;
    let (guest, is_open, is_new) = made.ok_or_else(ApiError::internal)?;
    if let Some(rates) = rates.as_mut().filter(|_| is_open) {
        rates.count(counts, Timestamp::now());
    }
    drop(rates);
    Ok(Made {
        link: if is_open {
            link(&origin, &guest, &ticket)
        } else {
            // Who is a guest already has nothing to accept.
            wanted.redirect.clone()
        },
        guest,
        is_open,
        is_new,
        advisories: advisories.unwrap_or_default(),
    })
}

/// Who invites as one of those whom `allowInvitesFrom` admits without a role.
fn without_a_role(roles: &Roles, caller: &Caller) -> Option<Id> {
    match caller {
        Caller::Delegated { user, .. } if roles.check(caller, Action::UsersInvite).is_err() => {
            Some(user.clone())
        }
        Caller::Delegated { .. }
        | Caller::Application { .. }
        | Caller::Bootstrap
        | Caller::BreakGlass => None,
    }
}

impl Wanted {
    /// More than inviting: giving a guest's record to somebody else ends what the guest has, and members are no guests.
    fn check_permission(&self, roles: &Roles, caller: &Caller) -> Result<(), ApiError> {
        let more = [
            (self.reset, Action::SessionsRevoke),
            (self.member, Action::UsersUpdate),
        ];
        let more = more.into_iter().filter(|(wanted, _)| *wanted);
        let mut more: Vec<Action> = more.map(|(_, action)| action).collect();
        if !more.is_empty() {
            // Whoever may invite without a role may do no more.
            more.push(Action::UsersInvite);
        }
        let Some(required) = Required::all(more.into_iter().collect()) else {
            return Ok(());
        };
        roles
            .check(caller, required)
            .map_err(|denied| ApiError::denied(denied.to_string()))
    }

    /// An internal user becomes an external one, for good: that is meant, and changes a user.
    fn check_turning(&self, roles: &Roles, caller: &Caller) -> Result<(), ApiError> {
        if self.user.is_none() {
            return Err(ApiError::property(
                "invitedUserEmailAddress",
                "an internal user has this address; name them by `invitedUser` to convert them to an external user, which cannot be undone",
            ));
        }
        if self.reset {
            return Err(ApiError::property(
                "resetRedemption",
                "an internal user has redeemed nothing; leave it out to convert them to an external user",
            ));
        }
        let required = Required::all(
            [Action::UsersInvite, Action::UsersUpdate]
                .into_iter()
                .collect(),
        );
        required.map_or(Ok(()), |required| {
            let checked = roles.check(caller, required);
            checked.map_err(|denied| ApiError::denied(denied.to_string()))
        })
    }

    /// What a guest is let into is there, and the inviter's to let people into.
    fn check_things(
        &self,
        (roles, caller): (&Roles, &Caller),
        store: &dyn Store,
        settings: &Settings,
    ) -> Result<(), ApiError> {
        for thing in &self.to {
            delegation::capacity(roles, caller, thing.changing(), thing, store)?;
            if thing.name(store, settings)?.is_none() {
                let what = match thing {
                    Thing::App(_) => "app",
                    Thing::Group(_) => "group",
                };
                return Err(ApiError::property(
                    "crossgate",
                    format!("there is no {what} `{}`", thing.id()),
                ));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ApiError> {
        let address = &self.address;
        if !is_address(address) {
            return Err(ApiError::property(
                "invitedUserEmailAddress",
                format!(
                    "`{address}` is not an email address in plain ASCII; expected one such as `amy@fabrikam.com`"
                ),
            ));
        }
        let redirect = &self.redirect;
        let url = Url::parse(redirect).ok().filter(|url| {
            let plain = url.username().is_empty() && url.password().is_none();
            url.scheme() == "https" && url.has_host() && plain
        });
        if url.is_none() {
            return Err(ApiError::property(
                "inviteRedirectUrl",
                format!(
                    "`{redirect}` is not an https address; expected where the guest goes afterwards"
                ),
            ));
        }
        if self.reset && self.user.is_none() {
            return Err(ApiError::property(
                "resetRedemption",
                "whose redemption is reset is named by `invitedUser`",
            ));
        }
        Ok(())
    }
}

/// Whom it is for, in the audit.
fn target(wanted: &Wanted, fresh: String) -> TargetResource {
    TargetResource {
        id: wanted.user.clone().unwrap_or(fresh),
        name: Some(wanted.address.clone()),
        kind: "User",
    }
}

/// The record of whom the invitation is for, where there is one.
fn existing(
    store: &dyn Store,
    standing: &Standing,
    (wanted, own): (&Wanted, &OwnTenant),
) -> Result<Option<(String, Document)>, ApiError> {
    let read = |id: &str| -> Result<Option<Document>, ApiError> {
        let address = Address::new(DocumentKind::Guest, id);
        let Some(stored) = store.get(&address)? else {
            return Ok(None);
        };
        let document = Document::parse(&stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
        Ok(Some(document).filter(|document| (crate::resource::USERS.is)(document)))
    };
    if let Some(id) = &wanted.user {
        let document = read(id)?.ok_or_else(|| {
            ApiError::property("invitedUser", format!("there is no guest `{id}`"))
        })?;
        let mail = document.text_of("mail").unwrap_or_default();
        let is_theirs = mail.eq_ignore_ascii_case(&wanted.address)
            // Whatever address they have here: from now on it is this one.
            || home::is_internal(&document, own);
        if !wanted.reset && !is_theirs {
            return Err(ApiError::property(
                "invitedUserEmailAddress",
                "the user has another address; with `resetRedemption` the record is given to this one",
            ));
        }
        return Ok(Some((id.clone(), document)));
    }
    let guests = standing.compiled().guests.records;
    let mut records = guests.with_mail(&wanted.address);
    records.retain(|record| !record.deleted);
    match records.as_slice() {
        [] => Ok(None),
        [only] => {
            let id = only.id.to_string();
            Ok(read(&id)?.map(|document| (id, document)))
        }
        [_, _, ..] => Err(ApiError::property(
            "invitedUserEmailAddress",
            "several guests have this address; name one by `invitedUser`",
        )),
    }
}

/// Who was removed comes back by whoever has a role for it alone: that somebody invites them again must not undo it.
fn was_not_removed(standing: &Standing, address: &str) -> Result<(), ApiError> {
    let guests = standing.compiled().guests.records;
    if guests
        .with_mail(address)
        .iter()
        .any(|record| record.deleted)
    {
        return Err(ApiError::denied(
            "somebody with this address was a guest and was removed; it takes a role that invites guests to invite or restore them",
        ));
    }
    Ok(())
}

/// A guest who is there is invited once more: nothing of them changes, unless another identity is to be theirs. An internal user is to
/// have one elsewhere from now on, and keeps the rest.
fn invited_again(before: &Document, wanted: &Wanted, turns: bool) -> Document {
    let mut document = before.clone();
    if turns {
        document.set("mail", &json!(wanted.address));
        document.set("externalUserState", &json!(PENDING));
        document.set("externalUserStateChangeDateTime", &json!(now()));
        let asked = [("consentGiven".to_owned(), json!(false))];
        home::set(&mut document, asked.into_iter().collect());
        return document;
    }
    if wanted.reset {
        document.set("mail", &json!(wanted.address));
        document.set("externalUserState", &json!(PENDING));
        document.set("externalUserStateChangeDateTime", &json!(now()));
        document.set("identities", &json!([]));
        home::forget(&mut document);
    }
    document
}

fn invited_anew(id: &str, wanted: &Wanted, sponsors: &[Sponsor], settings: &Settings) -> Document {
    let mut crossgate = Map::new();
    crossgate.insert("consentGiven".to_owned(), json!(false));
    if let Some(expires) = wanted.expires {
        crossgate.insert(EXPIRES.to_owned(), json!(expires.to_string()));
    }
    let members = [
        ("id", json!(id)),
        ("accountEnabled", json!(true)),
        ("createdDateTime", json!(now())),
        ("creationType", json!("Invitation")),
        ("displayName", json!(wanted.display_name)),
        ("externalUserState", json!(PENDING)),
        ("externalUserStateChangeDateTime", json!(now())),
        ("identities", json!([])),
        ("mail", json!(wanted.address)),
        ("otherMails", json!([wanted.address])),
        ("sponsors", Sponsor::list(sponsors)),
        (
            "userPrincipalName",
            json!(user_principal_name(&wanted.address, settings)),
        ),
        (
            "userType",
            json!(if wanted.member { "Member" } else { "Guest" }),
        ),
        ("crossgate", Value::Object(crossgate)),
    ];
    let members = members.map(|(name, value)| (name.to_owned(), value));
    Document::of(&members.into_iter().collect())
}

/// What a guest with this address is called in the directory.
pub(crate) fn user_principal_name(address: &str, settings: &Settings) -> String {
    let own = &settings.tenant;
    let domain = own.domains.first().cloned();
    let domain = domain.unwrap_or_else(|| own.id.to_string());
    format!("{}#EXT#@{domain}", address.replace('@', "_"))
}

/// The origin of a page of ours where the guest can accept: of the app that they are invited to, or of the first where people sign in.
fn redeemed_at(settings: &Settings, redirect: &str) -> Result<String, ApiError> {
    let apps = || settings.apps.iter().filter(|app| app.sign_in);
    if let Ok(url) = Url::parse(redirect)
        && let Some(host) = url.host_str()
        && apps().any(|app| app.hosts.iter().any(|own| own == host))
    {
        return Ok(url.origin().ascii_serialization());
    }
    let first = apps().flat_map(|app| app.hosts.iter()).next();
    first
        .map(|host| format!("https://{host}"))
        .ok_or_else(|| ApiError::bad("nobody could accept the invitation: no app has `sign_in`"))
}

/// What mail is sent to: a plain form, without what servers and shells read otherwise.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_local = |letter: u8| letter.is_ascii_alphanumeric() || b"._+'-".contains(&letter);
    let is_domain = |letter: u8| letter.is_ascii_alphanumeric() || b"-.".contains(&letter);
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.bytes().all(is_local)
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
        && domain.bytes().all(is_domain)
}
