//! A call, and its answer.

use crossgate_policy::ids::TenantId;
use http::Method;
use serde_json::Value;
use uuid::Uuid;

use super::fault::Fault;
use crate::audit::{Activity, Attempt, Initiator, TargetResource};

/// Whose administrators push.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Partner {
    /// Their tenant.
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
}

/// A call of a partner who is known by its credential.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who calls.
    pub partner: &'a Partner,
    /// `https://host/…/v2`, as the partner knows the service.
    pub base: &'a str,
    /// The method.
    pub method: &'a Method,
    /// The path behind the base.
    pub path: &'a str,
    /// What stands behind `?`.
    pub query: &'a str,
    /// `If-Match`.
    pub if_match: Option<&'a str>,
    /// `If-None-Match`.
    pub if_none_match: Option<&'a str>,
    /// The body; empty where there is none.
    pub body: &'a [u8],
    /// What the audit calls it by.
    pub correlation: Uuid,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `ETag`.
    pub version: Option<String>,
    /// `Location`.
    pub location: Option<String>,
    /// The body.
    pub body: Option<Value>,
    /// What became of it, in a word for metrics and events.
    pub result: &'static str,
    /// Why it was refused.
    pub refused: Option<String>,
}

impl Call<'_> {
    pub(super) const fn tenant(&self) -> TenantId {
        self.partner.tenant
    }

    /// What the audit keeps of a change.
    pub(super) fn attempt(&self, activity: Activity, target: TargetResource) -> Attempt<'_> {
        Attempt {
            activity,
            by: Initiator::Synchronization(&self.partner.name),
            correlation: self.correlation,
            target,
            details: vec![("Partner", self.tenant().to_string())],
        }
    }

    /// Whether the resource is the one that the sender knows (RFC 7644, section 3.14).
    pub(super) fn check_version(&self, version: &str) -> Result<(), Fault> {
        match self.if_match {
            Some(known) if !names(known, version) => Err(Fault::version()),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether the sender has this version already.
    pub(super) fn has(&self, version: &str) -> bool {
        self.if_none_match
            .is_some_and(|known| names(known, version))
    }
}

/// Whether a list of entity tags names this version; weakly compared (RFC 9110, section 8.8.3.2).
fn names(known: &str, version: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.trim() == "*" || known.split(',').any(|tag| opaque(tag) == opaque(version))
}

impl Reply {
    pub(super) const fn ok(status: u16, body: Value, result: &'static str) -> Self {
        Self {
            status,
            version: None,
            location: None,
            body: Some(body),
            result,
            refused: None,
        }
    }

    pub(super) const fn nothing(status: u16, result: &'static str) -> Self {
        Self {
            status,
            version: None,
            location: None,
            body: None,
            result,
            refused: None,
        }
    }

    /// A resource, with its version and its place.
    pub(super) fn resource(
        status: u16,
        resource: Value,
        version: String,
        location: String,
    ) -> Self {
        Self {
            version: Some(version),
            location: Some(location),
            ..Self::ok(
                status,
                resource,
                if status == 201 { "created" } else { "done" },
            )
        }
    }

    pub(super) fn failed(fault: &Fault) -> Self {
        Self {
            refused: Some(fault.detail.clone()),
            ..Self::ok(fault.status.as_u16(), fault.body(), fault.name())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_version_is_named_weakly_and_by_a_star() {
        for (known, expected) in [
            ("W/\"7\"", true),
            ("\"7\"", true),
            ("\"6\", W/\"7\"", true),
            ("*", true),
            ("W/\"70\"", false),
            ("7", false),
            ("", false),
        ] {
            assert_eq!(names(known, "W/\"7\""), expected, "{known}");
        }
    }
}
