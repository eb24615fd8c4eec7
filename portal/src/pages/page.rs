//! The pages there are, and the values each is made of.
//!
//! What is serialised here is what templates get as `page`: a field renamed here breaks every override that uses it.

mod sign_up;
mod who;
mod why;

use serde::Serialize;

pub use sign_up::{FieldProblem, SignUpEnd, SignUpField, SignUpInput, SignUpProblem};
pub use who::{Device, Who};
pub use why::{Need, Why};

use super::value::{link, maybe_link, maybe_moment, moment, paragraphs, verdict};

/// One page. Times are RFC 3339 in UTC. A link that is neither a path of this site nor `http`, `https` or `mailto`
/// leads to `/` instead.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Page<'a> {
    /// Who signs in where (home realm discovery).
    Choose {
        /// The application the person is on the way to.
        app: &'a str,
        /// Where the person wants to be afterwards; sent along with the email address.
        return_to: &'a str,
        /// Where the email address is posted to, as [`field::EMAIL`].
        action: &'a str,
        /// Sent along as [`field::CSRF`].
        csrf: &'a str,
        /// The ways to sign in that are shown to everybody.
        providers: &'a [Choice<'a>],
        /// Where the person signed in the last time; it is not among the others.
        remembered: Option<Choice<'a>>,
        /// Whether an email address can say where to sign in.
        asks_email: bool,
        /// The address as it was entered.
        email: Option<&'a str>,
        /// What is wrong with it.
        problem: Option<ChooseProblem>,
    },
    /// A code was sent by email.
    Passcode {
        /// Where the code was sent to.
        address: &'a str,
        /// Where it is posted to, as [`field::PASSCODE`].
        action: &'a str,
        /// Sent along as [`field::CSRF`].
        csrf: &'a str,
        /// Whether another code can be asked for: by the same form, with [`field::NEW_CODE`].
        new_code: bool,
        /// What is in the way.
        problem: Option<PasscodeProblem>,
    },
    /// Terms of use, to accept.
    Terms {
        /// Their name.
        name: &'a str,
        /// Their version.
        version: &'a str,
        /// Plain text; an empty line starts a paragraph.
        #[serde(serialize_with = "paragraphs")]
        text: &'a str,
        /// Where the acceptance is posted to.
        action: &'a str,
        /// Sent along as [`field::CSRF`].
        csrf: &'a str,
    },
    /// An invitation, to accept: what becoming a guest means.
    Consent {
        /// The application, or what stands for it, that the person is invited to.
        app: &'a str,
        /// The account that will be the guest's.
        account: &'a str,
        /// The organisation that the account is of, where it is known.
        home_name: Option<&'a str>,
        /// The logo of that organisation, as a `data:` address.
        home_logo: Option<&'a str>,
        /// Who invited.
        inviter: Option<&'a str>,
        /// The own organisation's privacy statement.
        #[serde(serialize_with = "maybe_link")]
        privacy_href: Option<&'a str>,
        /// Where the acceptance is posted to.
        action: &'a str,
        /// Sent along as [`field::CSRF`].
        csrf: &'a str,
    },
    /// A request that was refused, or could not be served.
    Refused {
        /// Why, as far as the person may know.
        why: Why,
        /// The code to quote.
        code: Option<&'a str>,
        /// The id to quote.
        correlation_id: &'a str,
        /// When.
        #[serde(serialize_with = "moment")]
        at: &'a str,
        /// Who was refused.
        who: Option<Who<'a>>,
        /// What the person can do now; the first is made prominent.
        actions: &'a [Action<'a>],
    },
    /// What is known of the person, and whether it is enough for an application.
    WhoAmI {
        /// The person.
        who: Who<'a>,
        /// The application.
        app: &'a str,
        /// Whether the person may use it.
        #[serde(serialize_with = "verdict")]
        decision: Decision,
        /// The code to quote where the person may not.
        code: Option<&'a str>,
        /// The id to quote.
        correlation_id: &'a str,
        /// Where the person signs out.
        #[serde(serialize_with = "link")]
        sign_out_href: &'a str,
        /// What the person can do now.
        actions: &'a [Action<'a>],
        /// The applications that the person may use.
        apps: &'a [Choice<'a>],
        /// What the person is told of being a guest; `None` for everybody else.
        guest: Option<Membership<'a>>,
        /// Where guests are invited, where the person may.
        #[serde(serialize_with = "maybe_link")]
        invite_href: Option<&'a str>,
    },
    /// Whether a guest leaves the organisation.
    Leave {
        /// Where the wish is posted to.
        action: &'a str,
        /// Sent along as [`field::CSRF`].
        csrf: &'a str,
        /// Where the person goes instead.
        #[serde(serialize_with = "link")]
        return_to: &'a str,
    },
    /// Whom to invite.
    Invite {
        /// Where it is posted to, as [`field::EMAIL`], [`field::NAME`], [`field::APP`], [`field::LETS_INTO`] and
        /// [`field::MESSAGE`].
        action: &'a str,
        /// Sent along as [`field::CSRF`].
        csrf: &'a str,
        /// The address as it was entered.
        email: &'a str,
        /// The name as it was entered.
        name: &'a str,
        /// The inviter's words as they were entered; `None` where no mail is sent.
        message: Option<&'a str>,
        /// Where the guest can go afterwards.
        apps: &'a [Destination<'a>],
        /// What the inviter looks after, and can let the guest into; none where there is nothing.
        lets_into: &'a [Destination<'a>],
        /// What is wrong with the address.
        problem: Option<InviteProblem>,
        /// Where the person goes instead.
        #[serde(serialize_with = "link")]
        return_to: &'a str,
    },
    /// Somebody was invited.
    Invited {
        /// Whom.
        address: &'a str,
        /// What the inviter hands over; `None` where mail was sent, or the guest had accepted before.
        #[serde(serialize_with = "maybe_link")]
        redeem_href: Option<&'a str>,
        /// Mail was sent.
        mailed: bool,
        /// Where the next is invited.
        #[serde(serialize_with = "link")]
        again_href: &'a str,
        /// Where the person goes instead.
        #[serde(serialize_with = "link")]
        return_to: &'a str,
    },
    /// Somebody without an invitation becomes a guest: what is asked of them.
    SignUp {
        /// The application that the person is on the way to.
        app: &'a str,
        /// The account that will be the guest's.
        account: &'a str,
        /// The organisation that the account is of, where it is known.
        home_name: Option<&'a str>,
        /// What is asked, in this order.
        fields: &'a [SignUpField<'a>],
        /// What is wrong with the form.
        problem: Option<SignUpProblem>,
        /// What is wrong with it in the words of the operator's own service.
        message: Option<&'a str>,
        /// Where the terms of use are that are accepted with it.
        #[serde(serialize_with = "maybe_link")]
        terms_href: Option<&'a str>,
        /// The own organisation's privacy statement.
        #[serde(serialize_with = "maybe_link")]
        privacy_href: Option<&'a str>,
        /// Where it is posted to.
        action: &'a str,
        /// Sent along as [`field::SIGN_UP`].
        pass: &'a str,
        /// Sent along as [`field::CSRF`].
        csrf: &'a str,
    },
    /// A sign-up that came to an end before the application.
    SignUpEnded {
        /// How.
        outcome: SignUpEnd,
        /// The same in the words of the operator's own service.
        message: Option<&'a str>,
        /// The code to quote.
        code: Option<&'a str>,
        /// The id to quote.
        correlation_id: &'a str,
        /// When.
        #[serde(serialize_with = "moment")]
        at: &'a str,
    },
    /// Whether to sign out.
    SignOut {
        /// Where the wish is posted to.
        action: &'a str,
        /// Sent along as [`field::CSRF`].
        csrf: &'a str,
        /// Where the person goes instead.
        #[serde(serialize_with = "link")]
        return_to: &'a str,
    },
    /// Signed out.
    SignedOut {
        /// Where the person signs in again.
        #[serde(serialize_with = "link")]
        sign_in_href: &'a str,
    },
    /// A form the person had sent was kept during sign-in; a button sends it again.
    Resume {
        /// Where it is sent to.
        action: &'a str,
        /// Sent along as [`field::CSRF`]; `None` where the form goes straight to the application.
        csrf: Option<&'a str>,
        /// How it is sent.
        method: Method,
        /// Where to, as the person is told.
        path: &'a str,
        /// The fields by name and value, in order.
        fields: &'a [(&'a str, &'a str)],
    },
    /// What the person had sent could not be kept.
    NotKept {
        /// Where to it was sent, as the person is told. Never a link: whoever made the request chose it.
        path: &'a str,
    },
    /// The sign-in came to nothing.
    SignInFailed {
        /// Why, as far as the person may know.
        why: FailedWhy,
        /// Where another try begins.
        #[serde(serialize_with = "link")]
        retry_href: &'a str,
        /// The id to quote.
        correlation_id: &'a str,
        /// When.
        #[serde(serialize_with = "moment")]
        at: &'a str,
    },
    /// On to another site after a form. To be answered with 200: browsers hold `form-action` against a redirect that
    /// answers a form, but not against this page's refresh.
    Onward {
        /// Whose site it is.
        name: &'a str,
        /// Its address.
        #[serde(serialize_with = "link")]
        href: &'a str,
    },
}

