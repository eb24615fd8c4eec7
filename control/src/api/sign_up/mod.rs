//! Self-service sign-up by Graph's names: user flows and what they are made of, API connectors, attributes, providers, and who waits.

mod attributes;
mod connectors;
mod flows;
mod providers;
mod requests;

use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use super::routes::OfSignUp;

/// Answers a call.
pub(super) fn perform(api: &Api, asked: &Asked<'_>, of: OfSignUp) -> Result<Reply, ApiError> {
    match of {
        OfSignUp::CreateFlow => flows::create(api, asked),
        OfSignUp::UpdateFlow => flows::update(api, asked),
        OfSignUp::ListFlowProviders => flows::list_providers(api, asked),
        OfSignUp::AddFlowProvider => flows::add_provider(api, asked),
        OfSignUp::RemoveFlowProvider => flows::remove_provider(api, asked),
        OfSignUp::ListAssignments => attributes::list_assignments(api, asked),
        OfSignUp::CreateAssignment => attributes::assign(api, asked),
        OfSignUp::GetAssignment => attributes::get_assignment(api, asked),
        OfSignUp::UpdateAssignment => attributes::update_assignment(api, asked),
        OfSignUp::DeleteAssignment => attributes::remove_assignment(api, asked),
        OfSignUp::GetConnectors => flows::get_connectors(api, asked),
        OfSignUp::SetConnector(step) => flows::set_connector(api, asked, step),
        OfSignUp::RemoveConnector(step) => flows::remove_connector(api, asked, step),
        OfSignUp::CreateConnector => connectors::create(api, asked),
        OfSignUp::UpdateConnector => connectors::update(api, asked),
        OfSignUp::ListAttributes => attributes::list(api, asked),
        OfSignUp::GetAttribute => attributes::get(api, asked),
        OfSignUp::CreateAttribute => attributes::create(api, asked),
        OfSignUp::ListProviders => providers::list(api, asked),
        OfSignUp::GetProvider => providers::get(api, asked),
        OfSignUp::Approve => requests::approve(api, asked),
        OfSignUp::Deny => requests::deny(api, asked),
    }
}

/// The last part of the address that a reference names: which service and which collection it names does not matter.
fn referenced(address: &str) -> &str {
    let last = address.trim_end_matches('/').rsplit('/').next();
    last.unwrap_or_default()
}
