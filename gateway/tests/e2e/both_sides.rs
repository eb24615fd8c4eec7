//! What takes both organisations: automatic redemption, and direct connect with a partner whose gateway publishes its side. Two gateways,
//! each of its own organisation; and publishers that lie.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::site::people::{Doors, Lobby};
use crate::site::{AUDIENCE, FABRIKAM, PAYROLL, POLICY_ID, Stage, everyone, nobody, partner};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossgate_testkit::curl::Curl;
use crossgate_testkit::gateway::{Gateway, OWN_TENANT, Setup};
use crossgate_testkit::programs::wait_for;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// Fabrikam's gateway, before an app of its own.
fn fabrikams_gateway(issuer: &str, published: &str) -> Gateway {
    Setup::new(env!("CARGO_BIN_EXE_crossgate"))
        .section(
            "tenant",
            &format!("id = \"{FABRIKAM}\"\nname = \"Fabrikam\"\ndomains = [\"fabrikam.com\"]"),
        )
        .entries(&format!(
            "[[issuer]]\nname = \"fabrikam\"\nkind = \"oidc\"\nissuer = \"{issuer}\"\ntenant = \"{FABRIKAM}\"\n\
             [[partner]]\ntenant = \"{OWN_TENANT}\"\nname = \"Contoso\"\n{published}\n\
             [[app]]\nid = \"{PAYROLL}\"\nname = \"Stock\"\nhosts = [\"localhost\"]\naudiences = [\"api://stock\"]\nupstreams = [\"http://127.0.0.1:9\"]\n"
        ))
        .start()
}

fn with_gateway(lobby: Lobby, gateway: &Gateway, more: &str) -> Lobby {
    let origin = format!("http://localhost:{}", gateway.proxy().port());
    lobby.configure(|setup| {
        setup.replacing(
            "name = \"Fabrikam\"\ndomains",
            &format!("name = \"Fabrikam\"\ngateway = \"{origin}\"\n{more}\ndomains"),
        )
    })
}

/// Waits until Contoso has read Fabrikam's side as it is now.
fn read_again(doors: &Doors) {
    let read = || {
        let labels = ["partner=\"Fabrikam\"", "result=\"success\""];
        let name = "crossgate_partner_side_refreshes_total";
        doors.gateway.metric(name, &labels)
    };
    let before = read();
    // The first of them may have been under way.
    wait_for("two readings", Duration::from_secs(40), || {
        (read() >= before + 2.0).then_some(())
    });
}

/// A document about the other organisation, in which consent is automatic or not, in and out.
fn consent(tenant: &str, inbound: bool, outbound: bool) -> Value {
    partner(
        tenant,
        json!({ "automaticUserConsentSettings": { "inboundAllowed": inbound, "outboundAllowed": outbound } }),
    )
}

