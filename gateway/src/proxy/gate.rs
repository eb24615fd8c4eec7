//! From the head of a request to the decision: where it goes, who brings it, whether it may.

use std::sync::Arc;

use crossgate_policy::Decision;
use crossgate_policy::ids::UnixTime;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method};
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::Gateway;
use super::answer::asked;
use crate::ctx::RequestCtx;
use crate::request::admit::{Brought, Moment, admit, admit_anybody, restriction_values};
use crate::request::assertion;
use crate::request::forwarded::Client;
use crate::request::head::{self, Head};
use crate::request::headers::CorrelationId;
use crate::request::respond::{self, Answer, METADATA_PATH, Trouble};
use crate::request::route::Found;
use crate::request::scribe::header_value;
use crate::sign_ins::Ending;

/// What is answered on an app's behalf, where policy lets anybody ask.
enum Public {
    Metadata,
    Jwks,
    Preflight,
}

impl Gateway {
    /// Decides; answers with what is to be sent where the request does not go on.
    pub(super) fn gate(&self, session: &Session, ctx: &mut RequestCtx) -> Option<Answer> {
        let in_force = Arc::clone(&ctx.in_force);
        let routes = &in_force.routes;
        let request = session.req_header();
        let headers = &request.headers;
        let raw = session
            .as_downstream()
            .as_http1()
            .map(pingora::protocols::http::v1::server::HttpSession::get_headers_raw_bytes);
        let head = head::read(request, raw.as_deref(), &routes.limits);

        let authority = head.as_ref().map_or("", |head| head.authority);
        let peer = session.client_addr().and_then(|peer| peer.as_inet());
        let secure = session
            .digest()
            .is_some_and(|digest| digest.ssl_digest.is_some());
        let mut client = Client::read(
            headers,
            peer.copied(),
            secure,
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
        let client_ip = client.address;
        ctx.client = Some(client);
        ctx.restriction = restriction_values(headers);

        let head = match head {
            Ok(head) => head,
            Err(trouble) => {
                ctx.ending = Ending::Malformed(trouble.rule());
                return Some(respond::trouble(trouble, &asked(request, ctx)));
            }
        };
        ctx.websocket = head.websocket;

        let brought = Brought { headers, client_ip };
        if let Some((public, found)) = self.public(&request.method, headers, &head, routes) {
            enter(ctx, found);
            let decision = admit_anybody(&in_force.snapshot, found.app, brought, &self.metrics);
            return self.conclude(request, ctx, decision).or_else(|| {
                Some(match public {
                    Public::Metadata => respond::resource_metadata(
                        &asked(request, ctx),
                        &routes.authorization_servers,
                    ),
                    Public::Jwks => respond::jwks(self.signer.jwks()),
                    Public::Preflight => respond::preflight(headers),
                })
            });
        }
        let Some(found) = routes.find(self.door, &head.host, &head.path) else {
            return self.conclude(request, ctx, Decision::unknown_app());
        };
        enter(ctx, found);
        ctx.target = head.target;

        let moment = Moment {
            snapshot: &in_force.snapshot,
            issuers: &in_force.issuers,
            keys: |issuer: &str| in_force.keys.get(issuer),
            basis: in_force.basis(),
            now: UnixTime::new(ctx.arrived.as_duration().as_secs_f64())
                .unwrap_or(UnixTime::from_secs(u32::MAX)),
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
        ctx.decided = admission.decided;
        for issuer in &admission.outdated {
            self.live.request_refresh(issuer);
        }
        match admission.verdict {
            Ok(decision) => self.conclude(request, ctx, decision),
            Err(_no_keys) => {
                let trouble = Trouble::NotReady("no_keys");
                ctx.ending = Ending::NotReady(trouble.rule());
                Some(respond::trouble(trouble, &asked(request, ctx)))
            }
        }
    }

    /// Keeps the decision, and answers where it does not let the request go on.
    pub(super) fn conclude(
        &self,
        request: &RequestHeader,
        ctx: &mut RequestCtx,
        decision: Decision,
    ) -> Option<Answer> {
        ctx.ending = Ending::Decided(decision);
        let decision = ctx.decision()?;
        match (decision.permit(), &decision.outcome) {
            (Some(_), _) => None,
            (None, Err(refusal)) => Some(respond::refusal(refusal, &asked(request, ctx))),
            // Admitted without a permit: cannot be, and must not go on.
            (None, Ok(())) => Some(respond::trouble(Trouble::Internal, &asked(request, ctx))),
        }
    }

    /// Counts a request that may go on; answers where too many are under way.
    pub(super) fn take_off(&self, request: &RequestHeader, ctx: &mut RequestCtx) -> Option<Answer> {
        ctx.flight = self
            .in_flight
            .take_off(ctx.in_force.routes.limits.max_connections);
        if ctx.flight.is_some() {
            return None;
        }
        let trouble = Trouble::NotReady("too_many_requests_in_flight");
        ctx.ending = Ending::NotReady(trouble.rule());
        Some(respond::trouble(trouble, &asked(request, ctx)))
    }

    /// What is asked of the gateway itself rather than of an app.
    fn public<'r>(
        &self,
        method: &Method,
        headers: &HeaderMap,
        head: &Head<'_>,
        routes: &'r crate::request::route::Routes,
    ) -> Option<(Public, Found<'r>)> {
        let reading = *method == Method::GET || *method == Method::HEAD;
        if reading && &*head.path == assertion::JWKS_PATH {
            return Some((Public::Jwks, routes.any(self.door, &head.host)?));
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
