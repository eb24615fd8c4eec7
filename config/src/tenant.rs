//! `[tenant]`, and the words that every part about an organisation shares.

use crossgate_policy::ids::{Cloud, TenantId};

use crate::host;
use crate::reader::{Section, Text};

/// The organisation that runs this gateway.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnTenant {
    /// Its directory's id.
    pub id: TenantId,
    /// What people call it; the id where the file gives no name.
    pub name: String,
    /// Its domains, in lower case.
    pub domains: Vec<String>,
    /// The cloud it lives in.
    pub cloud: Cloud,
}

impl OwnTenant {
    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let id = section.required_text("id", EXPECTED_TENANT, tenant_id);
        let name = section.text("name", Text::filled);
        let domains = section.texts("domains", domain).unwrap_or_default();
        let cloud = section.text("cloud", cloud).unwrap_or(DEFAULT_CLOUD);
        let id = id?;
        Some(Self {
            id,
            name: name.unwrap_or_else(|| id.to_string()),
            domains,
            cloud,
        })
    }
}

/// A tenant id.
pub(crate) fn tenant_id(text: &Text<'_>) -> Option<TenantId> {
    TenantId::parse(text.value())
        .or_else(|| text.refuse(&format!("is not a tenant id; expected {EXPECTED_TENANT}")))
}

/// The name of a cloud.
pub(crate) fn cloud(text: &Text<'_>) -> Option<Cloud> {
    text.choice("a cloud", &Cloud::ALL.map(|cloud| (cloud.name(), cloud)))
}

/// A domain, in lower case.
pub(crate) fn domain(text: &Text<'_>) -> Option<String> {
    match host::domain(text.value()) {
        Ok(domain) => Some(domain),
        Err(problem) => text.refuse(&problem.to_string()),
    }
}

/// What to write where a tenant is meant.
pub(crate) const EXPECTED_TENANT: &str = "a GUID such as `3f2504e0-4f89-41d3-9a0c-0305e82c3301`";

/// Where almost every organisation lives; the others name their cloud wherever one is asked for.
pub(crate) const DEFAULT_CLOUD: Cloud = Cloud::Global;
