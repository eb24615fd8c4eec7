//! What is ours at every host where people sign in.

use crossgate_portal::return_path::OWN;

/// A page or an endpoint of ours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// Where to sign in is found out, and begun.
    SignIn,
    /// Where the provider of this name sends browsers back to.
    Callback(String),
    /// Who is signed in, and what they may.
    WhoAmI,
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
    /// Whether a body is read there.
    #[must_use]
    pub const fn takes_forms(&self) -> bool {
        match self {
            Self::SignIn | Self::Terms | Self::SignOut | Self::BackChannel(_) => true,
            Self::Callback(_)
            | Self::WhoAmI
            | Self::SignedOut
            | Self::FrontChannel(_)
            | Self::Resume(_)
            | Self::Nowhere => false,
        }
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
            "me" => Some(Place::WhoAmI),
            "terms" => Some(Place::Terms),
            "sign-out" => Some(Place::SignOut),
            "signed-out" => Some(Place::SignedOut),
            _ => None,
        },
        Some(("callback", provider)) => name(provider).map(Place::Callback),
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

/// Where sign-in begins.
pub const SIGN_IN: &str = "/.crossgate/sign-in";
/// Who is signed in.
pub const ME: &str = "/.crossgate/me";
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
