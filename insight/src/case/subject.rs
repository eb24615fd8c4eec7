//! A typed subject as JSON: what a decision reads of a verified token, and nothing else of it.

use crossgate_policy::ids::{Cloud, HomeTenant, Id, IssuerTenant, TenantId, UnixTime};
use crossgate_policy::subject::{
    Account, Home, HomeCloud, Proofs, Subject, SubjectKind, TokenGroups,
};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

use super::object::{self, Object};

/// A subject to be written: what is empty, false or absent is left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a>(pub(super) &'a Subject);

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A fact that decisions learn to read must be written here, and read below.
        let Subject {
            issuer,
            home,
            kind,
            user_id,
            home_oid,
            groups: TokenGroups { listed, overage },
            directory_roles,
            account,
            app_roles,
            scopes,
            client,
            proofs,
            auth_contexts,
            session,
            token_id,
            jwt_id,
            authenticated_at,
            restriction_policy,
        } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("issuerTenant", &Text(&issuer.0))?;
        map.serialize_entry("home", &ToldHome(*home))?;
        if *kind == SubjectKind::App {
            map.serialize_entry("kind", APP)?;
        }
        for (name, id) in [
            ("userId", user_id),
            ("homeUserId", home_oid),
            ("client", client),
            ("session", session),
            ("tokenId", token_id),
            ("jwtId", jwt_id),
            ("restrictionPolicy", restriction_policy),
        ] {
            if let Some(id) = id {
                map.serialize_entry(name, &Text(id))?;
            }
        }
        for (name, ids) in [("groups", listed), ("directoryRoles", directory_roles)] {
            if !ids.is_empty() {
                map.serialize_entry(name, &Texts(ids))?;
            }
        }
        if *overage {
            map.serialize_entry("moreGroups", &true)?;
        }
        for (name, texts) in [
            ("appRoles", app_roles),
            ("scopes", scopes),
            ("authContexts", auth_contexts),
        ] {
            if !texts.is_empty() {
                map.serialize_entry(name, &**texts)?;
            }
        }
        match account {
            Account::Member => map.serialize_entry("account", MEMBER)?,
            Account::Guest => map.serialize_entry("account", GUEST)?,
            Account::Unstated => {}
        }
        let shown = flags(*proofs);
        if shown.iter().any(|(_, holds)| *holds) {
            let names = shown.iter().filter(|(_, holds)| *holds);
            map.serialize_entry("proofs", &names.map(|(name, _)| *name).collect::<Vec<_>>())?;
        }
        if let Some(at) = authenticated_at {
            map.serialize_entry("authenticatedAt", &at.seconds())?;
        }
        map.end()
    }
}

/// Reads it.
pub(super) fn read(subject: &mut Object<'_>) -> Option<Subject> {
    let id = |value: &Value| value.as_str().map(Id::new);
    let ids = |value: &Value| {
        let ids: Option<Vec<Id>> = value.as_array()?.iter().map(id).collect();
        ids.map(std::sync::Arc::from)
    };
    let texts = |value: &Value| {
        let texts = value
            .as_array()?
            .iter()
            .map(|text| text.as_str().map(Box::from));
        texts.collect::<Option<std::sync::Arc<[Box<str>]>>>()
    };
    let tenant = |value: &Value| TenantId::parse(value.as_str()?);
    let issuer = subject.required("issuerTenant", "a tenant id", tenant);
    if subject.peek("home").is_null() {
        subject.fault("home", "missing; expected an object");
    }
    let home = subject.object("home", read_home).flatten();
    let an_id = "an id";
    let a_list = "a list of ids";
    let names = "a list of texts";
    let kind = subject.optional("kind", "`user` or `app`", |value| match value.as_str()? {
        USER => Some(SubjectKind::User),
        APP => Some(SubjectKind::App),
        _ => None,
    });
    let account = subject.optional("account", "`member` or `guest`", |value| {
        match value.as_str()? {
            MEMBER => Some(Account::Member),
            GUEST => Some(Account::Guest),
            _ => None,
        }
    });
    let read = Subject {
        issuer: IssuerTenant(issuer.unwrap_or(TenantId::MICROSOFT_ACCOUNTS)),
        home: home.unwrap_or(Home::NoTenant),
        kind: kind.unwrap_or(SubjectKind::User),
        user_id: subject.optional("userId", an_id, id),
        home_oid: subject.optional("homeUserId", an_id, id),
        groups: TokenGroups {
            listed: subject.optional("groups", a_list, ids).unwrap_or_default(),
            overage: subject.flag("moreGroups"),
        },
        directory_roles: subject
            .optional("directoryRoles", a_list, ids)
            .unwrap_or_default(),
        account: account.unwrap_or(Account::Unstated),
        app_roles: subject
            .optional("appRoles", names, texts)
            .unwrap_or_default(),
        scopes: subject.optional("scopes", names, texts).unwrap_or_default(),
        client: subject.optional("client", an_id, id),
        proofs: subject
            .optional("proofs", "a list of what the sign-in showed", read_proofs)
            .unwrap_or_default(),
        auth_contexts: subject
            .optional("authContexts", names, texts)
            .unwrap_or_default(),
        session: subject.optional("session", an_id, id),
        token_id: subject.optional("tokenId", an_id, id),
        jwt_id: subject.optional("jwtId", an_id, id),
        authenticated_at: subject.optional("authenticatedAt", "seconds since 1970", |value| {
            UnixTime::new(value.as_f64()?)
        }),
        restriction_policy: subject.optional("restrictionPolicy", an_id, id),
    };
    // Where one of the two lacks, that has been told.
    (issuer.is_some() && home.is_some()).then_some(read)
}

