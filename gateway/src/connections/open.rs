//! One request that is under way for long: what it was decided by, so that it can be decided again.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crossgate_policy::Decision;
use crossgate_policy::ids::{Id, UnixTime};
use crossgate_token::CLOCK_SKEW_SECONDS;

use crate::people::PersonSession;
use crate::request::headers::CorrelationId;
use crate::request::route::App;
use crate::request::token::KnownToken;
use crate::sign_ins::RestrictionValues;

/// Who opened it. Another kind of caller than these is added here: what it is decided by, and when that ends.
#[derive(Clone, Debug)]
pub enum Opener {
    /// Nobody in particular, where an app lets anybody in.
    Anybody,
    /// Who brought this token.
    Token(Arc<KnownToken>),
    /// Who is signed in.
    Session(Arc<PersonSession>),
}

impl Opener {
    /// When it ends, whatever policy says; `None` where it does not.
    #[must_use]
    pub fn ends(&self) -> Option<UnixTime> {
        match self {
            Self::Anybody => None,
            Self::Token(token) => {
                let claims = token.verified.claims();
                Some(claims.expires.plus(CLOCK_SKEW_SECONDS))
            }
            Self::Session(session) => {
                let until = u32::try_from(session.until).unwrap_or(u32::MAX);
                Some(UnixTime::from_secs(until))
            }
        }
    }

    /// The terms of use that they accepted.
    #[must_use]
    pub fn accepted(&self) -> Option<Arc<[Id]>> {
        match self {
            Self::Anybody | Self::Token(_) => None,
            Self::Session(session) => session.subject.standing.accepted(),
        }
    }

    /// A session is in use while something of it is under way.
    pub(super) fn is_used(&self, now: u64) {
        match self {
            Self::Anybody | Self::Token(_) => {}
            Self::Session(session) => session.used_at(now),
        }
    }

    /// Whether it ended before its time.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        match self {
            Self::Anybody | Self::Token(_) => false,
            Self::Session(session) => session.has_ended(),
        }
    }
}

/// A request under way.
#[derive(Debug)]
pub struct Open {
    /// Who opened it.
    pub opener: Opener,
    /// What it goes to.
    pub app: Arc<App>,
    /// The caller's address.
    pub client_ip: Option<IpAddr>,
    /// The tenant-restriction headers that it came with.
    pub restriction: Option<Arc<RestrictionValues>>,
    /// The id under which it is found again.
    pub correlation_id: CorrelationId,
    /// When its opener ends, in milliseconds since the epoch; the largest number where that does not end.
    pub(super) ends_at: u64,
    decided_on: AtomicU64,
    closing: OnceLock<Box<Closing>>,
}

/// Why a request under way may not go on.
#[derive(Debug)]
pub struct Closing {
    /// The refusal that a request would get that came now.
    pub decision: Decision,
}

impl Open {
    /// One that was decided on by the policy of a generation.
    #[must_use]
    pub fn new(
        opener: Opener,
        app: Arc<App>,
        client_ip: Option<IpAddr>,
        restriction: Option<Arc<RestrictionValues>>,
        correlation_id: CorrelationId,
        generation: u64,
    ) -> Self {
        Self {
            ends_at: opener.ends().map_or(u64::MAX, milliseconds),
            opener,
            app,
            client_ip,
            restriction,
            correlation_id,
            decided_on: AtomicU64::new(generation),
            closing: OnceLock::new(),
        }
    }

    /// Why it is to be closed, once it is.
    #[must_use]
    pub fn closing(&self) -> Option<&Closing> {
        self.closing.get().map(Box::as_ref)
    }

    pub(super) fn decided_on(&self) -> u64 {
        self.decided_on.load(Ordering::Relaxed)
    }

    pub(super) fn stays(&self, generation: u64) {
        self.decided_on.store(generation, Ordering::Relaxed);
    }

    pub(super) fn close(&self, closing: Closing) {
        // The first reason is the one that is told.
        let _ = self.closing.set(Box::new(closing));
    }
}

/// Rounded up: at that millisecond it has ended.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are positive and below 2^54 seconds, and a number too large becomes the largest"
)]
fn milliseconds(time: UnixTime) -> u64 {
    (time.seconds() * 1000.0).ceil() as u64
}
