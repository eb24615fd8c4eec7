//! Events in the store from which they are asked for again.
//!
//! A disk takes longer for a store than for a file, and now and then long: the store has a thread of its own, so that the writer and the other
//! sinks wait for neither. What is under way stays in the hands of the writer until it is on disk, so that nothing is lost between the two.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::{Duration, Instant};

use crossgate_insight::sign_ins::{Appended, Store, StoreError};
use jiff::Timestamp;

use super::{Failed, Sink};

/// The store, and its thread.
pub(crate) struct StoreSink {
    /// Gone, the thread ends.
    lines: Sender<Vec<u8>>,
    done: Receiver<Result<Appended, StoreError>>,
    /// Bytes that the thread has.
    under_way: Option<usize>,
}

impl StoreSink {
    pub(crate) fn start(store: Arc<Store>) -> io::Result<Self> {
        let (lines, given) = mpsc::channel();
        let (say, done) = mpsc::channel();
        std::thread::Builder::new()
            .name("sign-in store".to_owned())
            .spawn(move || keep(&store, &given, &say))?;
        Ok(Self {
            lines,
            done,
            under_way: None,
        })
    }

    fn hand_over(&mut self, lines: &[u8]) -> Result<(), Failed> {
        let part = lines.get(..lines.len().min(MOST_AT_ONCE)).unwrap_or(lines);
        let whole = part
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(lines.len(), |end| end + 1);
        let part = lines.get(..whole).unwrap_or(lines).to_vec();
        self.under_way = Some(part.len());
        self.lines.send(part).map_err(|_| ended())
    }

    fn came_back(&mut self, result: Result<Appended, StoreError>) -> Result<usize, Failed> {
        let bytes = self.under_way.take().unwrap_or_default();
        match result {
            Ok(appended) => {
                if appended.unreadable > 0 {
                    tracing::error!(
                        "sign-ins: {} events cannot be read and are not in the store",
                        appended.unreadable
                    );
                }
                Ok(bytes)
            }
            Err(error) => Err(Failed {
                written: 0,
                error: io::Error::other(error),
            }),
        }
    }
}

impl Sink for StoreSink {
    fn write(&mut self, lines: &[u8]) -> Result<(), Failed> {
        let until = Instant::now() + LAST_WAIT;
        let mut written = 0;
        while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
            if self.under_way.is_none() {
                self.hand_over(rest)?;
            }
            let left = until.saturating_duration_since(Instant::now());
            let result = self.done.recv_timeout(left).map_err(|error| match error {
                RecvTimeoutError::Timeout => Failed {
                    written,
                    error: io::ErrorKind::TimedOut.into(),
                },
                RecvTimeoutError::Disconnected => ended(),
            })?;
            written += self.came_back(result).map_err(|failed| Failed {
                written: written + failed.written,
                ..failed
            })?;
        }
        Ok(())
    }

    fn take(&mut self, lines: &[u8]) -> Result<usize, Failed> {
        if self.under_way.is_none() {
            self.hand_over(lines)?;
            return Ok(0);
        }
        match self.done.try_recv() {
            Ok(result) => {
                let taken = self.came_back(result)?;
                if let Some(rest) = lines.get(taken..).filter(|rest| !rest.is_empty()) {
                    self.hand_over(rest)?;
                }
                Ok(taken)
            }
            Err(TryRecvError::Empty) => Ok(0),
            Err(TryRecvError::Disconnected) => Err(ended()),
        }
    }
}

fn ended() -> Failed {
    Failed {
        written: 0,
        error: io::Error::other("the thread of the sign-in store has ended; restart the gateway"),
    }
}

/// The thread.
fn keep(store: &Store, given: &Receiver<Vec<u8>>, say: &Sender<Result<Appended, StoreError>>) {
    let mut tended = None;
    loop {
        if tended.is_none_or(|at: Instant| at.elapsed() >= TEND) {
            tend(store);
            tended = Some(Instant::now());
        }
        match given.recv_timeout(TEND) {
            Ok(lines) => {
                if say.send(store.append(&lines)).is_err() {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn tend(store: &Store) {
    match store.tend(Timestamp::now()) {
        Ok(forgotten) => {
            for file in forgotten.iter().filter(|file| file.for_room) {
                tracing::warn!(
                    "sign-ins: the store is full; events of {} are deleted before their time (`{}`)",
                    file.day,
                    file.path.display()
                );
            }
        }
        Err(error) => tracing::error!(%error, "sign-ins: what is too old could not be deleted"),
    }
}

/// Days end, and files grow: looked at so often.
const TEND: Duration = Duration::from_secs(60);

/// A step of the store: some thousand events, a tenth of a second.
const MOST_AT_ONCE: usize = 4 << 20;

/// Who ends waits no longer for a disk.
const LAST_WAIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crossgate_insight::sign_ins::{Asked, Keep};

    use super::*;

    fn sink(folder: &Path) -> (Arc<Store>, StoreSink) {
        let keep = Keep {
            days: 100_000,
            size: 1 << 30,
        };
        let store = Arc::new(Store::open(folder, keep, false).unwrap());
        let sink = StoreSink::start(Arc::clone(&store)).unwrap();
        (store, sink)
    }

    fn line(number: usize) -> String {
        format!("{{\"id\":\"{number}\",\"createdDateTime\":\"2026-01-02T03:04:05.678Z\"}}\n")
    }

    fn kept(store: &Store) -> u64 {
        let asked = Asked {
            from: i64::MIN,
            to: i64::MAX,
            who: false,
        };
        store.sums(&asked).unwrap().total().events
    }

    #[test]
    fn what_is_under_way_is_kept_by_the_writer_until_it_is_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let (store, mut sink) = sink(folder.path());
        let lines: String = (0..50_000).map(line).collect();
        let mut left = lines.as_bytes();
        assert_eq!(sink.take(left).unwrap(), 0, "handed over, not yet there");
        while !left.is_empty() {
            let taken = sink.take(left).unwrap();
            left = &left[taken..];
            assert!(kept(&store) >= (lines.len() - left.len()) as u64 / 60);
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(kept(&store), 50_000);
    }

    #[test]
    fn a_store_that_fails_gets_the_same_again() {
        let folder = tempfile::tempdir().unwrap();
        let (store, mut sink) = sink(&folder.path().join("store"));
        std::fs::remove_dir(folder.path().join("store")).unwrap();
        let lines: String = (0..10).map(line).collect();
        let failed = sink.write(lines.as_bytes()).unwrap_err();
        assert_eq!(failed.written, 0);
        assert!(
            failed.error.to_string().contains("the sign-in store"),
            "{}",
            failed.error
        );
        std::fs::create_dir(folder.path().join("store")).unwrap();
        sink.write(lines.as_bytes()).unwrap();
        sink.write(lines.as_bytes()).unwrap();
        assert_eq!(kept(&store), 10, "given twice, kept once");
    }
}
