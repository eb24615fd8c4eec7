//! What is done with events that a receiver will never take.

use crate::send::{Answer, Failure, Session};
use crate::spool::Spooled;

use super::parcel::{Parcel, Suspects};
use super::{Courier, of_the_spool};

impl Courier {
    /// The receiver has refused all of a batch, each alone. Whether that is because of the events: it is shown when it has taken another one
    /// right after them, time and again.
    pub(super) async fn are_bad_themselves(
        &mut self,
        session: &mut Option<Session>,
    ) -> Result<bool, Failure> {
        let Some(known) = self.witness.called() else {
            return Ok(false);
        };
        let Parcel { rendered, .. } = self.pack(vec![known.event], &known.stream);
        if rendered.is_empty() {
            return Ok(false);
        }
        match self.send(session, &rendered).await? {
            // It has looked at the id alone.
            Answer::Known => Ok(false),
            Answer::Taken | Answer::Begun { .. } => Ok(self.witness.testified(true)),
            Answer::Refused(_) | Answer::Partly { .. } => Ok(self.witness.testified(false)),
        }
    }

    /// Nobody else has events that are given up: they are kept only where nothing that was kept before goes for it.
    pub(super) fn can_give_up(&self, lines: &str) -> Result<bool, Failure> {
        let has_room = self.given_up.has_room(lines);
        has_room.map_err(|error| of_the_spool(&error))
    }

    /// Why a batch that is refused is not given up.
    pub(super) fn full(&self, refused: &Failure) -> Failure {
        Failure::without_room(format!(
            "{refused}; if the batch is at fault it cannot be given up either, for `{}` is full: read it and move it away",
            self.given_up.path().display()
        ))
    }

    pub(super) fn give_up_all(&self, lines: &str, suspects: &Suspects) -> Result<(), Failure> {
        tracing::error!(
            sink = self.settings.name,
            file = %self.given_up.path().display(),
            events = suspects.count(),
            "sign-ins: the receiver takes other events and refuses all of a batch for good; it is kept in the file: {}",
            suspects.left().unwrap_or_default()
        );
        let kept = self.given_up.keep(lines);
        kept.map_err(|error| of_the_spool(&error))?;
        self.tally.rejected(suspects.count() as u64);
        Ok(())
    }

    pub(super) fn reject<'a>(
        &self,
        events: impl IntoIterator<Item = &'a Spooled>,
        reason: &str,
    ) -> Result<(), Failure> {
        tracing::error!(
            sink = self.settings.name,
            file = %self.rejected.path().display(),
            "sign-ins: the receiver refuses an event for good; it is kept in the file: {reason}"
        );
        self.rejected
            .keep(events, reason)
            .map_err(|error| of_the_spool(&error))
    }
}
