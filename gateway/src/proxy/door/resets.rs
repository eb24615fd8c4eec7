//! The codes of the `RST_STREAM` frames by which streams of gRPC are refused (RFC 9113, section 6.4).
//!
//! A stream ends when its future is dropped, and the framework then resets it with `CANCEL`: who drops it cannot say another code, nor send
//! trailers. To gRPC that means that the call was cancelled. So the code is put right on its way out. gRPC reads
//! `INADEQUATE_SECURITY` as `PERMISSION_DENIED`; there is no code that it reads as `UNAUTHENTICATED`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use pingora::protocols::raw_connect::ProxyDigest;

/// Streams of a connection that were dropped before their end, in that order: it is the one in which their resets go out. Their numbers
/// the framework tells nobody.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    some: AtomicBool,
    dropped: Mutex<VecDeque<(Dropped, Instant)>>,
}

/// Why a stream was dropped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Dropped {
    /// It is a call of gRPC, and refused.
    Refused,
    /// Any other reason, or another kind of stream.
    Otherwise,
}

impl Refusals {
    /// Of the connection that a request came by.
    pub(super) fn of(session: &ServerSession) -> Option<Arc<Self>> {
        let digest = session.digest()?.proxy_digest.as_ref()?;
        let refusals = digest.user_data.as_ref()?.downcast_ref::<Arc<Self>>()?;
        Some(Arc::clone(refusals))
    }

    /// What the framework hands on from a connection to its requests.
    pub(super) fn digest(self: &Arc<Self>) -> Option<Arc<ProxyDigest>> {
        let response = ResponseHeader::build(StatusCode::OK, Some(0)).ok()?;
        let data = Box::new(Arc::clone(self));
        Some(Arc::new(ProxyDigest::new(Box::new(response), Some(data))))
    }

    /// The next reset of the connection, after those of streams dropped before, is this one's.
    pub(super) fn add(&self, dropped: Dropped) {
        let mut all = self.lock();
        all.push_back((dropped, Instant::now() + SOON));
        self.some.store(true, Ordering::Release);
    }

    /// Whether a reset that is about to go out is a refusal.
    fn take(&self) -> bool {
        let mut all = self.lock();
        let first = all.pop_front();
        self.some.store(!all.is_empty(), Ordering::Release);
        first.is_some_and(|(dropped, _)| dropped == Dropped::Refused)
    }

    /// Forgets those whose resets should have gone out. A stream that had ended just before is not reset.
    fn expire(&self, now: Instant) {
        let mut all = self.lock();
        while all.front().is_some_and(|(_, until)| *until < now) {
            all.pop_front();
        }
        self.some.store(!all.is_empty(), Ordering::Release);
    }

