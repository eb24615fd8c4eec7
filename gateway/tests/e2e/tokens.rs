//! A token of every kind, through the built program: who is admitted, who is not, and what the event says.

use crate::site::{
    AUDIENCE, FABRIKAM, MICROSOFT_ACCOUNTS, PAYROLL, Site, Stage, TAILSPIN, WINGTIP, challenge,
    everyone, from_base64, guests_need_mfa, nobody, partner,
};
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::upstream::header_values;
use serde_json::{Value, json};

/// What an event says of who called whom.
fn who(event: &Value) -> [&Value; 4] {
    [
        &event["crossTenantAccessType"],
        &event["homeTenantId"],
        &event["resourceTenantId"],
        &event["crossgate"]["step"],
    ]
}

#[track_caller]
fn admitted(site: &Site, what: &str, token: &str) -> Value {
    site.expect(what, site.payroll("/").bearer(token), 200, 0)
}

#[track_caller]
fn refused(site: &Site, what: &str, token: &str, status: u16, code: u32) -> Value {
    site.expect(what, site.payroll("/").bearer(token), status, code)
}

#[test]
fn a_member_is_forwarded_and_the_app_is_told_who_calls() {
    let site = Stage::new().open();
    let oid = "eeeeeeee-0000-4000-8000-000000000001";
    let token = site.member().claims(json!({ "oid": oid })).mint();
    let (answer, event) = site.ask(site.payroll("/hello?x=1").bearer(&token));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(event["status"]["errorCode"], 0);
    assert_eq!(event["userId"], oid);
    assert_eq!(event["resourceId"], PAYROLL);
    assert_eq!(event["appId"], "cccccccc-0000-4000-8000-000000000001");
    assert_eq!(event["ipAddress"], "127.0.0.1");
    assert_eq!(who(&event), ["none", OWN_TENANT, OWN_TENANT, "app_rules"]);

    let told = answer.json();
    assert_eq!(told["target"], "/hello?x=1");
    assert_eq!(header_values(&told, "X-MS-CLIENT-PRINCIPAL-ID"), [oid]);
    assert_eq!(
        header_values(&told, "X-Crossgate-Home-Tenant"),
        [OWN_TENANT]
    );
    assert_eq!(header_values(&told, "X-Crossgate-Access-Type"), ["none"]);
    assert_eq!(
        header_values(&told, "X-Correlation-Id"),
        [event["correlationId"].as_str().unwrap()]
    );
    let principal = header_values(&told, "X-MS-CLIENT-PRINCIPAL");
    assert!(
        from_base64(principal[0])["claims"].is_array(),
        "{principal:?}"
    );
}

#[test]
fn members_are_admitted_in_both_versions() {
    let site = Stage::new().open();
    for version in ["1.0", "2.0"] {
        let event = admitted(&site, version, &site.member().version(version).mint());
        assert_eq!(who(&event), ["none", OWN_TENANT, OWN_TENANT, "app_rules"]);
    }
}

#[test]
fn a_guest_is_collaboration_and_a_blocked_partner_is_refused() {
    let site = Stage::new()
        .policy(
            "partners/tailspin.json",
            &partner(TAILSPIN, json!({ "b2bCollaborationInbound": nobody() })),
        )
        .open();
    for version in ["1.0", "2.0"] {
        let event = admitted(&site, version, &site.guest().version(version).mint());
        assert_eq!(
            who(&event),
            ["b2bCollaboration", WINGTIP, OWN_TENANT, "app_rules"]
        );
        let blocked = site.guest().home(TAILSPIN).version(version).mint();
        let event = refused(&site, version, &blocked, 403, 500_213);
        assert_eq!(
            who(&event),
            ["b2bCollaboration", TAILSPIN, OWN_TENANT, "inbound"]
        );
    }
}

#[test]
fn direct_connect_is_closed_until_a_partner_opens_it() {
    let site = Stage::new().open();
    let entra = site.direct().mint();
    let oidc = site.fabrikam.user_token("ada", AUDIENCE, &json!({}));
    for (home, token) in [(WINGTIP, &entra), (FABRIKAM, &oidc)] {
        let event = refused(&site, home, token, 403, 500_213);
        assert_eq!(
            who(&event),
            ["b2bDirectConnect", home, OWN_TENANT, "inbound"]
        );
        let open = partner(home, json!({ "b2bDirectConnectInbound": everyone() }));
        site.change_policy(&format!("partners/{home}.json"), &open);
        let event = admitted(&site, home, token);
        assert_eq!(
            who(&event),
            ["b2bDirectConnect", home, OWN_TENANT, "app_rules"]
        );
    }
}

