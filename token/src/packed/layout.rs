//! What of a token is packed, in which order: written and read side by side.

use crossgate_policy::ids::{Cloud, HomeTenant, Id, IssuerTenant};

use super::values::{Reader, Writer};
use crate::{Account, Claims, DisplayNames, Home, HomeCloud, Identity, Proofs};

impl Writer {
    pub(super) fn identity(&mut self, identity: &Identity) {
        let Identity {
            issuer,
            issuer_cloud,
            home,
            foreign_idp,
        } = *identity;
        self.id(Some(&Id::Guid(issuer.0.0)));
        let (kind, tenant, named) = match home {
            Home::NoTenant => (0, None, 0),
            Home::MicrosoftAccount => (1, None, 0),
            Home::Tenant { tenant, cloud } => match cloud {
                HomeCloud::Issuer(cloud) => (2, Some(tenant), of_cloud(cloud)),
                HomeCloud::Named(cloud) => (3, Some(tenant), of_cloud(cloud)),
                HomeCloud::GlobalOrUsGov => (4, Some(tenant), 0),
            },
        };
        let bits = u64::from(foreign_idp) | of_cloud(issuer_cloud) << 1 | kind << 3 | named << 6;
        self.number(bits);
        self.id(tenant.map(|tenant| Id::Guid(tenant.0.0)).as_ref());
    }

    pub(super) fn claims(&mut self, claims: &Claims) {
        // A claim that is learnt to read must be packed too.
        let Claims {
            issuer,
            audiences,
            expires,
            not_before,
            issued_at,
            authenticated_at,
            subject,
            object,
            tenant,
            identity_provider,
            authorized_party,
            app_id,
            version,
            user,
            home_object,
            groups,
            group_overage,
            directory_roles,
            app_roles,
            scopes,
            account,
            app_only,
            session,
            token_id,
            jwt_id,
            bound_to_key,
            restriction_policy,
            auth_contexts,
            proofs,
            names,
        } = claims;
        let account = match account {
            Account::Member => 0,
            Account::Guest => 1,
            Account::Unstated => 2,
        };
        let facts = [*group_overage, *app_only, *bound_to_key];
        let facts = facts.into_iter().chain(of_proofs(*proofs));
        self.number(facts.fold(account, |bits, fact| bits << 1 | u64::from(fact)));
        for time in [Some(*expires), *not_before, *issued_at, *authenticated_at] {
            self.time(time);
        }
        self.issuer(issuer);
        self.texts(audiences);
        self.text(tenant.as_deref());
        // Of a guest, it has the form of an issuer.
        match identity_provider {
            Some(text) => self.issuer(text),
            None => self.text(None),
        }
        self.text(version.as_deref());
        let ids = [
            subject,
            object,
            authorized_party,
            app_id,
            user,
            home_object,
            session,
            token_id,
            jwt_id,
            restriction_policy,
        ];
        for id in ids {
            self.id(id.as_ref());
        }
        let DisplayNames {
            name,
            preferred_username,
            user_principal_name,
            unique_name,
            email,
        } = names;
        // The address first: a guest's other names are made from it.
        let place = self.address(email.as_deref());
        let address = place.zip(email.as_deref());
        for text in [name, preferred_username, user_principal_name, unique_name] {
            self.name(text.as_deref(), address);
        }
        for texts in [app_roles, scopes, auth_contexts] {
            self.texts(texts);
        }
        for ids in [groups, directory_roles] {
            self.ids(ids);
        }
    }
}

impl Reader<'_> {
    pub(super) fn identity(&mut self) -> Option<Identity> {
        let issuer = IssuerTenant(self.tenant()??);
        let bits = self.number()?;
        let named = to_cloud(bits >> 6);
        let tenant = self.tenant()?.map(HomeTenant);
        let home = |cloud| tenant.map(|tenant| Home::Tenant { tenant, cloud });
        Some(Identity {
            issuer,
            issuer_cloud: to_cloud(bits >> 1)?,
            home: match bits >> 3 & 7 {
                0 => Home::NoTenant,
                1 => Home::MicrosoftAccount,
                2 => home(HomeCloud::Issuer(named?))?,
                3 => home(HomeCloud::Named(named?))?,
                4 => home(HomeCloud::GlobalOrUsGov)?,
                _ => return None,
            },
            foreign_idp: bits & 1 == 1,
        })
    }

    pub(super) fn claims(&mut self) -> Option<Claims> {
        let bits = self.number()?;
        let fact = |place: u32| bits >> place & 1 == 1;
        // In the order in which they were written.
        Some(Claims {
            expires: self.time()??,
            not_before: self.time()?,
            issued_at: self.time()?,
            authenticated_at: self.time()?,
            issuer: self.text()??,
            audiences: self.texts()?,
            tenant: self.text()?,
            identity_provider: self.text()?,
            version: self.text()?,
            subject: self.id()?,
            object: self.id()?,
            authorized_party: self.id()?,
            app_id: self.id()?,
            user: self.id()?,
            home_object: self.id()?,
            session: self.id()?,
            token_id: self.id()?,
            jwt_id: self.id()?,
            restriction_policy: self.id()?,
            names: DisplayNames {
                email: self.text()?,
                name: self.text()?,
                preferred_username: self.text()?,
                user_principal_name: self.text()?,
                unique_name: self.text()?,
            },
            app_roles: self.texts()?,
            scopes: self.texts()?,
            auth_contexts: self.texts()?,
            groups: self.ids()?,
            directory_roles: self.ids()?,
            account: match bits >> 9 {
                0 => Account::Member,
                1 => Account::Guest,
                2 => Account::Unstated,
                _ => return None,
            },
            group_overage: fact(8),
            app_only: fact(7),
            bound_to_key: fact(6),
            proofs: Proofs {
                mfa: fact(5),
                resource_mfa: fact(4),
                compliant_device: fact(3),
                hybrid_joined_device: fact(2),
                passwordless: fact(1),
                phishing_resistant: fact(0),
            },
        })
    }
}

/// In the order of [`Reader::claims`].
const fn of_proofs(proofs: Proofs) -> [bool; 6] {
    let Proofs {
        mfa,
        resource_mfa,
        compliant_device,
        hybrid_joined_device,
        passwordless,
        phishing_resistant,
    } = proofs;
    [
        mfa,
        resource_mfa,
        compliant_device,
        hybrid_joined_device,
        passwordless,
        phishing_resistant,
    ]
}

const fn of_cloud(cloud: Cloud) -> u64 {
    match cloud {
        Cloud::Global => 0,
        Cloud::UsGov => 1,
        Cloud::China => 2,
    }
}

const fn to_cloud(bits: u64) -> Option<Cloud> {
    match bits & 3 {
        0 => Some(Cloud::Global),
        1 => Some(Cloud::UsGov),
        2 => Some(Cloud::China),
        _ => None,
    }
}
