//! Partner configurations, few or a million.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::thread;

use crossgate_policy::ids::TenantId;
use crossgate_policy::snapshot::{DefaultSettings, PartnerSettings, Setting};

use super::defaults::{advise_unenforced, trust, unenforced};
use super::setting::{self, Fallback, Interner, Surroundings};
use crate::documents::cross_tenant::{B2bSetting, Halves, PartnerDocument, TenantRestrictions};
use crate::load::PolicyFile;
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
pub(crate) struct Partners {
    settings: HashMap<TenantId, (PartnerSettings, usize, Slot)>,
    interner: Interner,
    report: Report,
}

impl Partners {
    /// Goes on with settings that are shared already.
    pub(crate) fn new(interner: Interner) -> Self {
        Self {
            interner,
            ..Self::default()
        }
    }

    /// Takes a file that is one document or a list.
    pub(crate) fn file(&mut self, file: usize, text: &str, beside: Beside<'_>) {
        for document in read::documents(file, text, &mut self.report) {
            self.document(file, document, beside);
        }
    }

    /// Takes a file with a document a line; long ones in several threads.
    pub(crate) fn line_file(&mut self, file: usize, text: &str, beside: Beside<'_>) {
        let lines: Vec<_> = read::lines(text).collect();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = lines.len().div_ceil(threads).max(LINES_WORTH_A_THREAD);
        let parts: Vec<Self> = thread::scope(|scope| {
            let parts: Vec<_> = lines
                .chunks(share)
                .map(|lines| scope.spawn(move || Self::of_lines(file, lines, beside)))
                .collect();
            parts
                .into_iter()
                .map(|part| {
                    part.join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        });
        for part in parts {
            self.merge(part, beside);
        }
    }

    /// The configurations, how many different settings they have, and what is wrong.
    pub(crate) fn finish(self) -> (HashMap<TenantId, PartnerSettings>, usize, Report) {
        let settings = self
            .settings
            .into_iter()
            .map(|(tenant, (settings, _, _))| (tenant, settings))
            .collect();
        (settings, self.interner.len(), self.report)
    }

    fn of_lines(file: usize, lines: &[(Slot, &str)], beside: Beside<'_>) -> Self {
        let mut part = Self::default();
        for (slot, line) in lines {
            if let Some(document) = read::line(file, *slot, line, &mut part.report) {
                part.document(file, document, beside);
            }
        }
        part
    }

    fn merge(&mut self, part: Self, beside: Beside<'_>) {
        self.report.extend(part.report);
        self.settings.reserve(part.settings.len());
        for (tenant, (settings, file, slot)) in part.settings {
            let mut again = |setting: Option<Arc<Setting>>| {
                setting.map(|setting| self.interner.share_again(setting))
            };
            let settings = PartnerSettings {
                collaboration_inbound: again(settings.collaboration_inbound),
                collaboration_outbound: again(settings.collaboration_outbound),
                direct_connect_inbound: again(settings.direct_connect_inbound),
                direct_connect_outbound: again(settings.direct_connect_outbound),
                tenant_restrictions: again(settings.tenant_restrictions),
                ..settings
            };
            self.insert(tenant, settings, file, slot, beside);
        }
    }

    fn document(&mut self, file: usize, document: Document<PartnerDocument>, beside: Beside<'_>) {
        let Document {
            slot,
            value,
            unread,
        } = document;
        let mut notes = Notes {
            file,
            name: beside.files.get(file).map_or("", |file| file.path),
            slot,
            unread: &unread,
            report: &mut self.report,
        };
        if let Some((tenant, settings)) = compile(&value, beside, &mut self.interner, &mut notes) {
            self.insert(tenant, settings, file, slot, beside);
        }
    }

    fn insert(
        &mut self,
        tenant: TenantId,
        settings: PartnerSettings,
        file: usize,
        slot: Slot,
        beside: Beside<'_>,
    ) {
        let (first, second) = match self.settings.entry(tenant) {
            Entry::Vacant(place) => {
                place.insert((settings, file, slot));
                return;
            }
            Entry::Occupied(place) => {
                let (_, first_file, first_slot) = place.get();
                // Threads bring them in any order; the one further down is at fault.
                let mut both = [(*first_file, *first_slot), (file, slot)];
                both.sort_by_key(|(file, slot)| (*file, slot.order()));
                let [first, second] = both;
                (first, second)
            }
        };
        let place = beside
            .files
            .get(first.0)
            .map_or_else(String::new, |file| first.1.place(file.path));
        let found = Found {
            steps: vec![Step::Member("tenantId".to_owned())],
            mark: Mark::Value,
            message: format!("`{tenant}` has a document already, `{place}`; keep one of them"),
        };
        self.report.found(second.0, second.1, [found]);
    }
}

/// Below this, starting a thread costs more than it saves.
const LINES_WORTH_A_THREAD: usize = 2_000;

fn compile(
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
    let settings = PartnerSettings {
        collaboration_inbound,
        collaboration_outbound,
        direct_connect_inbound,
        direct_connect_outbound,
        tenant_restrictions,
        trust: trust(document.inbound_trust.as_deref(), notes),
        automatic_consent_inbound: document
            .automatic_user_consent_settings
            .as_deref()
            .and_then(|consent| consent.inbound_allowed),
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
            ("identitySynchronization", document.identity_synchronization),
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
    if document.is_in_multi_tenant_organization == Some(true) {
        let name = "isInMultiTenantOrganization";
        notes.advise(&At::Root.member(name), &unenforced(name));
    }
    let consent = document.automatic_user_consent_settings.as_deref();
    if consent.is_some_and(|consent| consent.outbound_allowed == Some(true)) {
        let at = At::Root.member("automaticUserConsentSettings");
        notes.advise(
            &at.member("outboundAllowed"),
            &unenforced("automaticUserConsentSettings.outboundAllowed"),
        );
    }
}
