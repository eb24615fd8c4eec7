//! Templates of a multitenant organization. They are checked and kept; nothing is enforced by them.

use crossgate_policy::snapshot::{Access, Setting};

use super::defaults::{trust, unenforced};
use super::setting::{self, Fallback, Surroundings};
use crate::documents::cross_tenant::B2bSetting;
use crate::documents::template::{PartnerTemplate, SynchronizationTemplate};
use crate::reader::path::At;
use crate::reader::report::Notes;

/// Checks the template for partners as a partner would be; its faults are noted.
pub(crate) fn partner(document: &PartnerTemplate, notes: &mut Notes<'_>) {
    let root = At::Root;
    let initial = Setting::initial(Access::Allowed);
    for (name, written) in [
        (
            "b2bCollaborationInbound",
            &document.b2b_collaboration_inbound,
        ),
        (
            "b2bCollaborationOutbound",
            &document.b2b_collaboration_outbound,
        ),
        (
            "b2bDirectConnectInbound",
            &document.b2b_direct_connect_inbound,
        ),
        (
            "b2bDirectConnectOutbound",
            &document.b2b_direct_connect_outbound,
        ),
    ] {
        let Some(halves) = written.as_deref().map(B2bSetting::halves) else {
            continue;
        };
        let surroundings = Surroundings {
            fallback: &initial,
            // What a missing half would contradict is not known before a partner has it.
            fallback_is: Fallback::FaultyDefault,
            only_all_users: None,
        };
        setting::compile(halves, surroundings, &root.member(name), notes);
    }
    trust(document.inbound_trust.as_deref(), notes);
    notes.advise(&root, &unenforced("templates/partner-configuration"));
}

/// Checks the template for synchronization; its faults are noted.
pub(crate) fn synchronization(_: &SynchronizationTemplate, notes: &mut Notes<'_>) {
    notes.advise(&At::Root, &unenforced("templates/identity-synchronization"));
}
