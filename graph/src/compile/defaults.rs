//! The policy's root and its default configuration.

use std::sync::Arc;

use crossgate_policy::ids::{Cloud, Guid, Id};
use crossgate_policy::snapshot::{
    Access, DefaultSettings, RedemptionOrder, Setting, TrustOverrides,
};

use super::redemption;
use super::setting::{self, Fallback, Interner, Surroundings};
use crate::documents::cross_tenant::{
    B2bSetting, DefaultDocument, Halves, InboundOutbound, InboundTrust, PolicyDocument,
    TenantRestrictions,
};
use crate::reader::path::At;
use crate::reader::report::Notes;
use crate::reader::values::{Kept, set};

/// Compiles `allowedCloudEndpoints`; its faults are noted.
pub(crate) fn allowed_clouds(
    document: &PolicyDocument,
    own: Cloud,
    notes: &mut Notes<'_>,
) -> Vec<Cloud> {
    let at = At::Root.member("allowedCloudEndpoints");
    let mut clouds = Vec::new();
    let endpoints = document
        .allowed_cloud_endpoints
        .as_deref()
        .unwrap_or_default();
    for (index, endpoint) in endpoints.iter().enumerate() {
        let cloud = endpoint.0;
        if cloud == own {
            let message = format!(
                "`{}` is the own cloud; list only other clouds",
                cloud.endpoint()
            );
            notes.fault(&at.item(index), message);
        } else if !clouds.contains(&cloud) {
            clouds.push(cloud);
        }
    }
    clouds
}

