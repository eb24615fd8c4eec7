//! What an operator has to know of people's sign-ins that stands in no file.

use crossgate_config::{FederationProtocol, ProviderKind, ProviderSettings, Settings};

/// Where each provider is to send browsers back to, which it wants to be told beforehand; and who is kept out by accident.
pub(super) fn notes(settings: &Settings) -> Vec<String> {
    let apps = || settings.apps.iter().filter(|app| app.sign_in);
    let hosts = || apps().flat_map(|app| &app.hosts);
    let places = settings.providers.iter().flat_map(|provider| {
        let place = place(provider);
        let told = move |place: &String| {
            let all = hosts().map(|host| format!("https://{host}{place}"));
            format!(
                "note: provider `{}`: register {} there, with the port where it is not 443",
                provider.name,
                all.collect::<Vec<_>>().join(" and ")
            )
        };
        place.as_ref().map(told)
    });
    let kept_out = apps().filter(|app| !app.scopes.is_empty()).map(|app| {
        format!(
            "note: app `{}`: `scopes` keeps out everybody who signs in with a browser, for ID tokens have none",
            app.name
        )
    });
    places.chain(kept_out).collect()
}

fn place(provider: &ProviderSettings) -> Option<String> {
    let way = match &provider.kind {
        ProviderKind::Oidc(_) | ProviderKind::Facebook(_) => "callback",
        ProviderKind::Federation(federation) => match federation.protocol {
            FederationProtocol::Saml => "saml",
            FederationProtocol::WsFed => "ws-fed",
        },
        ProviderKind::Passcode => return None,
    };
    Some(format!("/.crossgate/{way}/{}", provider.name))
}
