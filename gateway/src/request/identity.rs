//! Who calls, as the app's upstreams are told.

use crossgate_policy::Permit;

use super::assertion::{About, Signer};
use super::headers::Identity;
use super::route::App;
use super::token::KnownToken;

/// The caller whom this token identifies; `None` where nothing was decided about anybody.
#[must_use]
pub fn of<'t>(
    token: &'t KnownToken,
    permit: &Permit,
    app: &App,
    signer: &Signer,
    now: u64,
) -> Option<Identity<'t>> {
    let facts = permit.facts()?;
    let user = facts.own_user_id.as_ref().or(facts.home_user_id.as_ref());
    let user = user.or(token.subject.user_id.as_ref());
    let about = About {
        app: &app.called.target.id,
        user,
        idp: token.idp(),
        permit,
    };
    Some(Identity {
        principal: token.principal(app.resource),
        said: token.assertion.get(signer, &about, now),
    })
}
