//! Policy as it changes under way, and the routes to other organisations.

use crate::site::load::Client;
use crate::site::{
    PAYROLL_HOST, POLICY_ID, PORTAL_AUDIENCE, Site, Stage, TAILSPIN, WINGTIP, everyone,
    guests_need_mfa, nobody, partner,
};
use crossgate_testkit::curl::Curl;
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::upstream::header_values;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(10);
const POLICY_HEADER: &str = "sec-Restrict-Tenant-Access-Policy";

/// One of ours on the way out.
fn outbound(site: &Site) -> Curl {
    let token = site.member().audience(PORTAL_AUDIENCE).mint();
    site.portal("/").bearer(&token)
}

/// Somebody else's account on the way out.
fn foreign(site: &Site) -> Curl {
    let token = site.direct().audience(PORTAL_AUDIENCE).mint();
    site.portal("/").bearer(&token)
}

fn open_outbound() -> Value {
    partner(TAILSPIN, json!({ "b2bDirectConnectOutbound": everyone() }))
}

#[test]
fn our_people_go_out_only_where_outbound_access_is_open() {
    let site = Stage::new().open();
    let event = site.expect("closed", outbound(&site), 403, 500_212);
    assert_eq!(event["crossgate"]["step"], "outbound");
    assert_eq!(event["crossTenantAccessType"], "b2bDirectConnect");
    assert_eq!(
        (&event["homeTenantId"], &event["resourceTenantId"]),
        (&json!(OWN_TENANT), &json!(TAILSPIN))
    );
    site.change_policy("partners/tailspin.json", &open_outbound());
    site.expect("open", outbound(&site), 200, 0);
}

#[test]
fn foreign_accounts_are_restricted_on_our_network_whatever_else_is_open() {
    let open = partner(
        WINGTIP,
        json!({
            "b2bCollaborationInbound": everyone(), "b2bCollaborationOutbound": everyone(),
            "b2bDirectConnectInbound": everyone(), "b2bDirectConnectOutbound": everyone(),
        }),
    );
    let site = Stage::new().policy("partners/wingtip.json", &open).open();
    let event = site.expect("restricted", foreign(&site), 403, 5_000_211);
    assert_eq!(event["crossgate"]["step"], "tenant_restrictions");
    assert_eq!(event["isTenantRestricted"], true);
    assert_eq!(
        (&event["homeTenantId"], &event["resourceTenantId"]),
        (&json!(WINGTIP), &json!(TAILSPIN))
    );
    site.change_policy(
        "partners/wingtip.json",
        &partner(WINGTIP, json!({ "tenantRestrictions": everyone() })),
    );
    site.expect("allowed", foreign(&site), 200, 0);
}

#[test]
fn an_unmanaged_route_restricts_only_where_the_header_says_so() {
    let site = Stage::new().portal("managed = false").open();
    let event = site.expect("inert", foreign(&site), 200, 0);
    assert_ne!(event["isTenantRestricted"], true);
    let named = foreign(&site).header(POLICY_HEADER, &format!("{OWN_TENANT}:{POLICY_ID}"));
    site.expect("in force", named, 403, 5_000_211);
}

