//! Identity providers, as the configuration has them.

use crossgate_config::{IssuerKind, ProviderKind, ProviderSettings, Settings};
use crossgate_policy::ids::TenantId;
use serde_json::{Map, Value, json};

use super::super::Api;
use super::super::asked::Asked;
use super::super::call::Reply;
use super::super::documents::missing;
use super::super::error::ApiError;
use super::super::listed;
use crate::model::{IDENTITY_PROVIDER, show};

const CONTEXT: &str = "identity/identityProviders";

/// All of them.
pub(super) fn list(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let settings = api.settings();
    let all = settings.providers.iter();
    let all = all.map(|provider| shown(provider, &settings));
    listed::page_of(asked, &IDENTITY_PROVIDER, CONTEXT, all)
}

/// One of them.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let settings = api.settings();
    let provider = named(asked.parameter(), &settings).ok_or_else(|| missing(asked))?;
    let options = listed::options(asked, &IDENTITY_PROVIDER)?;
    let mut shown = options.select(shown(provider, &settings));
    let context = asked.context(&format!("{CONTEXT}/$entity"));
    shown.insert("@odata.context".to_owned(), context);
    Ok(Reply::ok(Value::Object(shown)))
}

/// The provider of this id.
pub(super) fn named<'s>(id: &str, settings: &'s Settings) -> Option<&'s ProviderSettings> {
    let mut providers = settings.providers.iter();
    providers.find(|provider| provider.name == id)
}

/// The name of a provider that people can sign up with: not the own tenant's, whose people are no guests.
pub(super) fn taken(id: &str, settings: &Settings) -> Result<String, ApiError> {
    const PROPERTY: &str = "userFlowIdentityProviders";
    let Some(provider) = named(id, settings) else {
        return Err(ApiError::property(
            PROPERTY,
            format!(
                "there is no identity provider `{id}`; expected one of `identity/identityProviders`, which are the `[[provider]]`s of `crossgate.toml`"
            ),
        ));
    };
    if only_tenant(provider, settings) == Some(settings.tenant.id) {
        return Err(ApiError::property(
            PROPERTY,
            format!("`{id}` is the own organization's, whose people are no guests"),
        ));
    }
    Ok(provider.name.clone())
}

fn only_tenant(provider: &ProviderSettings, settings: &Settings) -> Option<TenantId> {
    match &provider.kind {
        ProviderKind::Oidc(client) => {
            let mut issuers = settings.issuers.iter();
            let issuer = issuers.find(|issuer| issuer.name == client.issuer)?;
            issuer.kind.only_tenant()
        }
        ProviderKind::Federation(federation) => federation.tenant,
        ProviderKind::Facebook(_) | ProviderKind::Passcode => None,
    }
}

/// As Graph's type of its kind has it.
pub(super) fn shown(provider: &ProviderSettings, settings: &Settings) -> Map<String, Value> {
    const SOCIAL: &str = "#microsoft.graph.socialIdentityProvider";
    const BUILT_IN: &str = "#microsoft.graph.builtInIdentityProvider";
    let mut stored = Map::new();
    let mut put = |name: &str, value: &str| {
        stored.insert(name.to_owned(), json!(value));
    };
    put("id", &provider.name);
    put("displayName", &provider.label);
    let of_type = match &provider.kind {
        ProviderKind::Oidc(client) => {
            put("clientId", &client.client_id);
            let mut issuers = settings.issuers.iter();
            let issuer = issuers.find(|issuer| issuer.name == client.issuer);
            match issuer.map(|issuer| &issuer.kind) {
                Some(IssuerKind::Social { identity_provider }) => {
                    let kind = match identity_provider.as_str() {
                        "google.com" => "Google",
                        other => other,
                    };
                    put("identityProviderType", kind);
                    SOCIAL
                }
                Some(IssuerKind::Oidc { .. } | IssuerKind::Entra { .. }) | None => {
                    let tenant = only_tenant(provider, settings);
                    put(
                        "identityProviderType",
                        if tenant == Some(TenantId::MICROSOFT_ACCOUNTS) {
                            "MicrosoftAccount"
                        } else {
                            "AADSignup"
                        },
                    );
                    BUILT_IN
                }
            }
        }
        ProviderKind::Facebook(client) => {
            put("clientId", &client.client_id);
            put("identityProviderType", "Facebook");
            SOCIAL
        }
        ProviderKind::Federation(federation) => {
            put("issuerUri", &federation.issuer_uri);
            "#microsoft.graph.samlOrWsFedProvider"
        }
        ProviderKind::Passcode => {
            put("identityProviderType", "EmailOTP");
            BUILT_IN
        }
    };
    let mut shown = show(&IDENTITY_PROVIDER, stored);
    shown.insert("@odata.type".to_owned(), json!(of_type));
    shown
}
