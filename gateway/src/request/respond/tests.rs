use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossgate_policy::decision::{Requirement, TokenRefusal};
use crossgate_portal::pages::{Brand, Pages};
use serde_json::Value;

fn asked() -> Asked<'static> {
    Asked {
        correlation_id: "c-1".to_owned(),
        at: Timestamp::UNIX_EPOCH,
        origin: Some("https://payroll.contoso.com".to_owned()),
        prefix: "",
        page: None,
        entra: true,
    }
}

fn refused(step: Step, reason: Reason, requirements: &[Requirement]) -> Refusal {
    Refusal {
        step: Some(step),
        reason,
        requirements: requirements.to_vec(),
    }
}

fn values(answer: &Answer, name: &str) -> Vec<String> {
    let found = answer.headers.iter().filter(|(other, _)| *other == name);
    found
        .map(|(_, value)| value.to_str().unwrap().to_owned())
        .collect()
}

fn problem(answer: &Answer) -> Value {
    assert_eq!(values(answer, "content-type"), ["application/problem+json"]);
    assert_eq!(values(answer, "cache-control"), ["no-store"]);
    serde_json::from_slice(&answer.body).unwrap()
}

fn asked_claims(challenge: &str) -> Value {
    let encoded = challenge
        .split("claims=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    serde_json::from_slice(&STANDARD.decode(encoded).unwrap()).unwrap()
}

#[test]
fn who_sent_nothing_is_told_where_to_sign_in_and_of_no_error() {
    let answer = refusal(&refused(Step::Token, Reason::NoToken, &[]), &asked());
    assert_eq!(answer.status, 401);
    let metadata = "https://payroll.contoso.com/.well-known/oauth-protected-resource";
    assert_eq!(
        values(&answer, "www-authenticate"),
        [format!("Bearer resource_metadata=\"{metadata}\"")]
    );
}

#[test]
fn a_bad_token_is_told_no_more_than_that() {
    let rule = TokenRefusal {
        code: 500_133,
        reason: "token_expired",
    };
    let answer = refusal(&refused(Step::Token, Reason::Token(rule), &[]), &asked());
    let challenge = &values(&answer, "www-authenticate")[0];
    assert!(
        challenge.starts_with("Bearer error=\"invalid_token\", "),
        "{challenge}"
    );
    assert_eq!(problem(&answer).get("code"), None);
    assert!(!String::from_utf8_lossy(&answer.body).contains("expired"));
}

#[test]
fn a_policy_refusal_has_its_code_and_no_challenge() {
    let answer = refusal(
        &refused(Step::Inbound, Reason::InboundNotAdmitted, &[]),
        &asked(),
    );
    assert_eq!(answer.status, 403);
    assert!(values(&answer, "www-authenticate").is_empty());
    let problem = problem(&answer);
    assert_eq!(problem["code"], "AADSTS500213");
    assert_eq!(problem["status"], 403);
    assert_eq!(problem["correlationId"], "c-1");
    assert_eq!(problem["timestamp"], "1970-01-01T00:00:00.000Z");
}

#[test]
fn a_missing_context_is_asked_for_by_its_name() {
    let requirements = [Requirement::AuthContext("c1".into())];
    let refusal_ = refused(Step::ConditionalAccess, Reason::MfaRequired, &requirements);
    let answer = refusal(&refusal_, &asked());
    assert_eq!(answer.status, 401);
    let challenges = values(&answer, "www-authenticate");
    assert_eq!(challenges.len(), 1);
    assert_eq!(
        asked_claims(&challenges[0]),
        json!({"access_token":{"acrs":{"essential":true,"value":"c1"}}})
    );
}

#[test]
fn a_provider_other_than_entra_is_asked_in_rfc_9470_too() {
    let requirements = [Requirement::Mfa];
    let refusal_ = refused(Step::ConditionalAccess, Reason::MfaRequired, &requirements);
    let other = Asked {
        entra: false,
        ..asked()
    };
    let challenges = values(&refusal(&refusal_, &other), "www-authenticate");
    assert!(challenges[0].contains("error=\"insufficient_user_authentication\""));
    assert!(
        challenges[0].contains("acr_values=\"http"),
        "{challenges:?}"
    );
    assert!(challenges[0].contains("max_age=\"300\""));
    assert!(challenges[1].contains("error=\"insufficient_claims\""));
    assert!(asked_claims(&challenges[1])["access_token"]["amr"].is_object());
}

#[test]
fn a_missing_restriction_claim_is_told_as_entra_tells_it() {
    let requirements = [Requirement::RestrictionClaim];
    let reason = Reason::RestrictionClaimMissing;
    let answer = refusal(
        &refused(Step::TenantRestrictions, reason, &requirements),
        &asked(),
    );
    assert_eq!(answer.status, 401);
    assert_eq!(values(&answer, "restrict-access-confirm"), ["1"]);
    assert!(values(&answer, "x-ms-diagnostics")[0].starts_with("2000020;reason="));
    let challenge = &values(&answer, "www-authenticate")[0];
    assert!(asked_claims(challenge)["access_token"]["xms_trpid"].is_object());
}

#[test]
fn a_browser_gets_a_page_that_loads_nothing_and_escapes_everything() {
    let brand = Brand {
        name: "Contoso".to_owned(),
        colour: None,
        logo: None,
    };
    let pages = Pages::new(brand, []).unwrap();
    let browser = Asked {
        page: Some(AsPage {
            pages: &pages,
            languages: None,
            signs_in: false,
        }),
        correlation_id: "<script>\"&'".to_owned(),
        ..asked()
    };
    let answer = refusal(
        &refused(Step::Inbound, Reason::InboundNotAdmitted, &[]),
        &browser,
    );
    assert_eq!(
        values(&answer, "content-type"),
        ["text/html; charset=utf-8"]
    );
    assert!(values(&answer, "content-security-policy")[0].starts_with("default-src 'none'"));
    let page = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(page.contains("&lt;script&gt;&quot;&amp;&#39;"), "{page}");
    assert!(page.contains("AADSTS500213"));
    for outside in ["src=", "href=", "url(", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn another_account_is_offered_to_who_may_not_come_and_to_nobody_who_has_to_wait() {
    let brand = Brand {
        name: "Contoso".to_owned(),
        colour: None,
        logo: None,
    };
    let pages = Pages::new(brand, []).unwrap();
    let browser = Asked {
        page: Some(AsPage {
            pages: &pages,
            languages: None,
            signs_in: true,
        }),
        ..asked()
    };
    let offered = |answer: Answer| -> Vec<bool> {
        let page = String::from_utf8(answer.body.to_vec()).unwrap();
        let links = ["/.crossgate/sign-out", "/.crossgate/me"];
        links
            .map(|link| page.contains(&format!("href=\"{link}\"")))
            .to_vec()
    };
    let blocked = refused(Step::Inbound, Reason::InboundNotAdmitted, &[]);
    assert_eq!(offered(refusal(&blocked, &browser)), [true, true]);
    for waits in [Trouble::NoUpstream, Trouble::Internal] {
        assert_eq!(offered(trouble(waits, &browser)), [false, true]);
    }
}

#[test]
fn a_page_is_for_those_who_ask_for_one() {
    for (accept, html) in [
        ("text/html,application/xhtml+xml,*/*;q=0.8", true),
        ("text/html;q=0.5, application/json", false),
        ("application/json", false),
        ("*/*", false),
        ("", false),
        ("text/html;q=0", false),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
        assert_eq!(prefers_html(&headers), html, "{accept}");
    }
    assert!(!prefers_html(&HeaderMap::new()));
}

#[test]
fn not_ready_says_when_to_come_back_and_a_refused_method_which_are_not() {
    let answer = trouble(Trouble::NotReady("no_policy"), &asked());
    assert_eq!(answer.status, 503);
    assert_eq!(values(&answer, "retry-after"), ["5"]);
    assert!(!String::from_utf8_lossy(&answer.body).contains("no_policy"));
    let answer = trouble(Trouble::MethodRefused, &asked());
    assert_eq!(answer.status, 405);
    assert!(!values(&answer, "allow")[0].contains("TRACE"));
    assert_eq!(problem(&answer)["code"], "0");
}

#[test]
fn a_preflight_is_answered_with_what_it_asks_for_and_no_credentials() {
    let mut headers = HeaderMap::new();
    headers.insert(ORIGIN, HeaderValue::from_static("https://spa.contoso.com"));
    assert!(!is_preflight(&Method::OPTIONS, &headers));
    headers.insert(REQUEST_METHOD, HeaderValue::from_static("PUT"));
    assert!(is_preflight(&Method::OPTIONS, &headers));
    assert!(!is_preflight(&Method::GET, &headers));
    let answer = preflight(&headers);
    assert_eq!(answer.status, 204);
    assert_eq!(values(&answer, "access-control-allow-methods"), ["PUT"]);
    assert_eq!(
        values(&answer, "access-control-allow-origin"),
        ["https://spa.contoso.com"]
    );
    assert!(values(&answer, "access-control-allow-credentials").is_empty());
}

#[test]
fn metadata_names_the_resource_as_it_was_asked_for() {
    let admin = Asked {
        prefix: "/admin",
        ..asked()
    };
    let answer = resource_metadata(&admin, &["https://id.example".into()]);
    let document: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(document["resource"], "https://payroll.contoso.com/admin");
    assert_eq!(
        document["authorization_servers"],
        json!(["https://id.example"])
    );
}
