//! The files of a policy directory.

use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Digest, SHA256, digest};
use crossgate_graph::PolicyFile;

use super::text;

/// One file.
pub(super) struct Document {
    /// Relative to the directory, with `/` between folders.
    pub(super) path: String,
    /// What it holds.
    pub(super) text: String,
    /// SHA-256 of that.
    pub(super) digest: Digest,
}

impl Document {
    /// The same for who reads documents.
    pub(super) fn as_policy_file(&self) -> PolicyFile<'_> {
        PolicyFile {
            path: &self.path,
            text: &self.text,
        }
    }
}

/// Every document under a directory, sorted by path, and what could not be read, a line each.
///
/// Links are followed: Kubernetes mounts a `ConfigMap` as links into a hidden folder. Hidden entries and what editors
/// leave behind are passed over; whatever else is there must be readable, for a document that was missed would mean its
/// initial values.
pub(super) fn read(directory: &Path) -> (Vec<Document>, Vec<String>) {
    let mut reading = Reading::default();
    reading.folder(directory, "", &mut Vec::new());
    let Reading {
        mut documents,
        mut faults,
    } = reading;
    documents.sort_by(|a, b| a.path.cmp(&b.path));
    faults.sort();
    (documents, faults)
}

/// What a directory looks like without reading what its files hold: equal before and after a reading, it did not move.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Look(Vec<Seen>);

/// Path, inode, length and time of change.
type Seen = (PathBuf, u64, u64, (i64, i64));

impl Look {
    pub(super) fn at(directory: &Path) -> Self {
        let mut seen = Vec::new();
        see(directory, 0, &mut seen);
        seen.sort();
        Self(seen)
    }
}

fn see(path: &Path, depth: usize, seen: &mut Vec<Seen>) {
    use std::os::unix::fs::MetadataExt as _;
    // What cannot be looked at is told by who reads it.
    let Ok(found) = fs::metadata(path) else {
        return;
    };
    let changed = (found.ctime(), found.ctime_nsec());
    seen.push((path.to_owned(), found.ino(), found.len(), changed));
    if !found.is_dir() || depth > DEEPEST {
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        see(&entry.path(), depth + 1, seen);
    }
}

/// Deeper than any policy directory; links may lead in a circle.
const DEEPEST: usize = 4;

#[derive(Default)]
struct Reading {
    documents: Vec<Document>,
    faults: Vec<String>,
}

impl Reading {
    /// Reads a folder whose documents' paths begin with `prefix`; `above` are the folders that led to it.
    fn folder(&mut self, folder: &Path, prefix: &str, above: &mut Vec<PathBuf>) {
        let entries = fs::canonicalize(folder).and_then(|real| {
            let entries = fs::read_dir(folder)?.collect::<Result<Vec<DirEntry>, _>>()?;
            Ok((real, entries))
        });
        let (real, entries) = match entries {
            Ok(found) => found,
            Err(error) => {
                let kind = error.kind();
                let message = if kind == ErrorKind::NotFound {
                    NO_FOLDER.to_owned()
                } else if kind == ErrorKind::NotADirectory {
                    NOT_A_FOLDER.to_owned()
                } else {
                    text::why(&error)
                };
                return self.fault(folder, &message);
            }
        };
        if above.contains(&real) {
            return self.fault(folder, "leads back to a folder it is in; remove the link");
        }
        above.push(real);
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                self.fault(&path, "has a name that is not UTF-8; rename it");
                continue;
            };
            if !is_passed_over(name) {
                self.entry(&path, format!("{prefix}{name}"), above);
            }
        }
        above.pop();
    }

    fn entry(&mut self, path: &Path, relative: String, above: &mut Vec<PathBuf>) {
        match fs::metadata(path) {
            Ok(kind) if kind.is_dir() => self.folder(path, &format!("{relative}/"), above),
            Ok(kind) if kind.is_file() => match text::read(path) {
                Ok(text) => self.documents.push(Document {
                    path: relative,
                    digest: digest(&SHA256, text.as_bytes()),
                    text,
                }),
                Err(fault) => self.faults.push(fault),
            },
            Ok(_) => self.fault(path, "is neither a file nor a folder; remove it"),
            Err(error) => self.fault(path, &text::why(&error)),
        }
    }

    fn fault(&mut self, path: &Path, message: &str) {
        self.faults.push(format!("{}: {message}", path.display()));
    }
}

/// Hidden entries, and what editors and copying programs leave beside a file.
fn is_passed_over(name: &str) -> bool {
    const LEFT_BEHIND: [&str; 5] = ["~", ".swp", ".swx", ".new", ".tmp"];
    name.starts_with('.') || LEFT_BEHIND.iter().any(|end| name.ends_with(end))
}

const NO_FOLDER: &str = "the policy directory does not exist; create it, where an empty one means Entra's initial \
    values, or name another: `source` under `[policy]`, or `--policy`";
const NOT_A_FOLDER: &str = "is not a folder; expected a directory with policy documents";
