//! An invitation is accepted: by whoever owns the address that it was sent to, once.

use std::sync::Arc;

use crossgate_control::api::error::ApiError;
use crossgate_control::invitations::{self, Acceptance, Invited};
use crossgate_control::ledger::Ledger;
use crossgate_policy::decision::{Reason, TokenRefusal};
use crossgate_policy::ids::{Id, TenantId, UnixTime};
use crossgate_policy::snapshot::{Guest, Redemption};
use crossgate_policy::subject::Home;
use crossgate_policy::{Decision, consents_automatically};
use crossgate_portal::pages::{FailedWhy, Page};
use http::{Method, StatusCode};

use super::call::{Call, Reply, Told};
use super::forms::{fields, one};
use super::provider::{Class, SpeaksFor};
use super::send::Sent;
use super::sign_in::{failed, unable};
use super::{People, PersonSession};
use crate::request::admit::unix_time;
use crate::request::respond::{self, Answer, Shown};
use crate::request::token::KnownToken;

/// What a link names.
struct Link {
    user: String,
    ticket: String,
}

/// An invitation that the person on this call may accept.
struct Open {
    guest: String,
    ticket: Option<String>,
    inviter: Option<String>,
    address: String,
}

impl People {
    /// `/.crossgate/redeem`: who is invited is shown what they accept; and accepts.
    pub(super) async fn redeem(&self, call: &Call<'_>, decision: &Decision) -> Reply {
        let Some(ledger) = &self.ledger else {
            // Without a store there is nobody who could have invited.
            return Reply::of(call.nowhere());
        };
        let link = Link::of(&call.query());
        let invited = match &link {
            Some(link) => match look(ledger, link).await {
                Ok(Some(invited)) => Some(invited),
                Ok(None) => return gone(call),
                Err(fault) => return unreadable(call, &fault),
            },
            None => None,
        };
        let is_revoked =
            matches!(&decision.outcome, Err(refusal) if refusal.reason == Reason::Revoked);
        let Some(session) = call.session.as_ref().filter(|_| !is_revoked) else {
            return self
                .sign_in_to_accept(call, invited.as_ref(), is_revoked)
                .await;
        };
        let open = match invited {
            Some(invited) if is_owner(call, session, &invited) => Some(Open {
                guest: invited.guest,
                ticket: link.map(|link| link.ticket),
                inviter: invited.offer.inviter,
                address: invited.address,
            }),
            Some(_) => return of_another(call),
            None => pending(call, session),
        };
        let Some(open) = open else {
            return gone(call);
        };
        let Some(acceptance) = acceptance(call, session) else {
            return of_another(call);
        };
        if call.method != Method::POST {
            if call.method == Method::GET && asks_nothing(call, session) {
                return accepted(call, ledger, open, acceptance).await;
            }
            Reply::of(self.consent(call, session, &open))
        } else if self.is_ours(call) {
            accepted(call, ledger, open, acceptance).await
        } else {
            Reply::to_another_site(self.consent(call, session, &open))
        }
    }

    /// Nobody is signed in: the address of the invitation says where to do so.
    async fn sign_in_to_accept(
        &self,
        call: &Call<'_>,
        invited: Option<&Invited>,
        again: bool,
    ) -> Reply {
        let order = &call.in_force.snapshot.redemption;
        let address = invited.map(|invited| invited.address.as_str());
        let provider = address.and_then(|address| call.settings.of_address(address, order));
        let (Some(provider), Some(address)) = (provider, address) else {
            return Reply::of(self.choose(call, &call.target, address, None));
        };
        if provider.class() == Class::Passcode {
            // Whoever looks into mail for people opens links; only the button has a code sent.
            return Reply::of(self.choose(call, &call.target, Some(address), None));
        }
        let mut sent = Sent::to(&call.target);
        sent.wanted.login_hint = Some(address.to_owned());
        sent.wanted.again = again;
        self.send(call, provider, sent).await
    }

    fn consent(&self, call: &Call<'_>, session: &PersonSession, open: &Open) -> Answer {
        let token = session.subject.token();
        let home = token.and_then(|token| token.subject.home.recorded_tenant());
        // A federation without a tenant is an organisation too, called as its button is.
        let provider = call.settings.provider(&session.provider);
        let federated = provider.filter(|provider| provider.class() == Class::Federation);
        let federated = federated.map(|provider| provider.label.as_str());
        self.with_form_token(call, |csrf| {
            let page = Page::Consent {
                app: &call.app.called.name,
                account: &open.address,
                home_name: home.map_or(federated, |tenant| call.settings.name_of(tenant)),
                home_logo: home.and_then(|tenant| call.pages.logo_of(tenant)),
                inviter: open.inviter.as_deref(),
                privacy_href: call.settings.privacy_url.as_deref(),
                action: &call.target,
                csrf,
            };
            respond::page(Shown::Asked, &call.render(&page))
        })
    }
}

