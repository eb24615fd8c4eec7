//! What a caller is told when a call fails: Graph's error body, and the status that goes with it.

use http::StatusCode;
use http::header::{ALLOW, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Map, Value, json};

use crate::store::StoreError;
use crate::text::bounded;

/// Why a call fails.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// The status.
    pub status: StatusCode,
    /// Graph's `code`, which clients branch on.
    pub code: &'static str,
    /// What is wrong and what to do, for people.
    pub message: String,
    /// Every single fault, where there are several or one has a place.
    pub details: Vec<Detail>,
    /// Headers of the answer.
    pub headers: Vec<(HeaderName, String)>,
}

/// One fault.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Detail {
    /// Its kind.
    pub code: &'static str,
    /// The property's path.
    pub target: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// 400: the request is wrong.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
    }

    /// 400 as OData's own layer of Graph answers it: the address or its options are wrong.
    pub fn bad_address(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 400 with every fault.
    pub fn faults(details: Vec<Detail>) -> Self {
        let message = match details.as_slice() {
            [one] if one.target.is_empty() => one.message.clone(),
            [one] => format!("{}: {}", one.target, one.message),
            many => format!("{} faults; `details` has each of them", many.len()),
        };
        Self {
            details,
            ..Self::bad(message)
        }
    }

    /// 400: one property is wrong.
    pub fn property(target: impl Into<String>, message: impl Into<String>) -> Self {
        Self::faults(vec![Detail {
            code: "InvalidProperty",
            target: target.into(),
            message: message.into(),
        }])
    }

    /// 401: there is no token, or none that counts.
    pub fn unauthenticated(message: impl Into<String>, challenge: Option<String>) -> Self {
        Self {
            headers: vec![(
                WWW_AUTHENTICATE,
                challenge.unwrap_or_else(|| "Bearer".to_owned()),
            )],
            ..Self::new(
                StatusCode::UNAUTHORIZED,
                "InvalidAuthenticationToken",
                message,
            )
        }
    }

    /// 403: the caller may not.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            message,
        )
    }

    /// 404: there is no such resource.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
    }

    /// 405: the resource has no such method; `allow` are those it has.
    pub fn method(message: impl Into<String>, allow: String) -> Self {
        Self {
            headers: vec![(ALLOW, allow)],
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "Request_BadRequest",
                message,
            )
        }
    }

    /// 409: it is there already.
    pub fn exists(target: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            details: vec![Detail {
                code: "ConflictingObjects",
                target: target.to_owned(),
                message: message.clone(),
            }],
            ..Self::new(
                StatusCode::CONFLICT,
                "Request_MultipleObjectsWithSameKeyValue",
                message,
            )
        }
    }

    /// 409: it is in no state for that.
    pub fn state(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "Request_ResourceInWrongState",
            message,
        )
    }

    /// 409: what a draft changes was changed since.
    pub fn moved(details: Vec<Detail>) -> Self {
        Self {
            details,
            ..Self::new(
                StatusCode::CONFLICT,
                "Crossgate_BaseMoved",
                "documents that the draft changes were changed by others since; `details` names them: take each out of the draft, or look \
                 at what it says now and change it anew",
            )
        }
    }

    /// 409: the policy would not have a property that is asserted of it.
    pub fn assertions(details: Vec<Detail>) -> Self {
        Self {
            details,
            ..Self::new(
                StatusCode::CONFLICT,
                "Crossgate_AssertionFailed",
                "the policy would not have the properties that `details` names, and `assertions` under `[admin]` says that it has",
            )
        }
    }

    /// 428: whoever asks has not said which version they mean (RFC 6585, section 3).
    pub fn version_needed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_REQUIRED,
            "Request_PreconditionRequired",
            "name the version of the draft that you mean by `If-Match`; its `ETag` is what reading it gave you",
        )
    }

    /// 409: others keep changing the same thing.
    pub fn concurrent() -> Self {
        Self {
            headers: vec![(RETRY_AFTER, "1".to_owned())],
            ..Self::new(
                StatusCode::CONFLICT,
                "Directory_ConcurrencyViolation",
                "others are changing the policy at the same time; try again",
            )
        }
    }

    /// 409: the change would shut somebody out, and nobody has said that this is meant.
    pub fn lock_out(details: Vec<Detail>) -> Self {
        Self {
            details,
            ..Self::new(
                StatusCode::CONFLICT,
                "Crossgate_LockOut",
                "this change would shut out whom `details` names; where that is meant, send it again with the header \
                 `Crossgate-Confirm-Lock-Out: true`",
            )
        }
    }

    /// 412: the resource is not the one that the caller knows.
    pub fn precondition(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "Request_PreconditionFailed",
            message,
        )
    }

    /// 413: more than is taken.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Request_BadRequest", message)
    }

    /// 415: not JSON.
    pub fn media_type(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Request_BadRequest",
            message,
        )
    }

    /// 424: another call of the batch, which this one depends on, failed.
    pub fn dependency(needed: &str) -> Self {
        Self::new(
            StatusCode::FAILED_DEPENDENCY,
            "FailedDependency",
            format!("request `{needed}`, which this one depends on, failed"),
        )
    }

    /// 429: too often, for so many seconds.
    pub fn too_many(message: impl Into<String>, seconds: u64) -> Self {
        Self {
            headers: vec![(RETRY_AFTER, seconds.to_string())],
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message)
        }
    }

    /// 500: a fault of ours.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "generalException",
            "the gateway failed; whether the change was made stands in the audit",
        )
    }

    /// 503: it cannot be done now, and nothing has changed.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self {
            headers: vec![(RETRY_AFTER, "5".to_owned())],
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "serviceNotAvailable",
                message,
            )
        }
    }

    /// The message and the faults that it does not tell itself, in one line: as many as fit, and how many more there are.
    #[must_use]
    pub fn told(&self) -> String {
        let mut told = bounded(&self.message, LONGEST_TOLD).into_owned();
        let mut faults = self
            .details
            .iter()
            .filter(|detail| !self.message.ends_with(detail.message.as_str()));
        while let Some(Detail {
            target, message, ..
        }) = faults.next()
        {
            // Joins of a few letters are not worth counting.
            if told.len() + target.len() + message.len() > LONGEST_TOLD {
                told.push_str(&format!("; and {} more", 1 + faults.count()));
                break;
            }
            told.push_str(&format!("; {target}: {message}"));
        }
        told
    }

    /// Graph's error body.
    #[must_use]
    pub fn body(&self, inner: &Value) -> Value {
        let mut error = Map::new();
        error.insert("code".to_owned(), json!(self.code));
        error.insert("message".to_owned(), json!(self.message));
        error.insert("innerError".to_owned(), inner.clone());
        if !self.details.is_empty() {
            let details = self.details.iter().map(|detail| {
                json!({"code": detail.code, "target": detail.target, "message": detail.message})
            });
            error.insert("details".to_owned(), details.collect());
        }
        json!({ "error": error })
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Moved => Self::concurrent(),
            StoreError::Corrupt(_) | StoreError::Foreign(_) | StoreError::Failed { .. } => {
                // The operator reads why in the log; a caller can only come again.
                tracing::error!(%error, "the policy store");
                Self::unavailable(
                    "the policy store cannot be used at the moment; nothing was changed",
                )
            }
        }
    }
}

