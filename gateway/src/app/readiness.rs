//! What is missing before requests should be sent here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::connections::Connections;
use crate::live::{InForce, Live};
use crate::ops::Health;

/// Ready is who has a policy, which there is from the start, listens at every door, holds open connections to it, and has every
/// issuer's keys.
///
/// After [`PATIENCE`] the keys of one issuer are enough: a partner whose provider is down keeps nobody else's people
/// out, and its own get a 503 either way.
pub(super) fn health(
    live: Arc<Live>,
    connections: Arc<Connections>,
    doors: Vec<SocketAddr>,
) -> Health {
    let begun = Instant::now();
    let open = AtomicBool::new(false);
    Arc::new(move || {
        // Each door is opened by a task of its own. Once open, they stay so until the end.
        if !open.load(Ordering::Relaxed) {
            if let Some(shut) = doors.iter().find(|door| !is_open(**door)) {
                return vec![format!("`{shut}` does not listen yet")];
            }
            open.store(true, Ordering::Relaxed);
        }
        if !connections.are_watched() {
            return vec!["open connections are not held to policy".to_owned()];
        }
        let in_force = live.in_force();
        let without = without_keys(&in_force);
        let none = without.len() == in_force.issuers.iter().count();
        if !none && begun.elapsed() > PATIENCE {
            return Vec::new();
        }
        let told = without.iter();
        told.map(|issuer| format!("no keys of issuer `{issuer}`"))
            .collect()
    })
}

/// Whether somebody listens there. On this machine the answer comes at once.
fn is_open(door: SocketAddr) -> bool {
    let host = match door.ip() {
        IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => door.ip(),
    };
    TcpStream::connect_timeout(&SocketAddr::new(host, door.port()), AT_ONCE).is_ok()
}

/// Waits until every issuer's keys are there, for some seconds at most: who takes over doors should be able to answer.
pub(super) fn wait(live: &Live) {
    let end = Instant::now() + BEFORE_TAKING_OVER;
    while Instant::now() < end && !without_keys(&live.in_force()).is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn without_keys(in_force: &InForce) -> Vec<Arc<str>> {
    let issuers = in_force.issuers.iter();
    issuers
        .filter(|issuer| in_force.keys.get(&issuer.name).is_none())
        .map(|issuer| Arc::clone(&issuer.name))
        .collect()
}

/// What a connection within one machine takes at most.
const AT_ONCE: Duration = Duration::from_millis(200);

/// Longer than a provider takes to restart.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than fetching takes where it works at all.
const BEFORE_TAKING_OVER: Duration = Duration::from_secs(10);
