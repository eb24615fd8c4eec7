//! The one writer: a change is checked, compiled, stored with its audit record and put in force, in this order, before its caller has
//! an answer.
//!
//! What is stored is what is in force or will be after a restart, never less: a change that cannot be stored was never in force, and one
//! that was stored is in force when [`Ledger::change`] returns.

mod assertions;
mod examined;
mod follow;
mod guard;
mod planned;
mod roles;
mod staged;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use crossgate_graph::{Change, Compiled, Fault, Proposal, Refused, Standing};
use crossgate_policy::ids::Guid;
use crossgate_policy::snapshot::OwnTenant;
use jiff::Timestamp;

use crate::api::error::{ApiError, Detail};
use crate::audit::{self, Attempt, Outcome};
use crate::bootstrap;
use crate::document::{Address, DocumentKind, Write};
use crate::drafts::{self, Stage};
use crate::enforcer::Enforcer;
use crate::inviting::Rates;
use crate::roles::Roles;
use crate::secret::Fingerprint;
use crate::store::{Entry, Head, Sequence, Store, StoreError};
use crate::text::Document;
use assertions::{Occasion, Proof};
pub use examined::{Examined, Look};
pub use guard::Confirmation;
pub use planned::{Plan, PlanResult, Planned};
use roles::Unfit;
pub use staged::staged_at;
use staged::{Made, Staging};

/// The policy as it stands, and the only way to change it.
#[derive(Debug)]
pub struct Ledger {
    store: Arc<dyn Store>,
    enforcer: Arc<dyn Enforcer>,
    state: Mutex<State>,
    roles: ArcSwap<Roles>,
    invitation_rates: Mutex<Rates>,
    /// Held by who looks closely at what nobody makes: that takes long, and whoever may read may ask for it.
    looking: Mutex<()>,
    /// Held while something is proved ahead of its turn.
    proving: Mutex<()>,
}

/// What the store holds, compiled.
#[derive(Debug)]
pub struct Opened {
    /// The policy.
    pub standing: Standing,
    /// Where the store stood when it was read.
    pub head: Head,
    roles: Roles,
}

#[derive(Debug)]
struct State {
    standing: Standing,
    head: Head,
    stage: Option<Stage>,
    /// The draft whose stage is over here, because of what another process wrote or where it is staged, until the store says so too.
    unfit: Option<((Guid, Box<str>), String)>,
    /// What the gateway was called when the stage was looked at.
    gateway: String,
}

/// A document as it stands.
#[derive(Clone, Debug)]
pub struct Current {
    /// The change that wrote it.
    pub since: Sequence,
    /// What it says.
    pub document: Document,
}

/// What is to become of a document.
#[derive(Clone, Debug)]
pub enum Edit {
    /// It says this from now on.
    Write(Document),
    /// It goes.
    Remove,
    /// It stays as it is.
    Keep,
}

/// A change that is in force.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The version of the document; 0 where there is none.
    pub since: Sequence,
    /// What it says; `None` where it is gone.
    pub document: Option<Document>,
    /// What the caller should know.
    pub advisories: Vec<String>,
}

/// What is to become of a document, and what stands there now.
struct Next {
    current: Option<Current>,
    document: Option<Document>,
    /// It says what it said.
    same: bool,
    writes: Vec<Write>,
}

/// Next policy and next roles, checked and not yet stored.
struct Proposed {
    policy: Proposal,
    roles: Option<Roles>,
    staging: Option<Staging>,
}

