//! What is ours at every host where people sign in.

use std::sync::Arc;

use crossgate_portal::return_path::{OWN, ReturnPath};

use super::PeopleSettings;
use super::kept::MOST_FORM;

/// A page or an endpoint of ours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// Where to sign in is found out, and begun.
    SignIn,
    /// Where the provider of this name sends browsers back to.
    Callback(String),
    /// Where the provider of this name has browsers bring assertions to by SAML 2.0.
    Saml(String),
    /// The same by WS-Federation.
    WsFed(String),
    /// Where a code that was mailed is typed in.
    Passcode,
    /// Where an invitation is accepted.
    Redeem,
    /// Who is signed in, and what they may.
    WhoAmI,
    /// Where a guest leaves.
    Leave,
    /// Where guests are invited.
    Invite,
    /// Where people become guests by themselves.
    SignUp,
    /// Terms of use that are not accepted.
    Terms,
    /// Signing out.
    SignOut,
    /// Signed out.
    SignedOut,
    /// Where the provider of this name tells browsers that its session is over (Front-Channel Logout 1.0).
    FrontChannel(String),
    /// Where the provider of this name tells us that a session of its own is over (Back-Channel Logout 1.0).
    BackChannel(String),
    /// A form that was kept during a sign-in.
    Resume(String),
    /// Nothing.
    Nowhere,
}

impl Place {
    /// The longest body that is read there, in bytes; `None` where none is.
    #[must_use]
    pub const fn longest_form(&self) -> Option<usize> {
        match self {
            Self::Saml(_) | Self::WsFed(_) => Some(MOST_ASSERTION),
            Self::SignIn
            | Self::Passcode
            | Self::Redeem
            | Self::Leave
            | Self::Invite
            | Self::SignUp
            | Self::Terms
            | Self::SignOut
            | Self::BackChannel(_) => Some(MOST_FORM),
            Self::Callback(_)
            | Self::WhoAmI
            | Self::SignedOut
            | Self::FrontChannel(_)
            | Self::Resume(_)
            | Self::Nowhere => None,
        }
    }

    /// The provider from which people come there.
    #[must_use]
    pub fn provider(&self, settings: &PeopleSettings) -> Option<Arc<str>> {
        let provider = match self {
            Self::Callback(name) | Self::Saml(name) | Self::WsFed(name) => settings.provider(name),
            Self::Passcode => settings.passcode(),
            Self::SignIn
            | Self::Redeem
            | Self::WhoAmI
            | Self::Leave
            | Self::Invite
            | Self::SignUp
            | Self::Terms
            | Self::SignOut
            | Self::SignedOut
            | Self::FrontChannel(_)
            | Self::BackChannel(_)
            | Self::Resume(_)
            | Self::Nowhere => None,
        };
        provider.map(|provider| provider.name.as_str().into())
    }
}

/// The place of a path in its one form; `None` where the path is an app's.
#[must_use]
pub fn place(path: &str) -> Option<Place> {
    let rest = path.strip_prefix(OWN)?;
    let name = |rest: &str| {
        let fits = !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        fits.then(|| rest.to_owned())
    };
    let place = match rest.split_once('/') {
        None => match rest {
            "sign-in" => Some(Place::SignIn),
            "redeem" => Some(Place::Redeem),
            "passcode" => Some(Place::Passcode),
            "me" => Some(Place::WhoAmI),
            "leave" => Some(Place::Leave),
            "invite" => Some(Place::Invite),
            "sign-up" => Some(Place::SignUp),
            "terms" => Some(Place::Terms),
            "sign-out" => Some(Place::SignOut),
            "signed-out" => Some(Place::SignedOut),
            _ => None,
        },
        Some(("callback", provider)) => name(provider).map(Place::Callback),
        Some(("saml", provider)) => name(provider).map(Place::Saml),
        Some(("ws-fed", provider)) => name(provider).map(Place::WsFed),
        Some(("front-channel-logout", provider)) => name(provider).map(Place::FrontChannel),
        Some(("back-channel-logout", provider)) => name(provider).map(Place::BackChannel),
        Some(("resume", id)) => name(id).map(Place::Resume),
        Some((_, _)) => None,
    };
    Some(place.unwrap_or(Place::Nowhere))
}

/// Where a form that was kept is sent on from.
#[must_use]
pub fn resume(id: &str) -> String {
    format!("{OWN}resume/{id}")
}

/// Where a person signs in who wants to come to this path with its query.
#[must_use]
pub fn sign_in(target: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("return", ReturnPath::read(target).as_str())
        .finish();
    format!("{SIGN_IN}?{query}")
}

/// Those of people with hundreds of groups have tens of thousands of bytes.
const MOST_ASSERTION: usize = 256 << 10;

/// Where sign-in begins.
pub const SIGN_IN: &str = "/.crossgate/sign-in";
/// Where invitations are accepted.
pub const REDEEM: &str = crossgate_portal::return_path::REDEEM;
/// Where a code that was mailed is typed in.
pub const PASSCODE: &str = "/.crossgate/passcode";
/// Who is signed in.
pub const ME: &str = "/.crossgate/me";
/// Where a guest leaves.
pub const LEAVE: &str = "/.crossgate/leave";
/// Where guests are invited.
pub const INVITE: &str = crossgate_portal::return_path::INVITE;
/// Where people become guests by themselves.
pub const SIGN_UP: &str = "/.crossgate/sign-up";
/// Where terms of use are accepted.
pub const TERMS: &str = "/.crossgate/terms";
/// Where sign-out begins.
pub const SIGN_OUT: &str = "/.crossgate/sign-out";
/// Where it ends.
pub const SIGNED_OUT: &str = "/.crossgate/signed-out";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_is_told_from_what_is_an_apps() {
        assert_eq!(place("/.crossgate/me"), Some(Place::WhoAmI));
        assert_eq!(
            place("/.crossgate/callback/contoso"),
            Some(Place::Callback("contoso".to_owned()))
        );
        for nowhere in [
            "/.crossgate/",
            "/.crossgate/x",
            "/.crossgate/callback/",
            "/.crossgate/callback/a/b",
        ] {
            assert_eq!(place(nowhere), Some(Place::Nowhere), "{nowhere}");
        }
        for apps in [
            "/",
            "/a",
            "/.crossgate",
            "/.crossgatex/me",
            "/a/.crossgate/me",
        ] {
            assert_eq!(place(apps), None, "{apps}");
        }
    }
}
