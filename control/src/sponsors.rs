//! Who answers for a guest: users and groups of ours, by their ids. They may do nothing by it.
//!
//! Kept with the guest, because nothing else is kept of the own tenant's people: a name where it was known when the guest was invited.

use crossgate_policy::ids::Id;
use serde_json::{Map, Value, json};

use crate::administrator::Administrator;
use crate::api::directory::{LONGEST_ID, is_id};
use crate::api::error::ApiError;
use crate::roles::Caller;
use crate::text::Document;

/// A sponsor of a guest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sponsor {
    /// The id in the own tenant.
    pub id: String,
    /// The name, where it is known.
    pub name: Option<String>,
}

impl Sponsor {
    /// Whoever invites, where that is a person.
    #[must_use]
    pub(crate) fn by_default(inviter: &Administrator) -> Vec<Self> {
        match inviter.caller() {
            Caller::Delegated { user, .. } if !user.to_string().is_empty() => vec![Self {
                id: user.to_string(),
                name: inviter.display_name.as_deref().map(str::to_owned),
            }],
            Caller::Delegated { .. }
            | Caller::Application { .. }
            | Caller::Bootstrap
            | Caller::BreakGlass => Vec::new(),
        }
    }

    /// Those that `invitedUserSponsors` names; `None` where it names nobody.
    pub(crate) fn read(given: Option<Value>) -> Result<Option<Vec<Self>>, ApiError> {
        let wrong = || {
            ApiError::property(
                PROPERTY,
                "expected a list of objects with an `id` each, of users or groups of your own organization",
            )
        };
        let list = match given {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(list)) if list.is_empty() => return Ok(None),
            Some(Value::Array(list)) => list,
            Some(_) => return Err(wrong()),
        };
        let mut sponsors: Vec<Self> = Vec::new();
        for item in &list {
            let id = item.get("id").and_then(Value::as_str).ok_or_else(wrong)?;
            add(&mut sponsors, Self::named(id, PROPERTY)?);
        }
        if sponsors.len() > MOST {
            return Err(too_many(PROPERTY));
        }
        Ok(Some(sponsors))
    }

    /// The one of this id.
    pub(crate) fn named(id: &str, property: &'static str) -> Result<Self, ApiError> {
        if id.is_empty() || !is_id(id) {
            return Err(ApiError::property(
                property,
                format!("not an id; expected at most {LONGEST_ID} characters without spaces"),
            ));
        }
        Ok(Self {
            id: Id::new(id).to_string(),
            name: None,
        })
    }

    /// Those of a guest.
    #[must_use]
    pub fn of(guest: &Document) -> Vec<Self> {
        let kept = guest.get(KEPT).unwrap_or(Value::Null);
        let kept = kept.as_array().into_iter().flatten();
        let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
        kept.filter_map(|sponsor| {
            Some(Self {
                id: text(sponsor, "id")?,
                name: text(sponsor, "displayName"),
            })
        })
        .collect()
    }

    /// As they are kept.
    #[must_use]
    pub(crate) fn list(sponsors: &[Self]) -> Value {
        let one = |sponsor: &Self| {
            let mut members = Map::new();
            members.insert("id".to_owned(), json!(sponsor.id));
            if let Some(name) = &sponsor.name {
                members.insert("displayName".to_owned(), json!(name));
            }
            Value::Object(members)
        };
        sponsors.iter().map(one).collect()
    }

    /// Adds one to a guest's.
    pub(crate) fn added(self, guest: &mut Document) -> Result<(), ApiError> {
        let mut sponsors = Self::of(guest);
        if !add(&mut sponsors, self) {
            return Err(ApiError::property(
                KEPT,
                "One or more added object references already exist for the following modified properties: 'sponsors'.",
            ));
        }
        if sponsors.len() > MOST {
            return Err(too_many(KEPT));
        }
        guest.set(KEPT, &Self::list(&sponsors));
        Ok(())
    }

    /// Takes the one of this id from a guest's; whether it was one of them.
    pub(crate) fn removed(id: &str, guest: &mut Document) -> bool {
        let (mut sponsors, id) = (Self::of(guest), Id::new(id).to_string());
        let before = sponsors.len();
        sponsors.retain(|sponsor| sponsor.id != id);
        guest.set(KEPT, &Self::list(&sponsors));
        sponsors.len() < before
    }
}

/// Each is one once; whether it was not before.
fn add(sponsors: &mut Vec<Sponsor>, sponsor: Sponsor) -> bool {
    let is_new = sponsors.iter().all(|other| other.id != sponsor.id);
    if is_new {
        sponsors.push(sponsor);
    }
    is_new
}

fn too_many(property: &'static str) -> ApiError {
    ApiError::property(property, format!("a guest has {MOST} sponsors at most"))
}

const PROPERTY: &str = "invitedUserSponsors";

/// The member of a guest's document.
const KEPT: &str = "sponsors";

/// As Entra has it.
const MOST: usize = 5;
