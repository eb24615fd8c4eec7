//! The files of a policy directory, and the single documents that they hold.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::snapshot::RevocationKind;
use serde_json::Value;

use crate::document_kind::DocumentKind;
use crate::kinds::{EXPECTED_FILES, Kind};
use crate::load::PolicyFile;
use crate::reader::fault::Fault;
use crate::reader::lines::Piece;
use crate::reader::locate::{elements, members};
use crate::reader::path::Step;
use crate::reader::read::{self, Document};
use crate::reader::report::{Found, Mark, Report, Slot};

/// One document of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DirectoryDocument<'t> {
    /// What it is.
    pub kind: DocumentKind,
    /// Which of its kind; empty where there can be only one.
    pub key: Box<str>,
    /// The document as it stands in the file, byte for byte. Only where a file has two policies in one object is each put together
    /// from its members.
    pub text: Cow<'t, str>,
}

/// The kinds of documents that the file with this path holds. None where it has no place in a policy directory, or is not
/// looked at.
#[must_use]
pub fn kinds_of(path: &str) -> &'static [DocumentKind] {
    match Kind::of(path) {
        Kind::Policy => &[DocumentKind::Policy],
        Kind::Default => &[DocumentKind::Default],
        Kind::Partners | Kind::PartnerLines => &[DocumentKind::Partner],
        Kind::ConditionalAccess => &[DocumentKind::ConditionalAccess],
        Kind::NamedLocations => &[DocumentKind::NamedLocation],
        Kind::Collaboration => &[DocumentKind::Authorization, DocumentKind::Domains],
        Kind::ExternalIdentities => &[DocumentKind::ExternalIdentities],
        Kind::AuthenticationFlows => &[DocumentKind::AuthenticationFlows],
        Kind::ApiConnectors => &[DocumentKind::ApiConnector],
        Kind::UserFlowAttributes => &[DocumentKind::UserFlowAttribute],
        Kind::UserFlows => &[DocumentKind::UserFlow],
        Kind::Guests => &[DocumentKind::Guest],
        Kind::Revocations => &[DocumentKind::Revocation],
        Kind::AppRoleAssignments => &[DocumentKind::AppRoleAssignment],
        Kind::Groups => &[DocumentKind::Group],
        Kind::GroupMembers => &[DocumentKind::GroupMember],
        Kind::Owners => &[DocumentKind::Owner],
        Kind::PartnerTemplate => &[DocumentKind::PartnerTemplate],
        Kind::SynchronizationTemplate => &[DocumentKind::SynchronizationTemplate],
        Kind::Roles if path.starts_with("role-definitions/") => &[DocumentKind::RoleDefinition],
        Kind::Roles => &[DocumentKind::RoleAssignment],
        Kind::Ignored | Kind::Unknown => &[],
    }
}

/// The path of the file for a document. All guests stand in one file, one a line, as do all revocations; the two policies of
/// external collaboration stand in one file as a list.
#[must_use]
pub fn path_of(kind: DocumentKind, key: &str) -> String {
    match kind {
        DocumentKind::Policy
        | DocumentKind::Default
        | DocumentKind::PartnerTemplate
        | DocumentKind::SynchronizationTemplate
        | DocumentKind::ExternalIdentities
        | DocumentKind::AuthenticationFlows
        // No directory has it, and a path that none may have says so.
        | DocumentKind::Bootstrap
        | DocumentKind::Invitation
        | DocumentKind::Mail
        | DocumentKind::SynchronizedGroup
        | DocumentKind::AccessReview
        | DocumentKind::AccessReviewDecision
        | DocumentKind::SignUpRequest
        | DocumentKind::Draft
        | DocumentKind::DraftChange => format!("{}.json", kind.name()),
        DocumentKind::Authorization | DocumentKind::Domains => {
            "external-collaboration.json".to_owned()
        }
        DocumentKind::Guest
        | DocumentKind::Revocation
        | DocumentKind::AppRoleAssignment
        | DocumentKind::Group
        | DocumentKind::GroupMember
        | DocumentKind::Owner => format!("{}.jsonl", kind.name()),
        DocumentKind::Partner
        | DocumentKind::ConditionalAccess
        | DocumentKind::NamedLocation
        | DocumentKind::ApiConnector
        | DocumentKind::UserFlowAttribute
        | DocumentKind::UserFlow
        | DocumentKind::RoleDefinition
        | DocumentKind::RoleAssignment => format!("{}/{}.json", kind.name(), file_name(key)),
    }
}

/// A key as the name of a file: what would lead elsewhere, or hide the file, is written as `%2f`.
fn file_name(key: &str) -> String {
    let mut name = String::new();
    for (index, character) in key.char_indices() {
        let hides = index == 0 && (character == '.' || key.starts_with("README"));
        if hides || character.is_control() || "/\\:*?\"<>|%".contains(character) {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a string does not fail.
                let _ = write!(name, "%{byte:02x}");
            }
        } else {
            name.push(character);
        }
    }
    name
}

/// The key that became this name of a file.
fn key_of(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| *first == b'%');
        let code = code.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    // A name that was never a key may come to bytes that are no text.
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned())
}

