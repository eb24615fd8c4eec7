//! Whom an event is about (RFC 9493; SSF 1.0, section 3).

use super::SetFault;
use super::authority::Authority;
use crate::TokenFault;
use crate::claims::read::text;
use crate::json::{Members, Node};

/// The most identifiers in one `aliases`.
const MAX_ALIASES: usize = 16;

/// Whom an event is about. The transmitter may speak for everyone in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// One identifier (SSF 1.0, section 3.2).
    Simple(SubjectId),
    /// Several things that together name one (SSF 1.0, section 3.3).
    Complex(Box<ComplexSubject>),
}

/// A complex subject (SSF 1.0, section 3.3). Has at least one member.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names are SSF 1.0's")]
pub struct ComplexSubject {
    pub user: Option<SubjectId>,
    pub session: Option<SubjectId>,
    pub device: Option<SubjectId>,
    pub tenant: Option<SubjectId>,
    pub application: Option<SubjectId>,
    pub org_unit: Option<SubjectId>,
    pub group: Option<SubjectId>,
    /// Members of other names, which nothing is decided by but that they narrow the subject.
    pub others: Box<[(Box<str>, SubjectId)]>,
}

/// A subject identifier (RFC 9493, section 3.2; SSF 1.0, section 3.5). Every text in it is as written, and not empty.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the members' names are RFC 9493's")]
pub enum SubjectId {
    /// `account` (RFC 9493, section 3.2.1): a URI `acct:` in a domain of the transmitter's tenant.
    Account { uri: Box<str> },
    /// `email` (RFC 9493, section 3.2.2), in a domain of the transmitter's tenant.
    Email { email: Box<str> },
    /// `iss_sub` (RFC 9493, section 3.2.3), of the transmitter itself.
    IssSub { iss: Box<str>, sub: Box<str> },
    /// `opaque` (RFC 9493, section 3.2.4).
    Opaque { id: Box<str> },
    /// `phone_number` (RFC 9493, section 3.2.5).
    PhoneNumber { phone_number: Box<str> },
    /// `did` (RFC 9493, section 3.2.6).
    Did { url: Box<str> },
    /// `uri` (RFC 9493, section 3.2.7).
    Uri { uri: Box<str> },
    /// `aliases` (RFC 9493, section 3.2.8): names of one and the same; at least one, and none is `Aliases`.
    Aliases(Box<[Self]>),
    /// `jwt_id` (SSF 1.0, section 3.5.1): one token of the transmitter itself.
    JwtId { iss: Box<str>, jti: Box<str> },
    /// Any other format (SSF 1.0, section 3.4, allows one's own): not understood, so nothing follows from it.
    Unknown { format: Box<str> },
}

impl Subject {
    /// The top-level `sub_id`, whose `format` is required (SSF 1.0, section 3.3).
    pub(super) fn read<A: AsRef<str>>(
        subject: &Members<'_>,
        authority: &Authority<'_, A>,
    ) -> Result<Self, SetFault> {
        if text(subject, "format")? == Some("complex") {
            let complex = ComplexSubject::read(subject, authority)?;
            return Ok(Self::Complex(Box::new(complex)));
        }
        SubjectId::read(subject, authority).map(Self::Simple)
    }

    /// A `subject` inside the event, as drafts of CAEP and SSF had it: there a complex one had no `format`.
    pub(super) fn read_draft<A: AsRef<str>>(
        subject: &Members<'_>,
        authority: &Authority<'_, A>,
    ) -> Result<Self, SetFault> {
        if subject.contains_key("format") {
            return Self::read(subject, authority);
        }
        let complex = ComplexSubject::read(subject, authority)?;
        Ok(Self::Complex(Box::new(complex)))
    }
}

impl ComplexSubject {
    fn read<A: AsRef<str>>(
        subject: &Members<'_>,
        authority: &Authority<'_, A>,
    ) -> Result<Self, SetFault> {
        let mut read = Self::default();
        let mut others = Vec::new();
        for (name, member) in subject.iter().filter(|(name, _)| *name != "format") {
            let (name, place) = match name {
                "user" => ("user", &mut read.user),
                "session" => ("session", &mut read.session),
                "device" => ("device", &mut read.device),
                "tenant" => ("tenant", &mut read.tenant),
                "application" => ("application", &mut read.application),
                "org_unit" => ("org_unit", &mut read.org_unit),
                "group" => ("group", &mut read.group),
                other => {
                    // What is no object is a field not understood, and passed over (SSF 1.0, section 4.2.3).
                    if let Node::Object(member) = member {
                        others.push((other.into(), SubjectId::read(member, authority)?));
                    }
                    continue;
                }
            };
            let member = member.as_object().ok_or(TokenFault::WrongType(name))?;
            *place = Some(SubjectId::read(member, authority)?);
        }
        if let Some(tenant) = &read.tenant {
            authority.check_tenant(tenant)?;
        }
        read.others = others.into();
        if read == Self::default() {
            return Err(SetFault::EmptySubject);
        }
        Ok(read)
    }

