//! One push, from its head to its answer (RFC 8935).

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use crossgate_policy::ids::{Id, UnixTime};
use crossgate_policy::snapshot::{Revocation, RevocationKind};
use crossgate_token::{Effect, EventKind, SecurityEvent, SetFault, Why, verify_security_event};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method};
use jiff::Timestamp;

use super::answer::{Received, Refused, Taken, answer};
use super::record;
use super::seen::{Before, Content};
use super::settings::exposed;
use super::{Desk, Place, SignalSettings, Signals, Transmitter, lock};
use crate::request::body::NoBody;
use crate::request::respond::Answer;

/// A push whose head was looked at, and whose body may be read now.
#[derive(Debug)]
pub struct Push {
    transmitter: Arc<Transmitter>,
    desk: Arc<Desk>,
    _place: Place,
}

/// How a push ended.
#[derive(Debug)]
pub struct Pushed {
    /// What its sender is told.
    pub answer: Answer,
    /// What became of it, in a word for events.
    pub result: &'static str,
}

impl Pushed {
    const fn of(received: Received, answer: Answer) -> Self {
        Self {
            answer,
            result: match received {
                Ok(taken) => taken.name(),
                Err(refused) => refused.name(),
            },
        }
    }
}

impl Signals {
    /// Looks at the head of a push. Of who is not let in nothing is read.
    ///
    /// # Errors
    /// The answer, where it is not taken.
    pub async fn let_in(
        &self,
        settings: &SignalSettings,
        name: &str,
        method: &Method,
        headers: &HeaderMap,
        secure: bool,
    ) -> Result<Push, Pushed> {
        let Some(transmitter) = settings.named(name) else {
            let refused = Refused::NoSuchTransmitter;
            // A name that anybody made up is none for metrics, and nothing for an auditor.
            self.metrics.signal("unknown", refused.name());
            return Err(Pushed::of(Err(refused), answer(Err(refused))));
        };
        let desk = self.desk(name);
        let let_in = async {
            if *method != Method::POST {
                return Err(Refused::Method);
            }
            if !secure {
                return Err(Refused::NotSecure);
            }
            let room = Arc::clone(&desk.room).try_acquire_owned();
            let place = room.map_err(|_| Refused::Busy)?;
            check_sender(transmitter, headers).await?;
            if !is_set(headers) {
                return Err(Refused::ContentType);
            }
            Ok(place)
        };
        match let_in.await {
            Ok(place) => Ok(Push {
                transmitter: Arc::clone(transmitter),
                desk: Arc::clone(&desk),
                _place: place,
            }),
            Err(refused) => Err(self.end(name, Err(refused))),
        }
    }

    /// Takes what was pushed; `Err` of the body is why there is none.
    pub async fn receive(
        &self,
        push: Push,
        body: Result<Vec<u8>, NoBody>,
        at: Timestamp,
    ) -> Pushed {
        let received = match body {
            Ok(body) => self.take(&push, &body, at).await,
            Err(NoBody::TooLarge) => Err(Refused::TooLarge),
            Err(NoBody::Broken) => Err(Refused::BodyBroken),
        };
        self.end(&push.transmitter.settings.name, received)
    }

    fn end(&self, transmitter: &str, received: Received) -> Pushed {
        match received {
            Ok(taken) => self.metrics.signal(transmitter, taken.name()),
            Err(refused) => self.refuse(transmitter, refused),
        }
        Pushed::of(received, answer(received))
    }

    async fn take(&self, push: &Push, body: &[u8], at: Timestamp) -> Received {
        let Push {
            transmitter, desk, ..
        } = push;
        let jws = std::str::from_utf8(body).unwrap_or_default().trim();
        let now =
            UnixTime::new(at.as_duration().as_secs_f64()).unwrap_or(UnixTime::from_secs(u32::MAX));
        let set = self.verify(transmitter, desk, jws, now).await?;
        // The issuer has one tenant, or it would be no transmitter's; should that ever not hold, nobody is revoked by it.
        if set.tenant() != transmitter.settings.tenant {
            return Err(Refused::Set(SetFault::AnotherTenant));
        }
        let content = Content::of(jws);
        let before = lock(&desk.seen).look_up(set.jwt_id(), content);
        match before {
            Before::Same => return Ok(Taken::Repeated),
            Before::Other => return Err(Refused::OtherContent),
            Before::New => {}
        }
        let taken = self.carry_out(transmitter, desk, &set).await?;
        lock(&desk.seen).note(set.jwt_id(), content);
        Ok(taken)
    }

