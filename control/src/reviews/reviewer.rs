//! Who decides in a review, and where they are mailed.

use crossgate_policy::ids::Id;
use jiff::Timestamp;
use serde_json::Value;

use crate::api::directory::is_id;
use crate::api::error::ApiError;
use crate::document::{Address, DocumentKind};
use crate::expiry;
use crate::inviting::is_address;
use crate::resource::USERS;
use crate::store::{Store, StoreError};
use crate::text::Document;

/// One of `reviewers`.
#[derive(Clone, Debug)]
pub(super) struct Reviewer {
    /// Their id in the own tenant.
    pub(super) id: Id,
    mailbox: Option<Mailbox>,
}

/// Where somebody is mailed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Mailbox {
    /// The address.
    pub(super) address: String,
    /// The language that they read.
    pub(super) language: Option<String>,
}

impl Reviewer {
    /// Where they are mailed: a guest by the directory, others as the review says.
    ///
    /// # Errors
    /// The store cannot be read. Within: why they are not mailed.
    pub(super) fn mailbox(
        &self,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<Result<Mailbox, &'static str>, StoreError> {
        let own = || self.mailbox.clone().ok_or(NO_ADDRESS);
        let address = Address::new(DocumentKind::Guest, &self.id.to_string());
        let Some(stored) = store.get(&address)? else {
            return Ok(own());
        };
        let record = Document::parse(&stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
        let is_disabled = record.get("accountEnabled") == Some(Value::Bool(false));
        let is_over = expiry::end_of(&record).is_some_and(|end| end <= now);
        if !(USERS.is)(&record) || is_disabled || is_over {
            return Ok(Err(NO_ACCESS));
        }
        let mail = record.text_of("mail").filter(|mail| is_address(mail));
        Ok(mail.map_or_else(own, |address| {
            Ok(Mailbox {
                address,
                language: record.text_of("preferredLanguage"),
            })
        }))
    }
}

/// `reviewers`.
///
/// # Errors
/// They are others than people by their ids, with what to write.
pub(super) fn read_all(given: &Value) -> Result<Vec<Reviewer>, ApiError> {
    let list = given.as_array().ok_or_else(wrong)?;
    if list.is_empty() || list.len() > MOST_REVIEWERS {
        return Err(ApiError::property(
            "reviewers",
            format!("expected 1 to {MOST_REVIEWERS} reviewers"),
        ));
    }
    list.iter().map(read).collect()
}

fn read(item: &Value) -> Result<Reviewer, ApiError> {
    let kind = item.get("queryType").and_then(Value::as_str);
    if kind.is_some_and(|kind| kind != "MicrosoftGraph") {
        return Err(wrong());
    }
    let query = item.get("query").and_then(Value::as_str);
    let path = query
        .unwrap_or_default()
        .trim_start_matches("/v1.0")
        .trim_start_matches("/beta");
    let id = path.strip_prefix("/users/");
    let id = id.filter(|id| !id.is_empty() && is_id(id) && !id.contains('/'));
    let ours = item.get("crossgate").filter(|ours| !ours.is_null());
    Ok(Reviewer {
        id: id.map(Id::new).ok_or_else(wrong)?,
        mailbox: ours.map(mailbox).transpose()?,
    })
}

/// `crossgate` of one.
fn mailbox(given: &Value) -> Result<Mailbox, ApiError> {
    let wrong = || {
        ApiError::property(
            "reviewers.crossgate",
            "expected `{\"mail\": \"ada@contoso.com\"}`, a plain address, and `language` such as `sv` where you want",
        )
    };
    let members = given.as_object().ok_or_else(wrong)?;
    if members
        .keys()
        .any(|name| !["mail", "language"].contains(&name.as_str()))
    {
        return Err(wrong());
    }
    let address = members.get("mail").and_then(Value::as_str);
    let language = match members.get("language") {
        None | Some(Value::Null) => None,
        Some(given) => Some(given.as_str().filter(|tag| is_tag(tag)).ok_or_else(wrong)?),
    };
    Ok(Mailbox {
        address: address
            .filter(|address| is_address(address))
            .ok_or_else(wrong)?
            .to_owned(),
        language: language.map(ToOwned::to_owned),
    })
}

/// A language tag, by its letters (RFC 5646, section 4.4.1).
fn is_tag(text: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
    (1..=35).contains(&text.len()) && text.bytes().all(is_letter)
}

fn wrong() -> ApiError {
    ApiError::property(
        "reviewers",
        "expected a list of `{\"query\": \"/users/ID\", \"queryType\": \"MicrosoftGraph\"}`, of people of your own organization",
    )
}

const NO_ADDRESS: &str = "no address is known";

const NO_ACCESS: &str = "a guest without access";

const MOST_REVIEWERS: usize = 50;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reviewer_has_an_address_that_mail_can_be_sent_to_or_none() {
        let read = |ours: Value| read(&json!({ "query": "/users/ada", "crossgate": ours }));
        let mailbox = read(json!({ "mail": "ada@contoso.com", "language": "sv" }))
            .unwrap()
            .mailbox;
        let ada = Mailbox {
            address: "ada@contoso.com".to_owned(),
            language: Some("sv".to_owned()),
        };
        assert_eq!(mailbox, Some(ada));
        assert_eq!(read(Value::Null).unwrap().mailbox, None);
        for wrong in [
            json!({}),
            json!("ada@contoso.com"),
            json!({ "mail": "ada" }),
            json!({ "mail": "ada@contoso.com\r\nBcc: eve@evil.example" }),
            json!({ "mail": "ada@contoso.com, eve@evil.example" }),
            json!({ "mail": "ada@contoso.com", "language": "sv\r\nX: 1" }),
            json!({ "mail": "ada@contoso.com", "phone": "1" }),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