impl Link {
    fn of(query: &[(String, String)]) -> Option<Self> {
        Some(Self {
            user: one(query, "user")?.to_owned(),
            ticket: one(query, "ticket")?.to_owned(),
        })
    }
}

/// The open invitation that a sign-in goes back to, where it does.
pub(super) async fn returned_to(ledger: Option<&Arc<Ledger>>, path: &str) -> Option<Invited> {
    let (_, query) = path.split_once('?')?;
    let link = Link::of(&fields(query.as_bytes()))?;
    look(ledger?, &link).await.ok().flatten()
}

async fn look(ledger: &Arc<Ledger>, link: &Link) -> Result<Option<Invited>, ApiError> {
    let ledger = Arc::clone(ledger);
    let (user, ticket) = (link.user.clone(), link.ticket.clone());
    let looking = tokio::task::spawn_blocking(move || invitations::find(&ledger, &user, &ticket));
    looking.await.unwrap_or_else(|_| Err(ApiError::internal()))
}

/// Automatic redemption: both organisations have it on, so their people are not asked.
fn asks_nothing(call: &Call<'_>, session: &PersonSession) -> bool {
    let token = session.subject.token();
    token.is_some_and(|token| {
        let policy = call.in_force.policy_for(Some(&token.subject));
        consents_automatically(policy, token.subject.home)
    })
}

async fn accepted(
    call: &Call<'_>,
    ledger: &Arc<Ledger>,
    open: Open,
    acceptance: Acceptance,
) -> Reply {
    let ledger = Arc::clone(ledger);
    let accepting = tokio::task::spawn_blocking(move || {
        let invited = (open.guest.as_str(), open.address.as_str());
        invitations::accept(&ledger, invited, open.ticket.as_deref(), &acceptance)
    });
    let accepted = accepting.await;
    let redirect = match accepted.unwrap_or_else(|_| Err(ApiError::internal())) {
        Ok(redirect) => redirect.unwrap_or_else(|| "/".to_owned()),
        Err(fault) if fault.status == StatusCode::NOT_FOUND => return gone(call),
        Err(fault) if fault.status == StatusCode::FORBIDDEN => {
            return refused(call, FailedWhy::InvitationGone, "not_invitable");
        }
        // The account has a record already, which nobody has twice.
        Err(fault) if fault.status == StatusCode::BAD_REQUEST => {
            return refused(
                call,
                FailedWhy::InvitationOfAnother,
                "account_of_another_guest",
            );
        }
        Err(fault) => return unreadable(call, &fault),
    };
    let here = format!("{}/", call.origin);
    if redirect == "/" || redirect.starts_with(&here) {
        return Reply::of(respond::go(&redirect));
    }
    // Browsers hold a form's policy against a redirect to another site, so a page leads on.
    let host = url::Url::parse(&redirect);
    let host = host.as_ref().ok().and_then(url::Url::host_str);
    let page = Page::Onward {
        name: host.unwrap_or_default(),
        href: &redirect,
    };
    Reply::of(respond::page(Shown::Asked, &call.render(&page)))
}

/// Whether somebody who is signed in owns the address that an invitation was sent to.
fn is_owner(call: &Call<'_>, session: &PersonSession, invited: &Invited) -> bool {
    let Some(token) = session.subject.token() else {
        return false;
    };
    let subject = &token.subject;
    match subject.home {
        // Found by that very address, or by an account that has it.
        Home::NoTenant => {
            subject.user_id.as_ref() == Some(&Id::new(&invited.guest))
                && has_address(&token, &invited.address)
        }
        Home::Tenant { .. } | Home::MicrosoftAccount => {
            let names = names(call, session, &token, Way::Link);
            let mut names = names.iter();
            names.any(|name| name.eq_ignore_ascii_case(&invited.address))
        }
    }
}

fn has_address(token: &KnownToken, address: &str) -> bool {
    let told = &token.verified.claims().names.email;
    told.as_deref()
        .is_some_and(|told| told.eq_ignore_ascii_case(address))
}

/// How an invitation was come by.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Way {
    /// By its link, which was sent to the address.
    Link,
    /// By the app itself.
    App,
    /// By nothing: they sign up.
    SignUp,
}

