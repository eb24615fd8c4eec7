//! The part of the table that is about self-service sign-up, and what of it is more than a document.

use super::super::listed::{OF_MANY, OF_ONE};
use super::Need::Always;
use super::Operation::{Delete, Get, List, Special as Own, Update};
use super::Route;
use super::Special::SignUp;
use super::Verb::{Delete as DELETE, Get as GET, Patch as PATCH, Post as POST, Put as PUT};
use super::table::route;
use crate::audit::Activity;
use crate::model::{self, EntityType};
use crate::resource::{self, Resource};
use crate::roles::Action;

/// What of sign-up no other resource has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OfSignUp {
    /// A user flow is made.
    CreateFlow,
    /// What Crossgate adds to one changes.
    UpdateFlow,
    /// The providers of a flow.
    ListFlowProviders,
    /// One more.
    AddFlowProvider,
    /// One less.
    RemoveFlowProvider,
    /// What a flow asks.
    ListAssignments,
    /// It asks one thing more.
    CreateAssignment,
    /// One thing that it asks.
    GetAssignment,
    /// It asks it otherwise.
    UpdateAssignment,
    /// It asks it no more.
    DeleteAssignment,
    /// Whom a flow asks.
    GetConnectors,
    /// It asks somebody at this step.
    SetConnector(Step),
    /// It asks nobody any more at this step.
    RemoveConnector(Step),
    /// A connector is made.
    CreateConnector,
    /// It changes.
    UpdateConnector,
    /// Built-in and custom attributes.
    ListAttributes,
    /// One of them.
    GetAttribute,
    /// A custom one is made.
    CreateAttribute,
    /// Where people sign in.
    ListProviders,
    /// One of those.
    GetProvider,
    /// Somebody who waits becomes a guest.
    Approve,
    /// Somebody who waits is not to be one.
    Deny,
}

/// When a connector is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// When somebody comes from their provider.
    PostFederationSignup,
    /// Before the guest is made.
    PostAttributeCollection,
}

