//! The API over a store in a folder of its own, without sockets or tokens.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crossgate_config::{Purpose, Settings};
use crossgate_control::administrator::{Administrator, Credential};
use crossgate_control::api::Api;
use crossgate_control::api::call::{Answer, Call};
use crossgate_control::document::{Address, DocumentKind, Write};
use crossgate_control::enforcer::{Asking, Enforcer, InForce, ShutOut, StagedPolicy};
use crossgate_control::ledger::{Ledger, OpenError, Opened};
use crossgate_control::store::{
    AuditRange, Audited, ChainHash, Entry, Head, Noted, Sequence, Share, SignInActivity, Sqlite,
    Store, StoreError, Stored, Verified, Version,
};
use crossgate_graph::Compiled;
use crossgate_policy::ids::{Guid, HomeTenant, Id, IssuerTenant, TenantId};
use crossgate_policy::snapshot::OwnTenant;
use crossgate_policy::subject::{
    Account, Home, HomeCloud, Proofs, Subject, SubjectKind, TokenGroups,
};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const OWN: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const ADA: &str = "0b0e0000-0000-4000-8000-00000000000a";
pub(crate) const BOB: &str = "0b0e0000-0000-4000-8000-00000000000b";
pub(crate) const READER: &str = "5d6b6bb7-de71-4623-b4af-96380a352509";
pub(crate) const ASSIGNMENTS: &str = "/v1.0/roleManagement/directory/roleAssignments";
pub(crate) const PARTNERS: &str = "/v1.0/policies/crossTenantAccessPolicy/partners";

