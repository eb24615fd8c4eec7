//! A whole policy directory, from texts to what a snapshot is made of.

use std::collections::HashSet;
use std::sync::Arc;

use crossgate_policy::ids::{Cloud, Id, TenantId};
use crossgate_policy::snapshot::{
    Access, AccessPolicy, Assignments, DefaultSettings, GuestRecords, OwnTenant, PartnerSettings,
    Partners, PolicyState, RedemptionOrder, Revocations, Setting,
};
use serde::de::DeserializeOwned;

use crate::advisory::{Advisories, Advisory};
use crate::compile::assignments;
use crate::compile::collaboration::{Collaboration, ExternalCollaboration};
use crate::compile::conditional_access::{self, Outcome, wants_mfa_of_direct_connect};
use crate::compile::defaults;
use crate::compile::guests::Guests;
use crate::compile::locations::Locations;
use crate::compile::partners::{Beside, Documents};
use crate::compile::revocations;
use crate::compile::setting::{Fallback, Interner};
use crate::compile::sign_up::{Drafting, SignUp};
use crate::compile::templates;
use crate::kinds::{EXPECTED_FILES, Kind};
use crate::reader::fault::Fault;
use crate::reader::lines::Piece;
use crate::reader::path::At;
use crate::reader::read::{self, Document};
use crate::reader::report::{Notes, Report};

/// One file of a policy directory.
#[derive(Clone, Copy, Debug)]
pub struct PolicyFile<'a> {
    /// Relative to the directory, with `/` between folders.
    pub path: &'a str,
    /// What it holds.
    pub text: &'a str,
}

/// A policy, checked and compiled. The caller adds what the configuration knows to make a snapshot.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// `allowedCloudEndpoints`.
    pub allowed_clouds: Box<[Cloud]>,
    /// The default configuration.
    pub default: DefaultSettings,
    /// Partner configurations.
    pub partners: Partners,
    /// Guest records.
    pub guests: ReadGuests,
    /// Conditional Access policies that are enabled or report-only, in the order of their files.
    pub conditional_access: Arc<[AccessPolicy]>,
    /// Revocations.
    pub revocations: Revocations,
    /// Who is assigned to which app.
    pub assignments: Assignments,
    /// Who may be invited.
    pub external_collaboration: ExternalCollaboration,
    /// By which flows people sign up themselves.
    pub sign_up: Arc<SignUp>,
    /// How an invitation is redeemed.
    pub redemption: RedemptionOrder,
    /// What an operator should know.
    pub advisories: Vec<Advisory>,
    /// How much there was.
    pub counts: Counts,
}

/// What a file of guests says.
#[derive(Clone, Debug, Default)]
pub struct ReadGuests {
    /// The records.
    pub records: Arc<GuestRecords>,
    /// What an operator should know of them.
    pub(crate) advisories: Advisories,
}

/// How many documents were read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Partner configurations.
    pub partners: usize,
    /// Different settings among them; equal ones are shared.
    pub distinct_settings: usize,
    /// Guest records.
    pub guests: usize,
    /// Conditional Access policies that are enabled.
    pub enabled_policies: usize,
    /// Conditional Access policies that are report-only and evaluated.
    pub report_only_policies: usize,
    /// Conditional Access policies that are disabled.
    pub disabled_policies: usize,
    /// Named locations.
    pub named_locations: usize,
    /// Revocations.
    pub revocations: usize,
    /// Assignments to apps.
    pub app_role_assignments: usize,
    /// Memberships of groups.
    pub group_members: usize,
}

