//! Tokens and permits for tests.

use std::path::Path;
use std::sync::Arc;

use crossgate_config::{Purpose, Settings, SigningKey};
use crossgate_policy::context::Context;
use crossgate_policy::ids::{Cloud, Guid, HomeTenant, TenantId, UnixTime};
use crossgate_policy::snapshot::{
    Assignments, ByTenant, DefaultSettings, DirectoryMode, GuestDirectory, OwnTenant, Partners,
    RedemptionOrder, Revocations, Snapshot,
};
use crossgate_policy::subject::{Home, HomeCloud};
use crossgate_policy::{Caller, Permit, decide};
use crossgate_portal::names::Names;
use crossgate_portal::sessions::{Grant, SessionId};
use crossgate_token::{Algorithm, ClaimMap, Issuer, IssuerKind, Issuers, KeySet, accept_unsigned};
use serde_json::{Value, json};

use super::assertion::Signer;
use super::route::{App, MountId, Routes, target};
use super::token::KnownToken;
use super::tokens::TokenDigest;
use crate::live::Keys;
use crate::people::{PersonSession, SignedIn, Standing};

pub(crate) const OWN: TenantId = TenantId(Guid::from_u128(1));
pub(crate) const PARTNER: TenantId = TenantId(Guid::from_u128(2));

pub(crate) fn issuers() -> Issuers {
    let issuer = |name: &str, tenant| Issuer {
        name: name.into(),
        kind: IssuerKind::Oidc {
            url: format!("https://{name}.example").into(),
            tenant,
        },
        cloud: Cloud::Global,
        algorithms: [Algorithm::Rs256, Algorithm::Es256].into(),
        claims: ClaimMap::entra(),
    };
    Issuers::new([issuer("own", OWN), issuer("partner", PARTNER)])
}

/// Keys of both, which verify nothing that is at hand.
pub(crate) fn keys() -> Keys {
    let set = Arc::new(key_set(&["a"]));
    let sets = ["own", "partner"].map(|name| (name.into(), Arc::clone(&set)));
    Keys::default().replaced_by(sets.into())
}

/// A set with a key for each of these ids.
pub(crate) fn key_set(key_ids: &[&str]) -> KeySet {
    let key = |key_id: &&str| {
        json!({
            "kty": "EC", "crv": "P-256", "kid": key_id,
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        })
    };
    let document = json!({"keys": key_ids.iter().map(key).collect::<Vec<_>>()});
    KeySet::read(document.to_string().as_bytes(), &[Algorithm::Es256]).unwrap()
}

/// A token of this tenant's service.
pub(crate) fn known(tenant: TenantId) -> KnownToken {
    let name = if tenant == OWN { "own" } else { "partner" };
    known_with(name, &json!({}))
}

/// The same with claims besides, by the issuer of a name.
pub(crate) fn known_with(name: &str, more: &Value) -> KnownToken {
    let mut claims = json!({
        "iss": format!("https://{name}.example"), "aud": "api://payroll", "sub": "s", "oid": "ada", "exp": 2_000_000_000,
        "roles": ["Admin"], "groups": ["g"], "name": "Ada", "preferred_username": "ada@contoso.com", "email": "ada@contoso.com", "scp": "read",
    });
    let more = more.as_object().cloned().unwrap_or_default();
    claims.as_object_mut().unwrap().extend(more);
    let issuers = issuers();
    KnownToken::new(accept_unsigned(&claims, &issuers, name).unwrap(), &issuers)
}

/// Entra's initial values.
pub(crate) fn snapshot() -> Snapshot {
    Snapshot {
        own: OwnTenant {
            id: OWN,
            cloud: Cloud::Global,
            domains: Box::default(),
        },
        allowed_clouds: Box::default(),
        default: DefaultSettings::initial(),
        partners: Partners::default(),
        partner_facts: ByTenant::default(),
        partner_sides: Arc::default(),
        guests: GuestDirectory::empty(DirectoryMode::Optional),
        conditional_access: std::sync::Arc::default(),
        revocations: Revocations::default(),
        assignments: Assignments::default(),
        redemption: RedemptionOrder::default(),
    }
}

/// What lets a guest of the partner through.
pub(crate) fn permit() -> Permit {
    permit_from(PARTNER)
}

