//! Who may do what with the admin API: every role and every scope against every route, guests, groups, foreign tokens and protected actions.

use crate::site::admin::{
    ADMIN_AUDIENCE, ALL_SCOPES, DEFAULT, GLOBAL_ADMINISTRATOR, PARTNERS, SECURITY_READER,
};
use crate::site::line::Line;
use crate::site::roles::{Inspector, default, wingtip};
use crate::site::{
    AUDIENCE, FABRIKAM, Site, Stage, WINGTIP, challenge, everyone, from_base64, nobody, partner,
};
use crossgate_control::roles::{Action, ActionSet, BuiltInRole, Scope};
use crossgate_testkit::gateway::OWN_TENANT;
use serde_json::{Value, json};

const GUEST: &str = "0b0e0000-0000-4000-8000-00000000000c";
const GROUP: &str = "0b0e0000-0000-4000-8000-00000000000d";

/// A policy with a partner.
fn open() -> Site {
    let site = Stage::new().with_store().with_sign_in().open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let made = site.send(&token, "POST", PARTNERS, &partner(WINGTIP, json!({})));
    assert_eq!(made.status, 201, "{made:?}");
    site
}

#[test]
fn every_role_may_do_what_its_actions_say_on_every_route_and_nothing_else() {
    let site = Stage::new().with_store().with_sign_in().open();
    let mut inspector = Inspector::new(&site);
    let mut calls = 0;
    let (mut denied, mut permitted) = (0, 0);
    for (count, role) in BuiltInRole::ALL.iter().enumerate() {
        let id = role.id().to_string();
        let user = inspector.fresh();
        let claims = if role.is_of_entra() {
            json!({ "oid": user, "wids": [id], "scp": ALL_SCOPES })
        } else {
            inspector.assign(&id, &user);
            // Crossgate's own roles are no claim of Entra's.
            json!({ "oid": user, "scp": ALL_SCOPES })
        };
        let token = site.caller(claims);
        let tally = inspector.try_all(role.display_name(), &token, role.actions(), count % 2 == 1);
        if *role == BuiltInRole::GlobalAdministrator {
            assert_eq!(tally.denied, 0);
            // So that what others are denied would have worked.
            assert!(tally.failed.is_empty(), "{}", tally.failed.join("\n"));
            calls = tally.permitted;
        } else {
            assert!(tally.denied > 0 && tally.permitted > 0, "{role:?}");
        }
        denied += tally.denied;
        permitted += tally.permitted;
    }
    let few = [Action::PartnersCreate, Action::PartnersRead];
    let many: Vec<_> = Action::ALL.to_vec();
    let customs = [
        ("creates partners", true, few.as_slice()),
        ("disabled", false, many.as_slice()),
    ];
    for (name, enabled, actions) in customs {
        let id = inspector.role(enabled, actions);
        let user = inspector.fresh();
        inspector.assign(&id, &user);
        // A custom role is no claim of Entra's either.
        let token = site.caller(json!({ "oid": user, "wids": [id], "scp": ALL_SCOPES }));
        let held = if enabled {
            ActionSet::of(actions)
        } else {
            ActionSet::EMPTY
        };
        let tally = inspector.try_all(name, &token, held, false);
        denied += tally.denied;
        permitted += tally.permitted;
    }
    assert_eq!(denied + permitted, calls * (BuiltInRole::ALL.len() + 2));
    eprintln!("{calls} calls of each role; {denied} denied, {permitted} permitted");
}

#[test]
fn every_scope_permits_what_it_is_for_on_every_route_and_nothing_else() {
    let site = Stage::new().with_store().with_sign_in().open();
    let mut inspector = Inspector::new(&site);
    for (count, scope) in Scope::ALL.iter().enumerate() {
        let claims = json!({
            "oid": inspector.fresh(), "wids": [GLOBAL_ADMINISTRATOR], "scp": scope.name(),
        });
        let token = site.caller(claims);
        let tally = inspector.try_all(scope.name(), &token, scope.permits(), count % 2 == 0);
        assert!(tally.denied > 0 && tally.permitted > 0, "{scope:?}");
    }
}

