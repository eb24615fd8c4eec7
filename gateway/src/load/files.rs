//! The files of a policy directory, for who takes its documents elsewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crossgate_config::Settings;
use crossgate_control::transfer::Directory;
use crossgate_graph::{Advisory, PolicyFile};

use super::directory::{self, Document};
use super::{Faults, in_directory, own_tenant};

/// The files of a policy directory, as they were read.
pub struct Files {
    directory: PathBuf,
    documents: Vec<Document>,
    unreadable: Vec<String>,
}

impl Files {
    /// Reads them; what cannot be read is told by [`Files::check`].
    #[must_use]
    pub fn read(directory: &Path) -> Self {
        let (documents, unreadable) = directory::read(directory, None);
        Self {
            directory: directory.to_owned(),
            documents,
            unreadable,
        }
    }

    /// The documents, if they can be put in force together; and what an operator should know of them.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn check(&self, settings: &Settings) -> Result<(Directory<'_>, Vec<Advisory>), Faults> {
        let files = self.documents.iter().filter_map(Document::as_policy_file);
        let files: Vec<PolicyFile<'_>> = files.collect();
        let compiled = crossgate_graph::load(&files, &own_tenant(settings));
        let compiled = compiled.map(|compiled| compiled.advisories);
        let split = Directory::of(&files);
        let (mut faults, mut others) = (Vec::new(), Vec::new());
        match (compiled, split) {
            (Ok(advisories), Ok(directory)) if self.unreadable.is_empty() => {
                return Ok((directory, advisories));
            }
            (compiled, split) => {
                faults.extend(compiled.err().unwrap_or_default());
                others.extend(split.err().unwrap_or_default());
            }
        }
        // Both readers tell of what is missing in a file, each in its words.
        let told: BTreeSet<_> = faults.iter().map(|fault| fault.file.clone()).collect();
        others.retain(|fault| !told.contains(&fault.file));
        faults.append(&mut others);
        faults.sort_by(|a, b| (&a.file, a.position).cmp(&(&b.file, b.position)));
        let faults = faults
            .iter()
            .map(|fault| in_directory(&self.directory, fault));
        Err(Faults(
            self.unreadable.iter().cloned().chain(faults).collect(),
        ))
    }
}
