//! Where a browser is sent (WS-Federation 1.2, section 13.2.2).

use url::Url;

/// A sign-in that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The provider's passive address.
    pub endpoint: &'a Url,
    /// `wtrealm`: what we are to the provider.
    pub realm: &'a str,
    /// `wreply`: where the answer is posted to.
    pub reply: &'a str,
    /// `wctx`: comes back with the answer, and nobody can guess it.
    pub context: &'a str,
    /// `whr`: which of the provider's own providers knows the person.
    pub home_realm: Option<&'a str>,
    /// `wauth`: how the person has to sign in.
    pub authentication: Option<&'a str>,
    /// `wfresh`: how many minutes ago at most; none at all where it is 0.
    pub fresh: Option<u32>,
}

/// Where the browser goes to sign in.
#[must_use]
pub fn sign_in_url(request: &Request<'_>) -> Url {
    let mut url = request.endpoint.clone();
    {
        let mut query = url.query_pairs_mut();
        query
            .append_pair("wa", "wsignin1.0")
            .append_pair("wtrealm", request.realm)
            .append_pair("wreply", request.reply)
            .append_pair("wctx", request.context);
        if let Some(home_realm) = request.home_realm {
            query.append_pair("whr", home_realm);
        }
        if let Some(authentication) = request.authentication {
            query.append_pair("wauth", authentication);
        }
        if let Some(fresh) = request.fresh {
            query.append_pair("wfresh", &fresh.to_string());
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_with_what_the_provider_is_asked_and_nothing_else() {
        let endpoint = Url::parse("https://id.example/adfs/ls/?a=b").unwrap();
        let request = Request {
            endpoint: &endpoint,
            realm: "urn:payroll",
            reply: "https://payroll.example/.crossgate/saml/contoso",
            context: "a b",
            home_realm: None,
            authentication: None,
            fresh: None,
        };
        let plain = "https://id.example/adfs/ls/?a=b&wa=wsignin1.0&wtrealm=urn%3Apayroll\
            &wreply=https%3A%2F%2Fpayroll.example%2F.crossgate%2Fsaml%2Fcontoso&wctx=a+b";
        assert_eq!(sign_in_url(&request).as_str(), plain);
        let more = Request {
            home_realm: Some("fabrikam"),
            authentication: Some("http://schemas.microsoft.com/claims/multipleauthn"),
            fresh: Some(0),
            ..request
        };
        assert_eq!(
            sign_in_url(&more).as_str(),
            format!(
                "{plain}&whr=fabrikam\
                 &wauth=http%3A%2F%2Fschemas.microsoft.com%2Fclaims%2Fmultipleauthn&wfresh=0"
            )
        );
    }
}
