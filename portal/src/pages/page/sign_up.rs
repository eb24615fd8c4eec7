//! What a sign-up asks, and how it ends.

use serde::Serialize;

use super::Destination;

/// Something that is asked at a sign-up.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SignUpField<'a> {
    /// What stands for it in the form.
    pub name: &'a str,
    /// What the person reads.
    pub label: &'a str,
    /// How it is put in.
    pub kind: SignUpInput,
    /// What browsers know it as (HTML, autofill detail tokens).
    pub autocomplete: Option<&'a str>,
    /// The value as it was put in, or is known.
    pub value: &'a str,
    /// It may not be left empty.
    pub required: bool,
    /// What there is to choose from.
    pub choices: &'a [Destination<'a>],
    /// What is wrong with it.
    pub problem: Option<FieldProblem>,
}

/// How something is put in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "the names are HTML's types of input, or say it"
)]
pub enum SignUpInput {
    Text,
    Email,
    Date,
    Radio,
    Dropdown,
    Checkboxes,
}

/// What is wrong with something that was put in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldProblem {
    /// It is empty.
    Missing,
    /// It is too long, or holds what no text has.
    NotText,
    /// It is no email address.
    NotEmail,
    /// It is no whole number.
    NotNumber,
    /// It is no day.
    NotDate,
    /// It is none of the choices.
    NotChoice,
}

/// What is wrong with a form.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignUpProblem {
    /// Some of its fields.
    Fields,
    /// It was not ours, or not this browser's.
    NotUsable,
}

/// How a sign-up ends before the application.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignUpEnd {
    /// It waits for approval.
    Waits,
    /// It was denied.
    Denied,
    /// The operator's own service does not want it.
    Blocked,
    /// Whoever it is cannot become a guest.
    NotPossible,
    /// There is an invitation to accept.
    Invited,
    /// There is a record, which lets nobody in.
    Known,
    /// Too many try.
    TooMany,
    /// It took too long.
    TookTooLong,
    /// What it takes does not work now.
    Failed,
}

impl SignUpEnd {
    /// Every one there is.
    pub const ALL: [Self; 9] = [
        Self::Waits,
        Self::Denied,
        Self::Blocked,
        Self::NotPossible,
        Self::Invited,
        Self::Known,
        Self::TooMany,
        Self::TookTooLong,
        Self::Failed,
    ];
}
