//! What operators see: metrics and health.

mod app;
mod connections;
mod health;
mod metrics;
mod register;

pub use app::AppMetrics;
pub use connections::Counted;
pub use health::{Health, Operations};
pub use metrics::{ACCEPTED, Metrics};
