//! From the files an operator wrote to what can be put in force: settings and policy, checked together.
//!
//! Nothing here is in force yet, and nothing of a broken set is handed out: whoever loads gets everything, or every
//! fault.

mod believed;
mod directory;
mod files;
mod past;
mod store;
mod text;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{Context, Digest, SHA256};
use crossgate_config::{
    Consent, GuestDirectory as Mode, Outline, PartnerSettings, PolicySource, Purpose, Settings,
};
use crossgate_control::store::Head;
use crossgate_graph::{Advisory, Compiled, Counts, GUESTS_FILE, PolicyFile, ReadGuests, SignUp};
use crossgate_policy::ids::{Cloud, TenantId};
use crossgate_policy::snapshot::{
    self, DirectoryMode, GuestDirectory, OwnTenant, PartnerFacts, Snapshot,
};
use crossgate_token::Issuers;

pub use believed::{algorithms, social_issuer};
use directory::{Document, Known, Stamp};
pub use files::Files;
pub use past::Past;
pub use store::{OpenStore, Stores};

/// What a configuration and its policy directory say, checked and compiled.
#[derive(Debug)]
pub struct Loaded {
    /// `crossgate.toml`.
    pub settings: Settings,
    /// The policy.
    pub snapshot: Arc<Snapshot>,
    /// By which flows people sign up themselves.
    pub sign_up: Arc<SignUp>,
    /// Who may sign tokens.
    pub issuers: Issuers,
    /// Names the content: SHA-256, in hexadecimal, of the configuration's text and of every policy file's path and
    /// digest.
    pub hash: Arc<str>,
    /// What an operator should know.
    pub advisories: Vec<Advisory>,
    /// How much policy there is.
    pub counts: Counts,
    /// Its guests, for the next time; `None` where there is no file of them.
    pub guests: Option<KnownGuests>,
    /// The store that the policy was read from; `None` where it is in a directory.
    pub store: Option<OpenStore>,
}

/// What one file of guests says, which need not be compiled again while the file is the same: guests may be a million, and most
/// changes are none of theirs.
#[derive(Clone, Debug)]
pub struct KnownGuests {
    file: Digest,
    stamp: Stamp,
    /// The file was seen to look like this then, or before.
    seen: Instant,
    /// It was read then, or after.
    read_at: Instant,
    read: ReadGuests,
}

impl KnownGuests {
    /// What a file says that was looked at, and perhaps read, between `begun` and `ended`.
    fn of(
        file: &Document,
        (begun, ended): (Instant, Instant),
        read: ReadGuests,
        before: Option<&Self>,
    ) -> Self {
        let before = before.filter(|before| before.stamp == file.stamp);
        let unread = before.filter(|_| !file.is_read());
        Self {
            file: file.digest,
            stamp: file.stamp.clone(),
            seen: before.map_or(ended, |before| before.seen),
            read_at: unread.map_or(begun, |before| before.read_at),
            read,
        }
    }

    /// The same where the file is to be read again, whatever it looks like.
    pub(crate) fn to_be_read(&self) -> Self {
        Self {
            seen: self.read_at,
            ..self.clone()
        }
    }

    /// The file, where a look at it tells that it is the same: it had looked so for a while when it was read, so that any later change has
    /// another time.
    fn as_file(&self) -> Option<Known<'_>> {
        let age = self.read_at.saturating_duration_since(self.seen);
        (age >= COARSEST_TIMES).then_some(Known {
            path: GUESTS_FILE,
            stamp: &self.stamp,
            digest: self.file,
        })
    }

    /// The same as if the file had looked so for long, with a digest that is not the file's: where that is found again, nobody has read it.
    #[cfg(test)]
    pub(crate) fn long_known_wrongly(&self) -> Self {
        Self {
            file: aws_lc_rs::digest::digest(&SHA256, b"else"),
            seen: self.read_at.checked_sub(COARSEST_TIMES).unwrap(),
            ..self.clone()
        }
    }
}

/// Filesystems tell times by the second, or by two.
const COARSEST_TIMES: Duration = Duration::from_secs(3);

