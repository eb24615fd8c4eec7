//! What operators see: metrics and health.

mod admin;
mod app;
mod counter;
mod family;
mod health;
mod histogram;
mod metrics;
mod register;
mod spool;
mod verifications;

pub use app::AppMetrics;
pub use counter::Counter;
pub use health::{Health, Operations};
pub use histogram::Histogram;
pub use metrics::Metrics;
pub use verifications::{ACCEPTED, NO_KEYS, Verifications};