#[test]
fn both_signature_algorithms_of_a_certified_provider_are_accepted() {
    let open = partner(FABRIKAM, json!({ "b2bDirectConnectInbound": everyone() }));
    let site = Stage::new().policy("partners/fabrikam.json", &open).open();
    for alg in ["RS256", "ES256"] {
        let order = json!({ "sub": "ada", "audience": AUDIENCE, "alg": alg });
        admitted(&site, alg, &site.fabrikam.token(&order));
    }
    admitted(
        &site,
        "client credentials",
        &site.fabrikam.client_token(AUDIENCE),
    );
}

#[test]
fn a_guest_microsoft_account_is_admitted_and_its_own_token_is_not() {
    let site = Stage::new().open();
    let guest = site
        .mint
        .token("microsoft-account-guest")
        .issued_by(OWN_TENANT);
    let event = admitted(&site, "guest", &guest.audience(AUDIENCE).mint());
    assert_eq!(
        who(&event),
        [
            "b2bCollaboration",
            MICROSOFT_ACCOUNTS,
            OWN_TENANT,
            "app_rules"
        ]
    );

    let own = site
        .mint
        .token("microsoft-account")
        .audience(AUDIENCE)
        .mint();
    let event = refused(&site, "own token", &own, 403, 50_020);
    assert_eq!(
        who(&event),
        ["b2bCollaboration", MICROSOFT_ACCOUNTS, OWN_TENANT, "guest"]
    );
}

#[test]
fn a_workload_of_another_tenant_needs_to_be_listed() {
    const LISTED: &str = "cccccccc-0000-4000-8000-000000000077";
    let site = Stage::new()
        .payroll(&format!("app_clients = [\"{LISTED}\"]"))
        .open();
    let workload = |tenant: &str| {
        let order = site.mint.token("app-only").issued_by(tenant);
        order.audience(AUDIENCE)
    };
    let event = admitted(&site, "own", &workload(OWN_TENANT).mint());
    assert_eq!(event["crossTenantAccessType"], "none");
    let event = refused(&site, "unlisted", &workload(WINGTIP).mint(), 403, 500_213);
    assert_eq!(who(&event), ["passthrough", WINGTIP, OWN_TENANT, "inbound"]);
    let event = admitted(&site, "listed", &workload(WINGTIP).client(LISTED).mint());
    assert_eq!(
        who(&event),
        ["passthrough", WINGTIP, OWN_TENANT, "app_rules"]
    );
}

#[test]
fn groups_that_a_token_does_not_list_admit_nobody() {
    const GROUP: &str = "99999999-0000-4000-8000-000000000001";
    let one_group = |access: &str| {
        let mut setting = everyone();
        setting["usersAndGroups"] = json!({
            "accessType": access,
            "targets": [{ "target": GROUP, "targetType": "group" }],
        });
        // Blocked users with all applications blocked: everyone but the group.
        setting["applications"]["accessType"] = access.into();
        partner(WINGTIP, json!({ "b2bDirectConnectInbound": setting }))
    };
    let site = Stage::new()
        .policy("partners/wingtip.json", &one_group("allowed"))
        .open();
    let overage = site.mint.token("groups-overage").issued_by(WINGTIP);
    let overage = overage.audience(AUDIENCE).mint();
    let listed = site.direct().claims(json!({ "groups": [GROUP] })).mint();
    let none = site.direct().mint();

    admitted(&site, "in the group", &listed);
    refused(&site, "not in the group", &none, 403, 500_213);
    refused(
        &site,
        "perhaps in the allowed group",
        &overage,
        403,
        500_213,
    );

    site.change_policy("partners/wingtip.json", &one_group("blocked"));
    refused(&site, "in the blocked group", &listed, 403, 500_213);
    admitted(&site, "not in the blocked group", &none);
    refused(
        &site,
        "perhaps in the blocked group",
        &overage,
        403,
        500_213,
    );
}

