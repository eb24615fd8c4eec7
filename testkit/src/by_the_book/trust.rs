//! Section 6, step 7: which of the subject's claims count, and how they show in the output.
//!
//! Reading taken where the page is silent: where the page says "trusted" of a strength, a context or direct connect it means
//! the setting `isMfaAccepted`, also for a service provider's user, whose home MFA counts whatever that setting is.

use serde_json::Value;

use super::access::{Direction, Placed};
use super::claim_map::shows;
use super::raw::Book;

/// What of a subject's proofs counts here.
pub(super) struct Trust {
    /// The effective `isMfaAccepted`; true for our own users.
    pub(super) home_mfa_accepted: bool,
    /// An MFA claim counts.
    pub(super) mfa: bool,
    pub(super) compliant_device: bool,
    pub(super) hybrid_joined_device: bool,
    /// How MFA shows in the output.
    pub(super) mfa_shown: &'static str,
    /// How the device shows in the output.
    pub(super) device_shown: &'static str,
}

/// Step 7, by direction.
pub(super) fn trust(book: &Book, placed: &Placed<'_>) -> Trust {
    let claim = |name: &str| shows(placed.token.issuer, placed.token.claims, name);
    let (mfa, compliant, hybrid) = (
        claim("mfa"),
        claim("compliant_device"),
        claim("hybrid_joined_device"),
    );
    let here = placed.own_issued && claim("resource_mfa");
    match placed.direction {
        Direction::Internal => Trust {
            home_mfa_accepted: true,
            mfa: mfa || here,
            compliant_device: compliant,
            hybrid_joined_device: hybrid,
            mfa_shown: if mfa || here { "own" } else { "none" },
            device_shown: strongest(&[(hybrid, "own-hybrid"), (compliant, "own-compliant")]),
        },
        Direction::Inbound => {
            let accepts = |member: &str| accepts(book, placed, member);
            let accepted = accepts("isMfaAccepted");
            let home_mfa = mfa && (accepted || placed.access == "serviceProvider");
            let compliant_counts = compliant && accepts("isCompliantDeviceAccepted");
            let hybrid_counts = hybrid && accepts("isHybridAzureADJoinedDeviceAccepted");
            Trust {
                home_mfa_accepted: accepted,
                mfa: home_mfa || here,
                compliant_device: compliant_counts,
                hybrid_joined_device: hybrid_counts,
                mfa_shown: strongest(&[
                    (home_mfa, "home-trusted"),
                    (here, "resource"),
                    (mfa, "home-untrusted"),
                ]),
                device_shown: strongest(&[
                    (hybrid_counts, "hybrid-trusted"),
                    (compliant_counts, "compliant-trusted"),
                    (hybrid, "hybrid-untrusted"),
                    (compliant, "compliant-untrusted"),
                ]),
            }
        }
        Direction::Outbound | Direction::TenantRestricted => Trust {
            home_mfa_accepted: false,
            mfa: false,
            compliant_device: false,
            hybrid_joined_device: false,
            mfa_shown: "none",
            device_shown: "none",
        },
    }
}

fn strongest(shown: &[(bool, &'static str)]) -> &'static str {
    shown
        .iter()
        .find(|(holds, _)| *holds)
        .map_or("none", |(_, name)| name)
}

/// A member of `inboundTrust`, inherited by itself: partner, default, `false`. Nothing is accepted of an identity without a
/// tenant.
fn accepts(book: &Book, placed: &Placed<'_>, member: &str) -> bool {
    let Some(home) = placed.token.home.tenant() else {
        return false;
    };
    let stated = |document: &Value| {
        document
            .get("inboundTrust")
            .and_then(|trust| trust.get(member))
            .and_then(Value::as_bool)
    };
    book.partner(home)
        .and_then(stated)
        .or_else(|| stated(&book.policy.default))
        .unwrap_or(false)
}
