//! What must be allowed to whoever changes some of many settings: an action for each group of them.

use super::Need::{self, Always, ForExpanded, ForMember, ForNamed, ForOthers};
use crate::roles::Action;

pub(super) const READ_PARTNERS: &[Need] = &[
    Always(Action::PartnersRead),
    ForExpanded(
        "identitySynchronization",
        Action::IdentitySynchronizationRead,
    ),
];

/// When guests came is for those who may read logs.
pub(super) const READ_USERS: &[Need] = &[
    Always(Action::UsersRead),
    ForNamed("signInActivity", Action::AuditLogsRead),
];

pub(super) const READ_SIGN_INS: &[Need] = &[Always(Action::SignInReportsRead)];

/// Whoever helps single users may not send a whole organisation away.
pub(super) const REVOKE_TENANT: &[Need] = &[
    Always(Action::SessionsRevoke),
    Always(Action::PartnersB2bCollaborationUpdate),
];

pub(super) const OF_DEFAULT: &[Need] = &Groups {
    direct_connect: Action::DefaultB2bDirectConnectUpdate,
    restrictions: Action::DefaultTenantRestrictionsUpdate,
    meetings: Action::DefaultCrossCloudMeetingsUpdate,
    others: Action::DefaultB2bCollaborationUpdate,
}
.needs();

pub(super) const OF_PARTNER: &[Need] = &PARTNER.needs();

/// The same beside making it: what only makes one takes nothing more.
pub(super) const OF_NEW_PARTNER: &[Need] = &{
    let [a, b, c, d, e, f, others] = PARTNER.needs();
    let create = Action::PartnersCreate;
    [
        Always(create),
        ForMember("tenantId", create),
        a,
        b,
        c,
        d,
        e,
        f,
        others,
    ]
};

const PARTNER: Groups = Groups {
    direct_connect: Action::PartnersB2bDirectConnectUpdate,
    restrictions: Action::PartnersTenantRestrictionsUpdate,
    meetings: Action::PartnersCrossCloudMeetingsUpdate,
    others: Action::PartnersB2bCollaborationUpdate,
};

/// The groups of cross-tenant settings, which a partner and the default have alike.
struct Groups {
    direct_connect: Action,
    restrictions: Action,
    meetings: Action,
    /// Trust and consent are settings of collaboration.
    others: Action,
}

impl Groups {
    const fn needs(self) -> [Need; 7] {
        [
            ForMember("b2bDirectConnectInbound", self.direct_connect),
            ForMember("b2bDirectConnectOutbound", self.direct_connect),
            ForMember("tenantRestrictions", self.restrictions),
            ForMember("crossCloudMeetingConfiguration", self.meetings),
            ForMember("m365CollaborationInbound", self.meetings),
            ForMember("m365CollaborationOutbound", self.meetings),
            ForOthers(self.others),
        ]
    }
}
