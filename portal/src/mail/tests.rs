use crossgate_testkit::mail::MailServer as RealServer;
use serde_json::Value;

use super::*;
use crate::pages::Brand;
use crate::passcode::{Code, Limits, Passcodes};
use crate::seal::KEY;

const NOW: u64 = 1_767_225_600; // 2026-01-01T00:00:00Z

fn pages(organisation: &str) -> Pages {
    let brand = Brand {
        name: organisation.to_owned(),
        colour: None,
        logo: None,
    };
    Pages::new(brand, []).unwrap()
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn settings(host: &str, port: u16, security: Security) -> MailSettings {
    MailSettings {
        server: MailServer {
            host: host.to_owned(),
            port,
            security,
        },
        credentials: None,
        from: address("sign-in@contoso.example"),
    }
}

fn mailer(server: &RealServer) -> Mailer {
    Mailer::new(settings("127.0.0.1", server.port(), Security::None)).unwrap()
}

fn mail(pages: &Pages, language: &str, to: &Address, code: &Code) -> Mail {
    let made = CodeMail {
        from: &address("sign-in@contoso.example"),
        to,
        code,
        seconds: 1800,
        now: NOW,
    };
    Mail::new(pages, &pages.negotiate(Some(language)), &made).unwrap()
}

/// What comes to Ada with a code that she asked for.
async fn sent(server: &RealServer, organisation: &str, language: &str) -> (Value, Code) {
    let (pages, ada) = (pages(organisation), address("Ada@contoso.example"));
    let passcodes = Passcodes::new(&[7; KEY], Limits::default());
    let asked = passcodes.ask(&ada, "a", None, true, NOW).unwrap();
    let code = asked.send.unwrap();
    let mail = mail(&pages, language, &ada, &code);
    mailer(server).send(&mail).await.unwrap();
    (server.newest("Ada@contoso.example", 1), code)
}

#[tokio::test]
async fn a_mail_arrives_with_the_code_and_how_long_it_counts() {
    let server = RealServer::start();
    let (mail, code) = sent(&server, "Contoso", "en").await;
    assert_eq!(mail["envelope"]["from"], "sign-in@contoso.example");
    assert_eq!(mail["from"][0]["name"], "Contoso");
    assert_eq!(mail["from"][0]["address"], "sign-in@contoso.example");
    assert_eq!(mail["to"][0], "Ada@contoso.example");
    assert_eq!(mail["subject"], "Your code for Contoso");
    for part in ["text", "html"] {
        let part = mail[part].as_str().unwrap();
        for expected in [code.as_str(), "Contoso", "30 minutes", "ignore"] {
            assert!(part.contains(expected), "{part}\n lacks {expected}");
        }
    }
    let headers = &mail["headers"];
    assert_eq!(headers["auto-submitted"], "auto-generated");
    assert_eq!(headers["date"], "Thu, 01 Jan 2026 00:00:00 +0000");
    let id = headers["message-id"].as_str().unwrap();
    assert!(id.ends_with("@contoso.example>"), "{id}");
    // Telephones show the subject to whoever stands beside them.
    assert!(!mail["subject"].as_str().unwrap().contains(code.as_str()));
}

#[tokio::test]
async fn a_mail_is_in_the_language_of_the_pages() {
    let server = RealServer::start();
    let (mail, code) = sent(&server, "Fj\u{e4}llverket", "sv").await;
    assert_eq!(mail["subject"], "Din kod f\u{f6}r Fj\u{e4}llverket");
    assert_eq!(mail["from"][0]["name"], "Fj\u{e4}llverket");
    let text = mail["text"].as_str().unwrap();
    assert!(text.contains("30 minuter") && text.contains(code.as_str()));
    let html = mail["html"].as_str().unwrap();
    assert!(html.contains("<html lang=\"sv\" dir=\"ltr\">"), "{html}");
}

#[tokio::test]
async fn an_organisations_name_writes_no_header_no_recipient_and_no_markup() {
    let server = RealServer::start();
    for (number, name) in [
        "Contoso\r\nBcc: eve@evil.example\r\nX-Evil: 1\r\n\r\n<script>alert(1)</script>",
        "Contoso\nTo: eve@evil.example",
        "Contoso\" <eve@evil.example>, \"x",
        "eve@evil.example, Contoso <x@evil.example>",
        "=?utf-8?q?Contoso=0D=0ABcc:_eve=40evil.example?=",
        "\u{e4}\u{2028}Bcc: eve@evil.example\0\u{85}",
        "Contoso & S\u{f6}ner <b>{minutes}</b>\r\n.\r\nMAIL FROM:<eve@evil.example>",
    ]
    .into_iter()
    .enumerate()
    {
        let (mail, code) = sent_again(&server, name, number + 1).await;
        assert_eq!(server.all().len(), number + 1, "{name:?}");
        assert_eq!(
            mail["envelope"]["to"],
            serde_json::json!(["Ada@contoso.example"])
        );
        assert_eq!(mail["to"], serde_json::json!(["Ada@contoso.example"]));
        assert_eq!(mail["copies"], serde_json::json!([]), "{name:?}");
        let from = mail["from"].as_array().unwrap();
        assert_eq!(from.len(), 1, "{name:?}: {from:?}");
        assert_eq!(from[0]["address"], "sign-in@contoso.example", "{name:?}");
        let mut headers: Vec<&String> = mail["headers"].as_object().unwrap().keys().collect();
        headers.sort();
        let expected = [
            "auto-submitted",
            "content-type",
            "date",
            "from",
            "message-id",
            "mime-version",
            "subject",
            "to",
        ];
        assert_eq!(headers, expected, "{name:?}");
        let html = mail["html"].as_str().unwrap();
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        assert!(mail["text"].as_str().unwrap().contains(code.as_str()));
    }
}

/// The newest of `count` mails that came to Ada.
async fn sent_again(server: &RealServer, organisation: &str, count: usize) -> (Value, Code) {
    let (_, code) = sent(server, organisation, "en").await;
    (server.newest("Ada@contoso.example", count), code)
}

#[tokio::test]
async fn every_address_that_is_taken_is_mailed_to_and_to_nobody_else() {
    let server = RealServer::start();
    let (pages, code) = (pages("Contoso"), Code::new().unwrap());
    let long = format!(
        "{}@{}.{}.com",
        "a".repeat(64),
        "b".repeat(63),
        "c".repeat(60)
    );
    for odd in [
        "o'brien@contoso.example",
        "a+b_c=d@contoso.example",
        "#&'*+-/=^_{}~@contoso.example",
        "bcc=eve@contoso.example",
        "a@1.2.3.example",
        &long,
    ] {
        let to = address(odd);
        let mail = mail(&pages, "en", &to, &code);
        mailer(&server).send(&mail).await.unwrap();
        let came = server.newest(odd, 1);
        assert_eq!(came["envelope"]["to"], serde_json::json!([odd]));
        assert_eq!(came["to"], serde_json::json!([odd]));
    }
    assert_eq!(server.all().len(), 6);
}

#[tokio::test]
async fn what_a_server_says_when_it_refuses_is_not_passed_on_and_the_next_mail_goes() {
    let server = RealServer::start();
    let (pages, code, ada) = (
        pages("Contoso"),
        Code::new().unwrap(),
        address("ada@contoso.example"),
    );
    let (mail, mailer) = (mail(&pages, "en", &ada, &code), mailer(&server));
    server.fail(1);
    let fault = mailer.send(&mail).await.unwrap_err();
    assert_eq!(fault, SendFault::Refused(550));
    assert!(!format!("{fault} {fault:?}").contains("ada"));
    assert!(server.all().is_empty());
    mailer.send(&mail).await.unwrap();
    assert_eq!(server.all().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_fault_that_says_so() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let mailer = Mailer::new(settings("127.0.0.1", port, Security::None)).unwrap();
    let (pages, code) = (pages("Contoso"), Code::new().unwrap());
    let mail = mail(&pages, "en", &address("ada@contoso.example"), &code);
    let refused = std::io::ErrorKind::ConnectionRefused;
    assert_eq!(
        mailer.send(&mail).await,
        Err(SendFault::Unreachable(refused))
    );
}

#[tokio::test]
async fn a_server_without_tls_is_told_nothing_where_tls_is_set() {
    let server = RealServer::start();
    let (pages, code) = (pages("Contoso"), Code::new().unwrap());
    let mail = mail(&pages, "en", &address("ada@contoso.example"), &code);
    for security in [Security::StartTls, Security::Tls] {
        let mut settings = settings("127.0.0.1", server.port(), security);
        settings.credentials = Some(Credentials {
            username: "gateway".to_owned(),
            password: "secret".to_owned(),
        });
        let fault = Mailer::new(settings)
            .unwrap()
            .send(&mail)
            .await
            .unwrap_err();
        assert!(
            matches!(
                fault,
                SendFault::Protocol | SendFault::Tls | SendFault::Unreachable(_)
            ),
            "{security:?}: {fault:?}"
        );
    }
    assert!(server.all().is_empty());
}

#[tokio::test]
async fn a_server_that_wants_to_know_who_we_are_is_told_and_a_wrong_password_is_a_fault() {
    let server = RealServer::start();
    let (pages, code) = (pages("Contoso"), Code::new().unwrap());
    let mail = mail(&pages, "en", &address("ada@contoso.example"), &code);
    let send = async |password: &str| {
        let mut settings = settings("127.0.0.1", server.port(), Security::None);
        settings.credentials = Some(Credentials {
            username: "gateway".to_owned(),
            password: password.to_owned(),
        });
        Mailer::new(settings).unwrap().send(&mail).await
    };
    assert_eq!(send("right").await, Ok(()));
    assert_eq!(server.all()[0]["user"], "gateway");
    assert_eq!(send("wrong").await, Err(SendFault::Refused(535)));
    assert_eq!(server.all().len(), 1);
}

#[test]
fn codes_go_to_no_other_machine_without_tls() {
    for (host, fault) in [
        ("smtp.example.com", SettingsFault::InTheClear),
        ("192.0.2.1", SettingsFault::InTheClear),
        ("localhost.example.com", SettingsFault::InTheClear),
        ("127.example.com", SettingsFault::InTheClear),
        ("", SettingsFault::Host),
        ("a b", SettingsFault::Host),
        ("localhost\r\nQUIT", SettingsFault::Host),
    ] {
        let told = Mailer::new(settings(host, 25, Security::None)).map(drop);
        assert_eq!(told, Err(fault), "{host:?}");
    }
    for host in ["localhost", "127.0.0.2", "::1"] {
        assert!(Mailer::new(settings(host, 25, Security::None)).is_ok());
    }
    for security in [Security::Tls, Security::StartTls] {
        assert!(Mailer::new(settings("smtp.example.com", 465, security)).is_ok());
    }
}

#[test]
fn no_code_address_or_password_is_in_what_debug_shows() {
    let (pages, code) = (pages("Contoso"), Code::new().unwrap());
    let ada = address("ada@contoso.example");
    let made = CodeMail {
        from: &ada,
        to: &ada,
        code: &code,
        seconds: 1800,
        now: NOW,
    };
    let mail = mail(&pages, "en", &ada, &code);
    let mut settings = settings("127.0.0.1", 25, Security::None);
    settings.credentials = Some(Credentials {
        username: "gateway".to_owned(),
        password: "hunter2".to_owned(),
    });
    let mailer = Mailer::new(settings.clone()).unwrap();
    let shown = format!("{mail:?} {made:?} {settings:?} {mailer:?}");
    for secret in [code.as_str(), "ada@", "hunter2", "gateway"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// What comes to Ada of a review of this name.
async fn reviewing(server: &RealServer, language: &str, name: &str, count: usize) -> Value {
    let (pages, ada) = (pages("Contoso"), address("ada@contoso.example"));
    let made = ReviewMail {
        from: &address("sign-in@contoso.example"),
        to: &ada,
        is_reminder: language == "sv",
        name,
        id: "0a0e0000-0000-4000-8000-00000000000a",
        until: "2026-01-04 12:00 UTC",
        undecided: 17,
        now: NOW,
    };
    let mail = Mail::review(&pages, &pages.negotiate(Some(language)), &made).unwrap();
    mailer(server).send(&mail).await.unwrap();
    server.newest("ada@contoso.example", count)
}

#[tokio::test]
async fn reviewers_are_told_which_review_until_when_and_of_how_many_guests() {
    let server = RealServer::start();
    let english = reviewing(&server, "en", "Wingtip & \u{e5}land", 1).await;
    assert_eq!(english["subject"], "Guests to review: Wingtip & \u{e5}land");
    let swedish = reviewing(&server, "sv", "Wingtip & \u{e5}land", 2).await;
    let subject = "P\u{e5}minnelse, g\u{e4}ster att granska: Wingtip & \u{e5}land";
    assert_eq!(swedish["subject"], subject);
    let counts = [
        (&english, "Guests not decided yet: 17"),
        (&swedish, "G\u{e4}ster som inte \u{e4}r avgjorda: 17"),
    ];
    for (mail, count) in counts {
        let text = mail["text"].as_str().unwrap();
        let id = "0a0e0000-0000-4000-8000-00000000000a";
        for words in [
            count,
            id,
            "2026-01-04 12:00 UTC",
            "> Wingtip & \u{e5}land\n",
        ] {
            assert!(text.contains(words), "{words}\n{text}");
        }
        let html = mail["html"].as_str().unwrap();
        assert!(
            html.contains("<blockquote>Wingtip &amp; \u{e5}land</blockquote>"),
            "{html}"
        );
        assert!(!html.contains("href") && html.contains(count), "{html}");
    }
}

#[tokio::test]
async fn a_reviews_name_writes_no_header_no_recipient_and_no_markup() {
    let server = RealServer::start();
    for (number, name) in [
        "Guests\r\nBcc: eve@evil.example\r\nX-Evil: 1\r\n\r\n<script>alert(1)</script>",
        "Guests\nTo: eve@evil.example",
        "=?utf-8?q?Guests=0D=0ABcc:_eve=40evil.example?=",
        "\u{e4}\u{2028}Bcc: eve@evil.example\0\u{85}",
        "</blockquote><a href=\"https://evil.example\">{count}</a>\r\n.\r\nMAIL FROM:<eve@evil.example>",
    ]
    .into_iter()
    .enumerate()
    {
        let mail = reviewing(&server, "en", name, number + 1).await;
        assert_eq!(server.all().len(), number + 1, "{name:?}");
        let ada = serde_json::json!(["ada@contoso.example"]);
        assert_eq!((&mail["envelope"]["to"], &mail["to"]), (&ada, &ada));
        assert_eq!(mail["copies"], serde_json::json!([]), "{name:?}");
        let headers = mail["headers"].as_object().unwrap();
        assert_eq!(headers.len(), 8, "{name:?}: {headers:?}");
        assert!(!headers.contains_key("bcc") && !headers.contains_key("x-evil"));
        let html = mail["html"].as_str().unwrap();
        assert!(!html.contains("<script") && !html.contains("<a "), "{html}");
        let text = mail["text"].as_str().unwrap();
        let quoted = text.lines().filter(|line| line.starts_with("> "));
        assert_eq!(quoted.count(), 1, "{text}");
        assert!(!text.lines().any(|line| line.starts_with("Bcc") || line.starts_with("To")), "{text}");
        assert!(text.contains("Guests not decided yet: 17"), "{text}");
    }
}
