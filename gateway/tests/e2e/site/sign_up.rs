//! An app that people sign up for by themselves, with a service of the operator's own that is asked about them.

use crossgate_testkit::browser::Tab;
use crossgate_testkit::certificate::Certificate;
use crossgate_testkit::connector::Connector;
use serde_json::{Value, json};

use super::PAYROLL;
use super::outsiders::Outsiders;
use super::people::{Doors, Lobby};

pub const FLOW: &str = "B2X_1_Payroll";
const FLOWS: &str = "identity/b2xUserFlows";

/// The steps at which the service is asked, and the paths that it is asked at.
pub const FIRST: (&str, &str) = ("postFederationSignup", "/first?code=in-the-address");
pub const SECOND: (&str, &str) = ("postAttributeCollection", "/second");

/// All of it.
pub struct Hall {
    pub outsiders: Outsiders,
    pub connector: Connector,
    pub doors: Doors,
}

impl Hall {
    /// With a flow for Payroll by Fabrikam's provider and by mailboxes, which asks a city, and a custom code that may be left out.
    pub fn open() -> Self {
        Self::with("")
    }

    /// The same with more in `[[connector]]`.
    pub fn with(keys: &str) -> Self {
        let outsiders = Outsiders::start();
        let lobby = outsiders.before_nobody(Lobby::new()).with_store();
        let directory = tempfile::tempdir().unwrap();
        let certificate = Certificate::make(directory.path(), &[Connector::NAME]);
        let connector = Connector::start(&certificate);
        let authority = std::fs::read_to_string(&certificate.cert).unwrap();
        lobby.write("connector.pem", &authority);
        lobby.write("connector-password", "a-password-of-this-test\n");
        let entry = format!(
            "[[connector]]\nhost = \"{}\"\nusername = \"crossgate\"\npassword_file = \"connector-password\"\n{keys}\n",
            connector.host()
        );
        let doors = lobby
            .configure(|setup| {
                let authority = setup.directory().join("connector.pem");
                setup
                    .variable("SSL_CERT_FILE", authority.to_str().unwrap())
                    .entries(&entry)
            })
            .open();
        let hall = Self {
            outsiders,
            connector,
            doors,
        };
        hall.switch(true);
        let code = hall.make(
            "identity/userFlowAttributes",
            &json!({ "displayName": "Code", "dataType": "int64" }),
        );
        let flow = hall.make(
            FLOWS,
            &json!({
                "id": "Payroll", "userFlowType": "signUpOrSignIn", "userFlowTypeVersion": 1,
                "userFlowIdentityProviders": [{ "id": "fabrikam" }, { "id": "mail" }],
                "crossgate": { "applications": [PAYROLL], "requiresApproval": false, "termsOfUse": "https://contoso.example/terms" },
            }),
        );
        assert_eq!(flow["id"], FLOW);
        for (id, name, optional) in [
            ("city", "City", false),
            (code["id"].as_str().unwrap(), "Code", true),
        ] {
            let assignment = json!({
                "isOptional": optional, "requiresVerification": false, "userInputType": "TextBox", "displayName": name,
                "userAttributeValues": [], "userAttribute": { "id": id },
            });
            hall.make(
                &format!("{FLOWS}/{FLOW}/userAttributeAssignments"),
                &assignment,
            );
        }
        hall
    }

    #[track_caller]
    pub fn make(&self, path: &str, body: &Value) -> Value {
        let made = self.doors.admin("POST", path, body);
        assert_eq!(made.status, 201, "{path}: {}", made.text());
        made.json()
    }

    #[track_caller]
    pub fn change(&self, method: &str, path: &str, body: &Value) {
        let changed = self.doors.admin(method, path, body);
        assert_eq!(changed.status, 204, "{path}: {}", changed.text());
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let told = self.doors.admin("GET", path, &json!({}));
        assert_eq!(told.status, 200, "{path}: {}", told.text());
        told.json()
    }

    /// Whether anybody signs up.
    pub fn switch(&self, on: bool) {
        let body = json!({ "selfServiceSignUp": { "isEnabled": on } });
        self.change("PATCH", "policies/authenticationFlowsPolicy", &body);
    }

    /// Whether an administrator approves each.
    pub fn approval(&self, needed: bool) {
        let body =
            json!({ "crossgate": { "applications": [PAYROLL], "requiresApproval": needed } });
        self.change("PATCH", &format!("{FLOWS}/{FLOW}"), &body);
    }

