//! One event as it is kept: its line, and beside it what it is found by.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::bytes::{Rest, put_number, put_signed, put_text};
use super::column::Column;
use super::error::Broken;
use super::rollup::Sum;

/// What an event is found by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Facts {
    /// `createdDateTime`, in milliseconds.
    pub(crate) at: i64,
    /// See [`Column::fingerprint`].
    pub(super) id: u64,
    /// The same; 0 where there is none.
    pub(super) correlation: u64,
    /// So many requests it stands for.
    pub(crate) requests: u64,
    values: Texts,
}

/// The values of an event, by the columns' places, in one piece: there are many, and of each event that comes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Texts {
    bytes: String,
    /// Where each of them begins and ends; `null` nowhere.
    places: [Option<(u32, u32)>; Column::KEPT.len()],
}

impl Texts {
    fn set(&mut self, column: usize, text: Option<&str>) {
        let Some(place) = self.places.get_mut(column) else {
            return;
        };
        *place = text.and_then(|text| {
            let begin = u32::try_from(self.bytes.len()).ok()?;
            self.bytes.push_str(text);
            Some((begin, u32::try_from(self.bytes.len()).ok()?))
        });
    }

    fn get(&self, column: usize) -> Option<&str> {
        let (begin, end) = (*self.places.get(column)?)?;
        self.bytes.get(begin as usize..end as usize)
    }
}

impl Facts {
    /// Reads a line. `None` is one that is not an event: no object of these members, or without an id or a time.
    pub(crate) fn of<'a>(line: &'a str) -> Option<Self> {
        let raw: Raw<'a> = serde_json::from_str(line).ok()?;
        let Given::Text(id) = &raw.id else {
            return None;
        };
        let Given::Text(created) = &raw.created_date_time else {
            return None;
        };
        let at: Timestamp = created.parse().ok()?;
        let correlation = match &raw.correlation_id {
            Given::Text(id) => Column::CorrelationId.fingerprint(id),
            Given::Nothing | Given::Truth(_) | Given::Number(_) | Given::Other => 0,
        };
        let id = Column::Id.fingerprint(id);
        let Own {
            outcome,
            reason,
            count,
        } = raw.crossgate;
        let requests = match count {
            Given::Number(count) => u64::try_from(count).ok()?,
            Given::Nothing => 1,
            Given::Text(_) | Given::Truth(_) | Given::Other => return None,
        };
        let text = |given: Given<'a>| match given {
            Given::Nothing => None,
            Given::Text(text) => Some(text),
            Given::Truth(_) | Given::Number(_) | Given::Other => Some(ODD.into()),
        };
        let truth = |given: Given<'a>| match given {
            Given::Nothing => None,
            Given::Truth(truth) => Some(truth_as_text(truth).into()),
            Given::Text(_) | Given::Number(_) | Given::Other => Some(ODD.into()),
        };
        let number = |given: Given<'a>| match given {
            Given::Nothing => None,
            Given::Number(number) => Some(number.to_string().into()),
            Given::Text(_) | Given::Truth(_) | Given::Other => Some(ODD.into()),
        };
        let all: [Option<Cow<'a, str>>; Column::KEPT.len()] = [
            text(raw.user_id),
            text(raw.user_principal_name),
            text(raw.user_display_name),
            text(raw.app_id),
            text(raw.app_display_name),
            text(raw.resource_id),
            text(raw.resource_display_name),
            text(raw.home_tenant_id),
            text(raw.resource_tenant_id),
            text(raw.service_principal_id),
            text(raw.service_principal_name),
            text(raw.ip_address),
            number(raw.status.error_code),
            text(raw.conditional_access_status),
            text(raw.cross_tenant_access_type),
            truth(raw.is_tenant_restricted),
            truth(raw.is_interactive),
            text(raw.authentication_requirement),
            text(raw.token_issuer_name),
            text(raw.token_issuer_type),
            text(raw.user_type),
            text(raw.user_agent),
            text(outcome),
            text(reason),
        ];
        let mut values = Texts::default();
        values
            .bytes
            .reserve(all.iter().flatten().map(|text| text.len()).sum());
        for (column, text) in all.iter().enumerate() {
            values.set(column, text.as_deref());
        }
        Some(Self {
            at: at.as_millisecond(),
            id,
            correlation,
            requests,
            values,
        })
    }

    /// A value; `None` is `null`, and for a column of fingerprints always.
    pub(crate) fn value(&self, column: Column) -> Option<&str> {
        self.values.get(usize::from(column.number()))
    }

    /// What it adds to sums.
    pub(super) const fn sum(&self) -> Sum {
        Sum::of(self.requests)
    }

    /// In the order of a page.
    pub(super) const fn place(&self) -> (i64, u64) {
        (self.at, self.id)
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        put_signed(out, self.at);
        out.extend_from_slice(&self.id.to_le_bytes());
        out.extend_from_slice(&self.correlation.to_le_bytes());
        put_number(out, self.requests);
        for column in 0..Column::KEPT.len() {
            put_text(out, self.values.get(column));
        }
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Broken> {
        let mut rest = Rest(bytes);
        let at = rest.signed()?;
        let mut fingerprint = || {
            let bytes = rest.take(8)?;
            let bytes = bytes.first_chunk().copied().ok_or(Broken)?;
            Ok(u64::from_le_bytes(bytes))
        };
        let (id, correlation) = (fingerprint()?, fingerprint()?);
        let requests = rest.number()?;
        let mut values = Texts::default();
        for column in 0..Column::KEPT.len() {
            values.set(column, rest.text()?);
        }
        Ok(Self {
            at,
            id,
            correlation,
            requests,
            values,
        })
    }
}

