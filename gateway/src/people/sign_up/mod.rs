//! Self-service sign-up: somebody without a record, who signed in at a provider that a user flow takes, becomes a guest.
//!
//! Nothing is kept here of a sign-up under way: what was found out is sealed into the form, for the browser that was shown it.

mod candidate;
mod connector;
mod ended;
mod fields;
mod offer;
mod pass;
mod rates;

use std::sync::Arc;

use crossgate_control::api::error::ApiError;
use crossgate_control::ledger::Ledger;
use crossgate_control::signing_up::{self, NotSignedUp, Now, SignedUp};
use crossgate_graph::UserFlow;
use crossgate_policy::Decision;
use crossgate_policy::decision::Reason;
use crossgate_portal::pages::{Page, SignUpEnd, SignUpField, SignUpProblem, field};
use crossgate_portal::return_path::ReturnPath;
use crossgate_portal::seal::NoRandom;
use http::Method;
use serde_json::{Map, Value};

use super::People;
use super::call::{Call, Reply, Told};
use super::forms::{Browser, one};
use super::membership::{self, correlation};
use super::passcode;
use super::place;
use super::provider::{Provider, SpeaksFor};
use super::welcome::Failed;
use crate::request::admit::{admit_by, admit_with_terms};
use crate::request::respond::{self, Shown};
use crate::request::route::{App, Door};
pub(super) use candidate::Stranger;
use candidate::{Candidate, Origin};
pub(super) use connector::MOST_ASKED;
use connector::{Heard, Step};
use ended::{ended, of};
use fields::{Filled, filled, shown};
pub use offer::offers;
use pass::Pass;
pub(super) use rates::Rates;

impl People {
    /// `/.crossgate/sign-up`: what is asked of whoever is signed in; and what was filled in, of anybody who was shown the form.
    pub(super) async fn sign_up(&self, call: &Call<'_>, decision: &Decision) -> Reply {
        let Some(ledger) = &self.ledger else {
            return Reply::of(call.nowhere());
        };
        if call.method == Method::POST {
            return self.submitted(call, ledger, decision).await;
        }
        let query = call.query();
        let return_to = ReturnPath::read(one(&query, "return").unwrap_or("/"));
        let Some(session) = call.session.as_ref().filter(|_| !is_revoked(decision)) else {
            // By whichever provider: the app is where a sign-up begins.
            return Reply::of(respond::go(return_to.as_str()));
        };
        let app = app_of(call, return_to.as_str());
        let accepted = session.subject.standing.accepted(call.settings);
        let accepted = accepted.as_deref().unwrap_or_default();
        let target = &app.called.target;
        let now = admit_with_terms(call, target, &session.subject, accepted);
        match &now.outcome {
            Ok(()) => return Reply::of(respond::go(return_to.as_str())),
            Err(refusal) if !offers(call.in_force, app, session, &now) => {
                let reason = refusal.reason;
                return membership::refused(
                    call,
                    respond::why(refusal),
                    reason.code(),
                    "no_user_flow",
                );
            }
            Err(_) => {}
        }
        match Candidate::of_session(call, session, app, return_to) {
            Some(candidate) => self.begin_sign_up(call, ledger, candidate).await,
            None => ended(
                call,
                &of(SignUpEnd::NotPossible, NO_GUEST, "address_not_vouched_for"),
            ),
        }
    }

    /// Somebody whom no record knows came from a provider that speaks for no tenant.
    pub(super) async fn stranger(
        &self,
        call: &Call<'_>,
        stranger: Stranger,
        otherwise: Failed,
    ) -> Reply {
        let turned_away = |why: Failed| Reply {
            answer: why.page(call),
            told: why.told(),
        };
        let order = &call.in_force.snapshot.redemption;
        let provider = call.settings.provider_by(&stranger.attempt.provider, order);
        let (Some(ledger), Some(provider)) = (&self.ledger, provider) else {
            return turned_away(otherwise);
        };
        let resumed = stranger.attempt.kept.as_deref();
        let resumed = resumed.and_then(|kept| self.kept.path(kept));
        let path = resumed.unwrap_or_else(|| stranger.attempt.return_to.as_str().to_owned());
        let app = app_of(call, &path);
        let flow = offer::flow(call.in_force, app);
        if !flow.is_some_and(|flow| flow.takes(&provider.name)) {
            return turned_away(otherwise);
        }
        match Candidate::of_stranger(call, provider, app, stranger) {
            Some(candidate) => self.begin_sign_up(call, ledger, candidate).await,
            None => ended(
                call,
                &of(SignUpEnd::NotPossible, NO_GUEST, "address_not_vouched_for"),
            ),
        }
    }

