//! Collections: what a query asks for, and a page of it.

use serde_json::{Map, Value, json};

use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use crate::model::{EntityType, Kind, Property};
use crate::odata::{
    self, Allowed, BadQuery, BadQueryKind, LARGEST_PAGE, Options, Position, PropertyType,
    QueryOption, ValueType,
};
use crate::text::put;

/// What a query asks for.
pub(super) struct Listing(Options);

/// The options that a call came with, as far as its route takes any.
pub(super) fn options(asked: &Asked<'_>, entity: &EntityType) -> Result<Listing, ApiError> {
    options_of_pages(asked, entity, LARGEST_PAGE)
}

/// The same where pages may be larger or smaller than usual.
pub(super) fn options_of_pages(
    asked: &Asked<'_>,
    entity: &EntityType,
    largest_page: u16,
) -> Result<Listing, ApiError> {
    let allowed = Allowed {
        expand: asked.route.expand,
        largest_page,
        ..Allowed::new(entity.name, entity, asked.route.options)
    };
    let options = Options::parse(asked.call.query.as_deref(), &allowed)?;
    Ok(Listing(options))
}

/// The options in a part of the query, the rest of which is ours.
pub(super) fn options_of_query(
    asked: &Asked<'_>,
    entity: &EntityType,
    query: Option<&str>,
) -> Result<Listing, ApiError> {
    let allowed = Allowed::new(entity.name, entity, asked.route.options);
    Ok(Listing(Options::parse(query, &allowed)?))
}

impl Listing {
    /// The members that are asked for.
    pub(super) fn select(&self, mut shown: Map<String, Value>) -> Map<String, Value> {
        self.0.select.apply(&mut shown);
        shown
    }

    /// Whether the query is for this one.
    pub(super) fn admits(&self, shown: &Value) -> bool {
        self.0
            .filter
            .as_ref()
            .is_none_or(|filter| filter.admits(shown))
    }

    /// Whether something is filtered.
    pub(super) const fn filters(&self) -> bool {
        self.0.filter.is_some()
    }

    /// The value that a property must have for any object to be admitted.
    pub(super) fn equals(&self, property: &str) -> Option<&str> {
        self.0.filter.as_ref()?.equals(property)
    }

    /// The options as they were read.
    pub(super) const fn options(&self) -> &Options {
        &self.0
    }

    /// Whether this is to be shown along.
    pub(super) fn expands(&self, name: &str) -> bool {
        self.0.expand.iter().any(|expanded| **expanded == *name)
    }

    /// The key behind which the page begins.
    pub(super) fn after(&self) -> Option<&str> {
        self.0.after.as_ref().map(|position| &*position.key)
    }

    /// Whether the number of all is asked for.
    pub(super) const fn wants_count(&self) -> bool {
        self.0.count
    }
}

/// A page that is being filled.
pub(super) struct Page<'l> {
    listing: &'l Listing,
    size: usize,
    items: Vec<Value>,
    next: Option<Position>,
}

impl<'l> Page<'l> {
    /// An empty one.
    pub(super) fn new(listing: &'l Listing) -> Self {
        Self {
            listing,
            size: listing.0.top.map_or(DEFAULT_SIZE, usize::from),
            items: Vec::new(),
            next: None,
        }
    }

    /// How many to read at once: as many as a page has, and one that tells whether there are more; and no fewer than a good handful where
    /// a filter may leave most of them out.
    pub(super) fn worth_reading(&self) -> usize {
        let least = if self.listing.filters() {
            LEAST_READ
        } else {
            0
        };
        least.max(self.size + 1)
    }

    /// Whether no more fit.
    pub(super) const fn is_full(&self) -> bool {
        self.items.len() >= self.size
    }

    /// Takes one.
    pub(super) fn push(&mut self, item: Value) {
        self.items.push(item);
    }

    /// There are more, behind this place.
    pub(super) fn goes_on(&mut self, behind: Position) {
        self.next = Some(behind);
    }

    /// The answer.
    pub(super) fn reply(self, asked: &Asked<'_>, context: Value, count: Option<u64>) -> Reply {
        let mut body = json!({"@odata.context": context, "value": self.items});
        if let Some(count) = count {
            put(&mut body, "@odata.count", json!(count));
        }
        if let Some(position) = self.next {
            let link = self.listing.0.next_link(&asked.address(), &position);
            put(&mut body, "@odata.nextLink", json!(link));
        }
        Reply::ok(body)
    }
}

