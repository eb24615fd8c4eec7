//! One request's part of its trace, from its head to its end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossgate_policy::Step;
use jiff::Timestamp;
use pingora::http::RequestHeader;

use super::Spans;
use super::context::{Flags, PARENT, Parent, STATE, SpanId, TraceId};
use super::messages::{CLIENT, ERROR, SERVER, Span, Status, number, text};
use crate::request::headers::CorrelationId;
use crate::request::route::App;
use crate::sign_ins::Ending;

/// A request's place in its trace. Kept where traces are on.
#[derive(Debug)]
pub struct Trace {
    id: TraceId,
    flags: Flags,
    /// The client's span; `None` where the trace begins here.
    parent: Option<SpanId>,
    server: SpanId,
    client: SpanId,
    keeps_state: bool,
    /// Where its spans go; `None` where nobody keeps this trace.
    spans: Option<Arc<Spans>>,
    upstream: Option<Upstream>,
    answer: Option<Answered>,
}

#[derive(Debug)]
struct Upstream {
    begun: Instant,
    answered: Instant,
    status: u16,
}

#[derive(Debug)]
struct Answered {
    app: Option<Arc<App>>,
    outcome: &'static str,
    reason: &'static str,
    step: Option<Step>,
    status: u16,
    correlation_id: CorrelationId,
}

/// What is kept of a request that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    trace: Trace,
    began: Timestamp,
    begun: Instant,
    took: Duration,
}

impl Trace {
    /// Goes on with the client's, or begins one, which is kept where `keeps` says so of its id.
    pub(super) fn new(
        parent: Option<Parent>,
        keeps_state: bool,
        spans: &Arc<Spans>,
        keeps: impl FnOnce(TraceId) -> bool,
    ) -> Self {
        let (server, client) = SpanId::new_pair();
        let (id, flags) = match parent {
            Some(parent) => (parent.trace, parent.flags),
            None => {
                let id = TraceId::new();
                let flags = Flags {
                    sampled: keeps(id),
                    random: true,
                };
                (id, flags)
            }
        };
        Self {
            id,
            flags,
            parent: parent.map(|parent| parent.span),
            server,
            client,
            keeps_state: keeps_state && parent.is_some(),
            spans: flags.sampled.then(|| Arc::clone(spans)),
            upstream: None,
            answer: None,
        }
    }

    /// The id of the trace.
    #[must_use]
    pub const fn id(&self) -> TraceId {
        self.id
    }

    /// Tells an upstream. Runs once per attempt.
    ///
    /// # Errors
    /// There are too many headers.
    pub fn stamp(&self, request: &mut RequestHeader) -> pingora::Result<()> {
        let parent = Parent {
            trace: self.id,
            span: self.client,
            flags: self.flags,
        };
        // Ours takes the place of all that came.
        request.remove_header(&PARENT);
        if let Some(value) = parent.header() {
            request.insert_header(PARENT.clone(), value)?;
        }
        if !self.keeps_state {
            request.remove_header(&STATE);
        }
        Ok(())
    }

    /// The head of the upstream's answer came.
    pub fn upstream(&mut self, begun: Instant, answered: Instant, status: u16) {
        self.upstream = Some(Upstream {
            begun,
            answered,
            status,
        });
    }

    /// It is known how the request ended; no address, no name and no target of it is kept.
    pub fn answered(
        &mut self,
        status: u16,
        ending: &Ending,
        app: Option<&Arc<App>>,
        correlation_id: &CorrelationId,
    ) {
        if self.spans.is_some() {
            self.answer = Some(Answered {
                app: app.cloned(),
                outcome: ending.outcome(),
                reason: ending.reason(),
                step: ending.step(),
                status,
                correlation_id: correlation_id.clone(),
            });
        }
    }

    /// The last byte went; its spans are handed over, without waiting.
    pub fn ends(mut self, began: Timestamp, begun: Instant) {
        if let Some(spans) = self.spans.take() {
            spans.take(Ended {
                trace: self,
                began,
                begun,
                took: begun.elapsed(),
            });
        }
    }
}

impl Ended {
    /// The span of the request, and that of the upstream where one answered.
    pub(super) fn spans(&self) -> Vec<Span> {
        let trace = &self.trace;
        let began = nanoseconds(self.began);
        let at = |instant: Instant| {
            let since = instant.saturating_duration_since(self.begun);
            began.saturating_add(whole(since))
        };
        let mut server = Span {
            trace_id: trace.id.bytes().to_vec(),
            span_id: trace.server.bytes().to_vec(),
            parent_span_id: trace
                .parent
                .map_or_else(Vec::new, |parent| parent.bytes().to_vec()),
            name: "no app".to_owned(),
            kind: SERVER,
            start_time_unix_nano: began,
            end_time_unix_nano: began.saturating_add(whole(self.took)),
            attributes: Vec::new(),
            status: None,
            flags: self.flags(trace.parent.is_some()),
        };
        let mut app_name = None;
        if let Some(answer) = &trace.answer {
            if let Some(app) = &answer.app {
                let called = &app.called;
                server.name = (*called.name).to_owned();
                app_name = Some(server.name.clone());
                server
                    .attributes
                    .push(text("crossgate.app.id", called.target.id.to_string()));
            }
            server.attributes.extend([
                text("crossgate.outcome", answer.outcome),
                text("crossgate.reason", answer.reason),
                text(
                    "crossgate.correlation_id",
                    answer.correlation_id.to_string(),
                ),
            ]);
            let step = answer.step.map(|step| text("crossgate.step", step.name()));
            server.attributes.extend(step);
            server.answered_with(answer.status);
        }
        let mut spans = vec![server];
        if let Some(upstream) = &trace.upstream {
            let mut client = Span {
                trace_id: trace.id.bytes().to_vec(),
                span_id: trace.client.bytes().to_vec(),
                parent_span_id: trace.server.bytes().to_vec(),
                name: app_name.unwrap_or_else(|| "upstream".to_owned()),
                kind: CLIENT,
                start_time_unix_nano: at(upstream.begun),
                end_time_unix_nano: at(upstream.answered),
                attributes: Vec::new(),
                status: None,
                flags: self.flags(false),
            };
            client.answered_with(upstream.status);
            spans.push(client);
        }
        spans
    }

    /// The trace's flags, and whether the parent is known to be elsewhere.
    fn flags(&self, parent_is_remote: bool) -> u32 {
        let Flags { sampled, random } = self.trace.flags;
        u32::from(sampled)
            | (u32::from(random) << 1)
            | REMOTE_IS_KNOWN
            | if parent_is_remote { REMOTE } else { 0 }
    }
}

impl Span {
    fn answered_with(&mut self, status: u16) {
        // Who is sent nothing is sent no status.
        if status > 0 {
            let status = i64::from(status);
            self.attributes
                .push(number("http.response.status_code", status));
        }
        if status >= 500 {
            self.status = Some(Status { code: ERROR });
        }
    }
}

fn nanoseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_nanosecond()).unwrap_or_default()
}

fn whole(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK`.
const REMOTE_IS_KNOWN: u32 = 0x100;
/// `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`.
const REMOTE: u32 = 0x200;
