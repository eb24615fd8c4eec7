//! Where an event comes from.

use std::sync::Arc;

/// Which event of which gateway it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Origin {
    /// The gateway's name.
    pub(crate) gateway: Arc<str>,
    /// The run of sequence numbers: one spool's, and one process's at a time.
    pub(crate) stream: Arc<str>,
    /// Counts a stream's events from 1, in the order in which they were taken.
    pub(crate) sequence: u64,
}

/// What the machine is called.
#[must_use]
pub fn machine_name() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy();
    let is_good = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    if is_good {
        name.into_owned()
    } else {
        "-".to_owned()
    }
}
