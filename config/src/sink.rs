//! `[[sign_ins.sink]]`: receivers of sign-in events that are reached over the network.

mod address;
mod authorization;
mod kind;

use std::path::PathBuf;
use std::time::Duration;

pub use address::Endpoint;
pub use authorization::HttpAuthorization;
pub use kind::{ClientTlsFiles, Header, NatsCredentials, OtlpProtocol, Receiver};

use crate::reader::{Section, Seen, Text};
use crate::units::{positive_duration, positive_size};
use crate::{OnFull, PolicySource};

/// A receiver of events, and the spool from which they are sent to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SpooledSink {
    /// What metrics, logs and the spool's folder call it: lower-case letters, digits and `-`.
    pub name: String,
    /// Who takes the events, and how it is reached.
    pub receiver: Receiver,
    /// What each event looks like there.
    pub form: Form,
    /// Whether events in Graph's form keep their receipts, which other forms never have.
    pub receipts: bool,
    /// The folder that keeps events until they are delivered.
    pub spool: PathBuf,
    /// Bytes that the folder may take.
    pub spool_size: u64,
    /// What happens where the spool is full.
    pub on_full: OnFull,
    /// How long one sending may take, with the answer to it.
    pub timeout: Duration,
    /// Events that are sent together at most.
    pub batch: usize,
}

/// What an event looks like to its receiver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Graph's `signIn`, as in the files.
    Graph,
    /// The columns of Entra's table `SigninLogs`.
    Entra,
    /// Microsoft Sentinel's schema `Authentication` (ASIM).
    Asim,
    /// The class `Authentication` of the Open Cybersecurity Schema Framework.
    Ocsf,
}

impl Form {
    /// Every one, by its name in the file.
    pub const ALL: [(&'static str, Self); 4] = [
        ("graph", Self::Graph),
        ("entra", Self::Entra),
        ("asim", Self::Asim),
        ("ocsf", Self::Ocsf),
    ];
}

/// Reads every `[[sign_ins.sink]]`.
pub(crate) fn read_all(
    sign_ins: &mut Section<'_>,
    policy: &PolicySource,
    on_full: OnFull,
) -> Vec<SpooledSink> {
    let mut names = Seen::new("give each sink a name of its own");
    let mut folders: Vec<PathBuf> = Vec::new();
    sign_ins.sections("sink", |section| {
        let name = section.required_text("name", "a name such as `siem`", |text| {
            let name = name(text)?;
            names.note(name.clone(), text);
            Some(name)
        });
        let receiver = Receiver::read(section);
        let form = section.text("form", |text| text.choice("a form of events", &Form::ALL));
        let receipts = section.boolean("receipts", false);
        let given = section.text("spool", Text::path);
        let spool = given.or_else(|| beside_the_store(section, name.as_deref()?, policy));
        if spool.as_ref().is_some_and(|spool| folders.contains(spool)) {
            section.fault(
                "spool",
                "is another sink's too; give each sink a folder of its own",
            );
        }
        folders.extend(spool.clone());
        let spool_size = positive_size(section, "spool_size", DEFAULT_SPOOL_SIZE);
        if spool_size < LEAST_SPOOL_SIZE {
            section.fault(
                "spool_size",
                "is too small to work with; expected `1MiB` at least",
            );
        }
        let on_full = OnFull::read(section).unwrap_or(on_full);
        let timeout = positive_duration(section, "timeout", DEFAULT_TIMEOUT);
        let batch = section.positive_number("batch", DEFAULT_BATCH);
        Some(SpooledSink {
            name: name?,
            receiver: receiver?,
            form: form.unwrap_or(Form::Graph),
            receipts,
            spool: spool?,
            spool_size,
            on_full,
            timeout,
            batch,
        })
    })
}

fn name(text: &Text<'_>) -> Option<String> {
    let name = text.filled()?;
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !name.bytes().all(known) {
        return text.refuse("is no name of a sink; expected lower-case letters, digits and `-`");
    }
    if OTHERS.contains(&&*name) {
        return text.refuse("is what metrics call something else; choose another name");
    }
    Some(name)
}

/// Where spools are that nobody gave another place.
pub(crate) fn folder(policy: &PolicySource) -> Option<PathBuf> {
    match policy {
        PolicySource::Sqlite(policy) => Some(policy.with_file_name(DEFAULT_SPOOL)),
        PolicySource::Directory(_) => None,
    }
}

fn beside_the_store(
    section: &mut Section<'_>,
    name: &str,
    policy: &PolicySource,
) -> Option<PathBuf> {
    match policy {
        PolicySource::Sqlite(_) => folder(policy).map(|folder| folder.join(name)),
        // Faulty or missing: a path that is wrong was told of.
        PolicySource::Directory(_) => {
            if section.field("spool").is_none() {
                section.fault(
                    "spool",
                    "missing; expected a folder on a local disk, such as `/var/lib/crossgate/spool/siem`",
                );
            }
            None
        }
    }
}

/// What else is a value of the label `sink`.
const OTHERS: [&str; 3] = ["stdout", "store", "queue"];

/// Beside the policy store.
const DEFAULT_SPOOL: &str = "spool";

/// Some four hundred thousand events: a busy gateway's hour, or a quiet one's week.
const DEFAULT_SPOOL_SIZE: u64 = 1 << 30;

/// Room for some segments.
const LEAST_SPOOL_SIZE: u64 = 1 << 20;

/// Receivers that store before they answer take a moment; one that takes longer is asked again.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Under a megabyte, which many receivers take at most.
const DEFAULT_BATCH: usize = 500;
