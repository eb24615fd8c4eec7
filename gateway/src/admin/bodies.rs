//! Bodies of calls: read whole, each within a limit and all of them together within another.

use std::sync::Arc;
use std::time::Duration;

use crossgate_control::api::error::ApiError;
use pingora::protocols::http::ServerSession;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for the bodies that are held at once, in bytes.
#[derive(Debug)]
pub(super) struct Room {
    bytes: Arc<Semaphore>,
    /// How long a body waits for others to go.
    wait: Duration,
}

/// The room that a body takes up, until this is dropped.
#[derive(Debug, Default)]
pub(super) struct Taken(Option<OwnedSemaphorePermit>);

impl Room {
    /// For all calls of a listener.
    pub(super) fn new() -> Self {
        Self {
            bytes: Arc::new(Semaphore::new(MOST_HELD)),
            wait: WAIT,
        }
    }

    /// The whole body of a call.
    ///
    /// # Errors
    /// It is larger than one may be, it does not arrive, or others take up all the room.
    pub(super) async fn read(
        &self,
        session: &mut ServerSession,
    ) -> Result<(Vec<u8>, Taken), ApiError> {
        tokio::time::timeout(PATIENCE, self.read_all(session))
            .await
            .unwrap_or_else(|_elapsed| Err(ApiError::bad("the body took too long to arrive")))
    }

    async fn read_all(&self, session: &mut ServerSession) -> Result<(Vec<u8>, Taken), ApiError> {
        let (mut body, mut taken) = (Vec::new(), Taken::default());
        loop {
            match session.read_request_body().await {
                Ok(Some(part)) => {
                    if body.len() + part.len() > MOST_BODY {
                        return Err(ApiError::too_large(format!(
                            "the body is larger than {MOST_BODY} bytes"
                        )));
                    }
                    self.take(&mut taken, part.len()).await?;
                    body.extend_from_slice(&part);
                }
                Ok(None) => return Ok((body, taken)),
                Err(_) => return Err(ApiError::bad("the body broke off")),
            }
        }
    }

    /// Takes room for what has arrived, no more: whoever says that much is to come has not sent it yet.
    async fn take(&self, taken: &mut Taken, bytes: usize) -> Result<(), ApiError> {
        let full = || ApiError::unavailable("too many large bodies are on their way");
        let bytes = u32::try_from(bytes).map_err(|_| full())?;
        let more = Arc::clone(&self.bytes).acquire_many_owned(bytes);
        let more = tokio::time::timeout(self.wait, more).await;
        let more = more.map_err(|_elapsed| full())?.map_err(|_| full())?;
        match &mut taken.0 {
            Some(held) => held.merge(more),
            held @ None => *held = Some(more),
        }
        Ok(())
    }
}

/// Documents are smaller; many of them are imported by a command.
const MOST_BODY: usize = 4 << 20;

/// Of all calls together.
const MOST_HELD: usize = 64 << 20;

/// Whoever sends a policy sends it faster than this.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Calls are answered faster than this, and then their room is another's.
const WAIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bodies_have_room_together_and_who_finds_none_is_told_to_come_again() {
        let room = Room {
            wait: Duration::from_millis(20),
            ..Room::new()
        };
        let mut all = Vec::new();
        for _ in 0..MOST_HELD / MOST_BODY {
            let mut taken = Taken::default();
            for _ in 0..2 {
                room.take(&mut taken, MOST_BODY / 2).await.unwrap();
            }
            all.push(taken);
        }
        let mut late = Taken::default();
        let refused = room.take(&mut late, 1).await.unwrap_err();
        assert_eq!(refused.status, 503);
        let told_when = |(name, _): &(http::HeaderName, _)| name == http::header::RETRY_AFTER;
        assert!(refused.headers.iter().any(told_when));
        drop(all.pop());
        room.take(&mut late, MOST_BODY).await.unwrap();
        room.take(&mut late, 1).await.unwrap_err();
        drop((all, late));
        assert_eq!(room.bytes.available_permits(), MOST_HELD);
    }
}