/// The documents of one file, in their order. Of what they say only what they are found by is looked at.
///
/// # Errors
///
/// The file has no place in a policy directory, is not JSON, or has a document without an id.
pub fn documents_of(file: PolicyFile<'_>) -> Result<Vec<DirectoryDocument<'_>>, Vec<Fault>> {
    let text = file.text.trim_start_matches('\u{feff}');
    let file = PolicyFile { text, ..file };
    let mut split = Split {
        file,
        report: Report::default(),
        found: Vec::new(),
        revoked: HashMap::new(),
        keys: HashSet::new(),
    };
    match (Kind::of(file.path), kinds_of(file.path)) {
        (Kind::Unknown, _) => split.report.file_fault(0, EXPECTED_FILES.to_owned()),
        (kind, [of]) if kind.is_lines() => split.lines(*of),
        (Kind::Collaboration, _) => split.list(Split::collaboration),
        (_, [kind]) => split.list(|split, ids, slot, text| split.document(*kind, ids, slot, text)),
        (_, _) => {}
    }
    if split.report.is_clean() {
        Ok(split.found)
    } else {
        Err(split.report.faults(&[file]))
    }
}

/// A file while it is taken apart.
struct Split<'t> {
    file: PolicyFile<'t>,
    report: Report,
    found: Vec<DirectoryDocument<'t>>,
    /// How often each thing is revoked.
    revoked: HashMap<String, usize>,
    /// What they are found by.
    keys: HashSet<String>,
}

/// What documents are found by.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ids {
    id: Option<Value>,
    tenant_id: Option<Value>,
    kind: Option<Value>,
    /// A revocation's.
    tenant: Option<Value>,
    resource_id: Option<Value>,
    principal_id: Option<Value>,
    group_id: Option<Value>,
    member_id: Option<Value>,
    owner_id: Option<Value>,
    object_type: Option<Value>,
    object_id: Option<Value>,
}

impl<'t> Split<'t> {
    fn lines(&mut self, kind: DocumentKind) {
        for (slot, line) in Piece::whole(self.file.text).lines() {
            if let Some(Document { value, .. }) = read::line(0, slot, line, &mut self.report) {
                self.document(kind, &value, slot, line.trim_start());
            }
        }
    }

