//! The entity model: what Graph's resources are called here, what properties they have, and which of them a caller may write.
//!
//! One description, from which answers are shown, bodies checked, `$select` and `$filter` read, and `$metadata` and the `OpenAPI`
//! description made, so that none of them tells of a property that another does not know.

mod access_review;
mod conditional_access;
mod cross_tenant;
mod decision;
mod delegation;
mod directory;
mod draft;
mod shown;
mod sign_in;
mod sign_up;
mod user;

pub use access_review::{ACCESS_REVIEW, ACCESS_REVIEW_DECISION, ACCESS_REVIEW_INSTANCE};
pub use conditional_access::{CONDITIONAL_ACCESS_POLICY, NAMED_LOCATION};
pub use cross_tenant::{
    DEFAULT, IDENTITY_SYNCHRONIZATION, PARTNER, PARTNER_TEMPLATE, POLICY, SYNCHRONIZATION_TEMPLATE,
};
pub use decision::DECISION;
pub use delegation::{APP_ROLE_ASSIGNMENT, GROUP, SERVICE_PRINCIPAL};
pub use directory::{
    AUTHORIZATION_POLICY, DIRECTORY_AUDIT, DIRECTORY_OBJECT, DIRECTORY_ROLE, DOMAIN_POLICY,
    EXTERNAL_IDENTITIES_POLICY, ORGANIZATION, ROLE_ASSIGNMENT, ROLE_DEFINITION, TENANT_INFORMATION,
};
pub use draft::{DRAFT_CHANGE, POLICY_DRAFT};
pub use shown::{initial, show};
pub use sign_in::SIGN_IN;
pub use sign_up::{
    API_CONNECTOR, ASSIGNMENT, AUTHENTICATION_FLOWS_POLICY, CONNECTOR_CONFIGURATION,
    IDENTITY_PROVIDER, SIGN_UP_REQUEST, USER_FLOW, USER_FLOW_ATTRIBUTE,
};
pub use user::{INVITATION, USER};

/// Everything that the API answers with.
pub static ENTITIES: &[&EntityType] = &[
    &POLICY,
    &DEFAULT,
    &PARTNER,
    &IDENTITY_SYNCHRONIZATION,
    &PARTNER_TEMPLATE,
    &SYNCHRONIZATION_TEMPLATE,
    &AUTHORIZATION_POLICY,
    &DOMAIN_POLICY,
    &EXTERNAL_IDENTITIES_POLICY,
    &AUTHENTICATION_FLOWS_POLICY,
    &USER_FLOW,
    &ASSIGNMENT,
    &USER_FLOW_ATTRIBUTE,
    &API_CONNECTOR,
    &CONNECTOR_CONFIGURATION,
    &IDENTITY_PROVIDER,
    &SIGN_UP_REQUEST,
    &CONDITIONAL_ACCESS_POLICY,
    &NAMED_LOCATION,
    &DIRECTORY_AUDIT,
    &SIGN_IN,
    &DECISION,
    &DIRECTORY_ROLE,
    &DIRECTORY_OBJECT,
    &ROLE_DEFINITION,
    &ROLE_ASSIGNMENT,
    &ORGANIZATION,
    &TENANT_INFORMATION,
    &USER,
    &INVITATION,
    &ACCESS_REVIEW,
    &ACCESS_REVIEW_INSTANCE,
    &ACCESS_REVIEW_DECISION,
    &SERVICE_PRINCIPAL,
    &APP_ROLE_ASSIGNMENT,
    &GROUP,
    &POLICY_DRAFT,
    &DRAFT_CHANGE,
];

/// A resource with an identity (OData CSDL 4.01, section 6).
#[derive(Debug)]
pub struct EntityType {
    /// The name in `microsoft.graph`.
    pub name: &'static str,
    /// The property that tells it from others of its kind; empty where there is only one.
    pub key: &'static str,
    /// What it has, in the order in which answers show it.
    pub properties: &'static [Property],
}