impl Opened {
    /// Reads and compiles what a store holds.
    ///
    /// # Errors
    /// The store cannot be read, or its documents have faults, which only a program of another version can have let in.
    pub fn read(store: &dyn Store, own: &OwnTenant) -> Result<Self, OpenError> {
        let mut before = store.head()?;
        for _ in 0..MOST_TRIES {
            let source = follow::Source {
                store,
                at: before.sequence,
            };
            let standing = match Standing::load(own, &source) {
                Ok(standing) => Ok(standing),
                Err(Refused::Faults(faults)) => Err(OpenError::Faults(faults)),
                Err(Refused::Source(error)) => return Err(error.into()),
            };
            let roles = match roles::read(store, before.sequence, &[]) {
                Ok(roles) => Ok(roles),
                Err(Unfit::Faults(faults)) => Err(OpenError::Roles(faults)),
                Err(Unfit::Store(error)) => return Err(error.into()),
            };
            let after = store.head()?;
            // What was read in parts is one state where nothing changed meanwhile; faults of two halves are nobody's.
            if after.changed == before.changed {
                return Ok(Self {
                    standing: standing?,
                    head: after,
                    roles: roles?,
                });
            }
            before = after;
        }
        Err(StoreError::Moved.into())
    }
}

/// Why a store cannot be put in force.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its documents have faults.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<Fault>),
    /// Its roles have faults.
    #[error("{}", .0.iter().map(|fault| format!("{}: {}", fault.target, fault.message)).collect::<Vec<_>>().join("\n"))]
    Roles(Vec<Detail>),
}