/// The addresses of a tenant's person that their provider can vouch for: those that lead to it. Of Entra's users the sign-in name, whose
/// domain the tenant has shown to be its own, also where the domain leads nowhere; never the claim `email`, which anybody may set there. What
/// other providers let people write themselves counts with the link only.
pub(super) fn names<'s>(
    call: &Call<'_>,
    session: &PersonSession,
    token: &'s KnownToken,
    way: Way,
) -> Vec<&'s str> {
    let Some(provider) = call.settings.provider(&session.provider) else {
        return Vec::new();
    };
    if !token.verified.identity().is_home_issued() {
        return Vec::new();
    }
    let told = &token.verified.claims().names;
    let is_entra = token.facts.entra && provider.class() == Class::Directory;
    if !is_entra && way == Way::App {
        return Vec::new();
    }
    let email = told.email.as_deref().filter(|_| !is_entra);
    // Whoever has no link is known by what the provider says of their mailbox alone (OpenID Connect Core 1.0, section 5.1: what they prefer to be
    // called is no name that anybody else could not have).
    let is_by_name = is_entra || way == Way::Link;
    let by_name = |name: &'s Option<Arc<str>>| name.as_deref().filter(|_| is_by_name);
    let all = [
        by_name(&told.user_principal_name),
        by_name(&told.preferred_username),
        email,
    ];
    let order = &call.in_force.snapshot.redemption;
    let counts = |address: &&str| match call.settings.of_address(address, order) {
        Some(leads) => leads.name == provider.name || is_entra && leads.class() == Class::Passcode,
        None => is_entra,
    };
    all.into_iter().flatten().filter(counts).collect()
}

/// The invitation of whoever came by the app itself: of the record that is theirs, where it has not been accepted.
fn pending(call: &Call<'_>, session: &PersonSession) -> Option<Open> {
    let guests = &call.in_force.snapshot.guests;
    let now = unix_time(call.at);
    let token = session.subject.token()?;
    let subject = &token.subject;
    let record = match subject.home {
        Home::NoTenant => guests
            .by_id(subject.user_id.as_ref()?)
            .filter(|record| is_open(record, now))
            .filter(|record| {
                let mail = record
                    .sign_in
                    .as_ref()
                    .and_then(|names| names.mail.as_deref());
                mail.is_some_and(|mail| has_address(&token, mail))
            })?,
        Home::Tenant { .. } | Home::MicrosoftAccount => {
            let mut records = names(call, session, &token, Way::App)
                .into_iter()
                .flat_map(|name| guests.with_mail(name))
                .filter(|record| is_open(record, now));
            let record = records.next()?;
            if records.any(|other| other.id != record.id) {
                return None;
            }
            record
        }
    };
    Some(Open {
        guest: record.id.to_string(),
        ticket: None,
        inviter: None,
        address: record.sign_in.as_ref()?.mail.as_deref()?.to_owned(),
    })
}

fn is_open(record: &Guest, now: UnixTime) -> bool {
    record.redemption == Redemption::Pending && record.is_active(now)
}

/// Who accepts, by how they are signed in.
fn acceptance(call: &Call<'_>, session: &PersonSession) -> Option<Acceptance> {
    let token = session.subject.token()?;
    let user = token.subject.user_id.clone()?;
    match token.subject.home {
        Home::Tenant { tenant, .. } => Some(Acceptance::Tenant {
            tenant: tenant.0,
            user,
        }),
        Home::MicrosoftAccount => Some(Acceptance::Tenant {
            tenant: TenantId::MICROSOFT_ACCOUNTS,
            user,
        }),
        Home::NoTenant => match &call.settings.provider(&session.provider)?.speaks_for {
            SpeaksFor::Guests(voucher) => Some(Acceptance::Account {
                issuer: voucher.identity_provider()?.to_owned(),
                assigned: token.subject.home_oid.as_ref().map(ToString::to_string),
            }),
            // The own tenant's service tells of a guest: it has taken the acceptance, if any.
            SpeaksFor::Tenant(_) | SpeaksFor::Asserted(_) => None,
        },
    }
}

fn gone(call: &Call<'_>) -> Reply {
    refused(call, FailedWhy::InvitationGone, "invitation_gone")
}

fn of_another(call: &Call<'_>) -> Reply {
    refused(
        call,
        FailedWhy::InvitationOfAnother,
        "invitation_of_another",
    )
}

fn unreadable(call: &Call<'_>, fault: &ApiError) -> Reply {
    tracing::error!("an invitation cannot be read: {}", fault.message);
    unable(call, None, "invitation_not_read")
}

fn refused(call: &Call<'_>, why: FailedWhy, reason: &'static str) -> Reply {
    Reply {
        answer: failed(call, why),
        told: Told::Refused(TokenRefusal {
            code: NOT_REDEEMED,
            reason,
        }),
    }
}

/// A guest whose redemption is not complete.
const NOT_REDEEMED: u32 = 50_014;
