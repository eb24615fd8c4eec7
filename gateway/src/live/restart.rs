//! Which settings bind only from the next start on.

use crossgate_config::Settings;

/// The keys in which new settings differ from those that the process started with, as far as they are read at the start
/// only.
pub(super) fn needed(started: &Settings, new: &Settings) -> Vec<&'static str> {
    let (listen, others) = (&started.listen, &new.listen);
    let (limits, other_limits) = (&started.limits, &new.limits);
    let differ = [
        ("listen.proxy", listen.proxy != others.proxy),
        ("listen.egress", listen.egress != others.egress),
        ("listen.authorize", listen.authorize != others.authorize),
        ("listen.admin", listen.admin != others.admin),
        ("listen.metrics", listen.metrics != others.metrics),
        ("listen.tls", listen.tls != others.tls),
        ("portal.store", started.portal.store != new.portal.store),
        ("[sign_ins]", started.sign_ins != new.sign_ins),
        ("[traces]", started.traces != new.traces),
        ("[runtime]", started.runtime != new.runtime),
        ("[shutdown]", started.shutdown != new.shutdown),
        ("assertion.key_file", started.assertion != new.assertion),
        (
            "limits.max_connections",
            limits.max_connections != other_limits.max_connections,
        ),
        (
            "limits.request_head_timeout",
            limits.request_head_timeout != other_limits.request_head_timeout,
        ),
    ];
    let differ = differ.into_iter().filter(|(_, differs)| *differs);
    differ.map(|(key, _)| key).collect()
}
