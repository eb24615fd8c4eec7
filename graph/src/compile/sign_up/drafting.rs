//! From documents of self-service sign-up to what they come to. Whatever is wrong with what they mean is found on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossgate_policy::ids::Id;

use super::{
    ApiConnector, BUILT_IN_ATTRIBUTES, Choice, DataType, EMAIL, FlowAttribute, Input, LONGEST_NAME,
    SignUp, UserFlow, is_custom,
};
use crate::documents::sign_up::{
    AssignmentDocument, AttributeDocument, AuthenticationFlowsDocument, ConnectorDocument,
    DataType as WrittenType, InputType, Reference, UserFlowDocument,
};
use crate::reader::path::At;
use crate::reader::report::Notes;
use crate::reader::values::{Object, set};

/// What several documents say together: connectors and attributes first, then the flows that name them.
#[derive(Debug, Default)]
pub(crate) struct Drafting {
    enabled: bool,
    connectors: BTreeMap<Box<str>, Arc<ApiConnector>>,
    attributes: BTreeMap<Box<str>, DataType>,
    flows: BTreeMap<Box<str>, Arc<UserFlow>>,
}

impl Drafting {
    /// Takes the switch.
    pub(crate) fn take_policy(&mut self, document: &AuthenticationFlowsDocument) {
        let switch = document.self_service_sign_up.as_deref();
        self.enabled = switch.and_then(|switch| switch.is_enabled) == Some(true);
    }

    /// Takes a connector; its faults are noted.
    pub(crate) fn take_connector(&mut self, document: &ConnectorDocument, notes: &mut Notes<'_>) {
        let root = At::Root;
        let Some(id) = &document.id else {
            return notes.fault(&root.member("id"), "missing; a connector is found by it");
        };
        let name = document.display_name.as_ref();
        if name.is_none() {
            notes.fault(
                &root.member("displayName"),
                "missing; what the connector is called",
            );
        }
        let at = root.member("targetUrl");
        let target = document.target_url.as_ref();
        match target {
            None => notes.fault(&at, "missing; the https address that is asked"),
            Some(target) => {
                if let Err(why) = is_asked_safely(&target.0) {
                    notes.fault(&at, why);
                }
            }
        }
        let at = root.member("authenticationConfiguration");
        let mut username = None;
        if let Some(authentication) = document.authentication_configuration.as_deref() {
            if set(authentication.certificate_list) || set(authentication.pkcs12_value) {
                notes.fault(&at, NO_CERTIFICATES);
            }
            if set(authentication.password) {
                notes.fault(&at.member("password"), NO_PASSWORDS);
            }
            username = authentication.username.as_ref().map(|name| name.0.clone());
            if username.is_none() {
                notes.fault(
                    &at.member("username"),
                    "missing; who we are to the connector",
                );
            }
        }
        let (Some(name), Some(target)) = (name, target) else {
            return;
        };
        let connector = ApiConnector {
            id: id.0.clone(),
            name: name.0.clone(),
            target_url: target.0.clone(),
            username,
        };
        if self
            .connectors
            .insert(id.0.clone(), Arc::new(connector))
            .is_some()
        {
            notes.fault(
                &root.member("id"),
                "another connector has this id; keep one",
            );
        }
    }

    /// Takes a custom attribute; its faults are noted.
    pub(crate) fn take_attribute(&mut self, document: &AttributeDocument, notes: &mut Notes<'_>) {
        let root = At::Root;
        let Some(id) = &document.id else {
            return notes.fault(&root.member("id"), "missing; an attribute is found by it");
        };
        if !is_custom(&id.0) {
            let message = format!(
                "`{}` is not a custom attribute; expected `extension_`, 32 hexadecimal digits, `_` and a name of letters and digits",
                id.0
            );
            notes.fault(&root.member("id"), message);
        }
        if document.display_name.is_none() {
            notes.fault(
                &root.member("displayName"),
                "missing; what the attribute is called",
            );
        }
        let data_type = match document.data_type {
            Some(WrittenType::String) | None => DataType::Text,
            Some(WrittenType::Boolean) => DataType::Boolean,
            Some(WrittenType::Int64) => DataType::Integer,
            Some(WrittenType::StringCollection) => DataType::Texts,
            Some(WrittenType::DateTime) => DataType::DateTime,
        };
        if self.attributes.insert(id.0.clone(), data_type).is_some() {
            notes.fault(
                &root.member("id"),
                "another attribute has this id; keep one",
            );
        }
    }

