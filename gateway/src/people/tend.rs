//! What is done beside: sessions that are over are forgotten, and uses are noted for after a restart.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crossgate_portal::sessions::{SessionId, is_over};

use super::People;
use crate::live::Live;

/// Tends sessions until nobody serves any more.
pub async fn tend(people: Weak<People>, live: Arc<Live>) {
    let mut noted = 0;
    loop {
        tokio::time::sleep(BETWEEN).await;
        let Some(people) = people.upgrade() else {
            return;
        };
        let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
        let Some(idle) = live
            .in_force()
            .routes
            .people
            .as_ref()
            .map(|people| people.idle)
        else {
            continue;
        };
        let over: Vec<SessionId> = people
            .sessions
            .filter(|session| is_over(session, now, idle))
            .iter()
            .map(|session| session.id)
            .collect();
        if !over.is_empty() {
            people.end(&over).await;
        }
        let seen: Vec<(SessionId, u64)> = people
            .sessions
            .filter(|session| session.seen() >= noted)
            .iter()
            .map(|session| (session.id, session.seen()))
            .collect();
        noted = now;
        if seen.is_empty() {
            continue;
        }
        let store = Arc::clone(&people.store);
        if let Ok(Err(fault)) = tokio::task::spawn_blocking(move || store.seen(&seen)).await {
            tracing::warn!("[portal] store: uses of sessions are not noted: {fault}");
        }
    }
}

const BETWEEN: Duration = Duration::from_secs(60);
