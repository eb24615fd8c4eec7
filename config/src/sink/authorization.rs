//! How a service behind HTTP is shown who we are.

use super::kind::url;
use crate::reader::{Section, Text};
use crate::{ClientSecret, Purpose};

/// How a service behind HTTP is shown who we are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HttpAuthorization {
    /// By a header, by the client certificate, or not at all.
    None,
    /// By a bearer token that stands in the settings or a file.
    Bearer(ClientSecret),
    /// By a bearer token that is got from here, with OAuth's client credentials.
    ClientCredentials {
        /// Where tokens are asked for.
        token_url: String,
        /// Who we are there.
        client_id: String,
        /// How we prove that.
        client_secret: ClientSecret,
        /// What the token is for.
        scope: String,
    },
}

impl HttpAuthorization {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let token = ClientSecret::read(section, "token", "token_file");
        let expected = "`https://login.microsoftonline.com/TENANT/oauth2/v2.0/token`";
        let token_url = section.text("token_url", |text| url(text, expected));
        let client_id = section.text("client_id", Text::filled);
        let client_secret = ClientSecret::read(section, "client_secret", "client_secret_file");
        let scope = section.text("scope", Text::filled);
        match (token_url, client_id, token) {
            (None, None, ClientSecret::None) => Some(Self::None),
            (None, None, token) => Some(Self::Bearer(token)),
            (Some(token_url), Some(client_id), ClientSecret::None) => {
                if client_secret == ClientSecret::None && section.purpose() == Purpose::Serve {
                    section.fault(
                        "client_secret_file",
                        "missing; tokens are asked for with it",
                    );
                }
                Some(Self::ClientCredentials {
                    token_url,
                    client_id,
                    client_secret,
                    scope: scope.unwrap_or_else(|| DEFAULT_SCOPE.to_owned()),
                })
            }
            (Some(_), None, _) => {
                section.fault("client_id", "missing; tokens are asked for with it");
                None
            }
            (None, Some(_), _) => {
                section.fault(
                    "token_url",
                    format!("missing; expected one such as {expected}"),
                );
                None
            }
            (Some(_), Some(_), _) => {
                section.fault("token_url", "there is a token too; write one of them");
                None
            }
        }
    }
}

/// Azure Monitor's, in the global cloud.
const DEFAULT_SCOPE: &str = "https://monitor.azure.com/.default";