/// Compiles the default configuration; its faults are noted.
pub(crate) fn compile(
    document: &DefaultDocument,
    interner: &mut Interner,
    notes: &mut Notes<'_>,
) -> (DefaultSettings, RedemptionOrder) {
    let initial = DefaultSettings::initial();
    let mut setting = |name, written: Option<Halves<'_>>, initial, targets| {
        of_everybody(name, written, initial, targets, interner, notes)
    };
    let settings = DefaultSettings {
        id: document.id.map(|id| id.0),
        collaboration_inbound: setting(
            "b2bCollaborationInbound",
            document
                .b2b_collaboration_inbound
                .as_deref()
                .map(B2bSetting::halves),
            initial.collaboration_inbound,
            Targets::OfAnyTenant,
        ),
        collaboration_outbound: setting(
            "b2bCollaborationOutbound",
            document
                .b2b_collaboration_outbound
                .as_deref()
                .map(B2bSetting::halves),
            initial.collaboration_outbound,
            Targets::OfOurs,
        ),
        direct_connect_inbound: setting(
            "b2bDirectConnectInbound",
            document
                .b2b_direct_connect_inbound
                .as_deref()
                .map(B2bSetting::halves),
            initial.direct_connect_inbound,
            Targets::OfAnyTenant,
        ),
        direct_connect_outbound: setting(
            "b2bDirectConnectOutbound",
            document
                .b2b_direct_connect_outbound
                .as_deref()
                .map(B2bSetting::halves),
            initial.direct_connect_outbound,
            Targets::OfOurs,
        ),
        tenant_restrictions: setting(
            "tenantRestrictions",
            document
                .tenant_restrictions
                .as_deref()
                .map(TenantRestrictions::halves),
            initial.tenant_restrictions,
            Targets::OfAnyTenant,
        ),
        trust: trust(document.inbound_trust.as_deref(), notes),
    };
    no_automatic_consent(document.automatic_user_consent_settings.as_deref(), notes);
    let at = At::Root.member("invitationRedemptionIdentityProviderConfiguration");
    let redemption = document
        .invitation_redemption_identity_provider_configuration
        .as_deref()
        .map_or_else(RedemptionOrder::default, |written| {
            redemption::compile(written, &at, notes)
        });
    if redemption != RedemptionOrder::default() {
        notes.advise(
            &at,
            &unenforced("invitationRedemptionIdentityProviderConfiguration"),
        );
    }
    advise_unenforced(
        [
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
    advise_rights_management(&settings.collaboration_outbound, notes);
    (settings, redemption)
}

/// Whose ids a setting of the default configuration could name.
#[derive(Clone, Copy)]
enum Targets {
    /// Users of any external tenant: an id alone does not say which.
    OfAnyTenant,
    /// Our own users and groups.
    OfOurs,
}

fn of_everybody(
    name: &str,
    written: Option<Halves<'_>>,
    initial: Arc<Setting>,
    targets: Targets,
    interner: &mut Interner,
    notes: &mut Notes<'_>,
) -> Arc<Setting> {
    let surroundings = Surroundings {
        fallback: &initial,
        fallback_is: Fallback::Initial,
        only_all_users: match targets {
            Targets::OfAnyTenant => Some(
                "the default cannot name single users or groups; write `AllUsers`, and name them in a \
                 partner's document",
            ),
            Targets::OfOurs => None,
        },
    };
    let at = At::Root;
    let compiled = written
        .and_then(|written| setting::compile(written, surroundings, &at.member(name), notes));
    match compiled {
        Some(setting) => interner.share(setting),
        None => initial,
    }
}

/// Compiles `inboundTrust`, of the default or of a partner.
pub(crate) fn trust(written: Option<&InboundTrust>, notes: &mut Notes<'_>) -> TrustOverrides {
    let Some(InboundTrust {
        is_mfa_accepted,
        is_compliant_device_accepted,
        is_hybrid_azure_ad_joined_device_accepted,
        is_compliant_network_accepted,
    }) = written
    else {
        return TrustOverrides::default();
    };
    if *is_compliant_network_accepted == Some(true) {
        let at = At::Root.member("inboundTrust");
        notes.advise(
            &at.member("isCompliantNetworkAccepted"),
            &unenforced("isCompliantNetworkAccepted"),
        );
    }
    TrustOverrides {
        mfa: *is_mfa_accepted,
        compliant_device: *is_compliant_device_accepted,
        hybrid_joined_device: *is_hybrid_azure_ad_joined_device_accepted,
    }
}

/// Tells which members are there, say something, and are not enforced.
pub(crate) fn advise_unenforced<const N: usize>(
    members: [(&str, Option<Kept>); N],
    notes: &mut Notes<'_>,
) {
    for (name, value) in members {
        if set(value) {
            notes.advise(&At::Root.member(name), &unenforced(name));
        }
    }
}

/// What to know of a member that is not enforced.
pub(crate) fn unenforced(name: &str) -> String {
    format!("`{name}` is kept and not enforced")
}

fn no_automatic_consent(written: Option<&InboundOutbound>, notes: &mut Notes<'_>) {
    let Some(InboundOutbound {
        inbound_allowed,
        outbound_allowed,
    }) = written
    else {
        return;
    };
    let at = At::Root.member("automaticUserConsentSettings");
    for (name, value) in [
        ("inboundAllowed", inbound_allowed),
        ("outboundAllowed", outbound_allowed),
    ] {
        if *value == Some(true) {
            notes.fault(
                &at.member(name),
                "automatic consent cannot be given to everybody; set it to false, and to true in the \
                 documents of partners",
            );
        }
    }
}

/// Encrypted mail from elsewhere is read with the sender's Rights Management.
fn advise_rights_management(outbound: &Setting, notes: &mut Notes<'_>) {
    if outbound.apps.access == Access::Blocked && outbound.apps.all {
        notes.advise(
            &At::Root.member("b2bCollaborationOutbound"),
            &format!(
                "all applications are blocked, also Rights Management `{}`, which reading encrypted mail \
                 of other organisations needs",
                Id::Guid(RIGHTS_MANAGEMENT)
            ),
        );
    }
}

/// Microsoft Rights Management Service.
const RIGHTS_MANAGEMENT: Guid = Guid::from_u128(0x0000_0012_0000_0000_c000_0000_0000_0000);