#[test]
fn another_cloud_is_closed_until_it_and_the_partner_are_listed() {
    let site = Stage::new().open();
    for (cloud, endpoint, home) in [
        (
            "usgov",
            "microsoftonline.us",
            "55555555-5555-4555-8555-555555555555",
        ),
        (
            "china",
            "partner.microsoftonline.cn",
            "66666666-6666-4666-8666-666666666666",
        ),
    ] {
        let host = if cloud == "usgov" {
            "login.microsoftonline.us"
        } else {
            "login.partner.microsoftonline.cn"
        };
        let idp = format!("https://{host}/{home}/v2.0");
        let guest = site.guest().claims(json!({ "idp": idp })).mint();
        let event = refused(&site, cloud, &guest, 403, 500_213);
        assert_eq!(who(&event), ["b2bCollaboration", home, OWN_TENANT, "cloud"]);

        site.change_policy(
            "cross-tenant-access-policy.json",
            &json!({ "allowedCloudEndpoints": [endpoint] }),
        );
        refused(&site, "no partner document", &guest, 403, 500_213);
        site.change_policy(&format!("partners/{cloud}.json"), &partner(home, json!({})));
        admitted(&site, cloud, &guest);

        let direct = site
            .mint
            .token("direct-connect")
            .cloud(cloud)
            .issued_by(home);
        let event = refused(
            &site,
            cloud,
            &direct.audience(AUDIENCE).mint(),
            403,
            500_213,
        );
        assert_eq!(who(&event), ["b2bDirectConnect", home, OWN_TENANT, "cloud"]);
    }
}

#[test]
fn every_bad_token_is_refused_with_its_code_and_reaches_no_app() {
    let site = Stage::new().open();
    for (fault, code) in [
        ("alg-none", 50_003),
        ("hs256-with-public-key", 50_003),
        ("unknown-kid", 50_003),
        ("unpublished-key", 50_003),
        ("own-jwk-header", 50_003),
        ("bad-signature", 50_006),
        ("expired", 500_133),
        ("not-yet-valid", 500_133),
        ("text-expiry", 50_027),
        ("duplicate-member", 50_027),
    ] {
        refused(&site, fault, &site.member().fault(fault).mint(), 401, code);
    }
    for (what, claims, code) in [
        ("wrong audience", json!({ "aud": "api://treasury" }), 50_010),
        (
            "audience in capitals",
            json!({ "aud": "API://payroll" }),
            50_010,
        ),
        ("no audience", json!({ "aud": null }), 50_027),
        ("no expiry", json!({ "exp": null }), 50_027),
        ("no user", json!({ "sub": null, "oid": null }), 50_027),
        ("no tenant", json!({ "tid": null }), 50_027),
        ("tenant against issuer", json!({ "tid": WINGTIP }), 50_013),
        ("malformed object id", json!({ "oid": "ada" }), 50_013),
        ("two clients", json!({ "appid": WINGTIP }), 50_013),
        ("empty identity provider", json!({ "idp": "" }), 50_013),
        (
            "unproven possession",
            json!({ "cnf": { "jkt": "x" } }),
            50_013,
        ),
        ("an ID token", json!({ "nonce": "n" }), 50_027),
        ("version against issuer", json!({ "ver": "1.0" }), 50_013),
    ] {
        refused(&site, what, &site.member().claims(claims).mint(), 401, code);
    }
    let order = site.member().key("consumers");
    refused(&site, "a key of another tenant", &order.mint(), 401, 50_003);
    let third = json!({ "idp": format!("https://sts.windows.net/{OWN_TENANT}/") });
    let order = site.direct().claims(third);
    refused(
        &site,
        "a partner that speaks for us",
        &order.mint(),
        401,
        50_013,
    );
    for not_a_token in ["x", "a.b", "a.b.c.d", &"x".repeat(20_000)] {
        refused(&site, "not a JWT", not_a_token, 401, 50_027);
    }
    assert_eq!(site.upstream.requests(), 0);
}

#[test]
fn an_unknown_critical_header_is_refused() {
    let site = Stage::new().open();
    let token = site.member().fault("unknown-critical-header").mint();
    let (answer, _) = site.ask(site.payroll("/").bearer(&token));
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(site.upstream.requests(), 0);
}

