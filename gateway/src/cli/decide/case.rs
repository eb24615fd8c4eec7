//! One line of `crossgate decide`, read strictly: a member that is misspelt or of the wrong type would otherwise decide
//! another case than the one that was meant.
//!
//! The claims are the exception. What a token may not say is a rule of decisions, so it is decided and no fault of the
//! line.

use std::net::IpAddr;

use crossgate_policy::context::{
    CONTEXT_HEADER, Context, POLICY_HEADER, RestrictionHeaders, TENANTS_HEADER,
};
use crossgate_policy::ids::{Id, TenantId, UnixTime};
use crossgate_policy::snapshot::{Revocation, RevocationKind};
use crossgate_token::{TokenFault, json};
use serde_json::Value;
use serde_json::value::RawValue;

use super::object::{self, Object};

/// One case.
pub(super) struct Case {
    /// What the answer is called by; always text.
    pub(super) id: Value,
    /// The time of the request.
    now: UnixTime,
    /// The app it is for.
    pub(super) app: Id,
    /// Whose token it carries.
    pub(super) issuer: Option<String>,
    /// What the token says.
    pub(super) claims: Payload,
    headers: Vec<(String, String)>,
    client_ip: Option<IpAddr>,
    /// What would be known of the caller from elsewhere.
    pub(super) facts: Facts,
}

/// A token's payload.
pub(super) enum Payload {
    /// There is no token.
    Absent,
    /// As a token's payload this breaks a rule.
    Refused(TokenFault),
    /// JSON.
    Read(Value),
}

/// `facts`.
#[derive(Default)]
pub(super) struct Facts {
    revocations: Vec<Revocation>,
    partner_outbound_allowed: bool,
    /// The caller has proven to hold the key that the token is bound to.
    pub(super) possession_proven: bool,
    terms_accepted: Vec<Id>,
}

/// Why a line is no case.
pub(super) struct Unreadable {
    /// Its `id`, as far as it could be read; otherwise null.
    pub(super) id: Value,
    /// Everything that is wrong.
    pub(super) error: String,
}

impl Case {
    /// Reads a line.
    pub(super) fn read(line: &[u8]) -> Result<Self, Unreadable> {
        let mut members = match object::members(line) {
            Ok(members) => members,
            Err(error) => {
                let id = Value::Null;
                return Err(Unreadable { id, error });
            }
        };
        let claims = members
            .iter()
            .position(|(name, _)| name == "claims")
            .map(|index| members.swap_remove(index).1);
        let claims = payload(claims);
        let mut faults = Vec::new();
        let mut line = Object::read("", members, &mut faults);
        let id = line.peek("id");
        let case = Self::read_members(&mut line, claims);
        line.finish();
        match case {
            Some(case) if faults.is_empty() => Ok(case),
            Some(_) | None => Err(Unreadable {
                id,
                error: faults.join("; "),
            }),
        }
    }

    fn read_members(line: &mut Object<'_>, claims: Payload) -> Option<Self> {
        let id = line.required("id", "a text that names the case", object::text);
        let now = line.required("now", object::EXPECTED_TIME, object::time);
        let app = line.required("app", "the `id` of an `[[app]]`", object::text);
        line.knows("claims");
        let issuer = line.optional("issuer", "the `name` of an `[[issuer]]`", object::text);
        let headers = line.object("headers", headers).unwrap_or_default();
        let client_ip = line.optional("client_ip", "an IP address", |value| {
            value.as_str()?.parse().ok()
        });
        let facts = line.object("facts", Facts::read).unwrap_or_default();
        Some(Self {
            id: id?.into(),
            now: now?,
            app: Id::new(&app?),
            issuer,
            claims,
            headers,
            client_ip: client_ip.map(|address: IpAddr| address.to_canonical()),
            facts,
        })
    }

    /// What a decision needs to know of the request.
    pub(super) fn context(&self) -> Context<'_> {
        let values = |name: &'static str| {
            self.headers
                .iter()
                .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_bytes())
        };
        Context {
            now: self.now,
            client_ip: self.client_ip,
            restriction: RestrictionHeaders::read(
                values(POLICY_HEADER),
                values(TENANTS_HEADER),
                values(CONTEXT_HEADER),
            ),
            partner_outbound_allowed: self.facts.partner_outbound_allowed,
            terms_accepted: &self.facts.terms_accepted,
            revocations: &self.facts.revocations,
        }
    }
}

impl Facts {
    fn read(facts: &mut Object<'_>) -> Self {
        Self {
            revocations: facts.objects("revocations", revocation),
            partner_outbound_allowed: facts.flag("partnerOutboundAllowed"),
            possession_proven: facts.flag("proofOfPossession"),
            terms_accepted: facts
                .optional("termsAccepted", "a list of agreement ids", object::texts)
                .unwrap_or_default()
                .iter()
                .map(|id| Id::new(id))
                .collect(),
        }
    }
}

fn payload(claims: Option<&RawValue>) -> Payload {
    let Some(claims) = claims.filter(|claims| claims.get() != "null") else {
        return Payload::Absent;
    };
    match json::read(claims.get().as_bytes()) {
        Ok(payload) => Payload::Read(payload),
        Err(fault) => Payload::Refused(fault.into()),
    }
}

/// Every value of every header, in order; a list is a header that came more than once.
fn headers(headers: &mut Object<'_>) -> Vec<(String, String)> {
    let values = headers.each("a text, or a list of texts", |value| {
        object::text(value)
            .map(|text| vec![text])
            .or_else(|| object::texts(value))
    });
    let one_each = values.into_iter().flat_map(|(name, values)| {
        let named = move |value| (name.clone(), value);
        values.into_iter().map(named)
    });
    one_each.collect()
}

fn revocation(revocation: &mut Object<'_>) -> Option<Revocation> {
    let kind = revocation.required(
        "kind",
        "`user`, `guest`, `session`, `token` or `tenant`",
        |value| RevocationKind::from_name(value.as_str()?),
    );
    let id = revocation.required("id", "the id of what is revoked", object::text);
    let tenant = tenant_of(revocation, kind, id.as_deref());
    let not_before = revocation.required("notBefore", object::EXPECTED_TIME, object::time);
    Some(Revocation {
        kind: kind?,
        id: Id::new(&id?),
        tenant,
        not_before: not_before?,
    })
}

/// The tenant that a revocation is bound to, where its kind can be.
fn tenant_of(
    revocation: &mut Object<'_>,
    kind: Option<RevocationKind>,
    id: Option<&str>,
) -> Option<TenantId> {
    let read = |value: &serde_json::Value| TenantId::parse(value.as_str()?);
    match kind? {
        RevocationKind::User | RevocationKind::Session | RevocationKind::Token => {
            revocation.optional("tenant", "a tenant id", read)
        }
        RevocationKind::Guest => {
            revocation.optional("tenant", "none, as a guest is a record here", |_| None)
        }
        RevocationKind::Tenant => {
            let same = |tenant: &TenantId| id.is_some_and(|id| Id::new(id) == Id::Guid(tenant.0));
            revocation.optional("tenant", "the tenant in `id`, or none", |value| {
                read(value).filter(same)
            });
            // The id says it.
            None
        }
    }
}
