//! Self-service sign-up: by which flow people without a record become guests, and where the operator's own services are asked.

mod drafting;

use std::sync::Arc;

use crossgate_policy::ids::Id;

pub(crate) use drafting::Drafting;

/// What is set of self-service sign-up.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SignUp {
    /// `selfServiceSignUp.isEnabled`: without it nothing else counts.
    pub enabled: bool,
    /// In the order of their ids. INVARIANT: no app stands in two of them.
    pub flows: Box<[Arc<UserFlow>]>,
}

/// Graph's `b2xIdentityUserFlow`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserFlow {
    /// `B2X_1_…`.
    pub id: Box<str>,
    /// The apps that it serves.
    pub applications: Box<[Id]>,
    /// The names of the providers by which people may sign up.
    pub identity_providers: Box<[Box<str>]>,
    /// What they are asked, in this order.
    pub attributes: Box<[FlowAttribute]>,
    /// Asked when somebody comes from their provider.
    pub post_federation_signup: Option<Arc<ApiConnector>>,
    /// Asked before the guest is made.
    pub post_attribute_collection: Option<Arc<ApiConnector>>,
    /// An administrator approves each.
    pub requires_approval: bool,
    /// Where the terms are that people accept with it.
    pub terms_of_use: Option<Box<str>>,
}

/// Something that people are asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FlowAttribute {
    /// The attribute: the member of a guest's record, and of what connectors are told.
    pub id: Box<str>,
    /// What people read.
    pub label: Box<str>,
    /// It may be left empty.
    pub optional: bool,
    /// What its values are.
    pub data_type: DataType,
    /// How it is put in.
    pub input: Input,
}

/// How a value is put in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// A line of text.
    Text,
    /// An email address.
    Email,
    /// A day.
    Date,
    /// One of these, which all are seen.
    Radio(Box<[Choice]>),
    /// One of these.
    Dropdown(Box<[Choice]>),
    /// Any of these.
    Checkboxes(Box<[Choice]>),
}

/// A value to choose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Choice {
    /// What people read.
    pub name: Box<str>,
    /// What is kept.
    pub value: Box<str>,
    /// It is chosen before anybody chooses.
    pub is_default: bool,
}

/// What values an attribute has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DataType {
    /// `string`.
    Text,
    /// `boolean`.
    Boolean,
    /// `int64`.
    Integer,
    /// `stringCollection`.
    Texts,
    /// `dateTime`.
    DateTime,
}

/// Graph's `identityApiConnector`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiConnector {
    /// Its id.
    pub id: Box<str>,
    /// What it is called.
    pub name: Box<str>,
    /// Where it is asked, over HTTPS.
    pub target_url: Box<str>,
    /// Who we are to it, where it asks; the password is the operator's to keep.
    pub username: Option<Box<str>>,
}

/// An attribute that is always there.
#[derive(Clone, Copy, Debug)]
pub struct BuiltInAttribute {
    /// Its id, which is the member of a guest's record too.
    pub id: &'static str,
    /// `displayName`.
    pub name: &'static str,
    /// The provider tells it: nobody is asked for it.
    pub required: bool,
}

/// Those of Graph's for which a guest's record has a place.
pub const BUILT_IN_ATTRIBUTES: &[BuiltInAttribute] = &[
    built_in("city", "City"),
    built_in("country", "Country/Region"),
    built_in("displayName", "Display Name"),
    BuiltInAttribute {
        id: EMAIL,
        name: "Email Address",
        required: true,
    },
    built_in("givenName", "Given Name"),
    built_in("jobTitle", "Job Title"),
    built_in("postalCode", "Postal Code"),
    built_in("state", "State/Province"),
    built_in("streetAddress", "Street Address"),
    built_in("surname", "Surname"),
];

/// The address that the provider vouches for.
pub const EMAIL: &str = "email";

const fn built_in(id: &'static str, name: &'static str) -> BuiltInAttribute {
    BuiltInAttribute {
        id,
        name,
        required: false,
    }
}

impl SignUp {
    /// The flow of an app, where people can sign up.
    #[must_use]
    pub fn of_app(&self, app: &Id) -> Option<&Arc<UserFlow>> {
        let mut flows = self.flows.iter().filter(|_| self.enabled);
        flows.find(|flow| flow.applications.contains(app))
    }
}

impl UserFlow {
    /// Whether people may sign up by this provider.
    #[must_use]
    pub fn takes(&self, provider: &str) -> bool {
        let mut providers = self.identity_providers.iter();
        providers.any(|taken| **taken == *provider)
    }
}

/// Whether an id is of the form of custom attributes.
#[must_use]
pub fn is_custom(id: &str) -> bool {
    let parts = id
        .strip_prefix("extension_")
        .and_then(|rest| rest.split_once('_'));
    parts.is_some_and(|(app, name)| {
        app.len() == 32
            && app.bytes().all(|byte| byte.is_ascii_hexdigit())
            && (1..=LONGEST_NAME).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Letters of a name in an id.
const LONGEST_NAME: usize = 64;
