//! What people see, in a real browser: every page can be used by everybody, in both languages, light and dark, on a telephone
//! and on a desk. With `UPDATE_PICTURES` set, the pictures of the documentation are taken.

use std::path::Path;
use std::time::Duration;

use crate::site::outsiders::Outsiders;
use crate::site::people::{Doors, Lobby};
use crate::site::sign_up::Hall;
use crossgate_testkit::browser::Tab;
use crossgate_testkit::programs::wait_for;
use serde_json::json;

/// A language of the pages.
#[derive(Clone, Copy)]
struct Language {
    tag: &'static str,
    /// As a browser asks for it.
    asked: &'static str,
    /// What the names of its pictures end in.
    suffix: &'static str,
}

const LANGUAGES: [Language; 2] = [
    Language {
        tag: "en",
        asked: "en-GB,en",
        suffix: "",
    },
    Language {
        tag: "sv",
        asked: "sv-SE,sv",
        suffix: "-sv",
    },
];

/// Of small telephones, others, large ones, and a desk.
const WIDTHS: [u32; 4] = [320, 360, 414, 1280];

impl Language {
    /// A browser whose person reads it.
    fn open<'d>(self, doors: &'d Doors, who: &str) -> Tab<'d> {
        let tab = doors.browser.open(&format!("{who} {}", self.tag));
        tab.language(self.asked);
        tab
    }

    /// Looks at the page that a tab shows as different people do.
    fn examine(self, tab: &Tab<'_>, name: &str) {
        let name = format!("{name}{}", self.suffix);
        let page = tab.page();
        assert!(
            page.html.contains("<main"),
            "{name} is no page of ours: {}",
            page.text
        );
        let tag = format!("lang=\"{}\"", self.tag);
        assert!(page.html.contains(&tag), "{name}: {}", page.html);
        let policy = page.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'"), "{name}: {policy}");
        assert_eq!(
            page.header("referrer-policy"),
            Some("no-referrer"),
            "{name}"
        );
        for dark in [false, true] {
            for width in WIDTHS {
                tab.look(&json!({ "width": width, "height": 800, "dark": dark, "still": true }));
                let wide = tab.evaluate("document.documentElement.scrollWidth > innerWidth");
                assert_eq!(wide, json!(false), "{name} is wider than {width}");
            }
            let faults = tab.axe();
            assert!(faults.is_empty(), "{name}, dark {dark}: {faults:#?}");
        }
        let blocked = tab.console();
        let blocked: Vec<_> = blocked
            .iter()
            .filter(|line| line.to_string().contains("Content Security Policy"))
            .collect();
        assert!(blocked.is_empty(), "{name}: {blocked:?}");
        if std::env::var_os("UPDATE_PICTURES").is_some() {
            tab.look(&json!({ "width": 720, "height": 560, "dark": false, "still": true }));
            let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures");
            std::fs::create_dir_all(&pictures).unwrap();
            tab.screenshot(&pictures.join(format!("{name}.png")), false);
        }
        tab.look(&json!({ "width": 1280, "height": 800, "dark": false }));
    }
}

fn post(tab: &Tab<'_>, doors: &Doors, body: usize) {
    tab.goto(&doors.app("/.crossgate/sign-in"));
    tab.evaluate(&format!(
        "(() => {{ const f = document.createElement('form'); f.method = 'post'; f.action = '/pay'; \
         const i = document.createElement('input'); i.name = 'amount'; i.value = '5'.repeat({body}); f.append(i); \
         document.body.append(f); f.submit(); }})()"
    ));
    tab.rest();
}

#[test]
fn every_page_of_a_sign_in_and_a_sign_out_can_be_used_by_everybody() {
    let doors = Lobby::new().open();
    for language in LANGUAGES {
        let tab = language.open(&doors, "ada");
        let examine = |name| language.examine(&tab, name);
        tab.goto(&doors.app("/salaries"));
        examine("choose");
        tab.fill("[name=email]", "ada@nowhere.example");
        tab.click("button[type=submit]");
        examine("choose-not-known");
        tab.hold(Some(doors.contoso.issuer()));
        tab.fill("[name=email]", "ada@contoso.com");
        tab.click("button[type=submit]");
        examine("onward");
        tab.hold(None);
        // Where a browser does not go on by itself.
        let place = tab.click("main a");
        assert!(place.url.starts_with(doors.contoso.issuer()), "{place:?}");
        tab.goto(&doors.app("/.crossgate/callback/contoso?state=x"));
        examine("sign-in-failed");
        post(&tab, &doors, 70_000);
        examine("not-kept");
        post(&tab, &doors, 3);
        examine("choose-with-form");
        doors.sign_in(&tab, "contoso", "ada");
        examine("resume");
        tab.goto(&doors.app("/.crossgate/me"));
        examine("me");
        tab.goto(&doors.app("/.crossgate/sign-in"));
        examine("choose-remembered");
        tab.goto(&doors.app("/.crossgate/nowhere"));
        examine("not-found");
        tab.goto(&doors.app("/.crossgate/sign-out"));
        examine("sign-out");
        tab.click("button[type=submit]");
        examine("signed-out");
    }
}

