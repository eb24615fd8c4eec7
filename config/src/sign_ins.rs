//! `[sign_ins]`: how sign-in events are counted, queued and written.

use std::path::PathBuf;
use std::time::Duration;

use crate::reader::{Section, Text};
use crate::sink::{self, SpooledSink};
use crate::units::{positive_duration, positive_size};
use crate::{PolicySource, Purpose};

/// How sign-in events are written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignIns {
    /// Which requests give an event of their own.
    pub mode: SignInMode,
    /// What events say of where they come from; `None`: the machine's name.
    pub gateway: Option<String>,
    /// Where events go; none only offline, or where there are receivers.
    pub sinks: Vec<Sink>,
    /// Receivers over the network, each with its spool.
    pub spooled: Vec<SpooledSink>,
    /// The folder of the spools of receivers that name none; `None` where the policy is in a directory.
    pub spools: Option<PathBuf>,
    /// What happens to a request whose event the queue cannot take, and to events that a sink cannot, where the sink does not say.
    pub on_full: OnFull,
    /// Events that may wait for the sinks.
    pub queue: usize,
    /// Longest time an event waits before it is handed to the operating system.
    pub flush_every: Duration,
    /// Whether each flush also waits for the disk.
    pub fsync: bool,
    /// When files make room for new ones.
    pub rotation: Rotation,
    /// Repeats of one event are added up for this long (`first-then-count`).
    pub count_window: Duration,
    /// Whether events keep the input of their decision, so that it can be decided again.
    pub receipts: bool,
    /// Where events are kept to be looked at again; `None`: nowhere.
    pub store: Option<SignInStore>,
}

/// Where events are kept to be looked at again, and how many.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignInStore {
    /// The folder.
    pub path: PathBuf,
    /// Days that are kept beside today.
    pub days: u32,
    /// Bytes that all of them may take.
    pub size: u64,
}

/// Which requests give an event of their own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignInMode {
    /// The first of each kind at once, repeats added up.
    FirstThenCount,
    /// Every one.
    EveryRequest,
}

/// Where events go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Sink {
    /// A file of JSON lines.
    File(PathBuf),
    /// Standard output.
    Stdout,
}

/// What happens when there is no room for an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnFull {
    /// The request is refused: nothing passes unseen.
    Refuse,
    /// The event is dropped, and counted as dropped.
    Drop,
}

/// When a sink's file makes room for a new one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rotation {
    /// Bytes a file may hold.
    pub size: u64,
    /// Full files that are kept beside the one being written; 0 keeps none.
    pub keep: usize,
}

impl SignIns {
    pub(crate) fn read(section: &mut Section<'_>, policy: &PolicySource) -> Self {
        let mode = section.text("mode", |text| {
            text.choice(
                "a mode of recording",
                &[
                    ("first-then-count", SignInMode::FirstThenCount),
                    ("every-request", SignInMode::EveryRequest),
                ],
            )
        });
        let sinks = section.texts("sinks", sink);
        let on_full = OnFull::read(section).unwrap_or(DEFAULT_ON_FULL);
        let spooled = sink::read_all(section, policy, on_full);
        // A list whose only items are faulty has been told of.
        let none = sinks.as_ref().is_some_and(Vec::is_empty)
            && section.lacks("sinks")
            && section.lacks("sink");
        if section.purpose() == Purpose::Serve && none {
            section.fault("sinks", EXPECTED_SINK);
        }
        Self {
            mode: mode.unwrap_or(DEFAULT_MODE),
            gateway: section.text("gateway", gateway),
            sinks: sinks.unwrap_or_else(|| vec![Sink::File(section.path(DEFAULT_FILE))]),
            spooled,
            spools: sink::folder(policy),
            on_full,
            queue: section.positive_number("queue", DEFAULT_QUEUE),
            flush_every: positive_duration(section, "flush_every", DEFAULT_FLUSH),
            fsync: section.boolean("fsync", DEFAULT_FSYNC),
            rotation: Rotation {
                size: positive_size(section, "rotate_size", DEFAULT_ROTATE_SIZE),
                keep: section.whole_number("rotate_keep", DEFAULT_ROTATE_KEEP),
            },
            count_window: positive_duration(section, "count_window", DEFAULT_COUNT_WINDOW),
            receipts: section.boolean("receipts", DEFAULT_RECEIPTS),
            store: SignInStore::read(section, policy),
        }
    }
}

