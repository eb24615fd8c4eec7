//! A partner pushes users or groups: at a host of its own, which no app has.

use std::sync::Arc;
use std::time::Duration;

use pingora::proxy::Session;
use uuid::Uuid;

use super::answer::asked;
use super::{Gateway, body};
use crate::ctx::RequestCtx;
use crate::request::respond::{self, Answer, Trouble};
use crate::sign_ins::Ending;
use crate::synchronization::{Caller, Done, Synchronization};

impl Gateway {
    /// Answers what is pushed at this path.
    pub(super) async fn synchronize(
        &self,
        session: &mut Session,
        ctx: &mut RequestCtx,
        path: &str,
    ) -> Answer {
        let in_force = Arc::clone(&ctx.in_force);
        let settings = &in_force.routes.synchronization;
        let (Some(synchronization), Some(settings)) = (&self.synchronization, settings) else {
            let request = session.req_header();
            return respond::trouble(Trouble::Internal, &asked(request, ctx));
        };
        let request = session.req_header();
        let client = ctx.client.as_ref();
        let origin = client.and_then(crate::request::forwarded::Client::origin);
        let let_in = synchronization
            .let_in(
                settings,
                Caller {
                    method: &request.method,
                    path,
                    query: request.uri.query().unwrap_or_default(),
                    headers: &request.headers,
                    secure: client.is_some_and(|client| client.secure),
                    origin: &origin.unwrap_or_else(|| format!("https://{}", settings.host)),
                    correlation: Uuid::parse_str(&ctx.correlation_id.to_string())
                        .unwrap_or_else(|_| Uuid::new_v4()),
                },
            )
            .await;
        let Done { answer, result } = match let_in {
            Ok(pushing) => {
                let body = body::read(session, Synchronization::MOST_BODY, PATIENCE).await;
                synchronization.carry_out(pushing, body).await
            }
            Err(done) => done,
        };
        ctx.ending = Ending::Synchronization(result);
        answer
    }
}

/// A program sends what it has at once, a list of changes too.
const PATIENCE: Duration = Duration::from_secs(10);
