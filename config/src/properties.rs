//! A file of properties that a policy is to have: `crossgate check --assert FILE`.
//!
//! Written and faulted like `crossgate.toml`. What they mean is `crossgate-insight`'s.

use ipnet::IpNet;

use crossgate_policy::decision::{AccessType, Direction};
use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::subject::SubjectKind;

use crate::listen::range;
use crate::reader::{Document, Section, Text};
use crate::{Fault, Purpose};

/// One property.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// What it is called when it does not hold.
    pub name: String,
    /// What it says.
    pub says: Says,
}

/// What a property says.
#[derive(Clone, Debug, PartialEq)]
pub enum Says {
    /// `[[never]]`: nobody of these is let in.
    Never(Selection),
    /// `[[possible]]`: somebody of these is let in.
    Possible(Selection),
    /// `[[nobody_new]]`: the draft lets in none of these whom the policy in force refuses.
    NobodyNew(Selection),
    /// `[[reached]]`: some request is decided with a word of this document.
    Reached(Place),
    /// `[[unreached]]`: none is.
    Unreached(Place),
}

/// Whom a property is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// `where`: everything in it is true of them.
    pub all_of: Condition,
    /// `except`: not everything in it is.
    pub except: Option<Condition>,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Its name in explanations, such as `partners/TENANT-ID` or `conditional-access/ID`.
    pub document: String,
    /// The property's name in explanations begins with this.
    pub property: String,
}

/// What is true of a request. A key that is absent says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// The account's home is one of these.
    pub home: Option<Vec<HomeIs>>,
    /// It is for one of these apps.
    pub app: Option<Vec<Id>>,
    /// It goes one of these ways.
    pub direction: Option<Vec<Direction>>,
    /// It crosses tenants in one of these ways.
    pub access_type: Option<Vec<AccessType>>,
    /// A person or a workload.
    pub kind: Option<SubjectKind>,
    /// The account is known by one of these ids, at home or here.
    pub user: Option<Vec<Id>>,
    /// The account is for sure in one of these groups.
    pub group: Option<Vec<Id>>,
    /// One of these clients calls.
    pub client: Option<Vec<Id>>,
    /// It comes from one of these addresses, and they are known.
    pub address: Option<Vec<IpNet>>,
    /// An MFA claim counts.
    pub mfa: Option<bool>,
    /// A device claim counts.
    pub trusted_device: Option<bool>,
}

/// Where an account lives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HomeIs {
    /// In the own tenant.
    Own,
    /// In another tenant, whichever.
    Other,
    /// In none.
    Nowhere,
    /// In this tenant; that of Microsoft accounts stands for them.
    Tenant(TenantId),
}

impl Property {
    /// Reads a file of them.
    ///
    /// # Errors
    /// Every fault of the text.
    pub fn parse(text: &str) -> Result<Vec<Self>, Vec<Fault>> {
        let none = |_: &str| None;
        let document = Document::new(text, std::path::Path::new(""), Purpose::Decide, &none);
        document.read(|root| {
            let mut all = root.sections("never", |section| select(section, Says::Never));
            all.extend(root.sections("possible", |section| select(section, Says::Possible)));
            all.extend(root.sections("nobody_new", |section| select(section, Says::NobodyNew)));
            all.extend(root.sections("reached", |section| place(section, Says::Reached)));
            all.extend(root.sections("unreached", |section| place(section, Says::Unreached)));
            if all.is_empty() && root.lacks("never") {
                root.fault(
                    "never",
                    "no property stands here; expected at least one, such as a `[[never]]`",
                );
            }
            Some(all)
        })
    }
}

fn select(section: &mut Section<'_>, says: fn(Selection) -> Says) -> Option<Property> {
    let name = name(section);
    let all_of = section.section("where", condition).unwrap_or_default();
    let except = section.section("except", condition);
    if except
        .as_ref()
        .is_some_and(|except| *except == Condition::default())
    {
        section.fault(
            "except",
            "is empty, and so excepts everybody; remove it or say whom it means",
        );
    }
    let selection = Selection { all_of, except };
    Some(Property {
        name: name?,
        says: says(selection),
    })
}

