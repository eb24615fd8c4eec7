//! What would have to be otherwise for a request to pass.

use super::{Line, SuppliedBy};
use crate::decision::{Decision, Reason, Refusal, Step};

/// The smallest change that would have let a request through.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NearestChange<'a> {
    /// In words.
    pub text: String,
    /// The line that stood in the way; `None` where no document or property did.
    pub line: Option<&'a Line>,
}

/// The smallest change that would have let this request through, as far as one document or the caller can bring it
/// about; `None` where it went through.
///
/// It turns the refusal that decided; a later step may still refuse.
#[must_use]
pub fn nearest_change<'a>(decision: &Decision, lines: &'a [Line]) -> Option<NearestChange<'a>> {
    let refusal = decision.outcome.as_ref().err()?;
    let step = refusal.step?;
    let of_step = || {
        lines
            .iter()
            .filter(|line| line.step == step && line.refuses)
    };
    let line = if refusal.reason == Reason::BlockedByPolicy {
        // Other policies may lack something too; to meet that would not help.
        of_step().find(|line| line.result == "refuses: block")
    } else {
        of_step().next_back()
    };
    let text = text(decision, refusal, step, lines, line)?;
    Some(NearestChange { text, line })
}

fn text(
    decision: &Decision,
    refusal: &Refusal,
    step: Step,
    lines: &[Line],
    decided: Option<&Line>,
) -> Option<String> {
    let place = decided.map_or_else(String::new, place);
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
            admitted(lines, step)
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

/// Both halves of a setting, or the one that is in the way.
fn admitted(lines: &[Line], step: Step) -> String {
    let halves: Vec<&Line> = lines
        .iter()
        .filter(|line| line.step == step && line.refuses)
        .collect();
    // To be on one of two blocking lists is no obstacle, but not every pair of lists makes a setting: who is allowed while all apps
    // are blocked, or some app while all users are, is refused as a contradiction.
    if let [users, apps] = halves.as_slice()
        && halves.iter().all(|line| line.result.starts_with("blocked"))
    {
        let (users, apps) = (place(users), place(apps));
        return format!(
            "allow both, this caller in {users} and this app in {apps}; or block only others in {users}; or, where not all users are \
             blocked there, only other apps in {apps}"
        );
    }
    let halves: Vec<String> = halves
        .into_iter()
        .map(|line| {
            let who = if line.property.ends_with(".usersAndGroups") {
                "this caller"
            } else {
                "this app"
            };
            format!("{who} in {}", place(line))
        })
        .collect();
    format!("admit {}", halves.join(", and "))
}

fn place(line: &Line) -> String {
    match (&*line.document, &*line.property) {
        ("", "") => String::new(),
        ("", property) => format!("`{property}`"),
        (document, "") => format!("`{document}`"),
        (_, property) if line.supplied_by() == Some(SuppliedBy::Initial) => {
            format!("`{property}`, which no document has (`initial`: Entra's own value holds)")
        }
        (document, property) => format!("`{property}` of `{document}`"),
    }
}
