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
        expires: expires(given)?,
    })
}

/// When the guest's access is to end.
fn expires(given: &Document) -> Result<Option<Timestamp>, ApiError> {
    let name = "crossgate.expiresDateTime";
    let Some(crossgate) = given.get("crossgate").filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let members = crossgate.as_object();
    let members = members.filter(|members| members.keys().all(|member| member == EXPIRES));
    let members = members.ok_or_else(|| {
        ApiError::property(
            "crossgate",
            "expected an object with `expiresDateTime` alone",
        )
    })?;
    let Some(given) = members.get(EXPIRES).filter(|value| !value.is_null()) else {
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