/// The same, of this home tenant.
pub(crate) fn permit_from(home: TenantId) -> Permit {
    let settings = super::route::tests::settings("[[app]]\nid = \"payroll\"\n");
    let target = target(&settings.apps[0]);
    let mut subject = (*known(OWN).subject).clone();
    subject.home = Home::Tenant {
        tenant: HomeTenant(home),
        cloud: HomeCloud::Named(Cloud::Global),
    };
    let caller = Caller::Verified(&subject);
    let decision = decide(
        &snapshot(),
        caller,
        &target,
        &Context::at(UnixTime::from_secs(1_000_000_000)),
    );
    decision.permit().unwrap().clone()
}

/// What lets this token through.
pub(crate) fn permit_of(token: &KnownToken) -> Permit {
    let settings = super::route::tests::settings("[[app]]\nid = \"payroll\"\n");
    let caller = Caller::Verified(&token.subject);
    let target = target(&settings.apps[0]);
    let decision = decide(
        &snapshot(),
        caller,
        &target,
        &Context::at(UnixTime::from_secs(1_000_000_000)),
    );
    decision.permit().unwrap().clone()
}

/// Apps of these ids, whose tenant is our own but for that of `abroad`.
pub(crate) fn routes(ids: &[&str]) -> Routes {
    let app = |id: &&str| {
        let owner = if *id == "abroad" {
            format!("resource_tenant = \"{PARTNER}\"\n")
        } else {
            String::new()
        };
        format!(
            "[[app]]\nid = \"{id}\"\nhosts = [\"{id}.example\"]\nupstreams = [\"http://127.0.0.1:9\"]\n{owner}"
        )
    };
    let apps: String = ids.iter().map(app).collect();
    let mut settings = super::route::tests::settings(&apps);
    settings.tenant.id = OWN;
    Routes::build(&settings, None, &crate::ops::Metrics::new().unwrap())
}

/// Settings by which people sign in to payroll with the own tenant's service, and accept terms of this version.
pub(crate) fn sign_in_settings(terms: &str) -> Settings {
    let text = format!(
        "tenant.id = \"{OWN}\"\nportal.store = \"portal.db\"\n\
         [[issuer]]\nname = \"own\"\nkind = \"oidc\"\nissuer = \"https://own.example\"\ntenant = \"{OWN}\"\n\
         [[provider]]\nname = \"own\"\nissuer = \"own\"\nclient_id = \"api://payroll\"\n\
         [[terms]]\nid = \"rules\"\nname = \"Rules\"\nversion = \"{terms}\"\nfile = \"rules.txt\"\n\
         [[app]]\nid = \"payroll\"\nhosts = [\"a.example\"]\nsign_in = true\n"
    );
    Settings::parse(&text, Path::new("/"), Purpose::Decide, &|_| None).unwrap()
}

/// A session of whom this token speaks for, who accepted the first version.
pub(crate) fn session(token: KnownToken) -> PersonSession {
    let grant = Grant {
        id: SessionId::from_bytes([1; 16]),
        host: "a.example".into(),
        provider: "own".into(),
        begun: 0,
        until: 3_000_000_000,
        asked: Box::default(),
        subject: SignedIn::new(
            &token.verified,
            &issuers(),
            &Names::default(),
            TokenDigest::NONE,
            Standing::new(&[("rules".to_owned(), "1".to_owned())]),
        ),
    };
    PersonSession::new(grant, 0)
}

/// The app of this id.
pub(crate) fn app<'r>(routes: &'r Routes, id: &str) -> &'r App {
    &routes.mount(mount(routes, id)).unwrap().app
}

/// A mount of it.
pub(crate) fn mount(routes: &Routes, id: &str) -> MountId {
    let id = crossgate_policy::ids::Id::new(id);
    routes.mount_of(&id).unwrap()
}

/// Signs by a key of its own.
pub(crate) fn signer() -> Signer {
    let key = SigningKey::MadeAtStart;
    Signer::open(&crossgate_config::Assertion { key }, OWN).unwrap()
}

/// All of it, with nothing configured.
pub(crate) fn in_force() -> crate::live::InForce {
    use std::sync::Arc;
    let metrics = crate::ops::Metrics::new().unwrap();
    let settings = super::route::tests::settings("");
    crate::live::InForce {
        generation: 1,
        hash: "".into(),
        snapshot: Arc::new(snapshot()),
        sign_up: Arc::default(),
        routes: Arc::new(super::route::Routes::build(&settings, None, &metrics)),
        issuers: Arc::new(issuers()),
        issuers_since: 1,
        keys: Arc::default(),
        pages: Arc::new(crate::people::pages(&settings).unwrap()),
        partner_sides: Arc::default(),
        staged: None,
    }
}
