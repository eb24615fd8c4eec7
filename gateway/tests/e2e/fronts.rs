//! Real proxies as `deploy/beside/` configures them, with the gateway beside them: the same decision, headers and events as if
//! the request had come through the gateway.

use crate::requests::{IDENTITY, spellings};
use crate::site::beside::{Beside, CLIENT, through};
use crate::site::people::{APP_HOST, Doors, Lobby};
use crate::site::{FABRIKAM, POLICY_ID, Stage, WINGTIP, challenge, from_base64, nobody, partner};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossgate_testkit::curl::{Answer, Curl};
use crossgate_testkit::front::{Before, Front, Kind};
use crossgate_testkit::ports;
use crossgate_testkit::upstream::header_values;
use serde_json::{Value, json};

/// A request through the gateway itself.
fn proxied(beside: &Beside, path: &str) -> Curl {
    let request = beside.site.payroll(path);
    request.argument("--interface").argument(CLIENT)
}

/// What an event says of who did what, without what is another each time.
fn said(event: &Value) -> Value {
    let mut said = event.clone();
    let members = said.as_object_mut().unwrap();
    for name in [
        "id",
        "createdDateTime",
        "correlationId",
        "processingTimeInMilliseconds",
    ] {
        members.remove(name);
    }
    let own = members["crossgate"].as_object_mut().unwrap();
    for name in ["decisionId", "firstSeen", "lastSeen"] {
        own.remove(name);
    }
    if let Some(case) = own.get_mut("receipt").map(|receipt| &mut receipt["case"]) {
        let case = case.as_object_mut().unwrap();
        assert!(case.remove("id").is_some() && case.remove("now").is_some());
    }
    said
}

/// What the app was told of its caller, without what is another each time.
fn told(seen: &Value) -> Vec<(&'static str, Value)> {
    let one = |name: &'static str| {
        let values = header_values(seen, name);
        let value = match (name, values.as_slice()) {
            (_, []) => Value::Null,
            ("X-Correlation-Id", [_]) => json!("an id"),
            ("X-Crossgate-Assertion", [token]) => {
                let claims = token.split('.').nth(1).unwrap();
                let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
                let mut claims: Value = serde_json::from_slice(&claims).unwrap();
                claims
                    .as_object_mut()
                    .unwrap()
                    .retain(|name, _| !["iat", "exp", "jti"].contains(&&**name));
                claims
            }
            ("X-MS-CLIENT-PRINCIPAL", [value]) => from_base64(value),
            (_, values) => json!(values),
        };
        (name, value)
    };
    IDENTITY.map(one).to_vec()
}

/// A refusal as its client reads it.
fn refusal(answer: &Answer) -> (u16, Value, Option<String>) {
    let mut body = answer.json();
    for name in ["correlationId", "timestamp"] {
        assert!(body.as_object_mut().unwrap().remove(name).is_some());
    }
    let error = challenge(answer, "error").map(ToOwned::to_owned);
    (answer.status, body, error)
}

/// The same request through the gateway and through the front: same event, and the same told to app or client.
#[track_caller]
fn the_same(beside: &Beside, front: &Front, token: Option<&str>) -> u16 {
    let with = |request: Curl| match token {
        Some(token) => request.bearer(token),
        None => request,
    };
    let (direct, event) = beside.site.ask(with(proxied(beside, "/a?b=c")));
    let (answer, asked) = beside.site.ask(with(through(front, "/a?b=c")));
    assert_eq!(said(&asked), said(&event), "{}", front.log());
    assert_eq!(answer.status, direct.status, "{answer:?}\n{}", front.log());
    if answer.status == 200 {
        let (seen, expected) = (answer.json(), direct.json());
        assert_eq!(told(&seen), told(&expected));
        assert_eq!(seen["target"], "/a?b=c");
        assert_eq!(
            header_values(&seen, "authorization"),
            header_values(&expected, "authorization")
        );
        assert_eq!(
            header_values(&seen, "x-correlation-id"),
            [asked["correlationId"].as_str().unwrap()]
        );
    } else {
        assert_eq!(refusal(&answer), refusal(&direct), "{answer:?}");
        let challenges = |answer: &Answer| answer.header_values("www-authenticate").len();
        assert_eq!(challenges(&answer), challenges(&direct), "{answer:?}");
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{answer:?}"
        );
    }
    answer.status
}

