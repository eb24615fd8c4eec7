//! A verified token in few bytes, for keeping many.
//!
//! Sixteen bytes for what is shaped like a GUID, two for what was said before, and one allocation for everything. What
//! is unpacked equals what was packed; nothing else is ever unpacked.

use std::sync::Arc;

use crossgate_policy::ids::{Cloud, Guid, HomeTenant, Id, IssuerTenant, TenantId, UnixTime};

use crate::entra::EntraIssuer;
use crate::{Account, Claims, DisplayNames, Home, HomeCloud, Identity, Proofs, Verified};

/// A [`Verified`] token, packed.
#[derive(Clone, Eq, PartialEq)]
pub struct Packed {
    issuer: Arc<str>,
    bytes: Box<[u8]>,
}

impl Packed {
    /// Packs a token.
    #[must_use]
    pub fn new(verified: &Verified) -> Self {
        let mut writer = Writer::default();
        writer.identity(verified.identity());
        writer.claims(verified.claims());
        Self {
            issuer: Arc::clone(verified.issuer()),
            bytes: writer.out.into(),
        }
    }

    /// The name of the issuer that signed the token.
    #[must_use]
    pub const fn issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// The token. `None` would be a fault of this module.
    #[must_use]
    pub fn unpack(&self) -> Option<Verified> {
        let mut reader = Reader {
            all: &self.bytes,
            rest: &self.bytes,
            seen: Vec::with_capacity(32),
        };
        let identity = reader.identity()?;
        let claims = reader.claims()?;
        reader
            .rest
            .is_empty()
            .then(|| Verified::unpacked(Arc::clone(&self.issuer), claims, identity))
    }

    /// Bytes of memory it takes, besides its own size.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packed")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// What stands at the head of a value; from [`TEXT`] on, a text of that many bytes more.
const NONE: u64 = 0;
const GUID: u64 = 1;
/// A value that stands before; its place in the order of values follows.
const AGAIN: u64 = 2;
/// An issuer in one of Entra's forms: which form follows, then the tenant.
const ENTRA: u64 = 3;
const TEXT: u64 = 4;

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    /// Where each value stands that may come again.
    seen: Vec<(usize, usize)>,
}