    /// Whether a code may be mailed to somebody whom no record knows: to sign up for the app that they came for.
    pub(super) fn mails_strangers(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        address: &str,
        path: &str,
    ) -> bool {
        let app = app_of(call, path);
        let flow = offer::flow(call.in_force, app);
        let order = &call.in_force.snapshot.redemption;
        let leads = call.settings.of_address(address, order);
        self.ledger.is_some()
            && flow.is_some_and(|flow| flow.takes(&provider.name))
            && leads.is_some_and(|leads| leads.name == provider.name)
            && call.in_force.snapshot.guests.with_mail(address).is_empty()
            && self.sign_ups.may_begin(call.client_ip, address, call.now())
    }

    async fn begin_sign_up(
        &self,
        call: &Call<'_>,
        ledger: &Arc<Ledger>,
        candidate: Candidate,
    ) -> Reply {
        let (asked, who) = (Arc::clone(ledger), candidate.applicant.clone());
        let standing = tokio::task::spawn_blocking(move || signing_up::stands(&asked, &who)).await;
        match standing.unwrap_or_else(|_| Err(ApiError::internal().into())) {
            Ok(Now::MaySignUp) => {}
            Ok(Now::Guest(_)) => return self.arrive(call, candidate).await,
            Ok(Now::Waits) => return ended(call, &ended::waits()),
            Err(why) => return not_signed_up(call, &why),
        }
        if !self.counts(call, &candidate) {
            return ended(
                call,
                &of(SignUpEnd::TooMany, THROTTLED, "too_many_sign_ups"),
            );
        }
        if !candidate.would_come_in(call) {
            return ended(
                call,
                &of(SignUpEnd::NotPossible, NOT_ADMITTED, "inbound_not_admitted"),
            );
        }
        let Some(flow) = flow_of(call, &candidate) else {
            return not_signed_up(call, &NotSignedUp::NoFlow);
        };
        let mut known = candidate.known(&flow);
        if let Some(connector) = &flow.post_federation_signup {
            let step = Step::PostFederationSignup;
            let heard = self
                .ask_connector(call, connector, step, &flow, candidate.told(&known, call))
                .await;
            match heard {
                Heard::Continue(values) => known.extend(values),
                Heard::Block(message) => return blocked(call, &message),
                Heard::Invalid(_) => return failed(call, "connector_answer_not_of_this_step"),
                Heard::Failed(reason) => return failed(call, reason),
            }
        }
        let fields = shown(&flow, &known);
        self.form(call, &flow, &candidate, &fields, (None, None))
    }

    async fn submitted(&self, call: &Call<'_>, ledger: &Arc<Ledger>, decision: &Decision) -> Reply {
        let lost = of(SignUpEnd::TookTooLong, TOO_LATE, "sign_up_took_too_long");
        if !self.is_ours(call) {
            return Reply::to_another_site(ended(call, &lost).answer);
        }
        let sealed = one(&call.form, field::SIGN_UP);
        let Some(candidate) = Pass::open(self, call, sealed) else {
            return ended(call, &lost);
        };
        if let Origin::Session { .. } = &candidate.origin {
            let session = call.session.as_ref().filter(|_| !is_revoked(decision));
            let is_still = session.is_some_and(|session| candidate.is_of(session));
            if !is_still {
                return ended(call, &lost);
            }
        }
        let Some(flow) = flow_of(call, &candidate) else {
            return not_signed_up(call, &NotSignedUp::NoFlow);
        };
        if !self.counts(call, &candidate) {
            return ended(
                call,
                &of(SignUpEnd::TooMany, THROTTLED, "too_many_sign_ups"),
            );
        }
        let mut values = match filled(&flow, &call.form) {
            Filled::Good(values) => values,
            Filled::NoGood(fields) => {
                let problem = Some(SignUpProblem::Fields);
                return self.form(call, &flow, &candidate, &fields, (problem, None));
            }
        };
        if !candidate.would_come_in(call) {
            return ended(
                call,
                &of(SignUpEnd::NotPossible, NOT_ADMITTED, "inbound_not_admitted"),
            );
        }
        if let Some(connector) = &flow.post_attribute_collection {
            let step = Step::PostAttributeCollection;
            let heard = self
                .ask_connector(call, connector, step, &flow, candidate.told(&values, call))
                .await;
            match heard {
                Heard::Continue(more) => values.extend(more),
                Heard::Invalid(message) => {
                    let fields = shown(&flow, &values);
                    return self.form(call, &flow, &candidate, &fields, (None, Some(&message)));
                }
                Heard::Block(message) => return blocked(call, &message),
                Heard::Failed(reason) => return failed(call, reason),
            }
        }
        match self.make(call, ledger, &candidate, values).await {
            Ok(SignedUp::Guest(_)) => self.arrive(call, candidate).await,
            // The form was used before, here or in another tab: it is no second way to sign in.
            Ok(SignedUp::Already(_)) => match &candidate.origin {
                Origin::Session { .. } => self.arrive(call, candidate).await,
                Origin::Provider(_) => Reply::of(respond::go(candidate.path())),
            },
            Ok(SignedUp::Waits) => ended(call, &ended::waits()),
            Err(why) => not_signed_up(call, &why),
        }
    }