/// What a call sends.
pub(in super::super) enum Taken {
    New(&'static EntityType),
    Changes(&'static EntityType),
    Reference,
    /// An object of these members, each of this JSON type.
    Members(&'static [(&'static str, &'static str)]),
}

/// What it is answered with.
pub(in super::super) enum Given {
    Nothing,
    New(&'static EntityType),
    One(&'static EntityType),
    Many(&'static EntityType),
    /// Any JSON object.
    Anything,
    /// The same, of what has only begun.
    Later,
}

impl Step {
    /// The member of `apiConnectorConfiguration`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PostFederationSignup => "postFederationSignup",
            Self::PostAttributeCollection => "postAttributeCollection",
        }
    }
}

impl OfSignUp {
    /// What is told of it in the audit.
    pub(in super::super) const fn told(self) -> (&'static Resource, Activity) {
        let flows = &resource::USER_FLOWS;
        match self {
            Self::CreateFlow => (flows, flows.create),
            Self::UpdateFlow
            | Self::AddFlowProvider
            | Self::RemoveFlowProvider
            | Self::CreateAssignment
            | Self::UpdateAssignment
            | Self::DeleteAssignment
            | Self::SetConnector(_)
            | Self::RemoveConnector(_) => (flows, flows.update),
            Self::ListFlowProviders
            | Self::ListAssignments
            | Self::GetAssignment
            | Self::GetConnectors
            | Self::ListProviders
            | Self::GetProvider => (flows, flows.read),
            Self::CreateConnector => (&resource::API_CONNECTORS, resource::API_CONNECTORS.create),
            Self::UpdateConnector => (&resource::API_CONNECTORS, resource::API_CONNECTORS.update),
            Self::ListAttributes | Self::GetAttribute => (
                &resource::USER_FLOW_ATTRIBUTES,
                resource::USER_FLOW_ATTRIBUTES.read,
            ),
            Self::CreateAttribute => (
                &resource::USER_FLOW_ATTRIBUTES,
                resource::USER_FLOW_ATTRIBUTES.create,
            ),
            Self::Approve => (&resource::SIGN_UP_REQUESTS, APPROVE),
            Self::Deny => (&resource::SIGN_UP_REQUESTS, DENY),
        }
    }

    pub(in super::super) const fn takes(self) -> Option<Taken> {
        match self {
            Self::CreateFlow => Some(Taken::New(&model::USER_FLOW)),
            Self::UpdateFlow => Some(Taken::Changes(&model::USER_FLOW)),
            Self::CreateAssignment => Some(Taken::New(&model::ASSIGNMENT)),
            Self::UpdateAssignment => Some(Taken::Changes(&model::ASSIGNMENT)),
            Self::CreateConnector => Some(Taken::New(&model::API_CONNECTOR)),
            Self::UpdateConnector => Some(Taken::Changes(&model::API_CONNECTOR)),
            Self::CreateAttribute => Some(Taken::New(&model::USER_FLOW_ATTRIBUTE)),
            Self::AddFlowProvider | Self::SetConnector(_) => Some(Taken::Reference),
            Self::ListFlowProviders
            | Self::RemoveFlowProvider
            | Self::ListAssignments
            | Self::GetAssignment
            | Self::DeleteAssignment
            | Self::GetConnectors
            | Self::RemoveConnector(_)
            | Self::ListAttributes
            | Self::GetAttribute
            | Self::ListProviders
            | Self::GetProvider
            | Self::Approve
            | Self::Deny => None,
        }
    }

    pub(in super::super) const fn gives(self) -> Given {
        match self {
            Self::CreateFlow => Given::New(&model::USER_FLOW),
            Self::CreateAssignment => Given::New(&model::ASSIGNMENT),
            Self::CreateConnector => Given::New(&model::API_CONNECTOR),
            Self::CreateAttribute => Given::New(&model::USER_FLOW_ATTRIBUTE),
            Self::ListFlowProviders | Self::ListProviders => Given::Many(&model::IDENTITY_PROVIDER),
            Self::ListAssignments => Given::Many(&model::ASSIGNMENT),
            Self::ListAttributes => Given::Many(&model::USER_FLOW_ATTRIBUTE),
            Self::GetAssignment => Given::One(&model::ASSIGNMENT),
            Self::GetConnectors => Given::One(&model::CONNECTOR_CONFIGURATION),
            Self::GetAttribute => Given::One(&model::USER_FLOW_ATTRIBUTE),
            Self::GetProvider => Given::One(&model::IDENTITY_PROVIDER),
            Self::Approve => Given::One(&model::USER),
            Self::UpdateFlow
            | Self::AddFlowProvider
            | Self::RemoveFlowProvider
            | Self::UpdateAssignment
            | Self::DeleteAssignment
            | Self::SetConnector(_)
            | Self::RemoveConnector(_)
            | Self::UpdateConnector
            | Self::Deny => Given::Nothing,
        }
    }
}

pub(in super::super) const APPROVE: Activity =
    Activity::new("UserManagement", "Add", "Approve self-service sign-up");

pub(in super::super) const DENY: Activity =
    Activity::new("UserManagement", "Update", "Deny self-service sign-up");

/// What is served of self-service sign-up.
pub(super) const ROUTES: &[Route] = &[
    route(
        GET,
        "policies/authenticationFlowsPolicy",
        Get(&resource::AUTHENTICATION_FLOWS),
        &[Always(Action::AuthorizationPolicyRead)],
        OF_ONE,
        "Get whether people can sign up by themselves",
    ),
    route(
        PATCH,
        "policies/authenticationFlowsPolicy",
        Update(&resource::AUTHENTICATION_FLOWS),
        &[Always(Action::AuthorizationPolicyManage)],
        &[],
        "Update whether people can sign up by themselves",
    ),
    route(
        GET,
        "identity/b2xUserFlows",
        List(&resource::USER_FLOWS),
        &[Always(Action::UserFlowsRead)],
        OF_MANY,
        "List user flows",
    ),
    route(
        POST,
        "identity/b2xUserFlows",
        Own(SignUp(OfSignUp::CreateFlow)),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Create a user flow",
    ),
    route(
        GET,
        "identity/b2xUserFlows/{id}",
        Get(&resource::USER_FLOWS),
        &[Always(Action::UserFlowsRead)],
        OF_ONE,
        "Get a user flow",
    ),
    route(
        PATCH,
        "identity/b2xUserFlows/{id}",
        Own(SignUp(OfSignUp::UpdateFlow)),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Update which apps a user flow is for, whether it needs approval, and its terms of use",
    ),
    route(
        DELETE,
        "identity/b2xUserFlows/{id}",
        Delete(&resource::USER_FLOWS),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Delete a user flow",
    ),
    route(
        GET,
        "identity/b2xUserFlows/{id}/userFlowIdentityProviders",
        Own(SignUp(OfSignUp::ListFlowProviders)),
        &[Always(Action::UserFlowsRead)],
        OF_MANY,
        "List the identity providers of a user flow",
    ),
    route(
        POST,
        "identity/b2xUserFlows/{id}/userFlowIdentityProviders/$ref",
        Own(SignUp(OfSignUp::AddFlowProvider)),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Add an identity provider to a user flow",
    ),
    route(
        DELETE,
        "identity/b2xUserFlows/{id}/userFlowIdentityProviders/{providerId}/$ref",
        Own(SignUp(OfSignUp::RemoveFlowProvider)),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Remove an identity provider from a user flow",
    ),
    route(
        GET,
        "identity/b2xUserFlows/{id}/userAttributeAssignments",
        Own(SignUp(OfSignUp::ListAssignments)),
        &[Always(Action::UserFlowsRead)],
        OF_MANY,
        "List what a user flow asks",
    ),
    route(
        POST,
        "identity/b2xUserFlows/{id}/userAttributeAssignments",
        Own(SignUp(OfSignUp::CreateAssignment)),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Have a user flow ask an attribute",
    ),
    route(
        GET,
        "identity/b2xUserFlows/{id}/userAttributeAssignments/{attributeId}",
        Own(SignUp(OfSignUp::GetAssignment)),
        &[Always(Action::UserFlowsRead)],
        OF_ONE,
        "Get how a user flow asks an attribute",
    ),
    route(
        PATCH,
        "identity/b2xUserFlows/{id}/userAttributeAssignments/{attributeId}",
        Own(SignUp(OfSignUp::UpdateAssignment)),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Update how a user flow asks an attribute",
    ),
    route(
        DELETE,
        "identity/b2xUserFlows/{id}/userAttributeAssignments/{attributeId}",
        Own(SignUp(OfSignUp::DeleteAssignment)),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Have a user flow ask an attribute no more",
    ),
    route(
        GET,
        "identity/b2xUserFlows/{id}/apiConnectorConfiguration",
        Own(SignUp(OfSignUp::GetConnectors)),
        &[Always(Action::UserFlowsRead)],
        &[],
        "Get which API connectors a user flow asks",
    ),
    route(
        PUT,
        "identity/b2xUserFlows/{id}/apiConnectorConfiguration/postFederationSignup/$ref",
        Own(SignUp(OfSignUp::SetConnector(Step::PostFederationSignup))),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Have a user flow ask an API connector after the sign-in",
    ),
    route(
        DELETE,
        "identity/b2xUserFlows/{id}/apiConnectorConfiguration/postFederationSignup/$ref",
        Own(SignUp(OfSignUp::RemoveConnector(
            Step::PostFederationSignup,
        ))),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Have a user flow ask no API connector after the sign-in",
    ),
    route(
        PUT,
        "identity/b2xUserFlows/{id}/apiConnectorConfiguration/postAttributeCollection/$ref",
        Own(SignUp(OfSignUp::SetConnector(
            Step::PostAttributeCollection,
        ))),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Have a user flow ask an API connector before the guest is made",
    ),
    route(
        DELETE,
        "identity/b2xUserFlows/{id}/apiConnectorConfiguration/postAttributeCollection/$ref",
        Own(SignUp(OfSignUp::RemoveConnector(
            Step::PostAttributeCollection,
        ))),
        &[Always(Action::UserFlowsManage)],
        &[],
        "Have a user flow ask no API connector before the guest is made",
    ),
    route(
        GET,
        "identity/apiConnectors",
        List(&resource::API_CONNECTORS),
        &[Always(Action::ApiConnectorsRead)],
        OF_MANY,
        "List API connectors",
    ),
    route(
        POST,
        "identity/apiConnectors",
        Own(SignUp(OfSignUp::CreateConnector)),
        &[Always(Action::ApiConnectorsManage)],
        &[],
        "Create an API connector",
    ),
    route(
        GET,
        "identity/apiConnectors/{id}",
        Get(&resource::API_CONNECTORS),
        &[Always(Action::ApiConnectorsRead)],
        OF_ONE,
        "Get an API connector",
    ),
    route(
        PATCH,
        "identity/apiConnectors/{id}",
        Own(SignUp(OfSignUp::UpdateConnector)),
        &[Always(Action::ApiConnectorsManage)],
        &[],
        "Update an API connector",
    ),
    route(
        DELETE,
        "identity/apiConnectors/{id}",
        Delete(&resource::API_CONNECTORS),
        &[Always(Action::ApiConnectorsManage)],
        &[],
        "Delete an API connector",
    ),
    route(
        GET,
        "identity/userFlowAttributes",
        Own(SignUp(OfSignUp::ListAttributes)),
        &[Always(Action::UserAttributesRead)],
        OF_MANY,
        "List the attributes that user flows can ask",
    ),
    route(
        POST,
        "identity/userFlowAttributes",
        Own(SignUp(OfSignUp::CreateAttribute)),
        &[Always(Action::UserAttributesManage)],
        &[],
        "Create a custom attribute",
    ),
    route(
        GET,
        "identity/userFlowAttributes/{id}",
        Own(SignUp(OfSignUp::GetAttribute)),
        &[Always(Action::UserAttributesRead)],
        OF_ONE,
        "Get an attribute",
    ),
    route(
        PATCH,
        "identity/userFlowAttributes/{id}",
        Update(&resource::USER_FLOW_ATTRIBUTES),
        &[Always(Action::UserAttributesManage)],
        &[],
        "Update a custom attribute",
    ),
    route(
        DELETE,
        "identity/userFlowAttributes/{id}",
        Delete(&resource::USER_FLOW_ATTRIBUTES),
        &[Always(Action::UserAttributesManage)],
        &[],
        "Delete a custom attribute",
    ),
    route(
        GET,
        "identity/identityProviders",
        Own(SignUp(OfSignUp::ListProviders)),
        &[Always(Action::IdentityProvidersRead)],
        OF_MANY,
        "List identity providers, which the configuration has",
    ),
    route(
        GET,
        "identity/identityProviders/{id}",
        Own(SignUp(OfSignUp::GetProvider)),
        &[Always(Action::IdentityProvidersRead)],
        OF_ONE,
        "Get an identity provider",
    ),
    route(
        GET,
        "crossgate/signUpRequests",
        List(&resource::SIGN_UP_REQUESTS),
        &[Always(Action::UsersRead)],
        OF_MANY,
        "List who signed up and waits for approval, or was denied",
    ),
    route(
        GET,
        "crossgate/signUpRequests/{id}",
        Get(&resource::SIGN_UP_REQUESTS),
        &[Always(Action::UsersRead)],
        OF_ONE,
        "Get one of them",
    ),
    route(
        POST,
        "crossgate/signUpRequests/{id}/approve",
        Own(SignUp(OfSignUp::Approve)),
        &[Always(Action::UsersInvite)],
        &[],
        "Approve a sign-up: the person is a guest",
    ),
    route(
        POST,
        "crossgate/signUpRequests/{id}/deny",
        Own(SignUp(OfSignUp::Deny)),
        &[Always(Action::UsersInvite)],
        &[],
        "Deny a sign-up",
    ),
];
