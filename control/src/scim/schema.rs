//! What users and groups are made of (RFC 7643, sections 3, 4 and 7).

mod describe;
mod group;
mod user;

pub(super) use describe::{resource_types, schemas};

/// An attribute, or one of its parts.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// There may be several values.
    pub(super) many: bool,
    pub(super) required: bool,
    /// Letter case counts.
    pub(super) case_exact: bool,
    pub(super) mutability: Mutability,
    /// No two resources of a partner have the same.
    unique: bool,
    /// Values that are usual.
    canonical: &'static [&'static str],
    /// What a reference leads to.
    refers: &'static [&'static str],
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Kind {
    Text,
    Boolean,
    DateTime,
    Reference,
    Complex(&'static [Attribute]),
}

/// Who may write it, and when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mutability {
    ReadOnly,
    ReadWrite,
    Immutable,
}

/// A set of attributes.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) urn: &'static str,
    name: &'static str,
    about: &'static str,
    pub(super) attributes: &'static [Attribute],
}

/// Which kind of resource.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ResourceKind {
    User,
    Group,
}

impl ResourceKind {
    pub(super) const ALL: [Self; 2] = [Self::User, Self::Group];

    /// `meta.resourceType`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The name of its collection.
    pub(super) const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    pub(super) fn of_endpoint(endpoint: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.endpoint() == endpoint)
    }

    pub(super) const fn schema(self) -> &'static Schema {
        match self {
            Self::User => &user::CORE,
            Self::Group => &group::CORE,
        }
    }

    /// What a schema of its own adds.
    pub(super) const fn extension(self) -> Option<&'static Schema> {
        match self {
            Self::User => Some(&user::ENTERPRISE),
            Self::Group => None,
        }
    }

    /// The attribute of this name in the schema itself.
    pub(super) fn attribute(self, name: &str) -> Option<&'static Attribute> {
        find(COMMON, name).or_else(|| find(self.schema().attributes, name))
    }
}

/// The attribute of this name, in any letter case (RFC 7643, section 2.1).
pub(super) fn find(among: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    among
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

impl Attribute {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            many: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            unique: false,
            canonical: &[],
            refers: &[],
        }
    }

    const fn many(mut self) -> Self {
        self.many = true;
        self
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn case_exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    const fn read_only(mut self) -> Self {
        self.mutability = Mutability::ReadOnly;
        self
    }

    const fn immutable(mut self) -> Self {
        self.mutability = Mutability::Immutable;
        self
    }

    const fn usually(mut self, values: &'static [&'static str]) -> Self {
        self.canonical = values;
        self
    }

    /// Its parts; none where it is simple.
    pub(super) const fn parts(&self) -> &'static [Self] {
        match self.kind {
            Kind::Complex(parts) => parts,
            Kind::Text | Kind::Boolean | Kind::DateTime | Kind::Reference => &[],
        }
    }
}

const fn text(name: &'static str) -> Attribute {
    Attribute::new(name, Kind::Text)
}

const fn boolean(name: &'static str) -> Attribute {
    Attribute::new(name, Kind::Boolean)
}

const fn date_time(name: &'static str) -> Attribute {
    Attribute::new(name, Kind::DateTime).read_only()
}

const fn reference(name: &'static str, refers: &'static [&'static str]) -> Attribute {
    let mut attribute = Attribute::new(name, Kind::Reference).case_exact();
    attribute.refers = refers;
    attribute
}

const fn complex(name: &'static str, parts: &'static [Attribute]) -> Attribute {
    Attribute::new(name, Kind::Complex(parts))
}

/// What every resource has (RFC 7643, section 3.1).
static COMMON: &[Attribute] = &[
    text("id").case_exact().read_only(),
    text("externalId").case_exact(),
    complex(
        "meta",
        &[
            text("resourceType").case_exact().read_only(),
            date_time("created"),
            date_time("lastModified"),
            reference("location", &["uri"]).read_only(),
            text("version").case_exact().read_only(),
        ],
    )
    .read_only(),
];