/// How a Boolean is kept.
#[must_use]
pub const fn truth_as_text(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}

/// Stands for a value of another type than its column's: nothing that is looked for is equal to it, and it is not `null`.
pub(super) const ODD: &str = "\0";

/// The members that are looked at, each of any type.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Raw<'a> {
    #[serde(borrow)]
    id: Given<'a>,
    #[serde(borrow)]
    created_date_time: Given<'a>,
    #[serde(borrow)]
    correlation_id: Given<'a>,
    #[serde(borrow)]
    user_id: Given<'a>,
    #[serde(borrow)]
    user_principal_name: Given<'a>,
    #[serde(borrow)]
    user_display_name: Given<'a>,
    #[serde(borrow)]
    app_id: Given<'a>,
    #[serde(borrow)]
    app_display_name: Given<'a>,
    #[serde(borrow)]
    resource_id: Given<'a>,
    #[serde(borrow)]
    resource_display_name: Given<'a>,
    #[serde(borrow)]
    home_tenant_id: Given<'a>,
    #[serde(borrow)]
    resource_tenant_id: Given<'a>,
    #[serde(borrow)]
    service_principal_id: Given<'a>,
    #[serde(borrow)]
    service_principal_name: Given<'a>,
    #[serde(borrow)]
    ip_address: Given<'a>,
    #[serde(borrow)]
    conditional_access_status: Given<'a>,
    #[serde(borrow)]
    cross_tenant_access_type: Given<'a>,
    #[serde(borrow)]
    is_tenant_restricted: Given<'a>,
    #[serde(borrow)]
    is_interactive: Given<'a>,
    #[serde(borrow)]
    authentication_requirement: Given<'a>,
    #[serde(borrow)]
    token_issuer_name: Given<'a>,
    #[serde(borrow)]
    token_issuer_type: Given<'a>,
    #[serde(borrow)]
    user_type: Given<'a>,
    #[serde(borrow)]
    user_agent: Given<'a>,
    #[serde(borrow)]
    status: Status<'a>,
    #[serde(borrow)]
    crossgate: Own<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status<'a> {
    #[serde(borrow)]
    error_code: Given<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Own<'a> {
    #[serde(borrow)]
    outcome: Given<'a>,
    #[serde(borrow)]
    reason: Given<'a>,
    #[serde(borrow)]
    count: Given<'a>,
}

#[derive(Default)]
enum Given<'a> {
    #[default]
    Nothing,
    Text(Cow<'a, str>),
    Truth(bool),
    Number(i64),
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Given<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyType)
    }
}

struct AnyType;

impl<'de> Visitor<'de> for AnyType {
    type Value = Given<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Given::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Given::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Given::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Given::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Given::Other, Given::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Given::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Given::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Given::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Given::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_is_found_by_is_read_and_kept() {
        let line = r#"{"id":"a","createdDateTime":"2026-01-02T03:04:05.678Z","userId":"u\n","status":{"errorCode":50076,"x":[1]},
            "isInteractive":true,"userType":null,"appId":7,"deviceDetail":{"a":1},"crossgate":{"count":12,"outcome":"block"}}"#;
        let facts = Facts::of(line).unwrap();
        assert_eq!((facts.at, facts.requests), (1_767_323_045_678, 12));
        assert_eq!(facts.value(Column::UserId), Some("u\n"));
        assert_eq!(facts.value(Column::ErrorCode), Some("50076"));
        assert_eq!(facts.value(Column::IsInteractive), Some("true"));
        assert_eq!(facts.value(Column::UserType), None);
        assert_eq!(facts.value(Column::AppId), Some(ODD));
        assert_eq!(facts.value(Column::Outcome), Some("block"));
        let mut bytes = Vec::new();
        facts.put(&mut bytes);
        assert_eq!(Facts::read(&bytes), Ok(facts));
    }

    #[test]
    fn what_is_no_event_is_not_taken_for_one() {
        for line in [
            "",
            "{",
            "[]",
            r#"{"id":"a"}"#,
            r#"{"id":"a","createdDateTime":"yesterday"}"#,
            r#"{"id":1,"createdDateTime":"2026-01-02T03:04:05Z"}"#,
            r#"{"id":"a","createdDateTime":"2026-01-02T03:04:05Z","status":1}"#,
            r#"{"id":"a","createdDateTime":"2026-01-02T03:04:05Z","crossgate":{"count":-1}}"#,
        ] {
            assert_eq!(Facts::of(line), None, "{line}");
        }
        let plain = r#"{"id":"a","createdDateTime":"2026-01-02T03:04:05Z","status":null}"#;
        assert_eq!(Facts::of(plain), None, "a status of null is not expected");
    }
}
