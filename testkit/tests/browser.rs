//! People at a browser: what tests of signing in take for granted.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a JSON member that is not there is null, and the assertion says so; a stage that is not set stops the test"
)]

use crossgate_testkit::browser::{Browser, Place};
use crossgate_testkit::node::client;
use crossgate_testkit::people::People;
use crossgate_testkit::saml::SamlProvider;
use crossgate_testkit::upstream::Upstream;
use serde_json::{Value, json};

// https://www.rfc-editor.org/rfc/rfc7636#appendix-B
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
const CONTEXT_C1: &str =
    "%7B%22id_token%22:%7B%22acrs%22:%7B%22essential%22:true,%22value%22:%22c1%22%7D%7D%7D";

/// The least a relying party can be: an app that answers anything, and the one request it would make for the id token.
struct Payroll {
    app: Upstream,
}

impl Payroll {
    fn known_to(people: &People) -> Self {
        let app = Upstream::start();
        let address = app.address();
        people.client(&json!({
            "client_id": "payroll",
            "client_secret": "a-secret-for-tests-only",
            "token_endpoint_auth_method": "client_secret_post",
            "redirect_uris": [format!("{address}/callback")],
            "post_logout_redirect_uris": [format!("{address}/bye")],
            "backchannel_logout_uri": format!("{address}/backchannel"),
            "frontchannel_logout_uri": format!("{address}/frontchannel"),
        }));
        Self { app }
    }

    fn sign_in_address(&self, people: &People, more: &str) -> String {
        format!(
            "{}/auth?client_id=payroll&response_type=code&scope=openid+profile+email&nonce=n&code_challenge={CHALLENGE}\
             &code_challenge_method=S256&redirect_uri={}/callback{more}",
            people.issuer(),
            self.app.address(),
        )
    }

    /// The id token for the code that the person came back with, and what is in it once `jose` has verified it.
    fn redeem(&self, people: &People, back: &Place) -> (String, Value) {
        let callback = format!("{}/callback", self.app.address());
        assert!(back.url.starts_with(&callback), "{back:?}");
        let answer = ureq::post(format!("{}/token", people.issuer()))
            .send_form([
                ("grant_type", "authorization_code"),
                ("client_id", "payroll"),
                ("client_secret", "a-secret-for-tests-only"),
                ("redirect_uri", &callback),
                ("code", back.parameter("code").unwrap()),
                ("code_verifier", VERIFIER),
            ])
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let token = answer["id_token"].as_str().unwrap().to_owned();
        let jwks = format!("{}/jwks", people.issuer());
        let told = client(
            "verify.mjs",
            &json!({ "token": token, "jwks": jwks, "audience": "payroll" }),
        );
        assert_eq!(told["header"]["alg"], "RS256", "{told}");
        (token, told["claims"].clone())
    }

    fn was_asked_for(&self, path: &str) -> bool {
        let of_path = |seen: &Value| {
            seen["target"]
                .as_str()
                .is_some_and(|target| target.starts_with(path))
        };
        self.app.seen().iter().any(of_path)
    }
}

fn ada(people: &People) {
    people.account(&json!({
        "sub": "ada",
        "email": "ada@fabrikam.example",
        "name": "Ada",
        "groups": ["engineers"],
        "claims": { "tid": "22222222-2222-4222-8222-222222222222" },
    }));
}

#[test]
fn a_person_signs_in_and_out_by_pages() {
    let people = People::start();
    let browser = Browser::start();
    ada(&people);
    let payroll = Payroll::known_to(&people);
    let tab = browser.open("ada");

    tab.goto(&payroll.sign_in_address(&people, "&login_hint=ada@fabrikam.example"));
    assert_eq!(
        tab.evaluate("document.querySelector('[name=login]').value"),
        "ada@fabrikam.example"
    );
    tab.fill("[name=password]", "wrong").submit();
    assert!(tab.page().text.contains("is wrong"));
    let back = people.sign_in(&tab, "ada", None);
    assert_eq!(back.status, 200);
    let (token, claims) = payroll.redeem(&people, &back);
    assert_eq!(claims["sub"], "ada", "{claims}");
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(claims["name"], "Ada");
    assert_eq!(claims["email"], "ada@fabrikam.example");
    assert_eq!(claims["groups"], json!(["engineers"]));
    assert_eq!(claims["tid"], "22222222-2222-4222-8222-222222222222");
    assert!(claims["auth_time"].is_u64());

    let signed_in = people.signed_in();
    assert_eq!(signed_in.len(), 1);
    assert!(claims["sid"].is_string());
    assert_eq!(signed_in[0]["clients"]["payroll"], claims["sid"]);

    let bye = format!("{}/bye", payroll.app.address());
    let end = tab.goto(&format!(
        "{}/session/end?id_token_hint={token}&post_logout_redirect_uri={bye}",
        people.issuer()
    ));
    assert_eq!(end.url, bye);
    assert!(people.signed_in().is_empty());
    assert!(payroll.was_asked_for("/backchannel"));
    assert!(payroll.was_asked_for("/frontchannel?iss="));
    assert_eq!(people.count("backchannel"), 1);
}

