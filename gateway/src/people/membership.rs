//! What people may do here by themselves: the apps that they may open; and of a guest that they are one, and may leave.

use std::sync::Arc;

use crossgate_control::administrator::{self, Administrator, Credential, Person};
use crossgate_control::api::error::ApiError;
use crossgate_control::delegation::{self, Owned};
use crossgate_control::inviting;
use crossgate_control::leaving::{self, Membership};
use crossgate_control::ledger::Ledger;
use crossgate_control::roles::{Caller, Scope, ScopeSet, Standing};
use crossgate_policy::Decision;
use crossgate_policy::decision::{Direction, Reason, TokenRefusal};
use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::{Guest, Redemption, UserType};
use crossgate_portal::cookies;
use crossgate_portal::pages::{Action, Does, Page, Why};
use crossgate_portal::sessions::SessionId;
use http::{Method, StatusCode};
use url::Url;
use uuid::Uuid;

use super::call::{Call, Reply, Told};
use super::me::name;
use super::{People, PersonSession, place};
use crate::request::admit::{admit_with_terms, unix_time};
use crate::request::respond::{self, Shown};
use crate::request::route::App;

/// An app that a person may open.
pub(super) struct Openable<'a> {
    pub(super) app: &'a Arc<App>,
    /// Where it begins.
    pub(super) href: String,
}

/// What somebody may do here by themselves.
#[derive(Default)]
pub(super) struct Own {
    pub(super) membership: Option<Membership>,
    pub(super) may_invite: bool,
    /// The apps and groups that they own.
    pub(super) owned: Vec<Owned>,
}

/// The apps where people sign in that let this person in now, and others that are meant besides.
pub(super) fn openable<'a>(
    call: &'a Call<'_>,
    session: &PersonSession,
    is_meant: impl Fn(&App) -> bool,
) -> Vec<Openable<'a>> {
    let accepted = session.subject.standing.accepted(call.settings);
    let accepted = accepted.as_deref().unwrap_or_default();
    // Apps share the port that the browser came to.
    let port = Url::parse(&call.origin)
        .ok()
        .and_then(|origin| origin.port());
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    let entrances = call.in_force.routes.entrances();
    entrances
        .filter(|entrance| {
            let target = &entrance.app.called.target;
            let decision = admit_with_terms(call, target, &session.subject, accepted);
            decision.permit().is_some() || is_meant(&entrance.app)
        })
        .map(|entrance| Openable {
            app: &entrance.app,
            href: match &*entrance.prefix {
                "" => format!("https://{}{port}/", entrance.host),
                prefix => format!("https://{}{port}{prefix}", entrance.host),
            },
        })
        .collect()
}

/// The record of whoever is signed in, where they are a guest of ours who was let in.
pub(super) fn guest<'s>(call: &'s Call<'_>, decision: &Decision) -> Option<&'s Guest> {
    let facts = decision.facts()?;
    let is_revoked = matches!(&decision.outcome, Err(refusal) if refusal.reason == Reason::Revoked);
    if facts.direction != Direction::Inbound || is_revoked {
        return None;
    }
    let record = call
        .in_force
        .snapshot
        .guests
        .by_id(facts.own_user_id.as_ref()?)?;
    let is_guest = record.user_type == UserType::Guest
        && record.redemption == Redemption::Accepted
        && record.is_active(unix_time(call.at));
    is_guest.then_some(record)
}

/// Whoever is signed in, as the control plane knows them: at our pages they can invite, and let guests into what is
/// theirs; nothing else there takes a scope.
pub(super) fn person(session: &PersonSession, decision: &Decision) -> Option<Administrator> {
    let facts = decision.facts()?;
    let token = session.subject.token()?;
    let standing = match facts.direction {
        Direction::Internal => administrator::standing(&token.subject),
        Direction::Inbound | Direction::Outbound | Direction::TenantRestricted => Standing::Guest,
    };
    Some(Administrator {
        credential: Credential::Session(Person {
            user: facts.own_user_id.clone()?,
            standing,
            scopes: ScopeSet::from_iter([
                Scope::UserInvite,
                Scope::AppRoleAssignmentWrite,
                Scope::GroupMemberWrite,
            ]),
        }),
        display_name: name(&token).map(Into::into),
        user_principal_name: token.facts.user_principal_name.clone(),
        terms_accepted: Arc::default(),
    })
}

