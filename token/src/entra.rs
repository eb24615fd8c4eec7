//! The issuers of Microsoft Entra: the table of decision.md, section 2.

use crossgate_policy::ids::{Cloud, TenantId};

/// The version of Entra's tokens, as `ver` and the form of `iss` tell it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Version {
    V1,
    V2,
}

impl Version {
    /// The `ver` of such tokens.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }
}

/// An issuer of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct EntraIssuer {
    pub(crate) tenant: TenantId,
    pub(crate) version: Version,
    /// The clouds it may belong to: one, or the two that share `sts.windows.net`.
    pub(crate) clouds: &'static [Cloud],
}

impl EntraIssuer {
    /// Reads an issuer: the GUID in any letter case, the rest exactly.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Row::ALL.iter().find_map(|row| {
            let tenant = TenantId::parse(row.tenant_part(text)?)?;
            Some(Self {
                tenant,
                version: row.version,
                clouds: row.clouds,
            })
        })
    }

    /// The form that a text has, and its tenant, where [`EntraIssuer::of_form`] makes the same text of them.
    pub(crate) fn form(text: &str) -> Option<(usize, TenantId)> {
        let mut forms = Row::ALL.iter().enumerate();
        let (form, tenant) = forms.find_map(|(form, row)| Some((form, row.tenant_part(text)?)))?;
        let tenant = TenantId::parse(tenant)
            .filter(|_| !tenant.bytes().any(|byte| byte.is_ascii_uppercase()))?;
        Some((form, tenant))
    }

    /// The issuer of this form for a tenant.
    pub(crate) fn of_form(form: usize, tenant: TenantId) -> Option<String> {
        let row = Row::ALL.get(form)?;
        let rest = match row.version {
            Version::V1 => "/",
            Version::V2 => "/v2.0",
        };
        Some(format!("https://{}/{tenant}{rest}", row.host))
    }

    /// The clouds of an issuer in which the tenant is left open: `{tenantid}`.
    pub(crate) fn template_clouds(text: &str) -> Option<&'static [Cloud]> {
        Row::ALL
            .iter()
            .find(|row| row.tenant_part(text) == Some(TENANT_PLACEHOLDER))
            .map(|row| row.clouds)
    }

    /// Whether this names that tenant of that cloud, in either version's form.
    pub(crate) fn names(&self, tenant: TenantId, cloud: Cloud) -> bool {
        self.tenant == tenant && self.clouds.contains(&cloud)
    }
}

/// The host of a cloud's v2.0 endpoints, which also serve the metadata and keys of its v1.0 tokens.
#[must_use]
pub const fn entra_host(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => V2_GLOBAL,
        Cloud::UsGov => V2_US_GOV,
        Cloud::China => V2_CHINA,
    }
}

/// Whether a text begins with a host of the table, in any letter case, behind any scheme or none.
pub(crate) fn begins_with_entra_host(text: &str) -> bool {
    let text = text.trim_start();
    let host = text.split_once("//").map_or(text, |(scheme, rest)| {
        if scheme.is_empty() || scheme.ends_with(':') {
            rest
        } else {
            text
        }
    });
    Row::ALL.iter().any(|row| {
        host.get(..row.host.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(row.host))
    })
}

/// What Entra's own metadata writes for the tenant.
pub(crate) const TENANT_PLACEHOLDER: &str = "{tenantid}";

const V2_GLOBAL: &str = "login.microsoftonline.com";
const V2_US_GOV: &str = "login.microsoftonline.us";
const V2_CHINA: &str = "login.partner.microsoftonline.cn";

/// A form that issuers have.
struct Row {
    host: &'static str,
    version: Version,
    clouds: &'static [Cloud],
}

impl Row {
    const ALL: [Self; 5] = [
        Self {
            host: V2_GLOBAL,
            version: Version::V2,
            clouds: &[Cloud::Global],
        },
        Self {
            host: V2_US_GOV,
            version: Version::V2,
            clouds: &[Cloud::UsGov],
        },
        Self {
            host: V2_CHINA,
            version: Version::V2,
            clouds: &[Cloud::China],
        },
        Self {
            host: "sts.windows.net",
            version: Version::V1,
            clouds: &[Cloud::Global, Cloud::UsGov],
        },
        Self {
            host: "sts.chinacloudapi.cn",
            version: Version::V1,
            clouds: &[Cloud::China],
        },
    ];

