//! Step 7: which claims about MFA and devices count. Refuses nothing by itself.

use super::Request;
use super::parties::Parties;
use crate::decision::{AccessType, Device, Direction, Mfa, Step};
use crate::explanation::{Recorder, Values, line};
use crate::snapshot::{Snapshot, TrustOverrides};
use crate::subject::{Home, Subject};

/// What counts of the token's proofs.
pub(super) struct Trust {
    /// The home tenant's MFA is trusted by setting: what else its token tells of the sign-in, contexts and
    /// methods, is believed with it. That a service provider's MFA counts anyway says nothing of those.
    pub(super) home_mfa: bool,
    /// The MFA that counts, and whose.
    pub(super) mfa: Mfa,
    /// The strongest device claim, and whether it counts.
    pub(super) device: Device,
    /// A compliant device counts.
    pub(super) compliant: bool,
    /// A hybrid-joined device counts.
    pub(super) hybrid: bool,
}

impl Trust {
    pub(super) fn of(snapshot: &Snapshot, subject: &Subject, parties: &Parties<'_>) -> Self {
        let proofs = subject.proofs;
        match parties.direction {
            Direction::Internal => Self {
                home_mfa: true,
                mfa: if proofs.mfa || proofs.resource_mfa {
                    Mfa::Own
                } else {
                    Mfa::None
                },
                device: match (proofs.hybrid_joined_device, proofs.compliant_device) {
                    (true, _) => Device::OwnHybrid,
                    (false, true) => Device::OwnCompliant,
                    (false, false) => Device::None,
                },
                compliant: proofs.compliant_device,
                hybrid: proofs.hybrid_joined_device,
            },
            Direction::Inbound => {
                let accepted = accepted(snapshot, subject, parties);
                let mfa_counts = accepted.mfa || of_service_provider(parties);
                let compliant = proofs.compliant_device && accepted.compliant_device;
                let hybrid = proofs.hybrid_joined_device && accepted.hybrid_joined_device;
                Self {
                    home_mfa: accepted.mfa,
                    mfa: match (
                        proofs.mfa,
                        mfa_counts,
                        proofs.resource_mfa && parties.own_issued,
                    ) {
                        (true, true, _) => Mfa::HomeTrusted,
                        (_, _, true) => Mfa::Resource,
                        (true, false, false) => Mfa::HomeUntrusted,
                        (false, _, false) => Mfa::None,
                    },
                    device: match (
                        hybrid,
                        compliant,
                        proofs.hybrid_joined_device,
                        proofs.compliant_device,
                    ) {
                        (true, ..) => Device::HybridTrusted,
                        (false, true, ..) => Device::CompliantTrusted,
                        (false, false, true, _) => Device::HybridUntrusted,
                        (false, false, false, true) => Device::CompliantUntrusted,
                        (false, false, false, false) => Device::None,
                    },
                    compliant,
                    hybrid,
                }
            }
            Direction::Outbound | Direction::TenantRestricted => Self {
                home_mfa: false,
                mfa: Mfa::None,
                device: Device::None,
                compliant: false,
                hybrid: false,
            },
        }
    }

    /// Whether an MFA claim counts.
    pub(super) const fn mfa_counts(&self) -> bool {
        match self.mfa {
            Mfa::Own | Mfa::HomeTrusted | Mfa::Resource => true,
            Mfa::None | Mfa::HomeUntrusted => false,
        }
    }
}

/// Whether the caller works for a service provider, whose MFA counts whatever `inboundTrust` says.
fn of_service_provider(parties: &Parties<'_>) -> bool {
    parties.access_type == AccessType::ServiceProvider
}

/// `inboundTrust` after inheritance.
#[derive(Clone, Copy)]
struct Accepted {
    mfa: bool,
    compliant_device: bool,
    hybrid_joined_device: bool,
}

/// Nothing of an identity without a tenant is trusted; else the partner's members, each or the default's.
fn accepted(snapshot: &Snapshot, subject: &Subject, parties: &Parties<'_>) -> Accepted {
    let Home::Tenant { .. } = subject.home else {
        return Accepted {
            mfa: false,
            compliant_device: false,
            hybrid_joined_device: false,
        };
    };
    let own = parties
        .partner
        .map_or_else(TrustOverrides::default, |partner| partner.trust);
    let default = snapshot.default.trust;
    let effective = |own: Option<bool>, default: Option<bool>| own.or(default).unwrap_or(false);
    Accepted {
        mfa: effective(own.mfa, default.mfa),
        compliant_device: effective(own.compliant_device, default.compliant_device),
        hybrid_joined_device: effective(own.hybrid_joined_device, default.hybrid_joined_device),
    }
}

pub(super) fn record(request: &Request<'_>, recorder: &mut impl Recorder) {
    let parties = &request.parties;
    if parties.direction != Direction::Inbound {
        recorder.record(|| line(Step::Trust, "", "", "does not apply"));
        return;
    }
    let accepted = accepted(request.snapshot, request.subject, parties);
    let own = parties
        .partner
        .map_or_else(TrustOverrides::default, |partner| partner.trust);
    let default = request.snapshot.default.trust;
    let proofs = request.subject.proofs;
    let seen = |value: bool, what: &str, shown: bool| {
        let claim = if shown { "a claim" } else { "no claim" };
        format!("{value}, and {claim} of {what}")
    };
    let by_itself = !accepted.mfa && of_service_provider(parties);
    if by_itself {
        recorder.compare(
            || {
                let document = parties.partner_document();
                line(Step::Trust, document, "isServiceProvider", "counts")
            },
            || Values::explicit(seen(true, "MFA", proofs.mfa), "true"),
        );
    }
    // What MFA at home opens besides.
    let without_mfa = if by_itself {
        "contexts and methods do not count"
    } else {
        "does not count"
    };
    let members = [
        (
            "isMfaAccepted",
            (own.mfa, default.mfa, accepted.mfa),
            ("MFA", proofs.mfa, without_mfa),
        ),
        (
            "isCompliantDeviceAccepted",
            (
                own.compliant_device,
                default.compliant_device,
                accepted.compliant_device,
            ),
            (
                "a compliant device",
                proofs.compliant_device,
                "does not count",
            ),
        ),
        (
            "isHybridAzureADJoinedDeviceAccepted",
            (
                own.hybrid_joined_device,
                default.hybrid_joined_device,
                accepted.hybrid_joined_device,
            ),
            (
                "a hybrid-joined device",
                proofs.hybrid_joined_device,
                "does not count",
            ),
        ),
    ];
    for (member, (own, default, accepted), (what, shown, otherwise)) in members {
        recorder.compare(
            || {
                let document = match (own, default) {
                    (Some(_), _) => parties.partner_document(),
                    (None, Some(_)) => "default".to_owned(),
                    (None, None) => "initial".to_owned(),
                };
                let result = if accepted { "counts" } else { otherwise };
                line(
                    Step::Trust,
                    document,
                    format!("inboundTrust.{member}"),
                    result,
                )
            },
            || Values {
                explicit: own.or(default).is_some(),
                instead_of: super::instead_of(parties, own.is_some(), "inboundTrust"),
                ..Values::implicit(seen(accepted, what, shown), "true")
            },
        );
    }
}
