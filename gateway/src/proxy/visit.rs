//! A person in a browser, where the request is ours to answer: a page of ours, or the way to a sign-in.

use std::sync::Arc;
use std::time::Duration;

use crossgate_policy::Decision;
use http::Method;
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::answer::asked;
use super::{Gateway, body};
use crate::ctx::RequestCtx;
use crate::people::place::Place;
use crate::people::{Begin, Call, Here, MOST_FORM, Reply, Told, has_too_many, is_form};
use crate::request::admit::{Brought, admit_refused, admit_signed_in, unix_time};
use crate::request::forwarded::Client;
use crate::request::respond::{self, Answer, Trouble};
use crate::sign_ins::Ending;

/// Why a request does not go on to an app.
pub(super) enum Stop {
    /// This is sent.
    Answer(Answer),
    /// A security event of this transmitter is to be received.
    Push(Box<str>),
    /// What a partner synchronises is to be received, at this path.
    Synchronize(Box<str>),
    /// A person is to be answered, which may take a while.
    Visit(Box<Visit>),
}

/// A person who is to be answered.
pub(super) struct Visit {
    pub(super) what: What,
    pub(super) host: String,
    pub(super) session: Option<Here>,
}

/// What they came for.
pub(super) enum What {
    /// A place of ours; with what was decided about them and the app.
    Place(Place, Decision),
    /// A page of an app that cannot be had without a sign-in.
    Begin(Begin),
}

impl Gateway {
    /// Answers a person.
    pub(super) async fn visit(
        &self,
        session: &mut Session,
        ctx: &mut RequestCtx,
        visit: Visit,
    ) -> Answer {
        // Visits may wait, for bodies and for providers: they have places of their own, and few.
        let form = match self.form(session, ctx, &visit.what).await {
            Ok(form) => form,
            Err(Full) => return too_many(session.req_header(), ctx),
        };
        self.receive(session.req_header(), form, ctx, visit).await
    }

    /// Answers a person whose form was read; `None` where it is not whole, or too large.
    pub(super) async fn receive(
        &self,
        request: &RequestHeader,
        form: Option<Vec<u8>>,
        ctx: &mut RequestCtx,
        visit: Visit,
    ) -> Answer {
        let Some(_place) = self.people.as_ref().and_then(|people| people.room()) else {
            return too_many(request, ctx);
        };
        let in_force = Arc::clone(&ctx.in_force);
        let client = ctx.client.as_ref();
        let secure = client.is_some_and(|client| client.secure);
        let parts = (
            self.people.as_ref(),
            in_force.routes.people.as_ref(),
            client.and_then(Client::origin),
            ctx.app().cloned(),
        );
        let (Some(people), Some(settings), Some(origin), Some(app)) = parts else {
            return respond::trouble(Trouble::Internal, &asked(request, ctx));
        };
        if !secure {
            // Browsers keep our cookies over HTTPS only: without it a sign-in would go round in circles.
            let trouble = Trouble::Malformed("sign_in_needs_https");
            ctx.ending = Ending::Malformed(trouble.rule());
            return respond::trouble(trouble, &asked(request, ctx));
        }
        let target = request.uri.path_and_query().map(|target| target.as_str());
        let call = Call {
            in_force: &in_force,
            live: &self.live,
            settings,
            client_ip: client.and_then(|client| client.address),
            pages: &in_force.pages,
            app: &app,
            method: request.method.clone(),
            target: ctx
                .target
                .clone()
                .unwrap_or_else(|| target.unwrap_or("/").to_owned()),
            headers: &request.headers,
            form: form
                .as_deref()
                .map(crate::people::fields)
                .unwrap_or_default(),
            host: &visit.host,
            origin,
            at: ctx.arrived,
            correlation_id: ctx.correlation_id.to_string(),
            session: visit.session.as_ref().map(|here| Arc::clone(&here.session)),
            of_console: false,
        };
        let (provider, was_decided) = match &visit.what {
            What::Place(place, _) => (place.provider(settings), false),
            What::Begin(_) => (None, true),
        };
        let Reply { answer, told } = match visit.what {
            What::Place(place, decision) => people.answer(&call, place, decision).await,
            What::Begin(mut begin) => {
                begin.form_lost = begin.with_form
                    && form
                        .as_deref()
                        .is_none_or(|form| !is_form(&request.headers) || has_too_many(form));
                people.begin(&call, begin).await
            }
        };
        let restriction = ctx.restriction.clone();
        let brought = Brought {
            now: unix_time(ctx.arrived),
            headers: &request.headers,
            restriction: restriction.as_deref(),
            client_ip: client.and_then(|client| client.address),
            session: None,
            terms_accepted: &[],
        };
        match told {
            Told::Nothing => {}
            Told::Decided(decision) => {
                if let Some(here) = visit.session {
                    ctx.speaks_for(here);
                }
                ctx.ending = Ending::Decided(decision);
            }
            // Why they were to sign in says more than why they cannot, which the log tells.
            Told::NotReady { .. } if was_decided => {}
            Told::NotReady {
                reason,
                provider: wanted,
            } => {
                ctx.signed_in_at = wanted.or(provider);
                ctx.ending = Ending::NotReady(reason);
            }
            Told::Refused(refusal) => {
                ctx.signed_in_at = provider;
                let subject = ctx.token.as_ref().map(|token| &*token.subject);
                let snapshot = in_force.policy_for(subject);
                let decision = admit_refused(snapshot, &app, brought, refusal, &self.metrics);
                ctx.ending = Ending::Decided(decision);
            }
            Told::SignedIn(session) => {
                let signed_in = &session.subject;
                let accepted = signed_in.standing.accepted(settings);
                let brought = Brought {
                    session: Some(signed_in),
                    terms_accepted: accepted.as_deref().unwrap_or_default(),
                    ..brought
                };
                let token = signed_in.token();
                let subject = token.as_ref().map(|token| &*token.subject);
                let snapshot = in_force.policy_for(subject);
                let decision = admit_signed_in(snapshot, &app, brought, signed_in, &self.metrics);
                ctx.signed_in_at = Some(Arc::clone(&session.provider));
                if let Some(token) = token {
                    ctx.speaks_for(Here {
                        session: Arc::clone(&session),
                        token,
                        accepted,
                    });
                }
                ctx.ending = Ending::Decided(decision);
            }
        }
        answer
    }

    /// The form that came with a visit, empty where none is to; `None` where it is not whole, or too large.
    async fn form(
        &self,
        session: &mut Session,
        ctx: &RequestCtx,
        what: &What,
    ) -> Result<Option<Vec<u8>>, Full> {
        let most = match what {
            What::Place(place, _) => place.longest_form(),
            What::Begin(_) => Some(MOST_FORM),
        };
        let Some(most) = most.filter(|_| session.req_header().method == Method::POST) else {
            return Ok(Some(Vec::new()));
        };
        let client = ctx.client.as_ref().and_then(|client| client.address);
        let reader = self
            .people
            .as_ref()
            .and_then(|people| people.reader(client));
        let _reader = reader.ok_or(Full)?;
        Ok(body::read(session, most, PATIENCE).await.ok())
    }
}

/// There is no place.
struct Full;

fn too_many(request: &RequestHeader, ctx: &mut RequestCtx) -> Answer {
    let trouble = Trouble::NotReady("too_many_visits");
    ctx.ending = Ending::NotReady(trouble.rule());
    respond::trouble(trouble, &asked(request, ctx))
}

/// What people type is sent at once.
const PATIENCE: Duration = Duration::from_secs(10);
