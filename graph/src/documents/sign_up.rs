//! Graph's documents of self-service sign-up: the switch, user flows, API connectors and custom attributes.

use serde::Deserialize;

use crate::reader::values::{AnyId, Kept, Label, Object, Text, words};

/// Graph's `authenticationFlowsPolicy`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AuthenticationFlowsDocument {
    pub(crate) self_service_sign_up: Option<Object<Switch>>,

    #[serde(rename = "id")]
    _id: Option<Label>,
    #[serde(rename = "displayName")]
    _display_name: Option<Label>,
    #[serde(rename = "description")]
    _description: Option<Label>,
    #[serde(rename = "deletedDateTime")]
    _deleted_date_time: Option<Label>,
}

/// `selfServiceSignUpAuthenticationFlowConfiguration`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Switch {
    pub(crate) is_enabled: Option<bool>,
}

/// Graph's `b2xIdentityUserFlow`, with what it navigates to.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct UserFlowDocument {
    pub(crate) id: Option<Text>,
    #[serde(rename = "userFlowType")]
    _user_flow_type: Option<UserFlowType>,
    pub(crate) user_flow_type_version: Option<f64>,
    pub(crate) api_connector_configuration: Option<Object<ConnectorConfiguration>>,
    pub(crate) user_flow_identity_providers: Option<Vec<Object<Reference>>>,
    pub(crate) user_attribute_assignments: Option<Vec<Object<AssignmentDocument>>>,
    pub(crate) crossgate: Option<Object<FlowFacts>>,
}

words! {
    /// `userFlowType`.
    UserFlowType, "a type of user flow that people sign up by", "`signUpOrSignIn`" {
        SignUpOrSignIn = "signUpOrSignIn",
    }
}

/// `userFlowApiConnectorConfiguration`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ConnectorConfiguration {
    pub(crate) post_federation_signup: Option<Object<Reference>>,
    pub(crate) post_attribute_collection: Option<Object<Reference>>,
}

/// Something that is named by its id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reference {
    pub(crate) id: Text,
}

/// `identityUserFlowAttributeAssignment`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AssignmentDocument {
    pub(crate) id: Option<Text>,
    pub(crate) display_name: Option<Text>,
    pub(crate) is_optional: Option<bool>,
    pub(crate) requires_verification: Option<bool>,
    pub(crate) user_input_type: Option<InputType>,
    pub(crate) user_attribute_values: Option<Vec<Object<ValueDocument>>>,
}

words! {
    /// `identityUserFlowAttributeInputType`.
    InputType, "a type of input", "`textBox`, `emailBox`, `dateTimeDropdown`, `radioSingleSelect`, `dropdownSingleSelect` or `checkboxMultiSelect`" {
        TextBox = "textBox",
        DateTimeDropdown = "dateTimeDropdown",
        RadioSingleSelect = "radioSingleSelect",
        DropdownSingleSelect = "dropdownSingleSelect",
        EmailBox = "emailBox",
        CheckboxMultiSelect = "checkboxMultiSelect",
    }
}

/// `userAttributeValuesItem`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ValueDocument {
    pub(crate) name: Text,
    pub(crate) value: Text,
    pub(crate) is_default: Option<bool>,
}

/// What Crossgate adds to a user flow.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FlowFacts {
    pub(crate) applications: Option<Vec<AnyId>>,
    pub(crate) requires_approval: Option<bool>,
    pub(crate) terms_of_use: Option<Text>,
}

/// Graph's `identityApiConnector`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ConnectorDocument {
    pub(crate) id: Option<Text>,
    pub(crate) display_name: Option<Text>,
    pub(crate) target_url: Option<Text>,
    pub(crate) authentication_configuration: Option<Object<AuthenticationDocument>>,
}

/// `apiAuthenticationConfigurationBase`, of which `basicAuthentication` alone can be used.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AuthenticationDocument {
    pub(crate) username: Option<Text>,
    pub(crate) password: Option<Kept>,
    pub(crate) certificate_list: Option<Kept>,
    #[serde(rename = "pkcs12Value")]
    pub(crate) pkcs12_value: Option<Kept>,
}

/// Graph's `identityUserFlowAttribute`, of the custom ones.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AttributeDocument {
    pub(crate) id: Option<Text>,
    pub(crate) display_name: Option<Text>,
    pub(crate) data_type: Option<DataType>,

    #[serde(rename = "description")]
    _description: Option<Label>,
    #[serde(rename = "userFlowAttributeType")]
    _user_flow_attribute_type: Option<AttributeType>,
}

words! {
    /// `identityUserFlowAttributeDataType`.
    DataType, "a type of data", "`string`, `boolean`, `int64`, `stringCollection` or `dateTime`" {
        String = "string",
        Boolean = "boolean",
        Int64 = "int64",
        StringCollection = "stringCollection",
        DateTime = "dateTime",
    }
}

words! {
    /// `identityUserFlowAttributeType`.
    AttributeType, "a type of attribute that is yours", "`custom`" { Custom = "custom" }
}