#[test]
fn an_application_may_do_what_its_permissions_are_for_on_every_route_and_nothing_else() {
    let site = Stage::new().with_store().with_sign_in().open();
    let mut inspector = Inspector::where_inviters_are(&site, "adminsGuestInvitersAndAllMembers");
    let app = |roles: &[&str], more: Value| {
        let order = site.mint.token("app-only").issued_by(OWN_TENANT);
        let order = order
            .audience(ADMIN_AUDIENCE)
            .claims(json!({ "roles": roles }));
        order.claims(more).mint()
    };
    for (count, scope) in Scope::ALL.iter().enumerate() {
        let token = app(&[scope.name()], json!({}));
        let tally = inspector.try_all(scope.name(), &token, scope.permits(), count % 2 == 1);
        assert!(tally.denied > 0 && tally.permitted > 0, "{scope:?}");
    }
    // Roles are for people, and a foreign permission for another API.
    let none = app(
        &["Reports.Read", "policy.read.all"],
        json!({ "wids": [GLOBAL_ADMINISTRATOR] }),
    );
    inspector.try_all("no permission", &none, ActionSet::EMPTY, false);
}

#[test]
fn a_role_without_a_scope_is_denied_and_a_scope_without_a_role_is_denied() {
    let site = open();
    let path = format!("{PARTNERS}/{WINGTIP}");
    let change = json!({ "b2bCollaborationInbound": nobody() });
    let denied = |token: &str, what: &str| {
        let read = site.graph(token, "GET", &path).send();
        let changed = site.send_meaning_it(token, "PATCH", &path, &change);
        for answer in [&read, &changed] {
            assert_eq!(answer.status, 403, "{what}\n{answer:?}");
            let code = answer.json()["error"]["code"].clone();
            assert_eq!(code, "Authorization_RequestDenied", "{what}");
        }
        read.json()["error"]["message"].as_str().unwrap().to_owned()
    };
    let no_scope = site.caller(json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": "openid profile" }));
    let message = denied(&no_scope, "a role without a scope");
    assert!(message.contains("scope"), "{message}");
    let no_role = site.caller(json!({ "scp": ALL_SCOPES }));
    let message = denied(&no_role, "a scope without a role");
    assert!(message.contains("a role with"), "{message}");
    // A user's `roles` are no scopes.
    let roles: Vec<_> = ALL_SCOPES.split_whitespace().collect();
    let claims = json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": "openid", "roles": roles });
    denied(&site.caller(claims), "roles of a user");
    let both = site.caller(json!({ "wids": [SECURITY_READER], "scp": "Policy.Read.All" }));
    assert_eq!(site.graph(&both, "GET", &path).send().status, 200);
    let refused = site.send_meaning_it(&both, "PATCH", &path, &change);
    assert_eq!(refused.status, 403, "{refused:?}");
}

#[test]
fn a_guest_has_the_roles_that_are_assigned_to_it_and_none_of_its_token() {
    let site = open();
    let mut inspector = Inspector::new(&site);
    let guest = |claims: Value| {
        let order = site.mint.token("b2b-guest").issued_by(OWN_TENANT);
        let order = order.home(WINGTIP).audience(ADMIN_AUDIENCE).claims(json!({
            "oid": GUEST, "scp": ALL_SCOPES, "wids": [GLOBAL_ADMINISTRATOR], "groups": [GROUP],
        }));
        order.claims(claims).mint()
    };
    let token = guest(json!({}));
    let mut line = Line::open(site.gateway.admin());
    let body = json!({ "b2bCollaborationInbound": everyone() }).to_string();
    let mut both = |token: &str| {
        let read = line.call(token, "GET", &wingtip(), "");
        let changed = line.call(token, "PATCH", &wingtip(), &body);
        (read.status, changed.status)
    };
    assert_eq!(both(&token), (403, 403), "by its token");
    // Of a group that may be one of the guest's home.
    inspector.assign(GLOBAL_ADMINISTRATOR, GROUP);
    assert_eq!(both(&token), (403, 403), "by a group");
    inspector.try_all("a guest", &token, ActionSet::EMPTY, false);
    inspector.assign(SECURITY_READER, GUEST);
    assert_eq!(both(&token), (200, 403), "the role it was given");
    let held = BuiltInRole::SecurityReader.actions();
    let tally = inspector.try_all("a guest who reads", &token, held, true);
    assert!(tally.denied > 0 && tally.permitted > 0);
    // Whoever is a guest is one, whatever `acct` says.
    let claimed = guest(json!({ "oid": inspector.fresh(), "acct": 0 }));
    assert_eq!(both(&claimed), (403, 403), "a member elsewhere");
}

#[test]
fn a_role_of_a_group_holds_for_its_members_and_ends_on_the_call_after_the_assignment() {
    let site = open();
    let mut inspector = Inspector::new(&site);
    let member = site.caller(json!({ "scp": ALL_SCOPES, "groups": [GROUP] }));
    let other = inspector.fresh();
    let stranger = site.caller(json!({ "scp": ALL_SCOPES, "groups": [other] }));
    let admin = site.administrator(GLOBAL_ADMINISTRATOR);
    let mut line = Line::open(site.gateway.admin());
    for round in 0..10 {
        let denied = line.call(&member, "GET", &wingtip(), "");
        assert_eq!(denied.status, 403, "round {round}: {denied:?}");
        let assignment = inspector.assign(SECURITY_READER, GROUP);
        let read = line.call(&member, "GET", &wingtip(), "");
        assert_eq!(read.status, 200, "round {round}: {read:?}");
        let changed = line.call(&member, "PATCH", &wingtip(), r#"{"inboundTrust":null}"#);
        assert_eq!(changed.status, 403, "round {round}: {changed:?}");
        let strange = line.call(&stranger, "GET", &wingtip(), "");
        assert_eq!(strange.status, 403, "round {round}: {strange:?}");
        let path = format!("v1.0/{}/{assignment}", crate::site::roles::ASSIGNMENTS);
        let gone = line.call(&admin, "DELETE", &path, "");
        assert_eq!(gone.status, 204, "round {round}: {gone:?}");
    }
    assert_eq!(line.call(&member, "GET", &wingtip(), "").status, 403);
    // The same where the role itself is switched off.
    let role = inspector.role(true, &[Action::PartnersRead]);
    inspector.assign(&role, GROUP);
    assert_eq!(line.call(&member, "GET", &wingtip(), "").status, 200);
    let path = format!("v1.0/{}/{role}", crate::site::roles::DEFINITIONS);
    let off = line.call(&admin, "PATCH", &path, r#"{"isEnabled":false}"#);
    assert_eq!(off.status, 204, "{off:?}");
    assert_eq!(line.call(&member, "GET", &wingtip(), "").status, 403);
}

/// Reads and changes with each of these tokens, which must be answered with this status and change nothing.
#[track_caller]
fn try_to_change(
    site: &Site,
    inspector: &mut Inspector<'_>,
    tokens: &[(&str, String)],
    status: u16,
) {
    let before = (inspector.everything(), inspector.records("success"));
    let mut line = Line::open(site.gateway.admin());
    let shut = json!({ "b2bCollaborationInbound": nobody() }).to_string();
    let batch = json!({ "requests": [
        { "id": "1", "method": "DELETE", "url": format!("/{PARTNERS}/{WINGTIP}") },
    ] });
    let batch = batch.to_string();
    for (what, token) in tokens {
        for (method, path, body) in [
            ("GET", wingtip(), ""),
            ("PATCH", wingtip(), &*shut),
            ("PATCH", default(), &*shut),
            ("DELETE", wingtip(), ""),
            ("POST", "v1.0/$batch".to_owned(), &*batch),
        ] {
            let told = line.call(token, method, &path, body);
            let error = told.json()["error"].clone();
            let challenge = told.headers.get("www-authenticate");
            let right = match status {
                401 => {
                    error["code"] == "InvalidAuthenticationToken"
                        && challenge.is_some_and(|value| value.starts_with("Bearer"))
                }
                _ => {
                    let message = error["message"].as_str().unwrap_or_default();
                    error["code"] == "Authorization_RequestDenied"
                        && message.contains("the organization's own policy")
                }
            };
            assert!(
                told.status == status && right,
                "{what}: {method} {path}\n{told:?}"
            );
        }
    }
    let after = (inspector.everything(), inspector.records("success"));
    assert_eq!(before, after);
}

#[test]
fn a_token_that_is_not_for_this_api_is_none_and_changes_nothing() {
    let site = open();
    let mut inspector = Inspector::new(&site);
    let claims = json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": ALL_SCOPES });
    let member = || site.mint.token("member").issued_by(OWN_TENANT);
    let own = || member().audience(ADMIN_AUDIENCE).claims(claims.clone());
    let foreign = |kind| {
        let order = site.mint.token(kind).issued_by(WINGTIP);
        order.audience(ADMIN_AUDIENCE).claims(claims.clone())
    };
    let app = site.mint.token("app-only").issued_by(WINGTIP);
    let app = app.audience(ADMIN_AUDIENCE);
    let roles: Vec<_> = ALL_SCOPES.split_whitespace().collect();
    let foreign = [
        ("another tenant's member", foreign("member").mint()),
        ("direct connect", foreign("direct-connect").mint()),
    ];
    let foreign_app = [(
        "another tenant's app",
        app.claims(json!({ "roles": roles })).mint(),
    )];
    let guest = site.mint.token("b2b-guest").issued_by(WINGTIP);
    let guest = guest.home(FABRIKAM).audience(ADMIN_AUDIENCE);
    let tokens = [
        (
            "another tenant's guest",
            guest.claims(claims.clone()).mint(),
        ),
        (
            "another tenant's claim",
            own().claims(json!({ "tid": FABRIKAM })).mint(),
        ),
        (
            "an app's audience",
            member().audience(AUDIENCE).claims(claims.clone()).mint(),
        ),
        (
            "Graph's audience",
            own().audience("https://graph.microsoft.com").mint(),
        ),
        ("expired", own().fault("expired").mint()),
        ("not yet valid", own().fault("not-yet-valid").mint()),
        ("unsigned", own().fault("alg-none").mint()),
        (
            "signed with the public key",
            own().fault("hs256-with-public-key").mint(),
        ),
        ("signed by itself", own().fault("own-jwk-header").mint()),
        ("signed badly", own().fault("bad-signature").mint()),
        ("no token's form", "x".to_owned()),
        ("none", String::new()),
    ];
    // Whatever the policy says of other organizations.
    try_to_change(&site, &mut inspector, &foreign, 401);
    let admin = site.administrator(GLOBAL_ADMINISTRATOR);
    let body = json!({ "b2bDirectConnectInbound": everyone() });
    let opened = site.send_meaning_it(&admin, "PATCH", DEFAULT, &body);
    assert_eq!(opened.status, 204, "{opened:?}");
    try_to_change(&site, &mut inspector, &foreign, 401);
    try_to_change(&site, &mut inspector, &foreign_app, 401);
    try_to_change(&site, &mut inspector, &tokens, 401);
    let mut line = Line::open(site.gateway.admin());
    // The same claims of our own do it.
    assert_eq!(line.call(&own().mint(), "GET", &wingtip(), "").status, 200);
}

#[test]
fn protected_actions_are_done_by_those_who_have_met_the_authentication_context() {
    let stage = Stage::new()
        .with_store()
        .section("admin", "protected_actions_context = \"c1\"");
    let site = stage.open();
    let with = |acrs: Value| {
        let claims = json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": ALL_SCOPES, "acrs": acrs });
        site.caller(claims)
    };
    let (plain, met) = (with(Value::Null), with(json!(["c1"])));
    let made = site.send(&met, "POST", PARTNERS, &partner(WINGTIP, json!({})));
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("{PARTNERS}/{WINGTIP}");
    let before = site.read(&plain, &path);
    let shut = json!({ "b2bCollaborationInbound": nobody() });
    for token in [&plain, &with(json!(["c2"])), &with(json!(["c10", "C2"]))] {
        let refused = site.send_meaning_it(token, "PATCH", &path, &shut);
        assert_eq!(refused.status, 403, "{refused:?}");
        let code = refused.json()["error"]["code"].clone();
        assert_eq!(code, "Authorization_RequestDenied");
        assert_eq!(challenge(&refused, "error"), Some("insufficient_claims"));
        let claims = from_base64(challenge(&refused, "claims").unwrap());
        let acrs = json!({ "essential": true, "value": "c1" });
        assert_eq!(claims, json!({ "access_token": { "acrs": acrs } }));
        assert_eq!(site.read(&plain, &path), before);
    }
    let failures = format!(
        "{}?$filter=result%20eq%20'failure'",
        crate::site::admin::AUDITS
    );
    let failures = site.read(&plain, &failures)["value"].clone();
    assert_eq!(failures.as_array().unwrap().len(), 3, "{failures:#}");
    // Who is denied for want of a role is not sent to sign in again.
    let reader = site.administrator(SECURITY_READER);
    let denied = site.send_meaning_it(&reader, "PATCH", &path, &shut);
    assert_eq!(denied.status, 403, "{denied:?}");
    assert_eq!(challenge(&denied, "error"), None);
    let renamed = json!({ "displayName": "Renamed" });
    let policy = "policies/crossTenantAccessPolicy";
    let done = site.send(&plain, "PATCH", policy, &renamed);
    assert_eq!(done.status, 204, "not protected: {done:?}");
    let both = json!({ "displayName": "Again", "allowedCloudEndpoints": [] });
    let refused = site.send_meaning_it(&plain, "PATCH", policy, &both);
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(site.read(&plain, policy)["displayName"], "Renamed");
    let done = site.send_meaning_it(&met, "PATCH", &path, &shut);
    assert_eq!(done.status, 204, "{done:?}");
    assert_eq!(
        site.read(&plain, &path)["b2bCollaborationInbound"],
        nobody()
    );
    // An application cannot sign in again.
    let app = site.mint.token("app-only").issued_by(OWN_TENANT);
    let app = app.audience(ADMIN_AUDIENCE);
    let app = app.claims(json!({ "roles": ["Policy.ReadWrite.CrossTenantAccess"] }));
    let refused = site.send_meaning_it(&app.mint(), "PATCH", &path, &shut);
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(challenge(&refused, "error"), None);
}

#[test]
fn a_member_takes_its_action_however_the_body_is_written() {
    let site = open();
    let mut inspector = Inspector::new(&site);
    let role = inspector.role(
        true,
        &[
            Action::PartnersRead,
            Action::PartnersB2bCollaborationUpdate,
            Action::PartnersCreate,
        ],
    );
    let user = inspector.fresh();
    inspector.assign(&role, &user);
    let token = site.caller(json!({ "oid": user, "scp": ALL_SCOPES }));
    let mut line = Line::open(site.gateway.admin());
    let (open, shut) = (everyone(), nobody());
    let before = inspector.everything();
    for (status, body) in [
        (403, format!(r#"{{"tenantRestrictions":{open}}}"#)),
        (403, format!(r#"{{"tenantRestr\u0069ctions":{open}}}"#)),
        (
            403,
            format!(r#"{{"@odata.type":"x","tenantRestrictions":{open}}}"#),
        ),
        (
            403,
            format!(r#"{{"b2bCollaborationInbound":{shut},"tenantRestrictions":null}}"#),
        ),
        (
            403,
            format!(r#"{{"b2bCollaborationInbound":{shut},"b2bDirectConnectOutbound":{open}}}"#),
        ),
        (400, format!(r#"{{"TenantRestrictions":{open}}}"#)),
        (
            400,
            format!(r#"{{"tenantRestrictions":{open},"tenantRestrictions":{open}}}"#),
        ),
        (400, format!("\u{feff}{{\"tenantRestrictions\":{open}}}")),
        (400, format!(r#"[{{"tenantRestrictions":{open}}}]"#)),
        (400, format!(r#"{{"tenantRestrictions":{open}}} {{}}"#)),
    ] {
        let told = line.call(&token, "PATCH", &wingtip(), &body);
        assert_eq!(told.status, status, "{body}\n{told:?}");
    }
    // Nor does another way to the same call help.
    let body = json!({ "tenantRestrictions": open });
    let batch = json!({ "requests": [
        { "id": "1", "method": "PATCH", "url": format!("/{PARTNERS}/{WINGTIP}"), "body": body,
          "headers": { "Content-Type": "application/json" } },
        { "id": "2", "method": "PATCH", "url": format!("/{PARTNERS}/{WINGTIP}"), "body": body,
          "headers": { "Content-Type": "application/json", "Authorization": "Bearer x" } },
    ] });
    let told = line.call(&token, "POST", "v1.0/$batch", &batch.to_string());
    assert_eq!(told.status, 200, "{told:?}");
    for response in told.json()["responses"].as_array().unwrap() {
        assert_eq!(response["status"], 403, "{response}");
    }
    for path in [
        format!("v1.0/{}/", PARTNERS.to_uppercase()),
        "v1.0/policies/crossTenantAccessPolicy/p%61rtners".to_owned(),
    ] {
        let path = format!("{}/{WINGTIP}", path.trim_end_matches('/'));
        let told = line.call(&token, "PATCH", &path, &body.to_string());
        assert_eq!(told.status, 403, "{path}\n{told:?}");
    }
    assert_eq!(inspector.everything(), before);
    let body = format!(r#"{{"b2bCollaborationInbound":{shut}}}"#);
    assert_eq!(line.call(&token, "PATCH", &wingtip(), &body).status, 204);
}
