//! What is done beside: sessions that are over are forgotten, uses are noted for after a restart, and what another process
//! did with the same file is taken up, as while one hands over to the next.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossgate_portal::sessions::{SessionId, is_over};
use crossgate_portal::store::{KeptSession, PortalStoreError};

use super::People;
use crate::live::Live;

/// Tends sessions until nobody serves any more.
pub async fn tend(people: Weak<People>, live: Arc<Live>) {
    let (mut noted, mut swept, mut others) = (0, Instant::now(), None);
    loop {
        tokio::time::sleep(BETWEEN_LOOKS).await;
        let Some(people) = people.upgrade() else {
            return;
        };
        if let Err(fault) = people.take_up_others(&mut others, &live).await {
            tracing::warn!("[portal] store: what other processes did is not taken up: {fault}");
        }
        if swept.elapsed() < BETWEEN_SWEEPS {
            continue;
        }
        swept = Instant::now();
        let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
        let in_force = live.in_force();
        if let Some(settings) = in_force.routes.any_people() {
            people.sweep(now, settings.idle).await;
            people.note_uses(noted).await;
            noted = now;
        }
    }
}

impl People {
    /// Ends what another process ended, and lets in whom it let in, where the file says that there was one.
    async fn take_up_others(
        &self,
        seen: &mut Option<i64>,
        live: &Live,
    ) -> Result<(), PortalStoreError> {
        // Looked at before what it counts is read: a change in between is found the next time.
        let store = Arc::clone(&self.store);
        let Ok(now) = tokio::task::spawn_blocking(move || store.others()).await else {
            return Ok(());
        };
        let now = now?;
        let before = seen.replace(now);
        // At the start everything was read already.
        if before.is_none_or(|before| before == now) {
            return Ok(());
        }
        // Known before the file is read: each was in it before it was here, so one that is not there then was ended.
        let known = self.sessions.filter(|_| true);
        let known: HashSet<SessionId> = known.iter().map(|session| session.id).collect();
        let store = Arc::clone(&self.store);
        let read = tokio::task::spawn_blocking(move || {
            Ok::<_, PortalStoreError>((store.sessions()?, store.acceptances()?))
        });
        let Ok(read) = read.await else {
            *seen = before;
            return Ok(());
        };
        let (kept, accepted) = match read {
            Ok(read) => read,
            Err(fault) => {
                *seen = before;
                return Err(fault);
            }
        };
        let theirs: HashSet<SessionId> = kept.iter().map(|session| session.id).collect();
        let ended: Vec<&SessionId> = known.difference(&theirs).collect();
        for session in &ended {
            self.sessions.end(**session);
        }
        let in_force = live.in_force();
        let new: Vec<&KeptSession> = kept
            .iter()
            .filter(|session| !known.contains(&session.id))
            .collect();
        for session in new {
            let settings = in_force.routes.people.as_deref();
            self.take_up(session, settings, &in_force.issuers, &accepted);
        }
        if !ended.is_empty() {
            self.connections.look_again();
        }
        Ok(())
    }

    async fn sweep(&self, now: u64, idle: u64) {
        let away = self.sessions.filter(|session| {
            session.subject.is_ready() && now >= session.seen().saturating_add(AWAY)
        });
        for session in away {
            session.subject.goes_away();
        }
        let over = self.sessions.filter(|session| is_over(session, now, idle));
        if over.is_empty() {
            return;
        }
        let over: Vec<SessionId> = over.iter().map(|session| session.id).collect();
        let (store, unused) = (Arc::clone(&self.store), over.clone());
        let since = now.saturating_sub(idle);
        let ended = tokio::task::spawn_blocking(move || store.end_unused(&unused, since, now));
        if let Ok(Err(fault)) = ended.await {
            tracing::warn!("[portal] store: sessions that are over stay in the file: {fault}");
        }
        for session in over {
            self.sessions.leave(session);
        }
        self.names.forget_unused();
        self.connections.look_again();
    }

    async fn note_uses(&self, since: u64) {
        let seen = self.sessions.filter(|session| session.seen() >= since);
        if seen.is_empty() {
            return;
        }
        let seen: Vec<(SessionId, u64)> = seen
            .iter()
            .map(|session| (session.id, session.seen()))
            .collect();
        let store = Arc::clone(&self.store);
        if let Ok(Err(fault)) = tokio::task::spawn_blocking(move || store.seen(&seen)).await {
            tracing::warn!("[portal] store: uses of sessions are not noted: {fault}");
        }
    }
}

/// The file is asked for a number that changes when another process changed it.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

const BETWEEN_SWEEPS: Duration = Duration::from_secs(60);

/// Seconds without a request after which a person is away. To unpack takes a request microseconds, so this need not be long.
const AWAY: u64 = 600;
