//! People invite guests with their browser: the same invitation as by the API, for whoever may invite there.

use std::sync::Arc;

use crossgate_control::api::error::ApiError;
use crossgate_control::delegation::{Owned, Thing};
use crossgate_control::inviting::{self, Made, Wanted};
use crossgate_policy::Decision;
use crossgate_policy::decision::{Outcome, Reason, Refusal};
use crossgate_policy::ids::Id;
use crossgate_portal::pages::{Destination, InviteProblem, Page, Why, field};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::forms::one;
use super::membership::{self, Openable, correlation, may_not, openable, refused, unreachable};
use super::sign_in::Begin;
use super::{People, PersonSession, place};
use crate::admin::admin_target;
use crate::request::admit::admit_with_terms;
use crate::request::respond::{self, Answer, Shown};
use crate::request::route::App;

/// What was typed in.
#[derive(Default)]
struct Typed {
    email: String,
    name: String,
    app: String,
    /// `None` where nobody has chosen yet.
    lets_into: Option<String>,
    message: String,
}

/// Where a guest can go afterwards.
struct Landing {
    id: String,
    label: String,
    href: String,
}

impl People {
    /// `/.crossgate/invite`: whom to invite; and what became of it.
    pub(super) async fn invite(&self, call: &Call<'_>, decision: &Decision) -> Reply {
        let Some(ledger) = &self.ledger else {
            return Reply::of(call.nowhere());
        };
        let Some(session) = &call.session else {
            let back = format!("{}?return={}", place::SIGN_IN, place::INVITE);
            return Reply::of(respond::go(&back));
        };
        // Decided as for a page of the app, and as for a call of the admin API: neither is a way around the other.
        let settings = ledger.enforcer().settings();
        let accepted = session.subject.standing.accepted(call.settings);
        let accepted = accepted.as_deref().unwrap_or_default();
        let admin = admin_target(&settings);
        let admin = admit_with_terms(call, &admin, &session.subject, accepted);
        for decision in [decision, &admin] {
            if let Err(refusal) = &decision.outcome {
                return self.not_admitted(call, refusal).await;
            }
        }
        let Some(person) = membership::person(session, decision) else {
            return may_not(call, Why::MayNotInvite, MAY_NOT_INVITE);
        };
        let typed = (call.method == Method::POST && self.is_ours(call)).then(|| Typed::of(call));
        let owned = match membership::own(ledger, None, Some(person.clone())).await {
            // An invitation that is refused is recorded by who refuses it.
            Ok(own) if own.may_invite || typed.is_some() => own.owned,
            Ok(_) => return may_not(call, Why::MayNotInvite, MAY_NOT_INVITE),
            Err(fault) => return unreachable(call, &fault),
        };
        let ask = |typed: &Typed, problem| self.ask(call, (session, &owned), typed, problem);
        let Some(typed) = typed else {
            let typed = Typed::default();
            return if call.method == Method::POST {
                Reply::to_another_site(ask(&typed, Some(InviteProblem::TookTooLong)))
            } else {
                Reply::of(ask(&typed, None))
            };
        };
        let mails = call.settings.mail.is_some();
        let wanted = typed.wanted(call, (session, &owned), mails);
        let (ledger, address, correlation) =
            (Arc::clone(ledger), call.client_ip, correlation(call));
        let inviting = tokio::task::spawn_blocking(move || {
            inviting::invite_by_page(&ledger, &person, address, correlation, &wanted)
        });
        match inviting.await.unwrap_or_else(|_| Err(ApiError::internal())) {
            Ok(made) => invited(call, &typed.email, &made, mails),
            Err(fault) if fault.status == StatusCode::FORBIDDEN => {
                may_not(call, Why::MayNotInvite, MAY_NOT_INVITE)
            }
            Err(fault) if fault.status == StatusCode::BAD_REQUEST => {
                let problem = if inviting::is_address(&typed.email) {
                    InviteProblem::NotInvitable
                } else {
                    InviteProblem::EmailMalformed
                };
                Reply::of(ask(&typed, Some(problem)))
            }
            Err(fault) if fault.status == StatusCode::TOO_MANY_REQUESTS => {
                Reply::of(ask(&typed, Some(InviteProblem::TooMany)))
            }
            Err(fault) => unreachable(call, &fault),
        }
    }

    /// Signing in better may help; else the person is told.
    async fn not_admitted(&self, call: &Call<'_>, refusal: &Refusal) -> Reply {
        let helps = match refusal.reason.outcome() {
            Outcome::Unauthenticated => true,
            // Of terms the app's own page knows which.
            Outcome::StepUp => refusal.reason != Reason::TermsOfUseRequired,
            Outcome::Allow
            | Outcome::Block
            | Outcome::Redeem
            | Outcome::Consent
            | Outcome::BadRequest
            | Outcome::NotFound => false,
        };
        if helps && call.method == Method::GET {
            let begin = Begin {
                refusal: refusal.clone(),
                with_form: false,
                form_lost: false,
            };
            return self.begin(call, begin).await;
        }
        let code = refusal.reason.code();
        refused(call, respond::why(refusal), code, MAY_NOT_INVITE)
    }

