//! A case to be written, from the arguments of the decision about it.

use std::net::IpAddr;

use crossgate_policy::Caller;
use crossgate_policy::context::{CONTEXT_HEADER, POLICY_HEADER, TENANTS_HEADER};
use crossgate_policy::ids::Id;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::subject::{Text, Texts, Told};

/// A case to be written: what [`Case::read`](super::Case::read) reads again, and nothing of the token.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// What the answer is called by.
    pub id: &'a str,
    /// The time of the request, whole.
    pub now: jiff::Timestamp,
    /// The app.
    pub app: &'a Id,
    /// The `[[issuer]]` that verified the token.
    pub issuer: Option<&'a str>,
    /// Who calls.
    pub caller: Caller<'a>,
    /// The gateway itself answers, to everybody alike.
    pub anybody: bool,
    /// The values of the three tenant-restriction headers, in the order of [`RESTRICTION_HEADERS`].
    pub headers: [&'a [Box<[u8]>]; 3],
    /// The caller's address.
    pub client_ip: Option<IpAddr>,
    /// The fact of this name.
    pub partner_outbound_allowed: bool,
    /// The partner's document admits, or does not; `None` where it publishes none or is not asked.
    pub partner_consents: Option<bool>,
    /// Terms of use that the caller accepted.
    pub terms_accepted: &'a [Id],
}

/// What tenant restrictions are said by.
pub const RESTRICTION_HEADERS: [&str; 3] = [POLICY_HEADER, TENANTS_HEADER, CONTEXT_HEADER];

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            id,
            now,
            app,
            issuer,
            caller,
            anybody,
            headers,
            client_ip,
            partner_outbound_allowed,
            partner_consents,
            terms_accepted,
        } = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", id)?;
        map.serialize_entry("now", &Text(&now))?;
        map.serialize_entry("app", &app.text())?;
        match caller {
            Caller::Anonymous => {}
            Caller::Refused(refusal) => {
                let (code, reason) = (refusal.code, refusal.reason);
                map.serialize_entry("refused", &Refused { code, reason })?;
            }
            Caller::Verified(subject) => {
                // Only whose word the subject is: a name of the configuration.
                if let Some(issuer) = issuer {
                    map.serialize_entry("issuer", issuer)?;
                }
                map.serialize_entry("subject", &Told(subject))?;
            }
        }
        if anybody {
            map.serialize_entry("anybody", &true)?;
        }
        if headers.iter().any(|values| !values.is_empty()) {
            map.serialize_entry("headers", &Headers(headers))?;
        }
        if let Some(address) = client_ip {
            map.serialize_entry("client_ip", &address)?;
        }
        let facts = Facts {
            partner_outbound_allowed,
            partner_consents,
            terms_accepted,
        };
        if partner_outbound_allowed || partner_consents.is_some() || !terms_accepted.is_empty() {
            map.serialize_entry("facts", &facts)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Refused {
    code: u32,
    reason: &'static str,
}

struct Headers<'a>([&'a [Box<[u8]>]; 3]);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, values) in RESTRICTION_HEADERS.into_iter().zip(self.0) {
            if !values.is_empty() {
                // What is no text is malformed, and what stands here for it is too.
                let values = values.iter().map(|value| String::from_utf8_lossy(value));
                map.serialize_entry(name, &values.collect::<Vec<_>>())?;
            }
        }
        map.end()
    }
}

struct Facts<'a> {
    partner_outbound_allowed: bool,
    partner_consents: Option<bool>,
    terms_accepted: &'a [Id],
}

impl Serialize for Facts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.partner_outbound_allowed {
            map.serialize_entry("partnerOutboundAllowed", &true)?;
        }
        if let Some(consents) = self.partner_consents {
            map.serialize_entry("partnerConsents", &consents)?;
        }
        if !self.terms_accepted.is_empty() {
            map.serialize_entry("termsAccepted", &Texts(self.terms_accepted))?;
        }
        map.end()
    }
}
