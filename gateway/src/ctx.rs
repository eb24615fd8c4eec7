//! What one request carries from phase to phase, and the account it gives of itself at its end.

use std::sync::Arc;
use std::time::Instant;

use crossgate_policy::{Decision, Permit};
use jiff::Timestamp;
use pingora::protocols::l4::socket::SocketAddr as PeerAddress;
use uuid::Uuid;

use crate::live::InForce;
use crate::ops::AppMetrics;
use crate::proxy::Flight;
use crate::request::forwarded::Client;
use crate::request::respond::Trouble;
use crate::request::route::App;
use crate::request::token::KnownToken;
use crate::sign_ins::{Ending, Observation, PolicyInForce, RestrictionValues, Slot};

/// One request.
///
/// Whatever ends it, a panic too, it is recorded exactly once: by [`RequestCtx::record`] when the head of its answer is
/// known, else by [`RequestCtx::finish`], or when it is dropped.
#[derive(Debug)]
pub struct RequestCtx {
    /// The policy and settings that this request sees from its first step to its last.
    pub in_force: Arc<InForce>,
    /// When its head had been read, for durations.
    pub begun: Instant,
    /// The same, for people and tokens.
    pub arrived: Timestamp,
    /// The id of its decision.
    pub decision_id: Uuid,
    /// What the client may quote.
    pub correlation_id: Box<str>,
    /// Its place among the requests under way to upstreams.
    pub flight: Option<Flight>,
    /// Its room in the sign-in queue.
    pub slot: Option<Slot>,
    /// How it ended, as far as is known.
    pub ending: Ending,
    /// The client's side.
    pub client: Option<Client>,
    /// The app, and the length of the prefix that led to it.
    pub app: Option<Arc<App>>,
    /// The path prefix that led to the app.
    pub prefix: Box<str>,
    /// The token, where one was verified.
    pub token: Option<Arc<KnownToken>>,
    /// Its digest.
    pub token_digest: u128,
    /// The tenant-restriction headers, where any came.
    pub restriction: Option<Box<RestrictionValues>>,
    /// `User-Agent`, cut.
    pub user_agent: Option<Box<str>>,
    /// `https://host` as the caller named it; empty while that is not known.
    pub origin: Box<str>,
    /// The host as the client wrote it.
    pub authority: Box<str>,
    /// The target that the upstream gets, where the client spelled it otherwise.
    pub target: Option<String>,
    /// The client asked to go on in WebSocket.
    pub websocket: bool,
    /// A person with a browser asks.
    pub browser: bool,
    /// What went wrong after the decision.
    pub trouble: Option<Trouble>,
    /// Upstreams that could not be reached for this request.
    pub failed: Vec<PeerAddress>,
    /// When the first upstream was chosen.
    pub upstream_begun: Option<Instant>,
    /// Bytes of the body so far.
    pub body: u64,
    /// The metrics of requests for which there is no app.
    no_app: Arc<AppMetrics>,
    recorded: bool,
    finished: bool,
}

impl RequestCtx {
    /// A request whose head has just been read.
    #[must_use]
    pub fn new(in_force: Arc<InForce>) -> Self {
        let decision_id = Uuid::new_v4();
        Self {
            no_app: Arc::clone(&in_force.routes.no_app),
            in_force,
            begun: Instant::now(),
            arrived: Timestamp::now(),
            decision_id,
            correlation_id: decision_id.to_string().into(),
            flight: None,
            slot: None,
            ending: Ending::Aborted,
            client: None,
            app: None,
            prefix: Box::default(),
            token: None,
            token_digest: 0,
            restriction: None,
            user_agent: None,
            origin: Box::default(),
            authority: Box::default(),
            target: None,
            websocket: false,
            browser: false,
            trouble: None,
            failed: Vec::new(),
            upstream_begun: None,
            body: 0,
            recorded: false,
            finished: false,
        }
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

    /// Counts and records the request with the status that the client is sent; 0 where it is sent none. Once: a second
    /// call does nothing.
    ///
    /// Gives the room in the sign-in queue back, which a long answer must not hold. Nothing may be forwarded afterwards:
    /// the permit goes with the record.
    pub fn record(&mut self, status: u16) {
        if std::mem::replace(&mut self.recorded, true) {
            return;
        }
        self.metrics().answered(&self.ending);
        let duration = self.begun.elapsed();
        let Some(slot) = self.slot.take() else {
            return;
        };
        let in_force = &self.in_force;
        slot.record(Observation {
            decision_id: self.decision_id,
            // What is logged of the rest of the request names it too.
            correlation_id: self.correlation_id.clone(),
            arrived: self.arrived,
            duration,
            status,
            ending: std::mem::replace(&mut self.ending, Ending::Aborted),
            app: self.app.as_ref().map(|app| app.called.clone()),
            subject: self.token.as_ref().map(|token| Arc::clone(&token.subject)),
            token: self.token.as_ref().map(|token| Arc::clone(&token.facts)),
            token_digest: self.token_digest,
            client_address: self.client.as_ref().and_then(|client| client.address),
            user_agent: self.user_agent.take(),
            policy: Some(PolicyInForce {
                snapshot: Arc::clone(&in_force.snapshot),
                generation: in_force.generation,
                hash: Arc::clone(&in_force.hash),
            }),
            restriction: self.restriction.take(),
            // No partner's side is known yet, so none allows anything.
            partner_outbound_allowed: false,
        });
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
        self.record(0);
        self.metrics().ended(self.begun.elapsed());
    }

    fn metrics(&self) -> &AppMetrics {
        self.app.as_ref().map_or(&self.no_app, |app| &app.metrics)
    }
}

impl Drop for RequestCtx {
    fn drop(&mut self) {
        self.finish();
    }
}
