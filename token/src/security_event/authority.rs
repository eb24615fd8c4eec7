//! For whom a transmitter may speak: its own users, in its own tenant.

use crossgate_policy::ids::TenantId;

use super::{SetFault, SubjectId, Transmitter};
use crate::entra::EntraIssuer;
use crate::{Issuer, IssuerKind, Key};

/// The transmitter that an `iss` names.
pub(super) struct Authority<'a, A> {
    pub(super) issuer: &'a Issuer,
    pub(super) tenant: TenantId,
    iss: &'a str,
    form: Option<EntraIssuer>,
    domains: &'a [A],
    tenant_names: &'a [A],
}

impl<'a, A: AsRef<str>> Authority<'a, A> {
    /// RFC 8417, section 2.2: `iss`, which must be one of the transmitter's.
    pub(super) fn of(iss: &'a str, transmitter: &Transmitter<'a, A>) -> Result<Self, SetFault> {
        let Transmitter {
            issuer,
            domains,
            tenant_names,
            ..
        } = *transmitter;
        if !issuer.admits(iss) {
            return Err(SetFault::WrongIssuer);
        }
        let form = EntraIssuer::parse(iss);
        // An Entra entry may be believed for many tenants: a token speaks for the one that its `iss` names.
        let tenant = match (&issuer.kind, &form) {
            (IssuerKind::Oidc { tenant, .. }, _) => *tenant,
            (IssuerKind::Entra { .. }, Some(form)) => form.tenant,
            (IssuerKind::Entra { .. }, None) => return Err(SetFault::WrongIssuer),
        };
        Ok(Self {
            issuer,
            tenant,
            iss,
            form,
            domains,
            tenant_names,
        })
    }

    /// Whether this key is one to sign for that tenant.
    pub(super) fn admits_key(&self, key: &Key) -> bool {
        key.may_sign_for_form(self.iss, self.form.as_ref(), self.tenant, self.issuer.cloud)
    }

    /// A subject's `iss` must be the transmitter's: for Entra, any of that tenant's forms in that cloud.
    pub(super) fn check_issuer(&self, iss: &str) -> Result<(), SetFault> {
        if self.is_own_issuer(iss) {
            Ok(())
        } else {
            Err(SetFault::SubjectOfAnotherIssuer)
        }
    }

    /// An address must be in a domain of the transmitter's tenant.
    pub(super) fn check_domain(&self, domain: &str) -> Result<(), SetFault> {
        let mut own = self.domains.iter();
        if own.any(|own| own.as_ref().eq_ignore_ascii_case(domain)) {
            Ok(())
        } else {
            Err(SetFault::SubjectInAnotherDomain)
        }
    }

    /// A `tenant` must be the transmitter's own. Whatever cannot be shown to be that is not.
    pub(super) fn check_tenant(&self, tenant: &SubjectId) -> Result<(), SetFault> {
        let is_own = match tenant {
            SubjectId::Opaque { id: name }
            | SubjectId::IssSub { sub: name, .. }
            | SubjectId::Uri { uri: name } => self.is_own_tenant(name),
            SubjectId::Aliases(all) => {
                return all.iter().try_for_each(|one| self.check_tenant(one));
            }
            SubjectId::Email { .. }
            | SubjectId::PhoneNumber { .. }
            | SubjectId::Account { .. }
            | SubjectId::Did { .. }
            | SubjectId::JwtId { .. }
            | SubjectId::Unknown { .. } => false,
        };
        if is_own {
            Ok(())
        } else {
            Err(SetFault::AnotherTenant)
        }
    }

    fn is_own_issuer(&self, iss: &str) -> bool {
        match &self.issuer.kind {
            IssuerKind::Oidc { url, .. } => **url == *iss,
            IssuerKind::Entra { .. } => EntraIssuer::parse(iss)
                .is_some_and(|form| form.names(self.tenant, self.issuer.cloud)),
        }
    }

    fn is_own_tenant(&self, name: &str) -> bool {
        let mut names = self.tenant_names.iter();
        TenantId::parse(name) == Some(self.tenant)
            || self.is_own_issuer(name)
            || names.any(|own| own.as_ref() == name)
    }
}
