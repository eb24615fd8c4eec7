//! One request, step by step: where it goes, what it carries, whether it may, what is told to whom.

pub mod admit;
pub mod assertion;
pub mod body;
pub mod credential;
pub mod cross_tenant;
pub mod forwarded;
pub mod head;
pub mod headers;
pub mod host;
pub mod identity;
pub mod names;
pub mod path;
pub mod principal;
pub mod respond;
pub mod restriction;
pub mod route;
pub mod scribe;
pub mod subject;
#[cfg(test)]
pub(crate) mod testing;
pub mod token;
pub mod tokens;
