//! Where an issuer's streams of security events are set up (OpenID Shared Signals Framework 1.0, section 7).

use crossgate_config::IssuerSettings;
use crossgate_policy::ids::TenantId;
use crossgate_token::json;
use reqwest::Url;

use super::{Discovered, FetchFault, Fetcher};

/// What a transmitter's metadata say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SsfEndpoints {
    /// Where streams are set up.
    pub configuration: String,
    /// Where it is asked to show that one works.
    pub verification: Option<String>,
}

impl Fetcher {
    /// What a transmitter says of itself, which is this issuer for a tenant.
    ///
    /// # Errors
    /// Its document cannot be had, or is another's.
    pub async fn ssf(
        &self,
        issuer: &IssuerSettings,
        tenant: TenantId,
    ) -> Result<SsfEndpoints, FetchFault> {
        let issuer = issuer.issuer.replace("{tenantid}", &tenant.to_string());
        let url = metadata_url(&issuer);
        let (document, _) = self.get(&url).await?;
        let document = match json::read(&document) {
            Ok(document) => document,
            Err(why) => {
                let why = format!("it is {why}");
                return Err(FetchFault::NotDiscovery { url, why });
            }
        };
        let discovered = Discovered { url, document };
        let named = discovered.text("issuer")?;
        if named != issuer {
            return Err(discovered.broken(format!(
                "it is that of issuer `{named}`, where `{issuer}` was expected"
            )));
        }
        let verification = discovered.document.get("verification_endpoint");
        Ok(SsfEndpoints {
            configuration: discovered.address("configuration_endpoint")?.to_owned(),
            verification: match verification {
                Some(_) => Some(discovered.address("verification_endpoint")?.to_owned()),
                None => None,
            },
        })
    }
}

/// Section 7.2.1: between the host and the path.
fn metadata_url(issuer: &str) -> String {
    let Ok(mut url) = Url::parse(issuer) else {
        // The settings take no such issuer.
        return issuer.to_owned();
    };
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("/.well-known/ssf-configuration{path}"));
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_stand_between_the_host_and_the_path() {
        for (issuer, at) in [
            (
                "https://tr.example.com",
                "https://tr.example.com/.well-known/ssf-configuration",
            ),
            (
                "https://tr.example.com/",
                "https://tr.example.com/.well-known/ssf-configuration",
            ),
            (
                "https://tr.example.com:444/issuer1",
                "https://tr.example.com:444/.well-known/ssf-configuration/issuer1",
            ),
        ] {
            assert_eq!(metadata_url(issuer), at);
        }
    }
}
