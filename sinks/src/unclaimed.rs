//! Spools that no sink sends from any more: a sink that was renamed or taken out leaves its own behind.

use std::fs;
use std::path::{Path, PathBuf};

use crossgate_config::SpooledSink;

use crate::spool;

/// A folder of events that nobody sends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unclaimed {
    /// The spool.
    pub folder: PathBuf,
    /// Events that wait there.
    pub events: u64,
    /// A process has it locked: another gateway's, or the one before this.
    pub is_held: bool,
}

/// Spools with events that wait, beside those of these sinks and below `beside`, where spools are that nobody gave another place. What cannot
/// be read is none.
#[must_use]
pub fn unclaimed(sinks: &[SpooledSink], beside: Option<&Path>) -> Vec<Unclaimed> {
    let own: Vec<PathBuf> = sinks.iter().map(|sink| real(&sink.spool)).collect();
    let parents = own.iter().filter_map(|spool| spool.parent());
    let mut parents: Vec<PathBuf> = parents.chain(beside).map(real).collect();
    parents.sort();
    parents.dedup();
    let mut found = Vec::new();
    for entry in parents
        .iter()
        .filter_map(|parent| fs::read_dir(parent).ok())
    {
        for folder in entry.filter_map(Result::ok).map(|entry| entry.path()) {
            if own.contains(&real(&folder)) {
                continue;
            }
            let events = spool::waiting(&folder).unwrap_or_default();
            if events > 0 {
                // Nobody is told to delete what somebody may have.
                let is_held = spool::is_held(&folder).unwrap_or(true);
                found.push(Unclaimed {
                    folder,
                    events,
                    is_held,
                });
            }
        }
    }
    found.sort_by(|one, other| one.folder.cmp(&other.folder));
    found
}

/// The same name for the same folder, where it is there.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::spool::Spool;
    use crate::status::Status;

    #[test]
    fn a_spool_without_a_sink_is_told_of_as_long_as_events_wait_there() {
        let folder = tempfile::tempdir().unwrap();
        let status = Arc::new(Status::default());
        for (name, events) in [("old", 3), ("empty", 0)] {
            let spool = folder.path().join(name);
            let mut spool = Spool::open(&spool, 1 << 20, false, &status).unwrap();
            spool
                .appender
                .append("{}\n".repeat(events).as_bytes())
                .unwrap();
        }
        std::fs::create_dir(folder.path().join("something-else")).unwrap();
        std::fs::write(folder.path().join("a-file"), "").unwrap();
        let found = unclaimed(&[], Some(folder.path()));
        assert_eq!(
            found,
            [Unclaimed {
                folder: real(folder.path()).join("old"),
                events: 3,
                is_held: false,
            }]
        );
        let _other = Spool::open(&folder.path().join("old"), 1 << 20, false, &status).unwrap();
        let found = unclaimed(&[], Some(folder.path()));
        assert!(found.iter().all(|one| one.is_held), "{found:?}");
        assert_eq!(found.len(), 1);
        assert_eq!(unclaimed(&[], None), []);
        assert_eq!(unclaimed(&[], Some(&folder.path().join("nowhere"))), []);
    }
}
