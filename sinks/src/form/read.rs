//! What several forms read of an event in the same way.

use serde_json::{Map, Value, json};

use super::field::Facts;
use crate::origin::Origin;

/// What became of the request, in the three words that every schema has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// Let in.
    Success,
    /// Refused, or asked for more.
    Failure,
    /// Nobody was decided about.
    Neither,
}

impl Outcome {
    /// By `crossgate.outcome`.
    pub(crate) fn of(outcome: &str) -> Self {
        match outcome {
            "allow" => Self::Success,
            "signal" | "synchronization" | "aborted" | "not-ready" | "not-found" => Self::Neither,
            _ => Self::Failure,
        }
    }
}

impl Facts<'_> {
    pub(super) fn outcome(&self) -> Outcome {
        self.text("crossgate/outcome")
            .map_or(Outcome::Neither, Outcome::of)
    }

    /// Whose workload it is, where it is one.
    pub(super) fn is_workload(&self) -> bool {
        self.text("servicePrincipalId").is_some()
    }

    pub(super) fn is_interactive(&self) -> bool {
        self.member("isInteractive").and_then(Value::as_bool) == Some(true)
    }

    /// Whether multifactor authentication was done, and counts here.
    pub(super) fn has_mfa(&self) -> Option<bool> {
        let mfa = self.text("crossgate/mfa")?;
        Some(!matches!(mfa, "none" | "home-untrusted"))
    }

    /// Requests that the event stands for.
    pub(super) fn count(&self) -> Value {
        self.member("crossgate/count").cloned().unwrap_or(json!(1))
    }

    /// A time in milliseconds since 1970.
    pub(super) fn milliseconds(&self, path: &str) -> Option<Value> {
        let at: jiff::Timestamp = self.text(path)?.parse().ok()?;
        Some(at.as_millisecond().into())
    }

    /// The AADSTS number; `None` where it is none.
    pub(super) fn code(&self) -> u64 {
        self.member("status/errorCode")
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }

    /// What no other schema has a field for: our own part of the event without its receipt, and where it comes from.
    pub(super) fn own(&self) -> Value {
        let own = self.member("crossgate").and_then(Value::as_object);
        let members = own.into_iter().flatten();
        let mut kept: Map<String, Value> = members
            .filter(|(name, _)| *name != "receipt")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let Origin {
            gateway,
            stream,
            sequence,
        } = self.origin;
        kept.insert("gateway".to_owned(), (&**gateway).into());
        kept.insert("stream".to_owned(), (&**stream).into());
        kept.insert("sequence".to_owned(), (*sequence).into());
        Value::Object(kept)
    }

    /// The same, with members of the event that a schema has no field for.
    pub(super) fn own_with(&self, members: &[&str]) -> Value {
        let mut own = self.own();
        for name in members {
            if let (Some(value), Some(own)) = (self.member(name), own.as_object_mut()) {
                own.insert((*name).to_owned(), value.clone());
            }
        }
        own
    }
}
