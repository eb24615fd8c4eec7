//! What an operator has to know of people's sign-ins that stands in no file.

use crossgate_config::{FederationProtocol, ProviderKind, ProviderSettings, Settings};

use crate::people::PeopleSettings;

/// Where each provider is to send browsers back to, which it wants to be told beforehand; and who is kept out by accident.
pub(super) fn notes(settings: &Settings) -> Vec<String> {
    let apps = || settings.apps.iter().filter(|app| app.sign_in);
    let hosts = || apps().flat_map(|app| &app.hosts);
    let console = settings.admin.console.as_ref();
    let console = console.zip(PeopleSettings::of_console(settings));
    let places = settings.providers.iter().filter_map(|provider| {
        let place = place(provider)?;
        // Where apps are found from outside stands in no file; the console's port does.
        let mut all: Vec<String> = hosts()
            .map(|host| format!("https://{host}{place}"))
            .collect();
        let port = if all.is_empty() {
            ""
        } else {
            ", with the port where it is not 443"
        };
        if let Some((origin, people)) = &console
            && people.provider(&provider.name).is_some()
        {
            all.push(format!("{}{place}", origin.text));
        }
        let told = all.join(" and ");
        let name = &provider.name;
        (!all.is_empty()).then(|| format!("note: provider `{name}`: register {told} there{port}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::route::tests::settings;

    #[test]
    fn what_is_to_be_registered_is_told_where_people_sign_in_at_apps_and_at_the_console() {
        let told = |console: &str, sign_in: &str| {
            let settings = settings(&format!(
                r#"
{console}
[[issuer]]
name = "own"
kind = "entra"
tenants = ["11111111-1111-4111-8111-111111111111"]
[[issuer]]
name = "fabrikam"
kind = "entra"
tenants = ["22222222-2222-4222-8222-222222222222"]
[[provider]]
name = "contoso"
issuer = "own"
client_id = "x"
[[provider]]
name = "fabrikam"
issuer = "fabrikam"
client_id = "y"
[[app]]
id = "payroll"
hosts = ["payroll.contoso.com"]
upstreams = ["http://127.0.0.1:1001"]
{sign_in}
"#
            ));
            notes(&settings)
        };
        let (console, signs_in) = (
            "[admin]\nconsole = \"https://office.contoso.com:8444\"",
            "sign_in = true",
        );
        let of_app = |name| format!("https://payroll.contoso.com/.crossgate/callback/{name}");
        let of_console = "https://office.contoso.com:8444/.crossgate/callback/contoso";
        let port = "with the port where it is not 443";
        let (own, others) = (of_app("contoso"), of_app("fabrikam"));
        let others = format!("note: provider `fabrikam`: register {others} there, {port}");
        assert_eq!(told("", ""), [""; 0]);
        assert_eq!(
            told(console, ""),
            [format!(
                "note: provider `contoso`: register {of_console} there"
            )]
        );
        assert_eq!(
            told("", signs_in),
            [
                format!("note: provider `contoso`: register {own} there, {port}"),
                others.clone()
            ]
        );
        assert_eq!(
            told(console, signs_in),
            [
                format!("note: provider `contoso`: register {own} and {of_console} there, {port}"),
                others
            ]
        );
    }
}
