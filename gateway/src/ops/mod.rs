//! What operators see: metrics and health.

mod health;
mod metrics;

pub use health::{Health, Operations};
pub use metrics::{AppMetrics, Metrics};