#[test]
fn the_pages_of_a_code_by_mail_and_of_who_is_no_guest_can_be_used_by_everybody() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    for language in LANGUAGES {
        let tab = language.open(&doors, "mia");
        let examine = |name| language.examine(&tab, name);
        doors.tell_address(&tab, "/", "mia@contractor.example");
        examine("passcode");
        tab.fill("[name=passcode]", "00000000");
        tab.click("button[type=submit]");
        examine("passcode-wrong");
        for _ in 0..3 {
            tab.click("[name=new-code]");
        }
        examine("passcode-no-more");
        let tab = language.open(&doors, "stranger");
        doors.choose(&tab, "/", "acme");
        outsiders.saml.sign_in(&tab, "stranger");
        language.examine(&tab, "not-invited");
        let tab = language.open(&doors, "gwen");
        tab.goto(&doors.app("/"));
        language.examine(&tab, "choose-of-many");
    }
}

#[test]
fn the_pages_of_an_invitation_and_of_terms_can_be_used_by_everybody() {
    let outsiders = Outsiders::start();
    let doors = outsiders.with_terms(Lobby::new());
    for (language, address) in LANGUAGES
        .into_iter()
        .zip(["mia@contractor.example", "olga@contractor.example"])
    {
        let invitation = doors.invite(address, &json!({}));
        let tab = language.open(&doors, address);
        tab.goto(invitation["inviteRedeemUrl"].as_str().unwrap());
        tab.click("button[type=submit]");
        tab.fill("[name=passcode]", &outsiders.code(address, 1));
        tab.click("button[type=submit]");
        language.examine(&tab, "consent");
        tab.click("button[type=submit]");
        language.examine(&tab, "terms");
        let place = tab.click("button[type=submit]");
        assert_eq!(place.url, doors.app("/welcome"), "{}", tab.page().text);
    }
}

#[test]
fn the_pages_of_guests_and_inviters_can_be_used_by_everybody() {
    let doors = Lobby::new().with_store().open();
    for (language, guest) in LANGUAGES.into_iter().zip(["fred", "frida"]) {
        let tab = language.open(&doors, "ada");
        tab.goto(&doors.app("/.crossgate/invite"));
        doors.sign_in(&tab, "contoso", "ada");
        language.examine(&tab, "invite");
        // By the keyboard alone: field after field, and Enter.
        tab.evaluate("document.querySelector('[name=email]').focus()");
        tab.fill("[name=email]", &format!("{guest}@contoso.com"));
        tab.submit();
        language.examine(&tab, "invite-not-possible");
        let focused = tab.evaluate("document.activeElement.name");
        assert_eq!(focused, json!("email"), "where there is something to do");
        let address = format!("{guest}@fabrikam.com");
        tab.fill("[name=email]", &address);
        tab.submit();
        language.examine(&tab, "invited");
        let link = tab.evaluate("document.querySelector('#link').value");
        let tab = language.open(&doors, guest);
        tab.goto(link.as_str().unwrap());
        doors.fabrikam.sign_in(&tab, &address, None);
        tab.click("button[type=submit]");
        tab.goto(&doors.app("/.crossgate/me"));
        language.examine(&tab, "me-guest");
        tab.click("a[href='/.crossgate/leave']");
        language.examine(&tab, "leave");
    }
}