    async fn make(
        &self,
        call: &Call<'_>,
        ledger: &Arc<Ledger>,
        candidate: &Candidate,
        values: Map<String, Value>,
    ) -> Result<SignedUp, NotSignedUp> {
        let (ledger, who) = (Arc::clone(ledger), candidate.applicant.clone());
        let from = (call.client_ip, correlation(call));
        let making =
            tokio::task::spawn_blocking(move || signing_up::sign_up(&ledger, &who, &values, from));
        let made = making.await;
        made.unwrap_or_else(|_| Err(ApiError::internal().into()))
    }

    /// Whoever is a guest now goes where they wanted to be.
    async fn arrive(&self, call: &Call<'_>, candidate: Candidate) -> Reply {
        match candidate.origin {
            Origin::Session { return_to } => {
                let answer = respond::go(return_to.as_str());
                let Some(session) = &call.session else {
                    return Reply::of(answer);
                };
                let accepted = session.subject.standing.accepted(call.settings);
                let accepted = accepted.as_deref().unwrap_or_default();
                let app = app_of(call, return_to.as_str());
                // By what is in force now: the record is there.
                let in_force = call.live.in_force();
                let target = &app.called.target;
                let token = session.subject.token();
                let subject = token.as_ref().map(|token| &*token.subject);
                let policy = in_force.policy_for(subject);
                let decision = admit_by(policy, call, target, &session.subject, accepted);
                Reply {
                    answer,
                    told: Told::Decided(decision),
                }
            }
            Origin::Provider(stranger) => {
                let welcome = self.welcome(call, *stranger).await;
                welcome.unwrap_or_else(|why| Reply {
                    answer: why.page(call),
                    told: why.told(),
                })
            }
        }
    }

    async fn welcome(&self, call: &Call<'_>, stranger: Stranger) -> Result<Reply, Failed> {
        let Stranger { attempt, who } = stranger;
        let order = &call.in_force.snapshot.redemption;
        let provider = call.settings.provider_by(&attempt.provider, order);
        let provider = provider.ok_or(Failed::not_invited())?;
        let SpeaksFor::Guests(voucher) = &provider.speaks_for else {
            return Err(Failed::not_invited());
        };
        let mut arrived = self.guest(call, provider, voucher, &attempt, &who).await?;
        if provider.is_passcode() {
            arrived.longest = Some(passcode::LONGEST);
        }
        self.let_in(call, provider, attempt, arrived).await
    }

