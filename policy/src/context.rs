//! The request's own facts: where it comes from and what it carries besides the token.

use std::net::IpAddr;

use crate::ids::{Guid, Id, TenantId, UnixTime};
use crate::snapshot::Revocation;

/// What a decision needs to know of the request.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The time of the request.
    pub now: UnixTime,
    /// The caller's address; unknown where a proxy in between does not tell it.
    pub client_ip: Option<IpAddr>,
    /// The tenant-restriction headers as they arrived.
    pub restriction: RestrictionHeaders<'a>,
    /// The partner's outbound side allows automatic redemption towards us.
    pub partner_outbound_allowed: bool,
    /// Terms-of-use agreements that the caller accepted.
    pub terms_accepted: &'a [Id],
    /// Revocations known for this request besides the snapshot's.
    pub revocations: &'a [Revocation],
}

impl Context<'_> {
    /// A request at this time of which nothing else is known.
    #[must_use]
    pub const fn at(now: UnixTime) -> Self {
        Self {
            now,
            client_ip: None,
            restriction: RestrictionHeaders::Absent,
            partner_outbound_allowed: false,
            terms_accepted: &[],
            revocations: &[],
        }
    }
}

/// Header that carries a tenant-restriction policy (v2), or `restrict-msa` (v1).
pub const POLICY_HEADER: &str = "sec-Restrict-Tenant-Access-Policy";
/// Header that lists the tenants that may be reached (v1).
pub const TENANTS_HEADER: &str = "Restrict-Access-To-Tenants";
/// Header that names the tenant that restricts (v1).
pub const CONTEXT_HEADER: &str = "Restrict-Access-Context";

/// The tenant-restriction headers of one request, read once (decision.md, section 9).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RestrictionHeaders<'a> {
    /// None of them.
    #[default]
    Absent,
    /// Well-formed.
    Present {
        /// The v2 policy, or `restrict-msa`.
        policy: Option<PolicyHeader>,
        /// The v1 list, trimmed, every entry checked.
        tenants: Option<TenantList<'a>>,
    },
    /// Two of a kind, one without the other, or an entry that cannot be read.
    Malformed,
}

/// The value of `sec-Restrict-Tenant-Access-Policy`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PolicyHeader {
    /// `restrict-msa`.
    RestrictMicrosoftAccounts,
    /// `<tenant id>:<policy guid>`.
    Policy {
        /// The tenant that restricts.
        tenant: TenantId,
        /// The `id` of its default configuration.
        policy: Guid,
    },
}

/// A checked v1 list: every entry is a tenant id or a domain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TenantList<'a>(&'a str);

impl<'a> TenantList<'a> {
    /// Its entries.
    pub fn entries(self) -> impl Iterator<Item = &'a str> {
        self.0.split(',').map(str::trim)
    }

    /// Whether the list names this tenant, by its id or one of its domains.
    #[must_use]
    pub fn names(self, tenant: TenantId, domains: &[Box<str>]) -> bool {
        self.entries().any(|entry| {
            TenantId::parse(entry) == Some(tenant)
                || domains
                    .iter()
                    .any(|domain| domain.eq_ignore_ascii_case(entry))
        })
    }
}

impl<'a> RestrictionHeaders<'a> {
    /// Reads the values that arrived under the three names, in any number.
    pub fn read<V, T, C>(policy: V, tenants: T, context: C) -> Self
    where
        V: IntoIterator<Item = &'a [u8]>,
        T: IntoIterator<Item = &'a [u8]>,
        C: IntoIterator<Item = &'a [u8]>,
    {
        let parts = (only(policy), only(tenants), only(context));
        let (Ok(policy), Ok(tenants), Ok(context)) = parts else {
            return Self::Malformed;
        };
        let policy = match policy.map(read_policy) {
            Some(None) => return Self::Malformed,
            Some(Some(policy)) => Some(policy),
            None => None,
        };
        let tenants = match (tenants, context) {
            (None, None) => None,
            (Some(list), Some(context))
                if TenantId::parse(context).is_some() && list.split(',').all(is_entry) =>
            {
                Some(TenantList(list))
            }
            (Some(_) | None, Some(_)) | (Some(_), None) => return Self::Malformed,
        };
        if policy.is_none() && tenants.is_none() {
            return Self::Absent;
        }
        Self::Present { policy, tenants }
    }