/// Everything that is wrong, a line each: `file:line:column: key: message`, without a place where a whole file is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Faults {}

/// Reads and checks a configuration, without its policy.
///
/// Relative paths in it are taken from its folder, `${NAME}` from the environment.
///
/// # Errors
/// Every fault of the file.
pub fn settings(config: &Path, purpose: Purpose) -> Result<Settings, Faults> {
    parse(config, &read(config)?, purpose)
}

/// Reads, checks and compiles a configuration and its policy; `policy` is a directory to take instead of the one that the
/// configuration names.
///
/// # Errors
/// Every fault of the configuration, and of the policy too where the configuration tells whose it is.
pub fn load(config: &Path, purpose: Purpose, policy: Option<&Path>) -> Result<Loaded, Faults> {
    load_text(config, &read(config)?, purpose, policy, None, Stores::Look)
}

/// The text of a configuration.
///
/// # Errors
/// It cannot be read.
pub fn read(config: &Path) -> Result<String, Faults> {
    text::read(config).map_err(|fault| Faults(vec![fault]))
}

/// The same as [`load`] with the configuration's text as it was read before, with guests who are known, and with a new store where
/// that is wanted.
///
/// # Errors
/// As for [`load`].
pub fn load_text(
    config: &Path,
    text: &str,
    purpose: Purpose,
    policy: Option<&Path>,
    guests: Option<&KnownGuests>,
    stores: Stores,
) -> Result<Loaded, Faults> {
    let parsed = parse(config, text, purpose);
    let basis = match &parsed {
        Ok(settings) => Some(Basis::of(settings)),
        Err(_) => Basis::glean(config, text),
    };
    let policy = basis.and_then(|basis| {
        let directory = policy.map(|path| PolicySource::Directory(path.to_path_buf()));
        Some(match directory.or(basis.source)? {
            PolicySource::Directory(directory) => self::policy(&directory, &basis.own, guests),
            PolicySource::Sqlite(file) => store::open(&file, &basis.own, stores),
        })
    });
    match (parsed, policy) {
        (Ok(settings), Some(Ok(policy))) => assemble(config, text, settings, policy),
        (Ok(_), Some(Err(faults))) => Err(faults),
        (Err(mut faults), Some(Err(more))) => {
            faults.0.extend(more.0);
            Err(faults)
        }
        (Err(faults), Some(Ok(_)) | None) => Err(faults),
        // Settings without fault name a directory; that they might not is no reason to let anything pass.
        (Ok(_), None) => Err(Faults(vec![format!(
            "{}: names no policy; write `source = \"dir:policy\"` under `[policy]`",
            config.display()
        )])),
    }
}

/// The same as [`load_text`] of a directory that somebody may just be writing: what is read counts only where nothing
/// moved meanwhile, but for a directory that never comes to rest.
///
/// # Errors
/// As for [`load`].
pub fn load_at_rest(
    config: &Path,
    text: &str,
    purpose: Purpose,
    guests: Option<&KnownGuests>,
) -> Result<Loaded, Faults> {
    let source = Basis::glean(config, text).and_then(|basis| basis.source);
    let directory = match source {
        Some(PolicySource::Directory(directory)) => Some(directory),
        Some(PolicySource::Sqlite(_)) | None => None,
    };
    at_rest(
        || directory.as_deref().map(directory::Look::at),
        || load_text(config, text, purpose, None, guests, Stores::Look),
    )
}

/// What is read while something looks the same before and after.
fn at_rest<L: PartialEq, T>(mut look: impl FnMut() -> L, mut read: impl FnMut() -> T) -> T {
    let mut before = look();
    for _ in 1..MOST_READINGS {
        let found = read();
        let after = look();
        if before == after {
            return found;
        }
        before = after;
        std::thread::sleep(REST);
    }
    read()
}

/// A policy, and where it was found.
struct Policy {
    compiled: Compiled,
    found: Found,
}

