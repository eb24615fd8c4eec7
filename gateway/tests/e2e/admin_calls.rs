//! Calls of the admin API: batches, malformed ones, and lists page by page.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::site::admin::{PARTNERS, SECURITY_READER, ada, pages};
use crate::site::line::Line;
use crate::site::{FABRIKAM, Stage, WINGTIP};
use crossgate_testkit::curl::{Answer, Curl};
use serde_json::{Value, json};

#[test]
fn the_calls_of_a_batch_are_made_in_their_order_each_with_its_own_permission() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let url = format!("/{PARTNERS}");
    let one = format!("{url}/{WINGTIP}");
    let headers = json!({ "Content-Type": "application/json" });
    let post = |id: &str, tenant: &str| json!({ "id": id, "method": "POST", "url": url, "headers": headers, "body": { "tenantId": tenant } });
    let batch = |token: &str, requests: Value| {
        site.send(token, "POST", "$batch", &json!({ "requests": requests }))
    };
    let told = |answer: &Answer| -> Vec<(String, u64)> {
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        let responses = body["responses"].as_array().unwrap().iter();
        responses
            .map(|told| {
                (
                    told["id"].as_str().unwrap().to_owned(),
                    told["status"].as_u64().unwrap(),
                )
            })
            .collect()
    };
    let answer = batch(
        &token,
        json!([
            post("make", WINGTIP),
            { "id": "change", "method": "PATCH", "url": one, "headers": headers, "body": { "isServiceProvider": true }, "dependsOn": ["make"] },
            { "id": "read", "method": "GET", "url": one, "dependsOn": ["change"] },
            post("again", WINGTIP),
            { "id": "after", "method": "DELETE", "url": one, "dependsOn": ["again"] },
            { "id": "behind", "method": "GET", "url": one, "dependsOn": ["after"] },
        ]),
    );
    let expected = [
        ("make", 201),
        ("change", 204),
        ("read", 200),
        ("again", 409),
        ("after", 424),
        ("behind", 424),
    ];
    assert_eq!(
        told(&answer),
        expected.map(|(id, status)| (id.to_owned(), status))
    );
    assert_eq!(
        answer.json()["responses"][2]["body"]["isServiceProvider"],
        true
    );
    assert_eq!(
        site.read(&token, &format!("{PARTNERS}/{WINGTIP}"))["isServiceProvider"],
        true
    );

    // Each is allowed or not by itself.
    let reader = site.administrator(SECURITY_READER);
    let answer = batch(
        &reader,
        json!([
            { "id": "read", "method": "GET", "url": one },
            post("make", FABRIKAM),
            { "id": "remove", "method": "DELETE", "url": one },
        ]),
    );
    let expected = [("read", 200), ("make", 403), ("remove", 403)];
    assert_eq!(
        told(&answer),
        expected.map(|(id, status)| (id.to_owned(), status))
    );
    assert_eq!(
        site.read(&token, PARTNERS)["value"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    // One that cannot be put in order is refused as a whole, before anything of it is done.
    for second in [
        json!({ "id": "make", "method": "GET", "url": one }),
        json!({ "id": "b", "method": "GET", "url": one, "dependsOn": ["later"] }),
    ] {
        let refused = batch(&token, json!([post("make", FABRIKAM), second]));
        assert_eq!(refused.status, 400, "{refused:?}");
        let path = format!("{PARTNERS}/{FABRIKAM}");
        assert_eq!(site.graph(&token, "GET", &path).send().status, 404);
    }

    let read = |count: usize| -> Value {
        let all = (0..count).map(|id| json!({ "id": id.to_string(), "method": "GET", "url": one }));
        all.collect()
    };
    assert_eq!(told(&batch(&token, read(20))).len(), 20);
    let many = batch(&token, read(21));
    assert_eq!(many.status, 400, "{many:?}");
    let nobody = Curl::get(site.gateway.admin(), "localhost", "/v1.0/$batch")
        .method("POST")
        .header("Content-Type", "application/json")
        .body(json!({ "requests": read(1) }).to_string())
        .send();
    assert_eq!(nobody.status, 401, "{nobody:?}");
}

#[test]
fn a_call_that_is_none_is_refused_for_what_it_is() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let post = |media: &str, body: &str| {
        site.graph(&token, "POST", PARTNERS)
            .header("Content-Type", media)
            .header("client-request-id", "from-the-client-1")
            .body(body)
            .send()
    };
    let json = "application/json";
    let big = format!(
        r#"{{"tenantId":"{WINGTIP}","displayName":"{}"}}"#,
        "a".repeat(4 << 20)
    );
    let twice =
        format!(r#"{{"tenantId":"{WINGTIP}","isServiceProvider":true,"isServiceProvider":false}}"#);
    let inside = format!(
        r#"{{"tenantId":"{WINGTIP}","inboundTrust":{{"isMfaAccepted":true,"isMfaAccepted":false}}}}"#
    );
    for (media, body, status) in [
        (json, &*big, 413),
        ("text/plain", r#"{"tenantId":"x"}"#, 415),
        ("application/x-www-form-urlencoded", "tenantId=x", 415),
        (json, "tenantId=x", 400),
        (json, "[]", 400),
        (json, "", 400),
        (json, &*twice, 400),
        (json, &*inside, 400),
    ] {
        let answer = post(media, body);
        let begin = &body[..body.len().min(90)];
        assert_eq!(answer.status, status, "{media} {begin} {answer:?}");
        assert_eq!(
            answer.header("client-request-id"),
            Some("from-the-client-1")
        );
        let error = answer.json()["error"].clone();
        assert_eq!(
            error["innerError"]["client-request-id"], "from-the-client-1",
            "{error}"
        );
        assert_eq!(
            error["innerError"]["request-id"],
            answer.header("request-id").unwrap()
        );
    }
    assert_eq!(site.read(&token, PARTNERS)["value"], json!([]));

    let unknown = site.graph(&token, "GET", "policies/nonsense").send();
    assert_eq!(unknown.status, 404, "{unknown:?}");
    let wrong = site
        .graph(&token, "PUT", &format!("{PARTNERS}/{WINGTIP}"))
        .send();
    assert_eq!(wrong.status, 405, "{wrong:?}");
    let allow: BTreeSet<_> = wrong.header("allow").unwrap().split(", ").collect();
    assert_eq!(allow, BTreeSet::from(["DELETE", "GET", "PATCH"]));
}

#[test]
fn nobody_is_answered_before_a_body_arrives() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let begun = Instant::now();
    for authorization in ["", "Authorization: Bearer nonsense\r\n"] {
        let mut stream = TcpStream::connect(site.gateway.admin()).unwrap();
        let head = format!(
            "POST /v1.0/{PARTNERS} HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Type: application/json\r\n\
             Content-Length: 4000000\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut answer = Vec::new();
        while !String::from_utf8_lossy(&answer).contains("InvalidAuthenticationToken") {
            let mut part = [0; 4096];
            let read = stream.read(&mut part).unwrap();
            assert_ne!(read, 0, "{}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&part[..read]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 401 "));
        // The rest is thrown away, and the connection is as good as new.
        stream.write_all(&vec![b' '; 3_999_999]).unwrap();
        let head = format!(
            "GET /v1.0/{PARTNERS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut start = [0; 13];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200 ");
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn many_partners_are_paged_filtered_selected_and_counted() {
    const MANY: usize = 250;
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let tenant = |index: usize| {
        format!(
            "{:08x}-0000-4000-8000-{index:012x}",
            (index * 7919) % 65_536
        )
    };
    let mut line = Line::open(site.gateway.admin());
    for index in 0..MANY {
        let body = json!({ "tenantId": tenant(index), "isServiceProvider": index % 5 == 0 });
        let made = line.call(
            &token,
            "POST",
            &format!("v1.0/{PARTNERS}"),
            &body.to_string(),
        );
        assert_eq!(made.status, 201, "{made:?}");
    }
    let mut all: Vec<String> = (0..MANY).map(tenant).collect();
    let mut providers: Vec<String> = (0..MANY).step_by(5).map(tenant).collect();
    all.sort();
    providers.sort();
    let tenants = |pages: &[Vec<Value>]| -> Vec<String> {
        let all = pages.iter().flatten();
        all.map(|partner| partner["tenantId"].as_str().unwrap().to_owned())
            .collect()
    };
    let sizes = |pages: &[Vec<Value>]| -> Vec<usize> { pages.iter().map(Vec::len).collect() };

    let found = pages(&site, &token, &format!("{PARTNERS}?$top=100"));
    assert_eq!(
        (tenants(&found), sizes(&found)),
        (all.clone(), vec![100, 100, 50])
    );
    let filter = "$filter=isServiceProvider%20eq%20true";
    let found = pages(&site, &token, &format!("{PARTNERS}?$top=20&{filter}"));
    assert_eq!(
        (tenants(&found), sizes(&found)),
        (providers, vec![20, 20, 10])
    );
    let found = pages(&site, &token, &format!("{PARTNERS}?$top=125"));
    assert_eq!((tenants(&found), sizes(&found)), (all, vec![125, 125]));

    let select = format!("{PARTNERS}?$top=100&$select=tenantId,isServiceProvider&$count=true");
    let page = site.read(&token, &select);
    assert_eq!(page["@odata.count"], MANY);
    for partner in page["value"].as_array().unwrap() {
        let names = partner.as_object().unwrap().keys();
        let names: BTreeSet<_> = names.filter(|name| !name.starts_with('@')).collect();
        assert_eq!(names.len(), 2, "{partner}");
        assert!(partner["tenantId"].is_string() && partner["isServiceProvider"].is_boolean());
    }
    let query = format!("{PARTNERS}?$top=1&$count=true&{filter}");
    assert_eq!(site.read(&token, &query)["@odata.count"], MANY / 5);
}
