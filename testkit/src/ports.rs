//! Loopback ports for programs that must be told theirs.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// An address nobody listens on.
///
/// Taken from below the range the system hands to outgoing connections, and from a slice of it that depends on the
/// process, so that tests in parallel do not take each other's between this answer and the program's start.
///
/// # Panics
/// Where every port of the range is taken.
#[must_use]
pub fn free() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let slice = u16::try_from(std::process::id() % u32::from(RANGE / SLICE)).unwrap_or(0) * SLICE;
    for _ in 0..RANGE {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + slice.wrapping_add(step) % RANGE;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no free port on loopback");
}

const FIRST: u16 = 12_000;
const RANGE: u16 = 20_000;
const SLICE: u16 = 50;
