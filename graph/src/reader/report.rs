//! What reading and checking brings to light, until it is told.

use std::collections::BTreeMap;

use super::fault::{Fault, Position};
use super::locate::Locator;
use super::path::{At, Step, written};
use crate::advisory::Advisories;
use crate::load::PolicyFile;

/// Which document of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Slot {
    /// The file is one document, or the fault is the file's.
    Whole,
    /// An element of a bare list.
    Item(usize),
    /// An element of `value`.
    Value(usize),
    /// A line: its number from 1, and where it starts.
    Line(usize, usize),
}

impl Slot {
    /// The path from the file's root to the document.
    pub(crate) fn steps(self) -> Vec<Step> {
        match self {
            Self::Whole | Self::Line(..) => Vec::new(),
            Self::Item(index) => vec![Step::Item(index)],
            Self::Value(index) => vec![Step::Member("value".to_owned()), Step::Item(index)],
        }
    }

    /// What comes first in a file.
    pub(crate) const fn order(self) -> usize {
        match self {
            Self::Whole => 0,
            Self::Item(index) | Self::Value(index) | Self::Line(index, _) => index,
        }
    }

    /// The document's place for a reader, such as `partners.jsonl:17` or `partners.json: value[3]`.
    pub(crate) fn place(self, file: &str) -> String {
        match self {
            Self::Whole => file.to_owned(),
            Self::Line(number, _) => format!("{file}:{number}"),
            Self::Item(_) | Self::Value(_) => format!("{file}: {}", written(&self.steps())),
        }
    }
}

/// One thing that is wrong in one document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Found {
    /// From the document's root.
    pub(crate) steps: Vec<Step>,
    /// What of it to point at.
    pub(crate) mark: Mark,
    /// What is wrong.
    pub(crate) message: String,
}

/// What a fault points at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mark {
    /// The value at the path, or the nearest above it.
    Value,
    /// The name of the member that the path ends in.
    Name,
    /// A place in the document's text.
    Text(Position),
    /// Nothing: the file as a whole.
    File,
}

/// Everything found so far, in all files.
#[derive(Debug, Default)]
pub(crate) struct Report {
    found: Vec<(usize, Slot, Found)>,
    /// Remarks.
    pub(crate) advisories: Advisories,
}

impl Report {
    /// Takes what is wrong in one document.
    pub(crate) fn found(
        &mut self,
        file: usize,
        slot: Slot,
        found: impl IntoIterator<Item = Found>,
    ) {
        self.found
            .extend(found.into_iter().map(|found| (file, slot, found)));
    }

    /// Takes a fault of a whole file.
    pub(crate) fn file_fault(&mut self, file: usize, message: String) {
        let found = Found {
            steps: Vec::new(),
            mark: Mark::File,
            message,
        };
        self.found.push((file, Slot::Whole, found));
    }

    /// Takes all that another report holds.
    pub(crate) fn extend(&mut self, other: Self) {
        self.found.extend(other.found);
        self.advisories.extend(other.advisories);
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether anything is wrong in this file.
    pub(crate) fn faults_in(&self, file: usize) -> bool {
        self.found.iter().any(|(index, _, _)| *index == file)
    }

    /// Every fault with its place, sorted.
    pub(crate) fn faults(self, files: &[PolicyFile<'_>]) -> Vec<Fault> {
        let mut by_file: BTreeMap<usize, Vec<(Slot, Found)>> = BTreeMap::new();
        for (file, slot, found) in self.found {
            by_file.entry(file).or_default().push((slot, found));
        }
        let mut faults = Vec::new();
        for (file, found) in by_file {
            let Some(file) = files.get(file) else {
                continue;
            };
            let locator = Locator::new(file.text);
            faults.extend(found.into_iter().map(|(slot, found)| Fault {
                file: file.path.to_owned(),
                position: locator.locate(slot, &found),
                path: written(&[slot.steps(), found.steps].concat()),
                message: found.message,
            }));
        }
        faults.sort_by(|a, b| {
            (&a.file, a.position, &a.path, &a.message)
                .cmp(&(&b.file, b.position, &b.path, &b.message))
        });
        faults
    }
}

/// The report of one document, for the checks on it.
#[derive(Debug)]
pub(crate) struct Notes<'r> {
    /// The file's index.
    pub(crate) file: usize,
    /// The file's name.
    pub(crate) name: &'r str,
    /// Which document of the file.
    pub(crate) slot: Slot,
    /// Paths where something could not be read: checks on them would only repeat it.
    pub(crate) unread: &'r [Vec<Step>],
    /// Where it goes.
    pub(crate) report: &'r mut Report,
}

impl Notes<'_> {
    /// Something is wrong here.
    pub(crate) fn fault(&mut self, at: &At<'_>, message: impl Into<String>) {
        self.fault_at(at.steps(), message);
    }

    /// Something is wrong at this path.
    pub(crate) fn fault_at(&mut self, steps: Vec<Step>, message: impl Into<String>) {
        let repeats = |unread: &Vec<Step>| unread.starts_with(&steps) || steps.starts_with(unread);
        if self.unread.iter().any(repeats) {
            return;
        }
        let found = Found {
            steps,
            mark: Mark::Value,
            message: message.into(),
        };
        self.report.found(self.file, self.slot, [found]);
    }

    /// Something here is worth knowing.
    pub(crate) fn advise(&mut self, at: &At<'_>, message: &str) {
        let (name, slot) = (self.name, self.slot);
        self.report
            .advisories
            .add(message, || full_place(name, slot, &at.steps()));
    }

    /// Something at this path is worth knowing.
    pub(crate) fn advise_at(&mut self, steps: &[Step], message: &str) {
        let (name, slot) = (self.name, self.slot);
        self.report
            .advisories
            .add(message, || full_place(name, slot, steps));
    }
}

fn full_place(name: &str, slot: Slot, steps: &[Step]) -> String {
    let path = written(steps);
    let place = slot.place(name);
    match (slot, path.is_empty()) {
        (_, true) => place,
        (Slot::Item(_) | Slot::Value(_), false) => format!("{place}.{path}"),
        (Slot::Whole | Slot::Line(..), false) => format!("{place}: {path}"),
    }
}
