//! How many files and sockets the process may have open.

use crossgate_config::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Takes as many as the system grants, and says so where that is less than the settings may need: whoever runs out of
/// them answers nobody.
pub(super) fn take_all(limits: &Limits) {
    let before = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: before.maximum,
        maximum: before.maximum,
    };
    let granted = match setrlimit(Resource::Nofile, all) {
        Ok(()) => before.maximum,
        Err(_) => before.current,
    };
    // `None` is no limit at all.
    if let Some(granted) = granted
        && granted < needed(limits)
    {
        tracing::warn!(
            "this process may open {granted} files, and `limits.max_connections` of {} may take {}; lower it, or raise \
             the limit (`LimitNOFILE`, `ulimit -n`)",
            limits.max_connections,
            needed(limits)
        );
    }
}

/// A connection to the client and one to the upstream for each, and what the process itself needs.
fn needed(limits: &Limits) -> u64 {
    let connections = u64::try_from(limits.max_connections).unwrap_or(u64::MAX);
    connections.saturating_mul(2).saturating_add(OWN)
}

const OWN: u64 = 256;