    fn list(&mut self, mut take: impl FnMut(&mut Self, &Ids, Slot, &'t str)) {
        let text = self.file.text;
        let documents = read::documents::<Ids>(0, text, &mut self.report);
        let whole = documents
            .iter()
            .all(|document| document.slot == Slot::Whole);
        let texts = if whole { None } else { elements(text) };
        for Document { slot, value, .. } in documents {
            let text = match (slot, &texts) {
                (Slot::Item(index) | Slot::Value(index), Some(texts)) => texts.get(index).copied(),
                (Slot::Item(_) | Slot::Value(_), None) => None,
                (Slot::Whole | Slot::Line(..), _) => Some(text.trim()),
            };
            if let Some(text) = text {
                take(self, &value, slot, text);
            }
        }
    }

    fn document(&mut self, kind: DocumentKind, ids: &Ids, slot: Slot, text: &'t str) {
        if let Some(key) = self.key(kind, slot, ids) {
            self.push(kind, slot, key, Cow::Borrowed(text));
        }
    }

    fn push(&mut self, kind: DocumentKind, slot: Slot, key: String, text: Cow<'t, str>) {
        if kind.is_single() && self.found.iter().any(|found| found.kind == kind) {
            self.fault(
                slot,
                &[],
                "there can be only one document here; keep one".to_owned(),
            );
            return;
        }
        let key = key.into();
        self.found.push(DirectoryDocument { kind, key, text });
    }

    fn key(&mut self, kind: DocumentKind, slot: Slot, ids: &Ids) -> Option<String> {
        let text = |value: &Option<Value>| {
            let text = value.as_ref()?.as_str()?;
            (!text.trim().is_empty()).then(|| Id::new(text).to_string())
        };
        let id = text(&ids.id);
        match kind {
            DocumentKind::Policy
            | DocumentKind::Default
            | DocumentKind::PartnerTemplate
            | DocumentKind::SynchronizationTemplate
            | DocumentKind::Authorization
            | DocumentKind::Domains
            | DocumentKind::ExternalIdentities
            | DocumentKind::AuthenticationFlows
            | DocumentKind::Bootstrap
            | DocumentKind::Invitation
            | DocumentKind::Mail
            | DocumentKind::SynchronizedGroup
            | DocumentKind::AccessReview
            | DocumentKind::AccessReviewDecision
            | DocumentKind::SignUpRequest
            | DocumentKind::Draft
            | DocumentKind::DraftChange => Some(String::new()),
            DocumentKind::Partner => text(&ids.tenant_id)
                .or_else(|| self.missing(slot, "tenantId", "the partner's tenant id")),
            DocumentKind::ConditionalAccess => Some(id.unwrap_or_else(|| self.nameless(slot))),
            DocumentKind::Revocation => {
                let what = text(&ids.kind);
                let what = what.or_else(|| self.missing(slot, "kind", "a kind such as `user`"))?;
                let id = id.or_else(|| self.missing(slot, "id", "the id of what is revoked"))?;
                // A tenant's own needs no second name of it, and what is no tenant id is refused when it is compiled.
                let tenant = text(&ids.tenant).filter(|_| what != RevocationKind::Tenant.name());
                let key = match tenant.and_then(|tenant| TenantId::parse(&tenant)) {
                    Some(tenant) => format!("{what}@{tenant}/{id}"),
                    None => format!("{what}/{id}"),
                };
                Some(self.numbered(key))
            }
            DocumentKind::AppRoleAssignment => {
                let app = text(&ids.resource_id);
                let app = app.or_else(|| self.missing(slot, "resourceId", "the id of an app"))?;
                let who = text(&ids.principal_id)
                    .or_else(|| self.missing(slot, "principalId", "the id of who is assigned"))?;
                Some(format!("{app}/{who}"))
            }
            DocumentKind::GroupMember => {
                let group = text(&ids.group_id);
                let group = group.or_else(|| self.missing(slot, "groupId", "the id of a group"))?;
                let who = text(&ids.member_id)
                    .or_else(|| self.missing(slot, "memberId", "the id of a guest"))?;
                Some(format!("{group}/{who}"))
            }
            DocumentKind::Owner => {
                let who = text(&ids.owner_id)
                    .or_else(|| self.missing(slot, "ownerId", "the id of who owns"))?;
                let kind = text(&ids.object_type).or_else(|| {
                    self.missing(slot, "objectType", "`servicePrincipal` or `group`")
                })?;
                let object = text(&ids.object_id)
                    .or_else(|| self.missing(slot, "objectId", "the id of what is owned"))?;
                Some(format!("{who}/{kind}/{object}"))
            }
            DocumentKind::NamedLocation
            | DocumentKind::ApiConnector
            | DocumentKind::UserFlowAttribute
            | DocumentKind::UserFlow
            | DocumentKind::Guest
            | DocumentKind::Group
            | DocumentKind::RoleDefinition
            | DocumentKind::RoleAssignment => {
                id.or_else(|| self.missing(slot, "id", "what the document is found by"))
            }
        }
    }

    /// What a policy without an id goes by: the name of its file, and its place there.
    fn nameless(&self, slot: Slot) -> String {
        let name = self.file.path.rsplit('/').next().unwrap_or_default();
        let name = key_of(name.strip_suffix(".json").unwrap_or(name));
        match slot {
            Slot::Whole => name,
            Slot::Item(index) | Slot::Value(index) | Slot::Line(index, _) => {
                format!("{name}[{index}]")
            }
        }
    }

    fn missing(&mut self, slot: Slot, member: &str, expected: &str) -> Option<String> {
        let message = format!("`{member}` is missing, or not text; expected {expected}");
        self.fault(slot, &[member], message);
        None
    }

    /// The first of a thing is found by its name alone. An id may itself end like a number: that one's place is left to it.
    fn numbered(&mut self, name: String) -> String {
        let times = self.revoked.entry(name.clone()).or_insert(0);
        loop {
            *times += 1;
            let key = match *times {
                1 => name.clone(),
                times => format!("{name}#{times}"),
            };
            if self.keys.insert(key.clone()) {
                return key;
            }
        }
    }

    fn fault(&mut self, slot: Slot, steps: &[&str], message: String) {
        let steps = steps.iter().map(|step| Step::Member((*step).to_owned()));
        let found = Found {
            steps: steps.collect(),
            mark: Mark::Value,
            message,
        };
        self.report.found(0, slot, [found]);
    }

    /// Graph's `authorizationPolicy` or the domain list, or both in one object.
    fn collaboration(&mut self, _: &Ids, slot: Slot, text: &'t str) {
        let (of_domains, others): (Vec<_>, Vec<_>) = members(text)
            .unwrap_or_default()
            .into_iter()
            .partition(|(name, _)| OF_DOMAINS.contains(&&**name));
        let of_one = |(name, _): &(String, &str)| {
            !OF_EITHER.contains(&&**name) && !read::is_annotation(name)
        };
        let mut push = |kind, text| self.push(kind, slot, String::new(), text);
        match (of_domains.is_empty(), others.iter().any(of_one)) {
            (true, _) => push(DocumentKind::Authorization, text.into()),
            (false, false) => push(DocumentKind::Domains, text.into()),
            (false, true) => {
                push(DocumentKind::Authorization, object_of(&others).into());
                push(DocumentKind::Domains, object_of(&of_domains).into());
            }
        }
    }
}

fn object_of(members: &[(String, &str)]) -> String {
    let texts: Vec<_> = members.iter().map(|(_, text)| *text).collect();
    format!("{{{}}}", texts.join(","))
}

/// Members of the policy with the domain list.
const OF_DOMAINS: [&str; 5] = [
    "definition",
    "B2BManagementPolicy",
    "isOrganizationDefault",
    "policyType",
    "type",
];

/// Members that either policy may have.
const OF_EITHER: [&str; 4] = ["id", "displayName", "description", "deletedDateTime"];
