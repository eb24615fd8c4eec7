//! The files of a policy directory.

use std::fs::{self, DirEntry, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Digest, SHA256, digest};
use crossgate_graph::PolicyFile;

use super::text;

/// One file.
pub(super) struct Document {
    /// Relative to the directory, with `/` between folders.
    pub(super) path: String,
    /// What it holds; `None` of a file that [`read`] was told to know.
    text: Option<String>,
    /// SHA-256 of that.
    pub(super) digest: Digest,
    /// What the file looked like just before it was read.
    pub(super) stamp: Stamp,
}

impl Document {
    /// Whether it was read.
    pub(super) const fn is_read(&self) -> bool {
        self.text.is_some()
    }

    /// The same for who reads documents, where it was read.
    pub(super) fn as_policy_file(&self) -> Option<PolicyFile<'_>> {
        let text = self.text.as_deref()?;
        Some(PolicyFile {
            path: &self.path,
            text,
        })
    }
}

/// What shows that a file is the one it was, without reading it: device, inode, length, and when it was changed last.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Stamp {
    place: (u64, u64),
    length: u64,
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(found: &Metadata) -> Self {
        Self {
            place: (found.dev(), found.ino()),
            length: found.len(),
            // Of change, not of modification, which programs that copy files set back.
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }
}

/// A file that need not be read where it is still the same.
pub(super) struct Known<'a> {
    /// As [`Document::path`].
    pub(super) path: &'a str,
    pub(super) stamp: &'a Stamp,
    pub(super) digest: Digest,
}

/// Every document under a directory, sorted by path, and what could not be read, a line each.
///
/// Links are followed: Kubernetes mounts a `ConfigMap` as links into a hidden folder. Hidden entries and what editors
/// leave behind are passed over; whatever else is there must be readable, for a document that was missed would mean its
/// initial values.
pub(super) fn read(directory: &Path, known: Option<Known<'_>>) -> (Vec<Document>, Vec<String>) {
    let mut reading = Reading {
        known,
        documents: Vec::new(),
        faults: Vec::new(),
    };
    reading.folder(directory, "", &mut Vec::new());
    let Reading {
        known: _,
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

type Seen = (PathBuf, Stamp);

impl Look {
    pub(super) fn at(directory: &Path) -> Self {
        let mut seen = Vec::new();
        see(directory, 0, &mut seen);
        seen.sort();
        Self(seen)
    }
}

fn see(path: &Path, depth: usize, seen: &mut Vec<Seen>) {
    // What cannot be looked at is told by who reads it.
    let Ok(found) = fs::metadata(path) else {
        return;
    };
    seen.push((path.to_owned(), Stamp::of(&found)));
    if !found.is_dir() || depth > DEEPEST {
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        see(&entry.path(), depth + 1, seen);
    }
}

/// Deeper than any policy directory; links may lead in a circle.
const DEEPEST: usize = 4;

struct Reading<'a> {
    known: Option<Known<'a>>,
    documents: Vec<Document>,
    faults: Vec<String>,
}

impl Reading<'_> {
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
            Ok(found) if found.is_dir() => self.folder(path, &format!("{relative}/"), above),
            Ok(found) if found.is_file() => self.file(path, relative, Stamp::of(&found)),
            Ok(_) => self.fault(path, "is neither a file nor a folder; remove it"),
            Err(error) => self.fault(path, &text::why(&error)),
        }
    }

    /// A file that looks like this, before it is read.
    fn file(&mut self, path: &Path, relative: String, stamp: Stamp) {
        let known = self.known.as_ref();
        let known = known.filter(|known| known.path == relative && *known.stamp == stamp);
        let (text, digest) = match known.map(|known| known.digest) {
            Some(digest) => (None, digest),
            None => match text::read(path) {
                Ok(text) => {
                    let digest = digest(&SHA256, text.as_bytes());
                    (Some(text), digest)
                }
                Err(fault) => return self.faults.push(fault),
            },
        };
        self.documents.push(Document {
            path: relative,
            text,
            digest,
            stamp,
        });
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

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_file_that_is_known_is_not_read_until_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("guests.jsonl");
        fs::write(&file, "one").unwrap();
        let stamp = Stamp::of(&fs::metadata(&file).unwrap());
        let known = || Known {
            path: "guests.jsonl",
            stamp: &stamp,
            digest: digest(&SHA256, b"one"),
        };
        let read = |known| {
            let (documents, faults) = read(folder.path(), known);
            assert!(faults.is_empty(), "{faults:?}");
            let [document] = documents.try_into().ok().unwrap();
            (document.text, document.digest.as_ref().to_vec())
        };
        let of = |text: &[u8]| digest(&SHA256, text).as_ref().to_vec();
        assert_eq!(read(None), (Some("one".to_owned()), of(b"one")));
        assert_eq!(read(Some(known())), (None, of(b"one")));
        let elsewhere = Known {
            path: "default.json",
            ..known()
        };
        assert_eq!(read(Some(elsewhere)).0.as_deref(), Some("one"));
        // In place, as long as before, and modified at the same time by its own account.
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::write(&file, "two").unwrap();
        let open = File::options().write(true).open(&file).unwrap();
        open.set_modified(modified).unwrap();
        assert_eq!(read(Some(known())), (Some("two".to_owned()), of(b"two")));
    }
}