/// A reason is read by people, and kept for ever.
const LONGEST_TOLD: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(target: &str, message: &str) -> Detail {
        Detail {
            code: "InvalidProperty",
            target: target.to_owned(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn every_fault_is_told_once() {
        let one = ApiError::property("displayName", "is missing");
        assert_eq!(one.told(), "displayName: is missing");
        assert_eq!(
            ApiError::faults(vec![fault("", "no JSON")]).told(),
            "no JSON"
        );
        let there = ApiError::exists("tenantId", "it is there");
        assert_eq!(there.told(), "it is there");
        let two = ApiError::faults(vec![
            fault("id", "is no GUID"),
            fault("state", "is missing"),
        ]);
        assert_eq!(
            two.told(),
            "2 faults; `details` has each of them; id: is no GUID; state: is missing"
        );
    }
    #[test]
    fn what_is_told_of_faults_without_end_has_an_end() {
        let many = (0..1_000).map(|number| fault(&format!("a{number}"), "is not known here"));
        let told = ApiError::faults(many.collect()).told();
        assert!(told.len() < LONGEST_TOLD + 100, "{}", told.len());
        let shown = told.matches("is not known here").count();
        assert!(
            told.ends_with(&format!("; and {} more", 1_000 - shown)),
            "{told}"
        );
        let long = "x".repeat(1_000_000);
        for error in [
            ApiError::bad(&*long),
            ApiError::property(&*long, "no"),
            ApiError::property("a", &*long),
            ApiError::faults(vec![fault("a", &long), fault("b", &long)]),
        ] {
            let told = error.told();
            assert!(told.len() < LONGEST_TOLD + 100, "{}", told.len());
        }
    }
}
