//! The console: pages for administrators, a client of the admin API in the same process.
//!
//! Called and not calling: a visit in, a reply out. What a page shows it asks the API for, and what a form changes the API
//! changes, so that roles, protected actions, versions, the guard against lock-outs, validation and the audit are the API's and nothing
//! of them is written twice. Who visits, and whether a form is the console's own, is found out before.

mod api;
mod chart;
mod draft;
mod form;
mod nav;
mod pages;
mod query;
mod render;
mod reply;
mod setting;
mod visit;

pub use api::Api;
pub use form::field::CONFIRM;
pub use render::Console;
pub use reply::{HttpReply, Reply};
pub use visit::Visit;
