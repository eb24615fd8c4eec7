//! Guests are invited, and invited again.

use crossgate_config::Settings;
use crossgate_graph::{Inviters, Standing};
use crossgate_policy::ids::Id;
use http::StatusCode;
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use super::users::{now, sign_in_anew};
use super::{Api, body, permission};
use crate::audit::{Activity, TargetResource, modified};
use crate::document::{Address, DocumentKind, Write};
use crate::invitations::{Invited, PENDING, invitable, link};
use crate::ledger::Planned;
use crate::model::{INVITATION, show};
use crate::outbox;
use crate::roles::{Action, Required};
use crate::secret::Secret;
use crate::store::{Store, StoreError};
use crate::text::Document;

/// What inviting is called.
pub(super) const INVITE: Activity = Activity::new("UserManagement", "Add", "Invite external user");

/// What a caller wants.
struct Wanted {
    address: String,
    redirect: String,
    reset: bool,
    sends: bool,
    member: bool,
    display_name: Option<String>,
    user: Option<String>,
    message: Value,
}

/// `POST /invitations`.
pub(super) fn invite(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let given = body::accept(&INVITATION, body::read(asked.call)?, None)?;
    let wanted = Wanted::read(&given)?;
    let settings = api.settings();
    let origin = redeemed_at(&settings, &wanted.redirect)?;
    if wanted.sends && settings.mail.is_none() {
        return Err(ApiError::property(
            "sendInvitationMessage",
            "no mail server is configured; add `[mail]`, or hand the link over yourself",
        ));
    }
    let ticket = Secret::ticket().ok_or_else(ApiError::internal)?;
    let fresh = Uuid::new_v4().to_string();
    let attempt = asked.attempt(
        INVITE,
        TargetResource {
            id: wanted.user.clone().unwrap_or_else(|| fresh.clone()),
            name: Some(wanted.address.clone()),
            kind: "User",
        },
    );
    let policy = api.ledger.compiled();
    match policy.external_collaboration.inviters {
        Inviters::Nobody => {
            return Err(ApiError::denied(
                "nobody may invite guests, by `allowInvitesFrom` of the authorization policy",
            ));
        }
        // A role that invites is needed in any case.
        Inviters::AdminsAndGuestInviters | Inviters::Members | Inviters::Everyone => {}
    }
    invitable(&wanted.address, &policy, &settings)
        .map_err(|why| ApiError::property("invitedUserEmailAddress", why.told()))?;
    let inviter = asked.who.display_name.as_deref();
    let mut made = None;
    let advisories =
        api.ledger
            .change_as_planned(&attempt, asked.confirmation(), &mut |store, standing| {
                permission::check(api, asked, &api.ledger.roles())?;
                wanted.check_permission(api, asked)?;
                let before = existing(store, standing, &wanted)?;
                let (id, document) = match &before {
                    Some((id, document)) => (id.clone(), invited_again(document, &wanted)),
                    None => (fresh.clone(), invited_anew(&fresh, &wanted, &settings)),
                };
                let is_open = document.text_of("externalUserState").as_deref() == Some(PENDING);
                let mut writes = vec![Write {
                    address: Address::new(DocumentKind::Guest, &id),
                    text: Some(document.to_text().into()),
                }];
                if wanted.reset {
                    writes.push(sign_in_anew(&id));
                }
                if is_open {
                    let invited = Invited::new(&id, &wanted.address, &wanted.redirect, inviter);
                    let invited = invited.with_tickets_of(Invited::read(store, &id)?);
                    writes.push(invited.kept_with(&ticket, None));
                    if wanted.sends {
                        writes.push(outbox::invitation(&id, &origin, &wanted.message));
                    }
                }
                made = Some((id, is_open));
                Ok(Some(Planned {
                    modified: modified(before.as_ref().map(|(_, before)| before), Some(&document)),
                    writes,
                    details: Vec::new(),
                }))
            })?;
    let (id, is_open) = made.ok_or_else(ApiError::internal)?;
    let link = if is_open {
        link(&origin, &id, &ticket)
    } else {
        // Who is a guest already has nothing to accept.
        wanted.redirect.clone()
    };
    let mut members = given.members();
    for (name, value) in [
        ("id", json!(id)),
        ("inviteRedeemUrl", json!(link)),
        ("status", json!(if is_open { PENDING } else { "Completed" })),
        ("invitedUser", json!({"id": id})),
    ] {
        members.insert(name.to_owned(), value);
    }
    let mut shown: Map<String, Value> = show(&INVITATION, members);
    shown.insert(
        "@odata.context".to_owned(),
        asked.context("invitations/$entity"),
    );
    Ok(Reply::json(StatusCode::CREATED, Value::Object(shown))
        .advising(advisories.unwrap_or_default()))
}

