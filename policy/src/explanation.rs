//! Why a decision fell as it did, line by line; made only where somebody asks.

use std::borrow::Cow;

use crate::decision::{Decision, Reason, Step};

/// One step of a decision.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// The step.
    pub step: Step,
    /// The document that was read, such as `partners/2222…`, `default` or `conditional-access/…`; empty where none was.
    pub document: Cow<'static, str>,
    /// The property that decided, as Graph names it; empty where none did.
    pub property: Cow<'static, str>,
    /// What came of it.
    pub result: Cow<'static, str>,
}

/// Takes the lines of a decision while it is made.
///
/// The line is built by a closure, so that a decision nobody asks about builds none.
pub trait Recorder {
    /// Takes one line.
    fn record(&mut self, line: impl FnOnce() -> Line);
}

/// Keeps nothing.
#[derive(Debug)]
pub struct Silent;

impl Recorder for Silent {
    fn record(&mut self, _: impl FnOnce() -> Line) {}
}

impl Recorder for Vec<Line> {
    fn record(&mut self, line: impl FnOnce() -> Line) {
        self.push(line());
    }
}

/// The smallest change that would have let this request through, as far as one document or the caller can bring it
/// about; `None` where it went through.
///
/// It turns the refusal that decided; a later step may still refuse.
#[must_use]
pub fn nearest_change(decision: &Decision, lines: &[Line]) -> Option<String> {
    let refusal = decision.outcome.as_ref().err()?;
    let step = refusal.step?;
    let decided = lines
        .iter()
        .rev()
        .find(|line| line.step == step && line.result.contains("refuses"));
    let place = decided.map_or_else(String::new, |line| {
        match (&*line.document, &*line.property) {
            ("", "") => String::new(),
            ("", property) => format!("`{property}`"),
            (document, "") => format!("`{document}`"),
            (document, property) => format!("`{property}` of `{document}`"),
        }
    });
    let requirements: Vec<String> = refusal
        .requirements
        .iter()
        .map(ToString::to_string)
        .collect();
    let requirements = requirements.join(", ");
    Some(match refusal.reason {
        Reason::NoToken => "send a bearer token".to_owned(),
        Reason::Token(_) => "send a token that passes the rule named as the reason".to_owned(),
        Reason::Revoked => format!("sign in again, or remove {place}"),
        Reason::MalformedRestrictionHeaders => {
            "send well-formed tenant-restriction headers, one of a kind".to_owned()
        }
        Reason::WrongRestrictionPolicy => {
            "let the network's proxy send the `id` of our default configuration".to_owned()
        }
        Reason::RestrictionClaimMismatch => {
            "sign in under the restriction policy that the header names".to_owned()
        }
        Reason::ResourceTenantNotListed => format!("add the resource tenant to {place}"),
        Reason::MicrosoftAccountsRestricted => format!("remove {place}"),
        Reason::RestrictionClaimMissing => {
            "sign in under the restriction policy, so that the token carries `xms_trpid`".to_owned()
        }
        Reason::HomeCloudNotEnabled | Reason::ResourceCloudNotEnabled => {
            let obstacle = decided.map_or("", |line| &*line.property);
            let opened = cloud_opened(obstacle, &place);
            // One line a cloud: with two of them the token does not tell which one it is. To enable the other would
            // let in a whole cloud for one partner that may never have lived there.
            let clouds = lines.iter().filter(|line| line.step == step).count();
            let home = decision.facts().and_then(|facts| facts.home);
            match home {
                Some(home) if clouds > 1 => format!(
                    "say in which cloud `{}` lives: set `cloud` of its `[[partner]]` in `crossgate.toml`, because its \
                     token names `https://sts.windows.net/`, which two clouds share; only if it lives in another \
                     cloud than ours, also {opened}",
                    home.0
                ),
                Some(_) | None => opened,
            }
        }
        Reason::InboundNotAdmitted | Reason::OutboundNotAdmitted | Reason::TenantRestricted => {
            format!("admit this caller and this app in {place}")
        }
        Reason::AppNotListed => format!("add the client to {place}"),
        Reason::PartnerDidNotConsent => format!("obtain the partner's document, or change {place}"),
        Reason::InboundMembershipUnknown
        | Reason::OutboundMembershipUnknown
        | Reason::RestrictionMembershipUnknown => {
            format!(
                "make the membership known (`homeUserId` and `homeGroups` of the guest record), or do not name groups or users in {place}"
            )
        }
        Reason::GuestUnknown => "add or correct the guest's record in `guests.jsonl`".to_owned(),
        Reason::GuestDisabled => format!("restore the guest: {place}"),
        Reason::GuestPending => "let the guest redeem the invitation".to_owned(),
        Reason::GuestConsentMissing => {
            "let the guest consent, or turn automatic redemption on at both sides".to_owned()
        }
        Reason::BlockedByPolicy => format!("exclude the caller from {place}"),
        Reason::DeviceNotCompliant | Reason::DeviceNotHybridJoined => {
            format!(
                "meet {requirements}, or accept the home tenant's device claim in `inboundTrust`"
            )
        }
        Reason::MfaCannotBeMet => {
            "accept the home tenant's MFA: `inboundTrust.isMfaAccepted`".to_owned()
        }
        Reason::MfaRequired | Reason::TermsOfUseRequired => format!("meet {requirements}"),
        Reason::AppRule => format!("meet or change {place}"),
        Reason::UnknownApp => return None,
    })
}

/// What lets a tenant of another cloud pass the obstacle that stands at this place.
fn cloud_opened(obstacle: &str, place: &str) -> String {
    match obstacle {
        "tenantId" => "add the document of that tenant to `partners`".to_owned(),
        "b2bDirectConnect" => {
            "invite the caller as a guest: direct connect does not cross clouds".to_owned()
        }
        _ => {
            format!("list the cloud in {place}, and add the document of that tenant to `partners`")
        }
    }
}

/// A line without much writing.
pub(crate) fn line(
    step: Step,
    document: impl Into<Cow<'static, str>>,
    property: impl Into<Cow<'static, str>>,
    result: impl Into<Cow<'static, str>>,
) -> Line {
    Line {
        step,
        document: document.into(),
        property: property.into(),
        result: result.into(),
    }
}
