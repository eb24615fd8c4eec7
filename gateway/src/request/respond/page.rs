//! Answers for people in browsers.

use crossgate_policy::decision::{Reason, Refusal, Requirement};
use crossgate_portal::pages::{Action, Does, Need, Page, Pages, Rendered, Why};
use http::HeaderName;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, SET_COOKIE, VARY,
};
use serde_json::json;

use super::{Answer, Asked, Trouble, time};
use crate::people::place;

/// What a page for a person is made with.
#[derive(Clone, Copy, Debug)]
pub struct AsPage<'a> {
    /// The pages.
    pub pages: &'a Pages,
    /// `Accept-Language`.
    pub languages: Option<&'a str>,
    /// People sign in at this host.
    pub signs_in: bool,
}

/// With what status a page of ours is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shown {
    /// It is what was asked for.
    Asked,
    /// What was sent is no good.
    NoGood,
    /// Nobody is signed in.
    SignedOut,
    /// The person may not.
    Forbidden,
    /// There is no such page.
    NotThere,
    /// Too often.
    TooOften,
    /// Who should help does not answer.
    Unreachable,
}

/// A page of ours.
#[must_use]
pub fn page(shown: Shown, rendered: &Rendered) -> Answer {
    let status = match shown {
        Shown::Asked => 200,
        Shown::NoGood => 400,
        Shown::SignedOut => 401,
        Shown::Forbidden => 403,
        Shown::NotThere => 404,
        Shown::TooOften => 429,
        Shown::Unreachable => 502,
    };
    with_page(status, rendered)
}

/// Sends a browser on to fetch what is there.
#[must_use]
pub fn go(location: &str) -> Answer {
    let mut answer = Answer {
        // Whatever the method was, the next is a GET.
        status: 303,
        headers: Vec::with_capacity(6),
        body: bytes::Bytes::new(),
    };
    answer.add(LOCATION, location);
    answer.add(CACHE_CONTROL, "no-store");
    answer.add(HeaderName::from_static("referrer-policy"), "no-referrer");
    answer
}

/// Sends a browser that came for a page to sign in first (decision.md, section 10).
#[must_use]
pub fn go_to_sign_in(location: &str) -> Answer {
    let mut answer = go(location);
    answer.status = 302;
    answer
}

/// What a provider's administrator has to know of us (SAML 2.0 Metadata, appendix A).
#[must_use]
pub fn saml_metadata(document: &str) -> Answer {
    let mut answer = Answer {
        status: 200,
        headers: Vec::with_capacity(3),
        body: document.to_owned().into(),
    };
    answer.add(CACHE_CONTROL, "no-store");
    answer.add(CONTENT_TYPE, "application/samlmetadata+xml");
    answer
}

/// A provider's word was taken (Back-Channel Logout 1.0, section 2.8).
#[must_use]
pub fn heard() -> Answer {
    let mut answer = Answer {
        status: 200,
        headers: Vec::with_capacity(2),
        body: bytes::Bytes::new(),
    };
    answer.add(CACHE_CONTROL, "no-store");
    answer
}

/// A provider's word cannot be taken.
#[must_use]
pub fn not_heard(why: &str) -> Answer {
    let error = json!({ "error": "invalid_request", "error_description": why });
    let mut answer = Answer {
        status: 400,
        headers: Vec::with_capacity(3),
        body: error.to_string().into(),
    };
    answer.add(CACHE_CONTROL, "no-store");
    answer.add(CONTENT_TYPE, "application/json");
    answer
}

impl Answer {
    /// Sets a cookie beside those that are set.
    pub fn set_cookie(&mut self, cookie: &str) {
        self.add(SET_COOKIE, cookie);
    }
}

pub(super) fn refused(
    why: Why,
    code: Option<&str>,
    asked: &Asked<'_>,
    page: AsPage<'_>,
) -> Rendered {
    let see_who = Action {
        does: Does::SeeWhoIAm,
        href: place::ME,
    };
    let actions: Vec<Action<'_>> = helps(why).into_iter().chain([see_who]).collect();
    let page_of = Page::Refused {
        why,
        code: code.filter(|code| *code != "0"),
        correlation_id: &asked.correlation_id,
        at: &time(asked.at),
        who: None,
        actions: if page.signs_in { &actions } else { &[] },
    };
    page.pages
        .render(&page_of, &page.pages.negotiate(page.languages))
}

