//! Providers that give a code: OpenID Connect, and what Facebook has in its place.

use crate::reader::{Section, Text};
use crate::{ClientSecret, IssuerSettings, url};

/// What this gateway is to an OpenID provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OidcClient {
    /// The name of the `[[issuer]]` whose ID tokens it gives.
    pub issuer: String,
    /// What it knows this gateway as.
    pub client_id: String,
    /// How this gateway proves that to it (RFC 6749, section 2.3.1).
    pub client_secret: ClientSecret,
    /// Scopes asked for besides `openid`.
    pub scopes: Vec<String>,
}

/// What this gateway is to Facebook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FacebookClient {
    /// The id of its app there.
    pub client_id: String,
    /// The app's secret.
    pub client_secret: ClientSecret,
    /// Where browsers are sent.
    pub authorization_url: String,
    /// Where codes are given for tokens.
    pub token_url: String,
    /// Where a token's owner is told.
    pub profile_url: String,
}

impl OidcClient {
    pub(super) fn read(section: &mut Section<'_>, issuers: &[IssuerSettings]) -> Option<Self> {
        let issuer = section.required_text("issuer", "the name of an `[[issuer]]`", |text| {
            let known = issuers.iter().find(|issuer| issuer.name == text.value());
            match known {
                Some(issuer) => Some(issuer.name.clone()),
                None => text.refuse("is the name of no `[[issuer]]`"),
            }
        });
        let client_id = client_id(section);
        let client_secret = ClientSecret::read(section, "client_secret", "client_secret_file");
        let scopes = section.texts("scopes", scope);
        Some(Self {
            issuer: issuer?,
            client_id: client_id?,
            client_secret,
            scopes: scopes.unwrap_or_else(|| DEFAULT_SCOPES.map(str::to_owned).to_vec()),
        })
    }
}

impl FacebookClient {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let client_id = client_id(section);
        let client_secret = ClientSecret::read(section, "client_secret", "client_secret_file");
        if client_secret == ClientSecret::None {
            section.fault(
                "client_secret",
                "missing; Facebook tells who somebody is to apps with a secret only, so write `client_secret_file`",
            );
        }
        let mut address = |name, default: &str| {
            let read = |text: &Text<'_>| url::web(text, "an address, such as `https://…`");
            section
                .text(name, read)
                .unwrap_or_else(|| default.to_owned())
        };
        Some(Self {
            authorization_url: address("authorization_url", FACEBOOK_AUTHORIZATION),
            token_url: address("token_url", FACEBOOK_TOKEN),
            profile_url: address("profile_url", FACEBOOK_PROFILE),
            client_id: client_id?,
            client_secret,
        })
    }
}

fn client_id(section: &mut Section<'_>) -> Option<String> {
    section.required_text(
        "client_id",
        "the id that the provider gave this gateway",
        Text::filled,
    )
}

fn scope(text: &Text<'_>) -> Option<String> {
    let scope = text.filled()?;
    // RFC 6749, section 3.3.
    let fits = scope
        .bytes()
        .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    if fits {
        return Some(scope);
    }
    text.refuse("is no scope; write each scope as one word")
}

/// Who it is, and what people call them.
const DEFAULT_SCOPES: [&str; 2] = ["profile", "email"];

const FACEBOOK_AUTHORIZATION: &str = "https://www.facebook.com/v24.0/dialog/oauth";
const FACEBOOK_TOKEN: &str = "https://graph.facebook.com/v24.0/oauth/access_token";
const FACEBOOK_PROFILE: &str = "https://graph.facebook.com/v24.0/me";
