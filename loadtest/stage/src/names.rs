//! Who and what stands on the stage.

/// The own tenant, which issues every token.
pub(crate) const TENANT: &str = "11111111-1111-4111-8111-111111111111";
/// The `aud` of every token: each app takes it.
pub(crate) const AUDIENCE: &str = "aaaaaaaa-0000-4000-8000-000000000001";
/// The calling client.
pub(crate) const CLIENT: &str = "cccccccc-0000-4000-8000-000000000001";

/// The `iss` of a tenant's tokens.
pub(crate) fn issuer(tenant: &str) -> String {
    format!("https://login.microsoftonline.com/{tenant}/v2.0")
}

/// An app's id, from 1.
pub(crate) fn app(number: u64) -> String {
    format!("aaaaaaaa-0000-4000-8000-{number:012x}")
}

/// The host an app is reached by, from 1.
pub(crate) fn host(number: u64) -> String {
    format!("app{number}.localhost")
}

/// A partner's tenant, from 1.
pub(crate) fn partner(number: u64) -> String {
    format!("20000000-0000-4000-8000-{number:012x}")
}

/// A guest's account with us, from 1.
pub(crate) fn guest(number: u64) -> String {
    format!("30000000-0000-4000-8000-{number:012x}")
}

/// The same guest's account at home.
pub(crate) fn home_account(number: u64) -> String {
    format!("40000000-0000-4000-8000-{number:012x}")
}

/// The partner that a guest comes from.
pub(crate) fn home(guest: u64, partners: u64) -> u64 {
    1 + guest % partners.max(1)
}

/// A group, from 1.
pub(crate) fn group(number: u64) -> String {
    format!("99999999-0000-4000-8000-{number:012x}")
}
