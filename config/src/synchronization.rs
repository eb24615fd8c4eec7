//! `[synchronization]`, and what `[[partner]]` has for it: whose administrators may push users and groups, and where they push them.

use crate::reader::Section;
use crate::signals::own_host;
use crate::{AppSettings, Listen, PartnerSettings, PolicySource, Purpose};

/// Where partners push users and groups (SCIM 2.0). Who may is said by [`PartnerSettings::scim_token`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Synchronization {
    /// The host at which they are received, in lower case; of no app. There where a partner has a token.
    pub host: Option<String>,
}

impl Synchronization {
    /// Reads it, and what it needs of the other settings.
    pub(crate) fn read(
        root: &mut Section<'_>,
        partners: &[PartnerSettings],
        apps: &[AppSettings],
        policy: &PolicySource,
        listen: &Listen,
    ) -> Self {
        let wanted = partners.iter().any(|partner| partner.scim_token.is_some())
            && root.purpose() == Purpose::Serve;
        let host = root.section_or_empty("synchronization", |section| {
            if wanted && section.field("host").is_none() {
                section.fault(
                    "host",
                    "missing; partners with a `scim_token` push to a host of its own, such as `scim.contoso.com`",
                );
            }
            section.text("host", |text| {
                own_host(text, apps, "synchronization needs one of its own")
            })
        });
        if wanted {
            check_place(root, policy, listen);
        }
        Self { host }
    }
}

/// What is pushed must be kept, and must come over a line that nobody else reads.
fn check_place(root: &mut Section<'_>, policy: &PolicySource, listen: &Listen) {
    match policy {
        PolicySource::Sqlite(_) => {}
        PolicySource::Directory(_) => root.fault(
            "partner",
            "what a partner with a `scim_token` pushes is kept in the policy store, and files of a folder are not written; write `source = \"sqlite:PATH\"` in `[policy]`",
        ),
    }
    if listen.tls.is_none() && listen.trusted_proxies.is_empty() {
        root.fault(
            "listen",
            "partners with a `scim_token` push over HTTPS only; add `[listen.tls]`, or `trusted_proxies` that end TLS before this gateway",
        );
    }
}
