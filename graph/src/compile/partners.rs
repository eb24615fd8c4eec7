//! Partner configurations, few or a million.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crossgate_policy::ids::TenantId;
use crossgate_policy::snapshot::{DefaultSettings, Hashing, PartnerBook, PartnerSettings, Setting};
use indexmap::IndexSet;

use super::defaults::{advise_unenforced, trust, unenforced};
use super::setting::{self, Fallback, Interner, Surroundings};
use crate::documents::cross_tenant::{B2bSetting, Halves, PartnerDocument, TenantRestrictions};
use crate::load::PolicyFile;
use crate::reader::lines::in_pieces;
use crate::reader::path::{At, Step};
use crate::reader::read::{self, Document};
use crate::reader::report::{Found, Mark, Notes, Report, Slot};
use crate::reader::values::set;

/// What partner documents are read beside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside<'b> {
    /// All files.
    pub(crate) files: &'b [PolicyFile<'b>],
    /// The own tenant, which cannot be a partner.
    pub(crate) own: TenantId,
    /// Where missing halves come from.
    pub(crate) default: &'b DefaultSettings,
    /// Whether the default is in order.
    pub(crate) fallback_is: Fallback,
}

/// Partner configurations so far.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    parts: Vec<Part>,
}

/// The configurations of one file, or of a piece of it.
#[derive(Debug, Default)]
struct Part {
    file: usize,
    /// In the order of the text, with the place of each one's settings among `distinct`.
    documents: Vec<(TenantId, usize, Slot)>,
    distinct: IndexSet<PartnerSettings, Hashing>,
    interner: Interner,
    report: Report,
}

impl Documents {
    /// Takes a file that is one document or a list.
    pub(crate) fn file(&mut self, file: usize, text: &str, beside: Beside<'_>) {
        let mut part = Part::of(file, 0);
        for document in read::documents(file, text, &mut part.report) {
            part.document(document, beside);
        }
        self.parts.push(part);
    }

    /// Takes a file with a document a line; long ones in several threads.
    pub(crate) fn line_file(&mut self, file: usize, text: &str, beside: Beside<'_>) {
        self.parts.extend(in_pieces(text, |piece| {
            let mut part = Part::of(file, piece.count());
            for (slot, line) in piece.lines() {
                if let Some(document) = read::line(file, slot, line, &mut part.report) {
                    part.document(document, beside);
                }
            }
            part
        }));
    }

    /// The configurations, and what is wrong.
    pub(crate) fn finish(mut self, beside: Beside<'_>) -> (PartnerBook, Report) {
        let count = self.parts.iter().map(|part| part.documents.len()).sum();
        let mut book = PartnerBook::with_capacity(count);
        let (mut report, mut twice) = (Report::default(), HashSet::new());
        for part in &mut self.parts {
            report.extend(std::mem::take(&mut part.report));
            let distinct = std::mem::take(&mut part.distinct);
            let distinct: Vec<_> = distinct.into_iter().map(|one| book.keep(one)).collect();
            for (tenant, place, _) in &part.documents {
                let settings = distinct.get(*place);
                if settings.is_some_and(|settings| !book.put_kept(*tenant, *settings)) {
                    twice.insert(*tenant);
                }
            }
            distinct.into_iter().for_each(|kept| book.let_go(kept));
        }
        if !twice.is_empty() {
            self.name_the_first(&twice, beside, &mut report);
        }
        (book, report)
    }

    /// Of several documents for one tenant the first in the order of files and places stays, the others are at fault.
    fn name_the_first(&self, twice: &HashSet<TenantId>, beside: Beside<'_>, report: &mut Report) {
        let mut places: Vec<_> = self
            .parts
            .iter()
            .flat_map(|part| part.documents.iter().map(|document| (part.file, document)))
            .filter(|(_, (tenant, _, _))| twice.contains(tenant))
            .map(|(file, (tenant, _, slot))| (file, *slot, *tenant))
            .collect();
        places.sort_by_key(|(file, slot, _)| (*file, slot.order()));
        let mut first = HashMap::new();
        for (file, slot, tenant) in places {
            let (first_file, first_slot) = match first.entry(tenant) {
                Entry::Vacant(place) => {
                    place.insert((file, slot));
                    continue;
                }
                Entry::Occupied(place) => *place.get(),
            };
            let place = beside
                .files
                .get(first_file)
                .map_or_else(String::new, |file| first_slot.place(file.path));
            let found = Found {
                steps: vec![Step::Member("tenantId".to_owned())],
                mark: Mark::Value,
                message: format!("`{tenant}` has a document already, `{place}`; keep one of them"),
            };
            report.found(file, slot, [found]);
        }
    }
}

impl Part {
    fn of(file: usize, documents: usize) -> Self {
        Self {
            file,
            documents: Vec::with_capacity(documents),
            ..Self::default()
        }
    }

    fn document(&mut self, document: Document<PartnerDocument>, beside: Beside<'_>) {
        let Document {
            slot,
            value,
            unread,
        } = document;
        let mut notes = Notes {
            file: self.file,
            name: beside.files.get(self.file).map_or("", |file| file.path),
            slot,
            unread: &unread,
            report: &mut self.report,
        };
        if let Some((tenant, settings)) = compile(&value, beside, &mut self.interner, &mut notes) {
            let (place, _) = self.distinct.insert_full(settings);
            self.documents.push((tenant, place, slot));
        }
    }
}

