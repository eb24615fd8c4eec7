//! Administrators in browsers: the console of Contoso's gateway, whose people sign in at Contoso's own provider.

use crossgate_testkit::browser::Tab;
use crossgate_testkit::curl::Curl;
use serde_json::json;

use super::FABRIKAM;
use super::admin::{GLOBAL_ADMINISTRATOR, PARTNERS, SECURITY_READER};
use super::people::{CONSOLE_HOST, Doors, Lobby};

/// The lobby with a console, an administrator, somebody who reads, and somebody without a role.
pub fn lobby() -> Lobby {
    let lobby = Lobby::new().with_store();
    let origin = lobby.console();
    for (who, name, wids) in [
        ("ada", "Ada Own", json!([GLOBAL_ADMINISTRATOR])),
        ("ruth", "Ruth Reader", json!([SECURITY_READER])),
        ("nils", "Nils Nobody", json!([])),
    ] {
        let address = format!("{who}@contoso.com");
        lobby.contoso.account(&json!({
            "sub": who, "email": address, "name": name, "claims": { "wids": wids, "preferred_username": address },
        }));
    }
    lobby.configure(|setup| setup.section("admin", &format!("console = \"{origin}\"")))
}

impl Doors {
    /// An address of the console.
    pub fn console(&self, path: &str) -> String {
        format!(
            "https://{CONSOLE_HOST}:{}{path}",
            self.gateway.admin().port()
        )
    }

    /// Has somebody of Contoso's sign in at the console.
    #[track_caller]
    pub fn administrator(&self, who: &str) -> Tab<'_> {
        let tab = self.browser.open(&format!("console {who}"));
        tab.goto(&self.console("/console"));
        self.contoso.sign_in(&tab, who, None);
        tab
    }

    /// A request to the console without a browser, with the cookies of one.
    pub fn curl_console(&self, tab: &Tab<'_>, path: &str) -> Curl {
        let authority = self.gateway.directory().join("tls-cert.pem");
        let cookies = tab.cookies();
        let cookies = cookies
            .iter()
            .filter(|cookie| cookie["domain"] == CONSOLE_HOST)
            .map(|cookie| {
                let text = |member: &str| cookie[member].as_str().unwrap();
                format!("{}={}", text("name"), text("value"))
            });
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        Curl::get_tls(self.gateway.admin(), CONSOLE_HOST, path, &authority)
            .header("Cookie", &cookies)
    }

    /// Gives Fabrikam settings of its own.
    pub fn adds_fabrikam(&self) {
        let body = json!({ "tenantId": FABRIKAM });
        let made = self.admin("POST", PARTNERS, &body);
        assert_eq!(made.status, 201, "{}", made.text());
    }
}
