//! Codes by mail: who comes in with one, what a guess is worth, and that nobody is told by them whose address is a guest's.

use std::time::Duration;

use crate::site::outsiders::{Outsiders, guest};
use crate::site::people::{APP_HOST, Lobby};
use crate::site::visitor::Visitor;
use serde_json::json;
use tempfile::NamedTempFile;

#[test]
fn a_guest_with_a_mailbox_and_nothing_else_comes_in_by_a_code_that_is_mailed_once() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let tab = doors.browser.open("mia");
    doors.tell_address(&tab, "/salaries?year=2026", "Mia@Contractor.example");
    let code = outsiders.code("mia@contractor.example", 1);
    tab.fill("[name=passcode]", "00000000");
    assert_eq!(tab.click("button[type=submit]").status, 400);
    tab.fill("[name=passcode]", &code);
    let place = tab.click("button[type=submit]");
    assert_eq!(
        place.url,
        doors.app("/salaries?year=2026"),
        "{}",
        tab.page().text
    );
    assert_eq!(doors.user(&tab), json!([guest(1)]));
    let event = doors.event("b2bCollaboration");
    assert_eq!(event["userId"], guest(1), "{event}");
    // The sign-in is an event of its own; what follows in its session is none.
    assert_eq!(event["isInteractive"], true, "{event}");
    assert_eq!(event["crossgate"]["provider"], "mail");
    assert_eq!(event["crossgate"]["count"], 1);
    // The code is used up, in this browser and in any other.
    let other = doors.browser.open("mallory");
    doors.tell_address(&other, "/", "mia@contractor.example");
    other.fill("[name=passcode]", &code);
    assert_eq!(other.click("button[type=submit]").status, 400);
    assert_eq!(doors.event("not_the_code")["status"]["errorCode"], 50_126);
}

#[test]
fn whether_an_address_is_a_guests_cannot_be_told_from_the_answer() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let answer = |address: &str| {
        let tab = doors.browser.open(address);
        doors.tell_address(&tab, "/", address);
        let page = tab.page();
        let mut text = page.text.replace(address, "ADDRESS");
        // Nor from those to the wish for more, nor from when there are no more.
        for _ in 0..3 {
            tab.click("[name=new-code]");
            text += &tab.page().text.replace(address, "ADDRESS");
        }
        assert!(text.contains("No more codes"), "{text}");
        (page.place.status, text)
    };
    let (status, text) = answer("mia@contractor.example");
    assert_eq!(status, 200, "{text}");
    for address in ["nobody@contractor.example", "dora@contractor.example"] {
        assert_eq!(answer(address), (status, text.clone()), "{address}");
    }
    let _mail = outsiders.mail.newest("mia@contractor.example", 3);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(outsiders.mail.all().len(), 3, "to whom it is known only");
}

#[test]
fn whether_an_address_is_a_guests_cannot_be_told_from_how_long_the_answer_takes() {
    const EACH: usize = 40;
    let outsiders = Outsiders::start();
    let lobby = outsiders
        .before(Lobby::new())
        .configure(|setup| setup.section("listen", "trusted_proxies = [\"127.0.0.0/8\"]"));
    let guests: String = (0..EACH)
        .flat_map(|number| {
            let guest = |kind: char, enabled: bool| {
                let mail = format!("{kind}{number}@contractor.example");
                let id = format!("{kind}-{number}");
                format!(
                    "{}\n",
                    json!({ "id": id, "mail": mail, "accountEnabled": enabled })
                )
            };
            [guest('k', true), guest('d', false)]
        })
        .collect();
    lobby.write("policy/guests.jsonl", &guests);
    let doors = lobby.open();
    let authority = doors.gateway.directory().join("tls-cert.pem");
    // Known, disabled, nobody: in turn, so that whatever else the machine does is done to all of them.
    let mut waits = [(); 3].map(|()| Vec::new());
    for number in 0..EACH {
        for (kind, waits) in ['k', 'd', 'n'].into_iter().zip(&mut waits) {
            let visitor = Visitor {
                host: APP_HOST,
                proxy: doors.gateway.proxy(),
                authority: &authority,
                from: format!("198.51.100.{number}"),
                cookies: NamedTempFile::new().unwrap(),
            };
            let page = visitor.open("/");
            let address = format!("{kind}{number}@contractor.example");
            let answer = visitor.submit(&page, &[("email", &address)]);
            assert_eq!(answer.status, 200, "{}", answer.text());
            waits.push(answer.waited);
        }
    }
    // How often an answer to a guest took longer than one to another: as often as not, whatever else the machine does.
    let [known, disabled, nobody] = &waits;
    for others in [disabled, nobody] {
        let longer = known
            .iter()
            .map(|one| others.iter().filter(|other| one > *other).count());
        let share = longer.sum::<usize>() as f64 / (EACH * EACH) as f64;
        // For 40 of the same kind it lies within 0.065 of a half by two thirds.
        assert!((0.2..0.8).contains(&share), "{share}: {waits:?}");
    }
    // Each of those who are known was sent one.
    let mailed = |number| {
        outsiders
            .mail
            .newest(&format!("k{number}@contractor.example"), 1)
    };
    (0..EACH).for_each(|number| drop(mailed(number)));
    assert_eq!(outsiders.mail.all().len(), EACH);
}

#[test]
fn a_code_that_was_tried_too_often_is_none_and_another_can_be_asked_for() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let tab = doors.browser.open("mia");
    doors.tell_address(&tab, "/", "mia@contractor.example");
    let code = outsiders.code("mia@contractor.example", 1);
    let guess = || {
        let typed = || tab.click("button[type=submit]").status;
        doors.told_once("a guess", "not_the_code", typed)
    };
    for _ in 0..5 {
        tab.fill(
            "[name=passcode]",
            if code == "11111111" {
                "22222222"
            } else {
                "11111111"
            },
        );
        assert_eq!(guess(), 400);
    }
    tab.fill("[name=passcode]", &code);
    assert_eq!(guess(), 400, "it was guessed at too often");
    tab.click("[name=new-code]");
    tab.fill(
        "[name=passcode]",
        &outsiders.code("mia@contractor.example", 2),
    );
    assert_eq!(
        tab.click("button[type=submit]").url,
        doors.app("/"),
        "{}",
        tab.page().text
    );
}
