//! A request that another proxy asks about and forwards itself: decided as if it had come in at a door.

use std::sync::Arc;

use crossgate_policy::Decision;
use crossgate_portal::cookies;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderValue, Method};

use super::Gateway;
use super::answer::asked;
use super::gate::{Came, bare};
use super::no_room;
use super::visit::Stop;
use crate::ctx::RequestCtx;
use crate::people::place;
use crate::request::forwarded::Client;
use crate::request::head::Head;
use crate::request::headers;
use crate::request::respond::{self, Answer, Trouble};
use crate::request::route::{Found, Routes};
use crate::sign_ins::Ending;

/// What became of a request that was asked about.
pub(crate) enum Verdict {
    /// It may go on.
    GoesOn(GoesOn),
    /// It may not; this is what its client is to be told.
    Stopped(Answer),
}

/// What the app is to be told, by whoever forwards the request.
pub(crate) struct GoesOn {
    /// What we say of the caller. Every other header of ours must be taken away.
    pub(crate) said: HeaderMap,
    /// What is left of the client's cookies.
    pub(crate) cookie: Option<HeaderValue>,
    /// The client's credential, where the app gets it.
    pub(crate) authorization: Option<HeaderValue>,
}

impl Gateway {
    /// Decides about a request that whoever asks forwards. Nothing is forwarded here, and the permit ends with the record,
    /// which is the caller's to make.
    pub(crate) async fn check(&self, came: &Came<'_>, ctx: &mut RequestCtx) -> Verdict {
        let request = came.request;
        let answer = match self.look_into(came, ctx) {
            Ok(()) => match self.goes_on(&request.headers, ctx) {
                Some(goes_on) => return Verdict::GoesOn(goes_on),
                None => respond::trouble(Trouble::Internal, &asked(request, ctx)),
            },
            Err(Stop::Answer(answer)) => answer,
            Err(Stop::Visit(visit)) => {
                // A form stays with whoever asks, and cannot be kept for its sender.
                let form = (request.method != Method::POST).then(Vec::new);
                let answer = Box::pin(self.receive(request, form, ctx, *visit)).await;
                if ctx.without_pages && answer.is_page() {
                    instead_of_page(came, ctx, answer)
                } else {
                    answer
                }
            }
            // Nobody asks about those: they have hosts of their own.
            Err(Stop::Push(_) | Stop::Synchronize(_)) => {
                respond::trouble(Trouble::Internal, &asked(request, ctx))
            }
        };
        Verdict::Stopped(answer)
    }

    /// The answer to what is no clear question.
    pub(crate) fn refuse_question(
        &self,
        came: &Came<'_>,
        rule: &'static str,
        ctx: &mut RequestCtx,
    ) -> Answer {
        match self.sign_ins.reserve() {
            Ok(slot) => ctx.slot = Some(slot),
            Err(_full) => return no_room(came.request, ctx),
        }
        // Of whoever asks nothing else is known.
        let peer = came.peer.map(|peer| peer.ip().to_canonical());
        ctx.client = Some(Client {
            address: peer,
            peer,
            secure: came.secure,
            host: HeaderValue::from_static(""),
            told: None,
        });
        match malformed(rule, came, ctx) {
            Stop::Answer(answer) => answer,
            Stop::Push(_) | Stop::Synchronize(_) | Stop::Visit(_) => {
                respond::trouble(Trouble::Internal, &asked(came.request, ctx))
            }
        }
    }

    fn look_into(&self, came: &Came<'_>, ctx: &mut RequestCtx) -> Result<(), Stop> {
        let request = came.request;
        match self.sign_ins.reserve() {
            Ok(slot) => ctx.slot = Some(slot),
            Err(_full) => return Err(Stop::Answer(no_room(request, ctx))),
        }
        let in_force = Arc::clone(&ctx.in_force);
        let routes = &in_force.routes;
        let head = Self::read_head(came, routes, ctx)?;
        // Ours to answer at a door, which whoever asks has to send them to.
        if self.people.is_some()
            && place::place(&head.path).is_some()
            && routes.signs_in(self.door, &head.host).is_some()
        {
            return Err(malformed("own_page_not_routed", came, ctx));
        }
        let Some(found) = routes.find(self.door, &head.host, &head.path) else {
            return self.conclude(request, ctx, Decision::unknown_app());
        };
        if self.leads_elsewhere(came, &head, found, routes) {
            return Err(malformed("leads_elsewhere_as_spelled", came, ctx));
        }
        ctx.session = self.signed_in(request, &head, ctx);
        let restriction = ctx.restriction.clone();
        let bare = bare(&request.headers, restriction.as_deref(), ctx);
        self.ask(&in_force, request, head, found, bare, ctx)
    }

    /// Whether a proxy that reads host and path as they are spelled could take the request to another app than the one that is
    /// decided about. What comes in at a door is forwarded in its one form; this goes on as it came.
    fn leads_elsewhere(
        &self,
        came: &Came<'_>,
        head: &Head<'_>,
        found: Found<'_>,
        routes: &Routes,
    ) -> bool {
        let host = head.authority.split(':').next().unwrap_or_default();
        if host.ends_with('.') {
            return true;
        }
        if head.target.is_none() {
            return false;
        }
        let spelled = std::str::from_utf8(came.request.raw_path()).unwrap_or_default();
        let path = spelled.split('?').next().unwrap_or_default();
        let as_spelled = routes.find(self.door, &head.host, path);
        as_spelled.map(|found| found.mount) != Some(found.mount)
    }

    fn goes_on(&self, headers: &HeaderMap, ctx: &RequestCtx) -> Option<GoesOn> {
        let (permit, app) = (ctx.permit()?, ctx.app()?);
        let identity = self.identity(ctx, permit, app);
        let said = headers::told(permit, identity.as_deref(), &ctx.correlation_id).ok()?;
        let authorization = headers.get(AUTHORIZATION);
        Some(GoesOn {
            said,
            cookie: self.cookies_left(headers),
            authorization: authorization.filter(|_| app.forward_authorization).cloned(),
        })
    }

    /// The client's cookies without ours, as one header.
    fn cookies_left(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let mut left = HeaderMap::new();
        for value in headers.get_all(COOKIE) {
            left.append(COOKIE, value.clone());
        }
        if self.people.is_some() {
            cookies::strip(&mut left);
        }
        let values: Vec<&[u8]> = left.values().map(HeaderValue::as_bytes).collect();
        let joined = values.join(&b"; "[..]);
        HeaderValue::from_bytes(&joined)
            .ok()
            .filter(|value| !value.is_empty())
    }
}

/// What a person is told by a proxy that cannot show a page of ours: to go where it is shown, or why not.
fn instead_of_page(came: &Came<'_>, ctx: &RequestCtx, page: Answer) -> Answer {
    let asked = asked(came.request, ctx);
    let refusal = ctx
        .decision()
        .and_then(|decision| decision.outcome.as_ref().err());
    let Some(refusal) = refusal else {
        return page;
    };
    if !respond::asks_to_sign_in(&page) {
        return respond::refusal(refusal, &asked);
    }
    let target = came.request.uri.path_and_query();
    let target = target.map_or("/", |target| target.as_str());
    respond::go_to_sign_in(&place::sign_in(ctx.target.as_deref().unwrap_or(target)))
}

fn malformed(rule: &'static str, came: &Came<'_>, ctx: &mut RequestCtx) -> Stop {
    let trouble = Trouble::Malformed(rule);
    ctx.ending = Ending::Malformed(rule);
    Stop::Answer(respond::trouble(trouble, &asked(came.request, ctx)))
}
