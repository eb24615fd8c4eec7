//! Whose administrators may push users and groups, as the configuration says.

use std::sync::Arc;

use crossgate_config::{SecretSource, Settings};
use crossgate_control::scim::Partner;

use super::PLACE;

/// What the settings say about synchronisation.
#[derive(Debug)]
pub struct SynchronizationSettings {
    /// The host at which partners push.
    pub host: Box<str>,
    /// Who they are.
    pub partners: Vec<Arc<Pusher>>,
}

/// One of them.
#[derive(Debug)]
pub struct Pusher {
    /// Whose administrators.
    pub partner: Partner,
    /// What they show.
    pub token: SecretSource,
    /// Where they push: the tenant URL of their provisioning, without a port.
    pub path: String,
}

impl SynchronizationSettings {
    /// `None` where nobody pushes.
    #[must_use]
    pub fn of(settings: &Settings) -> Option<Self> {
        let host = settings.synchronization.host.as_deref()?;
        let partners: Vec<_> = settings
            .partners
            .iter()
            .filter_map(|partner| {
                Some(Arc::new(Pusher {
                    token: partner.scim_token.clone()?,
                    path: format!("{PLACE}{}{VERSION}", partner.tenant),
                    partner: Partner {
                        tenant: partner.tenant,
                        name: partner.name.clone(),
                    },
                }))
            })
            .collect();
        (!partners.is_empty()).then(|| Self {
            host: host.into(),
            partners,
        })
    }

    /// Who pushes at this path, and what stands behind their base.
    #[must_use]
    pub fn find<'p>(&self, path: &'p str) -> Option<(&Arc<Pusher>, &'p str)> {
        self.partners.iter().find_map(|pusher| {
            let begins = path.get(..pusher.path.len())?;
            let rest = path.get(pusher.path.len()..)?;
            // Letter case does not count in a tenant id.
            let is_it = begins.eq_ignore_ascii_case(&pusher.path);
            (is_it && (rest.is_empty() || rest.starts_with('/'))).then_some((pusher, rest))
        })
    }
}

/// The version of the protocol (RFC 7644, section 3.13).
const VERSION: &str = "/v2";