    /// Nothing can be written for now, resets neither.
    pub(super) fn wait(&self) {
        let until = Instant::now() + SOON;
        for (_, its) in &mut *self.lock() {
            *its = until;
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Dropped, Instant)>> {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows the frames that are written to a client.
#[derive(Debug)]
pub(super) struct Resets {
    refusals: Arc<Refusals>,
    at: At,
}

#[derive(Clone, Copy, Debug)]
enum At {
    /// Within a frame's head, of which these bytes have come.
    Opening([u8; OPENING], usize),
    /// So many bytes of a frame are still to come.
    Within(usize),
    /// So many bytes of a code are.
    Code(usize),
    /// The same, and it is replaced.
    Replaced(usize),
}

/// What to write next.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// So many bytes as they are.
    Same(usize),
    /// This instead of as many.
    Instead(&'static [u8]),
}

impl Resets {
    pub(super) fn new(refusals: Arc<Refusals>) -> Self {
        Self {
            refusals,
            at: At::START,
        }
    }

    pub(super) const fn refusals(&self) -> &Arc<Refusals> {
        &self.refusals
    }

    /// Whether a code may have to be replaced.
    pub(super) fn are_awaited(&self) -> bool {
        matches!(self.at, At::Replaced(_)) || self.refusals.some.load(Ordering::Acquire)
    }

    /// How of these bytes is to be written what comes first.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Next {
        self.refusals.expire(Instant::now());
        if let At::Code(CODE) = self.at
            && bytes.starts_with(&CANCEL)
            && self.refusals.take()
        {
            self.at = At::Replaced(CODE);
        }
        if let At::Replaced(left) = self.at {
            let rest = PERMISSION_DENIED.get(CODE - left..).unwrap_or_default();
            return Next::Instead(rest.get(..bytes.len().min(left)).unwrap_or_default());
        }
        // What comes before the next code, or with the rest of this one.
        let (mut at, mut same) = (self.at, 0);
        while let Some(rest) = bytes.get(same..).filter(|rest| !rest.is_empty()) {
            if same > 0 && matches!(at, At::Code(CODE)) {
                break;
            }
            same += at.step(rest);
        }
        Next::Same(same)
    }

    /// Goes on by what was written.
    pub(super) fn advance(&mut self, mut written: &[u8]) {
        while !written.is_empty() {
            let step = self.at.step(written);
            written = written.get(step..).unwrap_or_default();
        }
    }
}

impl At {
    const START: Self = Self::Opening([0; OPENING], 0);

    /// Goes on to the end of what it is within, if that is here; answers by how many bytes. Never by none.
    fn step(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Opening(opening, length) => {
                let came = bytes.len().min(OPENING - *length);
                for (place, byte) in opening.iter_mut().skip(*length).zip(bytes) {
                    *place = *byte;
                }
                *length += came;
                if *length == OPENING {
                    let [a, b, c, kind, ..] = *opening;
                    let left = u32::from_be_bytes([0, a, b, c]) as usize;
                    *self = match (left, kind) {
                        (0, _) => Self::START,
                        (CODE, RST_STREAM) => Self::Code(CODE),
                        (left, _) => Self::Within(left),
                    };
                }
                came
            }
            Self::Within(left) | Self::Code(left) | Self::Replaced(left) => {
                let came = bytes.len().min(*left);
                *left -= came;
                if *left == 0 {
                    *self = Self::START;
                }
                came
            }
        }
    }
}

/// A reset goes out with what is written next, which a busy worker may be late with.
const SOON: Duration = Duration::from_secs(1);

const OPENING: usize = 9;
const CODE: usize = 4;
const RST_STREAM: u8 = 3;
const CANCEL: [u8; CODE] = [0, 0, 0, 8];
/// `INADEQUATE_SECURITY`.
const PERMISSION_DENIED: [u8; CODE] = [0, 0, 0, 12];

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, 0, 0, 0, 0, 1], payload].concat()
    }

    /// What comes out, where so many bytes at a time are handed over and so many taken.
    fn written(dropped: &[Dropped], bytes: &[u8], handed: usize, taken: usize) -> Vec<u8> {
        let refusals = Arc::new(Refusals::default());
        for dropped in dropped {
            refusals.add(*dropped);
        }
        let mut resets = Resets::new(refusals);
        let (mut out, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let part = &rest[..handed.min(rest.len())];
            let wrote = match resets.next(part) {
                Next::Same(length) => part[..length.min(taken)].to_vec(),
                Next::Instead(other) => other[..other.len().min(taken)].to_vec(),
            };
            assert!(!wrote.is_empty());
            resets.advance(&part[..wrote.len()]);
            rest = &rest[wrote.len()..];
            out.extend(wrote);
        }
        out
    }

    #[test]
    fn the_cancelled_streams_that_are_refused_tell_grpc_so_and_nothing_else_changes() {
        let cancel = frame(RST_STREAM, &CANCEL);
        let data = frame(0, &cancel.repeat(3));
        let other = frame(RST_STREAM, &[0, 0, 0, 2]);
        let empty = frame(4, &[]);
        let dropped = [Dropped::Refused, Dropped::Otherwise, Dropped::Refused];
        let all = [
            &data, &empty, &other, &cancel, &data, &cancel, &cancel, &cancel,
        ];
        let all: Vec<u8> = all.into_iter().flatten().copied().collect();
        let refused = frame(RST_STREAM, &PERMISSION_DENIED);
        let expected = [
            &data, &empty, &other, &refused, &data, &cancel, &refused, &cancel,
        ];
        let expected: Vec<u8> = expected.into_iter().flatten().copied().collect();
        for handed in [13, 14, 50, 1000] {
            for taken in [1, 2, 5, 13, 1000] {
                assert_eq!(written(&[], &all, handed, taken), all, "{handed} {taken}");
                let out = written(&dropped, &all, handed, taken);
                assert_eq!(out, expected, "{handed} {taken}");
            }
        }
    }

    #[test]
    fn a_stream_that_is_not_reset_soon_is_not_waited_for_unless_nothing_can_be_written() {
        let refusals = Arc::new(Refusals::default());
        let resets = Resets::new(Arc::clone(&refusals));
        refusals.add(Dropped::Refused);
        let added = Instant::now();
        refusals.expire(added);
        assert!(resets.are_awaited());
        std::thread::sleep(Duration::from_millis(2));
        refusals.wait();
        refusals.expire(added + SOON);
        assert!(resets.are_awaited());
        refusals.expire(Instant::now() + SOON);
        assert!(!resets.are_awaited());
    }
}