/// Where a policy was found.
enum Found {
    /// In a directory: its files as they are, and the guests among them.
    Directory {
        documents: Vec<Document>,
        guests: Option<KnownGuests>,
    },
    /// In a store.
    Store(Box<OpenStore>),
}

/// What checking a policy needs to know of the configuration.
struct Basis {
    own: OwnTenant,
    source: Option<PolicySource>,
}

impl Basis {
    fn of(settings: &Settings) -> Self {
        Self {
            own: own_tenant(settings),
            source: Some(settings.policy.clone()),
        }
    }

    /// The same from a configuration with faults.
    fn glean(config: &Path, text: &str) -> Option<Self> {
        let outline = Outline::parse(text, folder_of(config), &environment)?;
        Some(Self {
            own: own(outline.tenant, outline.cloud, &[]),
            source: outline.policy,
        })
    }
}

fn parse(config: &Path, text: &str, purpose: Purpose) -> Result<Settings, Faults> {
    let file = config.display().to_string();
    Settings::parse(text, folder_of(config), purpose, &environment).map_err(|faults| {
        let told = faults.iter().map(|fault| fault.in_file(&file).to_string());
        Faults(told.collect())
    })
}

fn policy(
    directory: &Path,
    own: &OwnTenant,
    known: Option<&KnownGuests>,
) -> Result<Policy, Faults> {
    let begun = Instant::now();
    let (documents, mut told) = directory::read(directory, known.and_then(KnownGuests::as_file));
    let ended = Instant::now();
    let files = documents.iter().filter_map(Document::as_policy_file);
    let files: Vec<PolicyFile<'_>> = files.collect();
    let guests = known.filter(|known| {
        file_of_guests(&documents).is_some_and(|file| file.digest.as_ref() == known.file.as_ref())
    });
    let guests = guests.map(|known| known.read.clone());
    let compiled = crossgate_graph::load_beside(&files, own, guests);
    if let Err(faults) = &compiled {
        told.extend(faults.iter().map(|fault| in_directory(directory, fault)));
    }
    match compiled {
        Ok(compiled) if told.is_empty() => Ok(Policy {
            found: Found::Directory {
                guests: file_of_guests(&documents).map(|file| {
                    KnownGuests::of(file, (begun, ended), compiled.guests.clone(), known)
                }),
                documents,
            },
            compiled,
        }),
        Ok(_) | Err(_) => Err(Faults(told)),
    }
}

/// A fault with the path as the operator would type it.
fn in_directory(directory: &Path, fault: &crossgate_graph::Fault) -> String {
    let file = directory.join(&fault.file).display().to_string();
    let fault = crossgate_graph::Fault {
        file,
        ..fault.clone()
    };
    fault.to_string()
}

fn assemble(
    config: &Path,
    text: &str,
    settings: Settings,
    policy: Policy,
) -> Result<Loaded, Faults> {
    let issuers = believed::issuers(&settings)
        .map_err(|fault| Faults(vec![format!("{}: {fault}", config.display())]))?;
    let snapshot = snapshot(&settings, &policy.compiled);
    let (hash, guests, store) = match policy.found {
        Found::Directory { documents, guests } => (name(text, &documents), guests, None),
        Found::Store(store) => (name_of_store(text, &store.opened.head), None, Some(*store)),
    };
    Ok(Loaded {
        settings,
        snapshot: Arc::new(snapshot),
        sign_up: policy.compiled.sign_up,
        issuers,
        hash,
        advisories: policy.compiled.advisories,
        counts: policy.compiled.counts,
        guests,
        store,
    })
}

/// A configuration beside the policy of a store that is in force.
///
/// # Errors
/// Every fault of the configuration.
pub fn beside(config: &Path, text: &str, policy: &Compiled, head: &Head) -> Result<Loaded, Faults> {
    let settings = parse(config, text, Purpose::Serve)?;
    let issuers = believed::issuers(&settings)
        .map_err(|fault| Faults(vec![format!("{}: {fault}", config.display())]))?;
    Ok(Loaded {
        snapshot: Arc::new(snapshot(&settings, policy)),
        sign_up: Arc::clone(&policy.sign_up),
        settings,
        issuers,
        hash: name_of_store(text, head),
        advisories: Vec::new(),
        counts: policy.counts,
        guests: None,
        store: None,
    })
}

