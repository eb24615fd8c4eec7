//! For whom a key may sign: Microsoft's `issuer` member of a JWKS entry.
//!
//! One document holds the keys of all tenants of a cloud, those of Microsoft accounts among them. Without this check
//! a consumer's token could be passed off as any tenant's.

use crossgate_policy::ids::{Cloud, TenantId};

use crate::entra::{EntraIssuer, TENANT_PLACEHOLDER};

/// The `issuer` member of a key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum KeyIssuer {
    /// Every tenant of these clouds.
    AnyTenantOf(&'static [Cloud]),
    /// One tenant.
    OneTenant(EntraIssuer),
    /// An issuer outside the table, where `{tenantid}` stands for the token's tenant.
    Other(Box<str>),
}

impl KeyIssuer {
    pub(crate) fn read(text: &str) -> Self {
        if let Some(clouds) = EntraIssuer::template_clouds(text) {
            Self::AnyTenantOf(clouds)
        } else if let Some(issuer) = EntraIssuer::parse(text) {
            Self::OneTenant(issuer)
        } else {
            Self::Other(text.into())
        }
    }

    /// Whether the key may sign a token with this `iss`, which has this form of the table, of an issuer for that tenant in that cloud.
    ///
    /// Keys of the one version sign tokens of the other too: the same tenant in the same cloud is what must agree.
    pub(crate) fn admits(
        &self,
        iss: &str,
        form: Option<&EntraIssuer>,
        tenant: TenantId,
        cloud: Cloud,
    ) -> bool {
        let form_names = || form.is_some_and(|form| form.names(tenant, cloud));
        match self {
            Self::AnyTenantOf(clouds) => clouds.contains(&cloud) && form_names(),
            Self::OneTenant(issuer) => issuer.names(tenant, cloud) && form_names(),
            Self::Other(text) => text.replace(TENANT_PLACEHOLDER, &tenant.to_string()) == iss,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "22222222-2222-4222-8222-222222222222";

    fn admits(key: &str, iss: &str, cloud: Cloud) -> bool {
        let tenant = TenantId::parse(X).unwrap();
        let form = EntraIssuer::parse(iss);
        KeyIssuer::read(key).admits(iss, form.as_ref(), tenant, cloud)
    }

    #[test]
    fn a_template_admits_every_tenant_of_its_cloud_in_both_versions() {
        let v2 = format!("https://login.microsoftonline.com/{X}/v2.0");
        let v1 = format!("https://sts.windows.net/{X}/");
        for key in [
            "https://login.microsoftonline.com/{tenantid}/v2.0",
            "https://sts.windows.net/{tenantid}/",
        ] {
            assert!(admits(key, &v2, Cloud::Global));
            assert!(admits(key, &v1, Cloud::Global));
        }
        let other_cloud = "https://login.microsoftonline.us/{tenantid}/v2.0";
        assert!(!admits(other_cloud, &v2, Cloud::Global));
        assert!(!admits(other_cloud, &v1, Cloud::Global));
        assert!(admits(other_cloud, &v1, Cloud::UsGov));
    }

    #[test]
    fn a_consumer_key_signs_for_no_other_tenant() {
        let consumer =
            "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
        let iss = format!("https://login.microsoftonline.com/{X}/v2.0");
        assert!(!admits(consumer, &iss, Cloud::Global));
        assert!(admits(&iss, &iss, Cloud::Global));
    }

    #[test]
    fn outside_the_table_the_member_must_be_the_issuer() {
        let iss = "https://id.fabrikam.example";
        assert!(admits(iss, iss, Cloud::Global));
        assert!(!admits("https://id.fabrikam.example/", iss, Cloud::Global));
        let template = "https://id.example/{tenantid}";
        assert!(admits(
            template,
            &format!("https://id.example/{X}"),
            Cloud::Global
        ));
        // An Entra key has no business in another provider's document.
        let entra = "https://login.microsoftonline.com/{tenantid}/v2.0";
        assert!(!admits(entra, iss, Cloud::Global));
    }
}
