//! One value and where it stands.

use toml::Spanned;
use toml::de::DeValue;

use super::{Document, Section, Text};
use crate::Share;

/// The value of one key, or one item of a list.
#[derive(Clone)]
pub(crate) struct Field<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) key: String,
    pub(super) offset: usize,
    pub(super) value: &'d DeValue<'d>,
}

impl<'d> Field<'d> {
    pub(super) fn new(
        document: &'d Document<'d>,
        key: String,
        value: &'d Spanned<DeValue<'d>>,
    ) -> Self {
        Self {
            document,
            key,
            offset: value.span().start,
            value: value.get_ref(),
        }
    }

    /// Notes what is wrong with this value.
    pub(crate) fn fault(&self, message: impl Into<String>) {
        self.document
            .note(self.offset, self.key.clone(), message.into());
    }

    /// The value as a string, environment variables replaced.
    pub(crate) fn text(&self) -> Option<Text<'d>> {
        match self.value {
            DeValue::String(written) => Text::new(self.clone(), written),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => self.wrong_type("a string"),
        }
    }

    /// The value as a boolean.
    pub(crate) fn boolean(&self) -> Option<bool> {
        self.value
            .as_bool()
            .or_else(|| self.wrong_type("`true` or `false`"))
    }

    /// The value as a whole number that is not negative.
    pub(crate) fn whole_number(&self) -> Option<usize> {
        let Some(integer) = self.value.as_integer() else {
            return self.wrong_type("a whole number");
        };
        let number = usize::from_str_radix(integer.as_str(), integer.radix()).ok();
        if number.is_none() {
            self.fault(format!("`{integer}` is not a whole number from 0 upward"));
        }
        number
    }

    /// The value as a share of a whole, a number from 0 to 1.
    pub(crate) fn share(&self) -> Option<Share> {
        let written = match self.value {
            DeValue::Float(float) => float.as_str(),
            DeValue::Integer(integer) => integer.as_str(),
            DeValue::String(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => return self.wrong_type("a number from 0 to 1"),
        };
        let share = written.parse().ok().and_then(Share::nearest);
        if share.is_none() {
            self.fault(format!(
                "`{written}` is not a number from 0 to 1, such as `0.01`"
            ));
        }
        share
    }

    /// The items of the value as a list.
    pub(crate) fn items(&self) -> Option<Vec<Self>> {
        let Some(items) = self.value.as_array() else {
            return self.wrong_type("a list in `[` and `]`");
        };
        let fields = items.iter().enumerate().map(|(position, item)| {
            Field::new(self.document, format!("{}[{position}]", self.key), item)
        });
        Some(fields.collect())
    }

    /// The value as a table.
    pub(crate) fn section(&self) -> Option<Section<'d>> {
        match self.value.as_table() {
            Some(table) => Some(Section::new(
                self.document,
                self.key.clone(),
                self.offset,
                table,
            )),
            None => self.wrong_type("a table"),
        }
    }

    /// Whether the value is a string, for keys that take a word or a list.
    pub(crate) fn is_text(&self) -> bool {
        self.value.is_str()
    }

    /// Whether the value is a list of nothing.
    pub(crate) fn is_empty_list(&self) -> bool {
        self.value.as_array().is_some_and(|items| items.is_empty())
    }

    fn wrong_type<T>(&self, expected: &str) -> Option<T> {
        let found = match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.fault(format!("expected {expected}, found {found}"));
        None
    }
}
