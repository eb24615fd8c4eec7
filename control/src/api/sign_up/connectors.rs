//! API connectors: where the operator's own services are asked about sign-ups. The hosts are the operator's to allow.

use serde_json::Value;
use url::{Position, Url};

use super::super::Api;
use super::super::asked::Asked;
use super::super::body;
use super::super::call::Reply;
use super::super::documents::{self, address_of};
use super::super::error::ApiError;
use crate::resource::API_CONNECTORS;
use crate::text::Document;

/// A connector is made.
pub(super) fn create(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    check(api, &body::read(asked.call)?)?;
    documents::create(api, asked, &API_CONNECTORS)
}

/// A connector changes.
pub(super) fn update(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let changes = body::read(asked.call)?;
    let current = api.ledger.current(&address_of(&API_CONNECTORS, asked)?)?;
    let mut after = current.map(|current| current.document).unwrap_or_default();
    after.merge(&changes);
    check(api, &after)?;
    documents::update(api, asked, &API_CONNECTORS)
}

/// Whether the operator lets this host be asked, by this name. The form of the document is checked where all documents are.
fn check(api: &Api, connector: &Document) -> Result<(), ApiError> {
    let Some(url) = connector.text_of("targetUrl") else {
        return Ok(());
    };
    let settings = api.settings();
    let host = host_of(&url).unwrap_or_default();
    let mut known = settings.connectors.iter();
    let Some(known) = known.find(|known| known.host == host) else {
        return Err(ApiError::property(
            "targetUrl",
            format!(
                "no sign-up may be asked about at `{host}`; add a `[[connector]]` with this `host` to `crossgate.toml`"
            ),
        ));
    };
    let authentication = connector.get("authenticationConfiguration");
    let username = authentication
        .as_ref()
        .and_then(|authentication| authentication.get("username"))
        .and_then(Value::as_str);
    if username.is_some() && username != known.username.as_deref() {
        return Err(ApiError::property(
            "authenticationConfiguration.username",
            format!(
                "`[[connector]]` of `{host}` has another `username`, or none; both must say the same, because the password stands there"
            ),
        ));
    }
    Ok(())
}

/// The host of an address, with the port where it is not the scheme's own.
fn host_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    Some(url[Position::BeforeHost..Position::AfterPort].to_owned())
}