#[test]
fn consent_is_not_asked_for_where_home_has_it_on_outbound_and_the_resource_inbound_and_in_no_other_of_all_combinations()
 {
    let lobby = Lobby::new();
    let theirs = fabrikams_gateway(lobby.fabrikam.issuer(), "publish = true");
    theirs.write_policy(
        "partners/contoso.json",
        &consent(OWN_TENANT, false, false).to_string(),
    );
    let doors = with_gateway(lobby, &theirs, "").with_store().open();
    let made = doors.admin(
        "POST",
        "policies/crossTenantAccessPolicy/partners",
        &consent(FABRIKAM, false, false),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/a"));
    doors.sign_in(&tab, "fabrikam", "frida@fabrikam.com");
    let flags = [false, true];
    let mut suppressed = Vec::new();
    for (home_in, home_out) in flags.map(|one| flags.map(|other| (one, other))).concat() {
        let before = theirs.generation();
        let document = consent(OWN_TENANT, home_in, home_out).to_string();
        theirs.write_policy("partners/contoso.json", &document);
        wait_for("Fabrikam's change", Duration::from_secs(10), || {
            let same = (home_in, home_out) == (false, false);
            (same || theirs.generation() != before).then_some(())
        });
        read_again(&doors);
        for (resource_in, resource_out) in flags.map(|one| flags.map(|other| (one, other))).concat()
        {
            let path = format!("policies/crossTenantAccessPolicy/partners/{FABRIKAM}");
            let changed = doors.admin(
                "PATCH",
                &path,
                &consent(FABRIKAM, resource_in, resource_out),
            );
            assert_eq!(changed.status, 204, "{}", changed.text());
            let invited = doors.invite("frida@fabrikam.com", &json!({}));
            let link = invited["inviteRedeemUrl"].as_str().unwrap();
            let place = tab.goto(link);
            let id = invited["invitedUser"]["id"].as_str().unwrap();
            let state = doors
                .admin("GET", &format!("users/{id}"), &json!({}))
                .json();
            let accepted = state["externalUserState"] == "Accepted";
            assert_eq!(
                place.url == doors.app("/welcome"),
                accepted,
                "asked, and not asked: {}",
                tab.page().text
            );
            if accepted {
                suppressed.push((home_out, resource_in, home_in, resource_out));
            } else {
                assert!(
                    tab.page().html.contains("crossgate-csrf"),
                    "{}",
                    tab.page().text
                );
            }
            for path in ["users", "directory/deletedItems"] {
                let gone = doors.admin("DELETE", &format!("{path}/{id}"), &json!({}));
                assert_eq!(gone.status, 204, "{}", gone.text());
            }
        }
    }
    // The other direction's two flags change nothing.
    let mut expected = flags
        .map(|one| flags.map(|other| (true, true, one, other)))
        .concat();
    suppressed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(suppressed, expected);
}

#[test]
fn whom_the_partner_lets_out_comes_in_by_direct_connect_and_nobody_when_it_says_no_more() {
    let lobby = Lobby::new();
    let theirs = fabrikams_gateway(lobby.fabrikam.issuer(), "publish = true");
    let doors = with_gateway(lobby, &theirs, "consent = \"published\"").open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/a"));
    doors.sign_in(&tab, "fabrikam", "frida@fabrikam.com");
    assert_eq!(tab.page().place.status, 403, "{}", tab.page().text);
    let event = doors.event("refuses: the published document does not admit");
    assert_eq!(event["status"]["errorCode"], 500_213, "{event}");

    let only_frida = json!({
        "usersAndGroups": { "accessType": "allowed", "targets": [{ "target": "frida", "targetType": "user" }] },
        "applications": { "accessType": "allowed", "targets": [{ "target": PAYROLL, "targetType": "application" }] },
    });
    let document = partner(
        OWN_TENANT,
        json!({ "b2bDirectConnectOutbound": only_frida }),
    );
    theirs.write_policy("partners/contoso.json", &document.to_string());
    wait_for("Frida to be let in", Duration::from_secs(40), || {
        (tab.goto(&doors.app("/a")).status == 200).then_some(())
    });
    let fred = doors.browser.open("fred");
    fred.goto(&doors.app("/a"));
    doors.sign_in(&fred, "fabrikam", "fred@fabrikam.com");
    assert_eq!(fred.page().place.status, 403, "{}", fred.page().text);
    // The other app is not among those that Fabrikam names.
    let other = doors.browser.open("frida at the other app");
    other.goto(&doors.other("/a"));
    doors.sign_in(&other, "fabrikam", "frida@fabrikam.com");
    assert_eq!(other.page().place.status, 403, "{}", other.page().text);

    let document = partner(OWN_TENANT, json!({ "b2bDirectConnectOutbound": nobody() }));
    theirs.write_policy("partners/contoso.json", &document.to_string());
    wait_for("Frida to be kept out", Duration::from_secs(40), || {
        (tab.goto(&doors.app("/a")).status == 403).then_some(())
    });
}

#[test]
fn our_side_is_published_to_partners_for_whom_that_is_configured_and_to_nobody_else() {
    let lobby = Lobby::new();
    let theirs = fabrikams_gateway(lobby.fabrikam.issuer(), "");
    let ask = |gateway: &Gateway, tenant: &str| {
        let path = format!("/.well-known/crossgate/cross-tenant/{tenant}");
        Curl::get(gateway.proxy(), "localhost", &path).send()
    };
    assert_eq!(ask(&theirs, OWN_TENANT).status, 401);
    let theirs = fabrikams_gateway(lobby.fabrikam.issuer(), "publish = true");
    let published = ask(&theirs, OWN_TENANT);
    assert_eq!(
        (
            published.status,
            published.header("content-type"),
            published.header("cache-control")
        ),
        (200, Some("application/jwt"), Some("no-store"))
    );
    assert_eq!(ask(&theirs, FABRIKAM).status, 401);
    assert_eq!(
        ask(&theirs, "33333333-3333-4333-8333-333333333333").status,
        401
    );
    // Nobody comes in with it.
    let bearer = Curl::get(theirs.proxy(), "localhost", "/").bearer(&published.text());
    assert_eq!(bearer.send().status, 401);
}

/// Somebody who publishes what a test says, signed with a key of their own.
struct Publisher {
    address: SocketAddr,
    key: EcdsaKeyPair,
    document: Arc<Mutex<String>>,
}

impl Publisher {
    fn start() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = key.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|part| URL_SAFE_NO_PAD.encode(part));
        let jwks = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "k", "use": "sig", "alg": "ES256" }] });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let document = Arc::new(Mutex::new(String::new()));
        let says = Arc::clone(&document);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut head = [0; 4096];
                let length = stream.read(&mut head).unwrap_or(0);
                let keys = String::from_utf8_lossy(&head[..length]).contains("jwks.json");
                let body = if keys {
                    jwks.to_string()
                } else {
                    says.lock().unwrap().clone()
                };
                let status = if body.is_empty() {
                    "404 Not Found"
                } else {
                    "200 OK"
                };
                let length = body.len();
                drop(write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                ));
            }
        });
        Self {
            address,
            key,
            document,
        }
    }

    /// A document as it should be, but for these members of its header and its claims.
    fn say(&self, tenant: &str, header: &Value, claims: &Value, key: &EcdsaKeyPair) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let mut all = json!({
            "iss": format!("urn:crossgate:{tenant}"), "aud": format!("urn:crossgate:{OWN_TENANT}"),
            "iat": now, "exp": now + 300,
            "cross_tenant_access": partner(OWN_TENANT, json!({ "b2bDirectConnectOutbound": everyone() })),
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let typ = header["typ"].as_str().unwrap_or("cross-tenant-access+jwt");
        let header = Header {
            typ: Some(typ.to_owned()),
            kid: Some("k".to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        let der = key.to_pkcs8v1().unwrap();
        let key = EncodingKey::from_ec_der(der.as_ref());
        let document = jsonwebtoken::encode(&header, &all, &key).unwrap();
        *self.document.lock().unwrap() = document;
    }
}

#[test]
fn only_a_document_that_is_genuine_for_us_and_of_now_speaks_for_a_partner() {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let tenant = |number: usize| format!("66666666-0000-4000-8000-{number:012}");
    let foreign = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let none = json!({});
    let cases: Vec<(&str, Value, Value, bool)> = vec![
        ("as it should be", none.clone(), none.clone(), true),
        (
            "of another tenant",
            none.clone(),
            json!({ "iss": format!("urn:crossgate:{}", tenant(0)) }),
            false,
        ),
        (
            "for another tenant",
            none.clone(),
            json!({ "aud": format!("urn:crossgate:{FABRIKAM}") }),
            false,
        ),
        (
            "with settings towards another",
            none.clone(),
            json!({ "cross_tenant_access": partner(FABRIKAM, json!({ "b2bDirectConnectOutbound": everyone() })) }),
            false,
        ),
        (
            "expired",
            none.clone(),
            json!({ "iat": now - 600, "exp": now - 1 }),
            false,
        ),
        (
            "without an end",
            none.clone(),
            json!({ "exp": null }),
            false,
        ),
        (
            "of tomorrow",
            none.clone(),
            json!({ "iat": now + 86_400, "exp": now + 90_000 }),
            false,
        ),
        ("an assertion", json!({ "typ": "JWT" }), none.clone(), false),
        (
            "with settings that contradict themselves",
            none.clone(),
            json!({ "cross_tenant_access": partner(OWN_TENANT, json!({ "b2bDirectConnectOutbound": {
            "usersAndGroups": nobody()["usersAndGroups"], "applications": everyone()["applications"] } })) }),
            false,
        ),
        (
            "without settings",
            none.clone(),
            json!({ "cross_tenant_access": [] }),
            false,
        ),
        ("signed by another", none.clone(), none.clone(), false),
        ("nothing", none.clone(), none.clone(), false),
        (
            "whose end is near",
            none.clone(),
            json!({ "exp": now + 25 }),
            true,
        ),
    ];
    let publishers: Vec<Publisher> = cases.iter().map(|_| Publisher::start()).collect();
    let mut entries = String::new();
    for (number, (what, header, claims, _)) in cases.iter().enumerate() {
        let publisher = &publishers[number];
        let key = if *what == "signed by another" {
            &foreign
        } else {
            &publisher.key
        };
        publisher.say(&tenant(number), header, claims, key);
        if *what == "nothing" {
            publisher.document.lock().unwrap().clear();
        }
        entries += &format!(
            "[[partner]]\ntenant = \"{}\"\ncloud = \"global\"\nconsent = \"published\"\ngateway = \"http://{}\"\n",
            tenant(number),
            publisher.address
        );
    }
    let site = Stage::new()
        .policy(
            "default.json",
            &json!({ "id": POLICY_ID, "b2bDirectConnectInbound": everyone() }),
        )
        .entries(&entries)
        .open();
    let status = |number: usize| {
        let token = site.mint.token("direct-connect").issued_by(&tenant(number));
        let token = token.audience(AUDIENCE).mint();
        site.payroll("/").bearer(&token).send().status
    };
    wait_for("the one that is genuine", Duration::from_secs(10), || {
        (status(0) == 200).then_some(())
    });
    for (number, (what, _, _, good)) in cases.iter().enumerate() {
        assert_eq!(status(number), if *good { 200 } else { 403 }, "{what}");
    }
    // What can be read no more holds until its end, and not a second longer.
    let near = cases.len() - 1;
    let token = site.mint.token("direct-connect").issued_by(&tenant(near));
    let token = token.audience(AUDIENCE).mint();
    let mut open = site.socket(&token);
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    std::thread::sleep(Duration::from_secs(now + 23).saturating_sub(clock()));
    let closing = open.frame();
    let closed = clock().as_secs_f64();
    assert_eq!(closing.closing().0, 1008);
    let late = closed - (now + 25) as f64;
    assert!((0.0..2.0).contains(&late), "{late} s after its end");
    assert_eq!(status(near), 403);
    assert_eq!(status(0), 200);
}