/// A page of a list that is at hand as a whole, filtered, ordered and cut.
pub(super) fn page_of(
    asked: &Asked<'_>,
    entity: &EntityType,
    context: &str,
    all: impl IntoIterator<Item = Map<String, Value>>,
) -> Result<Reply, ApiError> {
    let listing = options(asked, entity)?;
    let mut all: Vec<Value> = all
        .into_iter()
        .map(Value::Object)
        .filter(|shown| listing.admits(shown))
        .collect();
    let key = |shown: &Value| -> Box<str> {
        let key = shown.get(entity.key).and_then(Value::as_str);
        key.unwrap_or_default().into()
    };
    all.sort_by(|a, b| {
        let order = listing.0.order_by.compare(a, b);
        order.then_with(|| key(a).cmp(&key(b)))
    });
    let count = listing.wants_count().then_some(all.len() as u64);
    let begin = listing.0.after.as_ref().map_or(0, |after| {
        all.partition_point(|shown| {
            listing
                .0
                .order_by
                .compare_to(shown, &key(shown), after)
                .is_le()
        })
    });
    let mut page = Page::new(&listing);
    let mut last = None;
    for shown in all.into_iter().skip(begin) {
        if page.is_full() {
            if let Some(last) = last.take() {
                page.goes_on(last);
            }
            break;
        }
        last = Some(listing.0.order_by.position(&shown, &key(&shown)));
        if let Value::Object(shown) = shown {
            page.push(Value::Object(listing.select(shown)));
        }
    }
    Ok(page.reply(asked, asked.context(context), count))
}

impl odata::Properties for EntityType {
    fn property(&self, within: &[&str], name: &str) -> Option<odata::Property<'_>> {
        let mut properties = self.properties;
        for outer in within {
            let outer = properties.iter().find(|property| property.name == *outer)?;
            properties = outer.kind.members()?.properties;
        }
        let property = properties
            .iter()
            .find(|property| property.name.eq_ignore_ascii_case(name))?;
        Some(odata::Property {
            name: property.name,
            of: type_of(property),
        })
    }
}

const fn type_of(property: &Property) -> PropertyType {
    use PropertyType::{Many, One};
    match property.kind {
        Kind::Text => One(ValueType::Text),
        Kind::Guid => One(ValueType::Guid),
        Kind::Boolean => One(ValueType::Boolean),
        Kind::Number => One(ValueType::Number),
        Kind::DateTime => One(ValueType::DateTime),
        Kind::Enum(_) => One(ValueType::Enum),
        Kind::Complex(_) | Kind::Open => One(ValueType::Complex),
        Kind::Texts => Many(ValueType::Text),
        Kind::Enums(_) => Many(ValueType::Enum),
        Kind::Complexes(_) => Many(ValueType::Complex),
    }
}

impl From<BadQuery> for ApiError {
    fn from(bad: BadQuery) -> Self {
        match bad.kind {
            BadQueryKind::Malformed | BadQueryKind::SkipToken => Self::bad_address(bad.to_string()),
            BadQueryKind::Unsupported => Self {
                code: "Request_UnsupportedQuery",
                ..Self::bad_address(bad.to_string())
            },
        }
    }
}

/// Options of a resource.
pub(super) const OF_ONE: &[QueryOption] = &[QueryOption::Select];

/// Options of a resource that has others to expand.
pub(super) const OF_ONE_WITH_MORE: &[QueryOption] = &[QueryOption::Select, QueryOption::Expand];

/// Options of a collection in the order of its keys.
pub(super) const OF_MANY: &[QueryOption] = &[
    QueryOption::Select,
    QueryOption::Filter,
    QueryOption::Top,
    QueryOption::SkipToken,
    QueryOption::Count,
];

/// Options of a collection that has others to expand.
pub(super) const OF_MANY_WITH_MORE: &[QueryOption] = &[
    QueryOption::Select,
    QueryOption::Expand,
    QueryOption::Filter,
    QueryOption::Top,
    QueryOption::SkipToken,
    QueryOption::Count,
];

/// Options of a collection that can be ordered.
pub(super) const OF_MANY_IN_ORDER: &[QueryOption] = &[
    QueryOption::Select,
    QueryOption::Filter,
    QueryOption::OrderBy,
    QueryOption::Top,
    QueryOption::SkipToken,
    QueryOption::Count,
];

/// Options of a log, which is too long to be counted.
pub(super) const OF_A_LOG: &[QueryOption] = &[
    QueryOption::Select,
    QueryOption::Filter,
    QueryOption::OrderBy,
    QueryOption::Top,
    QueryOption::SkipToken,
];

/// Options of what is answered whole.
pub(super) const OF_ALL: &[QueryOption] = &[QueryOption::Filter];

/// Documents that are read at once to be filtered.
const LEAST_READ: usize = 500;

/// As Graph's directory has it.
const DEFAULT_SIZE: usize = 100;
