//! Providers that give a signed assertion (Graph's `samlOrWsFedExternalDomainFederation`).

use std::path::PathBuf;

use crossgate_policy::ids::{Cloud, TenantId};

use crate::issuer::is_host_of;
use crate::reader::{Section, Text};
use crate::tenant::{EXPECTED_TENANT, tenant_id};
use crate::{IssuerSettings, OwnTenant, url};

/// A federation with another organisation's provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Federation {
    /// Which protocol it speaks.
    pub protocol: FederationProtocol,
    /// `issuerUri`: who issues its assertions.
    pub issuer_uri: String,
    /// `passiveSignInUri`: where browsers are sent.
    pub passive_sign_in_uri: String,
    /// `signingCertificate`: files with PEM certificates, any of which has signed.
    pub signing_certificates: Vec<PathBuf>,
    /// The tenant whose people sign in there. `None`: they are guests without a tenant, known by their addresses.
    pub tenant: Option<TenantId>,
}

/// Graph's `preferredAuthenticationProtocol`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FederationProtocol {
    /// SAML 2.0.
    Saml,
    /// WS-Federation, the passive requestor's way.
    WsFed,
}

impl Federation {
    pub(super) fn read(
        section: &mut Section<'_>,
        protocol: FederationProtocol,
        own: Option<&OwnTenant>,
        issuers: &[IssuerSettings],
        domains: &[String],
    ) -> Option<Self> {
        let issuer_uri = section.required_text(
            "issuer_uri",
            "what the provider calls itself in its assertions (`entityID`)",
            |text| {
                let uri = text.filled()?;
                // Guest records have short names for others: `mail`, `google.com`.
                if uri.contains(':') {
                    return Some(uri);
                }
                text.refuse(
                    "is no URI; expected one such as `https://id.fabrikam.example/metadata`",
                )
            },
        );
        let passive_sign_in_uri =
            section.required_text("passive_sign_in_uri", EXPECTED_SIGN_IN, |text| {
                url::web(text, EXPECTED_SIGN_IN)
            });
        let signing_certificates = section.texts("signing_certificates", Text::path);
        if signing_certificates.as_ref().is_none_or(Vec::is_empty) {
            section.fault(
                "signing_certificates",
                "nobody could be believed; expected files with the provider's certificates",
            );
        }
        let tenant = section.text("tenant", |text| {
            let tenant = tenant_id(text)?;
            if own.is_some_and(|own| own.id == tenant) {
                return text.refuse(
                    "is the own tenant, which no other organisation speaks for; remove it",
                );
            }
            if tenant == TenantId::MICROSOFT_ACCOUNTS {
                return text.refuse(&format!("is nobody's own; expected {EXPECTED_TENANT}"));
            }
            Some(tenant)
        });
        if let Some(own) = own
            && let Some(domain) = domains.iter().find(|domain| own.domains.contains(domain))
        {
            section.fault(
                "domains",
                format!("`{domain}` is a domain of the own tenant, whose people sign in at home; remove it"),
            );
        }
        // Such a URI names a tenant wherever it stands as an `idp`.
        if let (None, Some(uri)) = (&tenant, &issuer_uri)
            && (is_of_entra(uri) || issuers.iter().any(|issuer| issuer.issuer == *uri))
        {
            section.fault(
                "issuer_uri",
                format!("`{uri}` stands for a tenant; add that `tenant`"),
            );
        }
        if tenant.is_none() && domains.is_empty() {
            section.fault(
                "domains",
                "nobody could be known; expected domains of the addresses that it speaks for, or a `tenant`",
            );
        }
        Some(Self {
            protocol,
            issuer_uri: issuer_uri?,
            passive_sign_in_uri: passive_sign_in_uri?,
            signing_certificates: signing_certificates?,
            tenant,
        })
    }
}

fn is_of_entra(uri: &str) -> bool {
    let host = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    Cloud::ALL.into_iter().any(|cloud| is_host_of(&host, cloud))
}

const EXPECTED_SIGN_IN: &str = "where browsers are sent, such as `https://id.fabrikam.example/sso`";