#[test]
fn the_pages_of_a_sign_up_can_be_used_by_everybody() {
    let hall = Hall::open();
    hall.approval(true);
    hall.ask_everything();
    for (language, who) in LANGUAGES.into_iter().zip(["frida", "fred"]) {
        let tab = language.open(&hall.doors, who);
        tab.goto(&hall.doors.app("/"));
        hall.doors.sign_in(&tab, "fabrikam", who);
        language.examine(&tab, "sign-up");
        // By the keyboard alone, with nothing filled in.
        tab.evaluate("document.forms[0].noValidate = true");
        tab.click("button[type=submit]");
        language.examine(&tab, "sign-up-not-filled-in");
        tab.fill("[name=attribute-city]", "Lund");
        tab.evaluate("document.querySelectorAll('[type=radio]')[0].checked = true");
        tab.click("button[type=submit]");
        language.examine(&tab, "sign-up-waits");
    }
}

#[test]
fn a_refusal_is_told_in_the_persons_own_words_and_language() {
    let closed =
        json!({ "id": crate::site::POLICY_ID, "b2bDirectConnectInbound": crate::site::nobody() });
    let doors = Lobby::new().policy("default.json", &closed).open();
    for language in LANGUAGES {
        let tab = language.open(&doors, "frida");
        tab.goto(&doors.app("/"));
        doors.sign_in(&tab, "fabrikam", "frida");
        let page = tab.page();
        assert_eq!(page.place.status, 403);
        assert!(page.text.contains("AADSTS500213"), "{}", page.text);
        language.examine(&tab, "refused");
        tab.goto(&doors.app("/.crossgate/me"));
        language.examine(&tab, "me-refused");
    }
}

#[test]
fn the_documentation_shows_every_picture_and_tells_what_is_on_it() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let guide =
        ["pages.md", "console.md"].map(|guide| std::fs::read_to_string(docs.join(guide)).unwrap());
    let guide = guide.concat();
    for part in guide.split("](pictures/").skip(1) {
        let name = part.split(')').next().unwrap();
        assert!(docs.join("pictures").join(name).is_file(), "{name}");
    }
    for picture in std::fs::read_dir(docs.join("pictures")).unwrap() {
        let name = picture.unwrap().file_name().into_string().unwrap();
        let shown = guide.split("![").find_map(|part| {
            let (told, rest) = part.split_once("](")?;
            rest.starts_with(&format!("pictures/{name})"))
                .then(|| told.trim())
        });
        assert!(
            shown.is_some_and(|told| told.len() > 10),
            "{name}: {shown:?}"
        );
    }
}

#[test]
fn own_words_colour_and_name_bind_with_a_reload_which_a_fault_in_them_refuses_whole() {
    let lobby = Lobby::new()
        .configure(|setup| setup.section("portal", "pages = \"pages\"\ncolour = \"#aa0033\""));
    lobby.folder("pages");
    lobby.write("pages/en.toml", "[choose]\ntitle = \"Welcome to {app}\"\n");
    let doors = lobby.open();
    let tab = doors.browser.open("ada");
    let reloads = |result| {
        let label = format!("result=\"{result}\"");
        let metric = "crossgate_policy_reloads_total";
        doors.gateway.metric(metric, &[label.as_str()])
    };
    let reload = |result| {
        let before = reloads(result);
        doors.gateway.reload();
        wait_for("the reload", Duration::from_secs(10), || {
            (reloads(result) > before).then_some(())
        });
        tab.goto(&doors.app("/"));
        tab.page()
    };
    tab.goto(&doors.app("/"));
    let page = tab.page();
    assert!(page.text.contains("Welcome to Payroll"), "{}", page.text);
    assert!(page.html.contains("#aa0033"), "{}", page.html);

    let words = |text: &str| {
        let file = doors.gateway.directory().join("pages/en.toml");
        std::fs::write(file, text).unwrap();
    };
    // The configuration stays as it is.
    words("[choose]\ntitle = \"Come in to {app}\"\n");
    let page = reload("success");
    assert!(page.text.contains("Come in to Payroll"), "{}", page.text);

    // Nothing of what comes with a fault is taken.
    words("[choose]\ntitle = \"Come in to {nobody}\"\n");
    doors
        .gateway
        .rewrite_config(|config| config.replace("#aa0033", "#006600"));
    let page = reload("error");
    assert!(page.text.contains("Come in to Payroll"), "{}", page.text);
    assert!(page.html.contains("#aa0033"), "{}", page.html);
    let log = doors.gateway.log();
    assert!(log.contains("en.toml, line 2"), "{log}");

    words("[choose]\ntitle = \"Welcome back to {app}\"\n");
    let page = reload("success");
    assert!(
        page.text.contains("Welcome back to Payroll"),
        "{}",
        page.text
    );
    assert!(page.html.contains("#006600"), "{}", page.html);
}