    fn ask(
        &self,
        call: &Call<'_>,
        (session, owned): (&PersonSession, &[Owned]),
        typed: &Typed,
        problem: Option<InviteProblem>,
    ) -> Answer {
        let landings = landings(call, session, owned);
        let apps: Vec<Destination<'_>> = landings
            .iter()
            .map(|landing| Destination {
                label: &landing.label,
                value: &landing.id,
                chosen: landing.id == typed.app,
            })
            .collect();
        let values: Vec<String> = owned.iter().map(|owned| value_of(&owned.thing)).collect();
        let lets_into = values.iter().zip(owned);
        let lets_into: Vec<Destination<'_>> = lets_into
            .map(|(value, owned)| Destination {
                label: &owned.name,
                value,
                // At an app of theirs it is that one.
                chosen: typed.lets_into.as_ref().map_or_else(
                    || owned.thing == Thing::App(call.app.called.target.id.clone()),
                    |chosen| chosen == value,
                ),
            })
            .collect();
        self.with_form_token(call, |csrf| {
            let page = Page::Invite {
                action: place::INVITE,
                csrf,
                email: &typed.email,
                name: &typed.name,
                message: call.settings.mail.is_some().then_some(&*typed.message),
                apps: &apps,
                lets_into: &lets_into,
                problem,
                return_to: place::ME,
            };
            let shown = match problem {
                None => Shown::Asked,
                Some(InviteProblem::TooMany) => Shown::TooOften,
                Some(
                    InviteProblem::EmailMalformed
                    | InviteProblem::NotInvitable
                    | InviteProblem::TookTooLong,
                ) => Shown::NoGood,
            };
            respond::page(shown, &call.render(&page))
        })
    }
}

impl Typed {
    fn of(call: &Call<'_>) -> Self {
        // As much as the fields take; who sends more did not use them.
        let text = |name: &str, most: usize| -> String {
            let text = one(&call.form, name).unwrap_or_default().trim();
            text.chars().take(most).collect()
        };
        Self {
            email: text(field::EMAIL, 255),
            name: text(field::NAME, 256),
            app: text(field::APP, 256),
            lets_into: Some(text(field::LETS_INTO, 256)),
            message: text(field::MESSAGE, 2000),
        }
    }

    fn wanted(
        &self,
        call: &Call<'_>,
        (session, owned): (&PersonSession, &[Owned]),
        sends: bool,
    ) -> Wanted {
        let landings = landings(call, session, owned);
        let chosen = landings.iter().find(|landing| landing.id == self.app);
        // One that is not offered is none: the guest goes where the inviter is.
        let landing = chosen.or_else(|| landings.first());
        let redirect = landing.map_or_else(
            || format!("{}/", call.origin),
            |landing| landing.href.clone(),
        );
        let written = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Wanted {
            address: self.email.clone(),
            redirect,
            sends,
            message: if sends {
                json!({
                    "messageLanguage": call.language().tag(),
                    "customizedMessageBody": written(&self.message),
                })
            } else {
                Value::Null
            },
            display_name: written(&self.name),
            // One that is not theirs, or no longer, is refused by who makes the invitation.
            to: self
                .lets_into
                .iter()
                .filter_map(|value| thing_of(value))
                .collect(),
            ..Wanted::default()
        }
    }
}

/// What stands for an app or a group in the form.
fn value_of(thing: &Thing) -> String {
    match thing {
        Thing::App(id) => format!("app:{id}"),
        Thing::Group(id) => format!("group:{id}"),
    }
}

fn thing_of(value: &str) -> Option<Thing> {
    let (kind, id) = value.split_once(':')?;
    match kind {
        "app" => Some(Thing::App(Id::new(id))),
        "group" => Some(Thing::Group(Id::new(id))),
        _ => None,
    }
}

/// Where guests can be sent: to what the inviter may open too, or owns, the app of this host first.
fn landings(call: &Call<'_>, session: &PersonSession, owned: &[Owned]) -> Vec<Landing> {
    let is_owned = |app: &App| {
        let app = Thing::App(app.called.target.id.clone());
        owned.iter().any(|owned| owned.thing == app)
    };
    let mut all: Vec<(bool, Landing)> = openable(call, session, is_owned)
        .into_iter()
        .map(|Openable { app, href }| {
            let landing = Landing {
                id: app.called.target.id.to_string(),
                label: app.called.name.to_string(),
                href,
            };
            (app.called.target.id != call.app.called.target.id, landing)
        })
        .collect();
    all.sort_by_key(|(is_elsewhere, _)| *is_elsewhere);
    all.into_iter().map(|(_, landing)| landing).collect()
}

fn invited(call: &Call<'_>, address: &str, made: &Made, mails: bool) -> Reply {
    let page = Page::Invited {
        address,
        redeem_href: (made.is_open && !mails).then_some(&*made.link),
        mailed: made.is_open && mails,
        again_href: place::INVITE,
        return_to: place::ME,
    };
    Reply::of(respond::page(Shown::Asked, &call.render(&page)))
}

const MAY_NOT_INVITE: &str = "may_not_invite";
