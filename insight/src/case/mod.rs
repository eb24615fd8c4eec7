//! One case: a request as `crossgate decide` reads it and as receipts keep it, in one form. Read strictly: a member that is misspelt or of
//! the wrong type would otherwise decide another case than the one that was meant.
//!
//! Who calls is told by the `claims` of a token, by a typed `subject` in the place of them, or by the rule that a token broke (`refused`).
//! Claims are the exception to the strictness. What a token may not say is a rule of decisions, so it is decided and no fault of the
//! line.

mod object;
mod reason;
mod subject;
mod written;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use crossgate_policy::context::{
    CONTEXT_HEADER, Context, POLICY_HEADER, RestrictionHeaders, TENANTS_HEADER,
};
use crossgate_policy::decision::TokenRefusal;
use crossgate_policy::ids::{Id, TenantId, UnixTime};
use crossgate_policy::snapshot::{
    Access, PartnerSide, Revocation, RevocationKind, Setting, Snapshot,
};
use crossgate_policy::subject::{Home, Subject};
use crossgate_policy::target::Target;
use crossgate_policy::{Caller, Decision, Line};
use crossgate_token::{TokenFault, json};
use serde_json::Value;
use serde_json::value::RawValue;

use object::Object;

pub use written::{RESTRICTION_HEADERS, Written};

/// One case.
#[derive(Debug)]
pub struct Case {
    /// What the answer is called by; always text.
    pub id: Value,
    /// The time of the request.
    pub now: UnixTime,
    /// The app it is for.
    pub app: Id,
    /// Whose token it carries.
    pub issuer: Option<String>,
    /// Who calls.
    pub who: Who,
    headers: Vec<(String, String)>,
    client_ip: Option<IpAddr>,
    /// The gateway itself answers, to everybody alike, as it does a CORS preflight.
    pub anybody: bool,
    /// What would be known of the caller from elsewhere.
    pub facts: Facts,
}

/// What a case says of who calls.
#[derive(Debug)]
pub enum Who {
    /// There is no token.
    Nobody,
    /// As a token's payload the claims break a rule.
    Broken(TokenFault),
    /// The claims of a token.
    Claims(Value),
    /// What was read of a token that was verified and accepted.
    Subject(Box<Subject>),
    /// A token was refused before policy was asked. Without the token that is believed.
    Refused(TokenRefusal),
}

/// `facts`.
#[derive(Debug, Default)]
pub struct Facts {
    revocations: Vec<Revocation>,
    partner_outbound_allowed: bool,
    /// The partner's gateway publishes a document, and it admits this caller to this app, or does not.
    partner_consents: Option<bool>,
    /// The caller has proven to hold the key that the token is bound to.
    pub possession_proven: bool,
    terms_accepted: Vec<Id>,
}

/// Why a line is no case.
#[derive(Debug)]
pub struct Unreadable {
    /// Its `id`, as far as it could be read; otherwise null.
    pub id: Value,
    /// Everything that is wrong.
    pub error: String,
}

