//! What a resource's queries may say: its properties, and the options that it takes.

/// The resource that a query is for.
#[derive(Clone, Copy)]
pub struct Allowed<'a> {
    /// What messages call it, such as `partners`. A `$skiptoken` is good for this resource alone.
    pub resource: &'a str,
    /// Its properties.
    pub properties: &'a dyn Properties,
    /// The options it takes; the others are refused.
    pub options: &'a [QueryOption],
    /// What `$expand` may name.
    pub expand: &'a [&'a str],
    /// The largest `$top`.
    pub largest_page: u16,
}

/// The largest page of most of Graph's directory resources.
pub const LARGEST_PAGE: u16 = 999;

impl<'a> Allowed<'a> {
    /// A resource that takes these options, with nothing to expand and pages of up to [`LARGEST_PAGE`].
    #[must_use]
    pub const fn new(
        resource: &'a str,
        properties: &'a dyn Properties,
        options: &'a [QueryOption],
    ) -> Self {
        Self {
            resource,
            properties,
            options,
            expand: &[],
            largest_page: LARGEST_PAGE,
        }
    }
}

/// A system query option (OData 4.01, part 2, section 5.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum QueryOption {
    /// `$select`
    Select,
    /// `$expand`
    Expand,
    /// `$filter`
    Filter,
    /// `$orderby`
    OrderBy,
    /// `$top`
    Top,
    /// `$skiptoken`
    SkipToken,
    /// `$count`
    Count,
}

impl QueryOption {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::Select,
        Self::Expand,
        Self::Filter,
        Self::OrderBy,
        Self::Top,
        Self::SkipToken,
        Self::Count,
    ];

    /// How it is written, with its `$`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Select => "$select",
            Self::Expand => "$expand",
            Self::Filter => "$filter",
            Self::OrderBy => "$orderby",
            Self::Top => "$top",
            Self::SkipToken => "$skiptoken",
            Self::Count => "$count",
        }
    }

    /// The option of this name in any letter case, with or without its `$`, as OData 4.01 asks.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let bare = name.strip_prefix('$').unwrap_or(name);
        Self::ALL.into_iter().find(|option| {
            let own = option.name();
            own.strip_prefix('$')
                .is_some_and(|own| own.eq_ignore_ascii_case(bare))
        })
    }
}

/// What properties there are.
pub trait Properties: Sync {
    /// The property of this name, in whatever letter case Graph takes it, of the objects at `within`: the names that
    /// lead there, as [`Property::name`] spells them. Empty is the resource itself; behind a collection stand its
    /// elements.
    fn property(&self, within: &[&str], name: &str) -> Option<Property<'_>>;
}

/// A property.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Property<'p> {
    /// How documents spell it.
    pub name: &'p str,
    /// What it holds.
    pub of: PropertyType,
}

/// The type of a property.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PropertyType {
    /// A value.
    One(ValueType),
    /// An array of values.
    Many(ValueType),
}

/// The type of a value. Any may also be `null` or absent, which is the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ValueType {
    /// `Edm.String`
    Text,
    /// A GUID. Queries may write it with or without quotes.
    Guid,
    /// `Edm.Boolean`
    Boolean,
    /// A number of any kind.
    Number,
    /// `Edm.DateTimeOffset`. Queries may write it with or without quotes.
    DateTime,
    /// The name of a member of an enumeration.
    Enum,
    /// An object.
    Complex,
}

impl ValueType {
    /// What it is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Guid => "a GUID",
            Self::Boolean => "a Boolean",
            Self::Number => "a number",
            Self::DateTime => "a date and time",
            Self::Enum => "an enumeration",
            Self::Complex => "an object",
        }
    }

    /// How a literal of it is written.
    pub(super) const fn literal(self) -> &'static str {
        match self {
            Self::Text | Self::Enum => "a text in single quotes",
            Self::Guid => "a GUID",
            Self::Boolean => "`true` or `false`",
            Self::Number => "a number",
            Self::DateTime => "a date and time such as `2026-01-31T12:00:00Z`",
            Self::Complex => "`null`",
        }
    }

    /// Whether one can be less than another.
    pub(super) const fn is_ordered(self) -> bool {
        match self {
            Self::Text | Self::Number | Self::DateTime => true,
            Self::Guid | Self::Boolean | Self::Enum | Self::Complex => false,
        }
    }
}

/// Properties written down as a table of paths, such as `initiatedBy/user/id`.
#[derive(Clone, Copy, Debug)]
pub struct PropertyTable(pub &'static [(&'static str, PropertyType)]);

impl Properties for PropertyTable {
    fn property(&self, within: &[&str], name: &str) -> Option<Property<'_>> {
        self.0.iter().find_map(|(path, of)| {
            let mut rest = path.split('/');
            let inside = within.iter().all(|outer| rest.next() == Some(outer));
            let own = rest.next().filter(|_| inside)?;
            (own.eq_ignore_ascii_case(name) && rest.next().is_none())
                .then_some(Property { name: own, of: *of })
        })
    }
}
