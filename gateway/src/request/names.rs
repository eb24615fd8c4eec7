//! Names of headers that are read or said on every request, made once.

use http::HeaderName;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$doc])* pub static $name: HeaderName = HeaderName::from_static($text);)+
    };
}

names! {
    /// Who calls, as Azure App Service tells it.
    PRINCIPAL = "x-ms-client-principal";
    /// The caller's id.
    PRINCIPAL_ID = "x-ms-client-principal-id";
    /// The caller's name.
    PRINCIPAL_NAME = "x-ms-client-principal-name";
    /// The caller's identity provider.
    PRINCIPAL_IDP = "x-ms-client-principal-idp";
    /// Our signed statement about the caller.
    ASSERTION = "x-crossgate-assertion";
    /// The caller's home tenant.
    HOME_TENANT = "x-crossgate-home-tenant";
    /// How the caller was let in.
    ACCESS_TYPE = "x-crossgate-access-type";
    /// Under which the request is found again.
    CORRELATION_ID = "x-correlation-id";
    /// The addresses a request came through.
    FORWARDED_FOR = "x-forwarded-for";
    /// The caller's scheme.
    FORWARDED_PROTO = "x-forwarded-proto";
    /// The host the caller named.
    FORWARDED_HOST = "x-forwarded-host";
    /// The method of a request, as a proxy in front asks about it.
    FORWARDED_METHOD = "x-forwarded-method";
    /// Its path and query.
    FORWARDED_URI = "x-forwarded-uri";
    /// The same in the words of others.
    ORIGINAL_METHOD = "x-original-method";
    /// Its path and query as it came.
    ORIGINAL_URI = "x-original-uri";
    /// Scheme, host, path and query.
    ORIGINAL_URL = "x-original-url";
    /// Why a request was refused, where the proxy in front cannot hand a body on.
    PROBLEM = "x-crossgate-problem";
    /// Tenant restrictions, v2.
    RESTRICTION_POLICY = "sec-restrict-tenant-access-policy";
    /// Tenant restrictions, v1: the tenants.
    RESTRICTION_TENANTS = "restrict-access-to-tenants";
    /// Tenant restrictions, v1: who restricts.
    RESTRICTION_CONTEXT = "restrict-access-context";
    /// For one connection.
    KEEP_ALIVE = "keep-alive";
    /// For one connection.
    PROXY_CONNECTION = "proxy-connection";
}

/// What an app is told of its callers, and of the request.
pub static TOLD: [&HeaderName; 8] = [
    &PRINCIPAL,
    &PRINCIPAL_ID,
    &PRINCIPAL_NAME,
    &PRINCIPAL_IDP,
    &ASSERTION,
    &HOME_TENANT,
    &ACCESS_TYPE,
    &CORRELATION_ID,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_policy::context::{CONTEXT_HEADER, POLICY_HEADER, TENANTS_HEADER};

    #[test]
    fn restriction_headers_have_the_names_that_policy_gives_them() {
        for (name, policys) in [
            (&RESTRICTION_POLICY, POLICY_HEADER),
            (&RESTRICTION_TENANTS, TENANTS_HEADER),
            (&RESTRICTION_CONTEXT, CONTEXT_HEADER),
        ] {
            assert!(policys.eq_ignore_ascii_case(name.as_str()), "{name}");
        }
    }
}