/// Compiles one configuration; its faults are noted.
pub(crate) fn compile(
    document: &PartnerDocument,
    beside: Beside<'_>,
    interner: &mut Interner,
    notes: &mut Notes<'_>,
) -> Option<(TenantId, PartnerSettings)> {
    let root = At::Root;
    let tenant = tenant(document, beside, notes);
    if set(document.deleted_date_time) {
        notes.fault(
            &root.member("deletedDateTime"),
            "a deleted configuration is not in force; remove the document",
        );
    }
    if set(document.invitation_redemption_identity_provider_configuration) {
        notes.fault(
            &root.member("invitationRedemptionIdentityProviderConfiguration"),
            "only the default has a redemption order; set it to null here",
        );
    }
    let only_all_users = (tenant == Some(TenantId::MICROSOFT_ACCOUNTS)).then_some(
        "Microsoft accounts cannot be named one by one; write `AllUsers`, or remove the setting",
    );
    let mut setting = |name, written: Option<Halves<'_>>, default: &Arc<Setting>| {
        let surroundings = Surroundings {
            fallback: default,
            fallback_is: beside.fallback_is,
            only_all_users,
        };
        let setting = setting::compile(written?, surroundings, &root.member(name), notes)?;
        Some(interner.share(setting))
    };
    let default = beside.default;
    let collaboration_inbound = setting(
        "b2bCollaborationInbound",
        document
            .b2b_collaboration_inbound
            .as_deref()
            .map(B2bSetting::halves),
        &default.collaboration_inbound,
    );
    let collaboration_outbound = setting(
        "b2bCollaborationOutbound",
        document
            .b2b_collaboration_outbound
            .as_deref()
            .map(B2bSetting::halves),
        &default.collaboration_outbound,
    );
    let direct_connect_inbound = setting(
        "b2bDirectConnectInbound",
        document
            .b2b_direct_connect_inbound
            .as_deref()
            .map(B2bSetting::halves),
        &default.direct_connect_inbound,
    );
    let direct_connect_outbound = setting(
        "b2bDirectConnectOutbound",
        document
            .b2b_direct_connect_outbound
            .as_deref()
            .map(B2bSetting::halves),
        &default.direct_connect_outbound,
    );
    let tenant_restrictions = setting(
        "tenantRestrictions",
        document
            .tenant_restrictions
            .as_deref()
            .map(TenantRestrictions::halves),
        &default.tenant_restrictions,
    );
    advise(document, notes);
    let consent = document.automatic_user_consent_settings.as_deref();
    let settings = PartnerSettings {
        collaboration_inbound,
        collaboration_outbound,
        direct_connect_inbound,
        direct_connect_outbound,
        tenant_restrictions,
        trust: trust(document.inbound_trust.as_deref(), notes),
        automatic_consent_inbound: consent.and_then(|consent| consent.inbound_allowed),
        automatic_consent_outbound: consent.and_then(|consent| consent.outbound_allowed),
        is_service_provider: document.is_service_provider.unwrap_or(false),
    };
    Some((tenant?, settings))
}

fn tenant(
    document: &PartnerDocument,
    beside: Beside<'_>,
    notes: &mut Notes<'_>,
) -> Option<TenantId> {
    let root = At::Root;
    let at = root.member("tenantId");
    let Some(tenant) = document.tenant_id else {
        notes.fault(
            &at,
            "`tenantId` is missing; expected the partner's tenant id",
        );
        return None;
    };
    if tenant.0 == beside.own {
        notes.fault(
            &at,
            "the own tenant cannot be its own partner; remove the document",
        );
        return None;
    }
    Some(tenant.0)
}

fn advise(document: &PartnerDocument, notes: &mut Notes<'_>) {
    advise_unenforced(
        [
            (
                "serviceProviderConstraints",
                document.service_provider_constraints,
            ),
            (
                "appServiceConnectInbound",
                document.app_service_connect_inbound,
            ),
            (
                "m365CollaborationInbound",
                document.m365_collaboration_inbound,
            ),
            (
                "m365CollaborationOutbound",
                document.m365_collaboration_outbound,
            ),
            ("m365Capabilities", document.m365_capabilities),
            (
                "blockServiceProviderOutboundAccess",
                document.block_service_provider_outbound_access,
            ),
            (
                "crossCloudMeetingConfiguration",
                document.cross_cloud_meeting_configuration,
            ),
            (
                "protectedContentSharing",
                document.protected_content_sharing,
            ),
        ],
        notes,
    );
    if document.is_service_provider == Some(true) {
        notes.advise(
            &At::Root.member("isServiceProvider"),
            "of a service provider, whoever is no guest is admitted by `b2bCollaborationInbound` and not by `b2bDirectConnectInbound`, and its users' MFA counts whatever `inboundTrust` says",
        );
    }
    if document.is_in_multi_tenant_organization == Some(true) {
        let name = "isInMultiTenantOrganization";
        notes.advise(&At::Root.member(name), &unenforced(name));
    }
}