#[test]
fn restriction_headers_are_read_strictly() {
    let site = Stage::new().open();
    let token = site.member().mint();
    let ask = |headers: &[(&str, &str)]| {
        headers.iter().fold(
            site.payroll("/").bearer(&token),
            |request, (name, value)| request.header(name, value),
        )
    };
    let foreign_policy = format!("{OWN_TENANT}:{WINGTIP}");
    let own_policy = format!("{OWN_TENANT}:{POLICY_ID}");
    for (what, headers, status, code) in [
        (
            "policy that is none",
            vec![(POLICY_HEADER, "contoso.com")],
            400,
            9_002_313,
        ),
        (
            "list without context",
            vec![("Restrict-Access-To-Tenants", "contoso.com")],
            400,
            9_002_313,
        ),
        (
            "context without list",
            vec![("Restrict-Access-Context", OWN_TENANT)],
            400,
            9_002_313,
        ),
        (
            "two policies",
            vec![
                (POLICY_HEADER, own_policy.as_str()),
                (POLICY_HEADER, &own_policy),
            ],
            400,
            9_002_313,
        ),
        (
            "list that names us",
            vec![
                ("Restrict-Access-To-Tenants", " fabrikam.com, CONTOSO.com"),
                ("Restrict-Access-Context", WINGTIP),
            ],
            200,
            0,
        ),
        (
            "list that does not name us",
            vec![
                ("Restrict-Access-To-Tenants", "fabrikam.com"),
                ("Restrict-Access-Context", WINGTIP),
            ],
            403,
            500_021,
        ),
        (
            "our policy",
            vec![(POLICY_HEADER, own_policy.as_str())],
            200,
            0,
        ),
        (
            "restrict-msa and a member",
            vec![(POLICY_HEADER, "restrict-msa")],
            200,
            0,
        ),
        // Wrong for everyone but our own accounts.
        (
            "another policy of ours and a member",
            vec![(POLICY_HEADER, foreign_policy.as_str())],
            200,
            0,
        ),
    ] {
        site.expect(what, ask(&headers), status, code);
    }
    let guest = site.guest().mint();
    let request = site
        .payroll("/")
        .bearer(&guest)
        .header(POLICY_HEADER, &foreign_policy);
    site.expect(
        "another policy of ours and a guest",
        request,
        403,
        1_000_108,
    );
    let account = site
        .mint
        .token("microsoft-account-guest")
        .issued_by(OWN_TENANT);
    let account = account.audience(crate::site::AUDIENCE).mint();
    let request = site
        .payroll("/")
        .bearer(&account)
        .header(POLICY_HEADER, "restrict-msa");
    site.expect(
        "restrict-msa and a Microsoft account",
        request,
        403,
        500_022,
    );
}

#[test]
fn the_egress_listener_replaces_what_the_client_sent_as_restriction() {
    let names = [
        POLICY_HEADER,
        "Restrict-Access-To-Tenants",
        "Restrict-Access-Context",
    ];
    let own = format!("{OWN_TENANT}:{POLICY_ID}");
    for (inject, expected) in [("false", vec![]), ("true", vec![own.as_str()])] {
        let site = Stage::new()
            .portal(&format!("inject = {inject}"))
            .policy("partners/tailspin.json", &open_outbound())
            .open();
        let request = outbound(&site)
            .header(POLICY_HEADER, &own)
            .header("Restrict-Access-To-Tenants", TAILSPIN)
            .header("Restrict-Access-Context", OWN_TENANT);
        for request in [request, outbound(&site)] {
            let (answer, _) = site.ask(request);
            assert_eq!(answer.status, 200, "{answer:?}");
            let told = answer.json();
            let policies = header_values(&told, names[0]);
            assert!(
                policies
                    .iter()
                    .map(|value| value.to_ascii_lowercase())
                    .eq(expected.iter().copied()),
                "{told}"
            );
            assert!(header_values(&told, names[1]).is_empty(), "{told}");
            assert!(header_values(&told, names[2]).is_empty(), "{told}");
        }
    }
}

#[test]
fn report_only_forwards_and_records_what_would_have_been() {
    let site = Stage::new()
        .section("policy", "enforcement = \"report-only\"")
        .open();
    let token = site.direct().mint();
    let event = site.expect("reported", site.payroll("/").bearer(&token), 200, 500_213);
    assert_eq!(event["crossgate"]["enforcement"], "report-only");
    assert_eq!(event["crossgate"]["step"], "inbound");
    let expired = site.direct().fault("expired").mint();
    site.expect(
        "a bad token is never reported only",
        site.payroll("/").bearer(&expired),
        401,
        500_133,
    );
}

#[test]
fn a_changed_file_binds_on_the_next_request() {
    let site = Stage::new().open();
    let token = site.guest().mint();
    site.expect("before", site.payroll("/").bearer(&token), 200, 0);
    let blocked = partner(WINGTIP, json!({ "b2bCollaborationInbound": nobody() }));
    site.change_policy("partners/wingtip.json", &blocked);
    site.expect("after", site.payroll("/").bearer(&token), 403, 500_213);
}

#[test]
fn a_revocation_binds_on_the_next_request() {
    let site = Stage::new().open();
    let user = "eeeeeeee-0000-4000-8000-000000000001";
    let token = site.member().claims(json!({ "oid": user })).mint();
    let other = site.member().mint();
    site.expect("before", site.payroll("/").bearer(&token), 200, 0);
    let revoked = json!({ "kind": "user", "id": user, "notBefore": "2100-01-01T00:00:00Z" });
    site.change_policy("revocations.jsonl", &revoked);
    site.expect("the revoked", site.payroll("/").bearer(&token), 401, 50_173);
    site.expect("another", site.payroll("/").bearer(&other), 200, 0);
}