impl Ledger {
    /// Goes on from what was read, which the caller has put in force.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, enforcer: Arc<dyn Enforcer>, opened: Opened) -> Self {
        let gateway = enforcer.gateway();
        Self {
            store,
            enforcer,
            roles: ArcSwap::from_pointee(opened.roles),
            invitation_rates: Mutex::default(),
            looking: Mutex::default(),
            proving: Mutex::default(),
            state: Mutex::new(State {
                standing: opened.standing,
                head: opened.head,
                stage: None,
                unfit: None,
                gateway,
            }),
        }
    }

    /// Who may do what.
    #[must_use]
    pub fn roles(&self) -> Arc<Roles> {
        self.roles.load_full()
    }

    /// The policy that is in force.
    #[must_use]
    pub fn compiled(&self) -> Compiled {
        self.lock().standing.compiled()
    }

    /// Where documents and audit are read.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The gateway.
    #[must_use]
    pub fn enforcer(&self) -> &dyn Enforcer {
        &*self.enforcer
    }

    /// How much mail inviters have had sent.
    pub(crate) const fn invitation_rates(&self) -> &Mutex<Rates> {
        &self.invitation_rates
    }

    /// Changes one document, with writes that are made in the same step. `edit` may be asked again where somebody else was faster.
    ///
    /// # Errors
    /// Whatever `edit` refuses; what the next policy would contradict; whom it would shut out; the store.
    pub fn change(
        &self,
        attempt: &Attempt<'_>,
        confirmation: Confirmation<'_>,
        address: &Address,
        edit: &dyn Fn(Option<&Current>) -> Result<Edit, ApiError>,
        beside: &[Write],
    ) -> Result<Changed, ApiError> {
        let mut proof = Proof::default();
        for _ in 0..MOST_TRIES {
            let mut state = self.lock();
            self.catch_up(&mut state)?;
            let Next {
                current,
                document: next,
                same,
                writes,
            } = self.next(address, edit, beside)?;
            let before = current.as_ref();
            let proposed = self.propose(&state, &writes)?;
            let advisories = proposed.advisories();
            self.guard(confirmation, &proposed)?;
            if self.must_prove(Occasion::of(attempt.by), &writes) {
                let Some(turn) = self.prove_in_turn(&mut proof, state, &proposed)? else {
                    continue;
                };
                state = turn;
            }
            let modified = audit::modified(before.map(|current| &current.document), next.as_ref());
            let mut attempt = attempt.clone();
            attempt
                .details
                .extend(advisories.iter().map(|told| ("Advisory", told.clone())));
            match self.store_and_enforce(&mut state, &attempt, &modified, writes, proposed) {
                Err(StoreError::Moved) => {}
                Err(error) => return Err(error.into()),
                Ok(head) => {
                    let since = match (&next, same) {
                        (None, _) => 0,
                        (Some(_), true) => before.map_or(0, |current| current.since),
                        (Some(_), false) => head.sequence,
                    };
                    return Ok(Changed {
                        since,
                        document: next,
                        advisories,
                    });
                }
            }
        }
        Err(ApiError::concurrent())
    }

    /// What [`Ledger::change`] would answer, of a change that is not made. It is no version of the document: `since` is that of the one there is.
    ///
    /// # Errors
    /// As for [`Ledger::change`].
    pub fn would_become(
        &self,
        confirmation: Confirmation<'_>,
        address: &Address,
        edit: &dyn Fn(Option<&Current>) -> Result<Edit, ApiError>,
        beside: &[Write],
    ) -> Result<Changed, ApiError> {
        let mut state = self.lock();
        self.catch_up(&mut state)?;
        let next = self.next(address, edit, beside)?;
        let proposed = self.propose(&state, &next.writes)?;
        self.guard(confirmation, &proposed)?;
        Ok(Changed {
            since: next.current.map_or(0, |current| current.since),
            document: next.document,
            advisories: proposed.advisories(),
        })
    }

    fn next(
        &self,
        address: &Address,
        edit: &dyn Fn(Option<&Current>) -> Result<Edit, ApiError>,
        beside: &[Write],
    ) -> Result<Next, ApiError> {
        let current = self.current(address)?;
        let before = current.as_ref();
        let document = match edit(before)? {
            Edit::Write(document) => Some(document),
            Edit::Remove => None,
            Edit::Keep => before.map(|current| current.document.clone()),
        };
        let text = document.as_ref().map(Document::to_text);
        let same = text == before.map(|current| current.document.to_text());
        let write = Write {
            address: address.clone(),
            text: text.map(Into::into),
        };
        let mut writes = if same { Vec::new() } else { vec![write] };
        writes.extend_from_slice(beside);
        Ok(Next {
            current,
            document,
            same,
            writes,
        })
    }

    /// Records an attempt that changed nothing.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn record(&self, attempt: &Attempt<'_>, outcome: Outcome<'_>) -> Result<(), ApiError> {
        let mut state = self.lock();
        for _ in 0..MOST_TRIES {
            self.catch_up(&mut state)?;
            let entry = entry(attempt, outcome, &[], Vec::new());
            match self.store.append(state.head.sequence, &entry) {
                Ok(head) => {
                    state.head = head;
                    return Ok(());
                }
                Err(StoreError::Moved) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ApiError::concurrent())
    }

    /// The digest of the secret that gives somebody the first role, while there is one.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn bootstrap_secret(&self) -> Result<Option<Fingerprint>, ApiError> {
        Ok(bootstrap::fingerprint(&*self.store)?)
    }

    /// The document at an address.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn current(&self, address: &Address) -> Result<Option<Current>, ApiError> {
        let Some(stored) = self.store.get(address)? else {
            return Ok(None);
        };
        let document = Document::parse(&stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
        Ok(Some(Current {
            since: stored.since,
            document,
        }))
    }

    fn propose(&self, state: &State, writes: &[Write]) -> Result<Proposed, ApiError> {
        let mut proposed = self.propose_for_all(state, writes)?;
        proposed.staging = self.propose_for_some(state, writes, &proposed.policy, Made::Here)?;
        Ok(proposed)
    }

    /// The same without the draft that is staged.
    fn propose_for_all(&self, state: &State, writes: &[Write]) -> Result<Proposed, ApiError> {
        let changes = changes(writes);
        let roles = writes
            .iter()
            .any(|write| is_role(write.address.kind))
            .then(|| roles::read(&*self.store, state.head.sequence, writes));
        let roles = match roles.transpose() {
            Ok(roles) => Ok(roles),
            Err(Unfit::Faults(faults)) => Err(faults),
            Err(Unfit::Store(error)) => return Err(error.into()),
        };
        let source = follow::Source {
            store: &*self.store,
            at: state.head.sequence,
        };
        let policy = match state.standing.propose(&changes, &source) {
            Ok(policy) => Ok(policy),
            Err(Refused::Faults(faults)) => Err(faults),
            Err(Refused::Source(error)) => return Err(error.into()),
        };
        match (policy, roles) {
            (Ok(policy), Ok(roles)) => Ok(Proposed {
                policy,
                roles,
                staging: None,
            }),
            (Err(faults), Ok(_)) => Err(ApiError::faults(details(&faults, writes.len()))),
            (Ok(_), Err(faults)) => Err(ApiError::faults(faults)),
            (Err(faults), Err(more)) => {
                let mut details = details(&faults, writes.len());
                details.extend(more);
                Err(ApiError::faults(details))
            }
        }
    }

    fn store_and_enforce(
        &self,
        state: &mut State,
        attempt: &Attempt<'_>,
        modified: &[audit::Modified],
        writes: Vec<Write>,
        proposed: Proposed,
    ) -> Result<Head, StoreError> {
        // What binds keeps its name while drafts are written that bind for nobody.
        let stages = state.stage.is_some() || proposed.staging.is_some();
        let binds = |write: &Write| stages || !drafts::is_of_drafts(write.address.kind);
        let changes = writes.iter().any(binds);
        let entry = entry(attempt, Outcome::Success, modified, writes);
        let head = self.store.append(state.head.sequence, &entry)?;
        state.head = head.clone();
        if changes {
            self.take(state, proposed);
        }
        Ok(head)
    }

    /// What was stored comes into force.
    fn take(&self, state: &mut State, proposed: Proposed) {
        if let Some(roles) = proposed.roles {
            self.roles.store(Arc::new(roles));
        }
        state.standing.accept(proposed.policy);
        let staged = proposed.staging.as_ref().map(Staging::policy);
        state.stage = proposed.staging.map(|staging| staging.stage);
        self.enforcer
            .enforce(&state.standing.compiled(), staged.as_ref(), &state.head);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever panicked here did so before anything was taken into the state: that is one step, behind the store's.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proposed {
    fn advisories(&self) -> Vec<String> {
        self.policy
            .advisories()
            .iter()
            .map(ToString::to_string)
            .collect()
    }
}

