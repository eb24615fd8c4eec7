//! What operators see: metrics and health.

mod app;
mod connections;
mod health;
mod metrics;
mod register;
mod verifications;

pub use app::AppMetrics;
pub use connections::Counted;
pub use health::{Health, Operations};
pub use metrics::Metrics;
pub use verifications::{ACCEPTED, NO_KEYS, Verifications};
