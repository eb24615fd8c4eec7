//! Real receivers of sign-in events: NATS, rsyslog, and receivers of OpenTelemetry and of JSON in Python. They keep what they take in files
//! or streams that outlive them, so that a test may kill and restart them.

mod nats;
mod program;
mod python;
mod rsyslog;

pub use nats::Nats;
pub use program::Program;
pub use python::Python;
pub use rsyslog::Rsyslog;

use serde_json::Value;

/// One event as a receiver has it.
#[derive(Clone, Debug)]
pub struct Received {
    /// The event in its form.
    pub event: Value,
    /// What stands beside it: headers, attributes, fields of the message.
    pub beside: Value,
}