/// A way to sign in.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Choice<'a> {
    /// Whose it is.
    pub label: &'a str,
    /// Where it begins.
    #[serde(serialize_with = "link")]
    pub href: &'a str,
}

/// What a guest is told of being one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Membership<'a> {
    /// Since when.
    #[serde(serialize_with = "maybe_moment")]
    pub since: Option<&'a str>,
    /// Who answers for the guest.
    pub sponsors: &'a [&'a str],
    /// Where the guest leaves, where that is allowed.
    #[serde(serialize_with = "maybe_link")]
    pub leave_href: Option<&'a str>,
}

/// Where a guest can go after accepting.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Destination<'a> {
    /// What it is called.
    pub label: &'a str,
    /// What stands for it in the form.
    pub value: &'a str,
    /// It is the one that is chosen.
    pub chosen: bool,
}

/// What is wrong with the address of somebody who is to be invited.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InviteProblem {
    /// It is not one.
    EmailMalformed,
    /// Nobody with such an address may be invited.
    NotInvitable,
    /// The form is too old, or was not ours.
    TookTooLong,
    /// No more mail is sent for a while.
    TooMany,
}

/// What is wrong with an email address that was entered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChooseProblem {
    /// It is not one.
    EmailMalformed,
    /// It leads to no way to sign in.
    OrganisationNotKnown,
    /// The form is too old.
    TookTooLong,
}

