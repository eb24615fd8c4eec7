//! From the head of a request to the decision: where it goes, who brings it, whether it may.

use std::net::SocketAddr;
use std::sync::Arc;

use crossgate_policy::Decision;
use crossgate_policy::decision::{Outcome, Reason};
use crossgate_policy::ids::TenantId;
use crossgate_policy::snapshot::Snapshot;
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Method};
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::Gateway;
use super::answer::asked;
use super::visit::{Stop, Visit, What};
use crate::ctx::RequestCtx;
use crate::live::Held;
use crate::people::place;
use crate::people::{Begin, Here, is_navigation, offers};
use crate::request::admit::{Brought, Moment, admit, admit_anybody, admit_signed_in, unix_time};
use crate::request::assertion;
use crate::request::cross_tenant;
use crate::request::forwarded::Client;
use crate::request::head::{self, Head};
use crate::request::headers::CorrelationId;
use crate::request::respond::{self, METADATA_PATH, Trouble};
use crate::request::restriction::restriction_values;
use crate::request::route::{App, Door, Found, Routes};
use crate::request::scribe::header_value;
use crate::sign_ins::{Ending, RestrictionValues};
use crate::signals::Signals;
use crate::synchronization::Synchronization;

/// What is answered on an app's behalf, where policy lets anybody ask.
enum Public {
    Metadata,
    Jwks,
    /// For this partner.
    CrossTenant(TenantId),
    Preflight,
}

/// A request as it came in at a door, or as a proxy in front tells of it.
pub(crate) struct Came<'a> {
    /// Its head.
    pub(crate) request: &'a RequestHeader,
    /// The bytes of that, where the protocol has such.
    pub(crate) raw: Option<&'a [u8]>,
    /// Who is at the other end of the connection.
    pub(crate) peer: Option<SocketAddr>,
    /// The connection is encrypted.
    pub(crate) secure: bool,
}

impl Gateway {
    /// Decides; answers with what is to be sent where the request does not go on.
    pub(super) fn gate(&self, session: &Session, ctx: &mut RequestCtx) -> Result<(), Stop> {
        let in_force = Arc::clone(&ctx.in_force);
        let routes = &in_force.routes;
        let request = session.req_header();
        let headers = &request.headers;
        let raw = session
            .as_downstream()
            .as_http1()
            .map(pingora::protocols::http::v1::server::HttpSession::get_headers_raw_bytes);
        let peer = session.client_addr().and_then(|peer| peer.as_inet());
        let came = Came {
            request,
            raw: raw.as_deref(),
            peer: peer.copied(),
            secure: session
                .digest()
                .is_some_and(|digest| digest.ssl_digest.is_some()),
        };
        let head = Self::read_head(&came, routes, ctx)?;
        let session = self.signed_in(request, &head, ctx);
        let restriction = ctx.restriction.clone();
        let bare = bare(headers, restriction.as_deref(), ctx);
        if let Some(place) = place::place(&head.path)
            && self.people.is_some()
            && let Some(found) = routes.signs_in(self.door, &head.host)
        {
            enter(ctx, found);
            let brought = bare.by(session.as_ref());
            let subject = session.as_ref().map(|here| &*here.token.subject);
            let visit = Visit {
                what: What::Place(
                    place,
                    about(in_force.policy_for(subject), found.app, brought, self),
                ),
                host: head.host.clone().into_owned(),
                session: session.clone(),
            };
            let open = admit_anybody(&in_force.snapshot, found.app, brought, &self.metrics);
            self.conclude(request, ctx, open)?;
            return Err(Stop::Visit(Box::new(visit)));
        }
        if let Some((public, found)) = self.public(&request.method, headers, &head, routes) {
            enter(ctx, found);
            let decision = admit_anybody(&in_force.snapshot, found.app, bare, &self.metrics);
            self.conclude(request, ctx, decision)?;
            return Err(Stop::Answer(match public {
                Public::Metadata => {
                    respond::resource_metadata(&asked(request, ctx), &routes.authorization_servers)
                }
                Public::Jwks => respond::jwks(self.signer.jwks()),
                Public::CrossTenant(partner) => {
                    let now = u64::try_from(ctx.arrived.as_second()).unwrap_or(0);
                    let snapshot = &in_force.snapshot;
                    match cross_tenant::document(&self.signer, snapshot, partner, now) {
                        Some(document) => respond::cross_tenant(document),
                        None => respond::trouble(Trouble::Internal, &asked(request, ctx)),
                    }
                }
                Public::Preflight => respond::preflight(headers),
            }));
        }
        let Some(found) = routes.find(self.door, &head.host, &head.path) else {
            if let Some(transmitter) = self.pushes(&head, routes) {
                return Err(Stop::Push(transmitter));
            }
            if self.synchronizes(&head, routes) {
                return Err(Stop::Synchronize((*head.path).into()));
            }
            return self.conclude(request, ctx, Decision::unknown_app());
        };
        ctx.session = session;
        self.ask(&in_force, request, head, found, bare, ctx)
    }

