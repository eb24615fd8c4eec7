//! A security event that is pushed: at a host of its own, which no app has.

use std::sync::Arc;
use std::time::Duration;

use pingora::proxy::Session;

use super::Gateway;
use super::answer::asked;
use crate::ctx::RequestCtx;
use crate::request::respond::{self, Answer, Trouble};
use crate::sign_ins::Ending;
use crate::signals::{MOST_BODY, NoBody, Pushed};

impl Gateway {
    /// Answers what a transmitter of this name pushes.
    pub(super) async fn push(
        &self,
        session: &mut Session,
        ctx: &mut RequestCtx,
        transmitter: &str,
    ) -> Answer {
        let in_force = Arc::clone(&ctx.in_force);
        let (Some(signals), Some(settings)) = (&self.signals, &in_force.routes.signals) else {
            let request = session.req_header();
            return respond::trouble(Trouble::Internal, &asked(request, ctx));
        };
        let request = session.req_header();
        let secure = ctx.client.as_ref().is_some_and(|client| client.secure);
        let let_in = signals
            .let_in(
                settings,
                transmitter,
                &request.method,
                &request.headers,
                secure,
            )
            .await;
        let Pushed { answer, result } = match let_in {
            Ok(push) => {
                let body = read(session).await;
                signals.receive(push, body, ctx.arrived).await
            }
            Err(pushed) => pushed,
        };
        ctx.ending = Ending::Signal(result);
        answer
    }
}

/// The body, where it is whole and not too large.
async fn read(session: &mut Session) -> Result<Vec<u8>, NoBody> {
    let read = async {
        let mut body = Vec::new();
        loop {
            match session.read_request_body().await {
                Ok(Some(part)) if body.len() + part.len() <= MOST_BODY => {
                    body.extend_from_slice(&part);
                }
                Ok(None) => return Ok(body),
                Ok(Some(_)) => return Err(NoBody::TooLarge),
                Err(_) => return Err(NoBody::Broken),
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, read).await;
    in_time.unwrap_or(Err(NoBody::Broken))
}

/// A program sends a token at once.
const PATIENCE: Duration = Duration::from_secs(10);