#[test]
fn sighup_takes_up_a_changed_configuration() {
    let site = Stage::new().open();
    let token = site.member().mint();
    site.expect("before", site.payroll("/").bearer(&token), 200, 0);
    site.gateway
        .rewrite_config(|config| config.replace(crate::site::AUDIENCE, "api://renamed"));
    site.gateway.reload();
    wait_for("the changed configuration", SOON, || {
        (site.payroll("/").bearer(&token).send().status == 401).then_some(())
    });
    let renamed = site.member().audience("api://renamed").mint();
    assert_eq!(site.payroll("/").bearer(&renamed).send().status, 200);
}

#[test]
fn a_bad_change_keeps_the_old_policy_and_is_counted() {
    let site = Stage::new()
        .policy(
            "partners/wingtip.json",
            &partner(WINGTIP, json!({ "b2bCollaborationInbound": nobody() })),
        )
        .open();
    let token = site.guest().mint();
    let reloads = || site.gateway.metric("crossgate_policy_reloads_total", &[]);
    // All users blocked while applications are not: one of the conflicts.
    let mut conflict = everyone();
    conflict["usersAndGroups"]["accessType"] = "blocked".into();
    for bad in [
        "{".to_owned(),
        json!({ "tenantId": WINGTIP, "b2bColaborationInbound": everyone() }).to_string(),
        partner(WINGTIP, json!({ "b2bCollaborationInbound": conflict })).to_string(),
    ] {
        let (generation, counted) = (site.gateway.generation(), reloads());
        site.gateway.write_policy("partners/wingtip.json", &bad);
        wait_for("a counted reload", SOON, || {
            (reloads() > counted).then_some(())
        });
        assert_eq!(site.gateway.generation(), generation, "{bad}");
        site.expect(
            "the old policy",
            site.payroll("/").bearer(&token),
            403,
            500_213,
        );
    }
    let counted = reloads();
    site.gateway
        .rewrite_config(|config| config.replace("[sign_ins]", "[sign_ins]\nunknown_key = 1"));
    site.gateway.reload();
    wait_for("a counted reload", SOON, || {
        (reloads() > counted).then_some(())
    });
    site.expect(
        "the old configuration",
        site.payroll("/").bearer(&token),
        403,
        500_213,
    );
}

#[test]
fn a_directory_replaced_as_a_whole_binds_and_is_watched_from_then_on() {
    let site = Stage::new().open();
    let token = site.guest().mint();
    site.expect("before", site.payroll("/").bearer(&token), 200, 0);
    let directory = site.gateway.directory();
    let (policy, new) = (directory.join("policy"), directory.join("policy-2"));
    let blocked = partner(WINGTIP, json!({ "b2bCollaborationInbound": nobody() }));
    std::fs::create_dir(&new).unwrap();
    std::fs::write(new.join("partners.json"), json!([blocked]).to_string()).unwrap();
    std::fs::rename(&policy, directory.join("policy-1")).unwrap();
    std::fs::rename(&new, &policy).unwrap();
    // An operator may be impatient, which must not cost the watch.
    site.gateway.reload();
    wait_for("the new directory", SOON, || {
        (site.payroll("/").bearer(&token).send().status == 403).then_some(())
    });
    site.change_policy("partners.json", &json!([]));
    site.expect("after", site.payroll("/").bearer(&token), 200, 0);
}

#[test]
fn a_directory_that_is_gone_keeps_the_old_policy_and_makes_no_noise() {
    let site = Stage::new()
        .policy(
            "partners/wingtip.json",
            &partner(WINGTIP, json!({ "b2bCollaborationInbound": nobody() })),
        )
        .open();
    let token = site.guest().mint();
    let directory = site.gateway.directory();
    let (policy, away) = (directory.join("policy"), directory.join("away"));
    let refused = || {
        let metric = "crossgate_policy_reloads_total";
        site.gateway.metric(metric, &["result=\"error\""])
    };
    std::fs::rename(&policy, &away).unwrap();
    wait_for("the refusal", SOON, || (refused() > 0.5).then_some(()));
    std::thread::sleep(Duration::from_secs(2));
    assert!(refused() < 5.5, "{} refusals", refused());
    let barred = site.payroll("/").bearer(&token);
    site.expect("the old policy", barred, 403, 500_213);
    std::fs::rename(&away, &policy).unwrap();
    site.change_policy("partners/wingtip.json", &partner(WINGTIP, json!({})));
    site.expect("back again", site.payroll("/").bearer(&token), 200, 0);
}