    /// Takes a flow; its faults are noted.
    pub(crate) fn take_flow(&mut self, document: &UserFlowDocument, notes: &mut Notes<'_>) {
        let root = At::Root;
        let Some(id) = &document.id else {
            return notes.fault(&root.member("id"), "missing; a user flow is found by it");
        };
        let name = id.0.strip_prefix("B2X_1_").unwrap_or_default();
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_letter) {
            let message = format!(
                "`{}` is not the id of a user flow; expected `B2X_1_` and up to {LONGEST_NAME} letters, digits, `_` and `-`",
                id.0
            );
            notes.fault(&root.member("id"), message);
        }
        if document
            .user_flow_type_version
            .is_some_and(|version| version != 1.0)
        {
            notes.fault(
                &root.member("userFlowTypeVersion"),
                "there is version 1 alone",
            );
        }
        let facts = document.crossgate.as_deref();
        let at = root.member("crossgate");
        let at = at.member("termsOfUse");
        let terms = facts.and_then(|facts| facts.terms_of_use.as_ref());
        if terms.is_some_and(|terms| !terms.0.starts_with("https://")) {
            notes.fault(
                &at,
                "not an https address; expected where people read the terms",
            );
        }
        let applications: Box<[Id]> = facts
            .and_then(|facts| facts.applications.as_ref())
            .into_iter()
            .flatten()
            .map(|app| app.0.clone())
            .collect();
        for (index, app) in applications.iter().enumerate() {
            let other = self
                .flows
                .values()
                .find(|flow| flow.applications.contains(app));
            let twice = applications.iter().take(index).any(|before| before == app);
            if let Some(other) = other {
                let message = format!(
                    "the app `{app}` has the user flow `{}` already, and has at most one",
                    other.id
                );
                notes.fault_at(applications_path(index), message);
            } else if twice {
                notes.fault_at(
                    applications_path(index),
                    format!("the app `{app}` stands here twice; keep it once"),
                );
            }
        }
        let providers = document.user_flow_identity_providers.iter().flatten();
        let flow = UserFlow {
            id: id.0.clone(),
            applications,
            identity_providers: providers.map(|provider| provider.id.0.clone()).collect(),
            attributes: self.assignments(document.user_attribute_assignments.as_deref(), notes),
            post_federation_signup: None,
            post_attribute_collection: None,
            requires_approval: facts.and_then(|facts| facts.requires_approval) == Some(true),
            terms_of_use: terms.map(|terms| terms.0.clone()),
        };
        let steps = document.api_connector_configuration.as_deref();
        let first = steps.and_then(|steps| steps.post_federation_signup.as_ref());
        let second = steps.and_then(|steps| steps.post_attribute_collection.as_ref());
        let flow = UserFlow {
            post_federation_signup: self.connector(first, &id.0, "postFederationSignup", notes),
            post_attribute_collection: self.connector(
                second,
                &id.0,
                "postAttributeCollection",
                notes,
            ),
            ..flow
        };
        if self.flows.insert(id.0.clone(), Arc::new(flow)).is_some() {
            notes.fault(
                &root.member("id"),
                "another user flow has this id; keep one",
            );
        }
    }

    fn connector(
        &self,
        named: Option<&Object<Reference>>,
        flow: &str,
        step: &'static str,
        notes: &mut Notes<'_>,
    ) -> Option<Arc<ApiConnector>> {
        let id = &named?.id.0;
        let found = self.connectors.get(id).cloned();
        if found.is_none() {
            let at = At::Root;
            let at = at.member("apiConnectorConfiguration");
            let message = format!(
                "the user flow `{flow}` asks the API connector `{id}`, which is not there; name another, or have it ask none"
            );
            notes.fault(&at.member(step), message);
        }
        found
    }

    fn assignments(
        &self,
        written: Option<&[Object<AssignmentDocument>]>,
        notes: &mut Notes<'_>,
    ) -> Box<[FlowAttribute]> {
        let root = At::Root;
        let all = root.member("userAttributeAssignments");
        let mut found: Vec<FlowAttribute> = Vec::new();
        for (index, assignment) in written.into_iter().flatten().enumerate() {
            let at = all.item(index);
            if index >= MOST_ATTRIBUTES {
                notes.fault(
                    &at,
                    format!("a user flow asks at most {MOST_ATTRIBUTES} attributes"),
                );
                break;
            }
            let Some(id) = &assignment.id else {
                notes.fault(&at.member("id"), "missing; the id of the attribute");
                continue;
            };
            if *id.0 == *EMAIL {
                // The provider tells it, and vouches for it.
                continue;
            }
            if assignment.requires_verification == Some(true) {
                notes.fault(&at.member("requiresVerification"), "only `email` is verified, by the provider that people sign up with; write false");
            }
            let is_built_in = BUILT_IN_ATTRIBUTES.iter().any(|known| *known.id == *id.0);
            let data_type = if is_built_in {
                Some(DataType::Text)
            } else {
                self.attributes.get(&id.0).copied()
            };
            let Some(data_type) = data_type else {
                let message = format!(
                    "there is no attribute `{}`; expected one of `identity/userFlowAttributes`",
                    id.0
                );
                notes.fault(&at.member("id"), message);
                continue;
            };
            if found.iter().any(|other| other.id == id.0) {
                notes.fault(
                    &at.member("id"),
                    format!("`{}` is asked already; keep it once", id.0),
                );
                continue;
            }
            if let Some(input) = input(assignment, data_type, &at, notes) {
                let label = assignment.display_name.as_ref();
                found.push(FlowAttribute {
                    id: id.0.clone(),
                    label: label.map_or_else(|| id.0.clone(), |label| label.0.clone()),
                    optional: assignment.is_optional == Some(true),
                    data_type,
                    input,
                });
            }
        }
        found.into()
    }

    /// What holds.
    pub(crate) fn finish(self) -> SignUp {
        SignUp {
            enabled: self.enabled,
            flows: self.flows.into_values().collect(),
        }
    }
}

