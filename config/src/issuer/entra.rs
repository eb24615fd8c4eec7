//! The issuers of Microsoft Entra: the table of decision.md, section 2.

use crossgate_policy::ids::{Cloud, TenantId};

use super::{EntraTenants, IssuerKind};
use crate::reader::{Section, Text};
use crate::tenant::{EXPECTED_TENANT, tenant_id};

/// Reads `issuer` and `tenants` of an `entra` entry. A URL that is absent is its cloud's v2.0 form.
pub(super) fn read(section: &mut Section<'_>, cloud: Cloud) -> Option<(String, IssuerKind)> {
    let listed = tenants(section);
    if section.field("issuer").is_none() {
        let issuer = format!("https://{}/{ANY_TENANT}/v2.0", v2_host(cloud));
        let tenants = listed.unwrap_or(EntraTenants::Any);
        return Some((issuer, IssuerKind::Entra { tenants }));
    }
    let (issuer, fixed) = section.text("issuer", |text| issuer(text, cloud))?;
    let tenants = match (fixed, listed) {
        (None, listed) => listed.unwrap_or(EntraTenants::Any),
        // A URL with a tenant in it is that tenant's alone, also beside `any`.
        (Some(tenant), None | Some(EntraTenants::Any)) => EntraTenants::Only(vec![tenant]),
        (Some(tenant), Some(EntraTenants::Only(listed))) => {
            if listed.iter().any(|other| *other != tenant) {
                section.fault(
                    "tenants",
                    format!(
                        "the issuer is tenant `{tenant}` alone; name no other, or write `{ANY_TENANT}` in `issuer`"
                    ),
                );
            }
            EntraTenants::Only(vec![tenant])
        }
    };
    Some((issuer, IssuerKind::Entra { tenants }))
}

fn tenants(section: &mut Section<'_>) -> Option<EntraTenants> {
    let field = section.field("tenants")?;
    if field.is_text() {
        return section.text("tenants", |text| {
            if text.value() == "any" {
                return Some(EntraTenants::Any);
            }
            text.refuse(&format!(
                "is not a choice of tenants; expected `any`, or a list with {EXPECTED_TENANT}"
            ))
        });
    }
    if field.is_empty_list() {
        field.fault("nobody's tokens would be believed; expected `any` or at least one tenant id");
    }
    section.texts("tenants", tenant_id).map(EntraTenants::Only)
}

fn issuer(text: &Text<'_>, cloud: Cloud) -> Option<(String, Option<TenantId>)> {
    let forms = Cloud::ALL.map(|cloud| (cloud, tenant_in(text.value(), cloud)));
    let fitting = forms
        .iter()
        .find(|(of, form)| *of == cloud && form.is_some());
    if let Some((_, Some(tenant))) = fitting {
        let tenant = match tenant {
            TenantPart::Any => None,
            TenantPart::Fixed(tenant) => Some(*tenant),
        };
        return Some((text.value().to_owned(), tenant));
    }
    let other = forms.iter().find(|(_, form)| form.is_some());
    match other {
        Some((other, _)) => text.refuse(&format!(
            "is an issuer of cloud `{}`, but `cloud` is `{}`; change one of the two",
            other.name(),
            cloud.name()
        )),
        None => text.refuse(&format!(
            "is not an Entra issuer; expected `https://{}/{ANY_TENANT}/v2.0`, also with a tenant id for `{ANY_TENANT}`",
            v2_host(cloud)
        )),
    }
}

/// The part of an issuer that names the tenant.
enum TenantPart {
    Any,
    Fixed(TenantId),
}

/// The tenant of an issuer that has one of a cloud's two forms.
fn tenant_in(issuer: &str, cloud: Cloud) -> Option<TenantPart> {
    let (host, rest) = issuer.strip_prefix("https://")?.split_once('/')?;
    let tenant = if host == v2_host(cloud) {
        rest.strip_suffix("/v2.0")?
    } else if host == v1_host(cloud) {
        rest.strip_suffix('/')?
    } else {
        return None;
    };
    if tenant == ANY_TENANT {
        return Some(TenantPart::Any);
    }
    TenantId::parse(tenant).map(TenantPart::Fixed)
}

/// Whether a host, in lower case, is one of a cloud's.
pub(crate) fn is_host_of(host: &str, cloud: Cloud) -> bool {
    host == v2_host(cloud) || host == v1_host(cloud)
}

const fn v2_host(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => "login.microsoftonline.com",
        Cloud::UsGov => "login.microsoftonline.us",
        Cloud::China => "login.partner.microsoftonline.cn",
    }
}

const fn v1_host(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global | Cloud::UsGov => "sts.windows.net",
        Cloud::China => "sts.chinacloudapi.cn",
    }
}

/// What Entra's own metadata writes for the tenant.
const ANY_TENANT: &str = "{tenantid}";
