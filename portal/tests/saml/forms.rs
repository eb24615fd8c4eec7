//! A whole sign-in by forms: our request is understood by the provider, and its answer by us.

use crossgate_portal::saml::{Expected, Request, authn_request, read_response, request_id};
use crossgate_portal::wsfed;
use crossgate_testkit::curl::Curl;
use url::{Url, form_urlencoded};

use crate::stage::{ACS, STAGE, US, expected, now};

/// Signs Ada in at the page that an address leads to, and answers the fields that she is sent back with.
fn sign_in(url: &Url) -> Vec<(String, String)> {
    let address = url.socket_addrs(|| None).unwrap()[0];
    let host = url.host_str().unwrap();
    let path = &url[url::Position::BeforePath..];
    let page = Curl::get(address, host, path).send().text();
    assert!(page.contains("name=\"password\""), "{page}");
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(url.query_pairs());
    form.append_pair("login", "ada@contoso.example")
        .append_pair("password", "right")
        .append_pair("action", "sign-in");
    let page = Curl::get(address, host, url.path())
        .method("POST")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.finish())
        .send()
        .text();
    assert!(page.contains(&format!("action=\"{ACS}\"")), "{page}");
    page.split("<input type=\"hidden\" name=\"")
        .skip(1)
        .map(|field| {
            let (name, rest) = field.split_once("\" value=\"").unwrap();
            let value = rest.split('"').next().unwrap();
            (name.to_owned(), unescaped(value))
        })
        .collect()
}

fn unescaped(value: &str) -> String {
    [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ]
    .iter()
    .fold(value.to_owned(), |value, (from, to)| {
        value.replace(from, to)
    })
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    let found = fields.iter().find(|(other, _)| other == name);
    &found.unwrap_or_else(|| panic!("no {name} in {fields:?}")).1
}

#[test]
fn a_person_signs_in_by_saml() {
    let context = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken";
    let id = request_id("0-state");
    let url = authn_request(
        &Request {
            id: &id,
            issuer: US,
            destination: &Url::parse(STAGE.provider.sso()).unwrap(),
            acs_url: ACS,
            force_authn: true,
            requested_context: &[context.to_owned()],
            now: now(),
        },
        "0-state",
    )
    .unwrap();
    let fields = sign_in(&url);
    assert_eq!(field(&fields, "RelayState"), "0-state");
    let expected = Expected {
        request_id: &id,
        ..expected()
    };
    let read = read_response(field(&fields, "SAMLResponse"), &expected).unwrap();
    assert_eq!(read.name_id, "ada");
    assert_eq!(read.authn_context.as_deref(), Some(context));
}

#[test]
fn a_person_signs_in_by_ws_federation() {
    let url = wsfed::sign_in_url(&wsfed::Request {
        endpoint: &Url::parse(STAGE.provider.wsfed()).unwrap(),
        realm: US,
        reply: ACS,
        context: "0-state",
        home_realm: None,
        authentication: None,
        fresh: Some(0),
    });
    let fields = sign_in(&url);
    assert_eq!(field(&fields, "wctx"), "0-state");
    assert_eq!(field(&fields, "wa"), "wsignin1.0");
    let expected = wsfed::Expected {
        issuer: STAGE.provider.issuer(),
        certificates: &STAGE.certificates,
        realm: US,
        reply: ACS,
        now: now(),
    };
    let read = wsfed::read_result(field(&fields, "wresult"), &expected).unwrap();
    assert_eq!(read.name_id, "ada");
}