pub(super) fn with_page(status: u16, rendered: &Rendered) -> Answer {
    let mut answer = Answer {
        status,
        headers: Vec::with_capacity(8),
        body: rendered.html.clone().into(),
    };
    answer.add(CACHE_CONTROL, "no-store");
    answer.add(HeaderName::from_static("x-content-type-options"), "nosniff");
    answer.add(CONTENT_TYPE, "text/html; charset=utf-8");
    answer.add(CONTENT_SECURITY_POLICY, &rendered.content_security_policy);
    answer.add(HeaderName::from_static("referrer-policy"), "no-referrer");
    answer.add(VARY, "Accept-Language");
    answer
}

/// A refusal in the words of the person who was refused.
#[must_use]
pub fn why(refusal: &Refusal) -> Why {
    match refusal.reason {
        Reason::NoToken | Reason::Token(_) => Why::SignInNeeded,
        Reason::Revoked => Why::Revoked,
        Reason::MalformedRestrictionHeaders => Why::BadRequest,
        Reason::GuestUnknown => Why::NotInvited,
        Reason::GuestDisabled => Why::Disabled,
        Reason::GuestPending | Reason::GuestConsentMissing => Why::InvitationPending,
        Reason::DeviceNotCompliant => Why::DeviceNotCompliant,
        Reason::DeviceNotHybridJoined => Why::DeviceNotJoined,
        Reason::TermsOfUseRequired => Why::MoreNeeded(Need::Terms),
        Reason::MfaRequired => Why::MoreNeeded(need(&refusal.requirements)),
        Reason::AppRule => Why::NotAssigned,
        Reason::UnknownApp => Why::NotFound,
        Reason::WrongRestrictionPolicy
        | Reason::RestrictionClaimMismatch
        | Reason::ResourceTenantNotListed
        | Reason::MicrosoftAccountsRestricted
        | Reason::RestrictionClaimMissing
        | Reason::HomeCloudNotEnabled
        | Reason::ResourceCloudNotEnabled
        | Reason::InboundNotAdmitted
        | Reason::AppNotListed
        | Reason::PartnerDidNotConsent
        | Reason::InboundMembershipUnknown
        | Reason::OutboundNotAdmitted
        | Reason::OutboundMembershipUnknown
        | Reason::TenantRestricted
        | Reason::RestrictionMembershipUnknown
        | Reason::BlockedByPolicy
        | Reason::MfaCannotBeMet => Why::Blocked,
    }
}

/// What the person can do about a refusal, if anything that is done here turns it.
#[must_use]
pub const fn helps(why: Why) -> Option<Action<'static>> {
    let (does, href) = match why {
        // The app itself sends them on, with all that policy asks for.
        Why::MoreNeeded(Need::Mfa | Need::Strength | Need::Context) => (Does::ConfirmItIsYou, "/"),
        Why::Revoked => (Does::SignInAgain, "/"),
        Why::MoreNeeded(Need::Terms) => (Does::AcceptTerms, place::TERMS),
        Why::SignInNeeded => (Does::SignIn, place::SIGN_IN),
        // What is known of a device is as old as the sign-in.
        Why::DeviceNotCompliant | Why::DeviceNotJoined => (Does::SignInAgain, place::SIGN_IN),
        Why::Blocked | Why::NotInvited | Why::Disabled | Why::NotAssigned => {
            (Does::UseAnotherAccount, place::SIGN_OUT)
        }
        Why::InvitationPending
        | Why::MoreNeededNotGiven
        | Why::MayNotInvite
        | Why::MayNotLeave
        | Why::NotFound
        | Why::BadRequest
        | Why::NotReady
        | Why::UpstreamDown
        | Why::Internal => return None,
    };
    Some(Action { does, href })
}

fn need(requirements: &[Requirement]) -> Need {
    let mut needs = requirements.iter().map(|requirement| match requirement {
        Requirement::AuthContext(_) => Need::Context,
        Requirement::AuthStrength(_) => Need::Strength,
        Requirement::TermsOfUse => Need::Terms,
        Requirement::Mfa
        | Requirement::CompliantDevice
        | Requirement::HybridJoinedDevice
        | Requirement::RestrictionClaim => Need::Mfa,
    });
    needs.next().unwrap_or(Need::Mfa)
}

/// What is in the way in the words of the person who waits.
pub(super) const fn why_not_served(trouble: Trouble) -> Why {
    match trouble {
        Trouble::Malformed(_)
        | Trouble::ClientFailed
        | Trouble::HeadTooLarge
        | Trouble::BodyTooLarge
        | Trouble::MethodRefused
        | Trouble::ClientTooSlow => Why::BadRequest,
        Trouble::NotReady(_) => Why::NotReady,
        Trouble::NoUpstream | Trouble::BadGateway | Trouble::GatewayTimeout => Why::UpstreamDown,
        Trouble::Internal => Why::Internal,
    }
}
