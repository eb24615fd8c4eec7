//! Requests that were let through, and are refused before anything was answered.

use std::sync::Arc;

use pingora::proxy::{FailToProxy, Session};

use super::Gateway;
use super::answer;
use super::door::under_way::{self, Late};
use super::visit::Stop;
use crate::ctx::RequestCtx;
use crate::live::Held;
use crate::request::respond;
use crate::sign_ins::Ending;

impl Gateway {
    /// Answers one, by what it was refused by.
    pub(super) async fn refuse_late(
        &self,
        session: &mut Session,
        ctx: &mut RequestCtx,
        late: Late,
    ) -> FailToProxy {
        ctx.move_to(Arc::new(Held::new(late.in_force)));
        let request = session.req_header();
        let mut status = 0;
        if let Err(Stop::Answer(answer)) = self.conclude(request, ctx, late.decision) {
            status = answer.status;
            ctx.record_answer(&answer, &request.headers);
            answer::last(session, answer).await;
        }
        FailToProxy {
            error_code: status,
            can_reuse_downstream: false,
        }
    }
}

/// Has a request that ends unrecorded end with its refusal, where it is one of them: it waited for its upstream, or cannot be
/// answered. Answers with the status that its client is sent, 0 where it is sent none.
pub(crate) fn end(ctx: &mut RequestCtx) -> u16 {
    let Some(Late {
        decision,
        in_force,
        answers,
    }) = under_way::late()
    else {
        return 0;
    };
    ctx.move_to(Arc::new(Held::new(in_force)));
    let mut status = 0;
    if answers && let Err(refusal) = &decision.outcome {
        // What it asked for is gone with the connection's reader, and with that whether a page would be read.
        let answer = respond::refusal(refusal, &answer::asked_by_a_program(ctx));
        status = answer.status;
        under_way::answer_instead(answer);
    }
    ctx.ending = Ending::Decided(decision);
    status
}
