//! An event that the receiver has taken: where it refuses everything else, it tells whether the receiver takes anything at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::spool::Spooled;

/// The last event that was taken, and how often it was taken again since while all else was refused.
///
/// A receiver that refuses a whole batch, each event alone, may have a wrong address, stream or certificate, or a batch of bad events. It is
/// sent what it took before: takes it that again, by the same connection, credentials and address, so the batch is at fault. The receiver
/// knows the event by its id as one that came twice.
pub(super) struct Witness {
    /// Where it outlives the process.
    file: PathBuf,
    event: Option<Known>,
    file_has: FileHas,
    /// Rounds one after the other in which a whole batch was refused and this one taken.
    rounds: u32,
}

/// What is in the file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum FileHas {
    /// There is none.
    Nothing,
    /// One that an earlier process left, or that was taken before the last one.
    Another,
    /// The event.
    This,
}

/// An event, and the stream that it is of.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) stream: Arc<str>,
    pub(super) event: Spooled,
}

#[derive(Deserialize, Serialize)]
struct OnDisk {
    stream: String,
    sequence: u64,
    line: String,
}

impl Witness {
    pub(super) fn new(spool: &Path) -> Self {
        let file = spool.join("taken.json");
        Self {
            file_has: if file.exists() {
                FileHas::Another
            } else {
                FileHas::Nothing
            },
            file,
            event: None,
            rounds: 0,
        }
    }

    /// The receiver has taken this one, and so does not refuse everything.
    pub(super) fn saw(&mut self, stream: &Arc<str>, event: &Spooled) {
        self.rounds = 0;
        self.forget();
        self.event = Some(Known {
            stream: Arc::clone(stream),
            event: event.clone(),
        });
    }

    /// The event to be sent again; `None` where nothing was ever taken. Kept on disk from now on, as long as it is needed: who restarts the
    /// gateway, to mend this, must not take away what tells.
    pub(super) fn called(&mut self) -> Option<Known> {
        if self.event.is_none() && self.file_has == FileHas::Another {
            self.event = self.read();
            if self.event.is_some() {
                self.file_has = FileHas::This;
            }
        }
        let known = self.event.clone()?;
        if self.file_has != FileHas::This {
            match self.keep(&known) {
                Ok(()) => self.file_has = FileHas::This,
                Err(error) => tracing::warn!(
                    file = %self.file.display(),
                    %error,
                    "sign-ins: the last event that was taken is not kept over a restart"
                ),
            }
        }
        Some(known)
    }

    /// The round is over: it was taken again, or was not. Answers whether that is enough.
    pub(super) fn testified(&mut self, is_taken: bool) -> bool {
        self.rounds = if is_taken { self.rounds + 1 } else { 0 };
        if self.rounds < ROUNDS {
            return false;
        }
        // What comes next may be as bad, and be left to another process.
        self.rounds = 0;
        true
    }

    /// It tells of a person, and is needed no more.
    fn forget(&mut self) {
        if self.file_has == FileHas::Nothing {
            return;
        }
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                // Tried again with the next one that is taken.
                self.file_has = FileHas::Another;
                tracing::warn!(file = %self.file.display(), %error, "sign-ins: an event that is needed no more is not deleted");
            }
            Ok(()) | Err(_) => self.file_has = FileHas::Nothing,
        }
    }

    /// Something else failed: rounds are counted anew.
    pub(super) const fn interrupted(&mut self) {
        self.rounds = 0;
    }

    fn keep(&self, known: &Known) -> io::Result<()> {
        let text = serde_json::to_string(&OnDisk {
            stream: known.stream.to_string(),
            sequence: known.event.sequence,
            line: String::from_utf8_lossy(&known.event.line).into_owned(),
        })?;
        let new = self.file.with_extension("new");
        // One that was left there may be open to others.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = File::options()
            .write(true)
            .create_new(true)
            // Events tell who was where: not for everybody on the machine.
            .mode(0o640)
            .open(&new)?;
        file.write_all(text.as_bytes())?;
        fs::rename(new, &self.file)
    }

    fn read(&self) -> Option<Known> {
        let text = fs::read_to_string(&self.file).ok()?;
        let on_disk: OnDisk = serde_json::from_str(&text).ok()?;
        Some(Known {
            stream: on_disk.stream.into(),
            event: Spooled {
                sequence: on_disk.sequence,
                taken: 0,
                line: on_disk.line.into_bytes(),
            },
        })
    }
}

/// More than one, for a receiver that was put right in the middle of a round: then all of it was refused by one that was wrong, and only what
/// was sent last was taken.
const ROUNDS: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_count_one_after_the_other_and_the_event_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("taken.json");
        let mut witness = Witness::new(folder.path());
        assert!(witness.called().is_none());
        let event = Spooled {
            sequence: 7,
            taken: 1,
            line: b"{\"id\":\"a\"}".to_vec(),
        };
        witness.saw(&"s".into(), &event);
        assert!(!file.exists());
        assert!(witness.called().is_some());
        assert!(file.exists());
        let known = Witness::new(folder.path()).called().unwrap();
        assert_eq!(
            (&*known.stream, known.event.sequence, &known.event.line),
            ("s", 7, &event.line)
        );
        let enough = [true, true, false, true, true, true].map(|taken| witness.testified(taken));
        assert_eq!(enough, [false, false, false, false, false, true]);
        assert!(!witness.testified(true), "each batch has rounds of its own");
    }

    #[test]
    fn the_event_is_on_disk_only_while_it_may_be_called_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("taken.json");
        let event = Spooled {
            sequence: 7,
            taken: 1,
            line: b"{\"id\":\"a\"}".to_vec(),
        };
        let mut witness = Witness::new(folder.path());
        witness.saw(&"s".into(), &event);
        for round in 1..=ROUNDS {
            assert!(witness.called().is_some() && file.exists());
            assert_eq!(witness.testified(true), round == ROUNDS);
        }
        assert!(file.exists(), "the next batch may be as bad");
        // An earlier process's too.
        let mut witness = Witness::new(folder.path());
        witness.saw(&"s".into(), &event);
        assert!(!file.exists(), "others are taken");
    }
}