fn changes(writes: &[Write]) -> Vec<Change<'_>> {
    let changes = writes.iter().map(|write| Change {
        kind: write.address.kind,
        key: &write.address.key,
        text: write.text.as_deref(),
    });
    changes.collect()
}

const fn is_role(kind: DocumentKind) -> bool {
    matches!(
        kind,
        DocumentKind::RoleDefinition | DocumentKind::RoleAssignment
    )
}

fn entry(
    attempt: &Attempt<'_>,
    outcome: Outcome<'_>,
    modified: &[audit::Modified],
    writes: Vec<Write>,
) -> Entry {
    let at = to_the_microsecond(Timestamp::now());
    let (id, record) = audit::record(attempt, outcome, modified, at);
    Entry {
        at,
        id: id.into(),
        record: record.into(),
        writes,
    }
}

/// As stores keep times, so that a record is found by the time that it shows.
fn to_the_microsecond(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// Faults for a caller: with the property's path alone where only one document was changed.
fn details(faults: &[Fault], writes: usize) -> Vec<Detail> {
    faults
        .iter()
        .map(|fault| {
            let target = match (writes, fault.path.is_empty()) {
                (..=1, _) => fault.path.clone(),
                (_, true) => fault.file.clone(),
                (_, false) => format!("{}: {}", fault.file, fault.path),
            };
            Detail {
                code: "InvalidProperty",
                target,
                message: fault.message.clone(),
            }
        })
        .collect()
}

/// Others do change things meanwhile, but not for ever.
const MOST_TRIES: usize = 16;
