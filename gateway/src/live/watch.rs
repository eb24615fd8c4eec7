//! Tells when something in the policy directory changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{
    Config, ErrorKind, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher,
};

/// Tells of changes for as long as it is kept.
pub(super) struct Watch {
    watcher: Box<dyn Watcher + Send>,
    directory: PathBuf,
}

/// What changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change {
    /// Something in the directory.
    Content,
    /// The directory itself, which may be another one now.
    Directory,
}

impl Watch {
    /// Watches a directory, by asking now and then where the system cannot tell.
    pub(super) fn start(
        directory: &Path,
        tell: impl Fn(Change) + Send + Clone + 'static,
    ) -> notify::Result<Self> {
        // Events bear whole paths, whatever was asked for.
        let directory = std::path::absolute(directory)?;
        let told_of = directory.clone();
        let on_event = move |event: notify::Result<Event>| {
            if let Some(change) = change(&event, &told_of) {
                tell(change);
            }
        };
        let native = RecommendedWatcher::new(on_event.clone(), Config::default())
            .map(|watcher| Box::new(watcher) as Box<dyn Watcher + Send>)
            .and_then(|watcher| Self::over(watcher, &directory));
        native.or_else(|error| {
            tracing::warn!(%error, "the system cannot tell of policy changes; the directory is read every {} s", POLL.as_secs());
            let polling = Config::default().with_poll_interval(POLL);
            let watcher = PollWatcher::new(on_event, polling)?;
            Self::over(Box::new(watcher), &directory)
        })
    }

    fn over(mut watcher: Box<dyn Watcher + Send>, directory: &Path) -> notify::Result<Self> {
        // A directory that is replaced as a whole, or made later, says nothing itself.
        if let Some(parent) = directory.parent() {
            watcher.watch(parent, RecursiveMode::NonRecursive)?;
        }
        match watcher.watch(directory, RecursiveMode::Recursive) {
            Err(error) if !is_missing(&error) => return Err(error),
            Ok(()) | Err(_) => {}
        }
        Ok(Self {
            watcher,
            directory: directory.to_owned(),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.watcher.unwatch(&self.directory);
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Watch").field(&self.directory).finish()
    }
}

/// What an event says of a directory, whose path is whole.
fn change(event: &notify::Result<Event>, directory: &Path) -> Option<Change> {
    let event = match event {
        Ok(event) => event,
        // It is known to be missing; that it is there again comes as an event.
        Err(error) if is_missing(error) => return None,
        Err(_) => return Some(Change::Content),
    };
    if event.need_rescan() {
        return Some(Change::Directory);
    }
    match event.kind {
        // Our own reading is one of those.
        EventKind::Access(_) => None,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => {
            if event.paths.iter().any(|path| path == directory) {
                return Some(Change::Directory);
            }
            let inside = |path: &PathBuf| path.starts_with(directory);
            event.paths.iter().any(inside).then_some(Change::Content)
        }
    }
}

fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        ErrorKind::Generic(_)
        | ErrorKind::WatchNotFound
        | ErrorKind::InvalidConfig(_)
        | ErrorKind::MaxFilesWatch => false,
    }
}

/// Changes bind within seconds also where nobody tells of them.
const POLL: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{self, Receiver};

    fn watch(directory: &Path) -> (Watch, Receiver<Change>) {
        let (told, changes) = mpsc::channel();
        let watch = Watch::start(directory, move |change| {
            // The test may be over.
            let _ = told.send(change);
        });
        (watch.unwrap(), changes)
    }

    fn next(changes: &Receiver<Change>) -> Option<Change> {
        changes.recv_timeout(Duration::from_secs(5)).ok()
    }

    fn quiet(changes: &Receiver<Change>) -> bool {
        changes.recv_timeout(Duration::from_millis(300)).is_err()
    }

    #[test]
    fn a_document_written_removed_or_renamed_is_told_of_and_reading_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("policy");
        std::fs::create_dir(&directory).unwrap();
        let (_watch, changes) = watch(&directory);
        std::fs::write(directory.join("default.json"), "{}").unwrap();
        assert_eq!(next(&changes), Some(Change::Content));
        while !quiet(&changes) {}
        std::fs::read(directory.join("default.json")).unwrap();
        std::fs::write(parent.path().join("sign-ins.jsonl"), "{}").unwrap();
        assert!(quiet(&changes));
        std::fs::rename(directory.join("default.json"), parent.path().join("x")).unwrap();
        assert_eq!(next(&changes), Some(Change::Content));
    }

    #[test]
    fn a_directory_that_is_replaced_or_made_later_is_told_of() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("policy");
        let (_watch, changes) = watch(&directory);
        assert!(quiet(&changes));
        std::fs::create_dir(&directory).unwrap();
        assert_eq!(next(&changes), Some(Change::Directory));
        let (_watch, changes) = watch(&directory);
        let other = parent.path().join("other");
        std::fs::create_dir(&other).unwrap();
        std::fs::rename(&other, &directory).unwrap();
        assert_eq!(next(&changes), Some(Change::Directory));
    }
}
