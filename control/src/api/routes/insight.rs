//! What the API serves to those who look before they change.

use super::Need::Always;
use super::Operation::Special as Own;
use super::Verb::Get as GET;
use super::table::route;
use super::{Route, Special};
use crate::roles::Action;

pub(super) const ROUTES: &[Route] = &[route(
    GET,
    "crossgate/effective",
    Own(Special::Effective),
    &[
        Always(Action::DefaultRead),
        Always(Action::PartnersRead),
        Always(Action::ConditionalAccessRead),
    ],
    &[],
    "Get the rules that hold for the people of a tenant, and for an app, merged as requests are decided by them: `?tenant=ID&app=ID`",
)];
