//! `[traces]`: which requests are told to a collector, and where it is.

use crate::reader::Section;
use crate::{Upstream, url};

/// What is told of requests to a collector.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Traces {
    /// Takes OTLP over HTTP.
    pub collector: Upstream,
    /// How many of the traces that begin here are kept.
    pub sample: Share,
    /// Requests that may wait to be told.
    pub queue: usize,
    /// What this gateway is called there.
    pub service: String,
}

/// A share of a whole, in millionths.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Share(u32);

impl Share {
    /// All, in millionths.
    pub const WHOLE: u32 = 1_000_000;

    /// So many millionths; `None` where that is more than all.
    #[must_use]
    pub const fn of_millionths(millionths: u32) -> Option<Self> {
        if millionths > Self::WHOLE {
            None
        } else {
            Some(Self(millionths))
        }
    }

    /// In millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// The nearest to a number from 0 to 1.
    pub(crate) fn nearest(number: f64) -> Option<Self> {
        (0.0..=1.0)
            .contains(&number)
            .then(|| Self((number * f64::from(Self::WHOLE)).round() as u32))
    }
}

impl Traces {
    /// `None` where there is no collector: then nothing is told.
    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let collector = section.text("collector", url::upstream);
        let service = section.text("service", |text| text.filled().map(|name| name.to_owned()));
        let sample = section.share("sample", DEFAULT_SAMPLE);
        let queue = section.positive_number("queue", DEFAULT_QUEUE);
        if collector.is_none() && section.lacks("collector") {
            for name in ["sample", "queue", "service"] {
                if !section.lacks(name) {
                    section.fault(name, "says nothing without a `collector`; expected one such as `http://127.0.0.1:4318`");
                }
            }
        }
        Some(Self {
            collector: collector?,
            sample,
            queue,
            service: service.unwrap_or_else(|| DEFAULT_SERVICE.to_owned()),
        })
    }
}

/// Of a busy gateway one in a hundred shows where time goes.
const DEFAULT_SAMPLE: Share = Share(10_000);

/// At some 200 bytes each.
const DEFAULT_QUEUE: usize = 4096;

const DEFAULT_SERVICE: &str = "crossgate";
