//! Why a call fails, as its sender is told (RFC 7644, section 3.12).

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::api::error::ApiError;
use crate::store::StoreError;
use crate::text::bounded;

/// Why a call fails.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) status: StatusCode,
    /// `scimType`.
    pub(super) kind: Option<FaultKind>,
    /// For whoever looks after the sender.
    pub(super) detail: String,
}

/// `scimType` (RFC 7644, table 9).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FaultKind {
    Filter,
    Uniqueness,
    Mutability,
    Syntax,
    Path,
    NoTarget,
    TooMany,
    Value,
}

impl FaultKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Filter => "invalidFilter",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::Syntax => "invalidSyntax",
            Self::Path => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::TooMany => "tooMany",
            Self::Value => "invalidValue",
        }
    }
}

impl Fault {
    fn new(status: StatusCode, kind: Option<FaultKind>, detail: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            detail: detail.into(),
        }
    }

    /// 400 of this kind.
    pub(super) fn bad(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some(kind), detail)
    }

    /// 400: the body is not what it should be.
    pub(super) fn syntax(detail: impl Into<String>) -> Self {
        Self::bad(FaultKind::Syntax, detail)
    }

    /// 400: a value is not what its attribute takes.
    pub(super) fn value(detail: impl Into<String>) -> Self {
        Self::bad(FaultKind::Value, detail)
    }

    /// 403: the own organisation does not let this partner synchronise.
    pub(super) fn not_allowed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            None,
            "this organization does not accept users of yours at the moment: its identitySynchronization policy for your tenant does not have userSyncInbound.isSyncAllowed set to true",
        )
    }

    /// 404: nothing of this partner's is there.
    pub(super) fn not_found(what: &str) -> Self {
        let what = bounded(what, 200);
        Self::new(
            StatusCode::NOT_FOUND,
            None,
            format!("there is no `{what}` that your tenant synchronizes"),
        )
    }

    /// 405.
    pub(super) fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            None,
            "the resource has no such method",
        )
    }

    /// 409: somebody else has it.
    pub(super) fn taken(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, Some(FaultKind::Uniqueness), detail)
    }

    /// 409: an operation of a bulk request hangs on one that failed (RFC 7644, section 3.7).
    pub(super) fn unresolved(reference: &str) -> Self {
        let reference = bounded(reference, 200);
        Self::new(
            StatusCode::CONFLICT,
            Some(FaultKind::Value),
            format!("`{reference}` names no resource that an operation of this request has made"),
        )
    }

    /// 412: it is not the version that the sender knows.
    pub(super) fn version() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            None,
            "the resource was changed since; read it again",
        )
    }

    /// 413 (RFC 7644, section 3.7.4).
    pub(super) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, None, detail)
    }

    /// A word for metrics and events.
    pub(super) fn name(&self) -> &'static str {
        match (self.kind, self.status) {
            (Some(kind), _) => kind.name(),
            (None, StatusCode::FORBIDDEN) => "not_allowed",
            (None, StatusCode::NOT_FOUND) => "not_found",
            (None, StatusCode::METHOD_NOT_ALLOWED) => "wrong_method",
            (None, StatusCode::PRECONDITION_FAILED) => "other_version",
            (None, StatusCode::PAYLOAD_TOO_LARGE) => "too_large",
            (None, _) => "failed",
        }
    }

    /// The body of an answer.
    pub(super) fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("schemas".to_owned(), json!([ERROR]));
        body.insert("status".to_owned(), json!(self.status.as_str()));
        if let Some(kind) = self.kind {
            body.insert("scimType".to_owned(), json!(kind.name()));
        }
        body.insert("detail".to_owned(), json!(self.detail));
        Value::Object(body)
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self::new(error.status, None, error.told())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        ApiError::from(error).into()
    }
}

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
