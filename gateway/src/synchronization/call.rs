//! One call, from its head to its answer.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use crossgate_control::scim::{Call, MOST_BODY, Reply};
use http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, Method};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{Pusher, Synchronization, SynchronizationSettings};
use crate::request::body::NoBody;
use crate::request::respond::{Answer, ScimTrouble, scim_answer, scim_trouble};
use crate::signals::exposed;

/// The head of a call. It has the token: nothing prints it.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The method.
    pub method: &'a Method,
    /// Where to, without what stands behind `?`.
    pub path: &'a str,
    /// What stands there.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// It came over HTTPS.
    pub secure: bool,
    /// Scheme, host and port as the caller wrote them.
    pub origin: &'a str,
    /// What is quoted.
    pub correlation: Uuid,
}

/// A call whose head was looked at, and whose body may be read now.
#[derive(Debug)]
pub struct Pushing {
    pusher: Arc<Pusher>,
    method: Method,
    path: String,
    query: String,
    base: String,
    if_match: Option<String>,
    if_none_match: Option<String>,
    correlation: Uuid,
    is_json: bool,
    _place: OwnedSemaphorePermit,
}

/// How a call ended.
#[derive(Debug)]
pub struct Done {
    /// What the caller is told.
    pub answer: Answer,
    /// What became of it, in a word for events.
    pub result: &'static str,
}

impl Synchronization {
    /// The most bytes of a body.
    pub const MOST_BODY: usize = MOST_BODY;

    /// Looks at the head of a call. Of who is not let in nothing is read.
    ///
    /// # Errors
    /// The answer, where they are not.
    pub async fn let_in(
        &self,
        settings: &SynchronizationSettings,
        caller: Caller<'_>,
    ) -> Result<Pushing, Done> {
        let Some((pusher, rest)) = settings.find(caller.path) else {
            // A tenant that anybody made up is none for metrics, and nothing for an auditor.
            self.metrics
                .synchronized("unknown", ScimTrouble::NotFound.name());
            return Err(done(ScimTrouble::NotFound));
        };
        let room = self.room(pusher.partner.tenant);
        let let_in = async {
            if !caller.secure {
                return Err(ScimTrouble::NotSecure);
            }
            let place = room.try_acquire_owned().map_err(|_| ScimTrouble::Busy)?;
            check_token(pusher, caller.headers).await?;
            Ok(place)
        };
        let text = |name: HeaderName| {
            let mut values = caller.headers.get_all(name).iter();
            let texts: Option<Vec<&str>> = values.try_fold(Vec::new(), |mut texts, value| {
                texts.push(value.to_str().ok()?);
                Some(texts)
            });
            texts
                .filter(|texts| !texts.is_empty())
                .map(|texts| texts.join(","))
        };
        match let_in.await {
            Ok(place) => Ok(Pushing {
                pusher: Arc::clone(pusher),
                method: caller.method.clone(),
                path: rest.to_owned(),
                query: caller.query.to_owned(),
                base: format!("{}{}", caller.origin, pusher.path),
                if_match: text(IF_MATCH),
                if_none_match: text(IF_NONE_MATCH),
                correlation: caller.correlation,
                is_json: is_json(caller.headers),
                _place: place,
            }),
            Err(trouble) => Err(self.refuse(pusher, trouble)),
        }
    }

    /// Does what was asked; `Err` of the body is why there is none.
    pub async fn carry_out(&self, pushing: Pushing, body: Result<Vec<u8>, NoBody>) -> Done {
        let pusher = Arc::clone(&pushing.pusher);
        let body = match body {
            Ok(body) => body,
            Err(NoBody::TooLarge) => return self.refuse(&pusher, ScimTrouble::TooLarge),
            Err(NoBody::Broken) => return self.refuse(&pusher, ScimTrouble::BodyBroken),
        };
        if !body.is_empty() && !pushing.is_json {
            return self.refuse(&pusher, ScimTrouble::MediaType);
        }
        let scim = Arc::clone(&self.scim);
        // It waits for the disk, which no request should.
        let answered = tokio::task::spawn_blocking(move || {
            scim.answer(&Call {
                partner: &pushing.pusher.partner,
                base: &pushing.base,
                method: &pushing.method,
                path: &pushing.path,
                query: &pushing.query,
                if_match: pushing.if_match.as_deref(),
                if_none_match: pushing.if_none_match.as_deref(),
                body: &body,
                correlation: pushing.correlation,
            })
        });
        let Ok(reply) = answered.await else {
            return self.refuse(&pusher, ScimTrouble::Unable);
        };
        let Reply {
            status,
            version,
            location,
            body,
            result,
            refused,
        } = reply;
        self.count(&pusher, result, refused.as_deref());
        Done {
            answer: scim_answer(status, version, location, body.as_ref()),
            result,
        }
    }

    fn refuse(&self, pusher: &Pusher, trouble: ScimTrouble) -> Done {
        self.count(pusher, trouble.name(), Some(trouble.told()));
        done(trouble)
    }
}

fn done(trouble: ScimTrouble) -> Done {
    Done {
        answer: scim_trouble(trouble),
        result: trouble.name(),
    }
}

/// The token that was agreed, compared in a time that tells nothing of it.
async fn check_token(pusher: &Pusher, headers: &HeaderMap) -> Result<(), ScimTrouble> {
    let agreed = exposed(&pusher.token).await.map_err(|why| {
        tracing::error!(
            "[[partner]] {}: scim_token_file: {why}",
            pusher.partner.name
        );
        ScimTrouble::Unable
    })?;
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let (Some(sent), None) = (sent.next(), sent.next()) else {
        return Err(ScimTrouble::Sender);
    };
    let (scheme, token) = sent
        .as_bytes()
        .split_at_checked(BEARER.len())
        .ok_or(ScimTrouble::Sender)?;
    if !scheme.eq_ignore_ascii_case(BEARER) {
        return Err(ScimTrouble::Sender);
    }
    let of = |value: &[u8]| digest(&SHA256, value);
    let (sent, agreed) = (of(token.trim_ascii()), of(agreed.as_bytes()));
    verify_slices_are_equal(sent.as_ref(), agreed.as_ref()).map_err(|_| ScimTrouble::Sender)
}

/// RFC 7644, section 3.1; clients that send plain JSON are understood too.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(sent), None) = (types.next(), types.next()) else {
        return false;
    };
    let sent = sent.to_str().unwrap_or_default();
    let (media, _) = sent.split_once(';').unwrap_or((sent, ""));
    let media = media.trim();
    ["application/scim+json", "application/json"]
        .iter()
        .any(|known| media.eq_ignore_ascii_case(known))
}

const BEARER: &[u8] = b"Bearer ";
