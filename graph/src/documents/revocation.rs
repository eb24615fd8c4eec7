//! One line of `revocations.jsonl`; Crossgate's own form, Graph has none.

use serde::Deserialize;

use crate::reader::values::{AnyId, DateTime, Tenant, words};

/// A revocation as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RevocationDocument {
    pub(crate) kind: Option<KindName>,
    pub(crate) id: Option<AnyId>,
    pub(crate) tenant: Option<Tenant>,
    pub(crate) not_before: Option<DateTime>,
}

words! {
    /// `kind`.
    KindName, "a kind of revocation", "`user`, `guest`, `session`, `token` or `tenant`" {
        User = "user",
        Guest = "guest",
        Session = "session",
        Token = "token",
        Tenant = "tenant",
    }
}
