//! The streams that transmitters push, set up by the gateway itself where it has a token for that (OpenID Shared Signals
//! Framework 1.0, section 8.1).
//!
//! A transmitter that cannot be reached stops nobody: it is asked again, ever more seldom.

mod ask;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossgate_config::{StreamSettings, TransmitterSettings};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::settings::exposed;
use super::{Signals, Transmitter, lock};
use crate::live::fetch::{FetchFault, Fetcher, SsfEndpoints};
use ask::Asking;

/// Why a stream is not set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamFault {
    /// Not reached, or not understood.
    #[error("{0}")]
    Fetch(#[from] FetchFault),
    /// Refused.
    #[error("`{url}` answers {status} to {what}")]
    Refused {
        what: &'static str,
        url: String,
        status: u16,
    },
    /// The answer says something else than an answer does.
    #[error("`{url}` answers {what} with what is no stream: {why}")]
    NoStream {
        what: &'static str,
        url: String,
        why: String,
    },
    /// The secret cannot be read.
    #[error("{key}: {why}")]
    Secret { key: &'static str, why: String },
    /// It did not show that it works.
    #[error("the stream did not show within {} minutes that it works; can `{endpoint}` be reached from there?", PATIENCE.as_secs() / 60)]
    Unverified { endpoint: String },
}

/// When a transmitter is asked next.
#[derive(Debug)]
struct Next {
    /// By which settings it was asked before; with others it is asked anew.
    settings: TransmitterSettings,
    at: Instant,
    failures: u32,
    /// It was asked to show that its stream works.
    awaited: bool,
}

/// Sets streams up, and looks after them, for as long as anybody serves.
pub async fn keep_streams(signals: Weak<Signals>, fetcher: Fetcher) {
    let mut plan: HashMap<String, Next> = HashMap::new();
    loop {
        let Some(signals) = signals.upgrade() else {
            return;
        };
        round(&signals, &fetcher, &mut plan).await;
        drop(signals);
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

async fn round(signals: &Arc<Signals>, fetcher: &Fetcher, plan: &mut HashMap<String, Next>) {
    let settings = signals.live.in_force().routes.signals.clone();
    let transmitters = settings
        .iter()
        .flat_map(|settings| &settings.transmitters)
        .filter(|transmitter| transmitter.settings.stream.is_some());
    let mut asking = JoinSet::new();
    for transmitter in transmitters {
        let name = &transmitter.settings.name;
        let next = plan
            .get(name)
            .filter(|next| next.settings == transmitter.settings);
        let (failures, awaited) = match next {
            Some(next) if next.at > Instant::now() => continue,
            Some(next) => (next.failures, next.awaited),
            None => (0, false),
        };
        let (signals, fetcher) = (Arc::clone(signals), fetcher.clone());
        let transmitter = Arc::clone(transmitter);
        asking.spawn(async move {
            let done = look_after(&signals, &fetcher, &transmitter, awaited).await;
            (transmitter, failures, done)
        });
    }
    while let Some(done) = asking.join_next().await {
        // One that panicked is asked again in the next round.
        let Ok((transmitter, failures, done)) = done else {
            continue;
        };
        let name = transmitter.settings.name.clone();
        let (after, failures, awaited) = match done {
            Ok(Done::Asked) => (PATIENCE, failures, true),
            Ok(Done::Works) => (BETWEEN_CHECKS, 0, false),
            Err(fault) => {
                let after = back_off(failures);
                tracing::warn!(
                    "[[transmitter]] {name}: its stream is not set up, and tried again in {} s: {fault}",
                    after.as_secs()
                );
                (after, failures.saturating_add(1), false)
            }
        };
        let next = Next {
            settings: transmitter.settings.clone(),
            at: Instant::now() + after,
            failures,
            awaited,
        };
        plan.insert(name, next);
    }
}

/// How far one is.
enum Done {
    /// It was asked to show that its stream works, and may take its time.
    Asked,
    /// Nothing is left to be done for now.
    Works,
}

async fn look_after(
    signals: &Signals,
    fetcher: &Fetcher,
    transmitter: &Transmitter,
    awaited: bool,
) -> Result<Done, StreamFault> {
    let desk = signals.desk(&transmitter.settings.name);
    if awaited {
        return if lock(&desk.expected).take().is_none() {
            Ok(Done::Works)
        } else {
            Err(StreamFault::Unverified {
                endpoint: transmitter.endpoint.clone(),
            })
        };
    }
    let Some(stream) = &transmitter.settings.stream else {
        return Ok(Done::Works);
    };
    let endpoints = endpoints(fetcher, transmitter, stream).await?;
    let asking = Asking {
        fetcher,
        transmitter,
        token: secret("token_file", exposed(&stream.token).await)?,
        authorization: match &transmitter.settings.authorization {
            Some(source) => Some(secret("authorization_file", exposed(source).await)?),
            None => None,
        },
    };
    let stream_id = asking.set_up(&endpoints.configuration).await?;
    let name = &transmitter.settings.name;
    let Some(verification) = &endpoints.verification else {
        tracing::info!(
            "[[transmitter]] {name}: its stream `{stream_id}` is set up; it names no `verification_endpoint` to try it by"
        );
        return Ok(Done::Works);
    };
    let state = Uuid::new_v4().simple().to_string();
    // Before it is asked: it may tell at once.
    *lock(&desk.expected) = Some(state.as_str().into());
    let asked = asking.verify(verification, &stream_id, &state).await;
    if asked.is_err() {
        *lock(&desk.expected) = None;
    }
    asked?;
    tracing::info!(
        "[[transmitter]] {name}: its stream `{stream_id}` is set up, and asked to show that it works"
    );
    Ok(Done::Asked)
}

/// Where to ask. One whose address is configured need not say more of itself.
async fn endpoints(
    fetcher: &Fetcher,
    transmitter: &Transmitter,
    stream: &StreamSettings,
) -> Result<SsfEndpoints, FetchFault> {
    let told = fetcher
        .ssf(&transmitter.issuer, transmitter.settings.tenant)
        .await;
    match &stream.configuration_endpoint {
        None => told,
        Some(configuration) => Ok(SsfEndpoints {
            configuration: configuration.clone(),
            verification: told.ok().and_then(|told| told.verification),
        }),
    }
}

fn secret(key: &'static str, read: Result<String, String>) -> Result<String, StreamFault> {
    read.map_err(|why| StreamFault::Secret { key, why })
}

fn back_off(failures: u32) -> Duration {
    let doubled = FIRST_BACK_OFF.saturating_mul(1 << failures.min(16));
    doubled.min(LONGEST_BACK_OFF)
}

/// Settings change seldom, and nobody waits for a stream.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

const FIRST_BACK_OFF: Duration = Duration::from_secs(5);

/// A transmitter that comes back is found within this time.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(15 * 60);

/// A transmitter tells within moments that its stream works; some have queues.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Streams end where nobody notices: at the other side.
const BETWEEN_CHECKS: Duration = Duration::from_secs(60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_answer_is_asked_ever_more_seldom_but_not_never() {
        let after = [0, 1, 2, 7, 8, 40, u32::MAX].map(|failures| back_off(failures).as_secs());
        assert_eq!(after, [5, 10, 20, 640, 900, 900, 900]);
    }
}