    /// Reads where a request goes and who brings it.
    pub(super) fn read_head<'a>(
        came: &Came<'a>,
        routes: &Routes,
        ctx: &mut RequestCtx,
    ) -> Result<Head<'a>, Stop> {
        let request = came.request;
        let headers = &request.headers;
        let head = head::read(request, came.raw, &routes.limits);
        let authority = head.as_ref().map_or("", |head| head.authority);
        let mut client = Client::read(
            headers,
            came.peer,
            came.secure,
            host_value(headers, authority),
            &routes.trusted_proxies,
        );
        if let Some(told) = client
            .told
            .as_mut()
            .and_then(|told| told.correlation_id.take())
        {
            ctx.correlation_id = CorrelationId::Told(told);
        }
        ctx.client = Some(client);
        ctx.restriction = restriction_values(headers);
        match head {
            Ok(head) => {
                ctx.websocket = head.websocket;
                Ok(head)
            }
            Err(trouble) => {
                ctx.ending = Ending::Malformed(trouble.rule());
                let answer = respond::trouble(trouble, &asked(request, ctx));
                Err(Stop::Answer(answer))
            }
        }
    }

    /// Decides about a request to an app that was found. Who is signed in stands in `ctx`.
    pub(super) fn ask(
        &self,
        in_force: &Held,
        request: &RequestHeader,
        head: Head<'_>,
        found: Found<'_>,
        bare: Brought<'_>,
        ctx: &mut RequestCtx,
    ) -> Result<(), Stop> {
        enter(ctx, found);
        // Where people do not sign in, a session is nothing: no page of another site may act with it there.
        let session = ctx.session.take().filter(|_| found.app.sign_in);
        let brought = bare.by(session.as_ref());
        ctx.target.clone_from(&head.target);

        let moment = Moment {
            snapshot: &in_force.snapshot,
            staged: in_force.staged.as_deref(),
            issuers: &in_force.issuers,
            keys: |issuer: &str| in_force.keys.get(issuer),
            basis: in_force.basis(),
        };
        let admission = admit(
            &moment,
            found.app.addressee(),
            brought,
            &self.tokens,
            &self.metrics,
        );
        ctx.token = admission.token;
        ctx.token_digest = admission.token_digest;
        ctx.session = session;
        ctx.decided = admission.decided;
        for issuer in &admission.outdated {
            self.live.request_refresh(issuer);
        }
        match admission.verdict {
            Ok(decision) => {
                if let Some(begin) = self.begins_sign_in(request, &head, found.app, &decision, ctx)
                {
                    ctx.ending = Ending::Decided(decision);
                    return Err(Stop::Visit(Box::new(Visit {
                        what: What::Begin(begin),
                        host: head.host.into_owned(),
                        session: ctx.session.clone(),
                    })));
                }
                self.conclude(request, ctx, decision)
            }
            Err(_no_keys) => {
                let trouble = Trouble::NotReady("no_keys");
                ctx.ending = Ending::NotReady(trouble.rule());
                let answer = respond::trouble(trouble, &asked(request, ctx));
                Err(Stop::Answer(answer))
            }
        }
    }

    /// Who pushes a security event, where that is what comes.
    fn pushes(&self, head: &Head<'_>, routes: &Routes) -> Option<Box<str>> {
        let settings = routes
            .signals
            .as_ref()
            .filter(|_| self.door == Door::Proxy)?;
        self.signals.as_ref()?;
        Signals::name_in(settings, &head.host, &head.path)
    }

    /// Whether a partner pushes users or groups.
    fn synchronizes(&self, head: &Head<'_>, routes: &Routes) -> bool {
        let settings = routes.synchronization.as_ref();
        let settings =
            settings.filter(|_| self.door == Door::Proxy && self.synchronization.is_some());
        settings.is_some_and(|settings| Synchronization::is_at(settings, &head.host, &head.path))
    }

    /// Who is signed in with the browser that sends this; nobody, where it brings a token besides.
    pub(super) fn signed_in(
        &self,
        request: &RequestHeader,
        head: &Head<'_>,
        ctx: &RequestCtx,
    ) -> Option<Here> {
        let people = self.people.as_ref()?;
        let headers = &request.headers;
        if headers.contains_key(AUTHORIZATION) {
            return None;
        }
        let now = u64::try_from(ctx.arrived.as_second()).unwrap_or_default();
        let session = people.session(headers, &head.host, now, &ctx.in_force)?;
        // Browsers open WebSockets for pages of any site, and tell whose page it was.
        let origin = || ctx.client.as_ref().and_then(Client::origin);
        let own_page = || {
            let named = headers.get(ORIGIN).and_then(|named| named.to_str().ok());
            named.is_some() && named == origin().as_deref()
        };
        (!head.websocket || own_page()).then_some(session)
    }

    /// Whether a person waits for a page that they can have once they have signed in, or signed in better.
    fn begins_sign_in(
        &self,
        request: &RequestHeader,
        head: &Head<'_>,
        app: &App,
        decision: &Decision,
        ctx: &RequestCtx,
    ) -> Option<Begin> {
        let (Err(refusal), true) = (&decision.outcome, app.sign_in) else {
            return None;
        };
        let headers = &request.headers;
        let helps = match refusal.reason.outcome() {
            Outcome::Unauthenticated => true,
            Outcome::StepUp => refusal.reason != Reason::RestrictionClaimMissing,
            // Who has no record, and can sign up for one.
            Outcome::Block => ctx.session.as_ref().is_some_and(|here| {
                let people = self.people.as_ref();
                people.is_some_and(|people| people.takes_invitations())
                    && offers(&ctx.in_force, app, &here.session, decision)
            }),
            Outcome::Allow | Outcome::Consent | Outcome::BadRequest | Outcome::NotFound => false,
            // Who was invited, and has come by the app itself.
            Outcome::Redeem => {
                let people = self.people.as_ref();
                people.is_some_and(|people| people.takes_invitations())
            }
        };
        let with_form = request.method == Method::POST;
        let fetches = matches!(request.method, Method::GET | Method::HEAD);
        let comes = self.people.is_some()
            && decision.permit().is_none()
            && !headers.contains_key(AUTHORIZATION)
            && !head.websocket
            && (fetches || with_form)
            && is_navigation(headers);
        (helps && comes).then(|| Begin {
            refusal: refusal.clone(),
            with_form,
            form_lost: false,
        })
    }

    /// Keeps the decision, and answers where it does not let the request go on.
    pub(super) fn conclude(
        &self,
        request: &RequestHeader,
        ctx: &mut RequestCtx,
        decision: Decision,
    ) -> Result<(), Stop> {
        ctx.ending = Ending::Decided(decision);
        let asked = || asked(request, ctx);
        let answer = match ctx
            .decision()
            .map(|decision| (decision.permit(), &decision.outcome))
        {
            Some((Some(_), _)) => return Ok(()),
            Some((None, Err(refusal))) => respond::refusal(refusal, &asked()),
            // Admitted without a permit: cannot be, and must not go on.
            Some((None, Ok(()))) | None => respond::trouble(Trouble::Internal, &asked()),
        };
        Err(Stop::Answer(answer))
    }

    /// Counts a request that may go on; answers where too many are under way.
    pub(super) fn take_off(
        &self,
        request: &RequestHeader,
        ctx: &mut RequestCtx,
    ) -> Result<(), Stop> {
        ctx.flight = self
            .in_flight
            .take_off(ctx.in_force.routes.limits.max_connections);
        if ctx.flight.is_some() {
            return Ok(());
        }
        let trouble = Trouble::NotReady("too_many_requests_in_flight");
        ctx.ending = Ending::NotReady(trouble.rule());
        let answer = respond::trouble(trouble, &asked(request, ctx));
        Err(Stop::Answer(answer))
    }

    /// What is asked of the gateway itself rather than of an app.
    fn public<'r>(
        &self,
        method: &Method,
        headers: &HeaderMap,
        head: &Head<'_>,
        routes: &'r Routes,
    ) -> Option<(Public, Found<'r>)> {
        let reading = *method == Method::GET || *method == Method::HEAD;
        if reading && &*head.path == assertion::JWKS_PATH {
            return Some((Public::Jwks, routes.any(self.door, &head.host)?));
        }
        if reading
            && let Some(partner) = cross_tenant::partner_of(&head.path)
            && routes.published_to.contains(&partner)
        {
            let found = routes.any(self.door, &head.host)?;
            return Some((Public::CrossTenant(partner), found));
        }
        if reading
            && let Some(rest) = head.path.strip_prefix(METADATA_PATH)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            let path = if rest.is_empty() { "/" } else { rest };
            return Some((Public::Metadata, routes.find(self.door, &head.host, path)?));
        }
        if *method != Method::OPTIONS {
            return None;
        }
        let found = routes.find(self.door, &head.host, &head.path)?;
        (found.app.cors_preflight && respond::is_preflight(method, headers))
            .then_some((Public::Preflight, found))
    }
}