/// What is known to the control plane of whoever is signed in. Its lock may be waited for.
pub(super) async fn own(
    ledger: &Arc<Ledger>,
    guest: Option<Id>,
    person: Option<Administrator>,
) -> Result<Own, ApiError> {
    let ledger = Arc::clone(ledger);
    let asking = tokio::task::spawn_blocking(move || {
        let membership = match guest {
            Some(guest) => leaving::membership(&ledger, &guest)?,
            None => None,
        };
        let inviters = ledger.compiled().external_collaboration.inviters;
        let caller = person.map(|person| person.caller());
        let may_invite = caller
            .as_ref()
            .is_some_and(|caller| inviting::may_invite(inviters, &ledger.roles(), caller).is_ok());
        let owned = match &caller {
            Some(Caller::Delegated { user, .. }) if may_invite => {
                delegation::looked_after(&ledger, user)?
            }
            Some(_) | None => Vec::new(),
        };
        Ok(Own {
            membership,
            may_invite,
            owned,
        })
    });
    asking.await.unwrap_or_else(|_| Err(ApiError::internal()))
}

impl People {
    /// `/.crossgate/leave`: a question, or the end of being a guest.
    pub(super) async fn leave(&self, call: &Call<'_>, decision: &Decision) -> Reply {
        let (Some(ledger), Some(session)) = (&self.ledger, &call.session) else {
            return Reply::of(respond::go(place::ME));
        };
        // Only who asks can leave: the form says nothing of whom.
        let (Some(guest), Some(person)) = (guest(call, decision), person(session, decision)) else {
            return Reply::of(call.nowhere());
        };
        let asked = || {
            self.with_form_token(call, |csrf| {
                let page = Page::Leave {
                    action: place::LEAVE,
                    csrf,
                    return_to: place::ME,
                };
                respond::page(Shown::Asked, &call.render(&page))
            })
        };
        if call.method != Method::POST {
            return Reply::of(asked());
        }
        if !self.is_ours(call) {
            return Reply::to_another_site(asked());
        }
        let (ledger, id, address) = (Arc::clone(ledger), guest.id.clone(), call.client_ip);
        let correlation = correlation(call);
        let leaving = tokio::task::spawn_blocking(move || {
            leaving::leave(&ledger, (&id, &person), address, correlation)
        });
        match leaving.await.unwrap_or_else(|_| Err(ApiError::internal())) {
            Ok(()) => {}
            Err(fault) if fault.status == StatusCode::FORBIDDEN => {
                return may_not(call, Why::MayNotLeave, "may_not_leave");
            }
            Err(fault) if fault.status == StatusCode::NOT_FOUND => {
                return Reply::of(call.nowhere());
            }
            Err(fault) => return unreachable(call, &fault),
        }
        self.end(&self.sessions_of(call, guest)).await;
        let mut answer = respond::go(place::SIGNED_OUT);
        answer.set_cookie(&cookies::clear(cookies::SESSION));
        answer.set_cookie(&cookies::clear(cookies::REALM));
        Reply::of(answer)
    }

    /// A guest's sessions, whoever's word they began with.
    fn sessions_of(&self, call: &Call<'_>, guest: &Guest) -> Vec<SessionId> {
        let own = call.in_force.snapshot.own.id;
        let theirs = self.sessions.filter(|session| {
            let person = session.subject.who().person.as_ref();
            person
                .map(|person| person.id())
                .is_some_and(|(tenant, user)| {
                    (tenant == own && *user == guest.id) || guest.home() == Some((tenant, user))
                })
        });
        theirs.iter().map(|session| session.id).collect()
    }
}

/// The id of a call, for the audit.
pub(super) fn correlation(call: &Call<'_>) -> Uuid {
    Uuid::parse_str(&call.correlation_id).unwrap_or_else(|_| Uuid::new_v4())
}

/// What a person wants is not for them.
pub(super) fn may_not(call: &Call<'_>, why: Why, reason: &'static str) -> Reply {
    refused(call, why, NOT_FOR_THEM, reason)
}

/// The same, by a refusal of this code.
pub(super) fn refused(call: &Call<'_>, why: Why, code: u32, reason: &'static str) -> Reply {
    let page = Page::Refused {
        why,
        code: Some(&format!("AADSTS{code}")),
        correlation_id: &call.correlation_id,
        at: &call.at.to_string(),
        who: None,
        actions: &[Action {
            does: Does::SeeWhoIAm,
            href: place::ME,
        }],
    };
    Reply {
        answer: respond::page(Shown::Forbidden, &call.render(&page)),
        told: Told::Refused(TokenRefusal { code, reason }),
    }
}

/// The store does not do what it should.
pub(super) fn unreachable(call: &Call<'_>, fault: &ApiError) -> Reply {
    tracing::error!("[policy] source: {}", fault.message);
    let page = Page::Refused {
        why: Why::Internal,
        code: None,
        correlation_id: &call.correlation_id,
        at: &call.at.to_string(),
        who: None,
        actions: &[],
    };
    Reply {
        answer: respond::page(Shown::Unreachable, &call.render(&page)),
        told: Told::NotReady {
            reason: "directory_not_reached",
            provider: None,
        },
    }
}

/// As for an app that is not the person's.
const NOT_FOR_THEM: u32 = 50_105;