/// A value with members and no identity (OData CSDL 4.01, section 9).
#[derive(Debug)]
pub struct ComplexType {
    /// The name in `microsoft.graph`.
    pub name: &'static str,
    /// Its members.
    pub properties: &'static [Property],
}

/// A list of words (OData CSDL 4.01, section 10).
#[derive(Debug)]
pub struct EnumType {
    /// The name in `microsoft.graph`.
    pub name: &'static str,
    /// The words, in the order of their numbers.
    pub members: &'static [&'static str],
}

/// One property of a type.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// The name, as on the wire.
    pub name: &'static str,
    /// What values it has.
    pub kind: Kind,
    /// Who may write it.
    pub written: Written,
    /// What an answer shows where nothing is stored, as JSON; empty where the member is then left out.
    pub initial: &'static str,
}

/// What values a property has.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// A GUID in its usual form.
    Guid,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Number,
    /// RFC 3339.
    DateTime,
    /// One of some words.
    Enum(&'static EnumType),
    /// Members.
    Complex(&'static ComplexType),
    /// Any JSON: kept as it is.
    Open,
    /// A list of texts.
    Texts,
    /// A list of words.
    Enums(&'static EnumType),
    /// A list of values with members.
    Complexes(&'static ComplexType),
}

/// Who may write a property.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Written {
    /// A caller, at any time.
    Always,
    /// A caller, when the resource is made; needed then.
    AtCreation,
    /// Only Crossgate.
    Never,
}

impl EntityType {
    /// The property of this name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties
            .iter()
            .find(|property| property.name == name)
    }
}

impl ComplexType {
    /// The member of this name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties
            .iter()
            .find(|property| property.name == name)
    }
}

impl Kind {
    /// The type that members of a value are found in.
    #[must_use]
    pub const fn members(self) -> Option<&'static ComplexType> {
        match self {
            Self::Complex(of) | Self::Complexes(of) => Some(of),
            Self::Text
            | Self::Guid
            | Self::Boolean
            | Self::Number
            | Self::DateTime
            | Self::Enum(_)
            | Self::Open
            | Self::Texts
            | Self::Enums(_) => None,
        }
    }
}

impl Property {
    const fn of(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            written: Written::Always,
            initial: "null",
        }
    }

    /// The same where only Crossgate writes it.
    const fn read_only(self) -> Self {
        Self {
            written: Written::Never,
            ..self
        }
    }

    /// The same where it must come with a new resource and stays as it is.
    const fn at_creation(self) -> Self {
        Self {
            written: Written::AtCreation,
            ..self
        }
    }

    /// The same with another value where nothing is stored.
    const fn initially(self, initial: &'static str) -> Self {
        Self { initial, ..self }
    }

    /// The same where an answer leaves it out unless it is stored.
    const fn if_stored(self) -> Self {
        self.initially("")
    }
}

const fn text(name: &'static str) -> Property {
    Property::of(name, Kind::Text)
}

const fn guid(name: &'static str) -> Property {
    Property::of(name, Kind::Guid)
}

const fn boolean(name: &'static str) -> Property {
    Property::of(name, Kind::Boolean)
}

const fn number(name: &'static str) -> Property {
    Property::of(name, Kind::Number)
}

const fn date_time(name: &'static str) -> Property {
    Property::of(name, Kind::DateTime)
}

const fn choice(name: &'static str, of: &'static EnumType) -> Property {
    Property::of(name, Kind::Enum(of))
}

const fn complex(name: &'static str, of: &'static ComplexType) -> Property {
    Property::of(name, Kind::Complex(of))
}

const fn open(name: &'static str) -> Property {
    Property::of(name, Kind::Open)
}

const fn texts(name: &'static str) -> Property {
    Property::of(name, Kind::Texts)
}

const fn choices(name: &'static str, of: &'static EnumType) -> Property {
    Property::of(name, Kind::Enums(of))
}

const fn complexes(name: &'static str, of: &'static ComplexType) -> Property {
    Property::of(name, Kind::Complexes(of))
}