/// Guests and members in, strangers out, and a change of the policy with the next request.
fn decides(kind: Kind) {
    let beside = Stage::new().beside();
    let front = beside.front(kind);
    let site = &beside.site;
    let (guest, member) = (site.guest().mint(), site.member().mint());
    assert_eq!(the_same(&beside, &front, Some(&guest)), 200);
    assert_eq!(the_same(&beside, &front, Some(&member)), 200);
    assert_eq!(the_same(&beside, &front, None), 401);
    assert_eq!(the_same(&beside, &front, Some("a.b.c")), 401);
    site.change_policy(
        "partners.json",
        &json!([partner(
            WINGTIP,
            json!({ "b2bCollaborationInbound": nobody() })
        )]),
    );
    assert_eq!(the_same(&beside, &front, Some(&guest)), 403);
    assert_eq!(the_same(&beside, &front, Some(&member)), 200);
    site.change_policy("partners.json", &json!([]));
    assert_eq!(the_same(&beside, &front, Some(&guest)), 200);
    // Metadata and keys are the gateway's to answer, and need no token. Which host they are of is not the client's to say.
    let metadata = || through(&front, "/.well-known/oauth-protected-resource");
    let origin = format!("https://payroll.contoso.com:{}", front.address().port());
    for request in [
        metadata(),
        metadata().header("X-Forwarded-Host", "evil.example"),
        metadata().header("Forwarded", "host=evil.example;proto=http"),
    ] {
        let (answer, _) = site.ask(request);
        assert_eq!(answer.json()["resource"], json!(origin), "{answer:?}");
    }
    let (answer, _) = site.ask(through(&front, "/.well-known/crossgate/jwks.json"));
    assert!(answer.json()["keys"].is_array(), "{answer:?}");
}

/// No identity of the client's own making reaches the app, whether anything is said of the caller or not.
fn strips(kind: Kind) {
    let beside = Stage::new().payroll("anonymous = true").beside();
    let front = beside.front(kind);
    let guest = beside.site.guest().mint();
    let mut went_through = 0;
    for token in [Some(&guest), None] {
        for name in IDENTITY {
            for spelling in spellings(name) {
                let mut request = through(&front, "/a")
                    .header(&spelling, "spoofed")
                    .header(&spelling, "spoofed again");
                if let Some(token) = token {
                    request = request.bearer(token);
                }
                let answer = request.send();
                match answer.status {
                    200 => {
                        let seen = answer.json();
                        let text = seen.to_string();
                        // Of that one only the name itself is told an app, and no proxy refuses the others.
                        let counts =
                            name != "X-Correlation-Id" || spelling.eq_ignore_ascii_case(name);
                        assert!(!counts || !text.contains("spoofed"), "{spelling}: {seen:#}");
                        went_through += 1;
                    }
                    400 | 403 => {}
                    other => panic!("{spelling}: {other} {answer:?}\n{}", front.log()),
                }
            }
        }
    }
    assert!(went_through > 0);
    assert!(beside.site.upstream.requests() > 0);
    // Nor does anything of them where nothing is said of anybody.
    let answer = through(&front, "/a").send();
    assert_eq!(answer.status, 200, "{answer:?}");
    for (name, value) in told(&answer.json()) {
        assert!(
            value.is_null() || name == "X-Correlation-Id",
            "{name}: {value}"
        );
    }
}

/// What the app gets is what was decided about.
fn agrees_about_paths(kind: Kind) {
    let beside = Stage::new().beside();
    let front = beside.front(kind);
    let token = beside.site.member().mint();
    for target in [
        "/a/../b",
        "/a//b",
        "/a%2fb",
        "/a%5cb",
        "/a;b",
        "/a%252e",
        "/%2e%2e/a",
        "/./a",
    ] {
        let answer = through(&front, target).bearer(&token).send();
        match answer.status {
            200 => {
                let seen = answer.json();
                let target = seen["target"].as_str().unwrap();
                for odd in ["..", "/.", "//", "%2f", "%2F", "%5c", "%5C", ";", "%25"] {
                    assert!(!target.contains(odd), "{target}");
                }
            }
            // A proxy may send its client to the one form of a path.
            301 | 307 | 308 | 400 | 403 | 404 => {}
            other => panic!("{target}: {other} {answer:?}\n{}", front.log()),
        }
    }
}

/// Browsers are sent to sign in, and what the gateway answers itself does not reach the app.
fn leads_people(kind: Kind) {
    let beside = Stage::new()
        .payroll("sign_in = true\ncors_preflight = true")
        .entries(
            "[[provider]]\nname = \"fabrikam\"\nissuer = \"fabrikam\"\nclient_id = \"gateway\"\n",
        )
        .section("portal", "store = \"portal.db\"")
        .beside();
    let front = beside.front(kind);
    let issuer = beside.site.fabrikam.issuer();
    // The first is a page of the app, the second of the gateway.
    for (path, code) in [("/a?b=c", 50_058), ("/.crossgate/sign-in?return=/a", 0)] {
        let request = through(&front, path).header("Accept", "text/html");
        let (answer, event) = beside.site.ask(request);
        let location = answer.header("location").unwrap_or_default();
        assert!(location.starts_with(issuer), "{answer:?}\n{}", front.log());
        let begun = answer.header("set-cookie").unwrap_or_default();
        assert!(begun.starts_with("__Host-crossgate-try-"), "{answer:?}");
        assert!((300..400).contains(&answer.status), "{answer:?}");
        assert_eq!(event["status"]["errorCode"], json!(code), "{event:#}");
    }
    let preflight = through(&front, "/a")
        .method("OPTIONS")
        .header("Origin", "https://spa.contoso.com")
        .header("Access-Control-Request-Method", "GET");
    let (answer, _) = beside.site.ask(preflight);
    assert_eq!(answer.status, 204, "{answer:?}");
    let allowed = answer.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://spa.contoso.com"));
    assert_eq!(beside.site.upstream.requests(), 0);
}