    /// The v2 policy header, where one came.
    #[must_use]
    pub const fn policy(&self) -> Option<(TenantId, Guid)> {
        match self {
            Self::Present {
                policy: Some(PolicyHeader::Policy { tenant, policy }),
                ..
            } => Some((*tenant, *policy)),
            Self::Present { .. } | Self::Absent | Self::Malformed => None,
        }
    }
}

/// One trimmed value, none, or an error where there are two or it is not text.
fn only<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<&'a str>, ()> {
    let mut values = values.into_iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(());
    }
    match first {
        None => Ok(None),
        Some(bytes) => std::str::from_utf8(bytes)
            .map(|text| Some(text.trim()))
            .map_err(|_| ()),
    }
}

fn read_policy(value: &str) -> Option<PolicyHeader> {
    if value == "restrict-msa" {
        return Some(PolicyHeader::RestrictMicrosoftAccounts);
    }
    let (tenant, policy) = value.split_once(':')?;
    Some(PolicyHeader::Policy {
        tenant: TenantId::parse(tenant)?,
        policy: Guid::parse(policy)?,
    })
}

fn is_entry(entry: &str) -> bool {
    let entry = entry.trim();
    !entry.is_empty()
        && entry
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "11111111-1111-4111-8111-111111111111";

    fn read(
        policy: &[&'static str],
        tenants: &[&'static str],
        context: &[&'static str],
    ) -> RestrictionHeaders<'static> {
        RestrictionHeaders::read(
            policy.iter().map(|v| v.as_bytes()),
            tenants.iter().map(|v| v.as_bytes()),
            context.iter().map(|v| v.as_bytes()),
        )
    }

    #[test]
    fn a_list_without_its_context_is_malformed_and_the_reverse() {
        assert_eq!(
            read(&[], &["contoso.com"], &[]),
            RestrictionHeaders::Malformed
        );
        assert_eq!(read(&[], &[], &[TENANT]), RestrictionHeaders::Malformed);
        assert_ne!(
            read(&[], &["contoso.com"], &[TENANT]),
            RestrictionHeaders::Malformed
        );
    }

    #[test]
    fn two_of_a_kind_and_empty_entries_are_malformed() {
        assert_eq!(
            read(&["restrict-msa", "restrict-msa"], &[], &[]),
            RestrictionHeaders::Malformed
        );
        assert_eq!(
            read(&[], &["contoso.com,,x.com"], &[TENANT]),
            RestrictionHeaders::Malformed
        );
        assert_eq!(
            read(&[], &["a.com"], &["contoso.com"]),
            RestrictionHeaders::Malformed
        );
        for policy in [
            "Restrict-MSA",
            "11111111-1111-4111-8111-111111111111: 22222222-2222-4222-8222-222222222222",
            "11111111-1111-4111-8111-111111111111 :22222222-2222-4222-8222-222222222222",
        ] {
            assert_eq!(
                read(&[policy], &[], &[]),
                RestrictionHeaders::Malformed,
                "{policy}"
            );
        }
    }

    #[test]
    fn values_are_trimmed_and_domains_compare_without_case() {
        let headers = read(
            &[],
            &[" Contoso.COM , b.com "],
            &[" 11111111-1111-4111-8111-111111111111 "],
        );
        let tenants = match headers {
            RestrictionHeaders::Present { tenants, .. } => tenants,
            RestrictionHeaders::Absent | RestrictionHeaders::Malformed => None,
        };
        let other = TenantId(Guid::from_u128(7));
        assert!(tenants.is_some_and(|list| list.names(other, &["contoso.com".into()])));
        assert!(tenants.is_some_and(|list| !list.names(other, &["c.com".into()])));
    }
}