struct ToldHome(Home);

impl Serialize for ToldHome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            Home::Tenant { tenant, cloud } => {
                map.serialize_entry("tenant", &Text(&tenant.0))?;
                let (cloud, by) = match cloud {
                    HomeCloud::Issuer(cloud) => (cloud.name(), BY_ISSUER),
                    HomeCloud::Named(cloud) => (cloud.name(), BY_IDP),
                    HomeCloud::GlobalOrUsGov => (SHARED, BY_IDP),
                };
                map.serialize_entry("cloud", cloud)?;
                map.serialize_entry("by", by)?;
            }
            Home::MicrosoftAccount => map.serialize_entry("without", MICROSOFT)?,
            Home::NoTenant => map.serialize_entry("without", TENANT)?,
        }
        map.end()
    }
}

fn read_home(home: &mut Object<'_>) -> Option<Home> {
    let without = home.optional(
        "without",
        "`tenant` or `microsoft-account`",
        |value| match value.as_str()? {
            TENANT => Some(Home::NoTenant),
            MICROSOFT => Some(Home::MicrosoftAccount),
            _ => None,
        },
    );
    if without.is_some() {
        return without;
    }
    let tenant = home.required("tenant", "a tenant id", |value: &Value| {
        TenantId::parse(value.as_str()?)
    });
    let cloud = home.required(
        "cloud",
        "`global`, `usgov`, `china`, or `global-or-usgov`",
        object::text,
    );
    let by = home.required("by", "`issuer` or `idp`", object::text);
    let named = cloud.as_deref().and_then(Cloud::from_name);
    let cloud = match (cloud.as_deref()?, named, by.as_deref()?) {
        (_, Some(cloud), BY_ISSUER) => HomeCloud::Issuer(cloud),
        (_, Some(cloud), BY_IDP) => HomeCloud::Named(cloud),
        (SHARED, None, BY_IDP) => HomeCloud::GlobalOrUsGov,
        (_, _, _) => {
            home.fault(
                "cloud",
                "is no cloud that the token's issuer or its `idp` tells",
            );
            return None;
        }
    };
    Some(Home::Tenant {
        tenant: HomeTenant(tenant?),
        cloud,
    })
}

/// Each fact by its name.
const fn flags(proofs: Proofs) -> [(&'static str, bool); 6] {
    let Proofs {
        mfa,
        resource_mfa,
        compliant_device,
        hybrid_joined_device,
        passwordless,
        phishing_resistant,
    } = proofs;
    [
        ("mfa", mfa),
        ("resourceMfa", resource_mfa),
        ("compliantDevice", compliant_device),
        ("hybridJoinedDevice", hybrid_joined_device),
        ("passwordless", passwordless),
        ("phishingResistant", phishing_resistant),
    ]
}

fn read_proofs(value: &Value) -> Option<Proofs> {
    let mut proofs = Proofs::default();
    for name in value.as_array()? {
        match name.as_str()? {
            "mfa" => proofs.mfa = true,
            "resourceMfa" => proofs.resource_mfa = true,
            "compliantDevice" => proofs.compliant_device = true,
            "hybridJoinedDevice" => proofs.hybrid_joined_device = true,
            "passwordless" => proofs.passwordless = true,
            "phishingResistant" => proofs.phishing_resistant = true,
            _ => return None,
        }
    }
    Some(proofs)
}

/// What prints, as text.
pub(super) struct Text<'a, T>(pub(super) &'a T);

impl<T: std::fmt::Display> Serialize for Text<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// Ids, each as text.
pub(super) struct Texts<'a>(pub(super) &'a [Id]);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for id in self.0 {
            list.serialize_element(&Text(id))?;
        }
        list.end()
    }
}

const USER: &str = "user";
const APP: &str = "app";
const MEMBER: &str = "member";
const GUEST: &str = "guest";
const MICROSOFT: &str = "microsoft-account";
const TENANT: &str = "tenant";
const BY_ISSUER: &str = "issuer";
const BY_IDP: &str = "idp";
const SHARED: &str = "global-or-usgov";
