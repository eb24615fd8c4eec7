//! OData query options, as far as Microsoft Graph has them for these resources (OData 4.01, part 2, section 5).
//!
//! A query becomes typed [`Options`] once; a name that the resource does not have, a comparison of unlike types and an
//! option that is not taken are refused there. Knows nothing of HTTP, of the store, and of what properties there are:
//! that is for who implements [`Properties`].

mod allowed;
mod bad_query;
mod filter;
mod options;
mod order;
mod path;
mod query;
mod select;
mod skip_token;
mod values;

pub use allowed::{
    Allowed, LARGEST_PAGE, Properties, Property, PropertyTable, PropertyType, QueryOption,
    ValueType,
};
pub use bad_query::{BadQuery, BadQueryKind};
pub use filter::{Filter, Outline};
pub use options::Options;
pub use order::{Direction, OrderBy};
pub use path::Path;
pub use select::Select;
pub use skip_token::Position;

#[cfg(test)]
mod tests;