impl Writer {
    fn identity(&mut self, identity: &Identity) {
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

    fn claims(&mut self, claims: &Claims) {
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
            None => self.number(NONE),
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
        for text in [
            name,
            preferred_username,
            user_principal_name,
            unique_name,
            email,
        ] {
            self.text(text.as_deref());
        }
        for texts in [app_roles, scopes, auth_contexts] {
            self.texts(texts);
        }
        for ids in [groups, directory_roles] {
            self.number(ids.len() as u64);
            for id in ids {
                // Not among those that may come again: looking through hundreds would take longer than it saves.
                match id {
                    Id::Guid(guid) => self.guid(*guid),
                    Id::Text(text) => self.plain(text),
                }
            }
        }
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.out.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }

    fn guid(&mut self, guid: Guid) {
        self.number(GUID);
        self.out.extend_from_slice(&guid.as_u128().to_be_bytes());
    }

    fn plain(&mut self, text: &str) {
        self.number(TEXT + text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    fn id(&mut self, id: Option<&Id>) {
        match id {
            None => self.number(NONE),
            Some(Id::Guid(guid)) => self.shared(|writer| writer.guid(*guid)),
            Some(Id::Text(text)) => self.shared(|writer| writer.plain(text)),
        }
    }

    fn text(&mut self, text: Option<&str>) {
        let Some(text) = text else {
            return self.number(NONE);
        };
        // In capitals it would come back in small letters.
        let small = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match Guid::parse(text).filter(|_| small) {
            Some(guid) => self.shared(|writer| writer.guid(guid)),
            None => self.shared(|writer| writer.plain(text)),
        }
    }

    fn texts(&mut self, texts: &[Box<str>]) {
        self.number(texts.len() as u64);
        for text in texts {
            self.text(Some(text));
        }
    }

    fn issuer(&mut self, text: &str) {
        match EntraIssuer::form(text) {
            Some((form, tenant)) => {
                self.number(ENTRA);
                self.number(form as u64);
                self.id(Some(&Id::Guid(tenant.0)));
            }
            None => self.text(Some(text)),
        }
    }

    fn time(&mut self, time: Option<UnixTime>) {
        let Some(time) = time else {
            return self.number(NONE);
        };
        let whole = time.seconds() as u64;
        if whole as f64 == time.seconds() {
            self.number(TEXT + whole);
        } else {
            self.number(GUID);
            self.out
                .extend_from_slice(&time.seconds().to_bits().to_be_bytes());
        }
    }

    /// Writes a value, or where it stands already.
    fn shared(&mut self, write: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        write(self);
        let new = self.out.get(start..).unwrap_or_default();
        let place = self
            .seen
            .iter()
            .position(|(start, end)| self.out.get(*start..*end) == Some(new));
        match place {
            Some(place) => {
                self.out.truncate(start);
                self.number(AGAIN);
                self.number(place as u64);
            }
            None => self.seen.push((start, self.out.len())),
        }
    }
}

struct Reader<'a> {
    all: &'a [u8],
    rest: &'a [u8],
    seen: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn identity(&mut self) -> Option<Identity> {
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

    fn claims(&mut self) -> Option<Claims> {
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
                name: self.text()?,
                preferred_username: self.text()?,
                user_principal_name: self.text()?,
                unique_name: self.text()?,
                email: self.text()?,
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

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for place in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << place;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }

    /// A value; the outer `None` is a fault.
    fn value(&mut self) -> Option<Option<Value<'a>>> {
        let start = self.all.len() - self.rest.len();
        match self.number()? {
            NONE => Some(None),
            AGAIN => {
                let place = usize::try_from(self.number()?).ok()?;
                let mut before = Reader {
                    all: self.all,
                    rest: self.all.get(*self.seen.get(place)?..)?,
                    seen: Vec::new(),
                };
                let head = before.number()?;
                before.first(head).map(Some)
            }
            ENTRA => {
                let form = usize::try_from(self.number()?).ok()?;
                Some(Some(Value::Entra(form, self.tenant()??)))
            }
            head => {
                self.seen.push(start);
                self.first(head).map(Some)
            }
        }
    }

    /// A value that does not stand before.
    fn first(&mut self, head: u64) -> Option<Value<'a>> {
        if head == GUID {
            let bytes = self.bytes(16)?.first_chunk()?;
            return Some(Value::Guid(Guid::from_u128(u128::from_be_bytes(*bytes))));
        }
        let length = usize::try_from(head.checked_sub(TEXT)?).ok()?;
        let text = std::str::from_utf8(self.bytes(length)?).ok()?;
        Some(Value::Text(text))
    }

    fn tenant(&mut self) -> Option<Option<TenantId>> {
        match self.id()? {
            None => Some(None),
            Some(Id::Guid(guid)) => Some(Some(TenantId(guid))),
            Some(Id::Text(_)) => None,
        }
    }

    fn id(&mut self) -> Option<Option<Id>> {
        Some(match self.value()? {
            None => None,
            Some(value) => Some(value.id()?),
        })
    }

    fn text(&mut self) -> Option<Option<Box<str>>> {
        Some(match self.value()? {
            None => None,
            Some(value) => Some(value.text()?),
        })
    }

    fn texts(&mut self) -> Option<Box<[Box<str>]>> {
        (0..self.number()?).map(|_| self.text()?).collect()
    }

    fn ids(&mut self) -> Option<Box<[Id]>> {
        let count = self.number()?;
        (0..count)
            .map(|_| {
                let head = self.number()?;
                self.first(head)?.id()
            })
            .collect()
    }

    fn time(&mut self) -> Option<Option<UnixTime>> {
        let seconds = match self.number()? {
            NONE => return Some(None),
            GUID => f64::from_bits(u64::from_be_bytes(*self.bytes(8)?.first_chunk()?)),
            whole => whole.checked_sub(TEXT)? as f64,
        };
        UnixTime::new(seconds).map(Some)
    }
}

enum Value<'a> {
    Guid(Guid),
    Text(&'a str),
    Entra(usize, TenantId),
}

impl Value<'_> {
    fn id(self) -> Option<Id> {
        match self {
            Self::Guid(guid) => Some(Id::Guid(guid)),
            Self::Text(text) => Some(Id::Text(text.into())),
            Self::Entra(..) => None,
        }
    }