/// What is in the way of a code that was entered, or was to be sent. The same for every address: neither tells which are known.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasscodeProblem {
    /// It is not the one.
    Wrong,
    /// No more can be asked for: in this sign-in, or from here for a while.
    TooManyCodes,
}

/// Why a sign-in came to nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailedWhy {
    /// It took too long.
    Expired,
    /// The person, or the provider, did not want it.
    Denied,
    /// The provider reported a fault.
    ProviderError,
    /// It was not begun here, or is over.
    Tampered,
    /// What the provider said cannot be accepted.
    NotAccepted,
    /// The provider does not answer.
    Unreachable,
    /// An invitation was accepted before, is too old, or was taken back.
    InvitationGone,
    /// An invitation is for somebody else.
    InvitationOfAnother,
}

/// Whether the person may use an application.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Yes.
    Allowed,
    /// No.
    Refused(Why),
}

/// Something the person can do: a link, with the words of the language file.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Action<'a> {
    /// What it does.
    pub does: Does,
    /// Where it leads.
    #[serde(serialize_with = "link")]
    pub href: &'a str,
}

/// What an [`Action`] does.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the words that people see")]
pub enum Does {
    AcceptTerms,
    ConfirmItIsYou,
    Continue,
    GetHelp,
    OpenStartPage,
    SeeWhoIAm,
    SignIn,
    SignInAgain,
    SignOut,
    TryAgain,
    UseAnotherAccount,
}

/// How a form is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// In the address.
    Get,
    /// In the body.
    Post,
}

/// The names of the fields that forms of ours send.
pub mod field {
    /// Against forms of other sites. Named so that no field of an application's own form is taken for it.
    pub const CSRF: &str = "crossgate-csrf";
    /// The email address of [`Page::Choose`](super::Page::Choose).
    pub const EMAIL: &str = "email";
    /// Where the person wants to be after [`Page::Choose`](super::Page::Choose). The browser says it: check it again.
    pub const RETURN_TO: &str = "return-to";
    /// The code of [`Page::Passcode`](super::Page::Passcode).
    pub const PASSCODE: &str = "passcode";
    /// Sent instead of a code where [`Page::Passcode`](super::Page::Passcode) is asked for another.
    pub const NEW_CODE: &str = "new-code";
    /// The name of the guest of [`Page::Invite`](super::Page::Invite).
    pub const NAME: &str = "name";
    /// Where the guest of [`Page::Invite`](super::Page::Invite) goes afterwards.
    pub const APP: &str = "app";
    /// What the guest of [`Page::Invite`](super::Page::Invite) is let into; empty for nothing.
    pub const LETS_INTO: &str = "lets-into";
    /// The inviter's words of [`Page::Invite`](super::Page::Invite).
    pub const MESSAGE: &str = "message";
    /// What proves a sign-up of [`Page::SignUp`](super::Page::SignUp) to be under way.
    pub const SIGN_UP: &str = "sign-up";
}

impl Page<'_> {
    /// The file that it is made with.
    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::Choose { .. } => "choose.html",
            Self::Passcode { .. } => "passcode.html",
            Self::Terms { .. } => "terms.html",
            Self::Consent { .. } => "consent.html",
            Self::Refused { .. } => "refused.html",
            Self::WhoAmI { .. } => "who-am-i.html",
            Self::Leave { .. } => "leave.html",
            Self::Invite { .. } => "invite.html",
            Self::Invited { .. } => "invited.html",
            Self::SignUp { .. } => "sign-up.html",
            Self::SignUpEnded { .. } => "sign-up-ended.html",
            Self::SignOut { .. } => "sign-out.html",
            Self::SignedOut { .. } => "signed-out.html",
            Self::Resume { .. } => "resume.html",
            Self::NotKept { .. } => "not-kept.html",
            Self::SignInFailed { .. } => "sign-in-failed.html",
            Self::Onward { .. } => "onward.html",
        }
    }
}