/// Reads, checks and compiles a policy directory. A file that is missing means Entra's initial values.
///
/// # Errors
///
/// Every fault of every file, sorted by file and place.
pub fn load(files: &[PolicyFile<'_>], own: &OwnTenant) -> Result<Compiled, Vec<Fault>> {
    load_beside(files, own, None)
}

/// The same, where what the file of guests says is known: that is taken as it is, whether or not the file is among `files`.
///
/// # Errors
///
/// As for [`load`].
pub fn load_beside(
    files: &[PolicyFile<'_>],
    own: &OwnTenant,
    guests: Option<ReadGuests>,
) -> Result<Compiled, Vec<Fault>> {
    let mut loader = Loader::new(files);
    let clouds = loader.allowed_clouds(own);
    let (default, redemption, interner, fallback_is) = loader.default();
    let beside = Beside {
        files: &loader.files,
        own: own.id,
        default: &default,
        fallback_is,
    };
    let mut partners = Documents::default();
    for (index, file) in loader.of(Kind::Partners) {
        partners.file(index, file.text, beside);
    }
    for (index, file) in loader.of(Kind::PartnerLines) {
        partners.line_file(index, file.text, beside);
    }
    let (book, found) = partners.finish(beside);
    let (partners, distinct_settings) = (book.partners(), interner.count_with(&book));
    loader.report.extend(found);
    let named = loader.named_locations();
    let (policies, disabled_policies) = loader.conditional_access(&named);
    let external_collaboration = loader.external_collaboration();
    let sign_up = Arc::new(loader.sign_up());
    let guests = guests.unwrap_or_else(|| loader.guests());
    loader.report.advisories.extend(guests.advisories.clone());
    let revocations = loader.revocations();
    let assignments = loader.assignments();
    loader.groups_and_owners();
    loader.templates();
    loader.unknown_files();
    if policies.iter().any(wants_mfa_of_direct_connect) {
        let advisories = &mut loader.report.advisories;
        advise_unmeetable_mfa_by_default(&default, advisories);
        advise_unmeetable_mfa(&default, partners.iter(), advisories);
    }
    let advisories = loader.finish()?;
    let in_state = |state| policies.iter().filter(|p| p.state == state).count();
    let counts = Counts {
        partners: partners.len(),
        distinct_settings,
        guests: guests.records.len(),
        enabled_policies: in_state(PolicyState::Enabled),
        report_only_policies: in_state(PolicyState::ReportOnly),
        disabled_policies,
        named_locations: named.len(),
        revocations: revocations.len(),
        app_role_assignments: assignments.len(),
        group_members: assignments.members(),
    };
    Ok(Compiled {
        allowed_clouds: clouds.into_boxed_slice(),
        default,
        partners,
        guests,
        conditional_access: policies.into(),
        revocations,
        assignments,
        external_collaboration,
        sign_up,
        redemption,
        advisories,
        counts,
    })
}

/// Files in the order of their names, and what was found in them.
struct Loader<'f> {
    files: Vec<PolicyFile<'f>>,
    report: Report,
}

impl<'f> Loader<'f> {
    fn new(files: &[PolicyFile<'f>]) -> Self {
        let mut files: Vec<_> = files
            .iter()
            .map(|file| PolicyFile {
                path: file.path,
                // Files that Windows tools export begin with it.
                text: file.text.trim_start_matches('\u{feff}'),
            })
            .collect();
        files.sort_by_key(|file| file.path);
        Self {
            files,
            report: Report::default(),
        }
    }

    fn of(&self, kind: Kind) -> Vec<(usize, PolicyFile<'f>)> {
        self.files
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, file)| Kind::of(file.path) == kind)
            .collect()
    }

    /// Goes through the documents of all files of one kind.
    fn each<T: DeserializeOwned>(&mut self, kind: Kind, mut take: impl FnMut(T, &mut Notes<'_>)) {
        for (index, file) in self.of(kind) {
            let mut take = |document: Document<T>, report: &mut Report| {
                let mut notes = Notes {
                    file: index,
                    name: file.path,
                    slot: document.slot,
                    unread: &document.unread,
                    report,
                };
                take(document.value, &mut notes);
            };
            if kind.is_lines() {
                for (slot, line) in Piece::whole(file.text).lines() {
                    if let Some(document) = read::line(index, slot, line, &mut self.report) {
                        take(document, &mut self.report);
                    }
                }
            } else {
                for document in read::documents(index, file.text, &mut self.report) {
                    take(document, &mut self.report);
                }
            }
        }
    }

    fn allowed_clouds(&mut self, own: &OwnTenant) -> Vec<Cloud> {
        let mut found = None;
        self.each(Kind::Policy, |document, notes| {
            let clouds = defaults::allowed_clouds(&document, own.cloud, notes);
            only_one(&mut found, clouds, notes);
        });
        found.unwrap_or_default()
    }

    fn default(&mut self) -> (DefaultSettings, RedemptionOrder, Interner, Fallback) {
        let (mut found, mut interner) = (None, Interner::default());
        self.each(Kind::Default, |document, notes| {
            let compiled = defaults::compile(&document, &mut interner, notes);
            only_one(&mut found, compiled, notes);
        });
        let faulty =
            (self.of(Kind::Default).iter()).any(|(index, _)| self.report.faults_in(*index));
        let (settings, order) =
            found.unwrap_or_else(|| (DefaultSettings::initial(), RedemptionOrder::default()));
        let fallback = if faulty {
            Fallback::FaultyDefault
        } else {
            Fallback::Default
        };
        (settings, order, interner, fallback)
    }

    fn named_locations(&mut self) -> Locations {
        let mut named = Locations::default();
        self.each(Kind::NamedLocations, |document, notes| {
            named.take(document, notes);
        });
        named
    }

    fn conditional_access(&mut self, named: &Locations) -> (Vec<AccessPolicy>, usize) {
        let (mut policies, mut disabled) = (Vec::new(), 0);
        let mut ids = HashSet::new();
        self.each(
            Kind::ConditionalAccess,
            |document, notes| match conditional_access::compile(&document, named, notes) {
                Outcome::Evaluated(policy) => {
                    if !ids.insert(Id::new(&policy.id)) {
                        notes.fault(
                            &At::Root.member("id"),
                            format!(
                                "`{}` names another policy already; keep one of them",
                                policy.id
                            ),
                        );
                    }
                    policies.push(*policy);
                }
                Outcome::Disabled => disabled += 1,
                Outcome::LeftOut => {}
            },
        );
        (policies, disabled)
    }

    fn external_collaboration(&mut self) -> ExternalCollaboration {
        let mut collaboration = Collaboration::default();
        self.each(Kind::Collaboration, |document, notes| {
            collaboration.take(&document, notes);
        });
        let mut found = None;
        self.each(Kind::ExternalIdentities, |document, notes| {
            collaboration.take_identities(&document, notes);
            only_one(&mut found, (), notes);
        });
        collaboration.finish()
    }

    fn sign_up(&mut self) -> SignUp {
        let (mut drafting, mut found) = (Drafting::default(), None);
        self.each(Kind::AuthenticationFlows, |document, notes| {
            drafting.take_policy(&document);
            only_one(&mut found, (), notes);
        });
        self.each(Kind::ApiConnectors, |document, notes| {
            drafting.take_connector(&document, notes);
        });
        self.each(Kind::UserFlowAttributes, |document, notes| {
            drafting.take_attribute(&document, notes);
        });
        self.each(Kind::UserFlows, |document, notes| {
            drafting.take_flow(&document, notes);
        });
        drafting.finish()
    }

    fn guests(&mut self) -> ReadGuests {
        let (mut guests, mut report) = (Guests::default(), Report::default());
        for (index, file) in self.of(Kind::Guests) {
            guests.file(index, file.path, file.text, &mut report);
        }
        let records = guests.finish(&self.files, &mut report);
        let advisories = std::mem::take(&mut report.advisories);
        self.report.extend(report);
        ReadGuests {
            records: Arc::new(records),
            advisories,
        }
    }

    fn revocations(&mut self) -> Revocations {
        let mut list = Revocations::default();
        self.each(Kind::Revocations, |document, notes| {
            if let Some(revocation) = revocations::compile(document, notes) {
                list.add(revocation);
            }
        });
        list
    }

    fn assignments(&mut self) -> Assignments {
        let mut all = Assignments::default();
        // A user and a group of one id would be one document.
        let mut keys = HashSet::new();
        self.each(Kind::AppRoleAssignments, |document, notes| {
            let Some(assignment) = assignments::assignment(document, notes) else {
                return;
            };
            let key = assignments::key_of_assignment(&assignment);
            if keys.insert(key.clone()) {
                all.assign(&assignment);
            } else {
                twice(&key, notes);
            }
        });
        self.each(Kind::GroupMembers, |document, notes| {
            if let Some(member) = assignments::member(document, notes)
                && !all.join(&member)
            {
                twice(&assignments::key_of_member(&member), notes);
            }
        });
        all
    }

    /// Nothing that is decided hangs on them.
    fn groups_and_owners(&mut self) {
        let mut groups = HashSet::new();
        self.each(Kind::Groups, |document, notes| {
            if let Some(id) = assignments::group(document, notes)
                && !groups.insert(id.clone())
            {
                twice(&id.text(), notes);
            }
        });
        let mut owners = HashSet::new();
        self.each(Kind::Owners, |document, notes| {
            if let Some(key) = assignments::owner(document, notes)
                && !owners.insert(key.clone())
            {
                twice(&key, notes);
            }
        });
    }

    fn templates(&mut self) {
        let mut found = [None, None];
        let [partner, synchronization] = &mut found;
        self.each(Kind::PartnerTemplate, |document, notes| {
            templates::partner(&document, notes);
            only_one(partner, (), notes);
        });
        self.each(Kind::SynchronizationTemplate, |document, notes| {
            templates::synchronization(&document, notes);
            only_one(synchronization, (), notes);
        });
    }

    fn unknown_files(&mut self) {
        for (index, _) in self.of(Kind::Unknown) {
            self.report.file_fault(index, EXPECTED_FILES.to_owned());
        }
    }

    fn finish(self) -> Result<Vec<Advisory>, Vec<Fault>> {
        if self.report.is_clean() {
            Ok(self.report.advisories.into_vec())
        } else {
            Err(self.report.faults(&self.files))
        }
    }
}

fn twice(key: &str, notes: &mut Notes<'_>) {
    let message = format!("`{key}` has a line already; keep one of them");
    notes.fault(&At::Root, message);
}

/// Keeps the first of several documents where there can be one.
fn only_one<T>(slot: &mut Option<T>, value: T, notes: &mut Notes<'_>) {
    if slot.is_some() {
        notes.fault(&At::Root, "there can be only one document here; keep one");
    } else {
        *slot = Some(value);
    }
}

/// Direct connect users do MFA at home; where that is not trusted, a policy that demands it shuts them out. This is about
/// all that have no settings of their own.
pub(crate) fn advise_unmeetable_mfa_by_default(
    default: &DefaultSettings,
    advisories: &mut Advisories,
) {
    if shuts_out(&default.direct_connect_inbound, default.trust.mfa) {
        advisories.add(UNMEETABLE_MFA, || "default".to_owned());
    }
}

/// The same, about these partners.
pub(crate) fn advise_unmeetable_mfa<'p>(
    default: &DefaultSettings,
    partners: impl Iterator<Item = (TenantId, &'p PartnerSettings)>,
    advisories: &mut Advisories,
) {
    let of_default = &default.direct_connect_inbound;
    let mut ids: Vec<_> = partners
        .filter(|(_, partner)| {
            let setting = partner.direct_connect_inbound.as_ref();
            let mfa = partner.trust.mfa;
            (setting.is_some() || mfa.is_some())
                && shuts_out(setting.unwrap_or(of_default), mfa.or(default.trust.mfa))
        })
        .map(|(id, _)| id)
        .collect();
    // In the order of their ids, so that the first place named is always the same one.
    ids.sort_unstable();
    for id in ids {
        advisories.add(UNMEETABLE_MFA, || format!("partner {id}"));
    }
}

/// Whether direct connect users come in whose MFA does not count.
fn shuts_out(setting: &Setting, mfa: Option<bool>) -> bool {
    let shut = setting.users.access == Access::Blocked
        && setting.users.everyone
        && setting.apps.access == Access::Blocked;
    !shut && mfa != Some(true)
}

const UNMEETABLE_MFA: &str = "direct connect users come in here, Conditional Access demands MFA of them, and \
                              `inboundTrust.isMfaAccepted` is not true: they will be refused";
