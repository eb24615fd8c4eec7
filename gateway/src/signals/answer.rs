//! How a push ends, and what its sender is told of that (RFC 8935, sections 2.2 to 2.4).

use crossgate_token::SetFault;

use crate::request::respond::{self, Answer, NotTaken};

/// What became of a push.
pub(super) type Received = Result<Taken, Refused>;

/// What was taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Taken {
    /// Something was revoked that was not before.
    Revoked,
    /// What it revokes is revoked already.
    Standing,
    /// The token was received before.
    Repeated,
    /// The stream works.
    Verified,
    /// Nothing follows from it, for this reason.
    Nothing(&'static str),
}

/// Why a push is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refused {
    /// Nobody pushes there.
    NoSuchTransmitter,
    /// Not by POST.
    Method,
    /// Not over HTTPS.
    NotSecure,
    /// Not with the value of `Authorization` that was agreed.
    Sender,
    /// Not as `application/secevent+jwt`.
    ContentType,
    /// More than any token has.
    TooLarge,
    /// The body did not come, or not in time.
    BodyBroken,
    /// The token breaks a rule.
    Set(SetFault),
    /// Another token had its `jti`.
    OtherContent,
    /// The stream is verified by what was not asked for.
    WrongState,
    /// Too many push at a time.
    Busy,
    /// The issuer's keys were never to be had.
    NoKeys,
    /// Its key is not known, and may be once the issuer's keys are fetched again.
    KeyNotYet,
    /// It cannot be kept, or a secret not be read; the log says why.
    Unable,
}

impl Taken {
    /// `result` of the metric, and `reason` of the event.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Standing => "standing",
            Self::Repeated => "repeated",
            Self::Verified => "verified",
            Self::Nothing(why) => why,
        }
    }
}

impl Refused {
    /// `result` of the metric, and `reason` of the event and of the audit.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::NoSuchTransmitter => "unknown_transmitter",
            Self::Method => "wrong_method",
            Self::NotSecure => "not_over_https",
            Self::Sender => "wrong_authorization",
            Self::ContentType => "wrong_content_type",
            Self::TooLarge => "body_too_large",
            Self::BodyBroken => "body_broken",
            Self::Set(fault) => fault.reason(),
            Self::OtherContent => "jti_of_another",
            Self::WrongState => "wrong_state",
            Self::Busy => "too_many_pushes",
            Self::NoKeys => "no_keys",
            Self::KeyNotYet => "key_not_fetched_yet",
            Self::Unable => "not_kept",
        }
    }

    /// The same for HTTP.
    const fn not_taken(self) -> NotTaken {
        match self {
            Self::NoSuchTransmitter => NotTaken::NotFound,
            Self::Method => NotTaken::Method,
            Self::Sender => NotTaken::Sender,
            Self::TooLarge => NotTaken::TooLarge,
            Self::NotSecure
            | Self::ContentType
            | Self::BodyBroken
            | Self::Set(_)
            | Self::OtherContent
            | Self::WrongState => NotTaken::Wrong,
            // A sender tries again after these.
            Self::Busy | Self::NoKeys | Self::KeyNotYet | Self::Unable => NotTaken::Later,
        }
    }

    /// `err`.
    fn code(self) -> &'static str {
        match self {
            Self::Sender => "authentication_failed",
            Self::Set(fault) => fault.code(),
            Self::KeyNotYet => "invalid_key",
            Self::WrongState => "invalid_state",
            Self::NoSuchTransmitter
            | Self::Method
            | Self::NotSecure
            | Self::ContentType
            | Self::TooLarge
            | Self::BodyBroken
            | Self::OtherContent
            | Self::Busy
            | Self::NoKeys
            | Self::Unable => "invalid_request",
        }
    }

    /// For whoever looks after the transmitter.
    pub(super) fn told(self) -> String {
        let told = match self {
            Self::NoSuchTransmitter => "nobody is configured to push here",
            Self::Method => "a security event token is pushed by POST",
            Self::NotSecure => "a security event token is pushed over HTTPS",
            Self::Sender => "the Authorization header is not the one that was agreed",
            Self::ContentType => "expected Content-Type: application/secevent+jwt",
            Self::TooLarge => "the body has more than 64 KiB",
            Self::BodyBroken => "the body did not come, or not in time",
            Self::Set(fault) => return fault.to_string(),
            Self::OtherContent => "another token with this `jti` was received",
            Self::WrongState => "`state` is not what this receiver asked for",
            Self::Busy => "too many tokens are pushed at a time",
            Self::NoKeys => "the keys of the issuer cannot be had at the moment",
            Self::KeyNotYet => "the key is not known, and the issuer's are not fetched again yet",
            Self::Unable => "the token cannot be taken at the moment",
        };
        told.to_owned()
    }
}

/// What the sender gets.
pub(super) fn answer(received: Received) -> Answer {
    match received {
        Ok(_) => respond::set_taken(),
        Err(refused) => {
            respond::set_not_taken(refused.not_taken(), refused.code(), &refused.told())
        }
    }
}