impl OnFull {
    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        section.text("on_full", |text| {
            text.choice(
                "an answer to an event without room",
                &[("refuse", Self::Refuse), ("drop", Self::Drop)],
            )
        })
    }
}

impl SignInStore {
    fn read(section: &mut Section<'_>, policy: &PolicySource) -> Option<Self> {
        let days = section.positive_number("store_days", DEFAULT_STORE_DAYS);
        let size = positive_size(section, "store_size", DEFAULT_STORE_SIZE);
        let given = section.text("store", |text| match text.value() {
            "off" => Some(None),
            _ => text.path().map(Some),
        });
        let path = match (given, policy) {
            (Some(given), _) => given?,
            // Who asks the admin API for sign-ins finds them.
            (None, PolicySource::Sqlite(policy)) => policy.with_file_name(DEFAULT_STORE),
            (None, PolicySource::Directory(_)) => return None,
        };
        Some(Self {
            path,
            days: u32::try_from(days).unwrap_or(u32::MAX),
            size,
        })
    }
}

fn sink(text: &Text<'_>) -> Option<Sink> {
    if text.value() == "stdout" {
        return Some(Sink::Stdout);
    }
    if text.value().starts_with("file:") {
        return text.path_after("file:").map(Sink::File);
    }
    text.refuse("is not a sink; expected `file:PATH` or `stdout`")
}

/// Also the HOSTNAME of syslog.
fn gateway(text: &Text<'_>) -> Option<String> {
    let name = text.filled()?;
    if name.len() > 255 || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.refuse("is no name of a gateway; expected letters, digits, `-` and `.`");
    }
    Some(name)
}

const EXPECTED_SINK: &str = "events need somewhere to go; expected at least one of `file:PATH` or `stdout`, or a `[[sign_ins.sink]]`";

/// Beside the policy store.
const DEFAULT_STORE: &str = "sign-ins";

/// As long as Entra's paid licences keep them.
const DEFAULT_STORE_DAYS: usize = 30;

/// Some 50 million events; a disk that holds a policy and a log has room for it.
const DEFAULT_STORE_SIZE: u64 = 16 << 30;

/// A token is used many times a minute, and its hundredth use tells nothing new; the sums stay exact.
const DEFAULT_MODE: SignInMode = SignInMode::FirstThenCount;

/// Beside the configuration, where whoever tries the gateway looks first.
const DEFAULT_FILE: &str = "sign-ins.jsonl";

/// An access that leaves no trace is worse than one that is refused.
const DEFAULT_ON_FULL: OnFull = OnFull::Refuse;

/// Some seconds of the busiest traffic, at about a kilobyte an event.
const DEFAULT_QUEUE: usize = 65_536;

/// Whoever watches the file sees events at once, yet a busy gateway writes many together.
const DEFAULT_FLUSH: Duration = Duration::from_secs(1);

/// A crash of the program loses nothing that was flushed; surviving a crash of the machine costs a disk's wait a flush.
const DEFAULT_FSYNC: bool = false;

/// Small enough to open and send around.
const DEFAULT_ROTATE_SIZE: u64 = 100 << 20;

/// With the size above about a gigabyte, which a small machine has.
const DEFAULT_ROTATE_KEEP: usize = 10;

/// What was not kept can be neither audited nor replayed later. A receipt holds ids, groups and roles, no name and nothing of the token's
/// that opens anything, and makes an event about a quarter longer.
const DEFAULT_RECEIPTS: bool = true;

/// The interval the description of sign-in events promises.
const DEFAULT_COUNT_WINDOW: Duration = Duration::from_secs(60);
