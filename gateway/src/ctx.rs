//! What one request carries from phase to phase, and the account it gives of itself at its end.

use std::sync::Arc;
use std::time::Instant;

use crossgate_policy::{Decision, Permit};
use http::HeaderMap;
use http::header::USER_AGENT;
use jiff::Timestamp;
use pingora::protocols::l4::socket::SocketAddr as PeerAddress;
use uuid::Uuid;

use crate::live::Held;
use crate::ops::AppMetrics;
use crate::people::Here;
use crate::proxy::{self, Flight};
use crate::request::forwarded::Client;
use crate::request::headers::CorrelationId;
use crate::request::respond::{Answer, Trouble};
use crate::request::route::{App, Mount, MountId};
use crate::request::token::KnownToken;
use crate::request::tokens::TokenDigest;
use crate::sign_ins::{
    Ending, Observation, PolicyInForce, RestrictionValues, Seen, Slot, StagedOver, bounded,
};
use crate::traces::Trace;

/// One request.
///
/// Whatever ends it, a panic too, it is recorded exactly once: by [`RequestCtx::record`] when the head of its answer is
/// known, else by [`RequestCtx::finish`], or when it is dropped.
#[derive(Debug)]
pub struct RequestCtx {
    /// The policy and settings that this request sees from its first step to its last.
    pub in_force: Arc<Held>,
    /// When its head had been read, for durations.
    pub begun: Instant,
    /// The same, for people and tokens.
    pub arrived: Timestamp,
    /// The id of its decision.
    pub decision_id: Uuid,
    /// What the client may quote.
    pub correlation_id: CorrelationId,
    /// Its place among the requests under way to upstreams.
    pub flight: Option<Flight>,
    /// Its room in the sign-in queue.
    pub slot: Option<Slot>,
    /// How it ended, as far as is known.
    pub ending: Ending,
    /// The client's side.
    pub client: Option<Client>,
    /// The app, and the prefix that led to it.
    pub mount: Option<MountId>,
    /// The token, where one was verified.
    pub token: Option<Arc<KnownToken>>,
    /// The session that it came with instead.
    pub session: Option<Here>,
    /// Its digest.
    pub token_digest: TokenDigest,
    /// The provider at which a person signed in by this request, or tried to.
    pub signed_in_at: Option<Arc<str>>,
    /// The tenant-restriction headers, where any came.
    pub restriction: Option<Arc<RestrictionValues>>,
    /// The target that the upstream gets, where the client spelled it otherwise.
    pub target: Option<String>,
    /// The client asked to go on in WebSocket.
    pub websocket: bool,
    /// Whoever asks cannot hand a page on.
    pub without_pages: bool,
    /// What went wrong after the decision.
    pub trouble: Option<Trouble>,
    /// Its place in its trace, where traces are on.
    pub trace: Option<Box<Trace>>,
    /// Upstreams that could not be reached for this request.
    pub failed: Vec<PeerAddress>,
    /// When it was decided.
    pub decided: Option<Instant>,
    /// When the first upstream was chosen.
    pub upstream_begun: Option<Instant>,
    /// When the head of the upstream's answer came.
    pub answered: Option<Instant>,
    /// Bytes of the body so far.
    pub body: u64,
    /// A person reads the answer, and may quote its reference.
    shown: bool,
    recorded: bool,
    finished: bool,
}

impl RequestCtx {
    /// A request whose head has just been read.
    #[must_use]
    pub fn new(in_force: Arc<Held>, now: Instant) -> Self {
        let decision_id = Uuid::new_v4();
        Self {
            in_force,
            begun: now,
            arrived: Timestamp::now(),
            decision_id,
            correlation_id: CorrelationId::Own(decision_id),
            flight: None,
            slot: None,
            ending: Ending::Aborted,
            client: None,
            mount: None,
            token: None,
            session: None,
            token_digest: TokenDigest::NONE,
            signed_in_at: None,
            restriction: None,
            target: None,
            websocket: false,
            without_pages: false,
            trouble: None,
            trace: None,
            failed: Vec::new(),
            decided: None,
            upstream_begun: None,
            answered: None,
            body: 0,
            shown: false,
            recorded: false,
            finished: false,
        }
    }

    /// Goes on by what is in force later: from now on the request sees that, and its app as it is there.
    pub fn move_to(&mut self, in_force: Arc<Held>) {
        if !Arc::ptr_eq(&in_force.routes, &self.in_force.routes) {
            let app = self.app().map(|app| &app.called.target.id);
            self.mount = app.and_then(|app| in_force.routes.mount_of(app));
        }
        self.in_force = in_force;
    }

    /// The request is of who is signed in.
    pub fn speaks_for(&mut self, here: Here) {
        self.token = Some(Arc::clone(&here.token));
        self.token_digest = here.session.subject.digest;
        self.session = Some(here);
    }

