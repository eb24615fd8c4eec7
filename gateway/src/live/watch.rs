//! Tells when something in the policy directory changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

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
        let told_of = directory.to_owned();
        let on_event = move |event: notify::Result<Event>| match event {
            Ok(event) => {
                if let Some(change) = change(&event, &told_of) {
                    tell(change);
                }
            }
            // Something was missed, so anything may have changed.
            Err(_) => tell(Change::Directory),
        };
        let native = RecommendedWatcher::new(on_event.clone(), Config::default())
            .map(|watcher| Box::new(watcher) as Box<dyn Watcher + Send>)
            .and_then(|watcher| Self::over(watcher, directory));
        native.or_else(|error| {
            tracing::warn!(%error, "the system cannot tell of policy changes; the directory is read every {} s", POLL.as_secs());
            let polling = Config::default().with_poll_interval(POLL);
            let watcher = PollWatcher::new(on_event, polling)?;
            Self::over(Box::new(watcher), directory)
        })
    }

    fn over(mut watcher: Box<dyn Watcher + Send>, directory: &Path) -> notify::Result<Self> {
        watcher.watch(directory, RecursiveMode::Recursive)?;
        // A directory that is replaced as a whole says nothing itself.
        if let Some(parent) = directory.parent() {
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            watcher.watch(parent, RecursiveMode::NonRecursive)?;
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

fn change(event: &Event, directory: &Path) -> Option<Change> {
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
            // Of the parent only the directory's own entry matters; its path may begin with `./`.
            let name = directory.file_name();
            let itself = |path: &PathBuf| path == directory || same_entry(path, directory, name);
            if event.paths.iter().any(itself) {
                return Some(Change::Directory);
            }
            let inside = |path: &PathBuf| path.starts_with(directory);
            event.paths.iter().any(inside).then_some(Change::Content)
        }
    }
}

fn same_entry(path: &Path, directory: &Path, name: Option<&std::ffi::OsStr>) -> bool {
    let parent = |path: &Path| {
        let parent = path.parent().unwrap_or(Path::new(""));
        parent.strip_prefix(".").unwrap_or(parent).to_owned()
    };
    path.file_name() == name && parent(path) == parent(directory)
}

/// Changes bind within seconds also where nobody tells of them.
const POLL: Duration = Duration::from_secs(2);
