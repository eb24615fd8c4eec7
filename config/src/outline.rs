//! What can be said of a configuration that is wrong somewhere.

use std::path::Path;

use crossgate_policy::ids::{Cloud, TenantId};

use crate::reader::{Document, Section};
use crate::tenant::{DEFAULT_CLOUD, cloud, tenant_id};
use crate::{PolicySource, Purpose, policy};

/// Whose gateway it is and where its policy is: enough to check the policy's documents too, so that an operator is
/// told of everything at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outline {
    /// `[tenant] id`.
    pub tenant: TenantId,
    /// `[tenant] cloud`.
    pub cloud: Cloud,
    /// `[policy] source`; `None` where the text names one that cannot be read.
    pub policy: Option<PolicySource>,
}

impl Outline {
    /// Reads these keys alone, whatever is wrong with others. `None` where the text is no TOML or the tenant or its
    /// cloud is wrong: a guess would only make up faults in documents that have none.
    ///
    /// The arguments are those of [`Settings::parse`](crate::Settings::parse), which tells what is wrong.
    #[must_use]
    pub fn parse(
        text: &str,
        base_dir: &Path,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        Document::new(text, base_dir, Purpose::Decide, environment).glance(Self::read)
    }

    fn read(root: &mut Section<'_>) -> Option<Self> {
        let tenant = root.section_or_empty("tenant", |section| {
            let id = section.text("id", tenant_id)?;
            let cloud = match section.field("cloud") {
                Some(_) => section.text("cloud", cloud)?,
                None => DEFAULT_CLOUD,
            };
            Some((id, cloud))
        });
        let (tenant, cloud) = tenant?;
        let policy = root.section_or_empty("policy", |section| match section.field("source") {
            Some(_) => section.text("source", policy::source),
            None => Some(policy::default_source(section)),
        });
        Some(Self {
            tenant,
            cloud,
            policy,
        })
    }
}