fn input(
    assignment: &AssignmentDocument,
    data_type: DataType,
    at: &At<'_>,
    notes: &mut Notes<'_>,
) -> Option<Input> {
    let values = assignment.user_attribute_values.iter().flatten();
    let choices: Box<[Choice]> = values
        .map(|value| Choice {
            name: value.name.0.clone(),
            value: value.value.0.clone(),
            is_default: value.is_default == Some(true),
        })
        .collect();
    let written = assignment.user_input_type.unwrap_or(InputType::TextBox);
    let fits = matches!(
        (written, data_type),
        (InputType::TextBox, DataType::Text | DataType::Integer)
            | (InputType::EmailBox, DataType::Text)
            | (InputType::DateTimeDropdown, DataType::DateTime)
            | (
                InputType::RadioSingleSelect | InputType::DropdownSingleSelect,
                DataType::Text | DataType::Integer | DataType::Boolean
            )
            | (InputType::CheckboxMultiSelect, DataType::Texts)
    );
    if !fits {
        notes.fault(&at.member("userInputType"), "does not fit the attribute's type of data; expected `textBox`, `emailBox` or a single select for text, `textBox` or a single select for `int64`, a single select for `boolean`, `dateTimeDropdown` for `dateTime` and `checkboxMultiSelect` for `stringCollection`");
        return None;
    }
    let chooses = matches!(
        written,
        InputType::RadioSingleSelect
            | InputType::DropdownSingleSelect
            | InputType::CheckboxMultiSelect
    );
    let values = at.member("userAttributeValues");
    if chooses && (choices.is_empty() || choices.len() > MOST_CHOICES) {
        notes.fault(
            &values,
            format!("expected 1 to {MOST_CHOICES} values to choose from"),
        );
        return None;
    }
    let reads = |choice: &Choice| match data_type {
        DataType::Text | DataType::Texts | DataType::DateTime => true,
        DataType::Boolean => matches!(&*choice.value, "true" | "false"),
        DataType::Integer => choice.value.parse::<i64>().is_ok(),
    };
    if let Some(index) = choices.iter().position(|choice| !reads(choice)) {
        notes.fault(&values.item(index).member("value"), "is not of the attribute's type of data; expected `true` or `false` for `boolean`, and a whole number for `int64`");
        return None;
    }
    Some(match written {
        InputType::TextBox => Input::Text,
        InputType::EmailBox => Input::Email,
        InputType::DateTimeDropdown => Input::Date,
        InputType::RadioSingleSelect => Input::Radio(choices),
        InputType::DropdownSingleSelect => Input::Dropdown(choices),
        InputType::CheckboxMultiSelect => Input::Checkboxes(choices),
    })
}

/// Whether a connector's address is one that nobody listens in on, and that holds no secret.
fn is_asked_safely(url: &str) -> Result<(), &'static str> {
    let Some(rest) = url.strip_prefix("https://") else {
        return Err(
            "not an https address; expected one such as `https://approvals.contoso.com/check`",
        );
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    // Not quoted: what stands there may be a password.
    if authority.contains('@') {
        return Err(
            "names a user; remove what stands before the `@`, and write `authenticationConfiguration`",
        );
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if authority.is_empty() || !authority.bytes().all(is_name) {
        return Err(
            "has no host in plain ASCII; expected one such as `https://approvals.contoso.com/check`",
        );
    }
    let is_plain = |byte: u8| (0x21..=0x7e).contains(&byte) && byte != b'\\';
    if url.len() > LONGEST_URL || path.contains('#') || !path.bytes().all(is_plain) {
        return Err("has a fragment, spaces, letters beyond ASCII, or more than 2,000 of them");
    }
    Ok(())
}

fn applications_path(index: usize) -> Vec<crate::reader::path::Step> {
    let root = At::Root;
    root.member("crossgate")
        .member("applications")
        .item(index)
        .steps()
}

const NO_CERTIFICATES: &str = "client certificates are not supported; use `basicAuthentication` with a `username`, whose password stands in `[[connector]]` of `crossgate.toml`";

const NO_PASSWORDS: &str = "a password is not kept here, where history and backups would keep it too; leave it out, and write it as `password_file` in `[[connector]]` of `crossgate.toml`";

const LONGEST_URL: usize = 2000;

const MOST_ATTRIBUTES: usize = 50;

const MOST_CHOICES: usize = 300;
