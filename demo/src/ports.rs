//! Addresses a visitor can remember, where they are free.

use crate::Fault;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// `port` on loopback, or any free one where somebody else has it.
pub(crate) fn near(port: u16) -> Result<SocketAddr, Fault> {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if TcpListener::bind(wanted).is_ok() {
        return Ok(wanted);
    }
    let any = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(any.local_addr()?)
}