fn place(section: &mut Section<'_>, says: fn(Place) -> Says) -> Option<Property> {
    let name = name(section);
    let document = section.required_text(
        "document",
        "a document as explanations name it, such as `partners/TENANT-ID`",
        document,
    );
    let property = section.text("property", Text::filled);
    Some(Property {
        name: name?,
        says: says(Place {
            document: document?,
            property: property.unwrap_or_default(),
        }),
    })
}

/// Documents that are no matter of single people, who stand for each other.
fn document(text: &Text<'_>) -> Option<String> {
    let is_policy = ["default", "initial", "cross-tenant-access-policy"].contains(&text.value())
        || ["partners/", "conditional-access/", "apps/"]
            .iter()
            .any(|kind| {
                text.value()
                    .strip_prefix(kind)
                    .is_some_and(|id| !id.is_empty())
            });
    if !is_policy {
        return text.refuse(
            "is no document of the policy; expected `default`, `cross-tenant-access-policy`, `partners/TENANT-ID`, \
             `conditional-access/ID`, `apps/ID` or `initial`",
        );
    }
    text.filled()
}

fn name(section: &mut Section<'_>) -> Option<String> {
    section.required_text(
        "name",
        "what it is called when it does not hold",
        Text::filled,
    )
}

fn condition(section: &mut Section<'_>) -> Condition {
    let id = |text: &Text<'_>| text.filled().map(|id| Id::new(&id));
    Condition {
        home: list(section, "home", home),
        app: list(section, "app", id),
        direction: list(section, "direction", |text| {
            text.choice(
                "a direction",
                &named(
                    [
                        Direction::Internal,
                        Direction::Inbound,
                        Direction::Outbound,
                        Direction::TenantRestricted,
                    ],
                    Direction::name,
                ),
            )
        }),
        access_type: list(section, "access_type", |text| {
            text.choice(
                "an access type",
                &named(
                    [
                        AccessType::None,
                        AccessType::Collaboration,
                        AccessType::DirectConnect,
                        AccessType::ServiceProvider,
                        AccessType::Passthrough,
                    ],
                    AccessType::name,
                ),
            )
        }),
        kind: section.text("kind", |text| {
            text.choice(
                "a kind of caller",
                &[("user", SubjectKind::User), ("app", SubjectKind::App)],
            )
        }),
        user: list(section, "user", id),
        group: list(section, "group", id),
        client: list(section, "client", id),
        address: list(section, "address", range),
        mfa: section.field("mfa").and_then(|field| field.boolean()),
        trusted_device: section
            .field("trusted_device")
            .and_then(|field| field.boolean()),
    }
}

/// A list of which one is meant; an empty one would mean nobody.
fn list<T: Clone + PartialEq>(
    section: &mut Section<'_>,
    name: &'static str,
    read: impl FnMut(&Text<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let list = section.texts(name, read)?;
    if list.is_empty() && section.lacks(name) {
        section.fault(
            name,
            "is empty, and so true of nobody; remove it or name some",
        );
    }
    Some(list)
}

fn named<T: Copy, const N: usize>(
    all: [T; N],
    name: impl Fn(T) -> &'static str,
) -> [(&'static str, T); N] {
    all.map(|one| (name(one), one))
}

fn home(text: &Text<'_>) -> Option<HomeIs> {
    match text.value() {
        "own" => Some(HomeIs::Own),
        "other" => Some(HomeIs::Other),
        "none" => Some(HomeIs::Nowhere),
        id => match TenantId::parse(id) {
            Some(tenant) => Some(HomeIs::Tenant(tenant)),
            None => text.refuse("is no home; expected a tenant id, `own`, `other` or `none`"),
        },
    }
}