    /// Whether it names nothing but a tenant: everybody there.
    pub(super) fn is_tenant_alone(&self) -> bool {
        let Self {
            user,
            session,
            device,
            tenant,
            application,
            org_unit,
            group,
            others,
        } = self;
        let narrower = [user, session, device, application, org_unit, group];
        tenant.is_some() && others.is_empty() && narrower.into_iter().all(Option::is_none)
    }
}

impl SubjectId {
    fn read<A: AsRef<str>>(
        subject: &Members<'_>,
        authority: &Authority<'_, A>,
    ) -> Result<Self, SetFault> {
        if required(subject, "format")? == "aliases" {
            return Self::read_aliases(subject, authority);
        }
        Self::read_one(subject, authority)
    }

    /// RFC 9493, section 3.2.8.
    fn read_aliases<A: AsRef<str>>(
        subject: &Members<'_>,
        authority: &Authority<'_, A>,
    ) -> Result<Self, SetFault> {
        let aliases = subject
            .get("identifiers")
            .ok_or(TokenFault::Missing("identifiers"))?
            .as_array()
            .ok_or(TokenFault::WrongType("identifiers"))?;
        match aliases.len() {
            0 => Err(SetFault::EmptySubject),
            1..=MAX_ALIASES => aliases
                .iter()
                .map(|alias| {
                    let alias = alias
                        .as_object()
                        .ok_or(TokenFault::WrongType("identifiers"))?;
                    Self::read_one(alias, authority)
                })
                .collect::<Result<_, _>>()
                .map(Self::Aliases),
            _ => Err(SetFault::TooManyAliases),
        }
    }

    /// One that is neither complex nor aliases, both of which hold others and are held by none.
    fn read_one<A: AsRef<str>>(
        subject: &Members<'_>,
        authority: &Authority<'_, A>,
    ) -> Result<Self, SetFault> {
        let member = |name| required(subject, name).map(Box::from);
        Ok(match required(subject, "format")? {
            "account" => {
                let uri = required(subject, "uri")?;
                let address = uri.strip_prefix("acct:");
                let address = address.ok_or(SetFault::MalformedSubject("account"))?;
                authority.check_domain(domain(address, "account")?)?;
                Self::Account { uri: uri.into() }
            }
            "email" => {
                let email = required(subject, "email")?;
                authority.check_domain(domain(email, "email")?)?;
                Self::Email {
                    email: email.into(),
                }
            }
            "iss_sub" => {
                let iss = required(subject, "iss")?;
                authority.check_issuer(iss)?;
                Self::IssSub {
                    iss: iss.into(),
                    sub: member("sub")?,
                }
            }
            "jwt_id" => {
                let iss = required(subject, "iss")?;
                authority.check_issuer(iss)?;
                Self::JwtId {
                    iss: iss.into(),
                    jti: member("jti")?,
                }
            }
            "opaque" => Self::Opaque { id: member("id")? },
            "phone_number" => Self::PhoneNumber {
                phone_number: member("phone_number")?,
            },
            "did" => {
                let url = required(subject, "url")?;
                if !url.starts_with("did:") {
                    return Err(SetFault::MalformedSubject("did"));
                }
                Self::Did { url: url.into() }
            }
            "uri" => Self::Uri {
                uri: member("uri")?,
            },
            "aliases" | "complex" => return Err(SetFault::NestedSubject),
            format => Self::Unknown {
                format: format.into(),
            },
        })
    }
}

/// What stands behind the last `@`: a local part may have some of its own, in quotes.
fn domain<'a>(address: &'a str, format: &'static str) -> Result<&'a str, SetFault> {
    match address.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() => Ok(domain),
        Some(_) | None => Err(SetFault::MalformedSubject(format)),
    }
}

/// RFC 9493, section 3.2: no member is empty.
fn required<'a>(object: &'a Members<'_>, name: &'static str) -> Result<&'a str, SetFault> {
    match text(object, name)? {
        Some("") => Err(SetFault::Empty(name)),
        Some(text) => Ok(text),
        None => Err(TokenFault::Missing(name).into()),
    }
}