    /// Verifies a token; one of a new key waits a moment for the issuer's keys to be fetched again.
    async fn verify(
        &self,
        transmitter: &Transmitter,
        desk: &Desk,
        jws: &str,
        now: UnixTime,
    ) -> Result<SecurityEvent, Refused> {
        let begun = Instant::now();
        let name = &transmitter.settings.issuer;
        let mut waits = None;
        loop {
            // Asked before the keys are taken: they are no older than that.
            let fetched = self.live.fetched_since(name, begun);
            let in_force = self.live.in_force();
            let issuer = in_force.issuers.named(name).ok_or(Refused::NoKeys)?;
            let verified = in_force.keys.get(name).map(|keys| {
                let verifier = crossgate_token::Transmitter {
                    issuer,
                    audience: std::slice::from_ref(&transmitter.settings.audience),
                    domains: &transmitter.domains,
                    tenant_names: &[],
                };
                verify_security_event(jws, &verifier, keys, now)
            });
            let outdated = match verified {
                Some(Ok(set)) => return Ok(set),
                Some(Err(SetFault::UnknownKey)) if fetched => {
                    return Err(Refused::Set(SetFault::UnknownKey));
                }
                // Refused for good it might be lost, and with it what it revokes; its sender is to come again.
                Some(Err(SetFault::UnknownKey)) => Refused::KeyNotYet,
                Some(Err(fault)) => return Err(Refused::Set(fault)),
                None => Refused::NoKeys,
            };
            if begun.elapsed() >= LONGEST_WAIT {
                return Err(outdated);
            }
            if waits.is_none() {
                let waiting = Arc::clone(&desk.waiting).try_acquire_owned();
                waits = Some(waiting.map_err(|_| Refused::Busy)?);
            }
            self.live.request_refresh(name);
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    async fn carry_out(
        &self,
        transmitter: &Arc<Transmitter>,
        desk: &Desk,
        set: &SecurityEvent,
    ) -> Received {
        tell_of_streams(&transmitter.settings.name, set);
        let mut revocations = Vec::new();
        let mut taken = Taken::Nothing(Why::UnknownEvent.reason());
        for effect in set.effect() {
            match effect {
                Effect::Nothing(why) => taken = Taken::Nothing(why.reason()),
                Effect::Verified { state } => {
                    desk.verified(transmitter, state.as_deref())?;
                    taken = Taken::Verified;
                }
                Effect::RevokeUser { .. }
                | Effect::RevokeSession { .. }
                | Effect::RevokeToken { .. }
                | Effect::RevokeTenant { .. } => revocations.extend(revocation(effect)),
            }
        }
        if revocations.is_empty() {
            return Ok(taken);
        }
        let ledger = Arc::clone(&self.ledger);
        match record::revoke(ledger, transmitter, set, revocations).await {
            Ok(true) => Ok(Taken::Revoked),
            Ok(false) => Ok(Taken::Standing),
            Err(why) => {
                let transmitter = &transmitter.settings.name;
                tracing::error!(transmitter, "a security event cannot be kept: {why}");
                Err(Refused::Unable)
            }
        }
    }
}

impl Desk {
    /// Whether the stream says what it was asked to. Where the gateway asked nobody, somebody else did.
    fn verified(&self, transmitter: &Transmitter, state: Option<&str>) -> Result<(), Refused> {
        let name = &transmitter.settings.name;
        let mut expected = lock(&self.expected);
        let is_asked_for = expected.is_some() && expected.as_deref() == state;
        if is_asked_for {
            *expected = None;
            tracing::info!("[[transmitter]] {name}: its stream works");
        } else if transmitter.settings.stream.is_some() && state.is_some() {
            return Err(Refused::WrongState);
        }
        Ok(())
    }
}

/// A stream that its transmitter stopped tells nothing any more, which an operator should know.
fn tell_of_streams(transmitter: &str, set: &SecurityEvent) {
    for event in set.events() {
        if let EventKind::StreamUpdated { status, reason } = &event.kind {
            // Quoted, since the words are the transmitter's.
            tracing::warn!(
                ?status,
                ?reason,
                "[[transmitter]] {transmitter}: it changed its stream"
            );
        }
    }
}

/// What an effect revokes. Its id is one of the transmitter's tenant, and of no other.
fn revocation(effect: Effect) -> Option<Revocation> {
    let (kind, id, tenant, not_before) = match effect {
        Effect::RevokeUser {
            tenant,
            id,
            not_before,
        } => (RevocationKind::User, id, Some(tenant), not_before),
        Effect::RevokeSession {
            tenant,
            id,
            not_before,
        } => (RevocationKind::Session, id, Some(tenant), not_before),
        Effect::RevokeToken {
            tenant,
            jti,
            not_before,
        } => (RevocationKind::Token, jti, Some(tenant), not_before),
        Effect::RevokeTenant { tenant, not_before } => {
            (RevocationKind::Tenant, Id::Guid(tenant.0), None, not_before)
        }
        Effect::Verified { .. } | Effect::Nothing(_) => return None,
    };
    Some(Revocation {
        kind,
        id,
        tenant,
        not_before: end_of_second(not_before),
    })
}

/// Transmitters tell whole seconds, tokens too: what was signed in within the second of the event was so before it, for all
/// that can be known.
fn end_of_second(time: UnixTime) -> UnixTime {
    if time.seconds().fract() == 0.0 {
        time.plus(0.999)
    } else {
        time
    }
}

/// The value of `Authorization` that was agreed, where one was. Compared in a time that tells nothing of it.
async fn check_sender(transmitter: &Transmitter, headers: &HeaderMap) -> Result<(), Refused> {
    let Some(source) = &transmitter.settings.authorization else {
        return Ok(());
    };
    let agreed = exposed(source).await.map_err(|why| {
        tracing::error!(
            "[[transmitter]] {}: authorization_file: {why}",
            transmitter.settings.name
        );
        Refused::Unable
    })?;
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let (Some(sent), None) = (sent.next(), sent.next()) else {
        return Err(Refused::Sender);
    };
    let of = |value: &[u8]| digest(&SHA256, value);
    let (sent, agreed) = (of(sent.as_bytes()), of(agreed.as_bytes()));
    verify_slices_are_equal(sent.as_ref(), agreed.as_ref()).map_err(|_| Refused::Sender)
}

/// RFC 8935, section 2.1.
fn is_set(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(sent), None) = (types.next(), types.next()) else {
        return false;
    };
    let sent = sent.to_str().unwrap_or_default();
    let (media, _) = sent.split_once(';').unwrap_or((sent, ""));
    media
        .trim()
        .eq_ignore_ascii_case("application/secevent+jwt")
}

/// The most bytes of a body. A token has a quarter of that at most, so that one too large is told so by its reader.
pub const MOST_BODY: usize = 64 << 10;

/// An issuer publishes a key before it signs with it; one that did not is given this long.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_a_whole_second_is_one_of_its_end() {
        let end = |seconds| UnixTime::new(seconds).map(|time| end_of_second(time).seconds());
        assert_eq!(end(1000.0), Some(1000.999));
        assert_eq!(end(1000.25), Some(1000.25));
    }

    #[test]
    fn only_one_content_type_and_the_right_one_is_a_token() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_TYPE, http::HeaderValue::from_static(value));
            }
            is_set(&headers)
        };
        assert!(of(&["application/secevent+jwt"]));
        assert!(of(&["Application/SecEvent+JWT; charset=utf-8"]));
        for wrong in [
            &[][..],
            &["application/jwt"],
            &["application/secevent+jwt", "application/secevent+jwt"],
        ] {
            assert!(!of(wrong), "{wrong:?}");
        }
    }
}
