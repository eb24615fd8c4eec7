//! Receipts: a decision's input, kept in its sign-in event, so that anybody who has the policy of then decides it again.
//!
//! A receipt is one [case](crate::case) and the generation of the key sets that the token was verified against. Which policy decided
//! stands in the event beside it (`crossgate.snapshot`). It holds what a decision reads: ids, groups, roles, what the sign-in showed. Never
//! the token, its signature, a secret, or a name.

use crossgate_policy::Caller;
use crossgate_policy::decide::published_consent;
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::subject::Home;
use crossgate_policy::target::Target;
use serde::Serialize;

use crate::case::Written;

/// A receipt to be written.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt<'a> {
    /// Counts the changes of key sets since the gateway's start.
    pub key_set_generation: u64,
    /// The input.
    pub case: Written<'a>,
}

impl<'a> Receipt<'a> {
    /// The receipt of a decision; `None` where what the client sent is too much to keep.
    #[must_use]
    pub fn new(
        key_set_generation: u64,
        snapshot: &Snapshot,
        target: &Target,
        case: Written<'a>,
    ) -> Option<Self> {
        let sent = case.headers.iter().flat_map(|values| values.iter());
        if sent.map(|value| value.len()).sum::<usize>() > MOST_HEADERS {
            return None;
        }
        let (outbound, consents) = of_partner(snapshot, target, case.caller);
        Some(Self {
            key_set_generation,
            case: Written {
                partner_outbound_allowed: case.partner_outbound_allowed || outbound,
                partner_consents: consents,
                ..case
            },
        })
    }
}

/// What the partner's gateway published when it was decided: it is in no policy, so the receipt says what it came to.
fn of_partner(snapshot: &Snapshot, target: &Target, caller: Caller<'_>) -> (bool, Option<bool>) {
    let Caller::Verified(subject) = caller else {
        return (false, None);
    };
    let side = match subject.home {
        Home::Tenant { tenant, .. } => snapshot.partner_sides.get(&tenant.0),
        Home::MicrosoftAccount | Home::NoTenant => None,
    };
    side.map_or((false, None), |side| {
        let consents = published_consent(snapshot, subject, target);
        (side.automatic_consent_outbound, consents)
    })
}

/// Bytes of restriction headers that are kept: longer lists are rare, and a client could fill the disk with them.
const MOST_HEADERS: usize = 4096;
