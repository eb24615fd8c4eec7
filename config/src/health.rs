//! `[health]`: how upstreams are probed.

use std::time::Duration;

use crate::reader::Section;
use crate::units::positive_duration;
use crate::url;

/// How upstreams are probed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Health {
    /// Time between two probes.
    pub interval: Duration,
    /// What a probe does.
    pub probe: Probe,
}

/// What a probe of an upstream does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Probe {
    /// Opens a connection; `path` empty or absent.
    Connect,
    /// Asks for this path, which must answer 200.
    Get(String),
}

impl Health {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let interval = positive_duration(section, "interval", DEFAULT_INTERVAL);
        let probe = section.text("path", |text| {
            if text.value().is_empty() {
                return Some(Probe::Connect);
            }
            url::path(text).map(Probe::Get)
        });
        Self {
            interval,
            probe: probe.unwrap_or(DEFAULT_PROBE),
        }
    }
}

/// An upstream that fell over is avoided within seconds, at a cost nobody notices.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// Every upstream takes connections; which path tells its health only its owner knows.
const DEFAULT_PROBE: Probe = Probe::Connect;