#[test]
fn another_own_tenant_is_refused_until_a_restart() {
    let site = Stage::new().open();
    let token = site.member().mint();
    let other = "99999999-1111-4111-8111-111111111111";
    site.gateway.rewrite_config(|config| {
        let own = format!("id = \"{}\"", crossgate_testkit::gateway::OWN_TENANT);
        config.replace(&own, &format!("id = \"{other}\""))
    });
    site.gateway.reload();
    wait_for("the refusal", SOON, || {
        site.gateway.log().contains("tenant.id").then_some(())
    });
    site.expect("as before", site.payroll("/").bearer(&token), 200, 0);
}

#[test]
fn a_bad_document_stops_the_start_and_is_named() {
    let mut site = Stage::new()
        .policy("partners/wingtip.json", &json!({ "tenantId": "contoso" }))
        .open_unready();
    let stopped = site.gateway.wait();
    assert_eq!(stopped.status.code(), Some(1), "{}", stopped.log);
    assert!(stopped.log.contains("wingtip.json"), "{}", stopped.log);
    assert!(stopped.log.contains("tenantId"), "{}", stopped.log);
}

/// Two policies that differ in two settings. Half of one and half of the other would give a third answer, a step-up.
#[test]
fn two_hundred_changes_under_load_are_each_obeyed_whole() {
    const CLIENTS: usize = 3;
    let shut = partner(WINGTIP, json!({ "b2bCollaborationInbound": nobody() })).to_string();
    let open = partner(
        WINGTIP,
        json!({ "b2bCollaborationInbound": everyone(), "inboundTrust": { "isMfaAccepted": true } }),
    )
    .to_string();
    let site = Stage::new()
        .section("sign_ins", "mode = \"first-then-count\"")
        .policy("conditional-access/guests.json", &guests_need_mfa())
        .policy(
            "partners/wingtip.json",
            &serde_json::from_str(&shut).unwrap(),
        )
        .open();
    let token = site.guest().claims(json!({ "amr": ["pwd", "mfa"] })).mint();
    let client = || Client::connect(site.gateway.proxy(), PAYROLL_HOST, "/status/200", &token);
    let over = AtomicBool::new(false);
    let mut answers = BTreeMap::new();

    std::thread::scope(|scope| {
        let load: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let mut client = client();
                let over = &over;
                scope.spawn(move || {
                    let mut answers = BTreeMap::<u16, usize>::new();
                    while !over.load(Ordering::Relaxed) {
                        let (status, _) = client.ask().unwrap();
                        *answers.entry(status).or_default() += 1;
                    }
                    answers
                })
            })
            .collect();

        let mut probe = client();
        let begun = Instant::now();
        for flip in 0..200 {
            let (document, status) = if flip % 2 == 0 {
                (&open, 200)
            } else {
                (&shut, 403)
            };
            let before = site.gateway.generation();
            site.gateway.write_policy("partners/wingtip.json", document);
            wait_for("the flip", SOON, || {
                (site.gateway.generation() != before).then_some(())
            });
            let (answered, body) = probe.ask().unwrap();
            assert_eq!(answered, status, "flip {flip}: {body}");
        }
        println!("200 flips in {:?}", begun.elapsed());
        over.store(true, Ordering::Relaxed);
        for client in load {
            for (status, count) in client.join().unwrap() {
                *answers.entry(status).or_default() += count;
            }
        }
    });
    assert!(answers.keys().eq([200, 403].iter()), "{answers:?}");

    let asked: usize = answers.values().sum::<usize>() + 200;
    let stopped = site.gateway.stop();
    let counted: u64 = stopped
        .events
        .iter()
        .filter_map(|event| event["crossgate"]["count"].as_u64())
        .sum();
    assert_eq!(counted, u64::try_from(asked).unwrap());
}
