//! What the API serves to those who look before they change, and back at what was decided.

use super::super::listed::{OF_ALL, OF_ONE};
use super::Need::Always;
use super::Operation::Special as Own;
use super::Verb::Get as GET;
use super::needs::READ_SIGN_INS;
use super::table::route;
use super::{Route, Special};
use crate::roles::Action;

pub(super) const ROUTES: &[Route] = &[
    route(
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
    ),
    route(
        GET,
        "crossgate/decisions/{correlationId}",
        Own(Special::GetDecision),
        READ_SIGN_INS,
        OF_ONE,
        "Get why the requests of a correlation id were let in or refused, step by step",
    ),
    route(
        GET,
        "crossgate/signIns/export",
        Own(Special::ExportSignIns),
        READ_SIGN_INS,
        OF_ALL,
        "Export sign-ins as JSON lines, the oldest first, in one answer: `?since=TIME&until=TIME`",
    ),
    route(
        GET,
        "crossgate/activity",
        Own(Special::Activity),
        &[Always(Action::SignInReportsRead)],
        &[],
        "Add up who crossed the organization's border: `?since=TIME&until=TIME&by=tenant`, `app`, `user`, `status`, `day` or `hour`; of one `direction`, `tenant`, `app`, `user` or `status`",
    ),
    route(
        GET,
        "crossgate/versions",
        Own(Special::Versions),
        &[
            Always(Action::AuditLogsRead),
            Always(Action::DefaultRead),
            Always(Action::PartnersRead),
            Always(Action::ConditionalAccessRead),
        ],
        &[],
        "List what a policy document was, the latest first: `?document=default`",
    ),
    route(
        GET,
        "crossgate/health",
        Own(Special::Health),
        &[Always(Action::OrganizationRead)],
        &[],
        "Get how the gateway is: keys of issuers, sinks of events, what is in force",
    ),
    route(
        GET,
        "crossgate/me",
        Own(Special::Me),
        &[],
        &[],
        "Get what the caller may do",
    ),
];
