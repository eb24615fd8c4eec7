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
        let answer = self.send(session, &rendered).await?;
        let is_taken = matches!(answer, Answer::Taken | Answer::Begun { .. });
        Ok(self.witness.testified(is_taken))
    }

    /// Nobody else has events that are given up: they are kept only where nothing that was kept before goes for it.
    pub(super) fn can_give_up(&self, parcel: &Parcel) -> Result<bool, Failure> {
        let has_room = self.rejected.has_room(&parcel.events);
        has_room.map_err(|error| of_the_spool(&error))
    }

    /// Why a batch that is refused is not given up.
    pub(super) fn full(&self, refused: &Failure) -> Failure {
        Failure::without_room(format!(
            "{refused}; it could not be given up either, for `{}` is full: read it and move it away, with the older one",
            self.rejected.path().display()
        ))
    }

    pub(super) fn give_up_all(
        &mut self,
        parcel: &Parcel,
        suspects: Suspects,
    ) -> Result<(), Failure> {
        for (place, reason) in &suspects.into_all() {
            self.reject(parcel.events.get(*place), reason)?;
            self.tally.rejected(1);
        }
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
