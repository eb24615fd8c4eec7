//! What operators see: metrics and health.

mod app;
mod health;
mod metrics;
mod register;

pub use app::AppMetrics;
pub use health::{Health, Operations};
pub use metrics::{ACCEPTED, Metrics};
