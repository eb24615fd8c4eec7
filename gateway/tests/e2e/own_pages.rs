//! An operator's own name, colour, logo, style, words and templates, as people see them.

use crate::site::people::{Doors, Lobby};
use serde_json::json;

/// A whole template, for what is built in.
const SIGNED_OUT: &str = "{% extends \"base.html\" %}
{% block title %}{{ text(\"signed-out.title\") }}{% endblock %}
{% block content %}<p id=\"ours\">{{ text(\"signed-out.advice\") }}</p>
<p><a href=\"{{ page.sign_in_href }}\">{{ text(\"actions.sign-in-again\") }}</a></p>{% endblock %}
";

const STYLE: &str = "main { border: 7px dotted; } .first { background: var(--brand); color: var(--on-brand); } .logo { height: 40px; }";

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"80\" height=\"40\"><rect width=\"80\" height=\"40\"/></svg>";

fn open() -> Doors {
    let lobby = Lobby::new();
    lobby.write("logo.svg", LOGO);
    lobby.folder("pages");
    lobby.write("pages/signed-out.html", SIGNED_OUT);
    lobby.write("pages/style.css", STYLE);
    lobby.write(
        "pages/sv.toml",
        "[signed-out]\nadvice = \"Hej då från {organisation}.\"\n",
    );
    let portal = "pages = \"pages\"\ncolour = \"#8a1c5b\"\nlogo = \"logo.svg\"";
    lobby
        .configure(|setup| {
            setup
                .section("tenant", "name = \"Northwind <&> Söner\"")
                .section("portal", portal)
        })
        .open()
}

#[test]
fn an_operators_name_colour_logo_style_words_and_templates_are_what_people_see() {
    let doors = open();
    let tab = doors.browser.open("ada");
    let own = "Northwind <&> Söner";
    for (language, title, button, advice, again) in [
        (
            "en-GB,en",
            "Sign in to Payroll",
            "Continue",
            "You may still be signed in to your own organisation. If others use this device, sign out there too and close the browser.",
            "Sign in again",
        ),
        (
            "sv-SE,sv",
            "Logga in i Payroll",
            "Fortsätt",
            "Hej då från Northwind <&> Söner.",
            "Logga in igen",
        ),
    ] {
        tab.language(language);
        tab.goto(&doors.app("/"));
        assert_eq!(tab.page().title, format!("{title} – {own}"));
        let logo = "(() => { const i = document.querySelector('header img'); return [i.alt, i.naturalWidth, i.height]; })()";
        assert_eq!(tab.evaluate(logo), json!([own, 80, 40]));
        let first = "(() => { const b = document.querySelector('.first'); const s = getComputedStyle(b); \
             return [b.textContent, s.backgroundColor, s.color]; })()";
        assert_eq!(
            tab.evaluate(first),
            json!([button, "rgb(138, 28, 91)", "rgb(255, 255, 255)"])
        );
        let border = "getComputedStyle(document.querySelector('main')).border";
        assert!(
            tab.evaluate(border)
                .as_str()
                .unwrap()
                .starts_with("7px dotted")
        );
        tab.goto(&doors.app("/.crossgate/signed-out"));
        let said = "[document.querySelector('#ours').textContent, document.querySelector('main a').textContent]";
        assert_eq!(tab.evaluate(said), json!([advice, again]));
        assert!(tab.axe().is_empty());
    }
}

#[test]
fn a_file_that_cannot_be_used_keeps_the_program_from_starting_and_is_named_with_its_line() {
    let lobby = Lobby::new();
    lobby.folder("pages");
    lobby.write("pages/signed-out.html", "<p>\n{{ page.nothing }}</p>");
    let log = lobby
        .configure(|setup| setup.section("portal", "pages = \"pages\""))
        .fails();
    assert!(log.contains("signed-out.html, line 2: "), "{log}");
}
