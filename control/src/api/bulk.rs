//! Guests who are invited from a CSV file, in the form of the template of Entra's portal: each line for itself.

mod read;
mod report;

use std::collections::HashMap;

use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use super::{Api, permission};
use crate::audit::{Attempt, Outcome, TargetResource};
use crate::inviting::{self, Asking, INVITE, Made};
use read::Line;
use report::{Became, Reported};

/// `POST /crossgate/invitations/bulk`.
pub(super) fn invite(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let lines = read::lines(read::text(asked.call)?)?;
    let mut first: HashMap<(String, Vec<String>), u64> = HashMap::new();
    let mut reported = Vec::with_capacity(lines.len());
    for Line { number, wanted } in lines {
        let (address, became) = match wanted {
            Err((address, error)) => {
                let became = refused(api, asked, number, &address, error);
                (address, became)
            }
            Ok(wanted) => {
                let things = wanted.to.iter().map(|thing| format!("{thing:?}"));
                let same = (wanted.address.to_lowercase(), things.collect());
                let became = match first.get(&same) {
                    Some(before) => {
                        let twice = ApiError::bad(format!("line {before} says the same"));
                        refused(api, asked, number, &wanted.address, twice);
                        Became::Twice(*before)
                    }
                    None => {
                        first.insert(same, number);
                        one(api, asked, number, &wanted)
                    }
                };
                (wanted.address, became)
            }
        };
        reported.push(Reported {
            number,
            address,
            became,
        });
    }
    report::reply(asked, &reported)
}

/// Invites one, as a call of its own would. What comes to nothing is recorded too.
fn one(api: &Api, asked: &Asked<'_>, number: u64, wanted: &inviting::Wanted) -> Became {
    let attempt = |target: TargetResource| of_line(asked, number, target);
    let asking = Asking {
        who: asked.who,
        attempt: &attempt,
        confirmation: asked.confirmation(),
        may: &|| permission::step_up(api, asked),
    };
    match inviting::invite(&api.ledger, asking, wanted) {
        Ok(made) => {
            let is_handed_over = made.is_open && !wanted.sends;
            let Made {
                guest,
                link,
                is_new,
                ..
            } = made;
            Became::Invited {
                guest,
                // Where mail is sent, the link is the guest's alone.
                link: is_handed_over.then_some(link),
                is_new,
            }
        }
        Err(error) => refused(api, asked, number, &wanted.address, error),
    }
}

/// A line that invites nobody, which is recorded as a call would be.
fn refused(api: &Api, asked: &Asked<'_>, number: u64, address: &str, error: ApiError) -> Became {
    let target = TargetResource {
        id: String::new(),
        name: Some(address.to_owned()),
        kind: "User",
    };
    let attempt = of_line(asked, number, target);
    let outcome = Outcome::Failure(&error.told());
    if let Err(error) = api.ledger.record(&attempt, outcome) {
        tracing::error!(%error.message, "an attempt that failed could not be recorded");
    }
    Became::Refused(error)
}

fn of_line<'a>(asked: &'a Asked<'_>, number: u64, target: TargetResource) -> Attempt<'a> {
    let mut attempt = asked.attempt(INVITE, target);
    attempt.details.push(("Line", number.to_string()));
    attempt
}