impl Case {
    /// Reads a line.
    ///
    /// # Errors
    /// It is no case.
    pub fn read(line: &[u8]) -> Result<Self, Unreadable> {
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
        let claims = who(claims);
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

    fn read_members(line: &mut Object<'_>, claims: Who) -> Option<Self> {
        let id = line.required("id", "a text that names the case", object::text);
        let now = line.required("now", object::EXPECTED_TIME, object::time);
        let app = line.required("app", "the `id` of an `[[app]]`", object::text);
        line.knows("claims");
        let issuer = line.optional("issuer", "the `name` of an `[[issuer]]`", object::text);
        let headers = line.object("headers", headers).unwrap_or_default();
        let client_ip = line.optional("client_ip", "an IP address", |value| {
            value.as_str()?.parse().ok()
        });
        let subject = line.object("subject", subject::read);
        let refused = line.object("refused", reason::read);
        let who = match (claims, subject, refused) {
            (claims, None, None) => Some(claims),
            (Who::Nobody, Some(subject), None) => {
                subject.map(|subject| Who::Subject(subject.into()))
            }
            (Who::Nobody, None, Some(refusal)) => refusal.map(Who::Refused),
            (_, Some(_), _) | (_, None, Some(_)) => {
                line.fault(
                    "subject",
                    "stands beside another word on who calls; keep one of `claims`, `subject` and `refused`",
                );
                None
            }
        };
        let anybody = line.flag("anybody");
        let facts = line.object("facts", Facts::read).unwrap_or_default();
        Some(Self {
            id: id?.into(),
            now: now?,
            app: Id::new(&app?),
            issuer,
            who: who?,
            headers,
            client_ip: client_ip.map(|address: IpAddr| address.to_canonical()),
            anybody,
            facts,
        })
    }

    /// The same, read from what is JSON already.
    ///
    /// # Errors
    /// As for [`Case::read`].
    pub fn read_raw(case: &RawValue) -> Result<Self, Unreadable> {
        Self::read(case.get().as_bytes())
    }

    /// Decides it, with a line for every step that was reached and what it compared. `None` where it holds claims: they are to be read as a token's first.
    #[must_use]
    pub fn explain(&self, snapshot: &Snapshot, target: &Target) -> Option<(Decision, Vec<Line>)> {
        let caller = self.caller()?;
        let snapshot = self.beside(snapshot, home_of(caller));
        Some(crossgate_policy::explain_with_values(
            &snapshot,
            caller,
            &self.target(target),
            &self.context(),
        ))
    }

    /// The same without the lines.
    #[must_use]
    pub fn decide(&self, snapshot: &Snapshot, target: &Target) -> Option<Decision> {
        let caller = self.caller()?;
        let snapshot = self.beside(snapshot, home_of(caller));
        Some(crossgate_policy::decide(
            &snapshot,
            caller,
            &self.target(target),
            &self.context(),
        ))
    }

    /// Who calls, where that is known without reading claims.
    #[must_use]
    pub fn caller(&self) -> Option<Caller<'_>> {
        match &self.who {
            Who::Nobody => Some(Caller::Anonymous),
            Who::Subject(subject) => Some(Caller::Verified(subject)),
            Who::Refused(refusal) => Some(Caller::Refused(*refusal)),
            Who::Broken(_) | Who::Claims(_) => None,
        }
    }

    /// The app as this case finds it.
    #[must_use]
    pub fn target<'t>(&self, target: &'t Target) -> Cow<'t, Target> {
        if self.anybody {
            Cow::Owned(Target {
                anonymous: true,
                ..target.clone()
            })
        } else {
            Cow::Borrowed(target)
        }
    }

    /// The policy with the side of the partner at home that this case tells of.
    #[must_use]
    pub fn beside<'s>(&self, snapshot: &'s Snapshot, home: Option<TenantId>) -> Cow<'s, Snapshot> {
        let (Some(consents), Some(home)) = (self.facts.partner_consents, home) else {
            return Cow::Borrowed(snapshot);
        };
        let access = if consents {
            Access::Allowed
        } else {
            Access::Blocked
        };
        let side = PartnerSide {
            automatic_consent_outbound: false,
            direct_connect_outbound: Arc::new(Setting::initial(access)),
        };
        Cow::Owned(Snapshot {
            partner_sides: Arc::new([(home, side)].into_iter().collect()),
            ..snapshot.clone()
        })
    }

    /// What a decision needs to know of the request.
    pub fn context(&self) -> Context<'_> {
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
            partner_consents: facts.optional(
                "partnerConsents",
                "`true` or `false`",
                Value::as_bool,
            ),
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

fn home_of(caller: Caller<'_>) -> Option<TenantId> {
    match caller {
        Caller::Verified(subject) => match subject.home {
            Home::Tenant { tenant, .. } => Some(tenant.0),
            Home::MicrosoftAccount | Home::NoTenant => None,
        },
        Caller::Anonymous | Caller::Refused(_) => None,
    }
}

fn who(claims: Option<&RawValue>) -> Who {
    let Some(claims) = claims.filter(|claims| claims.get() != "null") else {
        return Who::Nobody;
    };
    match json::read(claims.get().as_bytes()) {
        Ok(payload) => Who::Claims(payload),
        Err(fault) => Who::Broken(fault.into()),
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