    /// What stands in the tenant's place, if the rest of the text is this form.
    fn tenant_part<'a>(&self, text: &'a str) -> Option<&'a str> {
        let rest = text
            .strip_prefix("https://")?
            .strip_prefix(self.host)?
            .strip_prefix('/')?;
        match self.version {
            Version::V1 => rest.strip_suffix('/'),
            Version::V2 => rest.strip_suffix("/v2.0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "22222222-2222-4222-8222-22222222222a";

    #[test]
    fn every_row_of_the_table_is_read() {
        for (issuer, version, clouds) in [
            (
                format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
                Version::V2,
                &[Cloud::Global][..],
            ),
            (
                format!("https://login.microsoftonline.us/{TENANT}/v2.0"),
                Version::V2,
                &[Cloud::UsGov],
            ),
            (
                format!("https://login.partner.microsoftonline.cn/{TENANT}/v2.0"),
                Version::V2,
                &[Cloud::China],
            ),
            (
                format!("https://sts.windows.net/{}/", TENANT.to_uppercase()),
                Version::V1,
                &[Cloud::Global, Cloud::UsGov],
            ),
            (
                format!("https://sts.chinacloudapi.cn/{TENANT}/"),
                Version::V1,
                &[Cloud::China],
            ),
        ] {
            let tenant = TenantId::parse(TENANT).unwrap();
            let expected = EntraIssuer {
                tenant,
                version,
                clouds,
            };
            assert_eq!(EntraIssuer::parse(&issuer), Some(expected), "{issuer}");
            assert!(begins_with_entra_host(&issuer));
        }
    }

    #[test]
    fn every_other_spelling_is_no_issuer_of_the_table_and_still_looks_like_one() {
        for text in [
            format!("https://sts.windows.net/{TENANT}"),
            format!("https://sts.windows.net/{TENANT}/v2.0"),
            format!("https://login.microsoftonline.com/{TENANT}/v2.0/"),
            format!("https://login.microsoftonline.com/{TENANT}/"),
            format!("https://LOGIN.microsoftonline.com/{TENANT}/v2.0"),
            format!("HTTPS://sts.windows.net/{TENANT}/"),
            format!("http://sts.windows.net/{TENANT}/"),
            format!("ftp://sts.windows.net/{TENANT}/"),
            format!("//sts.windows.net/{TENANT}/"),
            format!("sts.windows.net/{TENANT}/"),
            "STS.WINDOWS.NET".to_owned(),
            format!(" https://sts.windows.net/{TENANT}/"),
            "https://sts.windows.net/contoso.com/".to_owned(),
            "https://sts.windows.net/{tenantid}/".to_owned(),
            "https://sts.windows.net.evil.example/".to_owned(),
        ] {
            assert_eq!(EntraIssuer::parse(&text), None, "{text}");
            assert!(begins_with_entra_host(&text), "{text}");
        }
    }

    #[test]
    fn what_only_mentions_a_host_does_not_begin_with_it() {
        for text in [
            "",
            "live.com",
            "https://id.fabrikam.example",
            "https://id.example/sts.windows.net/",
            "https://id.example//sts.windows.net/",
            "sts.windows",
        ] {
            assert!(!begins_with_entra_host(text), "{text}");
        }
    }

    #[test]
    fn a_template_tells_its_clouds_and_a_fixed_issuer_is_no_template() {
        let template = "https://sts.windows.net/{tenantid}/";
        assert_eq!(
            EntraIssuer::template_clouds(template),
            Some(&[Cloud::Global, Cloud::UsGov][..])
        );
        let fixed = format!("https://sts.windows.net/{TENANT}/");
        assert_eq!(EntraIssuer::template_clouds(&fixed), None);
    }
}
