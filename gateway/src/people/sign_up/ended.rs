//! A sign-up that comes to an end before the app: what the person is told, and what the record of it.

use crossgate_policy::decision::TokenRefusal;
use crossgate_portal::pages::{Page, SignUpEnd};

use super::super::call::{Call, Reply, Told};
use crate::request::respond::{self, Shown};

/// How one ends.
pub(super) struct End<'m> {
    end: SignUpEnd,
    refusal: TokenRefusal,
    message: Option<&'m str>,
}

/// An end with its code and reason.
pub(super) const fn of<'m>(end: SignUpEnd, code: u32, reason: &'static str) -> End<'m> {
    End {
        end,
        refusal: TokenRefusal { code, reason },
        message: None,
    }
}

/// It waits for approval.
pub(super) const fn waits<'m>() -> End<'m> {
    of(SignUpEnd::Waits, NOT_REDEEMED, "sign_up_waits_for_approval")
}

impl<'m> End<'m> {
    /// The same in the words of the operator's own service.
    pub(super) const fn saying(self, message: &'m str) -> Self {
        Self {
            message: Some(message),
            ..self
        }
    }
}

/// The page that tells it.
pub(super) fn ended(call: &Call<'_>, end: &End<'_>) -> Reply {
    let code = format!("AADSTS{}", end.refusal.code);
    let page = Page::SignUpEnded {
        outcome: end.end,
        message: end.message.filter(|message| !message.is_empty()),
        code: Some(&code),
        correlation_id: &call.correlation_id,
        at: &call.at.to_string(),
    };
    let shown = match end.end {
        SignUpEnd::Waits
        | SignUpEnd::Denied
        | SignUpEnd::Blocked
        | SignUpEnd::NotPossible
        | SignUpEnd::Invited
        | SignUpEnd::Known => Shown::Forbidden,
        SignUpEnd::TooMany => Shown::TooOften,
        SignUpEnd::TookTooLong => Shown::NoGood,
        SignUpEnd::Failed => Shown::Unreachable,
    };
    Reply {
        answer: respond::page(shown, &call.render(&page)),
        told: Told::Refused(end.refusal),
    }
}

/// A guest who is none yet.
pub(super) const NOT_REDEEMED: u32 = 50_014;
