//! Policies of the past, by the names that events have for them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crossgate_config::{PolicySource, Purpose, Settings};
use crossgate_control::ledger::staged_at;
use crossgate_control::store::{Head, Sequence, Sqlite, Store};
use crossgate_control::transfer::export;
use crossgate_graph::PolicyFile;
use crossgate_policy::snapshot::Snapshot;

use super::{Faults, name_of_stage, name_of_store, own_tenant, parse, policy, read, snapshot};

/// What a configuration's policy is and has been: its store's, change by change, or that of directories.
pub struct Past {
    settings: Settings,
    named: HashMap<Arc<str>, Held>,
    store: Option<Sqlite>,
    /// Those of the store that are compiled, the newest last: a policy may be large, and events ask in the order of time.
    compiled: VecDeque<(Arc<str>, Then)>,
}

enum Held {
    Compiled(Arc<Snapshot>),
    /// As it was right after a change; compiled where somebody asks for it.
    Then(Then),
}

/// What a store held right after a change.
#[derive(Clone, Copy)]
enum Then {
    /// For all.
    ForAll(Sequence),
    /// With the draft that was staged then, if one was.
    ForSome(Sequence),
}

impl Past {
    /// Reads a configuration, the policies that stand in these directories, and which ones its store has had. Where there is neither a
    /// directory nor a store, there is the policy that the configuration names.
    ///
    /// # Errors
    /// Every fault of the configuration, of a directory, or of the store.
    pub fn read(config: &Path, directories: &[impl AsRef<Path>]) -> Result<Self, Faults> {
        let text = read(config)?;
        let settings = parse(config, &text, Purpose::Decide)?;
        let mut past = Self::empty(settings);
        for directory in directories {
            past.take_directory(&text, directory.as_ref())?;
        }
        match past.settings.policy.clone() {
            PolicySource::Directory(directory) if directories.is_empty() => {
                past.take_directory(&text, &directory)?;
            }
            PolicySource::Sqlite(file) if file.exists() => past.take_store(&text, &file)?,
            PolicySource::Directory(_) | PolicySource::Sqlite(_) => {}
        }
        Ok(past)
    }

    /// What the store of a configuration, whose text this is, has been up to now.
    ///
    /// # Errors
    /// Every fault of the store.
    pub fn of_store(settings: Settings, text: &str) -> Result<Self, Faults> {
        let mut past = Self::empty(settings);
        if let PolicySource::Sqlite(file) = past.settings.policy.clone() {
            past.take_store(text, &file)?;
        }
        Ok(past)
    }

    fn empty(settings: Settings) -> Self {
        Self {
            named: HashMap::new(),
            store: None,
            compiled: VecDeque::new(),
            settings,
        }
    }

    /// The configuration.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many policies there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.named.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// The policy of this name; `None` where it is not at hand.
    ///
    /// # Errors
    /// The store cannot be read, or what it held then has faults now.
    pub fn named(&mut self, name: &str) -> Result<Option<Arc<Snapshot>>, Faults> {
        let then = match self.named.get(name) {
            None => return Ok(None),
            Some(Held::Compiled(snapshot)) => return Ok(Some(Arc::clone(snapshot))),
            Some(Held::Then(then)) => *then,
        };
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let snapshot = match then {
            Then::ForAll(at) => after_change(&self.settings, store, at)?,
            Then::ForSome(at) => match staged_after(&self.settings, store, at)? {
                Some(snapshot) => snapshot,
                None => return Ok(None),
            },
        };
        let snapshot = Arc::new(snapshot);
        let name: Arc<str> = name.into();
        self.named
            .insert(Arc::clone(&name), Held::Compiled(Arc::clone(&snapshot)));
        self.compiled.push_back((name, then));
        if self.compiled.len() > MOST_COMPILED
            && let Some((oldest, then)) = self.compiled.pop_front()
        {
            self.named.insert(oldest, Held::Then(then));
        }
        Ok(Some(snapshot))
    }

    fn take_directory(&mut self, text: &str, directory: &Path) -> Result<(), Faults> {
        let read = policy(directory, &own_tenant(&self.settings), None)?;
        let super::Found::Directory { documents, .. } = &read.found else {
            return Ok(());
        };
        let name = super::name(text, documents);
        let snapshot = snapshot(&self.settings, &read.compiled);
        self.named.insert(name, Held::Compiled(Arc::new(snapshot)));
        Ok(())
    }

    fn take_store(&mut self, text: &str, file: &Path) -> Result<(), Faults> {
        let fault = |error| Faults(vec![format!("{}: {error}", file.display())]);
        let store = Sqlite::open_read_only(file).map_err(fault)?;
        let named = &mut self.named;
        store
            .changes(&mut |at, hash| {
                let head = Head {
                    changed: at,
                    changed_hash: hash,
                    ..Head::default()
                };
                let name = name_of_store(text, &head);
                named.insert(name, Held::Then(Then::ForAll(at)));
                // Whether a draft was staged then is looked for where somebody asks.
                let name = name_of_stage(text, &head);
                named.insert(name, Held::Then(Then::ForSome(at)));
                ControlFlow::Continue(())
            })
            .map_err(fault)?;
        self.store = Some(store);
        Ok(())
    }
}

const MOST_COMPILED: usize = 8;

/// The same with the draft that was staged then; `None` where none was.
fn staged_after(
    settings: &Settings,
    store: &Sqlite,
    at: Sequence,
) -> Result<Option<Snapshot>, Faults> {
    let compiled = staged_at(store, at, &own_tenant(settings)).map_err(|error| {
        let told = error.to_string();
        let lines = told.lines().map(|line| format!("change {at}: {line}"));
        Faults(lines.collect())
    })?;
    Ok(compiled.map(|compiled| snapshot(settings, &compiled)))
}

/// What a store held right after a change, compiled as its export would be.
fn after_change(settings: &Settings, store: &Sqlite, at: Sequence) -> Result<Snapshot, Faults> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let exported = export(store, at, &mut |path: &str, text: &str| {
        files.entry(path.to_owned()).or_default().push_str(text);
        Ok::<(), std::convert::Infallible>(())
    });
    exported.map_err(|error| Faults(vec![format!("change {at}: {error}")]))?;
    let files: Vec<PolicyFile<'_>> = files
        .iter()
        .map(|(path, text)| PolicyFile { path, text })
        .collect();
    let compiled = crossgate_graph::load(&files, &own_tenant(settings)).map_err(|faults| {
        let told = faults.iter().map(|fault| format!("change {at}: {fault}"));
        Faults(told.collect())
    })?;
    Ok(snapshot(settings, &compiled))
}