/// The API of one process.
pub(crate) struct Site {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) store: Arc<Watched>,
    pub(crate) api: Api,
    folder: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(Vec::new())
    }

    /// With these documents from the beginning.
    pub(crate) fn with(documents: Vec<Write>) -> Self {
        Self::configured("", documents)
    }

    /// The same with more in the configuration.
    pub(crate) fn configured(more: &str, documents: Vec<Write>) -> Self {
        let idle = Idle(configured(more), Arc::default());
        Self::enforced_by(Arc::new(idle), documents)
    }

    /// In a gateway whose name can be changed, `here` at first.
    pub(crate) fn named() -> (Self, Arc<Mutex<Option<String>>>) {
        let name = Arc::<Mutex<Option<String>>>::default();
        let idle = Idle(configured(""), Arc::clone(&name));
        (Self::enforced_by(Arc::new(idle), Vec::new()), name)
    }

    /// The same store after the gateway was started again with this name.
    pub(crate) fn started_again_as(&self, name: &str) -> Ledger {
        let store: Arc<dyn Store> = Arc::new(self.elsewhere());
        let opened = open(&*store).unwrap();
        let name = Arc::new(Mutex::new(Some(name.to_owned())));
        let ledger = Ledger::new(store, Arc::new(Idle(configured(""), name)), opened);
        ledger.resume_stage().unwrap();
        ledger
    }

    /// The same in another gateway.
    pub(crate) fn enforced_by(enforcer: Arc<dyn Enforcer>, documents: Vec<Write>) -> Self {
        let folder = TempDir::new().unwrap();
        let store = Watched::open(&folder.path().join("store.db"));
        if !documents.is_empty() {
            write(&store, documents);
        }
        let store = Arc::new(store);
        let opened = open(&*store).unwrap();
        let shared: Arc<dyn Store> = Arc::<Watched>::clone(&store);
        let ledger = Arc::new(Ledger::new(shared, enforcer, opened));
        Self {
            api: Api::new(Arc::clone(&ledger)),
            ledger,
            store,
            folder,
        }
    }

    /// The same store, as another process has it open.
    pub(crate) fn elsewhere(&self) -> Sqlite {
        Sqlite::open(&self.folder.path().join("store.db")).unwrap()
    }

    pub(crate) fn call(&self, who: &Administrator, method: &str, path: &str) -> Answer {
        self.send(who, method, path, "")
    }

    pub(crate) fn send(&self, who: &Administrator, method: &str, path: &str, body: &str) -> Answer {
        self.send_with(who, method, path, body, &[])
    }

    /// The same with these headers.
    pub(crate) fn send_with(
        &self,
        who: &Administrator,
        method: &str,
        path: &str,
        body: &str,
        more: &[(&'static str, &str)],
    ) -> Answer {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path, None),
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in more {
            headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let call = Call {
            method: Method::from_bytes(method.as_bytes()).unwrap(),
            path: path.to_owned(),
            query,
            headers,
            body: body.into(),
            origin: "http://localhost".to_owned(),
            address: None,
        };
        self.api.answer(&call, &Ok(who.clone()))
    }

    /// How many changes there were.
    pub(crate) fn store_head(&self) -> Sequence {
        self.store.head().unwrap().sequence
    }

    /// How many documents of a kind there are.
    pub(crate) fn store_count(&self, kind: DocumentKind) -> u64 {
        self.store.count(kind).unwrap()
    }

    /// The latest audit record.
    pub(crate) fn latest(&self) -> Value {
        let range = AuditRange {
            descending: true,
            ..AuditRange::default()
        };
        let mut found = Value::Null;
        self.store
            .audits(range, &mut |audited| {
                found = serde_json::from_str(&audited.record).unwrap();
                ControlFlow::Break(())
            })
            .unwrap();
        found
    }
}

/// What a store holds, compiled.
pub(crate) fn open(store: &dyn Store) -> Result<Opened, OpenError> {
    let own = OwnTenant {
        id: settings().tenant.id,
        cloud: settings().tenant.cloud,
        domains: Box::default(),
    };
    Opened::read(store, &own)
}

/// Writes without asking anybody.
pub(crate) fn write(store: &dyn Store, writes: Vec<Write>) {
    let known = store.head().unwrap().sequence;
    let entry = Entry {
        at: Timestamp::now(),
        id: Uuid::new_v4().to_string().into(),
        record: "{}".into(),
        writes,
    };
    store.append(known, &entry).unwrap();
}

pub(crate) fn put(kind: DocumentKind, key: &str, document: &Value) -> Write {
    Write {
        address: Address::new(kind, key),
        text: Some(document.to_string().into()),
    }
}

pub(crate) fn body(answer: &Answer) -> Value {
    serde_json::from_slice(answer.body.bytes()).unwrap_or_default()
}

/// Whom nothing is denied.
pub(crate) fn break_glass() -> Administrator {
    administrator(Credential::BreakGlass)
}

/// An application with these permissions.
pub(crate) fn application(permissions: &[&str]) -> Administrator {
    let names = |names: &[&str]| names.iter().map(|name| Box::from(*name)).collect();
    administrator(Credential::Token(Arc::new(Subject {
        app_roles: names(permissions),
        ..subject(SubjectKind::App)
    })))
}

/// A user of ours with these scopes, and the roles that are assigned here.
pub(crate) fn user(id: &str, scopes: &[&str]) -> Administrator {
    administrator(Credential::Token(Arc::new(Subject {
        user_id: Some(Id::new(id)),
        scopes: scopes.iter().map(|name| Box::from(*name)).collect(),
        ..subject(SubjectKind::User)
    })))
}

/// A person of ours who may do everything.
pub(crate) fn administrator_of(id: &str) -> Administrator {
    with_role("62e90394-69f5-4237-9190-012177145e10", id)
}

/// A person of ours with this role of Entra's.
pub(crate) fn with_role(role: &str, id: &str) -> Administrator {
    let scopes = [
        "Policy.ReadWrite.CrossTenantAccess",
        "Policy.ReadWrite.ConditionalAccess",
        "Policy.ReadWrite.Authorization",
        "Policy.Read.All",
        "Directory.ReadWrite.All",
        "AuditLog.Read.All",
    ];
    administrator(Credential::Token(Arc::new(Subject {
        user_id: Some(Id::new(id)),
        directory_roles: [Id::new(role)].into(),
        scopes: scopes.iter().map(|name| Box::from(*name)).collect(),
        ..subject(SubjectKind::User)
    })))
}

fn administrator(credential: Credential) -> Administrator {
    Administrator {
        credential,
        display_name: None,
        user_principal_name: None,
        terms_accepted: Arc::default(),
    }
}

fn subject(kind: SubjectKind) -> Subject {
    let own = TenantId(Guid::parse(OWN).unwrap());
    Subject {
        issuer: IssuerTenant(own),
        home: Home::Tenant {
            tenant: HomeTenant(own),
            cloud: HomeCloud::Issuer(settings().tenant.cloud),
        },
        kind,
        user_id: None,
        home_oid: None,
        groups: TokenGroups::default(),
        directory_roles: Arc::default(),
        account: Account::Member,
        app_roles: Arc::default(),
        scopes: Arc::default(),
        client: None,
        proofs: Proofs::default(),
        auth_contexts: Arc::default(),
        session: None,
        token_id: None,
        jwt_id: None,
        authenticated_at: None,
        restriction_policy: None,
    }
}

pub(crate) fn settings() -> Settings {
    configured("")
}

fn configured(more: &str) -> Settings {
    let text = format!("tenant.id = \"{OWN}\"\n{more}");
    Settings::parse(&text, Path::new("/"), Purpose::Decide, &|_| None).unwrap()
}

/// Enforces nothing, and shuts nobody out.
#[derive(Debug)]
struct Idle(Settings, Arc<Mutex<Option<String>>>);

impl Enforcer for Idle {
    fn settings(&self) -> Arc<Settings> {
        Arc::new(self.0.clone())
    }

    fn gateway(&self) -> String {
        let name = self.1.lock().unwrap().clone();
        name.unwrap_or_else(|| "here".to_owned())
    }

    fn in_force(&self, _: TenantId) -> Option<InForce> {
        None
    }

    fn shut_out(&self, _: &Compiled, _: Option<Asking<'_>>) -> Vec<ShutOut> {
        Vec::new()
    }

    fn write_activity(&self, _: &dyn Store) -> Result<(), StoreError> {
        Ok(())
    }

    fn enforce(&self, _: &Compiled, _: Option<&StagedPolicy>, _: &Head) {}
}

type Before = Box<dyn FnMut(DocumentKind) -> Result<(), StoreError> + Send>;

/// A store that lets a test in before all documents of a kind are read or counted, and counts pages.
pub(crate) struct Watched {
    inner: Sqlite,
    before: Mutex<Option<Before>>,
    pub(crate) pages: AtomicUsize,
}

impl Watched {
    pub(crate) fn open(path: &Path) -> Self {
        Self {
            inner: Sqlite::open(path).unwrap(),
            before: Mutex::new(None),
            pages: AtomicUsize::new(0),
        }
    }

    pub(crate) fn before(
        &self,
        act: impl FnMut(DocumentKind) -> Result<(), StoreError> + Send + 'static,
    ) {
        *self.before.lock().unwrap() = Some(Box::new(act));
    }

    fn begin(&self, kind: DocumentKind) -> Result<(), StoreError> {
        let mut before = self.before.lock().unwrap();
        before.as_mut().map_or(Ok(()), |act| act(kind))
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Store for Watched {
    fn head(&self) -> Result<Head, StoreError> {
        self.inner.head()
    }

    fn get(&self, address: &Address) -> Result<Option<Stored>, StoreError> {
        self.inner.get(address)
    }

    fn page(
        &self,
        kind: DocumentKind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.pages.fetch_add(1, Ordering::Relaxed);
        self.inner.page(kind, after, limit)
    }

    fn count(&self, kind: DocumentKind) -> Result<u64, StoreError> {
        self.begin(kind)?;
        self.inner.count(kind)
    }

    fn each(
        &self,
        kind: DocumentKind,
        part: Share,
        take: &mut dyn FnMut(&str, &str),
    ) -> Result<Head, StoreError> {
        self.begin(kind)?;
        self.inner.each(kind, part, take)
    }

    fn append(&self, known: Sequence, entry: &Entry) -> Result<Head, StoreError> {
        self.inner.append(known, entry)
    }

    fn changed_since(&self, sequence: Sequence) -> Result<(Vec<Address>, Head), StoreError> {
        self.inner.changed_since(sequence)
    }

    fn changed_by(
        &self,
        sequence: Sequence,
        limit: usize,
    ) -> Result<(Vec<Address>, u64), StoreError> {
        self.inner.changed_by(sequence, limit)
    }

    fn history(&self, address: &Address) -> Result<Vec<Version>, StoreError> {
        self.inner.history(address)
    }

    fn latest(&self, address: &Address, limit: usize) -> Result<Vec<Version>, StoreError> {
        self.inner.latest(address, limit)
    }

    fn each_at(
        &self,
        kind: DocumentKind,
        sequence: Sequence,
        take: &mut dyn FnMut(&str, Version),
    ) -> Result<(), StoreError> {
        self.begin(kind)?;
        self.inner.each_at(kind, sequence, take)
    }

    fn audits(
        &self,
        range: AuditRange,
        take: &mut dyn FnMut(Audited) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.inner.audits(range, take)
    }

    fn audit(&self, id: &str) -> Result<Option<Audited>, StoreError> {
        self.inner.audit(id)
    }

    fn changes(
        &self,
        take: &mut dyn FnMut(Sequence, ChainHash) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.inner.changes(take)
    }

    fn verify(&self, noted: Option<Noted>) -> Result<Verified, StoreError> {
        self.inner.verify(noted)
    }

    fn note_sign_ins(&self, activity: &[(Box<str>, SignInActivity)]) -> Result<(), StoreError> {
        self.inner.note_sign_ins(activity)
    }

    fn sign_in_activity(&self, guest: &str) -> Result<Option<SignInActivity>, StoreError> {
        self.inner.sign_in_activity(guest)
    }

    fn sign_ins_since(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.sign_ins_since()
    }

    fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.inner.backup(to)
    }
}
