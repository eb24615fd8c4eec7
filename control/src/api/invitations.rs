//! Guests are invited, and invited again.

use crossgate_policy::ids::Id;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use url::Url;

use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use super::{Api, body, permission};
use crate::delegation::{Thing, plain_id};
use crate::expiry::EXPIRES;
use crate::invitations::PENDING;
use crate::inviting::{self, Asking, INVITE, Wanted};
use crate::model::{INVITATION, show};
use crate::sponsors::Sponsor;
use crate::text::Document;

/// `POST /invitations`.
pub(super) fn invite(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let given = body::accept(&INVITATION, body::read(asked.call)?, None)?;
    let wanted = read(&given)?;
    let asking = Asking {
        who: asked.who,
        attempt: &|target| asked.attempt(INVITE, target),
        confirmation: asked.confirmation(),
        may: &|| permission::step_up(api, asked),
    };
    let made = inviting::invite(&api.ledger, asking, &wanted)?;
    let mut members = given.members();
    // Who answers for a guest is read at the guest.
    members.remove("invitedUserSponsors");
    members.remove("crossgate");
    for (name, value) in [
        ("id", json!(made.guest)),
        ("inviteRedeemUrl", json!(made.link)),
        (
            "status",
            json!(if made.is_open { PENDING } else { "Completed" }),
        ),
        ("invitedUser", json!({"id": made.guest})),
    ] {
        members.insert(name.to_owned(), value);
    }
    let mut shown: Map<String, Value> = show(&INVITATION, members);
    shown.insert(
        "@odata.context".to_owned(),
        asked.context("invitations/$entity"),
    );
    Ok(Reply::json(StatusCode::CREATED, Value::Object(shown)).advising(made.advisories))
}

fn read(given: &Document) -> Result<Wanted, ApiError> {
    let text = |name: &str| given.text_of(name).filter(|text| !text.trim().is_empty());
    let kind = text("invitedUserType").unwrap_or_else(|| "Guest".to_owned());
    if !["Guest", "Member"].contains(&kind.as_str()) {
        return Err(ApiError::property(
            "invitedUserType",
            format!("`{kind}` is no type of user; expected `Guest` or `Member`"),
        ));
    }
    let user = given
        .get("invitedUser")
        .and_then(|user| user.get("id")?.as_str().map(str::to_owned));
    let is = |name: &str| given.get(name) == Some(Value::Bool(true));
    let redirect = text("inviteRedirectUrl").unwrap_or_default();
    let crossgate = of_ours(given)?;
    Ok(Wanted {
        address: text("invitedUserEmailAddress").unwrap_or_default(),
        // As browsers write it; what is no address is refused as it came.
        redirect: Url::parse(&redirect).map_or(redirect, Into::into),
        reset: is("resetRedemption"),
        sends: is("sendInvitationMessage"),
        member: kind == "Member",
        display_name: text("invitedUserDisplayName"),
        user: user.map(|user| Id::new(&user).to_string()),
        message: given.get("invitedUserMessageInfo").unwrap_or(Value::Null),
        sponsors: Sponsor::read(given.get("invitedUserSponsors"))?,
        expires: expires(&crossgate)?,
        to: things(&crossgate)?,
    })
}

/// `crossgate` of the body.
fn of_ours(given: &Document) -> Result<Map<String, Value>, ApiError> {
    let members = match given.get("crossgate") {
        None | Some(Value::Null) => return Ok(Map::new()),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(expected()),
    };
    let known = |name: &str| [EXPIRES, APPLICATIONS, GROUPS].contains(&name);
    if members.keys().all(|name| known(name)) {
        Ok(members)
    } else {
        Err(expected())
    }
}

/// When the guest's access is to end.
fn expires(crossgate: &Map<String, Value>) -> Result<Option<Timestamp>, ApiError> {
    let name = "crossgate.expiresDateTime";
    let Some(given) = crossgate.get(EXPIRES).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let time = given
        .as_str()
        .and_then(|text| text.parse::<Timestamp>().ok());
    let time = time.ok_or_else(|| {
        ApiError::property(
            name,
            format!("{given} is not a time; expected one such as `2027-01-01T00:00:00Z`"),
        )
    })?;
    if time <= Timestamp::now() {
        return Err(ApiError::property(
            name,
            format!("`{time}` has passed; expected a time to come"),
        ));
    }
    Ok(Some(time))
}

/// What a guest is let into.
fn things(crossgate: &Map<String, Value>) -> Result<Vec<Thing>, ApiError> {
    let mut things = Vec::new();
    for name in [APPLICATIONS, GROUPS] {
        let Some(ids) = crossgate.get(name) else {
            continue;
        };
        for id in ids.as_array().ok_or_else(expected)? {
            let id = plain_id(id.as_str().ok_or_else(expected)?, "crossgate")?;
            let thing = if name == GROUPS {
                Thing::Group(id)
            } else {
                Thing::App(id)
            };
            if !things.contains(&thing) {
                things.push(thing);
            }
        }
    }
    if things.len() > MOST_THINGS {
        return Err(ApiError::property(
            "crossgate",
            format!("a guest is invited to {MOST_THINGS} apps and groups at most at a time"),
        ));
    }
    Ok(things)
}

fn expected() -> ApiError {
    ApiError::property(
        "crossgate",
        "expected an object with `applications` and `groups`, each a list of ids, and `expiresDateTime`",
    )
}

const APPLICATIONS: &str = "applications";
const GROUPS: &str = "groups";

/// More are assigned one by one.
const MOST_THINGS: usize = 20;