/// What requests are decided by: a policy, and what the configuration knows beside it.
#[must_use]
pub fn snapshot(settings: &Settings, policy: &Compiled) -> Snapshot {
    let Compiled {
        allowed_clouds,
        default,
        partners,
        guests,
        conditional_access,
        revocations,
        assignments,
        // Whom to invite and how is asked by who invites, not by requests.
        external_collaboration: _,
        sign_up: _,
        redemption,
        advisories: _,
        counts: _,
    } = policy;
    Snapshot {
        own: own_tenant(settings),
        allowed_clouds: allowed_clouds.clone(),
        default: default.clone(),
        partners: partners.clone(),
        partner_facts: settings.partners.iter().map(partner_facts).collect(),
        partner_sides: Arc::default(),
        guests: GuestDirectory::new(directory_mode(settings.guests), Arc::clone(&guests.records)),
        conditional_access: Arc::clone(conditional_access),
        revocations: revocations.clone(),
        assignments: assignments.clone(),
        redemption: redemption.clone(),
    }
}

fn file_of_guests(documents: &[Document]) -> Option<&Document> {
    let mut documents = documents.iter();
    documents.find(|document| document.path == GUESTS_FILE)
}

/// The own tenant, as policies see it.
#[must_use]
pub fn own_tenant(settings: &Settings) -> OwnTenant {
    let tenant = &settings.tenant;
    own(tenant.id, tenant.cloud, &tenant.domains)
}

fn own(id: TenantId, cloud: Cloud, domains: &[String]) -> OwnTenant {
    OwnTenant {
        id,
        cloud,
        domains: domains
            .iter()
            .map(|domain| domain.as_str().into())
            .collect(),
    }
}

fn partner_facts(partner: &PartnerSettings) -> (TenantId, PartnerFacts) {
    let facts = PartnerFacts {
        cloud: partner.cloud,
        domains: partner
            .domains
            .iter()
            .map(|domain| domain.as_str().into())
            .collect(),
        consent: match partner.consent {
            Consent::TokenIssuance => snapshot::Consent::TokenIssuance,
            Consent::Published => snapshot::Consent::Published,
        },
    };
    (partner.tenant, facts)
}

const fn directory_mode(mode: Mode) -> DirectoryMode {
    match mode {
        Mode::Optional => DirectoryMode::Optional,
        Mode::Required => DirectoryMode::Required,
        Mode::Off => DirectoryMode::Off,
    }
}

fn name(config: &str, documents: &[Document]) -> Arc<str> {
    let parts = documents
        .iter()
        .flat_map(|document| [document.path.as_bytes(), document.digest.as_ref()]);
    digest_of([config.as_bytes()].into_iter().chain(parts))
}

/// The same of a store: the chain of its changes names what they have led to.
#[must_use]
pub fn name_of_store(config: &str, head: &Head) -> Arc<str> {
    digest_of([config.as_bytes(), b"store", &head.changed_hash.0].into_iter())
}

/// The same with the draft that is staged there.
#[must_use]
pub fn name_of_stage(config: &str, head: &Head) -> Arc<str> {
    digest_of([config.as_bytes(), b"staged", &head.changed_hash.0].into_iter())
}

/// Every part goes in behind its length, so that no two lists of parts are one stream of bytes.
fn digest_of<'p>(parts: impl Iterator<Item = &'p [u8]>) -> Arc<str> {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let digest = context.finish();
    let hex: String = digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    hex.into()
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The folder a configuration stands in; empty for one in the working directory, so that paths stay as short as they
/// were written.
fn folder_of(config: &Path) -> &Path {
    config.parent().unwrap_or(Path::new(""))
}

/// A directory that moves while it is read is read again so many times.
const MOST_READINGS: usize = 5;

/// Between two readings of it.
const REST: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
