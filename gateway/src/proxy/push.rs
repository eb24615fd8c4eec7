//! A security event that is pushed: at a host of its own, which no app has.

use std::sync::Arc;
use std::time::Duration;

use pingora::proxy::Session;

use super::answer::asked;
use super::{Gateway, body};
use crate::ctx::RequestCtx;
use crate::request::respond::{self, Answer, Trouble};
use crate::sign_ins::Ending;
use crate::signals::{MOST_BODY, Pushed};

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
                let body = body::read(session, MOST_BODY, PATIENCE).await;
                signals.receive(push, body, ctx.arrived).await
            }
            Err(pushed) => pushed,
        };
        ctx.ending = Ending::Signal(result);
        answer
    }
}

/// A program sends a token at once.
const PATIENCE: Duration = Duration::from_secs(10);
