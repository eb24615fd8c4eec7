//! `[shutdown]`: how the gateway ends.

use std::time::Duration;

use crate::reader::Section;
use crate::units::duration_or_zero;

/// How the gateway ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shutdown {
    /// Requests in flight may take this long; `0s` cuts them off.
    pub drain: Duration,
}

impl Shutdown {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        Self {
            drain: duration_or_zero(section, "drain", DEFAULT_DRAIN),
        }
    }
}

/// What container platforms commonly wait before they kill.
const DEFAULT_DRAIN: Duration = Duration::from_secs(30);
