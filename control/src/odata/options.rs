//! A query's options, all read and checked.

use super::allowed::{Allowed, QueryOption};
use super::bad_query::{BadQuery, shown};
use super::filter::Filter;
use super::order::OrderBy;
use super::query;
use super::select::{self, Select};
use super::skip_token::{Binding, Position};

/// What a query asks for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which members are answered.
    pub select: Select,
    /// What is answered along with each object, as documents spell it.
    pub expand: Box<[Box<str>]>,
    /// Which objects; all where there is none.
    pub filter: Option<Filter>,
    /// In which order.
    pub order_by: OrderBy,
    /// How many at once, at least 1.
    pub top: Option<u16>,
    /// Behind which object the page begins; at the start where there is none.
    pub after: Option<Position>,
    /// Whether to say how many there are in all.
    pub count: bool,
    binding: Binding,
    /// All but the `$skiptoken`, for the link to the next page.
    pairs: Vec<(String, String)>,
}

impl Options {
    /// Reads the query of a request, the part behind the `?`.
    ///
    /// Names of options are taken in any letter case, with or without their `$`.
    ///
    /// # Errors
    /// The first thing in it that is malformed, or is not taken here.
    pub fn parse(query: Option<&str>, allowed: &Allowed<'_>) -> Result<Self, BadQuery> {
        let mut pairs = query::pairs(query.unwrap_or_default())?;
        let mut given = Given::default();
        for (name, value) in &pairs {
            given.take(name, value, allowed)?;
        }
        let expand = match given.expand {
            Some(text) => select::expand(text, allowed)?,
            None => Box::default(),
        };
        let select = match given.select {
            Some(text) => Select::parse(text, allowed, &expand)?,
            None => Select::All,
        };
        let filter = match given.filter {
            Some(text) => Some(Filter::parse(text, allowed)?),
            None => None,
        };
        let order_by = match given.order_by {
            Some(text) => OrderBy::parse(text, allowed)?,
            None => OrderBy::default(),
        };
        let top = match given.top {
            Some(text) => Some(top(text, allowed.largest_page)?),
            None => None,
        };
        let count = match given.count {
            Some(text) => count(text)?,
            None => false,
        };
        let printed = filter.as_ref().map(Filter::to_string).unwrap_or_default();
        let binding = Binding::new(allowed.resource, &printed, &order_by.to_string());
        let after = match given.skip_token {
            Some(text) => Some(binding.read(text, order_by.terms().count())?),
            None => None,
        };
        pairs.retain(|(name, _)| QueryOption::from_name(name) != Some(QueryOption::SkipToken));
        Ok(Self {
            select,
            expand,
            filter,
            order_by,
            top,
            after,
            count,
            binding,
            pairs,
        })
    }

    /// The URL of the page behind a position: `base`, which has no query of its own, the options of this query, and a
    /// `$skiptoken`. Clients follow it unchanged.
    #[must_use]
    pub fn next_link(&self, base: &str, position: &Position) -> String {
        let mut link = base.to_owned();
        for (name, value) in &self.pairs {
            query::push(&mut link, name, value);
        }
        query::push(
            &mut link,
            QueryOption::SkipToken.name(),
            &self.binding.write(position),
        );
        link
    }
}

/// The options as they stand in the query.
#[derive(Default)]
struct Given<'q> {
    select: Option<&'q str>,
    expand: Option<&'q str>,
    filter: Option<&'q str>,
    order_by: Option<&'q str>,
    top: Option<&'q str>,
    skip_token: Option<&'q str>,
    count: Option<&'q str>,
}

impl<'q> Given<'q> {
    fn take(&mut self, name: &str, value: &'q str, allowed: &Allowed<'_>) -> Result<(), BadQuery> {
        let known = QueryOption::from_name(name);
        let Some(option) = known.filter(|option| allowed.options.contains(option)) else {
            let taken: Vec<_> = allowed.options.iter().map(|option| option.name()).collect();
            let instead = match taken.as_slice() {
                [] => "it takes no query options".to_owned(),
                taken => format!("expected `{}`", taken.join("`, `")),
            };
            return Err(BadQuery::unsupported(format!(
                "the query option {} is not supported by `{}`; {instead}",
                shown(known.map_or(name, |option| option.name())),
                allowed.resource
            )));
        };
        let slot = match option {
            QueryOption::Select => &mut self.select,
            QueryOption::Expand => &mut self.expand,
            QueryOption::Filter => &mut self.filter,
            QueryOption::OrderBy => &mut self.order_by,
            QueryOption::Top => &mut self.top,
            QueryOption::SkipToken => &mut self.skip_token,
            QueryOption::Count => &mut self.count,
        };
        if slot.replace(value).is_some() {
            return Err(BadQuery::malformed(format!(
                "`{}` is given twice",
                option.name()
            )));
        }
        Ok(())
    }
}

fn top(text: &str, largest: u16) -> Result<u16, BadQuery> {
    // `parse` would take a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text
        .parse()
        .ok()
        .filter(|number| digits && (1..=largest).contains(number));
    number.ok_or_else(|| {
        BadQuery::unsupported(format!(
            "`$top`: invalid page size {}; expected a number from 1 to {largest}",
            shown(text)
        ))
    })
}

fn count(text: &str) -> Result<bool, BadQuery> {
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(BadQuery::malformed(format!(
            "`$count`: expected `true` or `false`, not {}",
            shown(text)
        )))
    }
}