/// What a request brings, whoever is signed in.
pub(super) fn bare<'a>(
    headers: &'a HeaderMap,
    restriction: Option<&'a RestrictionValues>,
    ctx: &RequestCtx,
) -> Brought<'a> {
    Brought {
        now: unix_time(ctx.arrived),
        headers,
        restriction,
        client_ip: ctx.client.as_ref().and_then(|client| client.address),
        session: None,
        terms_accepted: &[],
    }
}

/// What is decided about who is signed in and an app of the host, for the page that tells them.
fn about(snapshot: &Snapshot, app: &App, brought: Brought<'_>, gateway: &Gateway) -> Decision {
    match brought.session {
        Some(session) => admit_signed_in(snapshot, app, brought, session, &gateway.metrics),
        None => admit_anybody(snapshot, app, brought, &gateway.metrics),
    }
}

const fn enter(ctx: &mut RequestCtx, found: Found<'_>) {
    ctx.mount = Some(found.mount);
}

/// The host as the client sent it, usually as it stands in its header.
fn host_value(headers: &HeaderMap, authority: &str) -> HeaderValue {
    match headers.get(HOST) {
        Some(host) if *host == *authority => host.clone(),
        Some(_) | None => header_value(|page| page.extend_from_slice(authority.as_bytes()))
            .unwrap_or(const { HeaderValue::from_static("") }),
    }
}