    fn form(
        &self,
        call: &Call<'_>,
        flow: &UserFlow,
        candidate: &Candidate,
        fields: &[fields::Shown],
        (problem, message): (Option<SignUpProblem>, Option<&str>),
    ) -> Reply {
        let Ok((browser, csrf, pass)) = self.sealed(call, candidate) else {
            return failed(call, "no_random_numbers");
        };
        let fields: Vec<(Vec<_>, &fields::Shown)> = fields
            .iter()
            .map(|field| (field.choices(), field))
            .collect();
        let fields: Vec<SignUpField<'_>> = fields
            .iter()
            .map(|(choices, field)| field.as_page(choices))
            .collect();
        let app = app_of(call, candidate.path());
        let tenant = candidate.tenant();
        let page = Page::SignUp {
            app: &app.called.name,
            account: candidate.applicant.address(),
            home_name: tenant.and_then(|tenant| call.settings.name_of(tenant)),
            fields: &fields,
            problem,
            message,
            terms_href: flow.terms_of_use.as_deref(),
            privacy_href: call.settings.privacy_url.as_deref(),
            action: place::SIGN_UP,
            pass: &pass,
            csrf: &csrf,
        };
        let shown = if problem.is_some() || message.is_some() {
            Shown::NoGood
        } else {
            Shown::Asked
        };
        let mut answer = respond::page(shown, &call.render(&page));
        if browser.is_new {
            answer.set_cookie(&browser.cookie());
        }
        Reply::of(answer)
    }

    /// What the form carries, for the browser that is shown it.
    fn sealed(
        &self,
        call: &Call<'_>,
        candidate: &Candidate,
    ) -> Result<(Browser, String, String), NoRandom> {
        let browser = Browser::of(call.headers)?;
        let csrf = browser.token(&self.sealer, call.host)?;
        let pass = Pass::seal(self, call, candidate, &browser)?;
        Ok((browser, csrf, pass))
    }

    /// Whether one more try of somebody is taken.
    fn counts(&self, call: &Call<'_>, candidate: &Candidate) -> bool {
        let address = candidate.applicant.address();
        self.sign_ups.count(call.client_ip, address, call.now())
    }
}

/// The flow that takes somebody, as it is now.
fn flow_of(call: &Call<'_>, candidate: &Candidate) -> Option<Arc<UserFlow>> {
    let who = &candidate.applicant;
    let flow = call.in_force.sign_up.of_app(&who.app)?;
    flow.takes(&who.provider).then(|| Arc::clone(flow))
}

/// The app that a path of this host leads to.
fn app_of<'c>(call: &'c Call<'_>, path: &str) -> &'c App {
    let path = path.split('?').next().unwrap_or("/");
    let found = call.in_force.routes.find(Door::Proxy, call.host, path);
    found.map_or(call.app, |found| found.app)
}

fn is_revoked(decision: &Decision) -> bool {
    matches!(&decision.outcome, Err(refusal) if refusal.reason == Reason::Revoked)
}

fn blocked(call: &Call<'_>, message: &str) -> Reply {
    let end = of(SignUpEnd::Blocked, NO_GUEST, "sign_up_blocked_by_connector");
    ended(call, &end.saying(message))
}

fn failed(call: &Call<'_>, reason: &'static str) -> Reply {
    ended(call, &of(SignUpEnd::Failed, NO_GUEST, reason))
}

fn not_signed_up(call: &Call<'_>, why: &NotSignedUp) -> Reply {
    use crossgate_control::invitations::NotInvitable;
    let end = match why {
        NotSignedUp::NoFlow => of(SignUpEnd::NotPossible, NO_GUEST, "no_user_flow"),
        NotSignedUp::NotInvitable(NotInvitable::CrossTenant) => {
            of(SignUpEnd::NotPossible, NOT_ADMITTED, "inbound_not_admitted")
        }
        NotSignedUp::NotInvitable(NotInvitable::Own | NotInvitable::Domain) => {
            of(SignUpEnd::NotPossible, NO_GUEST, "not_invitable")
        }
        NotSignedUp::Invited => of(
            SignUpEnd::Invited,
            ended::NOT_REDEEMED,
            "invitation_is_open",
        ),
        NotSignedUp::Known => of(SignUpEnd::Known, NO_GUEST, "known_already"),
        NotSignedUp::Denied => of(SignUpEnd::Denied, NO_GUEST, "sign_up_denied"),
        NotSignedUp::Full => of(SignUpEnd::TooMany, THROTTLED, "too_many_wait_for_approval"),
        NotSignedUp::Fault(fault) => return membership::unreachable(call, fault),
    };
    ended(call, &end)
}

/// Who may not use the app: they are nobody's guest.
const NO_GUEST: u32 = 50_020;

/// Whom the cross-tenant settings do not admit.
const NOT_ADMITTED: u32 = 500_213;

/// Too many requests.
const THROTTLED: u32 = 90_055;

/// What it began with has expired.
const TOO_LATE: u32 = 70_008;
