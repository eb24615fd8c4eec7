//! What partners publish of their own settings towards us.

use std::sync::Arc;

use super::setting::Setting;

/// A partner's side, from the signed document that its gateway publishes (decision.md, section 7). Whoever keeps it lets go of it when the
/// document expires.
#[derive(Clone, Debug, PartialEq)]
pub struct PartnerSide {
    /// `automaticUserConsentSettings.outboundAllowed`.
    pub automatic_consent_outbound: bool,
    /// `b2bDirectConnectOutbound`, both halves: which of its people may come to which of our apps.
    pub direct_connect_outbound: Arc<Setting>,
}
