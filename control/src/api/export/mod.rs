//! `crossgate/signIns/export`: the log of sign-ins as JSON lines, the oldest first, in one answer however long.

mod checks;
mod places;
mod wanted;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use uuid::Uuid;

use self::checks::{Checks, Rights};
pub(super) use self::places::Exports;
use self::wanted::Wanted;
use super::Api;
use super::asked::Asked;
use super::call::{Outlet, Reply, Streamed};
use super::error::ApiError;
use super::permission;
use super::sign_ins::{as_seen, log};
use crate::administrator::Administrator;
use crate::audit::Outcome;
use crate::ledger::Ledger;
use crate::sign_ins::{Looked, SignIns, Walked};

/// The answer, whose body is made while it is sent. Who takes the log out stands in the audit before.
pub(super) fn export(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let wanted = Wanted::read(asked)?;
    log(api.ledger.enforcer().sign_ins())?;
    let place = api.exports.take(asked.who)?;
    let mut attempt = permission::attempt(api, asked);
    if let Some(query) = asked.call.query.as_deref() {
        let query = percent_encoding::percent_decode_str(query).decode_utf8_lossy();
        attempt.details.push(("Query", query.into_owned()));
    }
    api.ledger.record(&attempt, Outcome::Success)?;
    let export = Export {
        ledger: Arc::clone(&api.ledger),
        who: asked.who.clone(),
        correlation: attempt.correlation,
        wanted,
    };
    let made = Streamed::new(move |outlet| {
        let _place = place;
        export.write(outlet)
    });
    Ok(Reply::streamed("application/x-ndjson", made))
}

/// An export that is made.
struct Export {
    ledger: Arc<Ledger>,
    who: Administrator,
    correlation: Uuid,
    wanted: Wanted,
}

/// What is sent before the log is read again. It is not held meanwhile, however slowly it is taken: what is read could not be cleared up.
#[derive(Default)]
struct Turn {
    lines: Vec<u8>,
    /// The place behind which there may be more.
    goes_on: Option<String>,
}

/// Why an export ended before its end.
enum Cut {
    /// Its client has gone, or the process ends.
    Unread,
    /// The reason.
    For(String),
}

impl Export {
    /// Writes the events. What breaks it off is told.
    fn write(&self, outlet: &mut dyn Outlet) -> Result<(), String> {
        let mut sent = 0;
        let written = self.write_all(outlet, &mut sent);
        let who = places::name_of(&self.who);
        let ended = match &written {
            Ok(()) => "all of them",
            Err(Cut::Unread) => "not read to its end",
            Err(Cut::For(why)) => why,
        };
        tracing::info!(%who, correlation_id = %self.correlation, events = sent, ended, "sign-ins were exported");
        match written {
            Ok(()) | Err(Cut::Unread) => Ok(()),
            Err(Cut::For(why)) => Err(why),
        }
    }

    fn write_all(&self, outlet: &mut dyn Outlet, sent: &mut u64) -> Result<(), Cut> {
        let enforcer = self.ledger.enforcer();
        let log = enforcer.sign_ins();
        let log = log.ok_or_else(|| Cut::For("sign-ins are not kept any more".to_owned()))?;
        let rights = Rights::of(&self.ledger, &self.who);
        let mut checks = Checks::new(Instant::now());
        // One for all turns: of large pieces that come and go some stay with the process.
        let mut turn = Turn::default();
        loop {
            self.check(rights, &checks)?;
            self.take(log, &mut turn, rights)?;
            for line in turn.lines.split_inclusive(|byte| *byte == b'\n') {
                // A role that is taken away binds what is still to come, however slowly that is read.
                if checks.is_due(Instant::now()) {
                    self.check(rights, &checks)?;
                }
                read(outlet.send(line))?;
                *sent += 1;
            }
            read(outlet.is_open())?;
            if turn.goes_on.is_none() {
                return Ok(());
            }
        }
    }

    fn check(&self, begun_with: Rights, checks: &Checks) -> Result<(), Cut> {
        if checks.is_over(Instant::now()) {
            let why = "an export lasts an hour at most; go on with `since`";
            return Err(Cut::For(why.to_owned()));
        }
        let rights = Rights::of(&self.ledger, &self.who);
        if !rights.sign_ins || rights != begun_with {
            return Err(Cut::For("the caller's roles have changed".to_owned()));
        }
        Ok(())
    }

    /// The next turn, in place of the one before.
    fn take(&self, log: &dyn SignIns, turn: &mut Turn, rights: Rights) -> Result<(), Cut> {
        let after = turn.goes_on.take();
        turn.lines.clear();
        let (mut last, mut unread) = (None, false);
        let walked = log.walk(&self.wanted.query(after.as_deref()), &mut |found| {
            let Ok(told) = self.told(found.event, rights) else {
                unread = true;
                return Looked::Enough;
            };
            match told {
                Told::AsItIs => turn.lines.extend_from_slice(found.event.as_bytes()),
                Told::So(event) => turn.lines.extend_from_slice(event.to_string().as_bytes()),
                Told::Nothing => return Looked::Miss,
            }
            turn.lines.push(b'\n');
            if turn.lines.len() < OF_A_TURN {
                return Looked::Hit;
            }
            last = Some(found.place.to_string());
            Looked::Enough
        });
        if unread {
            // What is left out must not look as if it were not there.
            let why = "an event of the log cannot be read".to_owned();
            return Err(Cut::For(why));
        }
        turn.goes_on = match walked.map_err(Cut::For)? {
            Walked::All => None,
            Walked::Stopped => {
                let lost = || Cut::For("the log cannot be gone on with".to_owned());
                Some(last.ok_or_else(lost)?)
            }
            Walked::Tired(place) => Some(place),
        };
        Ok(())
    }

    fn told(&self, event: &str, rights: Rights) -> serde_json::Result<Told> {
        let listing = &self.wanted.listing;
        if rights.policies && !listing.filters() {
            return Ok(Told::AsItIs);
        }
        let read = as_seen(serde_json::from_str(event)?, rights.policies);
        let read = Value::Object(read);
        Ok(if !listing.admits(&read) {
            Told::Nothing
        } else if rights.policies {
            Told::AsItIs
        } else {
            Told::So(read)
        })
    }
}

const fn read(open: ControlFlow<()>) -> Result<(), Cut> {
    match open {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Cut::Unread),
    }
}

/// What the caller is told of an event.
enum Told {
    AsItIs,
    So(Value),
    Nothing,
}

/// Bytes. To open the files of a day again takes some milliseconds.
const OF_A_TURN: usize = 1 << 20;