    fn text(self) -> Option<Box<str>> {
        match self {
            Self::Guid(guid) => Some(guid.to_string().into()),
            Self::Text(text) => Some(text.into()),
            Self::Entra(form, tenant) => EntraIssuer::of_form(form, tenant).map(Into::into),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, ClaimMap, Issuer, IssuerKind, Issuers, Tenants, accept_unsigned};
    use serde_json::{Value as Json, json};

    const TENANT: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

    fn issuers() -> Issuers {
        let issuer = |name: &str, kind| Issuer {
            name: name.into(),
            kind,
            cloud: Cloud::Global,
            algorithms: [Algorithm::Rs256].into(),
            claims: ClaimMap::entra(),
        };
        let tenants = Tenants::Any;
        Issuers::new([
            issuer("entra", IssuerKind::Entra { tenants }),
            issuer(
                "oidc",
                IssuerKind::Oidc {
                    url: "https://id.example".into(),
                    tenant: TenantId::parse(TENANT).unwrap(),
                },
            ),
        ])
    }

    fn guid(number: u32) -> String {
        format!(
            "{number:08x}-1111-4222-8333-{:012x}",
            u64::from(number) * 77_777
        )
    }

    /// As Entra writes them, for a person in twelve groups.
    pub(crate) fn usual() -> Json {
        json!({
            "aud": guid(1), "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            "iat": 1_790_000_000, "nbf": 1_790_000_000, "exp": 1_790_005_000, "acct": 0, "acrs": ["p1"],
            "azp": guid(2), "azpacr": "1", "name": "Ada Lovelace", "oid": guid(3),
            "preferred_username": "ada.lovelace@contoso.com", "roles": ["Payroll.Read"],
            "scp": "access_as_user", "sid": guid(4), "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
            "tid": TENANT, "upn": "ada.lovelace@contoso.com", "uti": "fqiBqXLPj0eQa82S-IYFAA", "ver": "2.0",
            "wids": [guid(5)], "groups": (10..22).map(guid).collect::<Vec<_>>(),
        })
    }

    fn packed(claims: &Json, issuer: &str) -> Packed {
        let verified = accept_unsigned(claims, &issuers(), issuer).unwrap();
        let packed = Packed::new(&verified);
        assert_eq!(packed.unpack(), Some(verified), "{claims}");
        packed
    }

    #[test]
    fn what_is_unpacked_equals_what_was_packed() {
        packed(&usual(), "entra");
        for (name, value) in [
            ("exp", json!(1_790_005_000.25)),
            ("auth_time", json!(0)),
            (
                "idp",
                json!(format!("https://sts.windows.net/{}/", guid(9))),
            ),
            ("idp", json!("live.com")),
            ("idp", json!("google.com")),
            ("idtyp", json!("app")),
            ("acct", json!(1)),
            ("acct", json!(7)),
            ("cnf", json!({"kid": "k"})),
            (
                "aud",
                json!([guid(1).to_uppercase(), "", "api://payroll", "ä"]),
            ),
            ("groups", json!([])),
            (
                "groups",
                json!(
                    (0..900)
                        .map(|n| if n % 3 == 0 { format!("g{n}") } else { guid(n) })
                        .collect::<Vec<_>>()
                ),
            ),
            ("amr", json!(["mfa", "fido", "wia"])),
            ("name", json!("")),
            ("sid", json!("x".repeat(5000))),
        ] {
            let mut claims = usual();
            claims[name] = value;
            packed(&claims, "entra");
        }
        let mut capitals = usual();
        capitals["tid"] = json!(TENANT.to_uppercase());
        capitals["iss"] = json!(format!(
            "https://sts.windows.net/{}/",
            TENANT.to_uppercase()
        ));
        capitals["ver"] = json!("1.0");
        packed(&capitals, "entra");
        packed(
            &json!({"iss": "https://id.example", "aud": "a", "sub": "s", "exp": 1}),
            "oidc",
        );
    }

    /// As they write them for a guest, with more of everything.
    fn guest() -> Json {
        let mut claims = usual();
        let home = "7e57c0de-0000-4000-8000-000000000001";
        let more = json!({
            "acct": 1, "acrs": ["p1", "urn:user:registersecurityinfo"], "amr": ["pwd", "mfa"],
            "email": "ada.lovelace@partner.example", "idp": format!("https://sts.windows.net/{home}/"),
            "preferred_username": "ada.lovelace_partner.example#EXT#@contoso.com",
            "unique_name": "ada.lovelace@partner.example", "scp": "access Reports.Read",
        });
        let more = more.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(more);
        claims.as_object_mut().unwrap().remove("upn");
        claims
    }

    #[test]
    fn a_guests_token_with_twelve_groups_takes_five_eighths_of_a_kibibyte() {
        let bytes = packed(&guest(), "entra").heap_bytes();
        assert!(bytes <= 640, "{bytes}");
    }

    #[test]
    fn a_usual_token_with_twelve_groups_takes_half_a_kibibyte() {
        let bytes = packed(&usual(), "entra").heap_bytes();
        assert!(bytes <= 512, "{bytes}");
    }

    #[test]
    fn what_was_cut_or_written_by_nobody_here_is_not_unpacked() {
        let whole = packed(&usual(), "entra");
        for length in 0..whole.bytes.len() {
            let cut = Packed {
                issuer: Arc::clone(&whole.issuer),
                bytes: whole.bytes[..length].into(),
            };
            assert_eq!(cut.unpack(), None, "{length}");
        }
    }
}