/// With nobody there to answer, nobody gets in.
fn fails_closed(kind: Kind) {
    let mut beside = Stage::new().beside();
    let front = beside.front(kind);
    let token = beside.site.member().mint();
    assert_eq!(through(&front, "/a").bearer(&token).send().status, 200);
    let before = beside.site.upstream.requests();
    beside.site.gateway.terminate();
    drop(beside.site.gateway.wait());
    let answer = through(&front, "/a").bearer(&token).send();
    assert!(answer.status >= 400, "{answer:?}");
    assert_eq!(beside.site.upstream.requests(), before);
}

macro_rules! fronts {
    ($($module:ident: $kind:expr;)+) => {$(
        mod $module {
            use super::Kind;

            #[test]
            fn decides_as_the_gateway_itself() {
                super::decides($kind);
            }

            #[test]
            fn lets_no_identity_of_the_clients_own_making_through() {
                super::strips($kind);
            }

            #[test]
            fn forwards_what_was_decided_about() {
                super::agrees_about_paths($kind);
            }

            #[test]
            fn leads_people_to_sign_in_and_to_the_gateways_own_answers() {
                super::leads_people($kind);
            }

            #[test]
            fn lets_nobody_in_when_the_gateway_is_gone() {
                super::fails_closed($kind);
            }
        }
    )+};
}

fronts! {
    nginx: Kind::Nginx;
    caddy: Kind::Caddy;
    traefik: Kind::Traefik;
    envoy: Kind::Envoy;
    envoy_http: Kind::EnvoyHttp;
}

/// People who sign in behind nginx, with TLS between it and the gateway.
#[test]
fn a_person_signs_in_behind_a_proxy_and_each_request_of_the_session_is_decided() {
    let (front_at, authorize) = (ports::free(), ports::free());
    let lobby = Lobby::new().configure(|setup| {
        let lines = format!("authorize = [\"{authorize}\"]\ntrusted_proxies = [\"127.0.0.1/32\"]");
        setup.section("listen", &lines)
    });
    let origin = format!("https://{APP_HOST}:{}", front_at.port());
    for (name, people) in [("contoso", &lobby.contoso), ("fabrikam", &lobby.fabrikam)] {
        people.client(&json!({
            "client_id": "crossgate",
            "client_secret": "a-secret-of-this-test",
            "redirect_uris": [format!("{origin}/.crossgate/callback/{name}")],
        }));
    }
    let app = lobby.upstream.address().strip_prefix("http://").unwrap();
    let app = app.parse().unwrap();
    let doors = lobby.open();
    let before = Before {
        host: APP_HOST,
        app,
        authorize,
        gateway: doors.gateway.proxy(),
        replacing: &[(
            "proxy_pass http://crossgate",
            "proxy_pass https://crossgate",
        )],
    };
    let front = Front::start_at(front_at, Kind::Nginx, &before);
    // Another host's name leads to no app, however nginx came to this server.
    let other = Curl::get_tls(front.address(), APP_HOST, "/", front.authority());
    assert_eq!(
        other.header("Host", "public.contoso.com").send().status,
        421
    );
    let tab = doors.browser.open("frida");
    let wanted = format!("{origin}/salaries?year=2026");
    let place = tab.goto(&wanted);
    assert!(
        place
            .url
            .starts_with(&format!("{origin}/.crossgate/sign-in?return=")),
        "{place:?}\n{}",
        front.log()
    );
    doors.sign_in(&tab, "fabrikam", "frida");
    assert_eq!(tab.page().place.url, wanted, "{}", tab.page().text);
    let told = doors.told(&tab);
    assert_eq!(header_values(&told, "x-crossgate-home-tenant"), [FABRIKAM]);
    assert_eq!(header_values(&told, "x-ms-client-principal-id"), ["frida"]);
    assert!(!told.to_string().contains("__Host-crossgate"), "{told}");
    // A page of another site opens no WebSocket in her name; the app's own does.
    let jar = Doors::jar(&tab);
    let open = |from: &str| {
        let request = Curl::get_tls(front_at, APP_HOST, "/socket", front.authority())
            .argument("--http1.1")
            .argument("--max-time")
            .argument("3");
        let headers = [
            ("Cookie", &*jar),
            ("Origin", from),
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
            ("Sec-WebSocket-Version", "13"),
        ];
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        request.send().status
    };
    assert_eq!(open("https://evil.example"), 401);
    assert_eq!(open(&origin), 101);
    doors.change(|gateway| {
        let closed = json!({ "id": POLICY_ID, "b2bDirectConnectInbound": nobody() });
        gateway.write_policy("default.json", &closed.to_string());
    });
    assert_eq!(tab.goto(&wanted).status, 403, "{}", tab.page().text);
    assert!(
        tab.page().text.contains("AADSTS500213"),
        "{}",
        tab.page().text
    );
}
