//! Recorded sign-ins under a draft.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::{Api, DraftChange};
use crate::api::asked::Asked;
use crate::api::body;
use crate::api::call::Reply;
use crate::api::error::ApiError;
use crate::document::Write;
use crate::ledger::Look;
use crate::replays::{NotBegun, ReplayAsked, ReplayedAgainst, Replays};
use crate::text::Document;

/// `POST drafts/{id}/replay`: begins one, and answers before it is done.
pub(super) fn begin(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let given = if asked.call.body.is_empty() {
        Document::default()
    } else {
        body::read(asked.call)?
    };
    body::only(&given, &["since", "until", "against"])?;
    let now = Timestamp::now();
    let month_ago = now.checked_sub(USUAL).unwrap_or(Timestamp::UNIX_EPOCH);
    let (since, until) = (time(&given, "since")?, time(&given, "until")?);
    let against = match given.text_of("against").as_deref() {
        None | Some("recorded") => ReplayedAgainst::Recorded,
        Some("in-force") => ReplayedAgainst::InForce,
        Some(_) => {
            return Err(ApiError::property(
                "against",
                "expected `recorded` or `in-force`",
            ));
        }
    };
    let replays = replays(api)?;
    let draft = super::draft(api, asked)?;
    let changes = DraftChange::all(api.ledger.store(), &draft.id)?;
    let writes: Vec<Write> = changes.iter().map(DraftChange::write).collect();
    let examined = api.ledger.examine(&writes, Look::Documents)?;
    let Some(policy) = examined.policy else {
        return Err(ApiError::faults(examined.faults));
    };
    let wanted = ReplayAsked {
        draft: draft.id.clone(),
        revision: draft.revision,
        since: since.unwrap_or(month_ago),
        until: until.unwrap_or(now),
        against,
    };
    match replays.begin(wanted, &policy) {
        Ok(()) => {
            let told = replays.told(&draft.id, 0).unwrap_or_default();
            Ok(Reply::json(StatusCode::ACCEPTED, told))
        }
        Err(NotBegun::Running(other)) => Err(ApiError::state(format!(
            "the replay of draft {other} is running, and there is one at a time; wait for its end, or end it"
        ))),
        Err(NotBegun::Failed(why)) => Err(ApiError::unavailable(why)),
    }
}

/// `GET drafts/{id}/replay?top=N`.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let mut top = USUAL_ROWS;
    let query = asked.call.query.as_deref().unwrap_or_default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let rows = value
            .parse()
            .ok()
            .filter(|rows| (1..=MOST_ROWS).contains(rows));
        top = match (&*name, rows) {
            ("top", Some(rows)) => rows,
            ("top", None) => {
                return Err(ApiError::bad_address(format!(
                    "`top`: expected 1 to {MOST_ROWS}"
                )));
            }
            _ => {
                return Err(ApiError::bad_address(format!(
                    "`{name}`: is not taken here; expected `top`"
                )));
            }
        };
    }
    let draft = super::draft(api, asked)?;
    let told = replays(api)?.told(&draft.id, top).ok_or_else(|| {
        ApiError::not_found(
            "nothing was replayed under the draft since the gateway started; begin by a POST",
        )
    })?;
    Ok(Reply::ok(told))
}

/// `DELETE drafts/{id}/replay`.
pub(super) fn forget(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let draft = super::draft(api, asked)?;
    replays(api)?.forget(&draft.id);
    Ok(Reply::nothing())
}

fn replays(api: &Api) -> Result<&dyn Replays, ApiError> {
    api.ledger.enforcer().replays().ok_or_else(|| {
        ApiError::not_found(
            "sign-ins are not kept, so none can be replayed: `store` under `[sign_ins]` of the configuration is off",
        )
    })
}

fn time(given: &Document, name: &'static str) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = given.text_of(name) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        ApiError::property(
            name,
            "is no time; expected one such as `2026-01-01T00:00:00Z`",
        )
    })
}

/// Sign-ins of so long are replayed where nobody says how far back to go.
const USUAL: SignedDuration = SignedDuration::from_hours(30 * 24);

const USUAL_ROWS: usize = 100;

const MOST_ROWS: usize = 1_000;