impl Wanted {
    /// More than inviting: giving a guest's record to somebody else ends what the guest has, and members are no guests.
    fn check_permission(&self, api: &Api, asked: &Asked<'_>) -> Result<(), ApiError> {
        let more = [
            (self.reset, Action::SessionsRevoke),
            (self.member, Action::UsersUpdate),
        ];
        let more = more.into_iter().filter(|(wanted, _)| *wanted);
        let Some(required) = Required::all(more.map(|(_, action)| action).collect()) else {
            return Ok(());
        };
        let roles = api.ledger.roles();
        roles
            .check(&asked.who.caller(), required)
            .map_err(|denied| ApiError::denied(denied.to_string()))
    }

    fn read(given: &Document) -> Result<Self, ApiError> {
        let text = |name: &str| given.text_of(name).filter(|text| !text.trim().is_empty());
        let address = text("invitedUserEmailAddress").unwrap_or_default();
        if !is_address(&address) {
            return Err(ApiError::property(
                "invitedUserEmailAddress",
                format!(
                    "`{address}` is not an email address in plain ASCII; expected one such as `amy@fabrikam.com`"
                ),
            ));
        }
        let redirect = text("inviteRedirectUrl").unwrap_or_default();
        let url = Url::parse(&redirect).ok().filter(|url| {
            let plain = url.username().is_empty() && url.password().is_none();
            url.scheme() == "https" && url.has_host() && plain
        });
        let Some(url) = url else {
            return Err(ApiError::property(
                "inviteRedirectUrl",
                format!(
                    "`{redirect}` is not an https address; expected where the guest goes afterwards"
                ),
            ));
        };
        let kind = text("invitedUserType").unwrap_or_else(|| "Guest".to_owned());
        if !["Guest", "Member"].contains(&kind.as_str()) {
            return Err(ApiError::property(
                "invitedUserType",
                format!("`{kind}` is no type of user; expected `Guest` or `Member`"),
            ));
        }
        let user = given
            .get("invitedUser")
            .and_then(|user| user.get("id")?.as_str().map(str::to_owned));
        let is = |name: &str| given.get(name) == Some(Value::Bool(true));
        if is("resetRedemption") && user.is_none() {
            return Err(ApiError::property(
                "resetRedemption",
                "whose redemption is reset is named by `invitedUser`",
            ));
        }
        Ok(Self {
            address,
            redirect: url.into(),
            reset: is("resetRedemption"),
            sends: is("sendInvitationMessage"),
            member: kind == "Member",
            display_name: text("invitedUserDisplayName"),
            user: user.map(|user| Id::new(&user).to_string()),
            message: given.get("invitedUserMessageInfo").unwrap_or(Value::Null),
        })
    }
}

/// The record of whom the invitation is for, where there is one.
fn existing(
    store: &dyn Store,
    standing: &Standing,
    wanted: &Wanted,
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
        if !wanted.reset && !mail.eq_ignore_ascii_case(&wanted.address) {
            return Err(ApiError::property(
                "invitedUserEmailAddress",
                "the guest has another address; with `resetRedemption` the record is given to this one",
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

/// A guest who is there is invited once more: nothing of them changes, unless another identity is to be theirs.
fn invited_again(before: &Document, wanted: &Wanted) -> Document {
    let mut document = before.clone();
    if wanted.reset {
        document.set("mail", &json!(wanted.address));
        document.set("externalUserState", &json!(PENDING));
        document.set("externalUserStateChangeDateTime", &json!(now()));
        document.set("identities", &json!([]));
        document.set("crossgate", &json!({"consentGiven": false}));
    }
    document
}

fn invited_anew(id: &str, wanted: &Wanted, settings: &Settings) -> Document {
    let own = &settings.tenant;
    let domain = own.domains.first().cloned();
    let domain = domain.unwrap_or_else(|| own.id.to_string());
    let name = wanted.address.replace('@', "_");
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
        ("userPrincipalName", json!(format!("{name}#EXT#@{domain}"))),
        (
            "userType",
            json!(if wanted.member { "Member" } else { "Guest" }),
        ),
        ("crossgate", json!({"consentGiven": false})),
    ];
    let members = members.map(|(name, value)| (name.to_owned(), value));
    Document::of(&members.into_iter().collect())
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
fn is_address(text: &str) -> bool {
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
