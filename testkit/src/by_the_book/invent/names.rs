//! The pools that everything is drawn from.
//!
//! One pool of user ids serves every tenant, so that an id which is read from the wrong side is found out.

pub(super) use crate::by_the_book::ids::MICROSOFT_ACCOUNTS;

/// Contoso: the own tenant.
pub(super) const OWN: &str = "1a1a1a1a-1111-4111-8111-11111111aaaa";
/// Fabrikam: signs tokens with a provider of its own.
pub(super) const FABRIKAM: &str = "2b2b2b2b-2222-4222-8222-22222222bbbb";
/// Litware: Entra, global cloud.
pub(super) const LITWARE: &str = "3c3c3c3c-3333-4333-8333-33333333cccc";
/// Woodgrove: Entra, government cloud.
pub(super) const WOODGROVE: &str = "4d4d4d4d-4444-4444-8444-44444444dddd";
/// Tailspin: Entra, China.
pub(super) const TAILSPIN: &str = "5e5e5e5e-5555-4555-8555-55555555eeee";
/// Northwind: signs tokens with a provider that has its own ideas of claims.
pub(super) const NORTHWIND: &str = "6f6f6f6f-6666-4666-8666-66666666ffff";
/// Everybody but the own tenant.
pub(super) const OTHERS: [&str; 5] = [FABRIKAM, LITWARE, WOODGROVE, TAILSPIN, NORTHWIND];

pub(super) const USERS: [&str; 6] = [
    "a0a0a0a0-0000-4000-8000-0000000000a1",
    "a0a0a0a0-0000-4000-8000-0000000000a2",
    "a0a0a0a0-0000-4000-8000-0000000000a3",
    "a0a0a0a0-0000-4000-8000-0000000000a4",
    "a0a0a0a0-0000-4000-8000-0000000000a5",
    "a0a0a0a0-0000-4000-8000-0000000000a6",
];
pub(super) const GROUPS: [&str; 4] = [
    "b0b0b0b0-0000-4000-8000-0000000000b1",
    "b0b0b0b0-0000-4000-8000-0000000000b2",
    "b0b0b0b0-0000-4000-8000-0000000000b3",
    "b0b0b0b0-0000-4000-8000-0000000000b4",
];
pub(super) const CLIENTS: [&str; 3] = [
    "c0c0c0c0-0000-4000-8000-0000000000c1",
    "c0c0c0c0-0000-4000-8000-0000000000c2",
    "c0c0c0c0-0000-4000-8000-0000000000c3",
];
/// Own apps.
pub(super) const OWN_APPS: [&str; 4] = [
    "d0d0d0d0-0000-4000-8000-0000000000d1",
    "d0d0d0d0-0000-4000-8000-0000000000d2",
    "d0d0d0d0-0000-4000-8000-0000000000d3",
    "d0d0d0d0-0000-4000-8000-0000000000d4",
];
/// Apps of others.
pub(super) const EGRESS_APPS: [&str; 3] = [
    "d0d0d0d0-0000-4000-8000-0000000000d5",
    "d0d0d0d0-0000-4000-8000-0000000000d6",
    "d0d0d0d0-0000-4000-8000-0000000000d7",
];
pub(super) const DIRECTORY_ROLES: [&str; 2] = [
    "e0e0e0e0-0000-4000-8000-0000000000e1",
    "e0e0e0e0-0000-4000-8000-0000000000e2",
];
pub(super) const APP_ROLES: [&str; 3] = ["Jobs.Run", "Payroll.Read", "Admin"];
pub(super) const SCOPES: [&str; 3] = ["read", "write", "user_impersonation"];
pub(super) const CONTEXTS: [&str; 3] = ["c1", "c2", "c10"];
pub(super) const TERMS: [&str; 2] = [
    "f0f0f0f0-0000-4000-8000-0000000000f1",
    "f0f0f0f0-0000-4000-8000-0000000000f2",
];
pub(super) const STRENGTHS: [&str; 3] = [
    "00000000-0000-0000-0000-000000000002",
    "00000000-0000-0000-0000-000000000003",
    "00000000-0000-0000-0000-000000000004",
];
/// Ids of default configurations: ours is one of them.
pub(super) const POLICIES: [&str; 2] = [
    "9a9a9a9a-0000-4000-8000-000000000091",
    "9a9a9a9a-0000-4000-8000-000000000092",
];
pub(super) const SESSIONS: [&str; 2] = ["session-1", "session-2"];
pub(super) const ADDRESSES: [&str; 7] = [
    "192.0.2.7",
    "192.0.2.200",
    "::ffff:192.0.2.7",
    "198.51.100.1",
    "203.0.113.9",
    "2001:db8::7",
    "2001:db8:1::1",
];
pub(super) const RANGES: [&str; 5] = [
    "192.0.2.0/25",
    "192.0.2.128/25",
    "198.51.100.1/32",
    "2001:db8::/48",
    "203.0.113.0/24",
];

/// 2026-01-01T00:00:00Z
pub(super) const NOW: i64 = 1_767_225_600;

/// What a tenant calls itself.
pub(super) fn domain(tenant: &str) -> &'static str {
    match tenant {
        OWN => "contoso.com",
        FABRIKAM => "fabrikam.com",
        LITWARE => "litware.com",
        WOODGROVE => "woodgrove.us",
        TAILSPIN => "tailspin.cn",
        _ => "northwind.com",
    }
}