#[test]
fn a_refused_token_is_told_no_more_than_rfc_6750_says() {
    let site = Stage::new().open();
    let (answer, _) = site.ask(site.payroll("/"));
    assert_eq!(answer.status, 401);
    let challenges = answer.header_values("www-authenticate");
    assert!(challenges[0].starts_with("Bearer"), "{challenges:?}");
    assert_eq!(
        challenge(&answer, "error"),
        None,
        "nothing was sent, so nothing is wrong"
    );
    let metadata = challenge(&answer, "resource_metadata").unwrap();
    let path = metadata
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let document = site.payroll(path.unwrap()).send();
    assert_eq!(document.status, 200, "{metadata}: {document:?}");
    assert!(document.json()["resource"].is_string());
    assert!(document.json()["authorization_servers"].is_array());

    let expired = site.member().fault("expired").mint();
    let (answer, event) = site.ask(site.payroll("/").bearer(&expired));
    assert_eq!(challenge(&answer, "error"), Some("invalid_token"));
    assert!(event["status"]["failureReason"].is_string(), "{event:#}");
    assert!(!answer.text().contains(OWN_TENANT), "{}", answer.text());
}

#[test]
fn a_policy_refusal_is_problem_json_and_names_no_rule() {
    let site = Stage::new().open();
    let token = site.direct().mint();
    let (answer, event) = site.ask(site.payroll("/").bearer(&token));
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let problem = answer.json();
    for member in ["type", "title", "timestamp"] {
        assert!(problem[member].is_string(), "{member}: {problem}");
    }
    assert_eq!(problem["status"], 403);
    assert!(problem["code"].to_string().contains("500213"), "{problem}");
    assert_eq!(problem["correlationId"], event["correlationId"]);
    assert!(!answer.text().contains("b2bDirectConnect"), "{problem}");

    let browser = site.payroll("/").bearer(&token);
    let (answer, _) =
        site.ask(browser.header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"));
    assert_eq!(answer.status, 403);
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("text/html"), "{kind}");
}

#[test]
fn an_mfa_claim_counts_only_where_it_is_trusted() {
    let site = Stage::new()
        .policy("conditional-access/guests.json", &guests_need_mfa())
        .open();
    let token = site.guest().claims(json!({ "amr": ["pwd", "mfa"] })).mint();
    let (answer, event) = site.ask(site.payroll("/").bearer(&token));
    assert_eq!(
        (answer.status, &event["status"]["errorCode"]),
        (401, &json!(50_076))
    );
    assert_eq!(event["crossgate"]["step"], "conditional_access");
    assert_eq!(event["conditionalAccessStatus"], "failure");
    assert_eq!(challenge(&answer, "error"), Some("insufficient_claims"));
    let claims = challenge(&answer, "claims").unwrap();
    assert!(from_base64(claims)["access_token"].is_object(), "{claims}");

    let trusting = partner(
        WINGTIP,
        json!({ "inboundTrust": { "isMfaAccepted": true } }),
    );
    site.change_policy("partners/wingtip.json", &trusting);
    let event = admitted(&site, "trusted", &token);
    assert_eq!(event["conditionalAccessStatus"], "success");
    refused(&site, "no MFA", &site.guest().mint(), 401, 50_076);
}

#[test]
fn a_step_up_at_another_provider_speaks_rfc_9470() {
    let trusting = partner(
        FABRIKAM,
        json!({ "b2bDirectConnectInbound": everyone(), "inboundTrust": { "isMfaAccepted": true } }),
    );
    let site = Stage::new()
        .policy("partners/fabrikam.json", &trusting)
        .policy("conditional-access/guests.json", &guests_need_mfa())
        .open();
    let without = site
        .fabrikam
        .user_token("ada", AUDIENCE, &json!({ "amr": ["pwd"] }));
    let (answer, event) = site.ask(site.payroll("/").bearer(&without));
    assert_eq!(
        (answer.status, &event["status"]["errorCode"]),
        (401, &json!(50_076))
    );
    let challenges = answer.header_values("www-authenticate").join("\n");
    assert!(
        challenges.contains("error=\"insufficient_user_authentication\""),
        "{challenges}"
    );
    assert!(challenges.contains("acr_values="), "{challenges}");
    let with = site
        .fabrikam
        .user_token("ada", AUDIENCE, &json!({ "amr": ["pwd", "mfa"] }));
    admitted(&site, "with MFA", &with);
}

#[test]
fn an_unknown_host_is_not_found() {
    let site = Stage::new().open();
    let token = site.member().mint();
    let stranger =
        crossgate_testkit::curl::Curl::get(site.gateway.proxy(), "nowhere.contoso.com", "/");
    let (answer, event) = site.ask(stranger.bearer(&token));
    assert_eq!(
        (answer.status, &event["status"]["errorCode"]),
        (404, &json!(0))
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(site.upstream.requests(), 0);
}