#[test]
fn more_than_a_password_is_asked_for_once() {
    let people = People::start();
    let browser = Browser::start();
    ada(&people);
    let payroll = Payroll::known_to(&people);
    let tab = browser.open("ada");
    tab.goto(&payroll.sign_in_address(&people, ""));
    people.sign_in(&tab, "ada", None);

    let asked = payroll.sign_in_address(&people, &format!("&acr_values={MULTI_FACTOR}"));
    tab.goto(&asked);
    people.sign_in(&tab, "ada", Some("000000"));
    assert!(tab.page().text.contains("The code is wrong"));
    let (_, claims) = payroll.redeem(&people, &people.sign_in(&tab, "ada", Some("123456")));
    assert_eq!(claims["amr"], json!(["pwd", "mfa"]), "{claims}");
    assert_eq!(claims["acr"], MULTI_FACTOR);
    assert_eq!(claims["acrs"], Value::Null);
    let (_, again) = payroll.redeem(&people, &tab.goto(&asked));
    assert_eq!(again["auth_time"], claims["auth_time"]);

    let context = payroll.sign_in_address(&people, &format!("&claims={CONTEXT_C1}"));
    let silent = tab.goto(&format!("{context}&prompt=none"));
    assert_eq!(silent.parameter("error"), Some("login_required"));
    tab.goto(&context);
    let (_, claims) = payroll.redeem(&people, &people.sign_in(&tab, "ada", Some("123456")));
    assert_eq!(claims["acrs"], json!(["c1"]), "{claims}");

    let told = people.sign_out("ada");
    assert_eq!(told, [json!({ "client_id": "payroll", "error": null })]);
    assert!(people.signed_in().is_empty());
}

#[test]
fn profiles_share_nothing_and_a_missing_label_is_found() {
    let browser = Browser::start();
    let app = Upstream::start();
    let address = app
        .address()
        .replace("127.0.0.1", "payroll.contoso.example");
    let [ada, bob] = ["ada", "bob"].map(|profile| browser.open(profile));
    ada.language("de-AT,de");
    assert_eq!(ada.goto(&format!("{address}/a")).status, 200);
    assert!(ada.page().text.contains("de-AT,de;q=0.9"));
    assert_eq!(ada.page().header("Content-Type"), Some("application/json"));
    ada.set_cookie(&json!({ "name": "c", "value": "1", "url": address }));
    assert!(browser.open("ada").cookie("c").is_some());
    assert!(bob.cookies().is_empty());
    assert_eq!(ada.requests()[0]["url"], format!("{address}/a"));

    for (field, found) in [("<input>", true), ("<label>Name <input></label>", false)] {
        bob.goto(&format!(
            "data:text/html,<html lang=en><title>Form</title><main><h1>Form</h1>{field}</main>"
        ));
        let violations = bob.axe();
        assert_eq!(
            violations
                .iter()
                .any(|violation| violation["id"] == "label"),
            found,
            "{violations:?}"
        );
    }
}

#[test]
fn a_person_signs_in_where_answers_are_posted() {
    let provider = SamlProvider::start();
    let browser = Browser::start();
    provider.account(&json!({ "sub": "ada", "email": "ada@fabrikam.example" }));
    let app = Upstream::start();
    let acs = format!("{}/acs", app.address());
    let ask = |more: &str| {
        let realm = "wa=wsignin1.0&wtrealm=urn:payroll&wctx=state";
        format!("{}?{realm}&wreply={acs}{more}", provider.wsfed())
    };
    let tab = browser.open("ada");

    tab.goto(&ask(""));
    tab.fill("[name=login]", "ada")
        .fill("[name=password]", "wrong")
        .click("[value=sign-in]");
    assert!(tab.page().text.contains("is wrong"));
    let back = provider.sign_in(&tab, "ada@fabrikam.example");
    assert_eq!(back.url, acs);
    let posted = app.seen().into_iter().find(|seen| seen["target"] == "/acs");
    assert_eq!(posted.unwrap()["method"], "POST");

    assert_eq!(tab.goto(&ask("")).url, acs, "signed in before");
    assert_ne!(tab.goto(&ask("&wfresh=0")).url, acs, "not again");
    assert_eq!(provider.count("logins"), 1);
    assert_eq!(provider.count("refused"), 1);
}
