//! One request that is under way for long: what it was decided by, so that it can be decided again.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crossgate_policy::Decision;
use crossgate_policy::ids::UnixTime;
use crossgate_policy::snapshot::Expiry;
use crossgate_token::{CLOCK_SKEW_SECONDS, Issuers};

use crate::live::InForce;
use crate::people::PersonSession;
use crate::request::headers::CorrelationId;
use crate::request::route::{App, Door, Mount};
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
    /// How it came there.
    pub way: Way,
    /// Who might sign tokens when it was decided.
    pub issuers: Arc<Issuers>,
    /// The caller's address.
    pub client_ip: Option<IpAddr>,
    /// The tenant-restriction headers that it came with.
    pub restriction: Option<Arc<RestrictionValues>>,
    /// The id under which it is found again.
    pub correlation_id: CorrelationId,
    /// When its opener ends, or the guest's record that let it in, in milliseconds since the epoch; the largest number where
    /// neither does.
    ends_at: AtomicU64,
    pub(super) decided_by: By,
    closing: OnceLock<Box<Closing>>,
}

/// The way to an app: who came by it goes to whatever it leads to.
#[derive(Clone, Debug)]
pub struct Way {
    /// The door.
    pub door: Door,
    /// The host.
    pub host: Box<str>,
    /// The prefix of the path.
    pub prefix: Box<str>,
}

/// By what is decided: counts of what was in force. Neither ever gets less.
#[derive(Debug, Default)]
pub(super) struct By {
    generation: AtomicU64,
    keys: AtomicU64,
}

/// Why a request under way may not go on.
#[derive(Debug)]
pub struct Closing {
    /// The refusal that a request would get that came now.
    pub decision: Decision,
    /// By what it was decided.
    pub in_force: Arc<InForce>,
}

/// What is known of a request besides what it was decided by.
#[derive(Debug)]
pub struct Asker {
    /// Who opened it.
    pub opener: Opener,
    /// The caller's address.
    pub client_ip: Option<IpAddr>,
    /// The tenant-restriction headers that it came with.
    pub restriction: Option<Arc<RestrictionValues>>,
    /// The id under which it is found again.
    pub correlation_id: CorrelationId,
    /// When the guest's record that let it in does so no more.
    pub expires: Option<Expiry>,
}

impl Open {
    /// One that was decided by this, and goes to this mount of it.
    #[must_use]
    pub fn new(asker: Asker, mount: &Mount, in_force: &InForce) -> Self {
        let Asker {
            opener,
            client_ip,
            restriction,
            correlation_id,
            expires,
        } = asker;
        let decided_by = By::default();
        decided_by.set(in_force);
        Self {
            ends_at: AtomicU64::new(ends_at(&opener, expires)),
            opener,
            app: Arc::clone(&mount.app),
            way: Way {
                door: mount.door,
                host: mount.host.clone(),
                prefix: mount.prefix.clone(),
            },
            issuers: Arc::clone(&in_force.issuers),
            client_ip,
            restriction,
            correlation_id,
            decided_by,
            closing: OnceLock::new(),
        }
    }

    /// Why it is to be closed, once it is.
    #[must_use]
    pub fn closing(&self) -> Option<&Closing> {
        self.closing.get().map(Box::as_ref)
    }

    /// When it has to be decided again, whatever else happens.
    pub(super) fn ends_at(&self) -> u64 {
        self.ends_at.load(Ordering::Relaxed)
    }

    /// It was decided again at this time, and goes on.
    pub(super) fn goes_on(&self, by: &InForce, expires: Option<Expiry>, now: UnixTime) {
        // One that has come did not refuse it, as where an app only reports.
        let expires = expires.filter(|expires| !expires.has_come(now));
        self.ends_at
            .store(ends_at(&self.opener, expires), Ordering::Relaxed);
        self.decided_by.set(by);
    }

    pub(super) fn close(&self, closing: Closing) {
        // The first reason is the one that is told.
        let _ = self.closing.set(Box::new(closing));
    }
}

impl By {
    pub(super) fn set(&self, in_force: &InForce) {
        self.generation.store(in_force.generation, Ordering::SeqCst);
        self.keys.store(in_force.keys.epoch, Ordering::SeqCst);
    }

    fn get(&self) -> (u64, u64) {
        (
            self.generation.load(Ordering::SeqCst),
            self.keys.load(Ordering::SeqCst),
        )
    }

    /// Whether something else is in force since.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        let ((generation, keys), (its_generation, its_keys)) = (self.get(), other.get());
        generation < its_generation || keys < its_keys
    }
}

fn ends_at(opener: &Opener, expires: Option<Expiry>) -> u64 {
    let ends = [opener.ends(), expires.map(Expiry::time)];
    let ends = ends.into_iter().flatten().map(milliseconds);
    ends.min().unwrap_or(u64::MAX)
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