    /// What was decided, where anything was.
    #[must_use]
    pub const fn decision(&self) -> Option<&Decision> {
        self.ending.decision()
    }

    /// What lets the request go on. Nothing is forwarded without it.
    #[must_use]
    pub fn permit(&self) -> Option<&Permit> {
        self.decision()?.permit()
    }

    /// The app under the prefix that led to it.
    #[must_use]
    pub fn mount(&self) -> Option<&Mount> {
        self.in_force.routes.mount(self.mount?)
    }

    /// The app.
    #[must_use]
    pub fn app(&self) -> Option<&Arc<App>> {
        self.mount().map(|mount| &mount.app)
    }

    /// Counts and records the request with the status that the client is sent; 0 where it is sent none. Once: a second
    /// call does nothing. `headers` are the client's.
    ///
    /// Gives the room in the sign-in queue back, which a long answer must not hold. Nothing may be forwarded afterwards:
    /// the permit goes with the record.
    pub fn record(&mut self, status: u16, headers: Option<&HeaderMap>) {
        if std::mem::replace(&mut self.recorded, true) {
            return;
        }
        self.metrics().answered(&self.ending);
        if let Some(mut trace) = self.trace.take() {
            trace.answered(status, &self.ending, self.app(), &self.correlation_id);
            self.trace = Some(trace);
        }
        let answered = self.answered.unwrap_or_else(Instant::now);
        let duration = answered.saturating_duration_since(self.begun);
        let Some(slot) = self.slot.take() else {
            return;
        };
        let ending = std::mem::replace(&mut self.ending, Ending::Aborted);
        let restriction = self.restriction.take();
        let signed_in_at = self.signed_in_at.take();
        let in_force = &self.in_force;
        let subject = self.token.as_ref().map(|token| &*token.subject);
        let staged = in_force.staged_for(subject);
        let app = self.app().map(|app| &app.called);
        let client_address = self.client.as_ref().and_then(|client| client.address);
        let seen = Seen {
            token: self.token_digest,
            app: app.map(|app| &app.target.id),
            outcome: ending.outcome(),
            reason: ending.reason(),
            client_address,
            generation: in_force.generation,
            arrived: self.arrived,
            by_itself: self.shown || signed_in_at.is_some(),
        };
        slot.record(&seen, || Observation {
            decision_id: self.decision_id,
            correlation_id: self.correlation_id.to_string().into(),
            arrived: self.arrived,
            shown: self.shown,
            duration,
            status,
            ending,
            app: app.cloned(),
            subject: self.token.as_ref().map(|token| Arc::clone(&token.subject)),
            token: self.token.as_ref().map(|token| Arc::clone(&token.facts)),
            token_digest: self.token_digest,
            client_address,
            user_agent: headers
                .and_then(|headers| headers.get(USER_AGENT)?.to_str().ok())
                .map(bounded),
            policy: Some(PolicyInForce {
                snapshot: Arc::clone(staged.map_or(&in_force.snapshot, |staged| &staged.snapshot)),
                generation: in_force.generation,
                hash: Arc::clone(staged.map_or(&in_force.hash, |staged| &staged.hash)),
                key_set_generation: in_force.keys.epoch,
                over: staged.map(|staged| StagedOver {
                    stage: Arc::clone(staged),
                    for_all: Arc::clone(&in_force.snapshot),
                }),
            }),
            signed_in_at,
            trace: self.trace.as_ref().map(|trace| Box::new(trace.id())),
            restriction,
            // No partner's side is known yet, so none allows anything.
            partner_outbound_allowed: false,
            terms_accepted: self.session.as_ref().and_then(|here| here.accepted.clone()),
        });
    }

    /// Records an answer of ours.
    pub fn record_answer(&mut self, answer: &Answer, headers: &HeaderMap) {
        self.shown = answer.is_page();
        self.record(answer.status, Some(headers));
    }

    /// Lets go of the policy, where the request is recorded: it goes on for long.
    pub fn goes_on(&mut self) {
        if self.recorded {
            self.in_force = self.in_force.without_policy();
        }
    }

    /// Whether the request is recorded already.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// Ends the request: records it where no answer was known, and measures the whole of it. Once.
    pub fn finish(&mut self) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        if !self.recorded {
            let status = proxy::end_late(self);
            self.record(status, None);
        }
        self.metrics().ended(self.begun.elapsed());
        if let Some(trace) = self.trace.take() {
            trace.ends(self.arrived, self.begun);
        }
    }

    fn metrics(&self) -> &AppMetrics {
        self.app()
            .map_or(&*self.in_force.routes.no_app, |app| &app.metrics)
    }
}

impl Drop for RequestCtx {
    fn drop(&mut self) {
        self.finish();
    }
}