    /// Has the flow ask in every way there is.
    pub fn ask_everything(&self) {
        let path = format!("{FLOWS}/{FLOW}/userAttributeAssignments");
        let values =
            json!([{ "name": "Buyer", "value": "buyer" }, { "name": "Seller", "value": "seller" }]);
        let custom = |name: &str, of: &str| {
            let made = self.make(
                "identity/userFlowAttributes",
                &json!({ "displayName": name, "dataType": of }),
            );
            made["id"].as_str().unwrap().to_owned()
        };
        for (id, name, input, optional) in [
            ("jobTitle".to_owned(), "Role", "radioSingleSelect", false),
            (
                "country".to_owned(),
                "Country",
                "dropdownSingleSelect",
                true,
            ),
            (
                custom("Wares", "stringCollection"),
                "Wares",
                "checkboxMultiSelect",
                true,
            ),
            (
                custom("Since", "dateTime"),
                "Since",
                "dateTimeDropdown",
                true,
            ),
        ] {
            let values = if input.contains("Select") {
                &values
            } else {
                &json!([])
            };
            let assignment = json!({
                "isOptional": optional, "requiresVerification": false, "userInputType": input, "displayName": name,
                "userAttributeValues": values, "userAttribute": { "id": id },
            });
            self.make(&path, &assignment);
        }
    }

    /// Has the service asked at a step, and answer so.
    pub fn asks(&self, (step, path): (&str, &str), answers: &Value) {
        let target = format!("https://{}{path}", self.connector.host());
        let body = json!({
            "displayName": step, "targetUrl": target,
            "authenticationConfiguration": { "@odata.type": "#microsoft.graph.basicAuthentication", "username": "crossgate" },
        });
        let made = self.make("identity/apiConnectors", &body);
        let id = made["id"].as_str().unwrap();
        let reference = json!({ "@odata.id": format!("https://graph.microsoft.com/v1.0/identity/apiConnectors/{id}") });
        self.change("PUT", &configured(step), &reference);
        self.connector.answers(path, answers);
    }

    /// Has the service asked at a step no more.
    pub fn asks_no_more(&self, (step, _): (&str, &str)) {
        self.change("DELETE", &configured(step), &json!({}));
    }

    /// Comes to the app with an account of Fabrikam's.
    pub fn with_fabrikam(&self, browser: &str, who: &str) -> Tab<'_> {
        let tab = self.doors.browser.open(browser);
        tab.goto(&self.doors.app("/a?b=c"));
        self.doors.sign_in(&tab, "fabrikam", who);
        tab
    }

    /// Comes with a mailbox, to which so many codes have been sent with this one.
    pub fn with_mailbox(&self, browser: &str, address: &str, codes: usize) -> Tab<'_> {
        let tab = self.doors.browser.open(browser);
        self.doors.tell_address(&tab, "/a?b=c", address);
        tab.fill("[name=passcode]", &self.outsiders.code(address, codes));
        tab.click("button[type=submit]");
        tab
    }

    /// Guests with this address.
    pub fn guests(&self, address: &str) -> Vec<Value> {
        let all = self.get(&format!("users?$filter=mail%20eq%20'{address}'"));
        all["value"].as_array().unwrap().clone()
    }

    /// The newest audit record of an activity.
    pub fn audited(&self, activity: &str) -> Value {
        let filter = activity.replace(' ', "%20");
        let mut told = self.get(&format!(
            "auditLogs/directoryAudits?$filter=activityDisplayName%20eq%20'{filter}'&$orderby=activityDateTime%20desc&$top=1"
        ));
        told["value"][0].take()
    }
}

fn configured(step: &str) -> String {
    format!("{FLOWS}/{FLOW}/apiConnectorConfiguration/{step}/$ref")
}

pub const CITY: &str = "[name=attribute-city]";

/// Asserts that a tab is asked to sign up.
#[track_caller]
pub fn is_asked(tab: &Tab<'_>) {
    let page = tab.page();
    assert!(
        page.text.contains("Sign up for Payroll"),
        "{:?} {}",
        page.place,
        page.text
    );
    assert_eq!(page.place.status, 200, "{}", page.text);
}

/// Fills in a city, and signs up.
pub fn fill(tab: &Tab<'_>, city: &str) {
    tab.fill(CITY, city);
    tab.click("button[type=submit]");
}

/// Asserts that a tab is shown an end, with this code.
#[track_caller]
pub fn ended(tab: &Tab<'_>, words: &str, code: u32, status: u16) {
    let page = tab.page();
    assert!(page.text.contains(words), "{}", page.text);
    assert!(
        page.text.contains(&format!("AADSTS{code}")),
        "{}",
        page.text
    );
    assert_eq!(page.place.status, status, "{}", page.text);
}
